"""Times and zones as they are typed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from nettide.errors import OptionError


def parse_time(text: str, *, zone: str = "UTC") -> np.datetime64:
    """Read an ISO 8601 time, as the data is read: one without an offset is of the wall clock of the zone.

    Raises:
        OptionError: it is no such time, or the zone does not exist.
    """
    place = parse_zone(zone)
    try:
        moment = datetime.fromisoformat(text)
        utc = (moment.replace(tzinfo=place) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where it leaves the years 1 to 9999 in UTC
        raise OptionError(
            f"time {text!r} is not understood; write for example 2026-03-01 or 2026-03-01T06:00Z"
        ) from None
    return np.datetime64(utc.replace(tzinfo=None), "s")


def parse_zone(name: str) -> ZoneInfo:
    """Give the time zone of an IANA name.

    Raises:
        OptionError: it does not exist.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise OptionError(f"time zone {name!r} does not exist; write for example Europe/Prague") from None
