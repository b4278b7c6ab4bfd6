"""A training that goes on whoever looks at it."""

from __future__ import annotations

import re

import pytest
from studio_browser import Visitor

_EPOCH = re.compile(r"^Epoch \d+ of 100000, loss \d")


@pytest.mark.slow
def test_a_training_outlives_a_reload_is_seen_in_a_second_tab_and_keeps_its_best_weights_when_stopped(
    visitor: Visitor,
) -> None:
    visitor.fill("Points", "1500")
    visitor.press("Make traffic")
    visitor.see("1 series, 1,500 rows, step 1h")
    visitor.turn_to("Model")
    visitor.choose("Model", "lstm")
    visitor.fill("Window (steps of history)", "24")
    visitor.fill("Hidden units", "16")
    visitor.fill("Epochs (at most)", "100000")
    visitor.expand("more options")
    visitor.fill("Patience", "0")  # without end, unless it is stopped
    visitor.press("Train and test")
    visitor.see(_EPOCH)
    visitor.page.reload()
    visitor.see(_EPOCH)
    visitor.page.get_by_test_id("stVegaLiteChart").filter(visible=True).first.wait_for()
    beside = visitor.another_tab()
    beside.turn_to("Training")
    beside.see(_EPOCH)
    beside.press("Stop")
    for tab in (beside, visitor):
        tab.wait_for_run()
        tab.see("stopped; the best weights are kept")
        assert {"training loss", "validation loss"} == {one["name"] for one in tab.chart("run.losses")}
        assert "lstm" in [row["model"] for row in tab.table("model", "relative WQL")]
