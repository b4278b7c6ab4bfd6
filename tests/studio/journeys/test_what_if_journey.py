"""What would come if the history were another."""

from __future__ import annotations

import numpy as np
from studio_browser import Visitor


def test_a_history_times_one_and_a_half_gives_a_higher_forecast(visitor: Visitor) -> None:
    visitor.fill("Points", "700")
    visitor.press("Make traffic")
    visitor.see("1 series, 700 rows, step 1h")
    visitor.turn_to("Analysis")
    visitor.segment("What if")
    visitor.see("Add a change")
    visitor.press("Add")
    visitor.see("Multiply a channel: y=1.5")
    visitor.press("Compare the forecasts")
    drawn = {one["name"]: np.array(one["y"], float) for one in visitor.chart("what-if.chart")}
    before, after = drawn["forecast, as it is"], drawn["forecast, changed"]
    assert after.mean() > 1.05 * before.mean()
    change = np.array(visitor.chart("what-if.difference")[-1]["y"], float)
    np.testing.assert_allclose(change, after - before, rtol=0.01)
    (told,) = visitor.table("as it is", "changed", "difference")
    assert told["difference"] == f"+{change.mean():.3g} Gbit/s"
    visitor.press("Drop")
    visitor.see("Add a change")
