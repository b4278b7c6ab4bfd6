"""Many series forecast in one run, each as if it were alone: what one client asks must not move another's answer."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.forecast import Forecast
from nettide.models.calibration import (
    HALF_TRUSTED_PART,
    HALF_TRUSTED_SHIFT,
    HALF_TRUSTED_WIDTH,
    MOST_SHIFT,
    MOST_WIDTH,
    NARROWER,
    PARTS,
    SHIFT,
    WIDER,
    Adjustment,
    QuantilesOf,
    adapted_quantiles,
)
from nettide.panel import Panel


@runtime_checkable
class ForecastsApart(Protocol):
    """A model whose ``predict`` lets series tell of each other, and that can also leave that out."""

    def predict_apart(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast as ``predict`` would each series in a panel of its own.

        Raises:
            MismatchError: as ``predict``.
        """
        ...


def adapted_apart(
    panel: Panel, cutoffs: Ints, quantiles: QuantilesOf, *, horizon: int, levels: tuple[float, ...]
) -> Floats:
    """As ``calibration.adapted_quantiles``, but the errors of one series never adjust another.

    Args:
        panel: what is known; only steps up to each cutoff are used.
        cutoffs: index of the last seen step, shape (cutoff,).
        quantiles: of the model.
        horizon: steps ahead.
        levels: ascending and symmetric, the median among them.

    Returns:
        shape (series, cutoff, horizon, level).
    """
    return adapted_quantiles(
        panel, cutoffs, quantiles, horizon=horizon, levels=levels, judge=own_adjustment, pooled=False
    )


def own_adjustment(errors: Floats, *, level: float) -> Adjustment:
    """Judge each series by its own errors, as ``calibration.recent_adjustment`` does with a panel of it alone.

    Args:
        errors: signed errors, NaN where unknown, shape (series, cutoff, origin, horizon).
        level: nominal share below the lower edge of the band, as above the upper one.

    Returns:
        An adjustment of shape (series, cutoff, horizon).
    """
    horizon = errors.shape[3]
    whole, _ = _asked(errors, level=level)  # (move, series, cutoff)
    moves = np.repeat(whole[..., None], horizon, axis=-1)  # (move, series, cutoff, horizon)
    parts = np.array_split(np.arange(horizon), min(PARTS, horizon))
    for steps in parts if len(parts) > 1 else ():
        part, forecasts = _asked(errors[..., steps], level=level)
        trust = forecasts / (forecasts + HALF_TRUSTED_PART)  # (series, cutoff); 0 where the part is unknown
        moves[..., steps] += (trust * (part - whole))[..., None]
    return Adjustment(moves[0], np.exp(moves[1]), np.exp(moves[2]))


def _asked(errors: Floats, *, level: float) -> tuple[Floats, Ints]:
    """Give the moves that errors ask for, shape (move, series, cutoff), and from how many forecasts they come."""
    forecasts = (~np.isnan(errors)).any(axis=-1).sum(axis=-1)  # (series, cutoff)
    ordered = np.sort(errors.reshape(*errors.shape[:2], -1), axis=-1)  # unknown ones last
    counts = (~np.isnan(ordered)).sum(axis=-1)
    low, middle, high = (_quantile(ordered, counts, one) for one in (level, 0.5, 1 - level))
    trust = forecasts / (forecasts + HALF_TRUSTED_WIDTH)
    shift = np.clip(SHIFT * forecasts / (forecasts + HALF_TRUSTED_SHIFT) * middle, -MOST_SHIFT, MOST_SHIFT)
    logs = [np.log(np.clip(found, 1 / MOST_WIDTH, MOST_WIDTH)) for found in (shift - low, high - shift)]
    moves = [shift, *(trust * log * np.where(log > 0, WIDER, NARROWER) for log in logs)]
    return np.where(counts > 0, np.stack(moves), 0.0), forecasts


def _quantile(ordered: Floats, counts: Ints, level: float) -> Floats:
    """Give a quantile of the first ``counts`` values along the last axis, interpolated linearly; 0 of none."""
    place = level * np.maximum(counts - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(counts - 1, 0))
    low, high = (np.take_along_axis(ordered, one[..., None], axis=-1)[..., 0] for one in (below, above))
    return np.where(counts > 0, low + (high - low) * (place - below), 0.0)
