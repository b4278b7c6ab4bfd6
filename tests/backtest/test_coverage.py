"""Coverage by group against bands whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import NormalDist
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from made_backtests import contenders, forecast_of, made_backtest, made_panel
from nettide.arrays import Floats
from nettide.backtest.breakdown import calibration
from nettide.backtest.coverage import Coverage, coverages, worst_group
from nettide.backtest.evaluate import Backtest, Outcome, backtest
from nettide.backtest.leaderboard import score
from nettide.backtest.yardstick import yardstick, yardstick_season
from nettide.forecast import LEVELS
from nettide.models.contract import Training
from nettide.panel import Channel, Panel, Series

NORMAL = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
START = 1_709_251_200  # 2024-03-01, a Friday


def known(
    *,
    seed: int = 0,
    zones: Sequence[str] = ("UTC",) * 4,
    days: int = 60,
    step_seconds: int = 3600,
    horizon: int = 24,
    width: Callable[[Floats], Floats] | None = None,
    mean: Callable[[Floats], Floats] | None = None,
) -> Backtest:
    """Make a backtest of independent normal values whose true quantiles are forecast.

    Args:
        width: factor on the true band by epoch second of the target; None is honest.
        mean: the true mean by epoch second; None is 100.
    """
    day = max(1, 86_400 // step_seconds)
    first = 21 * day
    seconds = START + step_seconds * np.arange(first + days * day)
    means = np.full(len(seconds), 100.0) if mean is None else mean(seconds)
    noise = np.random.default_rng(seed).normal(size=(len(zones), len(seconds)))
    series = tuple(Series(f"s{place}", zone=zone) for place, zone in enumerate(zones))
    panel = Panel((means + 5 * noise)[:, :, None], START, step_seconds, series, (Channel("y"),))
    cutoffs = np.arange(first - 1, panel.steps - horizon, horizon)
    ahead = cutoffs[:, None] + np.arange(1, horizon + 1)
    factor = np.ones(ahead.shape) if width is None else width(seconds[ahead])
    quantiles = means[ahead][..., None] + 5 * factor[..., None] * NORMAL
    quantiles = np.broadcast_to(quantiles, (len(zones), *quantiles.shape))
    forecast = forecast_of(panel, cutoffs, quantiles, LEVELS, quantiles[..., 4])
    outcome = Outcome("true", forecast, Training((), 0, "none", 0.0, 0, 0), 0.0, 0.0, 0)
    naive = yardstick(panel, cutoffs, horizon=horizon)
    season = yardstick_season(panel, int(cutoffs[0]))
    return Backtest(panel, first, cutoffs, horizon, horizon, panel.target[:, ahead], naive, season, (outcome,), {})


def band(rows: Sequence[Coverage], kind: str) -> dict[str, Coverage]:
    return {one.group: one for one in rows if one.measure == "80 % band" and one.kind == kind}


def test_the_interval_of_an_honest_band_holds_80_percent_in_about_95_of_100_repetitions() -> None:
    found = [band(coverages(known(seed=seed, zones=("UTC",), days=40)), "all")["all"] for seed in range(60)]
    assert np.mean([one.coverage for one in found]) == pytest.approx(0.8, abs=0.005)
    assert 0.88 <= np.mean([one.low <= 0.8 <= one.high for one in found]) <= 1.0
    assert {one.points for one in found} == {40 * 24}


def test_an_honest_band_holds_in_every_group_of_traffic_that_swings_by_the_hour() -> None:
    rows = coverages(known(mean=lambda seconds: 100 + 50 * np.sin(seconds * 2 * np.pi / 86_400), days=120))
    for kind in ("steps", "hours", "level", "day"):
        for one in band(rows, kind).values():
            assert one.coverage == pytest.approx(0.8, abs=0.03), one
    assert sum(one.verdict != "" for one in rows) < 0.12 * len(rows)


def test_levels_do_not_blame_an_honest_band_for_values_that_turned_out_high() -> None:
    result = known(days=120)  # constant mean: only luck makes a value high
    assert all(abs(one.coverage - 0.8) < 0.03 for one in band(coverages(result), "level").values())
    high = result.truth > np.quantile(result.panel.target, 2 / 3)
    low, top = (result.outcomes[0].forecast.quantile(level) for level in (0.1, 0.9))
    inside = (result.truth >= low) & (result.truth <= top)
    assert inside[high].mean() < 0.75  # what grouping by the outcome would have said


def test_a_planted_miscovered_hour_is_found_as_the_worst_in_local_time() -> None:
    zone = ZoneInfo("Asia/Tokyo")

    def narrow(seconds: Floats) -> Floats:
        hours = np.array([datetime.fromtimestamp(int(one), UTC).astimezone(zone).hour for one in seconds.flat])
        return np.where(hours.reshape(seconds.shape) == 17, 0.3, 1.0)

    rows = coverages(known(zones=("Asia/Tokyo",) * 4, width=narrow))
    worst = worst_group(rows, model="true", kind="hour")
    assert worst is not None
    assert (worst.group, worst.verdict) == ("17", "too narrow")
    hours = worst_group(rows, model="true")
    assert hours is not None
    assert hours.group == "16 to 20"
    assert hours.coverage == pytest.approx((3 * 0.8 + 0.3) / 4, abs=0.03)
    assert hours.high < 0.8


def test_each_series_has_the_hours_of_its_own_zone() -> None:
    mixed = known(zones=("Asia/Tokyo", "America/New_York", "UTC"), days=90)
    hours = band(coverages(mixed), "hour")
    assert {one.points for one in hours.values()} == {3 * 90}
    shifted = replace(mixed, truth=mixed.truth.copy())
    tokyo = (mixed.panel.seconds[mixed.cutoffs[:, None] + np.arange(1, 25)] // 3600 + 9) % 24
    shifted.truth[0][tokyo == 5] = 1e9
    moved = band(coverages(shifted), "hour")
    assert [hour for hour in hours if hours[hour].coverage != moved[hour].coverage] == ["05"]


def test_a_band_too_wide_is_called_so() -> None:
    rows = coverages(known(width=lambda seconds: np.full(seconds.shape, 1.5)))
    assert band(rows, "all")["all"].verdict == "too wide"


def test_the_whole_equals_the_leaderboard_and_the_calibration_chart() -> None:
    result = made_backtest(series=5, holes=0.1)
    rows = coverages(result)
    for one in score(result):
        whole = [row for row in rows if row.model == one.model and row.kind == "all"]
        if math.isnan(one.coverage_80):
            assert not whole
            continue
        assert whole[0].coverage == pytest.approx(one.coverage_80)
        assert whole[0].points == one.points
        outcome = next(found for found in result.outcomes if found.name == one.model)
        levels, observed = calibration(result, outcome.forecast)
        assert [row.nominal for row in whole[1:]] == levels.tolist()
        assert [row.coverage for row in whole[1:]] == pytest.approx(observed)


def test_every_kind_of_group_parts_the_same_points() -> None:
    result = made_backtest(series=5, holes=0.1)
    rows = [one for one in coverages(result) if one.model == "profile"]
    for measure in {one.measure for one in rows}:
        of_measure = [one for one in rows if one.measure == measure]
        whole = next(one for one in of_measure if one.kind == "all")
        for kind in ("steps", "step", "hours", "hour", "level", "day"):
            groups = [one for one in of_measure if one.kind == kind]
            assert sum(one.points for one in groups) == whole.points
            assert sum(one.points * one.coverage for one in groups) == pytest.approx(whole.points * whole.coverage)


def test_steps_and_weekends_are_where_they_should_be() -> None:
    result = known(zones=("UTC",), days=14)
    truth = result.truth.copy()
    truth[:, :, 6] = 1e9
    days = band(coverages(result), "day")
    assert (days["weekday"].points, days["weekend"].points) == (10 * 24, 4 * 24)
    rows = coverages(replace(result, truth=truth))
    assert band(rows, "step")["7"].coverage == 0
    assert list(band(rows, "steps")) == ["1 to 6", "7 to 12", "13 to 18", "19 to 24"]
    worst = worst_group(rows, model="true", kind="steps", least_points=1)
    assert worst is not None
    assert worst.group == "7 to 12"


def test_a_value_on_the_edge_of_the_band_is_inside() -> None:
    result = known(zones=("UTC",))
    for level in (0.1, 0.9):
        on_edge = replace(result, truth=result.outcomes[0].forecast.quantile(level).copy())
        assert band(coverages(on_edge), "all")["all"].coverage == 1


def test_idle_links_whose_quantiles_are_all_zero_are_inside_their_band() -> None:
    result = made_backtest(series=4, holes=0)
    idle = [
        replace(one, forecast=replace(one.forecast, quantiles=0 * one.forecast.quantiles)) for one in result.outcomes
    ]
    whole = band(coverages(replace(result, truth=0 * result.truth, outcomes=tuple(idle[:1]))), "all")["all"]
    assert whole.coverage == 1


def test_unknown_quantiles_are_left_out() -> None:
    result = known()
    forecast = result.outcomes[0].forecast
    quantiles = forecast.quantiles.copy()
    quantiles[0, :, :, 3] = np.nan
    half = replace(result, outcomes=(replace(result.outcomes[0], forecast=replace(forecast, quantiles=quantiles)),))
    assert band(coverages(half), "all")["all"].points == 0.75 * result.truth.size


def test_a_model_with_some_levels_has_their_rows_and_no_band() -> None:
    result = known()
    forecast = result.outcomes[0].forecast
    few = replace(forecast, levels=(0.1, 0.5), quantiles=forecast.quantiles[..., [0, 4]])
    rows = coverages(replace(result, outcomes=(replace(result.outcomes[0], forecast=few),)))
    assert {one.measure for one in rows} == {"q0.1", "q0.5"}
    assert worst_group(rows, model="true") is None


def test_one_cutoff_gives_shares_without_intervals() -> None:
    panel = made_panel(series=2)
    rows = coverages(backtest(panel, contenders(24), test_start=panel.steps - 24, horizon=24, stride=24))
    assert rows
    assert all(math.isnan(one.low) and one.verdict == "" for one in rows)


def test_a_run_without_a_model_or_a_known_truth_has_no_rows() -> None:
    assert coverages(backtest(made_panel(), contenders(12), test_start=840, horizon=24, stride=24)) == ()
    panel = made_panel(series=2)
    panel.values[:, 840:] = np.nan
    assert coverages(backtest(panel, contenders(24), test_start=840, horizon=24, stride=24)) == ()


def test_daily_steps_have_no_hours_and_weekly_ones_no_days() -> None:
    daily = coverages(known(step_seconds=86_400, horizon=1, days=50))
    assert {one.kind for one in daily} == {"all", "steps", "step", "level", "day"}
    weekly = coverages(known(step_seconds=7 * 86_400, horizon=3, days=50))
    assert {one.kind for one in weekly} == {"all", "steps", "step", "level"}


def test_a_series_without_a_past_has_no_level() -> None:
    result = known(zones=("UTC", "UTC"))
    values = result.panel.values.copy()
    values[0, : result.test_start] = np.nan
    rows = coverages(replace(result, panel=replace(result.panel, values=values)))
    assert band(rows, "all")["all"].points == 2 * result.truth[1].size
    assert sum(one.points for one in band(rows, "level").values()) == result.truth[1].size


def test_many_series_are_counted_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    result = made_backtest(series=7)
    whole = coverages(result)
    monkeypatch.setattr("nettide.backtest.coverage._MOST_AT_ONCE", 500)
    assert repr(coverages(result)) == repr(whole)  # NaN equals NaN
