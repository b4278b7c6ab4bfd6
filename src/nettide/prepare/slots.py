"""Where the steps of a grid begin: on the clock of the readings, and days at local midnight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from nettide.arrays import Ints
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS, clock_changes
from nettide.prepare.order import gaps_within, milliseconds, sorting
from nettide.prepare.rows import Rows
from nettide.units import step_text

_MONDAY = 4 * DAY_SECONDS  # 1970-01-05 was the first Monday
_CLOCKS = (-5_400_000_000, 7_300_000_000)  # 1798 to 2201: times beyond are astray, and their clock is of no interest
_AHEAD = 400 * DAY_SECONDS  # clocks of a year to come
_WHOLE = 0.96  # of a step's usual readings: just more than all hours of a day but one
_NEARLY = 0.9  # of a step is the usual gap of readings that come once a step
_TOGETHER = 0.8  # least resultant of their directions: 95 % lie within a fifth of a step of their mean
_LEAST_POLLS, _PARTS = 12, 20
_STEADY = 0.8  # of the steps between have about as many readings


@dataclass(frozen=True, slots=True)
class Slots:
    """Steps of equal length, numbered from the epoch on.

    Steps of days are those of the wall clock: a local day of 23 or 25 hours is one step. In UTC, where steps all have
    one length, each begins at its local midnight by the least offset of the data and the year after it, so an hour late
    in summer, but never on another date.

    Args:
        step_seconds: length of a step.
        phase: seconds after the epoch (of the wall clock, for steps of days) at which a step begins, in 0 ... step.
        zone: whose wall clock counts the days; UTC for shorter steps, and where days are told as midnights of UTC.
        offset: seconds of the place's wall clock before UTC at which steps are said to begin.
        early: milliseconds by which a reading may come before its step: half of one where readings jitter about a time.
    """

    step_seconds: int
    phase: int
    zone: str = "UTC"
    offset: int = 0
    early: int = 0

    def of(self, rows: Rows) -> Ints:
        """Give the number of the step in which each row lies, shape (row,)."""
        numbers: Ints = np.floor_divide(self.within(rows), 1000 * self.step_seconds)
        return numbers

    def within(self, rows: Rows) -> Ints:
        """Give the milliseconds of each row since step 0 began, shape (row,)."""
        return wall_clock(milliseconds(rows), self.zone) - 1000 * self.phase + self.early

    def start(self, number: int) -> int:
        """Give the epoch second at which a step begins."""
        return number * self.step_seconds + self.phase - self.offset


def slots_of(rows: Rows, step_seconds: int, *, zone: str) -> Slots:
    """Place the steps: where the readings stand if all do so alike, else on full hours, days and Mondays of the zone.

    Polls that jitter about one time within the step, one a step, belong to the nearest. Days that are told as midnights
    of UTC are the dates they name, wherever the place is.

    Args:
        rows: readings, at least one.
        step_seconds: length of a step.
        zone: IANA name of their place.
    """
    least = _least_offset(rows, zone)
    if step_seconds % DAY_SECONDS:
        within = milliseconds(rows) % (1000 * step_seconds)
        if (within == within[0]).all():
            return Slots(step_seconds, int(within[0]) // 1000)
        if (about := _jitters_about(rows, within, 1000 * step_seconds)) is not None:
            return Slots(step_seconds, about, early=500 * step_seconds)
        return Slots(step_seconds, -least % step_seconds)
    counting = zone if (milliseconds(rows) % (1000 * DAY_SECONDS)).any() else "UTC"
    days = wall_clock(milliseconds(rows), counting) % (1000 * step_seconds) // (1000 * DAY_SECONDS)
    if (days == days[0]).all():
        phase = int(days[0]) * DAY_SECONDS
    else:
        phase = _MONDAY % step_seconds if step_seconds % WEEK_SECONDS == 0 else 0
    return Slots(step_seconds, phase, counting, least)


def on_wall_clock(rows: Rows, zone: str) -> Rows:
    """Give the rows with the times of the local wall clock, as if it showed UTC."""
    return replace(rows, times=wall_clock(milliseconds(rows), zone).astype("datetime64[ms]"))


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


def _jitters_about(rows: Rows, within: Ints, length: int) -> int | None:
    """Give the second of a step about which readings come, one a step; None where they come otherwise.

    It is told to a twentieth of a step, so that it stays the same as readings are added.

    Args:
        rows: readings.
        within: milliseconds of each since its step began, shape (row,).
        length: of a step, in milliseconds.
    """
    mean = complex(np.exp(2j * np.pi * within / length).mean())  # of directions: the end of a step is near its begin
    if len(rows) < _LEAST_POLLS or abs(mean) < _TOGETHER:
        return None
    gaps = gaps_within(rows, sorting(rows)[0])
    gaps = gaps[gaps > 0]
    if not len(gaps) or not _NEARLY * length <= np.median(gaps) <= length / _NEARLY:
        return None
    return round(_PARTS * float(np.angle(mean)) / (2 * np.pi)) % _PARTS * length // (1000 * _PARTS)


def _least_offset(rows: Rows, zone: str) -> int:
    """Give the least offset of a zone from the first row to a year after the last."""
    if zone == "UTC":
        return 0
    times = milliseconds(rows) // 1000
    first, last = (int(np.clip(one, *_CLOCKS)) for one in (times.min(), int(times.max()) + _AHEAD))
    return int(clock_changes(first, last, zone)[1].min())


def wall_clock(times: Ints, zone: str) -> Ints:
    """Give what the wall clock shows at each time, as if it showed UTC.

    Args:
        times: milliseconds since the epoch, in any order, shape (row,).
        zone: IANA name.
    """
    if zone == "UTC" or not len(times):
        return times
    first, last = (int(np.clip(one, *_CLOCKS)) for one in (times.min() // 1000, times.max() // 1000))
    begins, offsets = clock_changes(first, last, zone)
    local: Ints = times + 1000 * offsets[np.maximum(np.searchsorted(1000 * begins, times, side="right") - 1, 0)]
    return local
