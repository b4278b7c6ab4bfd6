"""Lags: what a target step may look like, read from the past of its own series, with the panel resident once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from nettide.arrays import Floats
from nettide.models.habits import Habits, level_ratio, rooted, unrooted
from nettide.panel import Panel
from nettide.prepare.carry import carried_forward
from nettide.prepare.periods import Periods

ANCHORS = ("last", "day", "week", "weeks", "days", "mean", "similar")
"""What a target step may look like: the last value, the same time one day ago, one week ago, the median of four
level-adjusted weeks, the mean of seven days, the mean of the context, the habit of similar days."""
_WEEKS, _DAYS = 4, 7
_RECENT_STEPS = 24
_ROWS = 256  # series whose lags are computed at a time: few enough for the cache


def resident(target: Floats, change: Callable[[Floats], Floats]) -> Tensor:
    """Change some series at a time; before the first step of each stands an unknown one, all in one dimension.

    Args:
        target: shape (series, time).
        change: what is made of some of its rows, of the same shape.

    Returns:
        float32, shape (series * (time + 1),).
    """
    count, steps = target.shape
    flat = np.full((count, steps + 1), np.nan, dtype=np.float32)
    for start in range(0, count, _ROWS):
        flat[start : start + _ROWS, 1:] = change(target[start : start + _ROWS])
    return torch.from_numpy(flat).view(-1)


def trailing_mean(values: Floats, length: int) -> Floats:
    """Give the mean of the known values among the last ``length`` steps, shape (series, time)."""
    known = ~np.isnan(values)
    sums = np.cumsum(np.where(known, values, 0.0), axis=1)
    counts = np.cumsum(known, axis=1, dtype=np.float64)
    for total in (sums, counts):
        total[:, length:] = total[:, length:] - total[:, :-length].copy()
    return np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)


def _middle_mean(values: Tensor) -> Tensor:
    """Give the median of the known values along the last axis, the mean of the middle two where even."""
    ordered = values.sort(-1).values  # NaN last
    known = (~torch.isnan(values)).sum(-1, keepdim=True)
    pair = torch.cat([(known - 1).clamp(min=0) // 2, known // 2], dim=-1)
    return ordered.gather(-1, pair.clamp(max=values.shape[-1] - 1)).mean(-1)


class Lags:
    """The target of a panel, ready to be looked up by (series, step).

    Args:
        panel: one or thousands of series.
        periods: the day and week in steps.
        horizon: steps ahead that are asked for at most.
    """

    def __init__(self, panel: Panel, periods: Periods, *, horizon: int) -> None:
        self.day, self.week = periods.day, periods.week
        self._stride = panel.steps + 1
        self.raw = resident(panel.target, lambda values: values)
        self.carried = resident(panel.target, carried_forward)
        self._by_kind = Habits(panel, periods, horizon=horizon)
        self._level, self._habit, self._habit_level = self._habits(panel)

    def _habits(self, panel: Panel) -> tuple[Tensor, Tensor, Tensor]:
        """Give the rooted level of the week up to each step, and ``Habits.smoothed``, resident."""
        made = [np.full((len(panel.series), panel.steps + 1), np.nan, dtype=np.float32) for _ in range(3)]
        for start in range(0, len(panel.series), _ROWS):
            rows = slice(start, start + _ROWS)
            target = rooted(panel.target[rows])
            levels = trailing_mean(target, self.week)
            for whole, part in zip(made, (levels, *self._by_kind.smoothed(target, levels, rows)), strict=True):
                whole[rows, 1:] = part
        level, habit, then = (torch.from_numpy(one).view(-1) for one in made)
        return level, habit, then

    def at(self, flat: Tensor, series: Tensor, step: Tensor) -> Tensor:
        """Give values of a resident tensor, NaN before the first step.

        Args:
            flat: what ``resident`` gave for this panel.
            series: index of the series, int64, broadcast against ``step``.
            step: index of the step, below the number of steps, int64.
        """
        place = series * self._stride + (step + 1).clamp(min=0)
        return flat.index_select(0, place.view(-1)).view(place.shape)  # three times faster than flat[place]

    def last(self, series: Tensor, cutoff: Tensor) -> Tensor:
        """Give the last known value at each cutoff, NaN if none, shape (batch, 1)."""
        return self.at(self.carried, series[:, None], cutoff[:, None])

    def anchors(self, series: Tensor, cutoff: Tensor, ahead: Tensor, mean: Tensor) -> Tensor:
        """Give ``ANCHORS`` of each target step, NaN where unknown.

        Args:
            series: index of the series, int64, shape (batch,).
            cutoff: index of the last seen step, int64, shape (batch,).
            ahead: steps from the cutoff to each target step, from 1, int64, shape (horizon,).
            mean: of the context, shape (batch, 1).

        Returns:
            shape (batch, horizon, anchor).
        """
        row, end = series[:, None], cutoff[:, None]
        target = end + ahead  # (batch, horizon)
        days_back, weeks_back = self._periods_back(ahead)
        last = self.at(self.carried, row, end).expand_as(target)
        day = self.at(self.carried, row, target - self.day * days_back)
        week = self.at(self.carried, row, target - self.week * weeks_back)
        back = weeks_back[:, None] + torch.arange(_WEEKS)  # (horizon, week)
        weeks = self.at(self.raw, row[..., None], target[..., None] - self.week * back)
        # the k-th of them lies in the week that ended k weeks before the cutoff, at each step of the horizon
        levels = self.at(self._level, row, end - self.week * torch.arange(_WEEKS))[:, None]  # (batch, 1, week)
        now, then = levels[..., :1], levels
        weeks = _middle_mean(weeks * unrooted(level_ratio(now, then)))
        back = days_back[:, None] + torch.arange(_DAYS)
        days = self.at(self.raw, row[..., None], target[..., None] - self.day * back).nanmean(-1)
        similar = self.similar(series, target, cutoff)
        return torch.stack([last, day, week, weeks, days, mean.expand_as(target), similar], dim=-1)

    def similar(self, series: Tensor, step: Tensor, cutoff: Tensor) -> Tensor:
        """Give the habit of days of the kind of each step, known at the cutoff and a day before the step.

        Args:
            series: index of the series, int64, shape (batch,).
            step: index of the step, before the cutoff or after it, int64, shape (batch, step).
            cutoff: index of the last seen step, int64, shape (batch,).

        Returns:
            At the level of the cutoff, NaN where no such day is known, shape (batch, step).
        """
        row, end = series[:, None], cutoff[:, None]
        found = self._by_kind.step_of(row, step, end)
        level = self.at(self._level, row, end)
        habit, then = self.at(self._habit, row, found), self.at(self._habit_level, row, found)
        return unrooted(habit * level_ratio(level, then))

    def shifted(self, flat: Tensor, series: Tensor, cutoff: Tensor, ahead: Tensor) -> Tensor:
        """Give the same time one week and one day ago, and the habit of similar days, moved by what is new, at least 0.

        What is new is read from a smoothed target: now, less the same at the same time of week or day, or the habit.

        Args:
            flat: a short trailing mean of the target, from ``resident``.
            series: index of the series, int64, shape (batch,).
            cutoff: index of the last seen step, int64, shape (batch,).
            ahead: steps from the cutoff to each target step, int64, shape (horizon,).

        Returns:
            shape (batch, horizon, 3), NaN where unknown.
        """
        row, end = series[:, None], cutoff[:, None]
        now = self.at(flat, row, end)
        moved = []
        days_back, weeks_back = self._periods_back(ahead)
        for steps in (self.week * weeks_back, self.day * days_back):
            then = self.at(self.carried, row, end + ahead - steps)
            moved.append((then + now - self.at(flat, row, end - steps)).clamp(min=0.0))
        usual = self.similar(series, torch.cat([end, end + ahead], dim=1), cutoff)
        moved.append((usual[:, 1:] + now - usual[:, :1]).clamp(min=0.0))
        return torch.stack(moved, dim=-1)

    def recent(self, series: Tensor, cutoff: Tensor) -> Tensor:
        """Give the last day beside the same times one week and one day before it, and beside similar days.

        Returns:
            shape (batch, step, 4), NaN where unknown.
        """
        length = max(self.day, min(_RECENT_STEPS, self.week))
        row, step = series[:, None], cutoff[:, None] - torch.arange(0, length, -(-length // _RECENT_STEPS))
        week, day = (self.at(self.carried, row, step - season) for season in (self.week, self.day))
        similar = self.similar(series, step, cutoff)
        return torch.stack([self.at(self.raw, row, step), week, day, similar], dim=-1)

    def _periods_back(self, ahead: Tensor) -> tuple[Tensor, Tensor]:
        """Give how many days and weeks back the same time is known, for each step ahead."""
        return torch.ceil(ahead / self.day).to(torch.int64), torch.ceil(ahead / self.week).to(torch.int64)
