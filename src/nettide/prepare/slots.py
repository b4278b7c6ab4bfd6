"""Where the steps of a grid begin: on the clock of the readings, and days at local midnight."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettide.arrays import Ints
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS, clock_changes
from nettide.prepare.order import gaps_within, milliseconds
from nettide.prepare.rows import Rows
from nettide.units import step_text

_MONDAY = 4 * DAY_SECONDS  # 1970-01-05 was the first Monday
_CLOCKS = (-5_400_000_000, 7_300_000_000)  # 1798 to 2201: times beyond are astray, and their clock is of no interest
_UNCOVERED = 0.04  # of a step at an end of the data: just under an hour of a day


@dataclass(frozen=True, slots=True)
class Slots:
    """Steps of equal length, numbered from the epoch on.

    Steps of days are those of the wall clock: a local day of 23 or 25 hours is one step. In UTC, where steps all have
    one length, each begins at its local midnight by the least offset of the data, so an hour late in summer.

    Args:
        step_seconds: length of a step.
        phase: seconds after the epoch (of the wall clock, for steps of days) at which a step begins, in 0 ... step.
        zone: whose wall clock counts the days; UTC for shorter steps.
        offset: seconds of that wall clock before UTC at which steps are said to begin.
    """

    step_seconds: int
    phase: int
    zone: str = "UTC"
    offset: int = 0

    def of(self, rows: Rows) -> Ints:
        """Give the number of the step in which each row lies, shape (row,)."""
        clock = _clock(rows, self.zone)
        numbers: Ints = np.floor_divide(clock - 1000 * self.phase, 1000 * self.step_seconds)
        return numbers

    def start(self, number: int) -> int:
        """Give the epoch second at which a step begins."""
        return number * self.step_seconds + self.phase - self.offset


def slots_of(rows: Rows, step_seconds: int, *, zone: str) -> Slots:
    """Place the steps: where the readings stand if all do so alike, else on full hours, days and Mondays of the zone.

    Args:
        rows: readings, at least one.
        step_seconds: length of a step.
        zone: IANA name of their place.
    """
    days = step_seconds % DAY_SECONDS == 0
    clock = _clock(rows, zone if days else "UTC")
    least = int(_offsets(rows, zone).min())
    within = clock % (1000 * step_seconds)
    if (within == within[0]).all():
        phase = int(within[0]) // 1000
    elif step_seconds % WEEK_SECONDS == 0:
        phase = _MONDAY
    else:
        phase = 0 if days else -least % step_seconds
    return Slots(step_seconds, phase, zone, least) if days else Slots(step_seconds, phase)


def on_wall_clock(rows: Rows, zone: str) -> Rows:
    """Give the rows with the times of the local wall clock, as if it showed UTC."""
    return replace(rows, times=_clock(rows, zone).astype("datetime64[ms]"))


def without_partial_ends(rows: Rows, slots: Slots, *, order: Ints | None) -> tuple[Rows, tuple[str, ...]]:
    """Leave out the first and the last step where the readings of the whole data begin or end in its midst.

    A step of which a part is missing would be taken for a whole one: a sum of six hours for that of a day. A reading is
    taken to last until the usual next one. A step counts as whole if at most 4 % of it is missing; where readings come
    no more often than steps all are whole. Nothing is left out if nothing known would stay.

    Args:
        rows: readings.
        slots: the steps they are put in.
        order: positions that put rows in order of series and time; None when they stand so.

    Returns:
        The rows of whole steps (the same object when all are), and a sentence for each step left out.
    """
    gaps, length = gaps_within(rows, order), 1000 * slots.step_seconds
    gaps = gaps[gaps > 0]
    if not len(gaps) or 1.5 * (gap := float(np.median(gaps))) > length:
        return rows, ()
    numbers = slots.of(rows)
    first, last = int(numbers.min()), int(numbers.max())
    if last - first < 2:
        return rows, ()
    clock = _clock(rows, slots.zone) - 1000 * slots.phase
    begin, end = int(clock.min()), int(clock.max())
    keep, notes = np.ones(len(rows), dtype=np.bool_), []
    for what, number, missing, where, verb in (
        ("first", first, begin - first * length, int(clock.argmin()), "begin"),
        ("last", last, (last + 1) * length - (end + gap), int(clock.argmax()), "end"),
    ):
        if missing > _UNCOVERED * length:
            inside = numbers == number
            keep &= ~inside
            step = f"step of {step_text(slots.step_seconds)}, from {np.datetime64(slots.start(number), 's')}Z on"
            notes.append(
                f"{rows.origin}: left out the {what} {step}: its {int(inside.sum()):,} readings {verb} "
                f"at {rows.times[where].astype('datetime64[s]')}Z, in its midst"
            )
    if keep.all() or np.isnan(rows.values[keep, 0]).all():
        return rows, ()
    return rows.take(np.flatnonzero(keep)), tuple(notes)


def _offsets(rows: Rows, zone: str) -> Ints:
    """Give the seconds by which the wall clock is ahead of UTC at each row, shape (row,)."""
    if zone == "UTC":
        return np.zeros(1, dtype=np.int64)
    times = milliseconds(rows)
    first, last = (int(np.clip(one, *_CLOCKS)) for one in (times.min() // 1000, times.max() // 1000))
    begins, offsets = clock_changes(first, last, zone)
    found: Ints = offsets[np.maximum(np.searchsorted(1000 * begins, times, side="right") - 1, 0)]
    return found


def _clock(rows: Rows, zone: str) -> Ints:
    """Give the milliseconds that the wall clock shows at each row, as if it showed UTC, shape (row,)."""
    times = milliseconds(rows)
    return times if zone == "UTC" else times + 1000 * _offsets(rows, zone)
