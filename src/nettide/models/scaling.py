"""Scaling of windows: a location and scale of their own, or of their series, and a shape that tames bursts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

ScalingName = Literal["robust", "standard", "min-max", "none"]
TransformName = Literal["asinh", "log", "none"]

_LARGEST = 14.0  # sinh(14) is 600,000 scales: no forecast needs more, and float32 holds it
_SMALLEST = 1e-6  # a deviation below this share of the largest value is rounding, not variation


@dataclass(frozen=True, slots=True)
class Scale:
    """Location and scale of a batch of windows.

    Args:
        location: shape (batch, 1).
        scale: positive, shape (batch, 1).
        transform: what is done after (y - location) / scale.
    """

    location: Tensor
    scale: Tensor
    transform: TransformName

    def apply(self, values: Tensor) -> Tensor:
        """Scale raw values, shape (batch, ...); NaN stays NaN."""
        shape = (len(values),) + (1,) * (values.dim() - 1)
        scaled = (values - self.location.view(shape)) / self.scale.view(shape)
        if self.transform == "asinh":
            return _asinh(scaled)
        if self.transform == "log":
            return torch.sign(scaled) * torch.log1p(scaled.abs())
        return scaled

    def invert(self, scaled: Tensor) -> Tensor:
        """Undo ``apply``, shape (batch, ...); far outside the window's values it is bounded, never infinite."""
        shape = (len(scaled),) + (1,) * (scaled.dim() - 1)
        if self.transform == "asinh":
            scaled = torch.sinh(scaled.clamp(-_LARGEST, _LARGEST))
        elif self.transform == "log":
            bounded = scaled.clamp(-_LARGEST, _LARGEST)
            scaled = torch.sign(bounded) * torch.expm1(bounded.abs())
        return self.location.view(shape) + self.scale.view(shape) * scaled


def _asinh(values: Tensor) -> Tensor:
    """Give asinh to the rounding of float32, six times faster than torch.asinh; beyond 1e18 it stays at 42."""
    size = values.abs().clamp(max=1e18)  # whose square is a float32
    return torch.log1p(size + size * size / (1 + torch.sqrt(1 + size * size))).copysign(values)


def _median(rows: Tensor, count: Tensor) -> Tensor:
    """Give what torch.nanmedian gives, the lower one of two, up to eight times faster.

    NumPy 2 sorts by vector instructions where the processor has them.

    Args:
        rows: NaN where unknown, shape (batch, time).
        count: known values of each row, at least 1, shape (batch, 1).

    Returns:
        shape (batch, 1); NaN where nothing is known.
    """
    ascending = torch.from_numpy(np.sort(rows.numpy(), axis=1))  # NaN last
    return ascending.gather(1, (count - 1) // 2)


def window_scale(window: Tensor, fallback: Tensor, *, scaling: ScalingName, transform: TransformName) -> Scale:
    """Give each window its own location and scale from its known values.

    ``robust`` is the median and the mean absolute deviation from it; ``standard`` mean and standard deviation.
    A window that does not vary is scaled by its size, a window of zeros by one. So a panel times 1e12 or
    1e-12 looks the same to the network.

    Args:
        window: raw values, NaN where unknown, shape (batch, time).
        fallback: location of a window without known values, shape (batch, 1).
        scaling: ``robust`` or ``standard``.
        transform: kept in the result.
    """
    known = ~torch.isnan(window)
    count = known.sum(1, keepdim=True)
    empty = count == 0
    count = count.clamp(min=1)
    filled = torch.where(known, window, 0.0)
    location = _median(window, count) if scaling == "robust" else filled.sum(1, keepdim=True) / count
    location = torch.where(empty, fallback, location)
    deviation = torch.where(known, window - location, 0.0)
    if scaling == "robust":
        spread = deviation.abs().sum(1, keepdim=True) / count
    else:
        # divided by the largest first: squares of 1e-30 or 1e30 leave float32
        most = deviation.abs().amax(1, keepdim=True)
        unit = torch.where(most > 0, most, 1.0)
        spread = unit * ((deviation / unit).square().sum(1, keepdim=True) / count).sqrt()
    largest = torch.maximum(filled.abs().amax(1, keepdim=True), torch.where(empty, location.abs(), 0.0))
    spread = torch.where(spread > _SMALLEST * largest, spread, largest)
    return Scale(location, torch.where(spread > 0, spread, 1.0), transform)
