"""Windows of a panel: one resident tensor, and batches gathered from it by (series, cutoff)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nettide.errors import HistoryError
from nettide.models.known_future import KnownFuture
from nettide.models.lags import Lags
from nettide.panel import Panel
from nettide.prepare.periods import Periods, nominal_periods

_LARGEST = 1e30  # times the 600,000 scales that a forecast may reach, it is still a float32


@dataclass(frozen=True, slots=True)
class Batch:
    """Raw windows; nothing in them but ``truth`` lies after the cutoff.

    Args:
        past: target within the context, NaN unknown, shape (batch, context).
        channels: other channels within the context, shape (batch, context, channel).
        last: last known target value at the cutoff, NaN if none, shape (batch, 1).
        anchors: shape (batch, horizon, anchor), NaN where unknown.
        recent: the last day beside the same times one week and one day before it, and similar days, at up to 24
            steps, NaN where unknown, shape (batch, step, 4).
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


class Windows:
    """The windows of a panel, resident in memory once.

    Args:
        panel: one or thousands of series.
        context: steps of a window up to and with its cutoff.
        horizon: steps after the cutoff.
        channels: whether the other channels are gathered too.
        patch: of so many steps of the context, only the calendar of the last is gathered.
        periods: the day and week in steps; None takes what the step says.

    Raises:
        HistoryError: a value is too large for float32 once it is scaled.
    """

    def __init__(
        self,
        panel: Panel,
        *,
        context: int,
        horizon: int,
        channels: bool,
        patch: int = 1,
        periods: Periods | None = None,
    ) -> None:
        self.context, self.horizon, self.steps = context, horizon, panel.steps
        used = panel if channels else panel.only_target()
        refuse_immense(used)
        target = panel.target
        periods = periods or nominal_periods(panel)
        self._lags = Lags(panel, periods, horizon=horizon)
        pad = ((0, 0), (context, horizon))
        padded = np.pad(target.astype(np.float32), pad, constant_values=np.nan)
        self._past = torch.from_numpy(padded).unfold(1, context, 1)  # (series, time + horizon + 1, context), a view
        self._truth = torch.from_numpy(padded[:, context:]).unfold(1, horizon, 1)  # (series, time + 1, horizon), a view
        self._others: Tensor | None = None
        if len(used.channels) > 1:
            others = np.pad(panel.values[:, :, 1:].astype(np.float32), (*pad, (0, 0)), constant_values=np.nan)
            self._others = torch.from_numpy(others).unfold(1, context, 1)  # (series, time, channel, context), a view
        self._known = KnownFuture(panel, context=context, horizon=horizon, patch=patch, clock=periods.clock)
        self._ahead = torch.arange(1, horizon + 1)

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
            last=self._lags.last(series, cutoff),
            anchors=self._lags.anchors(series, cutoff, self._ahead, past.nanmean(1, keepdim=True)),
            recent=self._lags.recent(series, cutoff),
            past_calendar=self._known.past(series, cutoff),
            next_calendar=self._known.next(series, cutoff),
            truth=self._truth[series, at],
            series=series,
        )


def refuse_immense(panel: Panel) -> None:
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
