"""Windows of a panel: one resident tensor, and batches gathered from it by (series, cutoff)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nettide.arrays import Floats
from nettide.errors import HistoryError
from nettide.models.known_future import KnownFuture
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS
from nettide.prepare.carry import carried_forward

ANCHORS = ("last", "day", "week", "weeks", "days", "mean")
"""What a target step may look like: the last value, the same time one day ago, one week ago, the median of four
level-adjusted weeks, the mean of seven days, the mean of the context."""
_WEEKS, _DAYS = 4, 7
_RECENT_STEPS = 24
_ROWS = 256  # series whose lags are computed at a time: few enough for the cache
_LARGEST = 1e30  # times the 600,000 scales that a forecast may reach, it is still a float32
_LEVEL_RATIO = 4.0  # a week is adjusted by at most this factor: beyond it, its level says nothing of today's


@dataclass(frozen=True, slots=True)
class Batch:
    """Raw windows; nothing in them but ``truth`` lies after the cutoff.

    Args:
        past: target within the context, NaN unknown, shape (batch, context).
        channels: other channels within the context, shape (batch, context, channel).
        last: last known target value at the cutoff, NaN if none, shape (batch, 1).
        anchors: shape (batch, horizon, anchor), NaN where unknown.
        recent: the last day beside the same times one week and one day before it, at up to 24 steps,
            NaN where unknown, shape (batch, step, 3).
        past_calendar: ``KNOWN_FEATURES``: the calendar of the last step of each patch, and the share of its steps in
            occasions, shape (batch, patch, feature).
        next_calendar: ``KNOWN_FEATURES``, shape (batch, horizon, feature).
        truth: target after the cutoff, NaN unknown, shape (batch, horizon).
        series: index of the series, shape (batch,).
    """

    past: Tensor
    channels: Tensor
    last: Tensor
    anchors: Tensor
    recent: Tensor
    past_calendar: Tensor
    next_calendar: Tensor
    truth: Tensor
    series: Tensor


def _flat(target: Floats, change: Callable[[Floats], Floats]) -> Tensor:
    """Change some series at a time; before the first step of each stands an unknown one, all in one dimension."""
    count, steps = target.shape
    flat = np.full((count, steps + 1), np.nan, dtype=np.float32)
    for start in range(0, count, _ROWS):
        flat[start : start + _ROWS, 1:] = change(target[start : start + _ROWS])
    return torch.from_numpy(flat).view(-1)


def _trailing_mean(values: Floats, length: int) -> Floats:
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


class Windows:
    """The windows of a panel, resident in memory once.

    Args:
        panel: one or thousands of series.
        context: steps of a window up to and with its cutoff.
        horizon: steps after the cutoff.
        channels: whether the other channels are gathered too.
        patch: of so many steps of the context, only the calendar of the last is gathered.

    Raises:
        HistoryError: a value is too large for float32 once it is scaled.
    """

    def __init__(self, panel: Panel, *, context: int, horizon: int, channels: bool, patch: int = 1) -> None:
        self.context, self.horizon, self.steps = context, horizon, panel.steps
        used = panel if channels else panel.only_target()
        _refuse_immense(used)
        target = panel.target
        self._day, self._week = panel.steps_per(DAY_SECONDS), panel.steps_per(WEEK_SECONDS)
        self._stride = panel.steps + 1
        self._target = _flat(target, lambda values: values)
        self._carried = _flat(target, carried_forward)
        self._level = _flat(target, lambda values: _trailing_mean(values, self._week))
        pad = ((0, 0), (context, horizon))
        padded = np.pad(target.astype(np.float32), pad, constant_values=np.nan)
        self._past = torch.from_numpy(padded).unfold(1, context, 1)  # (series, time + horizon + 1, context), a view
        self._truth = torch.from_numpy(padded[:, context:]).unfold(1, horizon, 1)  # (series, time + 1, horizon), a view
        self._others: Tensor | None = None
        if len(used.channels) > 1:
            others = np.pad(panel.values[:, :, 1:].astype(np.float32), (*pad, (0, 0)), constant_values=np.nan)
            self._others = torch.from_numpy(others).unfold(1, context, 1)  # (series, time, channel, context), a view
        self._known = KnownFuture(panel, context=context, horizon=horizon, patch=patch)
        ahead = torch.arange(1, horizon + 1)
        self._ahead = ahead
        self._days_back = torch.ceil(ahead / self._day).to(torch.int64)
        self._weeks_back = torch.ceil(ahead / self._week).to(torch.int64)

    def batch(self, series: Tensor, cutoff: Tensor) -> Batch:
        """Gather windows.

        Args:
            series: index of the series, int64, shape (batch,).
            cutoff: index of the last seen step, int64, shape (batch,).
        """
        at = cutoff + 1
        past = self._past[series, at]  # (batch, context)
        others = past.new_empty((*past.shape, 0))
        if self._others is not None:
            others = self._others[series, at].transpose(1, 2)  # (batch, context, channel)
        return Batch(
            past=past,
            channels=others,
            last=self._at(self._carried, series[:, None], cutoff[:, None]),
            anchors=self._anchors(series, cutoff, past),
            recent=self._recent(series, cutoff),
            past_calendar=self._known.past(series, cutoff),
            next_calendar=self._known.next(series, cutoff),
            truth=self._truth[series, at],
            series=series,
        )

    def _at(self, flat: Tensor, series: Tensor, step: Tensor) -> Tensor:
        """Give values at (series, step), NaN before the first step."""
        place = series * self._stride + (step + 1).clamp(min=0)
        return flat.index_select(0, place.view(-1)).view(place.shape)  # three times faster than flat[place]

    def _anchors(self, series: Tensor, cutoff: Tensor, past: Tensor) -> Tensor:
        row, end = series[:, None], cutoff[:, None]
        target = end + self._ahead  # (batch, horizon)
        last = self._at(self._carried, row, end).expand_as(target)
        day = self._at(self._carried, row, target - self._day * self._days_back)
        week = self._at(self._carried, row, target - self._week * self._weeks_back)
        back = self._weeks_back[:, None] + torch.arange(_WEEKS)  # (horizon, week)
        weeks = self._at(self._target, row[..., None], target[..., None] - self._week * back)
        # the k-th of them lies in the week that ended k weeks before the cutoff, at each step of the horizon
        levels = self._at(self._level, row, end - self._week * torch.arange(_WEEKS))[:, None]  # (batch, 1, week)
        now, then = levels[..., :1], levels
        ratio = torch.nan_to_num(now / then, nan=1.0, posinf=1.0).clamp(1 / _LEVEL_RATIO, _LEVEL_RATIO)
        weeks = _middle_mean(weeks * ratio)
        back = self._days_back[:, None] + torch.arange(_DAYS)
        days = self._at(self._target, row[..., None], target[..., None] - self._day * back).nanmean(-1)
        mean = past.nanmean(1, keepdim=True).expand_as(target)
        return torch.stack([last, day, week, weeks, days, mean], dim=-1)  # (batch, horizon, anchor)

    def _recent(self, series: Tensor, cutoff: Tensor) -> Tensor:
        length = max(self._day, min(_RECENT_STEPS, self._week))
        row, step = series[:, None], cutoff[:, None] - torch.arange(0, length, -(-length // _RECENT_STEPS))
        week, day = (self._at(self._carried, row, step - season) for season in (self._week, self._day))
        return torch.stack([self._at(self._target, row, step), week, day], dim=-1)


def _refuse_immense(panel: Panel) -> None:
    """Refuse values whose scaled forecasts could leave float32."""
    values = panel.values
    if max(np.fmax.reduce(values, None, initial=0.0), -np.fmin.reduce(values, None, initial=0.0)) < _LARGEST:
        return
    series, step, channel = np.argwhere(np.abs(values) >= _LARGEST)[0]
    raise HistoryError(
        f"series {panel.ids[series]!r} holds {values[series, step, channel]:g} in {panel.channels[channel].name!r} "
        f"at {panel.times[step]}Z, too large for a network (limit {_LARGEST:g}); give it in a larger unit"
    )


@dataclass(frozen=True, slots=True)
class WindowRanges:
    """Which (series, cutoff) pairs exist, as one range of cutoffs a series; no list of windows is ever made.

    Args:
        series: series that have windows, shape (range,).
        first: first cutoff of each, shape (range,).
        ends: windows up to and with each range, cumulated, shape (range,).
        stride: steps from one cutoff to the next.
    """

    series: Tensor
    first: Tensor
    ends: Tensor
    stride: int

    @property
    def count(self) -> int:
        """Number of windows."""
        return int(self.ends[-1]) if len(self.ends) else 0

    def pairs(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Give series and cutoff of windows by their number in 0 ... count - 1, each shape (batch,)."""
        place = torch.searchsorted(self.ends, numbers, right=True)
        before = torch.where(place > 0, self.ends[place - 1], 0)
        return self.series[place], self.first[place] + self.stride * (numbers - before)


def window_ranges(first: np.ndarray, last: np.ndarray, *, most: int | None = None) -> WindowRanges:
    """Make ranges of cutoffs, thinned evenly to about ``most`` windows.

    Args:
        first: first cutoff of each series, shape (series,).
        last: last cutoff of each series; before ``first`` where it has none, shape (series,).
        most: about how many windows to keep; None keeps all.
    """
    counts = np.maximum(last - first + 1, 0)
    stride = max(1, math.ceil(counts.sum() / most)) if most else 1
    if most and np.count_nonzero(counts) > most:  # not one of each series, all at their first cutoff
        skipped = -(np.cumsum(counts) - counts) % stride
        first, counts = first + skipped, np.maximum(counts - skipped, 0)
    counts = -(-counts // stride)
    keep = np.flatnonzero(counts)
    return WindowRanges(
        torch.from_numpy(keep.astype(np.int64)),
        torch.from_numpy(first[keep].astype(np.int64)),
        torch.from_numpy(np.cumsum(counts[keep]).astype(np.int64)),
        stride,
    )
