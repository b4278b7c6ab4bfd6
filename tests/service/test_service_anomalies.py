"""Anomaly scores of posted points."""

from __future__ import annotations

import pytest
from made_service import END, Service, daily, service


@pytest.mark.parametrize("model", ["base", "uplinks"])
def test_a_point_far_above_its_band_is_an_anomaly_and_the_others_are_not(shared: Service, model: str) -> None:
    values = daily(24 * 21)
    values[-2] *= 6
    body = {"model": model, "end": END, "points": 5, "series": [{"id": "a", "values": values}]}
    answer = shared.post("/api/v1/anomalies", body)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    points = found["series"][0]["points"]
    assert [one["anomaly"] for one in points] == [False, False, False, True, False]
    assert points[3]["value"] == values[-2]
    assert points[3]["score"] > 3 > points[1]["score"]
    assert points[3]["high"] < points[3]["value"]
    assert points[4]["time"] == END
    [incident] = found["incidents"]
    assert (incident["kind"], incident["series"]) == ("above", "a")
    assert len(incident["text"]) > 20


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"points": 49}, 422, "points: 49 are more than the 48 steps"),
        ({"points": 0}, 422, "points: Input should be greater than or equal to 1"),
        ({"false_alarms_per_week": 9999}, 422, "false alarms per week"),
        ({"model": "nothing"}, 404, "unknown model"),
        ({"model": "uplinks", "step": "5min"}, 422, "was fitted on steps of 1h"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    shared: Service, change: dict[str, object], status: int, message: str
) -> None:
    body = {"end": END, "series": [{"id": "a", "values": daily(48)}], **change}
    answer = shared.post("/api/v1/anomalies", body)
    assert (answer.status_code, message in answer.get_json()["detail"]) == (status, True), answer.text


def test_what_takes_too_long_is_given_up(tmp_path: object) -> None:
    with service(tmp_path, limits__request_seconds=0.01, limits__judged_points=900) as hasty:  # type: ignore[arg-type]
        body = {"end": END, "series": [{"id": "a", "values": daily(800)}], "points": 700}
        answer = hasty.post("/api/v1/anomalies", body)
        assert (answer.status_code, "took longer than" in answer.text) == (503, True)
        assert answer.headers["Retry-After"] == "1"
        body["series"] = [{"id": "a", "values": daily(901)}]
        assert hasty.post("/api/v1/anomalies", body).status_code == 413
