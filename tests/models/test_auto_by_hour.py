"""Bands follow how often those of the last week held at each hour of the day, and see nothing of the future."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from conformance import assert_equal, panel_of
from made_challengers import Challenger, QuickAuto, Say, prying

from nettide.arrays import Floats, Ints
from nettide.backtest.causality import assert_causal
from nettide.errors import ForecastError
from nettide.forecast import LEVELS
from nettide.models.auto.by_hour import origins_by_hour, widths_by_hour
from nettide.models.auto.config import AutoConfig
from nettide.models.calibration import Adjustment, adjust, origins_of
from nettide.panel import Panel

HOUR, STEP, HORIZON, MIDDLE = 3600, 1800, 2, LEVELS.index(0.5)
DAY = 48  # steps
SPREADS = np.linspace(-30, 30, len(LEVELS))
DAYS = 40


def restless(rows: int, *, most: float = 42.0, seed: int = 0) -> Panel:
    """Half-hourly series around 1000, four times as restless at the 8th step of the panel's day as at its 32nd."""
    generator = np.random.default_rng(seed)
    spread = most * (0.625 + 0.375 * np.cos(2 * np.pi * (np.arange(DAY * DAYS) - 8) / DAY))
    return panel_of(1000 + spread * generator.normal(size=(rows, DAY * DAYS)), step=STEP, channels=("y",))


def cycle(steps: Ints) -> Floats:
    """A day's ups and downs."""
    return 300 * np.sin(2 * np.pi * steps / DAY)


NIGHT = (np.arange(DAY) < 18) | (np.arange(DAY) > 45)
PANEL = restless(1)
WAVED = panel_of(restless(6, most=140.0).target + cycle(np.arange(PANEL.steps)), step=STEP, channels=("y",))


def quantiles_of(rows: int, count: int) -> Floats:
    return np.broadcast_to(1000 + SPREADS, (rows, count, HORIZON, len(LEVELS))).copy()


def followed(panel: Panel, cutoffs: Ints, *, count: int = 168) -> Floats:
    """Bands that know of no hours, adjusted at each cutoff by those before it."""
    origins = origins_of(cutoffs, horizon=HORIZON, count=count)
    at = np.unique(origins[origins >= 0])
    widths = widths_by_hour(panel, cutoffs, origins, at, quantiles_of(len(panel.series), len(at)))
    return adjust(quantiles_of(len(panel.series), len(cutoffs)), widths, middle=MIDDLE)


def coverage_by(panel: Panel, cutoffs: Ints, quantiles: Floats) -> dict[str, float]:
    steps = cutoffs[:, None] + np.arange(1, HORIZON + 1)
    truth = panel.target[:, steps]
    inside = (truth >= quantiles[..., 0]) & (truth <= quantiles[..., -1])
    night = NIGHT[steps % DAY]
    return {"night": float(inside[:, night].mean()), "day": float(inside[:, ~night].mean())}


@pytest.mark.parametrize("rows", [1, 6])
def test_bands_that_know_of_no_hours_come_to_hold_at_each(rows: int) -> None:
    panel = restless(rows)
    cutoffs = np.arange(DAY * 10 - 1, panel.steps - HORIZON, HORIZON)
    before = coverage_by(panel, cutoffs, quantiles_of(rows, len(cutoffs)))
    assert before["night"] < 0.65
    assert before["day"] > 0.87
    after = coverage_by(panel, cutoffs, followed(panel, cutoffs))
    assert all(0.76 <= one <= 0.84 for one in after.values()), after


def test_where_bands_hold_they_stay_nearly_as_they_are() -> None:
    generator = np.random.default_rng(3)
    sigma = 30 / 1.2816
    panel = panel_of(1000 + sigma * generator.normal(size=(8, DAY * DAYS)), step=STEP, channels=("y",))
    cutoffs = np.arange(DAY * 10 - 1, panel.steps - HORIZON, HORIZON)
    found = followed(panel, cutoffs)
    factor = (found[..., -1] - found[..., 0]) / 60
    assert np.median(factor) == pytest.approx(1.0, abs=0.05)
    assert np.quantile(factor, [0.1, 0.9]) == pytest.approx([0.85, 1.2], abs=0.1)


def by_hand(panel: Panel, cutoff: int, origins: list[int]) -> Adjustment:
    """The same by plain loops."""
    rows = len(panel.series)
    logs = {side: np.zeros((rows, 24)) for side in (-1, 1)}
    for origin in reversed(origins):
        for side, log in logs.items():
            missed = np.zeros((rows, HORIZON))
            known = np.zeros((rows, HORIZON), dtype=bool)
            hours = [(panel.start + (origin + ahead) * STEP) // HOUR % 24 for ahead in range(1, HORIZON + 1)]
            for row in range(rows):
                for step, hour in enumerate(hours):
                    value = panel.target[row, origin + 1 + step]
                    known[row, step] = math.isfinite(value)
                    if known[row, step]:
                        missed[row, step] = (side * (value - 1000) / 30 > math.exp(log[row, hour])) - 0.1
            for row in range(rows):
                moved = np.zeros(24)
                for step, hour in enumerate(hours):
                    shared = missed[:, step].sum() / max(1, known[:, step].sum())
                    for other in range(24):
                        apart = min(abs(hour - other), 24 - abs(hour - other))
                        near = max(0.0, 1 - apart / 4)
                        moved[other] += 0.4 * 0.5 * near * (0.4 * missed[row, step] + 0.6 * shared)
                log[row] = np.clip(log[row] + moved, -1, 1)
    now = [(panel.start + (cutoff + ahead) * STEP) // HOUR % 24 for ahead in range(1, HORIZON + 1)]
    below, above = (np.exp(logs[side][:, now])[:, None] for side in (-1, 1))
    return Adjustment(np.zeros_like(below), below, above)


def test_it_is_what_plain_loops_give_also_with_unknown_values() -> None:
    panel = restless(3, seed=5)
    panel.values[1, 500:530] = np.nan
    panel.values[2, ::7] = np.nan
    cutoffs = np.array([540, 541, 700])
    origins = origins_of(cutoffs, horizon=HORIZON, count=50)
    origins[2, 30:] = -1
    at = np.unique(origins[origins >= 0])
    found = widths_by_hour(panel, cutoffs, origins, at, quantiles_of(3, len(at)))
    for place, cutoff in enumerate(cutoffs):
        expected = by_hand(panel, int(cutoff), [int(one) for one in origins[place] if one >= 0])
        assert found.below[:, [place]] == pytest.approx(expected.below)
        assert found.above[:, [place]] == pytest.approx(expected.above)
        assert not found.shift.any()


def test_forecasts_that_are_not_there_or_have_no_width_tell_nothing() -> None:
    cutoffs = np.array([700])
    origins = origins_of(cutoffs, horizon=HORIZON, count=84)
    at = np.unique(origins)
    for quantiles in (np.full((1, len(at), HORIZON, len(LEVELS)), np.nan), 0 * quantiles_of(1, len(at)) + 900):
        found = widths_by_hour(PANEL, cutoffs, origins, at, quantiles)
        assert (found.below == 1).all()
        assert (found.above == 1).all()


@pytest.mark.parametrize(
    ("series", "horizon", "count", "apart"),
    [
        (1, 12, 168, 12),
        (25, 12, 168, 12),
        (50, 12, 100, 12),
        (200, 12, 0, 12),  # a day's would not do
        (1, 13, 0, 13),
        (1, 288, 0, 288),
        (0, 12, 168, 12),
        (1, 1, 168, 12),
        (1, 5, 134, 15),
    ],
)
def test_a_week_of_forecasts_tells_where_they_are_an_hour_ahead_and_series_are_few(
    series: int, horizon: int, count: int, apart: int
) -> None:
    found = origins_by_hour(np.array([5000, 5001]), series=series, horizon=horizon, step_seconds=300)
    assert found.shape == (2, count)
    assert (found[0] == 5000 - apart * np.arange(1, count + 1)).all()


@pytest.mark.parametrize(
    ("horizon", "expected"),
    [(1, 0.36), (5, 0.36 * 15 / 12), (12, 0.36), (18, 0.36 * (1 + 0.75 / 2))],  # half of the hour after tells, too
)
def test_an_hour_of_misses_counts_alike_at_each_horizon(horizon: int, expected: float) -> None:
    panel = panel_of(np.full((1, 2000), 2000.0), step=300, channels=("y",))
    origin = 1000 + int(-(panel.start // 300 + 1001) % 12)  # its first step begins an hour
    at = np.array([origin])
    quantiles = np.broadcast_to(1000 + SPREADS, (1, 1, horizon, len(LEVELS)))
    found = widths_by_hour(panel, at + 288, at[:, None], at, quantiles)
    assert np.log(found.above[0, 0, 0]) == pytest.approx(expected)
    assert np.log(found.below[0, 0, 0]) == pytest.approx(-expected / 9)


# ------------------------------------------------------------------ in use

FITTED = DAY * 20
WIDE = restless(1, most=140.0)  # what is asked of the bands of a made challenger, a tenth on either side


def usual(panel: Panel, cutoff: int, horizon: int) -> Floats:
    """What the past was on the whole."""
    return np.full((len(panel.series), horizon), 1000.0)


def waved(panel: Panel, cutoff: int, horizon: int) -> Floats:
    """What the past was at each hour."""
    return usual(panel, cutoff, horizon) + cycle(np.arange(cutoff + 1, cutoff + 1 + horizon))


def told(name: str, panel: Panel, say: Say) -> QuickAuto:
    """A mixture whose only challenger is made, under the name of another model, with bands alike at all hours."""
    model = QuickAuto(AutoConfig(horizon=HORIZON, challengers=name, budget="1h"))
    model.made = {name: lambda: Challenger(HORIZON, say=say)}
    model.fit(panel.until(FITTED))
    return model


@pytest.fixture(scope="module")
def narrow_at_night() -> QuickAuto:
    return told("rnn", WIDE, usual)


def test_a_mixture_in_use_holds_at_night_what_it_holds_by_day(narrow_at_night: QuickAuto) -> None:
    cutoffs = np.arange(FITTED + DAY * 6 - 1, WIDE.steps - HORIZON, HORIZON)
    found = {}
    for adapt in (True, False):
        narrow_at_night.config = replace(narrow_at_night.config, adapt=adapt)
        found[adapt] = coverage_by(WIDE, cutoffs, narrow_at_night.predict(WIDE, cutoffs).quantiles)
    narrow_at_night.config = replace(narrow_at_night.config, adapt=True)
    assert found[False]["day"] - found[False]["night"] > 0.15
    assert abs(found[True]["day"] - found[True]["night"]) < 0.08


def test_forecasts_of_what_it_was_fitted_on_tell_nothing(
    narrow_at_night: QuickAuto, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutoffs = np.array([FITTED - 1, FITTED + DAY * 5])
    found = narrow_at_night.predict(WIDE, cutoffs).quantiles
    monkeypatch.setattr("nettide.models.auto.model.origins_by_hour", lambda at, **_: np.full((len(at), 0), -1))
    without = narrow_at_night.predict(WIDE, cutoffs).quantiles
    assert (found[:, 0] == without[:, 0]).all()
    assert (found[:, 1] != without[:, 1]).any()


def member_of(model: QuickAuto, name: str) -> Challenger:
    assert model._found is not None
    found = model._found.chosen.members[name]
    assert isinstance(found, Challenger)
    return found


@pytest.fixture(scope="module", params=["base", "theta"])
def mixture(request: pytest.FixtureRequest) -> QuickAuto:
    """The pretrained network, and one that speaks at the cutoffs alone."""
    if request.param == "theta":
        model = told("theta", WAVED, prying)
        member_of(model, "theta").say = waved
        assert model.weights_of(WAVED.ids)[model.members.index("theta")].min() > 0.3
        return model
    model = QuickAuto(AutoConfig(horizon=HORIZON, challengers="base", budget="1h"))
    model.fit(WAVED.until(FITTED))
    return model


def test_it_sees_nothing_past_a_cutoff(mixture: QuickAuto) -> None:
    assert_causal(mixture, WAVED, np.array([FITTED + DAY * 3, FITTED + DAY * 3 + 2, FITTED + DAY * 9 + 5]))


def test_what_a_cutoff_gets_does_not_depend_on_the_others(mixture: QuickAuto) -> None:
    panel = panel_of(WAVED.target.copy(), step=STEP, channels=("y",))
    panel.values[1, FITTED + DAY * 6 :] *= 3  # a level that breaks
    cutoffs = np.arange(FITTED + DAY * 6 - 2, FITTED + DAY * 7 + 6, HORIZON)
    whole = mixture.predict(panel, cutoffs)
    for place in (0, 3, 11):
        alone = mixture.predict(panel, cutoffs[[place]])
        assert alone.quantiles[:, 0] == pytest.approx(whole.quantiles[:, place], rel=1e-5)


def test_a_challenger_that_pries_is_still_caught() -> None:
    model = QuickAuto(AutoConfig(horizon=HORIZON, challengers="rnn", budget="1h"))
    model.made = {"rnn": lambda: Challenger(HORIZON, say=prying)}
    model.fit(WAVED.until(FITTED))
    with pytest.raises(ForecastError, match="the model sees the future"):
        assert_causal(model, WAVED, np.array([FITTED + DAY * 3]))
    assert_equal(model.predict(WAVED, np.array([700])), model.predict(WAVED, np.array([700])), exact=True)
