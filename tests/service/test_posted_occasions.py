"""Holidays, maintenance windows and events beside a posted history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_service import Service, daily, panel

from nettide.occasions import Occasion
from nettide.panel import Channel, Panel, Series
from nettide.service.given import GivenHistory, GivenSeries
from nettide.service.occasions import with_occasions as posted
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.occasions import OccasionChoice, with_occasions

END = "2025-12-23T23:00:00Z"
FIRST = 1_766_534_400 - 24 * 42 * 3600  # 42 days that end with 23 December 2025


def asked(**more: Any) -> dict[str, Any]:
    return {"end": END, "horizon": 72, "series": [{"id": "a", "values": daily(24 * 42)}], **more}


def points(shared: Service, **more: Any) -> list[float]:
    answer = shared.post("/api/v1/forecast", asked(**more))
    assert answer.status_code == 200, answer.text
    found: list[float] = answer.get_json()["series"][0]["point"]
    return found


@pytest.fixture(scope="module")
def mended(shared: Service) -> str:
    """A model that learned that nothing flows during maintenance, every fifth night."""
    made = panel(1, 24 * 7 * 8)
    begins = range(made.start, made.start + made.steps * 3600, 5 * 86_400)
    windows = [Occasion("maintenance", start, start + 6 * 3600) for start in begins]
    values = made.values.copy()
    for window in windows:
        first = (window.start - made.start) // 3600
        values[:, first : first + 6] *= 0.01
    learned = Panel(values, made.start, 3600, made.series, made.channels, tuple(windows))
    forecaster = Forecaster("lightgbm", horizon=6, trees=60, min_leaf=10, threads=1)
    forecaster.fit(learned)
    forecaster.save(Path(shared.settings.models) / "mended")
    return "mended"


def test_days_off_are_known_unasked_as_they_are_to_nettide_forecast(shared: Service) -> None:
    given = panel(1, 24 * 42)
    history = Panel(given.values, FIRST, 3600, given.series, given.channels)
    history, _ = with_occasions(history, OccasionChoice(), zone=None)
    forecaster = Forecaster("base", horizon=72)
    forecaster.fit(history)
    expected = forecaster.predict(history).point[0, 0]
    np.testing.assert_allclose(points(shared), expected, rtol=1e-6)
    assert not np.allclose(points(shared), points(shared, country="none"))


def test_holidays_may_be_those_of_a_country_or_days_that_are_sent(shared: Service) -> None:
    none, czech = (np.array(points(shared, country=one)) for one in ("none", "CZ"))
    sent = np.array(points(shared, country="none", holidays=["2025-12-24"]))
    assert not np.allclose(czech[:24], none[:24]), "24 December is a holiday there"
    assert not np.allclose(sent[:24], none[:24])
    listed = ["2025-12-24", "2025-12-25", "2025-12-26", "2025-11-17", "2026-01-01"]
    np.testing.assert_allclose(points(shared, holidays=listed), czech, rtol=1e-6)


def test_holidays_are_days_of_the_zone_of_each_series() -> None:
    zones = ("Asia/Tokyo", "America/New_York", "Asia/Tokyo")
    series = tuple(Series(f"link-{row}", zone=zone) for row, zone in enumerate(zones))
    history = Panel(np.ones((3, 48, 1)), 1_766_361_600, 3600, series, (Channel("y"),))
    sent = [GivenSeries(id=one.id, values=[1.0] * 48, zone=one.zone) for one in series]
    made = posted(history, GivenHistory(series=sent, holidays=["2025-12-24"]))
    assert [(one.start, one.end, one.series) for one in made.occasions] == [
        (1_766_502_000, 1_766_588_400, ("link-0", "link-2")),
        (1_766_552_400, 1_766_638_800, ("link-1",)),
    ]
    named = posted(history, GivenHistory(series=sent)).occasions
    days = {(one.name, one.series) for one in named if 1_766_361_600 <= one.start < 1_767_000_000}
    assert days == {("Christmas Day", ("link-1",))}, "a day off in New York and none in Tokyo"


def test_a_maintenance_window_is_heeded_by_a_model_that_learned_of_some(shared: Service, mended: str) -> None:
    window = {"kind": "maintenance", "start": "2025-12-24T00:00:00Z", "end": "2025-12-24T06:00:00Z"}
    with_window = points(shared, model=mended, horizon=6, events=[window])
    without = points(shared, model=mended, horizon=6, events=[])
    assert np.mean(with_window[1:5]) < 0.8 * np.mean(without[1:5])


def test_an_event_concerns_the_series_it_names(shared: Service, mended: str) -> None:
    rows = [{"id": one, "values": daily(24 * 42)} for one in ("a", "b")]
    window = {"kind": "maintenance", "start": "2025-12-24T00:00:00Z", "end": "2025-12-24T06:00:00Z", "series": ["b"]}
    body = shared.post("/api/v1/forecast", asked(model=mended, horizon=6, series=rows, events=[window])).get_json()
    one, other = (np.mean(row["point"][1:5]) for row in body["series"])
    assert other < 0.8 * one


def test_what_a_model_cannot_heed_is_said(shared: Service, mended: str) -> None:
    event = {"kind": "event", "start": "2025-12-24", "end": "2025-12-25"}

    def notes(**more: Any) -> list[str]:
        found: list[str] = shared.post("/api/v1/forecast", asked(**more)).get_json()["notes"]
        return found

    assert notes() == []
    assert notes(events=[event]) == ["occasions of kind event have no effect: the model never saw any while it learned"]
    assert notes(model="yesterday", horizon=6, events=[event]) == [
        "model 'yesterday' is of a kind (seasonal-naive) that takes no account of holidays and events"
    ]
    assert notes(model="yesterday", horizon=6) == []
    [told] = notes(model=mended, horizon=6)
    assert told.startswith("the model learned from occasions of kind maintenance, and none is sent now")
    judged = shared.post("/api/v1/anomalies", {**asked(events=[{**event, "start": "2025-12-01"}]), "horizon": None})
    assert judged.status_code == 422
    body = asked(events=[{**event, "start": "2025-12-01"}])
    del body["horizon"]
    judged = shared.post("/api/v1/anomalies", body)
    assert "kind event" in judged.get_json()["notes"][0]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"country": "XX"}, 404, "country: unknown country 'XX'"),
        ({"country": "DE-XX"}, 404, "country: country 'DE-XX': DE has no part 'XX'"),
        (
            {"country": "Germany"},
            422,
            "country: 'Germany' is no code of a country; write for example CZ, DE-BY or none",
        ),
        ({"holidays": ["2025-02-30"]}, 422, "holidays.0: '2025-02-30' is no day that exists"),
        ({"holidays": ["2025-12-24"] * 5001}, 422, "holidays: List should have at most 5000 items"),
        ({"events": [{"kind": "party", "start": END, "end": END}]}, 422, "events.0.kind: Input should be 'holiday'"),
        ({"events": [{"kind": "event", "start": END, "end": END}]}, 422, "events.0: end 2025-12-23T23:00:00Z does not"),
        (
            {"events": [{"kind": "event", "start": "2025-12-01", "end": "2025-12-02", "series": ["b"]}]},
            422,
            "events.0.series: unknown series 'b'",
        ),
    ],
)
def test_what_is_no_occasion_is_refused(shared: Service, change: dict[str, Any], status: int, message: str) -> None:
    answer = shared.post("/api/v1/forecast", asked(**change))
    assert answer.status_code == status, answer.text
    assert message in answer.get_json()["detail"]
