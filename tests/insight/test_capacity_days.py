"""One figure a day: the nearest-rank percentile, the busy hour, the peak, and days that are not known."""

from __future__ import annotations

import numpy as np
import pytest

from nettide.errors import HistoryError
from nettide.insight.capacity_days import daily_levels
from nettide.panel import Channel, Panel, Series

MONDAY = 1_767_571_200  # 2026-01-05


def panel_of(values: np.ndarray, *, step_seconds: int = 300, zone: str = "UTC", start: int = MONDAY) -> Panel:
    series = tuple(Series(f"s{row}", "bit/s", zone) for row in range(len(values)))
    return Panel(np.asarray(values, dtype=np.float64)[..., None], start, step_seconds, series, (Channel("y"),))


def test_the_95th_percentile_is_the_largest_reading_once_the_top_five_percent_are_dropped() -> None:
    values = np.random.default_rng(0).gamma(2, 10, (3, 4 * 288))
    found = daily_levels(panel_of(values), watched="p95").values
    days = np.sort(values.reshape(3, 4, 288), axis=2)
    assert np.array_equal(found, days[:, :, 288 - 288 // 20 - 1])
    assert np.array_equal(found, np.quantile(values.reshape(3, 4, 288), 0.95, axis=2, method="inverted_cdf"))


def test_unknown_readings_do_not_count_and_a_day_without_three_quarters_of_them_is_unknown() -> None:
    values = np.tile(np.arange(288.0), (1, 3))
    values[0, 288 : 288 + 72] = np.nan
    values[0, 2 * 288 : 2 * 288 + 73] = np.nan
    found = daily_levels(panel_of(values), watched="p95").values[0]
    assert found[0] == 273  # the 274th of 288: 14 are dropped
    assert found[1] == 277  # 10 of 216 are dropped
    assert np.isnan(found[2])


def test_the_busy_hour_is_the_largest_mean_of_a_clock_hour_and_the_peak_the_largest_reading() -> None:
    values = np.zeros((1, 288))
    values[0, 12 * 20 : 12 * 21] = np.arange(12)
    values[0, 3] = 40
    assert daily_levels(panel_of(values), watched="busy-hour").values[0, 0] == 5.5
    assert daily_levels(panel_of(values), watched="peak").values[0, 0] == 40


def test_days_are_those_of_the_clock_of_the_place() -> None:
    hours = np.arange(72.0)[None]
    local = daily_levels(panel_of(hours, step_seconds=3600, zone="Asia/Tokyo"), watched="peak")
    assert str(local.day(0)) == "2026-01-05"
    assert local.values[0, :3].tolist()[1:] == [38.0, 62.0]  # midnight in Tokyo is 15:00 UTC
    assert np.isnan(local.values[0, 0])  # 15 of 24 hours
    assert np.isnan(local.values[0, 3])


def test_a_day_of_25_hours_is_one_day() -> None:
    start = int(np.datetime64("2026-10-24T22:00", "s").astype(np.int64))  # midnight of the last Sunday in Prague
    found = daily_levels(
        panel_of(np.ones((1, 25 + 24)), step_seconds=3600, zone="Europe/Prague", start=start), watched="p95"
    )
    assert found.values.tolist() == [[1.0, 1.0]]


def test_steps_of_a_day_are_their_own_figure() -> None:
    values = np.arange(1.0, 31.0)[None]
    assert np.array_equal(daily_levels(panel_of(values, step_seconds=86400), watched="p95").values, values)


def test_series_of_several_zones_share_one_calendar() -> None:
    both = panel_of(np.ones((2, 24 * 4)), step_seconds=3600)
    series = (Series("a", zone="Asia/Tokyo"), Series("b", zone="America/New_York"))
    found = daily_levels(Panel(both.values, both.start, 3600, series, both.channels), watched="p95")
    assert str(found.day(0)) == "2026-01-04"
    tokyo, new_york = np.isfinite(found.values).tolist()
    assert tokyo == [False, False, True, True, True, False]
    assert new_york == [False, True, True, True, True, False]


def test_steps_that_are_too_long_are_refused() -> None:
    with pytest.raises(HistoryError, match="steps of 1w are longer than a day; capacity is judged by days"):
        daily_levels(panel_of(np.ones((1, 9)), step_seconds=604_800), watched="p95")
    with pytest.raises(HistoryError, match="steps of 6h have no busy hour; watch p95 or peak"):
        daily_levels(panel_of(np.ones((1, 9)), step_seconds=21_600), watched="busy-hour")


def test_an_empty_panel_has_no_days() -> None:
    assert daily_levels(panel_of(np.ones((2, 0))), watched="p95").values.shape == (2, 0)
