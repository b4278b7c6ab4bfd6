"""The watch: go through time once and judge each point by what came before it alone.

While traffic is odd the forecast made before it began stands, as far as it reaches, so that an anomaly does not
teach the model at once that it is normal, nor its points the tails. Once no forecast reaches as far, what lasts is
accepted. Two more ideas found nothing more on real traffic with planted anomalies, and are not here: to forecast again
without the flagged points, and to ask whether several points in a row lean to one side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.insight.anomalies_rolling import Rolling
from nettide.insight.anomalies_tails import Tails

_REFIT = 12  # steps from one fit of the tails to the next
_WINDOW = 4032  # steps that tails are learned from: four weeks of ten minutes, two of five
_CAP = 1.5  # limits: a larger distance teaches the tail this much, or one anomaly would hide the next
_CALM = 3  # points inside the limits that end an incident
_FAR = 1e6
_REST = 10.0  # times the chance allowed: what is less odd than this is calm
_LEAST_OF_LEVEL, _LEAST_OF_EXPECTED = 0.01, 0.001  # half-widths below this share of usual traffic are not believed
_NUMBERS = ("expected", "low", "high", "alarm_low", "alarm_high", "score", "chance")
_MARKS = ("flag", "accepted")


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What the watch saw, every array of shape (series, time); NaN or False where it says nothing.

    Args:
        expected: median of the forecast that stood.
        low: lower edge of the calibrated 80 % band.
        high: its upper edge.
        alarm_low: lower limit.
        alarm_high: upper limit.
        score: distance from the median, in half-widths of the calibrated band.
        chance: of a point as odd as this one.
        flag: the chance is below what is allowed.
        accepted: the first step at which a lasting oddness was taken as normal, because no forecast reached as far.
    """

    expected: Floats
    low: Floats
    high: Floats
    alarm_low: Floats
    alarm_high: Floats
    score: Floats
    chance: Floats
    flag: Bools
    accepted: Bools


def watch(values: Floats, rolling: Rolling, *, chance: float, warm: int) -> Watched:
    """Judge each point.

    Args:
        values: the target, NaN where unknown, shape (series, time).
        rolling: forecasts of it.
        chance: allowed of an alarm at a normal point.
        warm: known points of a series before the first of its alarms.
    """
    watching = _Watch(values, rolling, chance=chance, warm=warm)
    begin = int(rolling.cutoffs[0]) + 1 if len(rolling.cutoffs) else values.shape[1]
    for start in range(begin, values.shape[1], _REFIT):
        watching.block(start, min(start + _REFIT, values.shape[1]))
    return Watched(**watching.numbers, flag=watching.marks["flag"], accepted=watching.marks["accepted"])


class _Watch:
    """What is known while time goes on; the tails stay as they are for a block of steps."""

    def __init__(self, values: Floats, rolling: Rolling, *, chance: float, warm: int) -> None:
        count, steps = shape = values.shape
        self.values, self.rolling, self.chance = values, rolling, chance
        self.numbers: dict[str, Floats] = {name: np.full(shape, np.nan) for name in _NUMBERS}
        self.marks: dict[str, Bools] = {name: np.zeros(shape, dtype=np.bool_) for name in _MARKS}
        self.warmed = np.cumsum(np.isfinite(values), axis=1) > warm
        self.latest = np.searchsorted(rolling.cutoffs, np.arange(steps) - 1, side="right") - 1
        self.learned = np.full(shape, np.nan)  # distances that teach the tails
        self.errors = np.full(shape, np.nan)
        self.standing = np.full(count, -1)  # the cutoff that stands while traffic is odd, -1 in calm
        self.calm = np.zeros(count, dtype=np.int64)

    def block(self, start: int, end: int) -> None:
        """Judge a block of steps: at once where nothing odd goes on, else step by step."""
        self._fit(start)
        steps, every = np.arange(start, end), np.arange(len(self.values))
        self._judge(every, steps, np.broadcast_to(self.latest[start:end], (len(every), end - start)))
        rows = np.flatnonzero((self.standing >= 0) | self.marks["flag"][:, start:end].any(axis=1))
        for step in range(start, end) if len(rows) else ():
            self._step(rows, step)

    def _fit(self, start: int) -> None:
        """Learn tails and what is usual from the steps before a block."""
        past = slice(max(0, start - _WINDOW), start)
        self.up, self.down = Tails.fitted(self.learned[:, past]), Tails.fitted(-self.learned[:, past])
        self.most, self.least = self.up.limit(self.chance / 2), self.down.limit(self.chance / 2)
        self.spread = _quantile(np.abs(self.errors[:, past]), 0.8)
        self.level = _quantile(self.values[:, past], 0.5)

    def _step(self, rows: Ints, step: int) -> None:
        """Judge one step of series in which something odd goes on, or begins in this block."""
        standing, calm = self.standing[rows], self.calm[rows]
        expired = (standing >= 0) & (step - self.rolling.cutoffs[standing] > self.rolling.pace.reach)
        self.marks["accepted"][rows, step] = expired & (calm == 0)
        standing = np.where(expired, -1, standing)
        held = standing >= 0
        use = np.where(held, standing, self.latest[step])
        self._judge(rows, np.array([step]), use[:, None])
        flag, chance = self.marks["flag"][rows, step], self.numbers["chance"][rows, step]
        self.learned[rows, step] = np.where(flag & held, np.nan, self.learned[rows, step])
        standing = np.where(flag, use, standing)
        calm = np.where(flag, 0, calm + (chance > _REST * self.chance))
        self.standing[rows], self.calm[rows] = np.where(calm >= _CALM, -1, standing), calm

    def _judge(self, rows: Ints, steps: Ints, use: Ints) -> None:
        """Compare points with the forecasts from given cutoffs, shape (row, step), and note what is found."""
        values = self.values[np.ix_(rows, steps)]
        middle, below, above = self._band(rows, steps, use)
        up, down, most, least = self.up.of(rows), self.down.of(rows), self.most[rows, None], self.least[rows, None]
        error = values - middle
        distance = np.clip(error / np.where(error < 0, below, above), -_FAR, _FAR)
        chance = np.minimum(2 * np.where(distance < 0, down.chance(-distance), up.chance(distance)), 1.0)
        chance[np.isnan(distance)] = np.nan
        found = {
            "expected": middle,
            "low": np.maximum(middle - down.edge[:, None] * below, 0.0),
            "high": middle + up.edge[:, None] * above,
            "alarm_low": np.maximum(middle - least * below, 0.0),
            "alarm_high": middle + most * above,
            "score": np.abs(distance) / np.where(distance < 0, down.edge[:, None], up.edge[:, None]),
            "chance": chance,
        }
        place = np.ix_(rows, steps)
        for name, numbers in found.items():
            self.numbers[name][place] = numbers
        self.marks["flag"][place] = (chance < self.chance) & self.warmed[place]
        self.learned[place] = np.clip(distance, -_CAP * least, _CAP * most)
        self.errors[place] = error

    def _band(self, rows: Ints, steps: Ints, use: Ints) -> tuple[Floats, Floats, Floats]:
        """Give median and half-widths of the forecasts in use, each shape (row, step)."""
        rolling, reach = self.rolling, self.rolling.pace.reach
        lead = steps - rolling.cutoffs[use] - 1
        place = rows[:, None], use, np.minimum(lead, reach - 1)
        middle, below, above = (
            np.where(lead < reach, part[place].astype(np.float64), np.nan)
            for part in (rolling.middle, rolling.below, rolling.above)
        )
        least = np.fmax(_LEAST_OF_EXPECTED * np.abs(middle), _LEAST_OF_LEVEL * self.level[rows, None])
        least = np.fmax(least, np.finfo(np.float32).tiny)
        spread = self.spread[rows, None]
        below, above = (np.where(np.isnan(one), spread, one) for one in (below, above))
        return middle, np.maximum(below, least), np.maximum(above, least)


def _quantile(values: Floats, level: float) -> Floats:
    """Give a quantile of the known values of each row, one of them; NaN where none is known."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    ordered = np.sort(values, axis=1)
    known = np.isfinite(ordered).sum(axis=1)
    place = np.maximum(np.floor(level * (known - 1)).astype(np.int64), 0)
    return np.asarray(np.where(known > 0, ordered[np.arange(len(values)), place], np.nan))
