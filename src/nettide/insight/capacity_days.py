"""One figure a day of each series: its 95th percentile, its busy hour or its peak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.errors import HistoryError
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, local_seconds
from nettide.units import step_text

Watched = Literal["p95", "busy-hour", "peak"]
"""A day's 95th percentile of its readings, the largest mean of one of its hours, or its largest reading."""
WATCHED: tuple[Watched, ...] = ("p95", "busy-hour", "peak")
_LEAST_KNOWN = 0.75
"""Share of a day's readings without which its figure would be a guess."""
_HOUR = 3600
_CELLS = 5_000_000


@dataclass(frozen=True, slots=True, eq=False)
class DailyLevels:
    """One figure a day.

    Args:
        first_day: days from 1970-01-01 to the first one, on the clock of each series' place.
        values: in the unit of each series, shape (series, day); NaN where a day is not known well enough.
        whole_days: columns up to the last day that the steps of the panel cover well enough to be known.
        last_reading: column of the day of each series' last known reading, shape (series,); -1 where there is none.
    """

    first_day: int
    values: Floats
    whole_days: int
    last_reading: Ints

    def day(self, place: int) -> date:
        """Give the date of a column; places beyond the last are days to come."""
        return date.fromordinal(_EPOCH + self.first_day + place)


_EPOCH = date(1970, 1, 1).toordinal()


def daily_levels(panel: Panel, *, watched: Watched) -> DailyLevels:
    """Give the watched figure of each local day, from readings of the target.

    The 95th percentile is the nearest rank, as carriers take it: readings in order, the top 5 % (rounded down)
    dropped, the largest that is left. A day counts when three quarters of its readings are known.

    Args:
        panel: steps of a day or less.
        watched: which figure.

    Raises:
        HistoryError: the steps are longer than a day, or longer than an hour where the busy hour is asked for.
    """
    step = panel.step_seconds
    if step > DAY_SECONDS:
        raise HistoryError(f"steps of {step_text(step)} are longer than a day; capacity is judged by days")
    if watched == "busy-hour" and step > _HOUR:
        raise HistoryError(f"steps of {step_text(step)} have no busy hour; watch p95 or peak")
    if not panel.steps:
        return DailyLevels(0, np.full((len(panel.series), 0), np.nan), 0, np.full(len(panel.series), -1))
    zones = [one.zone for one in panel.series]
    local = {zone: local_seconds(panel.seconds, zone) for zone in dict.fromkeys(zones)}
    first = min((int(one[0]) // DAY_SECONDS for one in local.values()), default=0)
    last = max((int(one.max()) // DAY_SECONDS for one in local.values()), default=-1)
    values, last_reading, whole = np.full((len(zones), last - first + 1), np.nan), np.full(len(zones), -1), 0
    for zone, seconds in local.items():
        rows = np.array([place for place, one in enumerate(zones) if one == zone], dtype=np.int64)
        for part in _parts(rows, panel.steps):
            values[part] = _of_days(panel.target[part], seconds, first, values.shape[1], step=step, watched=watched)
            known = np.isfinite(panel.target[part])
            latest = seconds[panel.steps - 1 - known[:, ::-1].argmax(axis=1)] // DAY_SECONDS - first
            last_reading[part] = np.where(known.any(axis=1), latest, -1)
        covered = np.flatnonzero(np.bincount(seconds // DAY_SECONDS - first) >= _LEAST_KNOWN * DAY_SECONDS / step)
        whole = max(whole, int(covered[-1]) + 1 if len(covered) else 0)
    return DailyLevels(first, values, whole, last_reading)


def _parts(rows: Ints, steps: int) -> Iterator[Ints]:
    """Give the rows a few at a time, so that what is made of them fits into memory."""
    size = max(1, _CELLS // max(1, steps))
    for begin in range(0, len(rows), size):
        yield rows[begin : begin + size]


def _of_days(target: Floats, seconds: Ints, first: int, days: int, *, step: int, watched: Watched) -> Floats:
    """Give the figure of each day of series of one zone, shape (series, day)."""
    by_day, known = _spread(target, seconds // DAY_SECONDS - first, days)
    expected = DAY_SECONDS / step
    enough = known >= _LEAST_KNOWN * expected
    if watched == "busy-hour":
        slots, counted = _hourly(target, seconds, first, days)
        slots = np.where(counted >= _LEAST_KNOWN * _HOUR / step, slots, np.nan).reshape(len(target), days, 24)
        figure = np.where(np.isnan(slots), -np.inf, slots).max(axis=2)
        return np.where(enough & np.isfinite(figure), figure, np.nan)
    dropped = 0 if watched == "peak" else known // 20
    rank = known - dropped - 1
    ordered = np.sort(by_day, axis=2)  # unknown goes last
    figure = np.take_along_axis(ordered, np.maximum(rank, 0)[..., None], axis=2)[..., 0]
    kept: Floats = np.where(enough, figure, np.nan)
    return kept


def _spread(target: Floats, day: Ints, days: int) -> tuple[Floats, Ints]:
    """Put readings into days: shape (series, day, most readings a day), and how many are known, (series, day)."""
    begins = np.searchsorted(day, np.arange(days + 1))
    width = int(np.diff(begins).max(initial=1))
    places = begins[:-1, None] + np.arange(width)  # (day, reading)
    inside = places < begins[1:, None]
    cells = np.where(inside, target[:, np.minimum(places, target.shape[1] - 1)], np.nan)
    return cells, np.isfinite(cells).sum(axis=2).astype(np.int64)


def _hourly(target: Floats, seconds: Ints, first: int, days: int) -> tuple[Floats, Ints]:
    """Give the mean of each clock hour and how many readings it has, shape (series, day * 24)."""
    slot = seconds // _HOUR - first * 24
    flat = (np.arange(len(target))[:, None] * days * 24 + slot).reshape(-1)
    values = target.reshape(-1)
    known = np.isfinite(values)
    size = len(target) * days * 24
    counted = np.bincount(flat[known], minlength=size).astype(np.int64)
    sums = np.bincount(flat[known], values[known], minlength=size)
    shape = (len(target), days * 24)
    return (sums / np.maximum(counted, 1)).reshape(shape), counted.reshape(shape)
