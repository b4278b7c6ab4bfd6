"""What a boosted tree is told of each window and target step, in the scaled space of its window."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nettide.models.features import RECENT_FEATURES, recent_errors
from nettide.models.known_future import KNOWN_FEATURES
from nettide.models.lags import ANCHORS
from nettide.models.scaling import Scale, window_scale
from nettide.models.windows import Batch

_LAST = 6  # newest values given one by one
_LATE = (1, 3, 6)  # newest steps over which errors of the lags are averaged
_DAY_LAGS = 7
_GRID = 4096.0  # features are rounded to its inverse: the same traffic in another unit falls on the same side of splits
_FAR = 1e4
_NEAR = [ANCHORS.index(one) for one in ("day", "week", "weeks", "days")]  # smoothed over neighbouring steps too
_SEASONAL = [ANCHORS.index(one) for one in ("day", "weeks", "days", "similar")]  # the last within days alone
_SHAPE = 7


@dataclass(frozen=True, slots=True)
class Rows:
    """Some windows as trees see them, one row a target step.

    Args:
        features: NaN where unknown, shape (batch, horizon, feature).
        base: what the step would be by its anchors; trees learn what is added, shape (batch, horizon).
        scale: of each window.
    """

    features: Tensor
    base: Tensor
    scale: Scale


def rows_of(batch: Batch, *, day: int) -> Rows:
    """Describe each target step of a batch of windows.

    Args:
        batch: raw windows.
        day: steps a day.
    """
    scale = window_scale(batch.past, torch.nan_to_num(batch.last), scaling="robust", transform="asinh")
    past, anchors = scale.apply(batch.past), scale.apply(batch.anchors)  # (batch, context), (batch, horizon, anchor)
    base = _base(anchors, day)
    horizon = anchors.shape[1]
    lags = _day_lags(past, horizon, day)  # (batch, horizon, lag)
    near = _neighbours(anchors[..., _NEAR])  # (batch, horizon, anchor)
    window = _window_features(past, scale.apply(batch.recent), day)
    number = torch.arange(1.0, horizon + 1).expand(len(past), horizon)
    parts = [
        number[..., None],
        base[..., None],
        anchors - base[..., None],
        near - base[..., None],
        lags - base[..., None],
        batch.next_calendar,
        window[:, None].expand(-1, horizon, -1),
    ]
    features = torch.cat(parts, dim=-1).clamp(-_FAR, _FAR)
    return Rows(torch.round(features * _GRID) / _GRID, base, scale)


def feature_count(*, context: int, day: int) -> int:
    """Say how many features ``rows_of`` gives.

    Args:
        context: steps of a window.
        day: steps a day.
    """
    anchors = 2 + len(ANCHORS) + len(_NEAR) + _lag_count(context, day) + len(KNOWN_FEATURES)
    return anchors + _LAST + len(_mean_lengths(context, day)) + 3 * len(_LATE) + RECENT_FEATURES + _SHAPE


def _lag_count(context: int, day: int) -> int:
    return min(_DAY_LAGS, context // day) if day > 1 else 0


def _mean_lengths(context: int, day: int) -> list[int]:
    """Give the lengths over which the newest values are averaged, ascending."""
    return sorted({min(one, context) for one in (3, 8, max(1, day // 2), day, 2 * day, context)})


def _base(anchors: Tensor, day: int) -> Tensor:
    """Give the mean of the known seasonal anchors, of all known ones where there are none; 0 without any."""
    seasonal = anchors[..., _SEASONAL if day > 1 else _SEASONAL[:-1]].nanmean(-1)
    return torch.nan_to_num(torch.where(torch.isnan(seasonal), anchors.nanmean(-1), seasonal))


def _neighbours(anchors: Tensor) -> Tensor:
    """Give the mean of the known anchors of the step before, the step itself and the step after."""
    padded = torch.nn.functional.pad(anchors, (0, 0, 1, 1), value=torch.nan)
    return torch.stack([padded[:, :-2], anchors, padded[:, 2:]]).nanmean(0)


def _day_lags(past: Tensor, horizon: int, day: int) -> Tensor:
    """Give the same time on each of up to seven days before, as far as the context holds it."""
    context = past.shape[1]
    lags = torch.arange(1, _lag_count(context, day) + 1)
    place = context - 1 + torch.arange(1, horizon + 1)[:, None] - day * lags  # (horizon, lag)
    values = past[:, place.clamp(0, context - 1)]
    return torch.where((place >= 0) & (place < context), values, torch.nan)  # beyond a day not all is known


def _window_features(past: Tensor, recent: Tensor, day: int) -> Tensor:
    """Give what is the same for all steps of a window, shape (batch, feature)."""
    context = past.shape[1]
    last = torch.nn.functional.pad(past[:, -_LAST:], (max(0, _LAST - context), 0), value=torch.nan)
    means = torch.stack([past[:, -one:].nanmean(1) for one in _mean_lengths(context, day)], dim=-1)
    newest = past[:, -max(2, min(day, context)) :]
    known = ~torch.isnan(newest)
    high = torch.where(known, newest, -torch.inf).amax(1)
    low = torch.where(known, newest, torch.inf).amin(1)
    error = recent[..., :1] - recent[..., 1:]  # (batch, step, lag)
    late = torch.cat([error[:, :one].nanmean(1) for one in _LATE], dim=-1)
    shape = torch.stack(
        [
            (newest - newest.nanmean(1, keepdim=True)).abs().nanmean(1),
            (newest[:, 1:] - newest[:, :-1]).abs().nanmean(1),
            torch.where(torch.isinf(high), torch.nan, high),
            torch.where(torch.isinf(low), torch.nan, low),
            known.float().mean(1),
            (~torch.isnan(past)).float().mean(1),
            past.nanmean(1),
        ],
        dim=-1,
    )
    return torch.cat([last, means, late, recent_errors(recent), shape], dim=-1)
