"""What a model's numbers become: quantiles in order, and a Forecast of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nettide.arrays import Floats, Ints
from nettide.forecast import LEVELS, Forecast
from nettide.panel import Panel

if TYPE_CHECKING:
    from torch import Tensor


def quantile_forecast(panel: Panel, cutoffs: Ints, values: Floats, *, levels: tuple[float, ...] = LEVELS) -> Forecast:
    """Make the forecast of a panel from what a model found; the point is the median.

    Args:
        panel: whose series are forecast.
        cutoffs: index of the last seen step, shape (cutoff,).
        values: quantiles at the levels, ascending, never negative, NaN where nothing can be said, shape
            (series, cutoff, horizon, level); of a point model the one value, shape (series, cutoff, horizon, 1).
        levels: which quantiles, 0.5 among them; empty for a point model.

    Raises:
        ForecastError: shapes disagree, quantiles cross, or a value is negative or infinite.
    """
    return Forecast(
        ids=panel.ids,
        units=panel.units,
        cutoffs=panel.seconds[cutoffs],
        step_seconds=panel.step_seconds,
        point=values[..., levels.index(0.5) if levels else 0],
        levels=levels,
        quantiles=values if levels else values[..., :0],
    )


def ascending(values: Tensor, *, middle: int) -> Tensor:
    """Hold quantiles above zero and, where rounding has crossed them, each to the one nearer the median.

    Args:
        values: shape (..., level).
        middle: place of the median, which stays as it is above zero.
    """
    import torch

    values = values.clamp(min=0.0)
    upper = values[..., middle:].cummax(-1).values
    lower = values[..., : middle + 1].flip(-1).cummin(-1).values.flip(-1)
    return torch.cat([lower, upper[..., 1:]], dim=-1)
