"""Habits: what a time of day usually brings on days of its kind, working days or days off, at today's level.

Source: the similar-day method of load forecasting, as in Hong and Fan, Probabilistic electric load forecasting: A
tutorial review, International Journal of Forecasting 32, 2016; here days fade by exponential smoothing.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nettide.arrays import Bools, Floats, Ints
from nettide.panel import Panel
from nettide.prepare.calendar import local_seconds
from nettide.prepare.occasions import OCCASION_FEATURES, occasion_features, occasion_groups
from nettide.prepare.periods import Periods, told_seconds
from nettide.prepare.weekends import on_weekend

KEPT = (0.90, 0.83)
"""What a day keeps of its weight when the next one of its kind comes: working days, days off."""
_SETTLED = 3.0  # days, by their weight, after which a habit knows what is far from it
_FAR, _LEAST_FAR = 3.0, 0.1  # in usual errors, and in levels
_USUAL = 0.2  # how fast the usual error is forgotten
_TINY = 1e-300
_ROOTS = 2  # square roots that values are averaged under: the fourth root, so that a burst stays one
_LEVEL_RATIO = 4.0  # a habit is brought to today's level by at most this factor: beyond it, then says nothing of now
_SMOOTH, _HOURLY = 48, 24  # times of a day: steps within a 48th on either side are averaged, at least the next


def rooted(values: Floats) -> Floats:
    """Give the fourth root, with the sign of the value."""
    for _ in range(_ROOTS):
        values = np.sign(values) * np.sqrt(np.abs(values))
    return values


def centred_mean(values: Floats, reach: int) -> Floats:
    """Give the mean of the known values within ``reach`` steps, the nearer ones weighing more, shape (series, time)."""
    if not reach:
        return values
    known = ~np.isnan(values)
    sums, shares = (_triangle(part, reach) for part in (np.where(known, values, 0.0), known.astype(np.float64)))
    return np.where(known, sums / np.where(known, shares, 1.0), np.nan)


def _triangle(values: Floats, reach: int) -> Floats:
    """Give sums weighed 1 ... reach + 1 ... 1 around each step: two sums over as many steps, one after the other."""
    summed = np.pad(values, ((0, 0), (reach, reach)))
    for _ in range(2):
        until = np.cumsum(np.pad(summed, ((0, 0), (1, 0))), axis=1)
        summed = until[:, reach + 1 :] - until[:, : -reach - 1]
    return summed


class Habits:
    """The habits of a panel by kind of day, looked up for any step from any cutoff.

    Args:
        panel: one or thousands of series.
        periods: the day and week in steps.
        horizon: steps ahead that are asked for at most.
    """

    def __init__(self, panel: Panel, periods: Periods, *, horizon: int) -> None:
        self.day = periods.day
        self.reach = max(1, periods.day // _SMOOTH) if periods.day >= _HOURLY else 0
        free, groups = days_off(panel, periods, horizon=horizon)
        self._free, self._group = torch.from_numpy(free), torch.from_numpy(groups)
        self._newest = torch.from_numpy(newest_of_kind(free[:, : panel.steps], self.day))
        self._days_off = free, groups

    def smoothed(self, rooted_target: Floats, level: Floats, rows: slice) -> tuple[Floats, Floats]:
        """Smooth over days of a kind, for some series.

        Args:
            rooted_target: ``rooted`` values of these series, NaN where unknown, shape (series, time).
            level: rooted level of the week up to each step, shape (series, time).
            rows: which series of the panel they are.

        Returns:
            What the time of each step brings on days of its kind, that step included, and the level of the weeks in
            which it did, both rooted, NaN where nothing is known, shape (series, time).
        """
        free, groups = self._days_off
        values = centred_mean(rooted_target, self.reach)
        known = ~(np.isnan(values) | np.isnan(level))
        shown = np.where(known, values, 0.0), np.where(known, level, 0.0), known
        found = np.empty((2, *values.shape))
        own = groups[rows]
        for group in np.unique(own):
            chosen = own == group
            found[:, chosen] = _smoothed(*(one[chosen] for one in shown), free=free[group], day=self.day)
        return found[0], found[1]

    def step_of(self, series: Tensor, target: Tensor, cutoff: Tensor) -> Tensor:
        """Give the newest known step at the same time of a day of the kind of each target step, -1 without any.

        Args:
            series: index of the series, int64, broadcast against ``target``.
            target: index of the step in question, int64.
            cutoff: index of the last seen step, int64, broadcast against ``target``.
        """
        days = torch.div(target - cutoff + self.reach + self.day - 1, self.day, rounding_mode="floor")
        step = target - self.day * days.clamp(min=1)
        group = self._group[series].expand_as(target)
        kind = self._free[group, target.clamp(min=0)].to(torch.int64)
        newest = self._newest[kind, group, step.clamp(min=0)].to(torch.int64)
        return torch.where(step >= 0, newest, -1)


def _smoothed(values: Floats, levels: Floats, known: Bools, *, free: Bools, day: int) -> Floats:
    """Give habits and their levels of series whose days off are the same, shape (2, series, time).

    Args:
        values: rooted, 0 where unknown, shape (series, time).
        levels: of the week up to each step, rooted, 0 where unknown, shape (series, time).
        known: shape (series, time).
        free: whether a step lies on a day off, shape (at least time,).
        day: steps a day.
    """
    count, steps = values.shape
    state = np.zeros((2, 4, count, day))  # by kind: habit, its level, its weight, the usual error
    found = np.empty((3, count, steps))
    changes = np.flatnonzero(np.diff(free[:steps])) + 1
    bounds = np.union1d(np.union1d(np.arange(0, steps, day), changes), [steps]).astype(np.int64)
    for begin, end in pairwise(bounds.tolist()):
        kind, part, times = int(free[begin]), slice(begin, end), slice(begin % day, begin % day + end - begin)
        own = state[kind, :, :, times]
        _add_day(own, values[:, part], levels[:, part], known[:, part], kept=KEPT[kind])
        found[:, :, part] = own[:3]
    return np.where(found[2] > 0, found[:2], np.nan)


def _add_day(state: Floats, values: Floats, levels: Floats, known: Bools, *, kept: float) -> None:
    """Add a day to the habits of its kind, in place; a value far from the habit counts as no farther than is usual.

    Source: Gelper, Fried and Croux, Robust forecasting with exponential and Holt-Winters smoothing, Journal of
    Forecasting 29, 2010.

    Args:
        state: habit, its level, its weight and the usual error of each time of day, shape (4, series, step).
        values: rooted, shape (series, step).
        levels: of the week up to each step, rooted, shape (series, step).
        known: shape (series, step).
        kept: what the days before keep of their weight.
    """
    habit, level, weight, usual = state
    expected = habit / np.maximum(level, _TINY) * levels
    most = np.maximum(_FAR * usual, _LEAST_FAR * levels)
    most[weight <= _SETTLED] = np.inf
    error = np.minimum(np.abs(values - expected), 2 * most)
    near = np.minimum(np.maximum(values, expected - most), expected + most)
    total = kept * weight + 1.0
    np.copyto(usual, usual + _USUAL * (error - usual), where=known & (weight > 0))
    np.copyto(habit, habit + (near - habit) / total, where=known)
    np.copyto(level, level + (levels - level) / total, where=known)
    np.copyto(weight, total, where=known)


def level_ratio(level: Tensor, then: Tensor) -> Tensor:
    """Give the factor, of rooted values, from a level of then to one of now: at most 4 once out of its roots."""
    most = _LEVEL_RATIO**0.5**_ROOTS
    return torch.nan_to_num(level / then, nan=1.0, posinf=1.0).clamp(1 / most, most)


def unrooted(values: Tensor) -> Tensor:
    """Take values out of their roots."""
    for _ in range(_ROOTS):
        values = values * values.abs()
    return values


def days_off(panel: Panel, periods: Periods, *, horizon: int) -> tuple[Bools, Ints]:
    """Say which steps lie on a weekend or a holiday, by the clock that the traffic shows.

    Returns:
        For each group of series with the same zone and holidays, shape (group, time + horizon + 1), and the group of
        each series, shape (series,).
    """
    holidays = replace(panel, occasions=tuple(one for one in panel.occasions if one.kind == "holiday"))
    groups, places = occasion_groups(holidays)
    told = told_seconds(panel, np.arange(panel.steps + horizon + 1, dtype=np.int64), clock=periods.clock)
    seconds = round(panel.step_seconds / periods.clock)
    shares = occasion_features(told, groups, seconds=seconds)[..., OCCASION_FEATURES.index("holiday")]
    weekend: dict[str, Bools] = {}
    free = shares >= 0.5
    for place, group in enumerate(groups):
        if group.zone not in weekend:
            weekend[group.zone] = on_weekend(local_seconds(told, group.zone), group.zone)
        free[place] |= weekend[group.zone]
    return free, places


def newest_of_kind(free: Bools, day: int) -> NDArray[np.int32]:
    """Give, for each step, the newest step at its time of day on a working day, and on a day off, itself included.

    Args:
        free: whether a step lies on a day off, shape (group, time).
        day: steps a day.

    Returns:
        -1 where there is none, shape (kind, group, time).
    """
    groups, steps = free.shape
    newest = np.full((2, groups, steps), -1, dtype=np.int32)
    for start in range(0, steps, day):
        part = slice(start, min(start + day, steps))
        itself = np.arange(part.start, part.stop, dtype=np.int32)
        before = newest[:, :, start - day : part.stop - day] if start else np.int32(-1)
        kinds = np.stack([~free[:, part], free[:, part]])
        newest[:, :, part] = np.where(kinds, itself, before)
    return newest
