"""Breaks in the readings themselves: none at all for a while, or one value that does not change any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Bools, Floats, Ints

_USUAL_GAPS = 3  # earlier gaps from which on they are taken as usual
_LONGER = 3  # times what was usual


@dataclass(frozen=True, slots=True)
class Break:
    """Steps of one series without a reading, or with equal ones.

    Args:
        row: place of the series.
        start: first step.
        end: one past the last step.
        noticed: first step that tells of it: it shows by lasting.
    """

    row: int
    start: int
    end: int
    noticed: int


def find_gaps(values: Floats, *, least: int) -> Iterator[Break]:
    """Find gaps after a series' first reading that are longer than its gaps before.

    Where there were three gaps before, one must be longer than three times their median.

    Args:
        values: NaN where unknown, shape (series, time).
        least: steps.
    """
    for row, unknown in enumerate(np.isnan(values)):
        if unknown.all():
            continue
        first = int((~unknown).argmax())
        starts, ends = _runs(unknown[first:])
        lengths = ends - starts
        for place, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
            usual = float(np.median(lengths[:place])) if place >= _USUAL_GAPS else 0.0
            needed = max(least, int(_LONGER * usual) + 1)
            if length >= needed:
                yield Break(row, first + start, first + start + length, first + start + needed - 1)


def find_stuck(values: Floats, *, least: int, warm: int) -> Iterator[Break]:
    """Find runs of equal readings that are more than three times as long as any such run before.

    Args:
        values: NaN where unknown, shape (series, time).
        least: readings.
        warm: known readings before the first run that counts.
    """
    for row, series in enumerate(values):
        same = np.append(False, series[1:] == series[:-1])  # NaN equals nothing
        if not same.any():
            continue
        starts, ends = _runs(same)
        starts = starts - 1  # the reading that the others repeat
        lengths = ends - starts
        longest = np.maximum.accumulate(np.append(1, lengths[:-1]))
        needed = np.maximum(least, _LONGER * longest + 1)
        before = np.append(0, np.cumsum(np.isfinite(series)))[starts]
        for place in np.flatnonzero((lengths >= needed) & (before >= warm)):
            start = int(starts[place])
            yield Break(row, start, int(ends[place]), start + int(needed[place]) - 1)


def _runs(marks: Bools) -> tuple[Ints, Ints]:
    """Give first and one past the last place of each run of True."""
    edges = np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8))
    return np.flatnonzero(edges > 0).astype(np.int64), np.flatnonzero(edges < 0).astype(np.int64)
