"""Where the steps of a grid begin: on the clock of the readings, and days at local midnight."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettide.arrays import Ints
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS, clock_changes
from nettide.prepare.order import gaps_within, milliseconds, sorting
from nettide.prepare.rows import Rows

_MONDAY = 4 * DAY_SECONDS  # 1970-01-05 was the first Monday
_CLOCKS = (-5_400_000_000, 7_300_000_000)  # 1798 to 2201: times beyond are astray, and their clock is of no interest
_AHEAD = 400 * DAY_SECONDS  # clocks of a year to come
_NEARLY = 0.9  # of a step is the usual gap of readings that come once a step
_TOGETHER = 0.8  # least resultant of their directions: 95 % lie within a fifth of a step of their mean
_LEAST_POLLS, _PARTS = 12, 20


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
        return self.at(milliseconds(rows))

    def at(self, times: Ints) -> Ints:
        """Give the number of the step in which each time lies, in milliseconds since the epoch, shape (time,)."""
        numbers: Ints = np.floor_divide(self._since_first(times), 1000 * self.step_seconds)
        return numbers

    def within(self, rows: Rows) -> Ints:
        """Give the milliseconds of each row since step 0 began, shape (row,)."""
        return self._since_first(milliseconds(rows))

    def _since_first(self, times: Ints) -> Ints:
        return wall_clock(times, self.zone) - 1000 * self.phase + self.early

    def start(self, number: int) -> int:
        """Give the epoch second at which a step begins."""
        return number * self.step_seconds + self.phase - self.offset

    def begin_text(self, number: int) -> str:
        """Write when a step begins: an instant in UTC, or the date of a day."""
        if self.step_seconds % DAY_SECONDS:
            return f"{np.datetime64(self.start(number), 's')}Z"
        return str(np.datetime64(number * self.step_seconds + self.phase, "s"))[:10]


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


def on_dates(rows: Rows, zone: str) -> Rows:
    """Give the rows with the times of the local wall clock, as if it showed UTC, or with its dates.

    Clocks that change at midnight let a day begin at one o'clock: where times of day lie within an hour, dates count.
    """
    local, day = wall_clock(milliseconds(rows), zone), 1000 * DAY_SECONDS
    times = local % day
    if times.max() - times.min() <= 3_600_000:
        local = local - times
    return replace(rows, times=local.astype("datetime64[ms]"))


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
