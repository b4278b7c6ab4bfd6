"""Anomalies of labelled traffic of servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from studio_browser import Visitor


@pytest.mark.data
def test_anomalies_of_labelled_traffic_are_found_explained_and_scored(visitor: Visitor, data: Path) -> None:
    visitor.segment("Upload")
    visitor.upload(data / "nab_aws_network_5min.parquet")
    visitor.see("while readings mostly come every 5min")
    visitor.fill("Step", "5min")
    visitor.press("Read it so")
    visitor.see("5 series, ")
    visitor.chart("view.week")

    visitor.turn_to("Analysis")
    visitor.segment("Anomalies")
    assert visitor.chosen("Labels") == "anomaly_window"
    visitor.press("Find anomalies")
    visitor.see("Against the labels")
    drawn = {one["name"]: one["y"] for one in visitor.chart("anomalies.chart")}
    assert {"actual", "expected", "80 % band", "anomaly"} <= drawn.keys()
    found = visitor.table("severity", "what")
    assert found[0]["severity"] == "critical"
    assert any("usual" in row["what"] for row in found)
    scores = visitor.table("method", "alarms right")
    assert len({row["method"] for row in scores}) == 3
    own = scores[0]
    found_windows, windows = own["windows found"].split(" of ")
    assert 0 <= int(found_windows) <= int(windows)
    assert float(own["recall"]) == pytest.approx(int(found_windows) / int(windows), abs=0.01)
