"""Bands follow how often those of the last week held at each hour of the day, and see nothing of the future."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from conformance import EXTREMES, assert_equal, assert_sound, daily_traffic, panel_of
from made_challengers import Challenger, QuickAuto, Say, prying

from nettide.arrays import Floats, Ints
from nettide.backtest.causality import assert_causal
from nettide.errors import ForecastError
from nettide.forecast import LEVELS
from nettide.models.auto.by_hour import origins_by_hour, widths_by_hour
from nettide.models.auto.config import AutoConfig
from nettide.models.calibration import Adjustment, adjust, origins_of
from nettide.panel import Panel

HOUR, STEP, HORIZON, MIDDLE = 3600, 900, 4, LEVELS.index(0.5)
DAY = 96  # steps
SPREADS = np.linspace(-30, 30, len(LEVELS))
DAYS = 40


def restless(rows: int, *, most: float = 42.0, seed: int = 0) -> Panel:
    """Quarter-hourly series around 1000, four times as restless at the 16th step of the panel's day as at its 64th."""
    generator = np.random.default_rng(seed)
    spread = most * (0.625 + 0.375 * np.cos(2 * np.pi * (np.arange(DAY * DAYS) - 16) / DAY))
    return begun_late(1000 + spread * generator.normal(size=(rows, DAY * DAYS)))


def begun_late(target: Floats) -> Panel:
    """A panel that begins neither at midnight nor on the hour."""
    panel = panel_of(target, step=STEP, channels=("y",))
    return replace(panel, start=panel.start + 9 * HOUR + STEP)


def cycle(steps: Ints) -> Floats:
    """A day's ups and downs."""
    return 300 * np.sin(2 * np.pi * steps / DAY)


NIGHT = (np.arange(DAY) < 36) | (np.arange(DAY) > 91)
PANEL = restless(1)
WAVED = begun_late(restless(6, most=140.0).target + cycle(np.arange(PANEL.steps)))


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
    panel = begun_late(1000 + 30 / 1.2816 * generator.normal(size=(8, DAY * DAYS)))
    cutoffs = np.arange(DAY * 10 - 1, panel.steps - HORIZON, HORIZON)
    found = followed(panel, cutoffs)
    factor = (found[..., -1] - found[..., 0]) / 60
    assert np.median(factor) == pytest.approx(1.0, abs=0.03)
    assert np.quantile(factor, [0.05, 0.95]) == pytest.approx([1.0, 1.0], abs=0.15)


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
                        moved[other] += 0.4 * 0.25 * near * (0.4 * missed[row, step] + 0.6 * shared)
                log[row] = np.clip(log[row] + moved, -1, 1)
    now = [(panel.start + (cutoff + ahead) * STEP) // HOUR % 24 for ahead in range(1, HORIZON + 1)]
    below, above = (np.exp(logs[side][:, now])[:, None] for side in (-1, 1))
    return Adjustment(np.zeros_like(below), below, above)


def test_it_is_what_plain_loops_give_also_with_unknown_values() -> None:
    panel = restless(3, seed=5)
    panel.values[1, 500:530] = np.nan
    panel.values[2, ::7] = np.nan
    panel.values[0, 100:545] = 5000.0  # misses, longer than factors grow
    cutoffs = np.array([540, 541, 700, *range(800, 800 + DAY, 5)])
    origins = origins_of(cutoffs, horizon=HORIZON, count=120)
    origins[2, 30:] = -1
    at = np.unique(origins[origins >= 0])
    found = widths_by_hour(panel, cutoffs, origins, at, quantiles_of(3, len(at)))
    assert found.above.max() == pytest.approx(math.e)
    for place, cutoff in enumerate(cutoffs):
        expected = by_hand(panel, int(cutoff), [int(one) for one in origins[place] if one >= 0])
        assert found.below[:, [place]] == pytest.approx(expected.below)
        assert found.above[:, [place]] == pytest.approx(expected.above)
        assert not found.shift.any()


@pytest.mark.parametrize(
    "quantiles",
    [
        np.full(len(LEVELS), np.nan),
        np.full(len(LEVELS), 900.0),  # no width, and not what came
        np.full(len(LEVELS), 1000.0),  # no width, and what came
    ],
)
def test_forecasts_that_are_not_there_or_have_no_width_tell_nothing(quantiles: Floats) -> None:
    panel = begun_late(np.full((1, 800), 1000.0))
    cutoffs = np.array([700])
    origins = origins_of(cutoffs, horizon=HORIZON, count=84)
    at = np.unique(origins)
    found = widths_by_hour(panel, cutoffs, origins, at, np.broadcast_to(quantiles, (1, len(at), HORIZON, len(LEVELS))))
    assert (found.below == 1).all()
    assert (found.above == 1).all()


def test_nothing_is_below_a_quantile_at_zero() -> None:
    panel = begun_late(np.zeros((1, 800)))
    cutoffs = np.array([700])
    origins = origins_of(cutoffs, horizon=HORIZON, count=84)
    quantiles = np.broadcast_to(np.linspace(0.0, 80.0, len(LEVELS)), (1, 84, HORIZON, len(LEVELS)))
    found = widths_by_hour(panel, cutoffs, origins, np.unique(origins), quantiles)
    assert (found.below == 1).all()
    assert (found.above < 0.6).all()


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
    [
        (1, 0.36 * 0.25),  # one value must not tell too much
        (5, 0.36 * 15 / 12),
        (12, 0.36),
        (18, 0.36 * (1 + 0.75 / 2)),  # half of the hour after tells, too
    ],
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


def test_a_mixture_in_use_holds_at_night_what_it_holds_by_day(
    narrow_at_night: QuickAuto, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutoffs = np.arange(FITTED + DAY * 6 - 1, WIDE.steps - HORIZON, HORIZON)
    found = coverage_by(WIDE, cutoffs, narrow_at_night.predict(WIDE, cutoffs).quantiles)
    monkeypatch.setattr(narrow_at_night, "config", replace(narrow_at_night.config, adapt=False))
    before = coverage_by(WIDE, cutoffs, narrow_at_night.predict(WIDE, cutoffs).quantiles)
    assert before["day"] - before["night"] > 0.15
    assert abs(found["day"] - found["night"]) < 0.08


def without_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettide.models.auto.model.origins_by_hour", lambda at, **_: np.full((len(at), 0), -1))


def test_forecasts_of_what_it_was_fitted_on_tell_nothing(
    narrow_at_night: QuickAuto, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutoffs = FITTED - 1 + np.array([0, HORIZON - 1, HORIZON])  # the last one's earlier forecast saw all of the fit
    found = narrow_at_night.predict(WIDE, cutoffs).quantiles
    without_hours(monkeypatch)
    without = narrow_at_night.predict(WIDE, cutoffs).quantiles
    assert (found[:, :2] == without[:, :2]).all()
    assert (found[:, 2] != without[:, 2]).any()


def live(rows: int, *, dead: int, since: int = 0) -> Panel:
    """Quarter-hourly traffic of some links, and others that are silent."""
    target = daily_traffic(rows + dead, DAY * DAYS, step=STEP, seed=3)
    target[rows:, since:] = 0.0
    return begun_late(target)


@pytest.mark.parametrize("since", [0, FITTED - 3 * DAY], ids=["always", "since the fit"])
def test_silent_links_do_not_narrow_the_bands_of_others(since: int) -> None:
    panel = live(3, dead=9, since=since)
    model = QuickAuto(AutoConfig(horizon=HORIZON, challengers="base", budget="1h"))
    model.fit(panel.until(FITTED))
    cutoffs = np.arange(FITTED + DAY * 4 - 1, panel.steps - HORIZON, HORIZON)
    found = model.predict(panel, cutoffs).quantiles[:3]
    truth = panel.target[:3, cutoffs[:, None] + np.arange(1, HORIZON + 1)]
    assert 0.72 < ((truth >= found[..., 0]) & (truth <= found[..., -1])).mean() < 0.88


def test_a_dead_link_that_returns_has_the_bands_it_would_have_had() -> None:
    panel = live(1, dead=0)
    back = FITTED + DAY * 12 + 30
    panel.values[0, FITTED + DAY * 2 : back] = 0.0
    model = QuickAuto(AutoConfig(horizon=HORIZON, challengers="base", budget="1h"))
    model.fit(panel.until(FITTED))
    cutoffs = np.arange(back + HORIZON - 1, back + DAY, HORIZON)
    found = model.predict(panel, cutoffs).quantiles
    with pytest.MonkeyPatch.context() as patch:
        without_hours(patch)
        without = model.predict(panel, cutoffs).quantiles
    wide, usual = ((one[..., -1] - one[..., 0]).mean() for one in (found, without))
    assert 0.8 < wide / usual < 1.6


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
    assert_causal(mixture, WAVED, np.array([FITTED + DAY * 3, FITTED + DAY * 3 + 2]))


def test_what_a_cutoff_gets_does_not_depend_on_the_others(mixture: QuickAuto) -> None:
    panel = begun_late(WAVED.target.copy())
    panel.values[1, FITTED + DAY * 6 :] *= 0.3
    cutoffs = np.arange(FITTED + DAY * 6 - 2, FITTED + DAY * 7 + 6, HORIZON)
    assert not mixture._adapted(panel, cutoffs, speaking=cutoffs)[1][1].all()  # its level broke
    whole = mixture.predict(panel, cutoffs)
    for place in (0, 3, 11, 20):
        alone = mixture.predict(panel, cutoffs[[place]])
        assert alone.quantiles[:, 0] == pytest.approx(whole.quantiles[:, place], rel=1e-5)


def test_what_is_fitted_anew_is_asked_at_the_cutoffs_alone() -> None:
    model, asked = told("theta", WAVED, prying), set[int]()

    def listed(panel: Panel, cutoff: int, horizon: int) -> Floats:
        asked.add(cutoff)
        return waved(panel, cutoff, horizon)

    member_of(model, "theta").say = listed
    cutoffs = FITTED + DAY * np.array([5, 6])
    model.predict(WAVED, cutoffs)
    assert asked == set(cutoffs.tolist())


def test_extreme_series_are_forecast_soundly() -> None:
    rows = [np.resize(one, 600) for one in EXTREMES.values() if len(one)]
    target = np.concatenate([np.stack(rows), daily_traffic(2, 600, step=STEP)])
    panel = begun_late(target)
    model = QuickAuto(AutoConfig(horizon=HORIZON, challengers="base", budget="1h"))
    model.fit(panel.until(300))
    cutoffs = np.array([299, 303, 304, 450, 595])
    assert_sound(model.predict(panel, cutoffs), panel, cutoffs)


def test_a_challenger_that_pries_is_still_caught() -> None:
    model = QuickAuto(AutoConfig(horizon=HORIZON, challengers="rnn", budget="1h"))
    model.made = {"rnn": lambda: Challenger(HORIZON, say=prying)}
    model.fit(WAVED.until(FITTED))
    with pytest.raises(ForecastError, match="the model sees the future"):
        assert_causal(model, WAVED, np.array([FITTED + DAY * 3]))
    assert_equal(model.predict(WAVED, np.array([700])), model.predict(WAVED, np.array([700])), exact=True)
