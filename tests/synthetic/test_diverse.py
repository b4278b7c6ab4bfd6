"""Diverse traffic: seeded, never negative, with the cycles of people in most panels, noise as asked, days off told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.arrays import Floats
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.cycles import compressed, cycle_strength
from nettide.synthetic.diverse import autoregressive, diverse_panel

DAY_STEPS = (288, 96, 48, 24, 12, 4, 1)


def drawn(seed: int, *, series: int = 6, days: int = 35, day_steps: int = 24) -> Panel:
    return diverse_panel(np.random.default_rng(seed), series=series, days=days, day_steps=day_steps)


# ------------------------------------------------------------------ panels


@pytest.mark.parametrize("day_steps", DAY_STEPS)
def test_a_panel_has_the_asked_size_and_step(day_steps: int) -> None:
    panel = drawn(0, series=3, days=15, day_steps=day_steps)
    assert panel.values.shape == (3, 15 * day_steps, 1)
    assert panel.step_seconds == DAY_SECONDS // day_steps
    assert panel.start % DAY_SECONDS == 0


def test_the_same_seed_gives_the_same_panel_and_another_another() -> None:
    one, again, other = drawn(3), drawn(3), drawn(4)
    assert np.array_equal(one.values, again.values, equal_nan=True)
    assert (one.start, one.occasions) == (again.start, again.occasions)
    assert not np.array_equal(one.values, other.values, equal_nan=True)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 100_000),
    series=st.integers(1, 5),
    days=st.integers(1, 40),
    day_steps=st.sampled_from([48, 24, 12, 4, 1]),
)
def test_traffic_is_finite_where_known_and_never_negative(seed: int, series: int, days: int, day_steps: int) -> None:
    known = drawn(seed, series=series, days=days, day_steps=day_steps).target
    known = known[~np.isnan(known)]
    assert np.isfinite(known).all()
    assert (known >= 0).all()
    assert (known < 1e12).all()


def test_series_of_a_panel_are_of_one_kind_but_not_the_same() -> None:
    for seed in range(20):
        target = drawn(seed).target
        assert len({row.tobytes() for row in target}) == 6


def test_panels_begin_on_every_day_of_the_week() -> None:
    assert {(drawn(seed, series=1, days=7, day_steps=1).start // DAY_SECONDS + 3) % 7 for seed in range(80)} == set(
        range(7)
    )


def strengths(period: int, *, day_steps: int, days: int) -> Floats:
    """The median strength of a cycle in each of 60 panels."""
    found = []
    for seed in range(60):
        level = compressed(drawn(seed, days=days, day_steps=day_steps).target)
        found.append(np.nanmedian(np.nan_to_num(cycle_strength(level, period))))
    return np.array(found)


def test_most_panels_have_a_daily_cycle_and_some_have_none() -> None:
    found = strengths(24, day_steps=24, days=35)
    assert (found > 0.3).mean() > 0.5
    assert (found < 0.1).mean() > 0.05


def test_most_panels_have_a_weekly_cycle_and_some_have_none() -> None:
    found = strengths(168, day_steps=24, days=63)
    assert (found > 0.3).mean() > 0.5
    assert (found < 0.1).mean() > 0.05


def test_some_panels_of_days_have_a_weekly_cycle() -> None:
    assert (strengths(7, day_steps=1, days=140) > 0.1).mean() > 0.2


def test_some_panels_have_gaps_and_others_none() -> None:
    gaps = [np.isnan(drawn(seed).target).any() for seed in range(40)]
    assert 0.2 < np.mean(gaps) < 0.8


def test_some_series_are_silent_at_times() -> None:
    silent = np.concatenate([(drawn(seed).target == 0).any(axis=1) for seed in range(40)])
    assert 0.05 < silent.mean() < 0.6


def test_some_series_fall_silent_for_good_or_move_to_another_level() -> None:
    rows = np.concatenate([drawn(seed).target for seed in range(100)])  # (series, time)
    ends = (rows[:, -48:] == 0).all(axis=1) & (rows[:, : 24 * 7] > 0).any(axis=1)
    assert 0.001 < ends.mean() < 0.1


# ------------------------------------------------------------------ days off


def test_days_off_are_whole_days_of_the_panel_and_holidays() -> None:
    told = [panel for panel in (drawn(seed, days=60) for seed in range(40)) if panel.occasions]
    assert 8 <= len(told) <= 32
    for panel in told:
        for one in panel.occasions:
            assert one.kind == "holiday"
            assert one.end - one.start == DAY_SECONDS
            assert (one.start - panel.start) % DAY_SECONDS == 0
            assert panel.start <= one.start < panel.start + panel.steps * panel.step_seconds


def test_occasions_are_where_days_off_are() -> None:
    """On days off traffic differs from the same weekday in other weeks, more than days that are none."""
    on, elsewhere = [], []
    for seed in range(80):
        panel = drawn(seed, series=8, days=84)
        if not panel.occasions:
            continue
        off = {(one.start - panel.start) // DAY_SECONDS for one in panel.occasions}
        if len(off) > 25:
            continue
        daily = np.nanmean(np.log1p(panel.target / np.nanmedian(panel.target)).reshape(8, 84, 24), axis=(0, 2))
        for day in range(84):
            others = [daily[other] for other in range(day % 7, 84, 7) if other != day and other not in off]
            distance = abs(daily[day] - np.median(others))
            (on if day in off else elsewhere).append(distance)
    assert len(on) > 100
    assert np.mean(on) > 1.3 * np.mean(elsewhere)


# ------------------------------------------------------------------ autoregressive noise


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    steps=st.integers(1, 900),
    memory=st.floats(0, 0.999),
    deviation=st.floats(0, 3),
)
def test_noise_is_that_of_a_plain_loop(seed: int, steps: int, memory: float, deviation: float) -> None:
    found = autoregressive(np.random.default_rng(seed), steps, memory, deviation)
    drawn_noise = np.random.default_rng(seed).normal(0, 1, steps) * deviation * np.sqrt(max(1e-6, 1 - memory**2))
    expected, carried = np.empty(steps), 0.0
    for step in range(steps):
        carried = memory * carried + drawn_noise[step]
        expected[step] = carried
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 0.97])
@pytest.mark.parametrize("deviation", [0.1, 2.0])
def test_noise_has_the_asked_memory_and_deviation(memory: float, deviation: float) -> None:
    noise = autoregressive(np.random.default_rng(1), 200_000, memory, deviation)[1000:]
    assert noise.std() == pytest.approx(deviation, rel=0.05)
    assert np.corrcoef(noise[1:], noise[:-1])[0, 1] == pytest.approx(memory, abs=0.02)


def test_without_deviation_there_is_no_noise() -> None:
    assert not autoregressive(np.random.default_rng(0), 700, 0.9, 0.0).any()
