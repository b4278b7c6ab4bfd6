"""Forecasts over HTTP."""

from __future__ import annotations

import csv
import io
import threading

import numpy as np
import pytest
from made_service import END, Service, daily

from nettide.models import make_model
from nettide.models.contract import last_cutoff
from nettide.panel import Channel, Panel, Series


def asked(*series: list[float | None], **more: object) -> dict[str, object]:
    rows = [{"id": f"link-{row}", "values": values} for row, values in enumerate(series)]
    return {"end": END, "series": rows, **more}


def test_the_pretrained_network_forecasts_as_it_does_without_a_service(shared: Service) -> None:
    values = daily()
    answer = shared.post("/api/v1/forecast", asked(values, horizon=24))
    assert answer.status_code == 200
    panel = Panel(
        np.array(values)[None, :, None], 1_772_323_200 - 335 * 3600, 3600, (Series("link-0"),), (Channel("y"),)
    )
    model = make_model("base", horizon=24)
    model.fit(panel)
    expected = model.predict(panel, last_cutoff(panel))
    body = answer.get_json()
    assert body["cutoff"] == END
    assert body["times"][0] == "2026-03-01T01:00:00Z"
    assert len(body["times"]) == 24
    [one] = body["series"]
    np.testing.assert_allclose(one["point"], expected.point[0, 0], rtol=1e-6)
    np.testing.assert_allclose(one["quantiles"]["0.9"], expected.quantiles[0, 0, :, -1], rtol=1e-6)
    assert list(one["quantiles"]) == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]


def test_five_hundred_series_are_one_run(shared: Service) -> None:
    rows = [daily(168, size=10.0 ** (3 + row % 6), seed=row) for row in range(500)]
    answer = shared.post("/api/v1/forecast", asked(*rows, horizon=24, quantiles=[0.05, 0.5, 0.95]))
    body = answer.get_json()
    assert [one["id"] for one in body["series"]] == [f"link-{row}" for row in range(500)]
    for one, row in zip(body["series"], rows, strict=True):
        assert 0.3 * min(row) < min(one["point"])
        assert max(one["point"]) < 3 * max(row)
        assert all(
            low <= middle <= high
            for low, middle, high in zip(*(one["quantiles"][level] for level in ("0.05", "0.5", "0.95")), strict=True)
        )


def test_a_point_forecast_has_no_quantiles_and_unknown_values_may_be_null(shared: Service) -> None:
    values: list[float | None] = [*daily(48), None, None]
    body = shared.post("/api/v1/forecast", asked(values, quantiles=[], horizon=3)).get_json()
    assert body["series"][0]["quantiles"] == {}
    assert len(body["series"][0]["point"]) == 3


def test_a_series_of_which_nothing_is_known_is_null_beside_others(shared: Service) -> None:
    body = shared.post("/api/v1/forecast", asked(daily(48), [None] * 48, horizon=2)).get_json()
    assert body["series"][1]["point"] == [None, None]
    assert None not in body["series"][0]["point"]


def test_where_no_horizon_is_given_it_is_that_of_the_model_or_a_day(shared: Service) -> None:
    assert len(shared.post("/api/v1/forecast", asked(daily(), model="uplinks")).get_json()["times"]) == 6
    assert len(shared.post("/api/v1/forecast", asked(daily())).get_json()["times"]) == 24


def test_a_model_without_bands_says_so_when_it_is_asked_for_some(shared: Service) -> None:
    answer = shared.post("/api/v1/forecast", asked(daily(), model="yesterday", quantiles=[0.1, 0.9]))
    assert (answer.status_code, "point model without quantiles" in answer.get_json()["detail"]) == (422, True)
    plain = shared.post("/api/v1/forecast", asked(daily(), model="yesterday")).get_json()
    assert plain["series"][0]["point"] == daily()[-168:][:6]
    assert plain["series"][0]["quantiles"] == {}


def test_start_and_end_name_the_same_grid(shared: Service) -> None:
    by_end = asked(daily(48), horizon=2)
    by_start = {**by_end, "start": "2026-02-27T02:00:00+01:00"}
    del by_start["end"]
    one, other = (shared.post("/api/v1/forecast", body).get_json() for body in (by_end, by_start))
    assert one == other


def test_without_a_time_the_last_value_is_that_of_the_last_whole_step(shared: Service) -> None:
    body = {"series": [{"id": "a", "values": daily(48)}], "horizon": 1}
    cutoff = np.datetime64(shared.post("/api/v1/forecast", body).get_json()["cutoff"].rstrip("Z"))
    assert 0 <= (np.datetime64("now") - cutoff).astype(int) - 3600 < 3700
    assert cutoff.astype(int) % 3600 == 0


def test_the_next_step_takes_the_last_ones_alone(shared: Service) -> None:
    body = shared.post("/api/v1/next", {"values": daily(), "end": END}).get_json()
    whole = shared.post("/api/v1/forecast", asked(daily(), horizon=1)).get_json()
    assert body["time"] == "2026-03-01T01:00:00Z"
    assert body["value"] == whole["series"][0]["point"][0]
    assert [body["low"], body["high"]] == [whole["series"][0]["quantiles"][level][0] for level in ("0.1", "0.9")]
    point = shared.post("/api/v1/next", {"values": daily(), "end": END, "model": "yesterday"}).get_json()
    assert (point["low"], point["high"]) == (None, None)


def test_a_forecast_may_be_csv_in_which_no_cell_is_a_formula(shared: Service) -> None:
    body = asked(daily(48), horizon=2)
    body["series"][0]["id"] = "=HYPERLINK(1)"  # type: ignore[index]
    answer = shared.post("/api/v1/forecast", body, Accept="text/csv")
    assert answer.content_type.startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["unique_id"] for row in rows] == ["'=HYPERLINK(1)"] * 2
    assert float(rows[0]["q0.1"]) <= float(rows[0]["y_hat"]) <= float(rows[0]["q0.9"])


def test_requests_that_wait_share_runs_and_get_what_they_would_have_alone(shared: Service) -> None:
    rows = [daily(168, size=10.0 ** (3 + row), seed=row) for row in range(6)]
    alone = [shared.post("/api/v1/forecast", asked(row, model="uplinks")).get_json() for row in rows]
    found: list[object] = [None] * 36
    headers = shared.key()

    def ask(place: int) -> None:
        body = asked(rows[place % 6], model="uplinks")
        found[place] = shared.client().post("/api/v1/forecast", json=body, headers=headers).get_json()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(36)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, one in enumerate(found):
        for part in ("0.1", "0.5", "0.9"):
            np.testing.assert_allclose(
                one["series"][0]["quantiles"][part],  # type: ignore[index]
                alone[place % 6]["series"][0]["quantiles"][part],
                rtol=1e-4,
            )


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"model": "uplink"}, 404, "unknown model 'uplink'; did you mean 'uplinks'"),
        ({"model": "../x"}, 422, "model: String should match pattern"),
        ({"model": "uplinks", "horizon": 7}, 422, "horizon 7 is beyond the 6 steps of model 'uplinks'"),
        ({"model": "uplinks", "step": "5min"}, 422, "was fitted on steps of 1h, the history has 5min"),
        ({"horizon": 337}, 422, "horizon: Input should be less than or equal to 336"),
        ({"horizon": 1.5}, 422, "horizon: Input should be a valid integer"),
        ({"horizon": True}, 422, "horizon: Input should be a valid integer"),
        ({"quantiles": [0.1, 0.9, 0.1]}, 422, "quantiles: a level is given twice"),
        ({"quantiles": [0.0]}, 422, "quantiles.0: Input should be greater than 0"),
        ({"step": "1M"}, 422, "step: '1M' is no step; write for example 30s"),
        ({"step": "0h"}, 422, "step: '0h' is no step"),
        ({"end": "2026-02-30T00:00:00Z"}, 422, "'2026-02-30T00:00:00Z' is no time that exists"),
        ({"start": END}, 422, "give start or end, not both"),
        ({"steps": 3}, 422, "steps: Extra inputs are not permitted"),
        ({"series": []}, 422, "series: List should have at least 1 item"),
        ({"series": [{"id": "a", "values": []}]}, 422, "series.0.values: List should have at least 1 item"),
        ({"series": [{"id": "a", "values": [1, -2]}]}, 422, "series.0.values.1: -2 is below zero"),
        ({"series": [{"id": "a", "values": ["1"]}]}, 422, "series.0.values.0: Input should be a valid number"),
        ({"series": [{"id": "a", "values": [None]}]}, 422, "no value of the history is known"),
        (
            {"series": [{"id": "a", "values": [1e308]}]},
            422,
            "series.0: 1e+308 is too large (limit 1e+30); give it in a larger unit",
        ),
        ({"series": [{"id": "a", "values": [1]}] * 2}, 422, "series 'a' appears more than once"),
        ({"series": [{"id": "a", "values": [1], "zone": "Mars/Base"}]}, 422, "time zone 'Mars/Base' does not exist"),
        ({"series": [{"id": "a", "values": [1], "channels": {"x": [1, 2]}}]}, 422, "has 2 values of 'x' and 1"),
        ({"end": "0001-01-01T00:00:00Z"}, 422, "is no time that exists between 1970 and 2099"),
        (
            {"end": "2020-01-01", "step": "366d", "horizon": 1, "series": [{"id": "a", "values": [1] * 400}]},
            422,
            "reach beyond the years that have a calendar",
        ),
    ],
)
def test_what_cannot_be_forecast_is_refused_in_one_sentence(
    shared: Service, change: dict[str, object], status: int, message: str
) -> None:
    answer = shared.post("/api/v1/forecast", {**asked(daily(48)), **change})
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert message in answer.get_json()["detail"]


def test_a_start_for_series_of_different_lengths_says_which_to_give_instead(shared: Service) -> None:
    body = asked(daily(48), daily(24))
    body["start"] = body.pop("end")
    assert "give end" in shared.post("/api/v1/forecast", body).get_json()["detail"]


def test_levels_may_come_in_any_order(shared: Service) -> None:
    body = shared.post("/api/v1/forecast", asked(daily(48), horizon=1, quantiles=[0.9, 0.1])).get_json()
    assert list(body["series"][0]["quantiles"]) == ["0.1", "0.9"]


def test_a_whole_number_may_be_written_with_a_point_as_json_schema_has_it(shared: Service) -> None:
    assert len(shared.post("/api/v1/forecast", asked(daily(48), horizon=2.0)).get_json()["times"]) == 2
