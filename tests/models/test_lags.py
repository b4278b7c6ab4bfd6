"""Lags: every look-up is what a plain loop over one series gives, and nothing of it lies after the cutoff."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from conformance import daily_traffic, panel_of
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_days import similar_days, weekend

from nettide.arrays import Floats
from nettide.models.lags import Lags, resident, trailing_mean
from nettide.panel import Panel
from nettide.prepare.periods import Periods

HOURLY, MINUTES_5, DAILY = Periods(24, 168), Periods(288, 2016), Periods(1, 7)


def gappy(series: int, steps: int) -> Panel:
    """Traffic with single gaps, silence at first and a series that is never known."""
    target = daily_traffic(series, steps)
    target[np.random.default_rng(7).random(target.shape) < 0.15] = np.nan
    target[0, : steps // 3] = np.nan
    target[-1] = np.nan
    return panel_of(target)


def last_known(values: Floats, step: int) -> float:
    while step >= 0 and math.isnan(values[step]):
        step -= 1
    return float(values[step]) if step >= 0 else math.nan


def mean_of_known(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def mean_until(values: Floats, step: int, length: int) -> float:
    return mean_of_known(values[max(0, step - length + 1) : step + 1]) if step >= 0 else math.nan


# ------------------------------------------------------------------ means and residence


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    rows=st.lists(
        st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), min_size=1, max_size=30), min_size=1, max_size=1
    ),
    length=st.integers(1, 40),
)
def test_a_trailing_mean_is_that_of_the_known_values_of_each_window(
    rows: list[list[float | None]], length: int
) -> None:
    values = np.array([[math.nan if one is None else one for one in row] for row in rows])
    found = trailing_mean(values, length)
    expected = [[mean_until(row, step, length) for step in range(len(row))] for row in values]
    size = np.nanmax(np.abs(values), initial=1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * size)


def test_a_trailing_mean_leaves_what_it_was_given_as_it_is() -> None:
    values = np.arange(20.0).reshape(2, 10)
    trailing_mean(values, 3)
    assert np.array_equal(values, np.arange(20.0).reshape(2, 10))


def test_more_series_than_are_changed_at_a_time_are_all_changed() -> None:
    target = np.arange(600.0 * 3).reshape(600, 3)
    flat = resident(target, lambda values: 2 * values).view(600, 4)
    assert flat[:, 0].isnan().all()
    assert np.array_equal(flat[:, 1:].numpy(), 2 * target)


# ------------------------------------------------------------------ look-ups


def test_a_step_before_the_first_is_unknown_and_not_the_end_of_the_series_before() -> None:
    lags = Lags(panel_of(np.arange(1.0, 21.0).reshape(2, 10)), HOURLY, horizon=400)
    found = lags.at(lags.raw, torch.tensor([1, 1, 1]), torch.tensor([-1, -500, 0]))
    assert found.isnan().tolist() == [True, True, False]
    assert found[2] == 11.0


def test_the_last_known_value_is_the_newest_at_or_before_the_cutoff() -> None:
    panel = gappy(3, 120)
    lags = Lags(panel, HOURLY, horizon=400)
    for series in range(3):
        for cutoff in range(0, 120, 7):
            found = lags.last(torch.tensor([series]), torch.tensor([cutoff])).item()
            assert found == pytest.approx(last_known(panel.target[series], cutoff), rel=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    ("periods", "steps", "smooth", "ahead"),
    [
        (HOURLY, 600, 2, [1, 5, 24, 25, 168, 200]),
        (MINUTES_5, 4500, 12, [1, 12, 288, 300]),
        (DAILY, 60, 2, [1, 7, 8, 30]),
    ],
    ids=["hourly", "5 minutes", "daily"],
)
def test_moved_anchors_are_the_same_time_ago_or_the_habit_plus_what_is_new(
    periods: Periods, steps: int, smooth: int, ahead: list[int]
) -> None:
    panel = gappy(3, steps)
    lags = Lags(panel, periods, horizon=400)
    flat = resident(panel.target, lambda values: trailing_mean(values, smooth))
    free = weekend(panel)
    for series in range(3):
        values = panel.target[series]
        for cutoff in (0, 3, steps // 4, steps // 2, steps - 1):
            found = lags.shifted(flat, torch.tensor([series]), torch.tensor([cutoff]), torch.tensor(ahead))[0]
            for row, step in zip(found.numpy(), ahead, strict=True):
                for place, period in enumerate((periods.week, periods.day)):
                    back = period * math.ceil(step / period)
                    then = last_known(values, cutoff + step - back)
                    change = mean_until(values, cutoff, smooth) - mean_until(values, cutoff - back, smooth)
                    expected = max(then + change, 0.0) if not math.isnan(then + change) else math.nan
                    size = np.nanmax(np.abs(values), initial=0.0)
                    assert row[place] == pytest.approx(expected, rel=1e-4, abs=1e-6 * size, nan_ok=True)
                there, here = (
                    similar_days(values, at, cutoff, day=periods.day, week=periods.week, free=free)
                    for at in (cutoff + step, cutoff)
                )
                moved = there + mean_until(values, cutoff, smooth) - here
                expected = math.nan if math.isnan(moved) else max(moved, 0.0)
                assert row[2] == pytest.approx(expected, rel=1e-3, abs=1e-5 * size, nan_ok=True)


def test_a_clean_week_that_rose_is_continued_exactly_by_the_moved_week() -> None:
    hours = np.arange(24 * 28)
    clean = 10 + np.sin(2 * np.pi * hours / 24) + 0.5 * np.sin(2 * np.pi * hours / 168)
    clean[24 * 27 :] += 5.0  # a level shift one day ago
    lags = Lags(panel_of(clean[None, : 24 * 28]), HOURLY, horizon=400)
    flat = resident(clean[None], lambda values: trailing_mean(values, 2))
    cutoff = 24 * 28 - 1
    found = lags.shifted(flat, torch.tensor([0]), torch.tensor([cutoff]), torch.arange(1, 25))[0, :, 0].numpy()
    expected = clean[24 * 21 : 24 * 22] + 5.0
    assert found == pytest.approx(expected, abs=1e-4)


def test_moved_anchors_are_never_negative() -> None:
    falling = np.r_[np.full(200, 100.0), np.full(30, 1.0)]
    lags = Lags(panel_of(falling[None]), HOURLY, horizon=400)
    flat = resident(falling[None], lambda values: trailing_mean(values, 2))
    found = lags.shifted(flat, torch.tensor([0]), torch.tensor([229]), torch.arange(1, 49))
    assert (found >= 0).all()


def test_no_look_up_sees_past_its_cutoff() -> None:
    panel, cutoff = gappy(3, 500), 399
    changed = panel_of(np.where(np.arange(500) > cutoff, 1e7, panel.target))
    series, at, ahead = torch.arange(3), torch.full((3,), cutoff), torch.arange(1, 200)
    mean = torch.ones(3, 1)
    found = []
    for one in (panel, changed):
        lags = Lags(one, HOURLY, horizon=400)
        flat = resident(one.target, lambda values: trailing_mean(values, 2))
        found.append(
            [
                lags.last(series, at),
                lags.anchors(series, at, ahead, mean),
                lags.recent(series, at),
                lags.shifted(flat, series, at, ahead),
            ]
        )
    for honest, other in zip(*found, strict=True):
        assert torch.equal(honest.nan_to_num(-1.0), other.nan_to_num(-1.0))
