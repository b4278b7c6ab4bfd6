from __future__ import annotations

import numpy as np
import pytest

from nettide.panel import Channel, Panel, Series
from nettide.tasks.describe import autocorrelation, statistics, usual_week


def panel(values: np.ndarray, *, step: int = 3600, start: int = 1_767_571_200) -> Panel:  # Monday 2026-01-05 00:00 UTC
    return Panel(values.astype(np.float64)[None, :, None], start, step, (Series("a", "bit/s"),), (Channel("y"),))


def test_statistics_leave_gaps_out() -> None:
    values = np.arange(101.0)
    values[50] = np.nan
    (found,) = statistics(panel(values), 0)
    assert (found.series, found.channel, found.unit, found.known) == ("a", "y", "bit/s", 100)
    assert found.missing == pytest.approx(1 / 101)
    assert (found.least, found.most, found.median) == (0.0, 100.0, 50.0)
    assert found.mean == pytest.approx(50.0)


def test_statistics_of_nothing_are_unknown() -> None:
    (found,) = statistics(panel(np.full(5, np.nan)), 0)
    assert found.known == 0
    assert np.isnan([found.mean, found.deviation, found.least, found.median, found.high, found.most]).all()


def test_the_usual_week_begins_on_monday_on_the_clock_of_the_zone() -> None:
    hours = np.arange(14 * 24)
    values = np.where((hours // 24) % 7 == 5, 100.0, 0.0) + hours % 24
    week = usual_week(panel(values), 0)
    assert week.shape == (7, 24)
    assert week[5, 3] == 103.0
    assert week[0, 23] == 23.0
    tokyo = usual_week(panel(values), 0, zone="Asia/Tokyo")
    assert tokyo[5, 12] == 103.0


def test_a_week_of_days_has_one_slot_a_day_and_what_was_never_seen_is_unknown() -> None:
    week = usual_week(panel(np.arange(3.0), step=86_400), 0)
    assert week.shape == (7, 1)
    assert week[:3, 0].tolist() == [0.0, 1.0, 2.0]
    assert np.isnan(week[3:]).all()


def test_autocorrelation_is_that_of_numpy_where_nothing_is_missing() -> None:
    values = np.random.default_rng(0).normal(size=500).cumsum()
    found = autocorrelation(values, most_lag=20)
    centred = values - values.mean()
    for lag in (0, 1, 7, 20):
        expected = (centred[lag:] * centred[: len(values) - lag]).mean() / values.var()
        assert found[lag] == pytest.approx(expected)


def test_a_daily_cycle_peaks_at_a_day_also_with_gaps() -> None:
    values = np.sin(2 * np.pi * np.arange(24 * 60) / 24)
    values[np.random.default_rng(1).random(len(values)) < 0.3] = np.nan
    found = autocorrelation(values, most_lag=30)
    assert found[24] > 0.97
    assert found[12] < -0.97
    assert found[0] == pytest.approx(1.0)


def test_what_never_varies_or_is_unknown_has_none() -> None:
    assert np.isnan(autocorrelation(np.ones(50), most_lag=5)).all()
    assert np.isnan(autocorrelation(np.full(50, np.nan), most_lag=5)).all()
    assert len(autocorrelation(np.arange(3.0), most_lag=99)) == 3
