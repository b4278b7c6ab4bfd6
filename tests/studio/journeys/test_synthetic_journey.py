"""From synthetic traffic to a forecast that can be defended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from studio_browser import Visitor


@pytest.mark.slow
def test_synthetic_traffic_becomes_a_tested_forecast_that_can_be_downloaded(visitor: Visitor, tmp_path: Path) -> None:
    visitor.see("There is no data yet")
    visitor.fill("Points", "1500")
    visitor.press("Make traffic")
    visitor.see("1 series, 1,500 rows, step 1h")
    drawn = visitor.chart("view.time.bit/s")
    assert len(drawn[0]["y"]) == 1500
    assert min(drawn[0]["y"]) >= 0

    visitor.turn_to("Model")
    visitor.choose("Model", "gru")
    visitor.fill("Window (steps of history)", "24")
    visitor.fill("Hidden units", "8")
    visitor.fill("Epochs (at most)", "2")
    visitor.press("Train and test")
    visitor.wait_for_run()
    losses = visitor.chart("run.losses")
    assert {one["name"] for one in losses} == {"training loss", "validation loss"}
    assert np.isfinite(losses[0]["y"]).all()
    models = [row["model"] for row in visitor.table("model", "relative WQL")]
    assert "gru" in models
    assert len(models) > 2

    visitor.turn_to("Forecast")
    visitor.see("Test part, beside the naive forecasts")
    names = [one["name"] for one in visitor.chart("forecast.chart")]
    assert {"actual", "gru, test part", "forecast beyond the data"} <= set(names)
    csv = visitor.download("Forecast as CSV", tmp_path)
    made = pd.read_csv(csv)
    assert len(made) == 24
    assert (made["q0.1"] <= made["q0.9"]).all()
    tested = pd.read_parquet(visitor.download("Test part as Parquet", tmp_path))
    assert set(tested["model"]) == set(models)
