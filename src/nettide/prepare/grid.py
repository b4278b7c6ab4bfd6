"""From readings at any times to series on one regular grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.errors import PanelError
from nettide.panel import Channel, Panel, Series
from nettide.prepare.order import Duplicates, gaps_within, milliseconds, sorted_note, sorting, without_duplicates
from nettide.prepare.partial_steps import whole_ends
from nettide.prepare.partial_sums import partial_sums
from nettide.prepare.rows import Rows
from nettide.prepare.slots import Slots, slots_of
from nettide.prepare.step import StepFinding, find_step, regular_step
from nettide.units import step_text

__all__ = ["AGGREGATE", "MISSING", "Aggregate", "GridChoice", "Missing", "StepFinding", "find_step", "to_panel"]

Aggregate: TypeAlias = Literal["mean", "max", "sum", "last"]
"""How the readings of a step become one."""
Missing: TypeAlias = Literal["gap", "zero"]
"""What a step without a reading is: unknown, or no traffic."""
AGGREGATE: Aggregate = "mean"
MISSING: Missing = "gap"
"""What holds where nothing is said."""

_MOST_CELLS = 10**9
_YEAR = 31_557_600
_BLOCK_CELLS = 1 << 16
_LISTED = 3


@dataclass(frozen=True, slots=True)
class GridChoice:
    """How readings become steps.

    What is None was left unsaid: a stored model may then put in what its fit was read with.

    Args:
        step_seconds: length of a step; None finds it where readings are regular.
        aggregate: how the readings of a step become one; empty cells are left aside; ``AGGREGATE`` where unsaid.
        missing: a step without a reading is unknown, or no traffic between the first and last known step of its series;
            ``MISSING`` where unsaid.
        invalid: negative targets and infinite values are refused, or become unknown.
        duplicates: what to do when a series has several values at one time.
    """

    step_seconds: int | None = None
    aggregate: Aggregate | None = None
    missing: Missing | None = None
    invalid: Literal["error", "gap"] = "error"
    duplicates: Duplicates = "error"

    @property
    def combined_by(self) -> Aggregate:
        """How the readings of a step become one, said or not."""
        return self.aggregate or AGGREGATE

    @property
    def absent_as(self) -> Missing:
        """What a step without a reading is, said or not."""
        return self.missing or MISSING


def to_panel(
    rows: Rows,
    choice: GridChoice,
    *,
    unit: str = "",
    zone: str = "UTC",
    capacity: float | None = None,
) -> tuple[Panel, tuple[str, ...]]:
    """Put rows on a grid, from the first to the last known step.

    Steps begin where the readings stand if all do so alike, such as a minute past each five; else on full hours, days
    and Mondays of the zone (``Slots``). Where several readings make a step, the first or last one of a series that has
    not all of its readings is left out; a sum over one in the midst is completed, or unknown.

    Args:
        rows: readings in any order, the target first among the channels.
        choice: how readings become steps.
        unit: unit of the target.
        zone: IANA zone of the place, for the calendar.
        capacity: most the target can be, in its unit.

    Returns:
        The panel, and sentences for the user: what was sorted, dropped, aggregated, filled or left unknown.

    Raises:
        PanelError: there is no reading at all, a value is negative or infinite, one (id, time) has several values,
            readings are irregular and no step was chosen, or the grid would be unreasonably large.
    """
    if not len(rows):
        raise PanelError(f"{rows.origin}: no rows")
    if choice.step_seconds is not None and choice.step_seconds < 1:
        raise PanelError(f"a step of {choice.step_seconds} s must be at least one second")
    series = tuple(Series(id, unit=unit, zone=zone, capacity=capacity) for id in rows.ids)
    order, late = sorting(rows)
    step = regular_step(rows, zone=zone) if choice.step_seconds is None else choice.step_seconds
    notes = [*sorted_note(rows, late)]
    slots = slots_of(rows, step, zone=zone)
    rows, invalid, said = _with_valid_values(rows, choice)
    notes += said
    whole, said = whole_ends(rows, slots, order=order, events=choice.absent_as == "zero")
    if whole is not None:
        rows, invalid, notes = rows.take(whole), invalid[whole], [*notes, *said]
        order, _ = sorting(rows)
    first, count = _bounds(rows, slots)
    flat = _cells(rows, first, count, slots)
    refused = flat[invalid]
    values, few = np.full((len(rows.ids) * count, len(rows.channels)), np.nan), False
    if _each_once(flat, len(values)):
        values[flat] = rows.values
    else:
        if not gaps_within(rows, order).all():
            rows, said = without_duplicates(rows if order is None else rows.take(order), choice.duplicates)
            notes += said
            order, flat = None, _cells(rows, first, count, slots)
        at, found = _aggregated(rows.values, flat, order, choice.combined_by)
        values[at] = found
        if choice.combined_by == "sum" and choice.absent_as != "zero":
            sums, few = _with_whole_sums(values, rows, slots, order, size=count, first=first)
            notes += sums
        if len(at) < len(rows):
            what = f"{len(rows):,} readings became {len(at):,} steps of {step_text(step)} by {choice.combined_by}"
            notes.append(f"{rows.origin}: {what}")
    grid = values.reshape(len(rows.ids), count, len(rows.channels))
    notes += _filled(grid, choice, rows, kept_unknown=refused)
    grid, cut, said = _trimmed(grid, rows)
    notes += [*said, *_unknown_notes(grid, rows, few=few)]
    panel = Panel(
        grid,
        slots.start(first + cut),
        step,
        series,
        (Channel(rows.channels[0], unit), *(Channel(name) for name in rows.channels[1:])),
    )
    return panel, tuple(notes)


def _with_valid_values(rows: Rows, choice: GridChoice) -> tuple[Rows, Bools, tuple[str, ...]]:
    """Refuse or empty negative targets and infinite values; tells the rows whose target was emptied."""
    bad = np.isinf(rows.values)
    bad[:, 0] |= rows.values[:, 0] < 0
    if not bad.any():
        return rows, bad[:, 0], ()
    row, channel = (int(place) for place in np.argwhere(bad)[0])
    value = rows.values[row, channel]
    where = (
        f"{rows.place(row)}: series {rows.ids[rows.series[row]]!r} at {rows.times[row].astype('datetime64[s]')}Z: "
        f"{rows.channels[channel]!r} is {value:.12g}"
    )
    if choice.invalid == "error":
        what = "infinite" if np.isinf(value) else "below zero"
        raise PanelError(f"{where}, which is {what}; correct it, or leave such values unknown with --invalid gap")
    values = np.where(bad, np.nan, rows.values)
    note = f"{rows.origin}: {int(bad.sum()):,} negative or infinite values became unknown; the first: {where}"
    return replace(rows, values=values), bad[:, 0], (note,)


def _bounds(rows: Rows, slots: Slots) -> tuple[int, int]:
    """Give the first slot and the number of slots.

    Raises:
        PanelError: the grid would be unreasonably large.
    """
    times, numbers, step = milliseconds(rows), slots.of(rows), slots.step_seconds
    first, last = int(numbers.min()), int(numbers.max())
    count = last - first + 1
    span = count * step
    ends = (
        f"from {np.datetime64(slots.start(first), 's')}Z ({rows.place(int(times.argmin()))}) "
        f"to {np.datetime64(slots.start(last), 's')}Z ({rows.place(int(times.argmax()))})"
    )
    cells = count * len(rows.ids) * len(rows.channels)
    if cells > _MOST_CELLS:
        raise PanelError(
            f"a grid {ends} in steps of {step_text(step)} for {len(rows.ids):,} series of "
            f"{len(rows.channels)} channels has {cells:,} cells, more than {_MOST_CELLS:,}; "
            "correct a stray time, or choose a longer --step"
        )
    if span > 10 * _YEAR:
        hole = int(np.diff(np.unique(times)).max(initial=0)) // 1000
        if hole > 5 * _YEAR and 2 * hole > span:
            raise PanelError(
                f"readings reach {ends}, with none for {hole / _YEAR:.0f} years in between; "
                "correct or remove the stray times"
            )
    return first, count


def _cells(rows: Rows, first: int, count: int, slots: Slots) -> Ints:
    """Give the cell of each row in a grid of (series, time) laid flat, shape (row,)."""
    numbers = slots.of(rows)
    numbers += rows.series * count - first
    return numbers


def _each_once(flat: Ints, size: int) -> bool:
    """Say whether no cell has two readings."""
    if (flat[1:] > flat[:-1]).all():
        return True
    return int(np.bincount(flat, minlength=size).max()) <= 1 if size <= 4 * len(flat) else _all_differ(flat)


def _all_differ(flat: Ints) -> bool:
    ordered = np.sort(flat)
    return bool((ordered[1:] != ordered[:-1]).all())


def _aggregated(values: Floats, flat: Ints, order: Ints | None, how: str) -> tuple[Ints, Floats]:
    """Make one reading of those that fall into one cell.

    Args:
        values: readings, shape (row, channel).
        flat: the cell of each row, shape (row,).
        order: positions that put rows in order of cell and time; None when they stand so.
        how: ``mean``, ``max``, ``sum`` or ``last``; NaN is left aside, and stays where there is nothing else.

    Returns:
        The cells, and their readings of shape (cell, channel).
    """
    flat = flat if order is None else flat[order]
    starts = np.append(0, np.flatnonzero(flat[1:] != flat[:-1]) + 1)
    found = np.empty((len(starts), values.shape[1]))
    for channel in range(values.shape[1]):
        column = values[:, channel] if order is None else values[order, channel]
        known = ~np.isnan(column)
        if how == "max":
            found[:, channel] = np.fmax.reduceat(column, starts)
        elif how == "last":
            latest = np.maximum.reduceat(np.where(known, np.arange(len(column)), -1), starts)
            found[:, channel] = np.where(latest >= 0, column[latest], np.nan)
        else:
            counts = np.add.reduceat(known, starts, dtype=np.int64)
            totals = np.add.reduceat(np.where(known, column, 0.0), starts)
            divisors = counts if how == "mean" else np.ones_like(counts)
            found[:, channel] = np.divide(totals, divisors, out=np.full(len(starts), np.nan), where=counts > 0)
    return flat[starts], found


def _with_whole_sums(
    values: Floats, rows: Rows, slots: Slots, order: Ints | None, *, size: int, first: int
) -> tuple[list[str], bool]:
    """Complete sums of which a few readings are missing, and empty those of which many are, in place.

    Args:
        values: of the cells, shape (series x time, channel).
        rows: what was summed.
        slots: the steps.
        order: positions that put rows in order of series and time; None when they stand so.
        size: steps of the grid.
        first: slot of the first one.

    Returns:
        Sentences on them, and whether any target became unknown.
    """
    notes: list[str] = []
    few = False
    for channel in range(len(rows.channels)):
        found = partial_sums(rows, slots, order=order, channel=channel)
        if found is not None:
            values[found.series * size + found.numbers - first, channel] *= found.factors
            notes += found.notes(rows, slots, channel)
            few |= not channel and bool(np.isnan(found.factors).any())
    return notes, few


def _filled(grid: Floats, choice: GridChoice, rows: Rows, *, kept_unknown: Ints) -> tuple[str, ...]:
    """Set unknown steps to zero, in place, between the first and last known step of each series and channel.

    Args:
        grid: shape (series, time, channel).
        choice: whether to.
        rows: for the message.
        kept_unknown: cells of (series, time) whose reading was refused: not known to be no traffic.
    """
    if choice.absent_as == "gap":
        return ()
    zeros = steps = 0
    refused = np.zeros(grid.shape[:2], dtype=np.bool_)
    refused.reshape(-1)[kept_unknown] = True
    together = max(1, _BLOCK_CELLS // (grid.shape[1] * grid.shape[2]))  # series that stay in the processor's cache
    for start in range(0, len(grid), together):
        block = grid[start : start + together]
        known = ~np.isnan(block)
        inside = np.logical_or.accumulate(known, axis=1)
        inside &= np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1]
        steps += int(inside[:, :, 0].sum())
        inside &= ~known
        inside[:, :, 0] &= ~refused[start : start + together]
        zeros += int(inside[:, :, 0].sum())
        block[inside] = 0.0
    if not zeros:
        return ()
    share = f"{zeros:,} of {steps:,} steps ({zeros / steps:.1%})"
    return (f"{rows.origin}: {share} have no reading and count as zero (--missing zero)",)


def _own_span(values: Floats) -> Bools:
    """Say which steps lie between the first and last known one of their series, shape (series, time)."""
    known = ~np.isnan(values)
    steps = np.arange(values.shape[1])
    first = np.where(known.any(axis=1), known.argmax(axis=1), values.shape[1])
    last = values.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    inside: Bools = (steps >= first[:, None]) & (steps <= last[:, None])
    return inside


def _trimmed(grid: Floats, rows: Rows) -> tuple[Floats, int, tuple[str, ...]]:
    """Cut the steps before the first and after the last known target of any series; tells how many before."""
    known = np.flatnonzero(~np.isnan(grid[:, :, 0]).all(axis=0))
    if not len(known):
        raise PanelError(f"{rows.origin}: {rows.channels[0]!r} is empty in all {len(rows):,} rows")
    first, end = int(known[0]), int(known[-1]) + 1
    if first == 0 and end == grid.shape[1]:
        return grid, 0, ()
    note = (
        f"{rows.origin}: left out {first:,} steps before the first and {grid.shape[1] - end:,} after the last "
        f"known {rows.channels[0]!r}"
    )
    return np.ascontiguousarray(grid[:, first:end]), first, (note,)


def _unknown_notes(grid: Floats, rows: Rows, *, few: bool) -> tuple[str, ...]:
    """Say which series are empty and how much of the others is unknown, for want of any reading or enough."""
    unknown = np.isnan(grid[:, :, 0])
    notes = []
    empty = np.flatnonzero(unknown.all(axis=1))
    if len(empty):
        names = ", ".join(repr(rows.ids[i]) for i in empty[:_LISTED]) + (", …" if len(empty) > _LISTED else "")
        notes.append(f"{rows.origin}: {len(empty):,} of {len(rows.ids):,} series have no reading at all: {names}")
    span = _own_span(grid[:, :, 0])
    gaps, steps = int((unknown & span).sum()), int(span.sum())
    if gaps:
        notes.append(
            f"{rows.origin}: {gaps:,} of {steps:,} steps ({gaps / steps:.1%}) have no reading"
            f"{', or too few for a sum,' if few else ''} and stay unknown"
        )
    return tuple(notes)
