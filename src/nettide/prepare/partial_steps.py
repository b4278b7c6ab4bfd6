"""Steps at the ends of a series that have not all of their readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Ints
from nettide.prepare.laid import laid_out, usual_gap
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


def whole_ends(rows: Rows, slots: Slots, *, order: Ints | None, events: bool) -> tuple[Ints | None, tuple[str, ...]]:
    """Find the rows but those of the first and last step of a series whose known readings begin or end in its midst.

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
        Which rows are of whole steps, None when all are, and a sentence on the first and one on the last steps.
    """
    laid = laid_out(rows, slots, order=order)
    if laid is None:
        return None, ()
    within, length = laid.within, 1000 * slots.step_seconds
    all_first, all_last, all_gap = int(within.min()), int(within.max()), usual_gap(within, laid.series)
    slack = (1 - _WHOLE) * length
    found: dict[str, list[_Partial]] = {"first": [], "last": []}
    for begin, end in laid.spans():
        if end - begin < 3:
            continue
        one, own = laid.counts[begin:end], within[laid.readings(begin, end)]
        low, high = int(own[0]) // length, int(own[-1]) // length
        usual = None if events else _usual_count(one[1:-1])
        first, last = usual_gap(own[: one[:2].sum()]), usual_gap(own[-one[-2:].sum() :])  # at the pace of its time
        if usual is None:
            first, last = (all_gap if events else max(all_gap, gap) for gap in (first, last))
            early = (low + 1) * length > all_first >= low * length + first + slack
            late = high * length <= all_last < (high + 1) * length - last - slack
        else:
            early = one[0] < _WHOLE * usual and own[0] - first >= low * length
            late = one[-1] < _WHOLE * usual and own[-1] + last < (high + 1) * length
        if early:
            found["first"].append(_Partial(int(laid.owners[begin]), low, int(one[0]), usual))
        if late:
            found["last"].append(_Partial(int(laid.owners[begin]), high, int(one[-1]), usual))
    lost = [(one.series, one.number) for some in found.values() for one in some]
    if not lost:
        return None, ()
    by_row, count = slots.of(rows), len(rows.ids)
    keep = ~np.isin(by_row * count + rows.series, [number * count + place for place, number in lost])
    if np.isnan(rows.values[keep, 0]).all():
        return None, ()
    several = len(laid.begins) > 2
    notes = tuple(_left_out(rows, slots, what, some, several) for what, some in found.items() if some)
    return np.flatnonzero(keep), notes


def _left_out(rows: Rows, slots: Slots, what: str, some: Sequence[_Partial], several: bool) -> str:
    one, step, when = some[0], step_text(slots.step_seconds), slots.begin_text(some[0].number)
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
