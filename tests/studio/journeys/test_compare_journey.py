"""Two models and the baselines beside each other."""

from __future__ import annotations

import pytest
from studio_browser import Visitor


@pytest.mark.slow
def test_two_models_and_the_baselines_are_ranked_by_what_they_scored(visitor: Visitor) -> None:
    visitor.fill("Points", "700")
    visitor.press("Make traffic")
    visitor.see("1 series, 700 rows, step 1h")
    for model in ("base", "window-mean"):
        visitor.turn_to("Model")
        visitor.choose("Model", model)
        visitor.press("Train and test")
        visitor.wait_for_run()
    visitor.tab("Compare")
    rows = {row["run"]: row for row in visitor.table("run", "state")}
    assert set(rows) == {"base-1", "window-mean-1"}
    assert {row["state"] for row in rows.values()} == {"done"}

    visitor.turn_to("Analysis")
    visitor.segment("Compare")
    ranked = {row["model"]: float(row["relative MAE"]) for row in visitor.table("model", "relative MAE", "MASE")}
    assert set(ranked) == {"base (base-1)", "window-mean (window-mean-1)", "seasonal-naive", "naive"}
    assert list(ranked.values()) == sorted(ranked.values())
    assert ranked["base (base-1)"] == float(rows["base-1"]["relative MAE"])
    assert ranked["window-mean (window-mean-1)"] == float(rows["window-mean-1"]["relative MAE"])
    visitor.see(f"{next(iter(ranked))} is be")  # best, or better than all that was trained
    assert len(visitor.chart("compare.chart.0")[0]["y"]) == len(ranked)
