"""The similar-day forecast: habits of days of a kind, the last known value where there are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conformance import daily_traffic, panel_of
from slow_days import similar_days, weekend

from nettide.arrays import Floats
from nettide.errors import DamagedError, MismatchError
from nettide.models import make_model
from nettide.models.contract import State
from nettide.models.similar_day import SimilarDayConfig, SimilarDayModel
from nettide.occasions import Occasion
from nettide.panel import Panel


def point(panel: Panel, cutoffs: list[int], *, horizon: int) -> Floats:
    model = make_model("similar-day", horizon=horizon)
    model.fit(panel)
    return model.predict(panel, np.array(cutoffs)).point


def test_forecasts_are_those_of_a_slow_reading() -> None:
    panel = panel_of(daily_traffic(3, 24 * 30))
    cutoffs = [24 * 15 + 5, 24 * 30 - 1]
    found = point(panel, cutoffs, horizon=50)
    for series in range(3):
        for place, cutoff in enumerate(cutoffs):
            slow = [
                similar_days(panel.target[series], cutoff + one, cutoff, day=24, week=168, free=weekend(panel))
                for one in range(1, 51)
            ]
            assert found[series, place] == pytest.approx(slow, rel=1e-4)


def test_a_time_without_a_day_of_its_kind_gets_the_last_known_value() -> None:
    values = np.r_[np.full(20, np.nan), 3.0, 4.0, np.nan][None]
    assert point(panel_of(values), [22], horizon=3).tolist() == [[[4.0, 4.0, 4.0]]]
    assert np.isnan(point(panel_of(values), [19], horizon=1)).all()


def test_a_holiday_is_forecast_as_a_day_off() -> None:
    week = np.r_[np.full(24 * 5, 100.0), np.full(24 * 2, 20.0)]
    panel = panel_of(np.tile(week, 5)[None])
    panel = replace(panel, start=4 * 86_400, series=tuple(replace(one, zone="UTC") for one in panel.series))
    end = int(panel.start + panel.steps * 3600)
    off = panel.with_occasions([Occasion("holiday", end, end + 86_400, "a day off")])
    last = panel.steps - 1
    assert point(panel, [last], horizon=24) == pytest.approx(100.0, rel=0.15)
    assert point(off, [last], horizon=24) == pytest.approx(20.0, rel=0.3)


def test_many_forecasts_at_once_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_of(daily_traffic(4, 24 * 20))
    cutoffs = list(range(300, 480, 7))
    whole = point(panel, cutoffs, horizon=24)
    monkeypatch.setattr("nettide.models.similar_day._ROWS", 7)
    assert np.array_equal(point(panel, cutoffs, horizon=24), whole)


def test_what_was_not_fitted_or_is_damaged_is_refused() -> None:
    panel, model = panel_of(daily_traffic(1, 200)), SimilarDayModel(SimilarDayConfig(horizon=2))
    assert model.context == 0
    with pytest.raises(MismatchError, match="not fitted"):
        model.predict(panel, np.array([100]))
    with pytest.raises(MismatchError, match="not fitted"):
        model.state()
    model.fit(panel)
    assert model.context == 168
    document = dict(model.state().document)
    document["periods"] = {"day": 24}
    with pytest.raises(DamagedError, match="day and a week"):
        SimilarDayModel.restore(State(document))
