"""Calendar of each step as smooth numbers: hour of day, day of week, weekend, in local time."""

from __future__ import annotations

import bisect
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.prepare.weekends import on_weekend

DAY_SECONDS = 86_400
WEEK_SECONDS = 604_800
CALENDAR_FEATURES = (
    "day_sin", "day_cos", "half_day_sin", "half_day_cos",
    "week_sin", "week_cos", "half_week_sin", "half_week_cos", "weekend",
)  # fmt: skip
_MONDAY = 4 * DAY_SECONDS  # 1970-01-05 was the first Monday


def local_seconds(seconds: Ints, zone: str) -> Ints:
    """Shift epoch seconds to local wall time, as if the wall clock showed UTC.

    The offset is looked up once a day, and where it differs from the day before the second at which it
    changed is searched for; a change that is taken back within the same day stays unseen.

    Args:
        seconds: epoch seconds, ascending, shape (time,).
        zone: IANA name.

    Returns:
        shape (time,).
    """
    if zone == "UTC" or not len(seconds):
        return seconds
    begins, offsets = clock_changes(int(seconds[0]), int(seconds[-1]), zone)
    local: Ints = seconds + offsets[np.searchsorted(begins, seconds, side="right") - 1]
    return local


def clock_changes(first: int, last: int, zone: str) -> tuple[Ints, Ints]:
    """Give the offsets of a wall clock from UTC, found as ``local_seconds`` says.

    Args:
        first: epoch second.
        last: a later one, or the same.
        zone: IANA name.

    Returns:
        Epoch seconds at which an offset begins, ``first`` and every change up to ``last``, and the offsets in seconds,
        both of shape (change,).
    """
    place = ZoneInfo(zone)
    days = [*range(first, last, DAY_SECONDS), last]
    found = [_offset(day, place) for day in days]
    begins, offsets = [first], [found[0]]
    for (before, after), (old, new) in zip(pairwise(days), pairwise(found), strict=True):
        if old != new:
            begins.append(_change(before, after, place))
            offsets.append(new)
    return np.array(begins, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _change(before: int, after: int, place: ZoneInfo) -> int:
    """Give the first second with the offset of ``after``."""
    new = _offset(after, place)
    return before + bisect.bisect_left(range(before, after), True, key=lambda one: _offset(one, place) == new)


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
    return np.stack([*waves, on_weekend(local, zone).astype(np.float64)], axis=1)
