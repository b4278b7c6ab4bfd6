from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from nettide.prepare.calendar import CALENDAR_FEATURES, calendar_features, local_seconds
from nettide.prepare.weekends import on_weekend, weekend_days

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", {SATURDAY, SUNDAY}),
        ("Europe/Rome", {SATURDAY, SUNDAY}),
        ("Etc/GMT+3", {SATURDAY, SUNDAY}),
        ("Asia/Hong_Kong", {SATURDAY, SUNDAY}),  # by law Sunday alone
        ("Asia/Dubai", {SATURDAY, SUNDAY}),
        ("Asia/Riyadh", {FRIDAY, SATURDAY}),
        ("Asia/Jerusalem", {FRIDAY, SATURDAY}),
        ("Africa/Cairo", {FRIDAY, SATURDAY}),
        ("Asia/Tehran", {FRIDAY}),
    ],
)
def test_days_off_of_a_week_are_those_of_the_country(zone: str, days: set[int]) -> None:
    assert weekend_days(zone) == days


@pytest.mark.parametrize("zone", ["UTC", "Asia/Riyadh", "Africa/Cairo", "America/New_York"])
def test_a_weekend_begins_and_ends_at_local_midnight(zone: str) -> None:
    seconds = 1_700_000_000 + 1800 * np.arange(48 * 300)  # over the changes of the clock
    place = ZoneInfo(zone)
    shown = [datetime.fromtimestamp(one, place).weekday() in weekend_days(zone) for one in seconds.tolist()]
    np.testing.assert_array_equal(on_weekend(local_seconds(seconds, zone), zone), shown)
    np.testing.assert_array_equal(calendar_features(seconds, zone)[:, CALENDAR_FEATURES.index("weekend")], shown)


def test_days_before_the_epoch_have_weekends() -> None:
    seconds = -86_400 * np.arange(14, 0, -1)  # from a Thursday on, 1969-12-18
    assert on_weekend(seconds, "UTC").tolist() == [False, False, True, True, False, False, False] * 2
