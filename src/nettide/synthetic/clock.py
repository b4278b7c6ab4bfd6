"""Where each step lies in the local week."""

from __future__ import annotations

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.prepare.calendar import DAY_SECONDS, local_seconds
from nettide.prepare.weekends import weekend_days

WEEK_HOURS = 168
_HOLIDAYS = ((1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31))


def week_hours(seconds: Ints, *, zone: str, holidays: bool) -> Floats:
    """Give the hours since the midnight that begins the first working day, 0 to 168, shape (time,).

    Monday is that day, or the one two days after Friday where the weekend of the country is Friday and Saturday. A
    holiday counts as the last day of a weekend.

    Args:
        seconds: epoch seconds, ascending, shape (time,).
        zone: IANA zone.
        holidays: whether there are some.
    """
    days, within = np.divmod(local_seconds(seconds, zone), DAY_SECONDS)
    weekday = (days + 3 + 6 - max(weekend_days(zone))) % 7  # the epoch began on a Thursday
    if holidays:
        weekday = np.where(_is_holiday(days), 6, weekday)
    hours: Floats = weekday * 24 + within / 3600
    return hours


def _is_holiday(days: Ints) -> Bools:
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    day = (dates - months).astype(np.int64) + 1
    return np.isin(month * 100 + day, [one * 100 + other for one, other in _HOLIDAYS])


class WeekShape:
    """Means of a weekly shape over every step of a grid, the positions worked out once for all series.

    Args:
        start: epoch second of the first step.
        points: number of steps.
        step_seconds: length of a step.
        zone: IANA zone.
        holidays: whether holidays are like Sundays.
    """

    def __init__(self, *, start: int, points: int, step_seconds: int, zone: str, holidays: bool) -> None:
        parts = -(-step_seconds // 3600)  # looks at least once an hour, so that a day is no noon
        within = ((np.arange(parts) + 0.5) * step_seconds / parts).astype(np.int64)
        seconds = start + step_seconds * np.arange(points, dtype=np.int64)[:, None] + within
        hours = week_hours(seconds.reshape(-1), zone=zone, holidays=holidays).reshape(seconds.shape)
        position = hours - 0.5  # the shape is known at mid-hours
        left = np.floor(position).astype(np.int64)
        self._right_share = position - left
        self._left = left % WEEK_HOURS
        self._right = (left + 1) % WEEK_HOURS

    def over(self, shape: Floats) -> Floats:
        """Give the mean of a shape, one value an hour of the week, over each step, shape (points,)."""
        values = shape[self._left] * (1 - self._right_share) + shape[self._right] * self._right_share
        means: Floats = values.mean(axis=1)
        return means
