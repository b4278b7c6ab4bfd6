"""Steps at the ends of a series that have not all of their readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettide.arrays import Ints
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.rows import Rows
from nettide.prepare.slots import Slots
from nettide.units import step_text

_WHOLE = 0.96  # of a step's usual readings: just more than all hours of a day but one
_STEADY = 0.8  # of the steps between have about as many readings


@dataclass(frozen=True, slots=True)
class _Partial:
    """A step of a series that has not all of its readings: how many, and of how many where that is usual."""

    series: int
    number: int
    readings: int
    usual: int | None


def without_partial_ends(rows: Rows, slots: Slots, *, order: Ints | None, events: bool) -> tuple[Rows, tuple[str, ...]]:
    """Leave out the first and last step of a series where its known readings begin or end in the midst of it.

    A step of which a part is missing would be taken for a whole one: a sum of six hours for that of a day. It is
    partial if it has less than 96 % of the usual readings of the steps between, and by the usual gap another one would
    have come. Events, and series without a usual number of readings, are judged by the first and last reading of all:
    more than 4 % of the step must be missing. Series of fewer than three steps are left as they are.

    Args:
        rows: readings.
        slots: the steps they are put in.
        order: positions that put rows in order of series and time; None when they stand so.
        events: whether no reading means no traffic.

    Returns:
        The rows of whole steps (the same object when all are), and a sentence on the first and one on the last steps.
    """
    places = np.arange(len(rows)) if order is None else order
    places = places[~np.isnan(rows.values[places, 0])]
    if not len(places):
        return rows, ()
    series, within, length = rows.series[places], slots.within(rows)[places], 1000 * slots.step_seconds
    numbers = within // length
    cells = np.flatnonzero(np.append(True, (series[1:] != series[:-1]) | (numbers[1:] != numbers[:-1])))
    if len(cells) == len(places):
        return rows, ()
    counts = np.diff(np.append(cells, len(places)))
    owners = series[cells]
    begins = np.append(np.flatnonzero(np.append(True, owners[1:] != owners[:-1])), len(cells))
    all_first, all_last, all_gap = int(within.min()), int(within.max()), _usual_gap(within, series)
    slack = (1 - _WHOLE) * length
    found: dict[str, list[_Partial]] = {"first": [], "last": []}
    for begin, end in pairwise(begins.tolist()):
        if end - begin < 3:
            continue
        one, own = counts[begin:end], within[cells[begin] : cells[end] if end < len(cells) else len(places)]
        low, high = int(own[0]) // length, int(own[-1]) // length
        usual = None if events else _usual_count(one[1:-1])
        if usual is None:
            early = (low + 1) * length > all_first >= low * length + all_gap + slack
            late = high * length <= all_last < (high + 1) * length - all_gap - slack
        else:
            gap = _usual_gap(own)
            early = one[0] < _WHOLE * usual and own[0] - gap >= low * length
            late = one[-1] < _WHOLE * usual and own[-1] + gap < (high + 1) * length
        if early:
            found["first"].append(_Partial(int(owners[begin]), low, int(one[0]), usual))
        if late:
            found["last"].append(_Partial(int(owners[begin]), high, int(one[-1]), usual))
    lost = [(one.series, one.number) for some in found.values() for one in some]
    if not lost:
        return rows, ()
    by_row, count = slots.of(rows), len(rows.ids)
    keep = ~np.isin(by_row * count + rows.series, [number * count + place for place, number in lost])
    if np.isnan(rows.values[keep, 0]).all():
        return rows, ()
    several = len(begins) > 2
    notes = tuple(_left_out(rows, slots, what, some, several) for what, some in found.items() if some)
    return rows.take(np.flatnonzero(keep)), notes


def _left_out(rows: Rows, slots: Slots, what: str, some: Sequence[_Partial], several: bool) -> str:
    one, step = some[0], step_text(slots.step_seconds)
    if slots.step_seconds % DAY_SECONDS:
        when = f"{np.datetime64(slots.start(one.number), 's')}Z"
    else:
        when = str(np.datetime64(one.number * slots.step_seconds + slots.phase, "s"))[:10]
    if one.usual is None:
        why = f"the data {'begin' if what == 'first' else 'end'} in its midst"
    else:
        why = f"it has {one.readings:,} of the usual {one.usual:,} readings"
    whose = f" of {len(some):,} of {len(rows.ids):,} series, as of {rows.ids[one.series]!r}" if several else ""
    return f"{rows.origin}: left out the {what} step of {step}{whose}, {when}: {why}"


def _usual_count(counts: Ints) -> int | None:
    """Give the usual number of readings of a step; None where steps have too different ones."""
    middle = float(np.median(counts))
    steady = np.abs(counts - middle) <= max(1.0, (1 - _WHOLE) * middle)
    return round(middle) if steady.mean() >= _STEADY else None


def _usual_gap(within: Ints, series: Ints | None = None) -> float:
    """Give the median time between readings, one after the other; 0 where there is none."""
    gaps = np.diff(within)
    gaps = gaps[gaps > 0] if series is None else gaps[(series[1:] == series[:-1]) & (gaps > 0)]
    return float(np.median(gaps)) if len(gaps) else 0.0
