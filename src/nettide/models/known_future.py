"""Known future: calendar and occasions of every step a window may reach, kept once for series that share them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nettide.panel import Panel
from nettide.prepare.calendar import CALENDAR_FEATURES, calendar_features
from nettide.prepare.occasions import OCCASION_FEATURES, Shares, occasion_features, occasion_groups
from nettide.prepare.periods import told_seconds

KNOWN_FEATURES = (*CALENDAR_FEATURES, *OCCASION_FEATURES)


class KnownFuture:
    """What is known of steps before they come.

    The calendar is kept once a zone; occasions once for each set of them that concerns the same series of a zone,
    in half precision, so that thousands of links with maintenance windows of their own take little room.

    Args:
        panel: one or thousands of series.
        context: steps of a window up to and with its cutoff.
        horizon: steps after the cutoff.
        patch: steps of the context that are told of together: the calendar of the last, the occasions of all.
        clock: measured length of a day over its nominal length; calendar and occasions then run with the traffic, so
            that a holiday begins at the midnight that the traffic shows.
    """

    def __init__(self, panel: Panel, *, context: int, horizon: int, patch: int, clock: float = 1.0) -> None:
        told = told_seconds(panel, np.arange(-context, panel.steps + horizon, dtype=np.int64), clock=clock)
        step = panel.step_seconds / clock
        zones = sorted({one.zone for one in panel.series}) or ["UTC"]
        calendars = np.stack([calendar_features(told, zone) for zone in zones]).astype(np.float32)
        calendar = torch.from_numpy(calendars)  # (zone, context + time + horizon, feature)
        self._zone = torch.tensor([zones.index(one.zone) for one in panel.series], dtype=torch.int64)
        self._past_calendar = calendar.unfold(1, context, 1)[..., patch - 1 :: patch]
        self._next_calendar = calendar[:, context:].unfold(1, horizon, 1)
        groups, places = occasion_groups(panel)
        self._group = torch.from_numpy(places)
        ahead = _half(occasion_features(told[context:], groups, seconds=round(step)))
        begins = told[: len(told) - horizon] - round((patch - 1) * step)
        behind = _half(occasion_features(begins, groups, seconds=round(patch * step)))
        self._next_occasions = ahead.unfold(1, horizon, 1)
        self._past_occasions = behind.unfold(1, context, 1)[..., patch - 1 :: patch]

    def past(self, series: Tensor, cutoff: Tensor) -> Tensor:
        """Give ``KNOWN_FEATURES`` of the patches of windows, shape (batch, patch, feature)."""
        at = cutoff + 1
        return _side_by_side(self._past_calendar[self._zone[series], at], self._past_occasions[self._group[series], at])

    def next(self, series: Tensor, cutoff: Tensor) -> Tensor:
        """Give ``KNOWN_FEATURES`` of the steps after the cutoffs, shape (batch, horizon, feature)."""
        at = cutoff + 1
        return _side_by_side(self._next_calendar[self._zone[series], at], self._next_occasions[self._group[series], at])


def _side_by_side(calendar: Tensor, occasions: Tensor) -> Tensor:
    """Join features (batch, feature, step) to (batch, step, feature), which is how they lie in memory."""
    return torch.cat([calendar.transpose(1, 2), occasions.transpose(1, 2)], dim=-1)


def _half(shares: Shares) -> Tensor:
    return torch.from_numpy(shares.astype(np.float16))
