"""The calendar: local hours and weekdays, over every change of the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from nettide.arrays import Floats, Ints
from nettide.prepare.calendar import CALENDAR_FEATURES, DAY_SECONDS, WEEK_SECONDS, calendar_features, local_seconds

YEAR_2024 = 1_704_067_200
ZONES = ("Europe/Prague", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC")


def wall_clock(seconds: Ints, zone: str) -> Ints:
    """What the library shows, one step at a time."""
    place = ZoneInfo(zone)
    shown = [datetime.fromtimestamp(second, UTC).astimezone(place) for second in seconds.tolist()]
    return np.array([int(one.replace(tzinfo=UTC).timestamp()) for one in shown])


def assert_wave(features: Floats, name: str, turns: Floats) -> None:
    """A pair of waves stands for these turns."""
    place = CALENDAR_FEATURES.index(f"{name}_sin")
    np.testing.assert_allclose(features[:, place], np.sin(2 * np.pi * turns), atol=1e-9)
    np.testing.assert_allclose(features[:, place + 1], np.cos(2 * np.pi * turns), atol=1e-9)


@pytest.mark.parametrize("zone", ZONES)
def test_every_half_hour_of_a_year_is_that_of_the_wall_clock(zone: str) -> None:
    seconds = YEAR_2024 + 1800 * np.arange(2 * 24 * 366)
    np.testing.assert_array_equal(local_seconds(seconds, zone), wall_clock(seconds, zone))


@pytest.mark.parametrize("zone", ["Europe/Prague", "America/St_Johns", "Australia/Lord_Howe"])
def test_the_clock_changes_on_the_very_second(zone: str) -> None:
    place = ZoneInfo(zone)
    hours = range(YEAR_2024, YEAR_2024 + 366 * DAY_SECONDS, 1800)
    offsets = [datetime.fromtimestamp(hour, place).utcoffset() for hour in hours]
    changes = [hour for hour, old, new in zip(hours[1:], offsets, offsets[1:], strict=False) if old != new]
    assert len(changes) == 2
    for change in changes:
        seconds = np.arange(change - 100, change + 100)
        np.testing.assert_array_equal(local_seconds(seconds, zone), wall_clock(seconds, zone))


@pytest.mark.parametrize("offset", [0, 1, 1799, 3599])
@pytest.mark.parametrize("step", [7, 300, 3600, 5 * 3600, DAY_SECONDS, WEEK_SECONDS])
def test_steps_of_any_length_and_any_beginning_are_right_over_a_change(step: int, offset: int) -> None:
    change = 1_711_846_800  # 2024-03-31 01:00 UTC, Prague
    for before in (1, 5, 20):  # the change in the first, a middle and the last day of the span
        seconds = change - before * step + offset + step * np.arange(25)
        np.testing.assert_array_equal(local_seconds(seconds, "Europe/Prague"), wall_clock(seconds, "Europe/Prague"))


def test_a_change_in_the_last_hours_of_the_span_is_seen() -> None:
    seconds = 1_711_846_800 - 40 * 3600 + 3600 * np.arange(43)
    np.testing.assert_array_equal(local_seconds(seconds, "Europe/Prague"), wall_clock(seconds, "Europe/Prague"))


def test_a_day_that_a_place_left_out_is_left_out() -> None:
    seconds = 1_325_000_000 + 3600 * np.arange(100)  # Samoa skipped 2011-12-30
    np.testing.assert_array_equal(local_seconds(seconds, "Pacific/Apia"), wall_clock(seconds, "Pacific/Apia"))


def test_years_before_the_epoch_have_a_calendar() -> None:
    seconds = -400_000_000 + 3600 * np.arange(3000)
    np.testing.assert_array_equal(local_seconds(seconds, "Europe/Rome"), wall_clock(seconds, "Europe/Rome"))
    assert np.isfinite(calendar_features(seconds, "Europe/Rome")).all()


def test_no_steps_have_an_empty_calendar() -> None:
    assert calendar_features(np.empty(0, dtype=np.int64), "Europe/Prague").shape == (0, len(CALENDAR_FEATURES))


@pytest.mark.parametrize("zone", ZONES)
def test_the_waves_tell_hour_and_weekday_in_local_time(zone: str) -> None:
    seconds = YEAR_2024 + 3600 * np.arange(24 * 366)
    features = calendar_features(seconds, zone)
    place = ZoneInfo(zone)
    shown = [datetime.fromtimestamp(second, place) for second in seconds.tolist()]
    hours = np.array([one.hour + one.minute / 60 for one in shown])
    weekdays = np.array([one.weekday() for one in shown])
    for name, turns in (("day", hours / 24), ("week", (weekdays + hours / 24) / 7)):
        assert_wave(features, name, turns)
        assert_wave(features, f"half_{name}", 2 * turns)
    np.testing.assert_array_equal(features[:, CALENDAR_FEATURES.index("weekend")], weekdays >= 5)


def test_features_are_within_one() -> None:
    features = calendar_features(YEAR_2024 + 977 * np.arange(5000), "Asia/Kolkata")
    assert features.shape == (5000, len(CALENDAR_FEATURES))
    assert (np.abs(features) <= 1).all()
