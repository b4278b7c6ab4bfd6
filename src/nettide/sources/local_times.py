"""Local times of a zone as instants, where each happened exactly once."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from nettide.arrays import Bools, Ints
from nettide.errors import SourceError

_DAY = 86_400_000
_QUARTER = 900_000  # clocks of civil time change at whole quarters of an hour
_EPOCH = datetime(1970, 1, 1)
_FIRST, _LAST = -62_000_000_000_000, 253_000_000_000_000  # datetime ends with the years 1 and 9999


def zone_named(name: str, *, origin: str) -> ZoneInfo:
    """Give a time zone.

    Raises:
        SourceError: it does not exist.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SourceError(f"{origin}: time zone {name!r} does not exist; write for example Europe/Prague") from None


def to_instants(local: Ints, zone: ZoneInfo) -> tuple[Ints, Bools, Bools]:
    """Turn local times into instants.

    Args:
        local: milliseconds that a clock of the zone showed since it showed 1970-01-01T00:00, shape (row,).
        zone: the zone.

    Returns:
        Milliseconds since the epoch, of a time that never was the end of the gap, of one that was twice the first;
        where the local time never was (clocks went forward); where it was twice (clocks went back). Each of
        shape (row,).
    """
    days, of_day = np.unique(np.floor_divide(local, _DAY), return_inverse=True)
    edges = [(_offsets(zone, int(day) * _DAY), _offsets(zone, int(day + 1) * _DAY)) for day in days]
    offset = np.array([start[0] for start, _ in edges], dtype=np.int64)[of_day]
    unclear = np.array([len({*start, *end}) > 1 for start, end in edges], dtype=np.bool_)[of_day]
    absent = np.zeros(len(local), dtype=np.bool_)
    twice = np.zeros(len(local), dtype=np.bool_)
    if unclear.any():
        quarters, of_quarter = np.unique(np.floor_divide(local[unclear], _QUARTER), return_inverse=True)
        pairs = np.array([_offsets(zone, int(quarter) * _QUARTER) for quarter in quarters], dtype=np.int64)
        offset[unclear] = pairs[of_quarter, 0]
        absent[unclear] = (pairs[:, 0] < pairs[:, 1])[of_quarter]
        twice[unclear] = (pairs[:, 0] > pairs[:, 1])[of_quarter]
    return local - offset, absent, twice


def _offsets(zone: ZoneInfo, local: int) -> tuple[int, int]:
    """Give the offsets from UTC in milliseconds before and after a change of clocks; equal when there is none."""
    shown = (_EPOCH + timedelta(milliseconds=min(max(local, _FIRST), _LAST))).replace(tzinfo=zone)
    found = []
    for fold in (0, 1):
        offset = shown.replace(fold=fold).utcoffset()
        assert offset is not None
        found.append(round(offset.total_seconds() * 1000))
    return found[0], found[1]
