"""Histories: what the pretrained network sees of a series, alike for every step from minutes to a day.

The past is told on two scales: seven days in slots of a twenty-fourth of a day, and the newest steps as they are.
So an hourly and a 5-minute series look alike, and one network reads both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nettide.arrays import Floats
from nettide.models.known_future import KNOWN_FEATURES, KnownFuture
from nettide.models.lags import ANCHORS, Lags, resident, trailing_mean
from nettide.models.windows import refuse_immense
from nettide.panel import Panel
from nettide.prepare.carry import carried_forward
from nettide.prepare.cycles import row_median
from nettide.prepare.periods import Periods

DAYS, SLOTS, FINE = 7, 24, 24
"""Days of the coarse past, its slots a day, and the newest steps of the fine past."""
HISTORY_ANCHORS = (*ANCHORS, "week_moved", "day_moved", "similar_moved")
META_FEATURES = 3
PLACE_FEATURES = 8
_POOL_SERIES = 256  # most series that tell what the whole panel does
_FAR = 50.0
_LONGEST = math.log(288.0)


@dataclass(frozen=True, slots=True)
class History:
    """A batch of raw histories; nothing in them but ``truth`` lies after the cutoff. NaN is unknown.

    Args:
        coarse: means of slots, shape (batch, day * slot).
        fine: newest steps, shape (batch, fine).
        fine_week: the same a week before, shape (batch, fine).
        fine_day: the same a day before, shape (batch, fine).
        last: last known value at the cutoff, shape (batch, 1).
        anchors: ``HISTORY_ANCHORS`` of each target step, shape (batch, horizon, anchor).
        fine_similar: what similar days bring then, shape (batch, fine).
        recent: the last day beside the weekly and the daily lag, and similar days, shape (batch, step, 4).
        companions: how far all series of the panel were from their week before, in each of the last slots, in
            scales of their own, shape (batch, slot).
        past_known: ``KNOWN_FEATURES`` of the days, shape (batch, day, feature).
        next_known: ``KNOWN_FEATURES`` of the target steps, shape (batch, horizon, feature).
        meta: length of a day in steps, whether there is a day, weeks of history, shape (batch, ``META_FEATURES``).
        place: how far ahead each target step lies, shape (horizon, ``PLACE_FEATURES``).
        truth: shape (batch, horizon).
    """

    coarse: Tensor
    fine: Tensor
    fine_week: Tensor
    fine_day: Tensor
    fine_similar: Tensor
    last: Tensor
    anchors: Tensor
    recent: Tensor
    companions: Tensor
    past_known: Tensor
    next_known: Tensor
    meta: Tensor
    place: Tensor
    truth: Tensor


class Histories:
    """The histories of a panel, resident in memory once.

    Args:
        panel: one or thousands of series; its target alone is used.
        horizon: most steps ahead.
        periods: the day and week in steps.
        apart: whether each series is seen as if the panel had no other.

    Raises:
        HistoryError: a value is too large for float32 once it is scaled.
    """

    def __init__(self, panel: Panel, *, horizon: int, periods: Periods, apart: bool = False) -> None:
        panel = panel.only_target()
        refuse_immense(panel)
        target = panel.target
        self.slot = max(1, round(periods.day / SLOTS))
        self.context = DAYS * SLOTS * self.slot
        self._periods, self._steps = periods, panel.steps
        self._lags = Lags(panel, periods, horizon=horizon)
        raw = self._lags.raw
        self._slots = raw if self.slot == 1 else resident(target, lambda values: trailing_mean(values, self.slot))
        smooth = max(2, self.slot)
        self._smooth = resident(target, lambda values: trailing_mean(values, smooth))
        self._known = KnownFuture(
            panel, context=self.context, horizon=horizon, patch=SLOTS * self.slot, clock=periods.clock
        )
        if apart:
            changes = own_changes(panel.target, periods, self.slot)
        else:
            changes = companion_changes(panel, periods, self.slot)[None]
        self._companions = torch.from_numpy(changes.astype(np.float32))  # (1 or series, time + 1)
        known = ~np.isnan(target)
        self.first = np.where(known.any(axis=1), known.argmax(axis=1), panel.steps)
        self._first = torch.from_numpy(self.first)

    def batch(self, series: Tensor, cutoff: Tensor, ahead: Tensor) -> History:
        """Gather histories.

        Args:
            series: index of the series, int64, shape (batch,).
            cutoff: index of the last seen step, int64, shape (batch,).
            ahead: steps from the cutoff to each target step, from 1 to the horizon, int64, shape (horizon,).
        """
        lags, row, end = self._lags, series[:, None], cutoff[:, None]
        slots = torch.arange(DAYS * SLOTS - 1, -1, -1) * self.slot
        coarse = lags.at(self._slots, row, end - slots)
        newest = end - torch.arange(FINE - 1, -1, -1)
        target = end + ahead
        truth = lags.at(lags.raw, row, target.clamp(max=self._steps - 1))
        mean = coarse.nanmean(1, keepdim=True)
        moved = lags.shifted(self._smooth, series, cutoff, ahead)
        return History(
            coarse=coarse,
            fine=lags.at(lags.raw, row, newest),
            fine_week=lags.at(lags.carried, row, newest - lags.week),
            fine_day=lags.at(lags.carried, row, newest - lags.day),
            fine_similar=lags.similar(series, newest, cutoff),
            last=lags.last(series, cutoff),
            anchors=torch.cat([lags.anchors(series, cutoff, ahead, mean), moved], dim=-1),
            recent=lags.recent(series, cutoff),
            companions=self._companions[
                row if len(self._companions) > 1 else 0,
                (end - torch.arange(SLOTS - 1, -1, -1) * self.slot + 1).clamp(min=0),
            ],
            past_known=self._known.past(series, cutoff),
            next_known=self._known.next(series, cutoff)[:, ahead - 1],
            meta=self._meta(series, cutoff),
            place=self._place(ahead),
            truth=torch.where(target < self._steps, truth, torch.nan),
        )

    def _meta(self, series: Tensor, cutoff: Tensor) -> Tensor:
        day = self._periods.day
        weeks = ((cutoff - self._first[series]).float() / self._periods.week).clamp(0.0, 5.0) / 5.0
        length = torch.full_like(weeks, math.log(day) / _LONGEST)
        return torch.stack([length, torch.full_like(weeks, float(day < 2)), weeks], dim=-1)

    def _place(self, ahead: Tensor) -> Tensor:
        steps, days = ahead.float(), ahead.float() / self._periods.day
        fading = [torch.exp(-days * rate) for rate in (12.0, 4.0, 1.0)]
        near = [torch.log(steps) / 5.8, 1 / steps, torch.log1p(days)]
        return torch.stack([*near, *fading, days / 7, (steps < 2).float()], dim=-1)  # (horizon, feature)


def companion_changes(panel: Panel, periods: Periods, slot: int) -> Floats:
    """Say what a whole panel does: the median, over series, of each step's distance from the week before.

    Distances are in mean absolute deviations of the week before each step, through asinh. A holiday or an outage
    of all links shows here though each link by itself is noisy.

    Args:
        panel: at most 256 of its series, chosen by their ids, are looked at.
        periods: the day and week in steps.
        slot: steps that are averaged.

    Returns:
        shape (time + 1,), NaN where unknown; the first stands before the first step.
    """
    by_id = sorted(range(len(panel.series)), key=panel.ids.__getitem__)
    values = panel.target[by_id[:: -(-len(by_id) // _POOL_SERIES) or 1]]
    if panel.steps <= periods.week or not len(values):
        return np.full(panel.steps + 1, np.nan)
    return row_median(own_changes(values, periods, slot).T)


def own_changes(values: Floats, periods: Periods, slot: int) -> Floats:
    """Give what ``companion_changes`` takes the median of.

    Args:
        values: shape (series, time).
        periods: the day and week in steps.
        slot: steps that are averaged.

    Returns:
        shape (series, time + 1), NaN where unknown.
    """
    changes = np.full((values.shape[0], values.shape[1] + 1), np.nan)
    if values.shape[1] <= periods.week:
        return changes
    level = trailing_mean(carried_forward(values), slot)
    usual = trailing_mean(values, periods.week)
    spread = trailing_mean(np.abs(values - usual), periods.week)
    least = 1e-6 * trailing_mean(np.abs(values), periods.week)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = (level[:, periods.week :] - level[:, : -periods.week]) / spread[:, periods.week :]
        distance = np.where(spread[:, periods.week :] > least[:, periods.week :], distance, np.nan)
    changes[:, periods.week + 1 :] = np.arcsinh(np.clip(distance, -_FAR, _FAR))
    return changes


KNOWN_COUNT = len(KNOWN_FEATURES)
