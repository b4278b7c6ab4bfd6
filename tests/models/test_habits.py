"""Similar days: what a plain loop over one series finds, by kind of day, and nothing that lies after the cutoff."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from conformance import daily_traffic, panel_of
from slow_days import similar_days, weekend

from nettide.arrays import Floats
from nettide.models.habits import centred_mean, days_off, newest_of_kind, rooted, unrooted
from nettide.models.lags import Lags
from nettide.occasions import Occasion
from nettide.panel import Panel
from nettide.prepare.periods import Periods, nominal_periods

HOUR, DAY = 3600, 86_400
MONDAY = 4 * DAY  # 1970-01-05


def gappy(steps: int, *, step: int = HOUR) -> Floats:
    target = daily_traffic(3, steps, step=step)
    target[np.random.default_rng(3).random(target.shape) < 0.1] = np.nan
    target[0, : steps // 3] = np.nan
    target[1, steps // 2 :] *= 50.0
    target[2, steps // 4 : steps // 3] = 0.0
    return target


def one_similar(panel: Panel, series: int, step: int, cutoff: int, *, periods: Periods | None = None) -> float:
    lags = Lags(panel, periods or nominal_periods(panel), horizon=400)
    found = lags.similar(torch.tensor([series]), torch.tensor([[step]]), torch.tensor([cutoff]))
    return float(found[0, 0])


@pytest.mark.parametrize(
    ("step", "steps", "ahead"),
    [
        (HOUR, 24 * 40, [1, 2, 23, 24, 25, 48, 170, -3, -23, 0]),
        (300, 288 * 16, [1, 281, 282, 283, 288, 300, -5]),
        (DAY, 80, [1, 2, 7, 30, 0, -3]),
        (6 * HOUR, 4 * 50, [1, 4, 5, 9, -2]),
        (7 * DAY, 40, [1, 4]),
    ],
    ids=["hourly", "5 minutes", "daily", "6 hours", "weekly"],
)
def test_similar_days_are_those_of_a_slow_reading(step: int, steps: int, ahead: list[int]) -> None:
    panel = panel_of(gappy(steps, step=step), step=step)
    periods = nominal_periods(panel)
    lags = Lags(panel, periods, horizon=400)
    free = weekend(panel)
    for series in range(3):
        for cutoff in (5, steps // 3 + 1, steps // 2, steps - 2, steps - 1):
            wanted = torch.tensor([[max(0, cutoff + one) for one in ahead]])
            found = lags.similar(torch.tensor([series]), wanted, torch.tensor([cutoff]))[0].tolist()
            slow = [
                similar_days(panel.target[series], one, cutoff, day=periods.day, week=periods.week, free=free)
                for one in wanted[0].tolist()
            ]
            assert found == pytest.approx(slow, rel=1e-3, abs=1e-6, nan_ok=True), (series, cutoff)


def in_utc(values: Floats) -> Panel:
    """Hours from a Monday on."""
    panel = panel_of(values)
    return replace(panel, start=MONDAY, series=tuple(replace(one, zone="UTC") for one in panel.series))


def hours_of_weeks(weeks: int, *, working: float, free: float) -> Floats:
    """Flat days, one level for working days and one for weekends, from a Monday on."""
    week = np.r_[np.full(24 * 5, working), np.full(24 * 2, free)]
    return np.tile(week, weeks)[None]


def test_a_weekend_is_told_from_working_days_and_a_holiday_is_a_day_off() -> None:
    values = hours_of_weeks(5, working=100.0, free=20.0)
    panel = in_utc(values)
    friday_night = 24 * 33 - 1
    assert one_similar(panel, 0, friday_night + 12, friday_night) == pytest.approx(20.0, rel=0.05)
    sunday_night = 24 * 35 - 1
    assert one_similar(panel, 0, sunday_night + 12, sunday_night) == pytest.approx(100.0, rel=0.05)
    monday = MONDAY + 35 * DAY
    holiday = panel.with_occasions([Occasion("holiday", monday, monday + DAY, "a day off")])
    assert one_similar(holiday, 0, sunday_night + 12, sunday_night) == pytest.approx(20.0, rel=0.05)
    event = panel.with_occasions([Occasion("event", monday, monday + DAY, "a release")])
    assert one_similar(event, 0, sunday_night + 12, sunday_night) == pytest.approx(100.0, rel=0.05)


def test_a_holiday_of_one_series_is_none_for_another() -> None:
    values = np.repeat(hours_of_weeks(5, working=100.0, free=20.0), 2, axis=0)
    panel = in_utc(values)
    monday, cutoff = MONDAY + 35 * DAY, 24 * 35 - 1
    own = panel.with_occasions([Occasion("holiday", monday, monday + DAY, "ours", (panel.ids[1],))])
    assert one_similar(own, 0, cutoff + 12, cutoff) == pytest.approx(100.0, rel=0.05)
    assert one_similar(own, 1, cutoff + 12, cutoff) == pytest.approx(20.0, rel=0.05)


def test_the_weekend_begins_at_local_midnight() -> None:
    panel = in_utc(hours_of_weeks(2, working=1.0, free=1.0))
    for zone, days, hours in (("UTC", 5, 0), ("Asia/Tokyo", 5, 9), ("Asia/Riyadh", 4, 3)):
        there = replace(panel, series=tuple(replace(one, zone=zone) for one in panel.series))
        free, group = days_off(there, nominal_periods(there), horizon=0)
        found = np.flatnonzero(free[group[0]])
        assert (found[0], len(found[found < 24 * 7])) == (24 * days - hours, 48)


def test_a_habit_follows_the_level_by_a_factor_of_four_at_most() -> None:
    quiet = np.r_[np.full(24 * 21, 10.0), np.full(24 * 7, 20.0)][None]
    panel = in_utc(quiet)
    cutoff = 24 * 28 - 1  # a whole week at the new level
    assert 18.0 < one_similar(panel, 0, cutoff + 5, cutoff) < 25.0
    loud = in_utc(np.where(np.arange(24 * 28) < 24 * 21, 1.0, 500.0) * quiet)
    weekend_before = 24 * 26 - 1  # the habit of days off has seen nothing of the new level
    found = one_similar(loud, 0, weekend_before + 5, weekend_before)
    assert found == pytest.approx(40.0, rel=0.01)


def test_one_burst_moves_a_habit_little() -> None:
    values = np.full((1, 24 * 28), 10.0)
    values[0, 24 * 27 - 12] = 10_000.0
    cutoff = 24 * 27 - 1
    assert one_similar(panel_of(values), 0, cutoff + 12, cutoff) < 40.0  # a mean of ten days would say 1,000


def test_what_comes_after_the_cutoff_is_not_seen() -> None:
    target, cutoff = gappy(24 * 40), 24 * 30 + 7
    later = np.where(np.arange(target.shape[1]) > cutoff, 1e7, target)
    series = torch.arange(3)
    steps = (torch.arange(cutoff - 30, cutoff + 200)).expand(3, -1)
    found = []
    for values in (target, later):
        lags = Lags(panel_of(values), Periods(24, 168), horizon=400)
        found.append(lags.similar(series, steps, torch.full((3,), cutoff)).nan_to_num(-1.0))
    assert torch.equal(*found)
    assert (found[0] != -1.0).any()


def test_a_wrong_clock_has_its_own_days() -> None:
    steps, day = 24 * 60, 20  # a day of twenty steps on a grid of hours
    shape = 10 + 5 * np.sin(2 * np.pi * np.arange(steps) / day)
    periods = Periods(day, 7 * day, clock=day / 24)
    cutoff = steps - 1
    found = [one_similar(panel_of(shape[None]), 0, cutoff + one, cutoff, periods=periods) for one in range(1, 20)]
    expected = 10 + 5 * np.sin(2 * np.pi * np.arange(steps, steps + 19) / day)
    assert found == pytest.approx(list(expected), rel=0.1)


def test_the_newest_of_a_kind_is_the_step_itself_or_one_whole_days_before() -> None:
    free = np.array([[False, False, True, True, False, False, True]])
    working, off = newest_of_kind(free, 2)[:, 0]
    assert working.tolist() == [0, 1, 0, 1, 4, 5, 4]
    assert off.tolist() == [-1, -1, 2, 3, 2, 3, 6]


def test_a_centred_mean_is_of_known_values_and_unknown_where_the_middle_is() -> None:
    values = np.array([[1.0, math.nan, 3.0, 5.0, math.nan]])
    np.testing.assert_allclose(centred_mean(values, 1), [[1.0, math.nan, 11 / 3, 13 / 3, math.nan]])
    assert centred_mean(values, 0) is values


def test_roots_are_taken_back() -> None:
    values = np.array([-81.0, 0.0, 1e-8, 16.0, 3e30])
    np.testing.assert_allclose(unrooted(torch.from_numpy(rooted(values))).numpy(), values, rtol=1e-12)


def test_a_panel_without_series_has_no_habits() -> None:
    empty = replace(panel_of(daily_traffic(1, 400)), values=np.empty((0, 400, 2)), series=())
    lags = Lags(empty, Periods(24, 168), horizon=24)
    none = torch.empty(0, dtype=torch.int64)
    assert lags.similar(none, none[:, None], none).shape == (0, 1)
