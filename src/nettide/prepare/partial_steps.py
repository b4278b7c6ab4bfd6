"""Steps that have not all of their readings: at the ends of a series, and in its midst where they are summed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.order import milliseconds
from nettide.prepare.rows import Rows
from nettide.prepare.slots import Slots
from nettide.units import step_text

_WHOLE = 0.96  # of a step's usual readings: just more than all hours of a day but one
_LONG = 1.75  # times the usual gap: a reading is missing, not late by jitter
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
    laid = _laid(rows, slots, order)
    if laid is None:
        return rows, ()
    within, length, owners = laid.within, 1000 * slots.step_seconds, laid.owners
    all_first, all_last, all_gap = int(within.min()), int(within.max()), _usual_gap(within, laid.series)
    slack = (1 - _WHOLE) * length
    found: dict[str, list[_Partial]] = {"first": [], "last": []}
    for begin, end in laid.spans():
        if end - begin < 3:
            continue
        one, own = laid.counts[begin:end], laid.within[laid.readings(begin, end)]
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
    kept = _without(rows, slots, [one for some in found.values() for one in some])
    if kept is rows:
        return rows, ()
    several = len(laid.begins) > 2
    return kept, tuple(_left_out(rows, slots, what, some, several) for what, some in found.items() if some)


def without_partial_sums(rows: Rows, slots: Slots, *, order: Ints | None) -> tuple[Rows, tuple[str, ...]]:
    """Leave out the readings of steps in the midst of a series of which some are missing, so that they stay unknown.

    Their sum would be too small. A step is partial if it has less than 96 % of the usual readings of its series, and
    the time between two of them is so long that more than 4 % of the step went by unread: polls that jitter across its
    border are no missing ones. Series without a usual number of readings are left as they are.

    Args:
        rows: readings that are to be summed, of whole steps at the ends of each series.
        slots: the steps they are put in.
        order: positions that put rows in order of series and time; None when they stand so.

    Returns:
        The rows of whole steps (the same object when all are), and a sentence on the others.
    """
    laid = _laid(rows, slots, order)
    if laid is None:
        return rows, ()
    found = []
    for begin, end in laid.spans():
        counts, own = laid.counts[begin:end], laid.readings(begin, end)
        usual = _usual_count(counts)
        if usual is None or counts.min() >= _WHOLE * usual:
            continue
        numbers = laid.within[laid.cells[begin:end]] // (1000 * slots.step_seconds)
        unread = _unread(laid.within[own], laid.moments[own], numbers, 1000 * slots.step_seconds)
        partial = (counts < _WHOLE * usual) & (unread > 1 - _WHOLE)
        found += [
            _Partial(int(laid.owners[begin]), int(numbers[place]), int(counts[place]), usual)
            for place in np.flatnonzero(partial)
        ]
    kept = _without(rows, slots, found)
    if kept is rows:
        return rows, ()
    one, step = found[0], step_text(slots.step_seconds)
    of = f" of {len({one.series for one in found}):,} of {len(rows.ids):,} series" if len(rows.ids) > 1 else ""
    some = f"{len(found):,} steps" if len(found) > 1 else "one step"
    return kept, (
        f"{rows.origin}: {some} of {step}{of} lack{'s' * (len(found) == 1)} readings and stay{'s' * (len(found) == 1)} "
        f"unknown, since a sum of the others would be too small; the first: {rows.ids[one.series]!r}, "
        f"{_begin_text(slots, one.number)}, {one.readings:,} of the usual {one.usual:,} readings",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """Known readings in order of series and time.

    Args:
        series: of each reading.
        within: milliseconds from the begin of slot 0, by the wall clock where steps are days of a zone.
        moments: epoch milliseconds.
        cells: where each step of a series begins among the readings.
        begins: where each series begins among the cells, and their number.
    """

    series: Ints
    within: Ints
    moments: Ints
    cells: Ints
    begins: Ints

    @property
    def counts(self) -> Ints:
        """Readings of each cell."""
        return np.diff(np.append(self.cells, len(self.within)))

    @property
    def owners(self) -> Ints:
        """Series of each cell."""
        return self.series[self.cells]

    def spans(self) -> Iterator[tuple[int, int]]:
        """Give the first cell of each series and the one after its last."""
        return pairwise(self.begins.tolist())

    def readings(self, begin: int, end: int) -> slice:
        """Give which readings some cells are made of."""
        return slice(self.cells[begin], self.cells[end] if end < len(self.cells) else len(self.within))


def _laid(rows: Rows, slots: Slots, order: Ints | None) -> _Laid | None:
    """Lay out the known readings; None where no step has more than one."""
    places = np.arange(len(rows)) if order is None else order
    places = places[~np.isnan(rows.values[places, 0])]
    if not len(places):
        return None
    series, within = rows.series[places], slots.within(rows)[places]
    numbers = within // (1000 * slots.step_seconds)
    cells = np.flatnonzero(np.append(True, (series[1:] != series[:-1]) | (numbers[1:] != numbers[:-1])))
    if len(cells) == len(places):
        return None
    owners = series[cells]
    begins = np.append(np.flatnonzero(np.append(True, owners[1:] != owners[:-1])), len(cells))
    return _Laid(series, within, milliseconds(rows)[places], cells, begins)


def _unread(within: Ints, moments: Ints, numbers: Ints, length: int) -> Floats:
    """Give the share of some steps that went by unread, after the time that each reading usually stands for.

    Args:
        within: times of the readings of one series, as the steps count them, in milliseconds.
        moments: the same in epoch milliseconds: where the wall clock is moved, nothing goes by.
        numbers: of the steps that have a reading, ascending, shape (step,).
        length: of a step.

    Returns:
        shape (step,).
    """
    usual = _usual_gap(moments)
    long = np.flatnonzero(np.diff(moments) > _LONG * usual)
    start, end = within[long] + usual, within[long + 1].astype(np.float64)
    lost = np.zeros(len(numbers))
    first, last = start // length, (end - 1) // length
    for step, there in (
        (first, np.ones(len(long), np.bool_)),
        (last, last != first),
    ):  # steps between have no reading at all
        since, until = np.maximum(start, step * length), np.minimum(end, (step + 1) * length)
        place = np.minimum(np.searchsorted(numbers, step), len(numbers) - 1)
        counted = there & (numbers[place] == step)
        np.add.at(lost, place[counted], (until - since)[counted])
    return lost / length


def _without(rows: Rows, slots: Slots, lost: Sequence[_Partial]) -> Rows:
    """Give the rows of all other steps; the same object where none is lost, or nothing would be left."""
    if not lost:
        return rows
    by_row, count = slots.of(rows), len(rows.ids)
    keep = ~np.isin(by_row * count + rows.series, [one.number * count + one.series for one in lost])
    return rows if np.isnan(rows.values[keep, 0]).all() else rows.take(np.flatnonzero(keep))


def _left_out(rows: Rows, slots: Slots, what: str, some: Sequence[_Partial], several: bool) -> str:
    one, step = some[0], step_text(slots.step_seconds)
    when = _begin_text(slots, one.number)
    if one.usual is None:
        why = f"the data {'begin' if what == 'first' else 'end'} in its midst"
    else:
        why = f"it has {one.readings:,} of the usual {one.usual:,} readings"
    whose = f" of {len(some):,} of {len(rows.ids):,} series, as of {rows.ids[one.series]!r}" if several else ""
    return f"{rows.origin}: left out the {what} step of {step}{whose}, {when}: {why}"


def _begin_text(slots: Slots, number: int) -> str:
    if slots.step_seconds % DAY_SECONDS:
        return f"{np.datetime64(slots.start(number), 's')}Z"
    return str(np.datetime64(number * slots.step_seconds + slots.phase, "s"))[:10]


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
