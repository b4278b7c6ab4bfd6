"""Calendar of each step as smooth numbers: hour of day, day of week, weekend, in local time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from nettide.arrays import Floats, Ints

DAY_SECONDS = 86_400
WEEK_SECONDS = 604_800
CALENDAR_FEATURES = (
    "day_sin", "day_cos", "half_day_sin", "half_day_cos",
    "week_sin", "week_cos", "half_week_sin", "half_week_cos", "weekend",
)  # fmt: skip
_MONDAY = 4 * DAY_SECONDS  # 1970-01-05 was the first Monday


def local_seconds(seconds: Ints, zone: str) -> Ints:
    """Shift epoch seconds to local wall time, as if the wall clock showed UTC.

    The offset is looked up once an hour of the span, which is how often zones change at most.

    Args:
        seconds: epoch seconds, ascending, shape (time,).
        zone: IANA name.

    Returns:
        shape (time,).
    """
    if zone == "UTC" or not len(seconds):
        return seconds
    place = ZoneInfo(zone)
    first = int(seconds[0]) // 3600
    hours = np.arange(first, int(seconds[-1]) // 3600 + 1)
    if len(hours) > 24:  # the offset changes twice a year: look days up, then hours within the days that change
        days = hours[::24]
        offsets = np.repeat([_offset(int(day) * 3600, place) for day in days], 24)[: len(hours)]
        for day in np.flatnonzero(np.diff(offsets[::24])).tolist():
            for hour in range(24 * day, min(24 * (day + 1), len(hours))):
                offsets[hour] = _offset(int(hours[hour]) * 3600, place)
    else:
        offsets = np.array([_offset(int(hour) * 3600, place) for hour in hours])
    local: Ints = seconds + offsets[seconds // 3600 - first]
    return local


def _offset(second: int, place: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(place).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def calendar_features(seconds: Ints, zone: str) -> Floats:
    """Give the calendar of each step.

    Args:
        seconds: epoch seconds of the steps, ascending, shape (time,).
        zone: IANA name of the place.

    Returns:
        shape (time, feature), each in -1 ... 1, in the order of ``CALENDAR_FEATURES``.
    """
    local = local_seconds(seconds, zone)
    day = 2 * np.pi * (local % DAY_SECONDS) / DAY_SECONDS
    in_week = (local - _MONDAY) % WEEK_SECONDS
    week = 2 * np.pi * in_week / WEEK_SECONDS
    angles = (day, 2 * day, week, 2 * week)
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.stack([*waves, (in_week >= 5 * DAY_SECONDS).astype(np.float64)], axis=1)
