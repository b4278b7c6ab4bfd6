"""Weekends: the days off of a week, which are not everywhere Saturday and Sunday."""

from __future__ import annotations

from functools import cache

import numpy as np

from nettide.arrays import Bools, Ints
from nettide.prepare.holidays import country_of

_DAY_SECONDS = 86_400
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""The days of a week, Monday 0."""
SATURDAY_SUNDAY = frozenset({5, 6})
"""What is a weekend where nobody knows better."""
_THURSDAY, _FRIDAY = 3, 4  # 1970-01-01 was a Thursday


@cache
def weekend_days(zone: str) -> frozenset[int]:
    """Give the days off of a week in the country of a zone, Monday 0; Saturday and Sunday where it lies in none.

    Where the law has Sunday alone, Saturday counts too: offices are closed.

    Source: the ``holidays`` library, by the country of ``zone.tab`` of the IANA time zone database.

    Args:
        zone: IANA name, such as ``Asia/Riyadh``, where they are Friday and Saturday.
    """
    if zone == "UTC" or (country := country_of(zone)) is None:
        return SATURDAY_SUNDAY
    import holidays

    found = frozenset(holidays.country_holidays(country).weekend)
    return found if _FRIDAY in found else SATURDAY_SUNDAY


def on_weekend(local: Ints, zone: str) -> Bools:
    """Say which steps lie on a weekend.

    Args:
        local: seconds of the wall clock, as ``local_seconds`` gives them, shape (time,).
        zone: IANA name of the place.

    Returns:
        shape (time,).
    """
    return np.isin((local // _DAY_SECONDS + _THURSDAY) % 7, list(weekend_days(zone)))
