"""What the network is told beside the scaled target: errors of late, and other channels."""

from __future__ import annotations

import torch
from torch import Tensor

from nettide.models.scaling import window_scale

RECENT_FEATURES = 12
"""Numbers that ``recent_errors`` gives."""
_NEWEST = 3


def recent_errors(recent: Tensor) -> Tensor:
    """Say how far the last day was from its lags and habit: mean, mean size and newest differences.

    Args:
        recent: scaled values, lag of a week, lag of a day, habit of similar days, the newest step first, NaN where
            unknown, shape (batch, step, 4).

    Returns:
        shape (batch, 12): the means, the mean sizes and the means over the newest steps, of each of the three, and
        whether each is known; 0 where unknown.
    """
    error = recent[..., :1] - recent[..., 1:]  # (batch, step, lag)
    mean, size, newest = error.nanmean(1), error.abs().nanmean(1), error[:, :_NEWEST].nanmean(1)
    told = [torch.nan_to_num(one) for one in (mean, size, newest)]
    return torch.cat([*told, (~torch.isnan(mean)).float()], dim=-1)


def scaled_channels(channels: Tensor) -> Tensor:
    """Scale each other channel of each window by itself; unknown becomes 0, shape (batch, time, channel)."""
    batch, time_steps, count = channels.shape
    flat = channels.transpose(1, 2).reshape(batch * count, time_steps)
    scale = window_scale(flat, flat.new_zeros(len(flat), 1), scaling="robust", transform="asinh")
    return torch.nan_to_num(scale.apply(flat)).reshape(batch, count, time_steps).transpose(1, 2)
