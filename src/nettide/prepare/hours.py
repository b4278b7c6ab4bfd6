"""Readings as hourly means on whole UTC days, a few series at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.prepare.facts import Readings

_DAY = 86400
_CELLS = 500_000


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Means of some series.

    Args:
        rows: index of each series among all, shape (series,).
        first_day: days since the epoch of the first one.
        slots: how many means a day: 24, or fewer where the step is longer than an hour.
        values: shape (series, day * slots); NaN where nothing is known.
    """

    rows: Ints
    first_day: int
    slots: int
    values: Floats


def slots_of(step_seconds: int) -> int:
    """Give how many means a day a step allows: 24 up to an hour; 0 where steps do not divide the day."""
    if step_seconds <= 3600:
        return 24
    return _DAY // step_seconds if _DAY % step_seconds == 0 else 0


def hourly_means(
    readings: Readings, *, wanted: Bools, step_seconds: int, missing: Literal["gap", "zero"]
) -> Iterator[Hours]:
    """Give the means of the wanted series, in parts that fit into memory.

    Args:
        readings: sorted.
        wanted: which series, shape (series,).
        step_seconds: step of the grid.
        missing: a step without a row is unknown or zero, between the first and last row of its series.
    """
    slots = slots_of(step_seconds)
    if not slots:
        return
    day_ms, ends = 1000 * _DAY, np.cumsum(np.bincount(readings.series, minlength=len(wanted)))
    begins = ends - np.diff(ends, prepend=0)
    chosen = np.flatnonzero(wanted & (ends > begins))
    first_days, last_days = readings.times[begins[chosen]] // day_ms, readings.times[ends[chosen] - 1] // day_ms
    done = 0
    while done < len(chosen):
        low, high = int(first_days[done]), int(last_days[done])
        until = done + 1
        while until < len(chosen):
            wider = min(low, int(first_days[until])), max(high, int(last_days[until]))
            if (until + 1 - done) * (wider[1] - wider[0] + 1) * slots > _CELLS:
                break
            low, high = wider
            until += 1
        rows = chosen[done:until]
        block = slice(begins[rows[0]], ends[rows[-1]])
        row_of = np.full(len(wanted), -1)
        row_of[rows] = np.arange(len(rows))
        place, target = row_of[readings.series[block]], readings.target[block]
        keep = (place >= 0) & np.isfinite(target) & (target >= 0)
        bins = readings.times[block][keep] // (day_ms // slots) - low * slots
        sums, often = _sums(place[keep], bins, target[keep], shape=(len(rows), (high - low + 1) * slots))
        if missing == "zero":
            inside = _between_rows(bins, place[keep], sums.shape[1], len(rows))
            expected = max(1, _DAY // slots // step_seconds)
            values = np.where(inside, sums / np.maximum(often, expected), np.nan)
        else:
            values = np.where(often > 0, sums / np.maximum(often, 1), np.nan)
        yield Hours(rows, low, slots, values)
        done = until


def _sums(place: Ints, bins: Ints, target: Floats, *, shape: tuple[int, int]) -> tuple[Floats, Ints]:
    """Give the sum and the number of the readings in each cell, both of the given shape (series, time)."""
    flat = place * shape[1] + bins
    size = shape[0] * shape[1]
    often: Ints = np.bincount(flat, minlength=size).reshape(shape)
    sums = np.bincount(flat, target, minlength=size).reshape(shape).astype(np.float64, copy=False)
    return sums, often


def _between_rows(bins: Ints, place: Ints, width: int, count: int) -> Bools:
    """Tell which cells lie between the first and last row of their series, shape (series, width)."""
    first, last = np.full(count, width), np.full(count, -1)
    np.minimum.at(first, place, bins)
    np.maximum.at(last, place, bins)
    cells = np.arange(width)
    inside: Bools = (cells >= first[:, None]) & (cells <= last[:, None])
    return inside
