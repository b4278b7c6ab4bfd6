"""What the network is told beside the scaled target: errors of late, and other channels."""

from __future__ import annotations

import torch
from torch import Tensor

from nettide.models.scaling import window_scale

RECENT_FEATURES = 6
"""Numbers that ``recent_errors`` gives."""


def recent_errors(recent: Tensor) -> Tensor:
    """Say how far the last day was from the weekly and the daily lag: mean, and mean size, of the differences.

    Args:
        recent: scaled values, lag of a week, lag of a day, NaN where unknown, shape (batch, step, 3).

    Returns:
        shape (batch, 6): both means, both mean sizes, and whether each lag is known; 0 where unknown.
    """
    error = recent[..., :1] - recent[..., 1:]  # (batch, step, lag)
    mean, size = error.nanmean(1), error.abs().nanmean(1)
    return torch.cat([torch.nan_to_num(mean), torch.nan_to_num(size), (~torch.isnan(mean)).float()], dim=-1)


def scaled_channels(channels: Tensor) -> Tensor:
    """Scale each other channel of each window by itself; unknown becomes 0, shape (batch, time, channel)."""
    batch, time_steps, count = channels.shape
    flat = channels.transpose(1, 2).reshape(batch * count, time_steps)
    scale = window_scale(flat, flat.new_zeros(len(flat), 1), scaling="robust", transform="asinh")
    return torch.nan_to_num(scale.apply(flat)).reshape(batch, count, time_steps).transpose(1, 2)
