"""Forecasts of all members side by side: bands for each, mixtures and losses, some series at a time.

They are the largest thing an automatic forecaster holds, so they are kept in single precision, and what is made of
them on the way is made for a slice of the series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nettide.arrays import Floats
from nettide.forecast import LEVELS
from nettide.models.auto.mixture import pinball

Singles = NDArray[np.float32]
_LEVELS = np.array(LEVELS)
_MIDDLE = LEVELS.index(0.5)
_VALUES_AT_A_TIME = 4_000_000


def with_bands(points: Sequence[Floats], quantiles: Sequence[Floats | Singles]) -> Singles:
    """Give every member bands: one without takes the mean spread of the others around its own point.

    Args:
        points: of each member, shape (series, cutoff, horizon).
        quantiles: of each member, shape (series, cutoff, horizon, level), no level for a point model.

    Returns:
        shape (member, series, cutoff, horizon, level); NaN where a member says nothing.
    """
    found = np.empty((len(points), *points[0].shape, len(LEVELS)), dtype=np.float32)
    banded = [place for place, one in enumerate(quantiles) if one.shape[-1]]
    bare = [place for place, one in enumerate(quantiles) if not one.shape[-1]]
    for place in banded:
        found[place] = quantiles[place]
    for rows in _slices(len(points[0]), found[:, :1].size):
        if not bare:
            break
        spreads = found[banded, rows].astype(np.float64)
        spread = np.nan_to_num(known_mean(spreads - spreads[..., _MIDDLE, None], axis=0))
        for place in bare:
            found[place, rows] = np.maximum(points[place][rows, ..., None] + spread, 0.0)
    return found


def mixed(weights: Floats, quantiles: Floats | Singles) -> Floats:
    """Average the quantiles of the members that say something.

    Args:
        weights: shape (member, series), or of every forecast, (member, series, ...).
        quantiles: NaN where a member says nothing, shape (member, series, ..., level).

    Returns:
        shape (series, ..., level), NaN where none says anything.
    """
    found = np.empty(quantiles.shape[1:])
    wide = weights.reshape(*weights.shape, *[1] * (quantiles.ndim - weights.ndim))
    for rows in _slices(len(found), quantiles[:, :1].size):
        part = quantiles[:, rows]
        known = np.isfinite(part[..., _MIDDLE, None])
        total = np.where(known, wide[:, rows], 0.0).sum(axis=0)
        values = np.where(known, wide[:, rows] * np.nan_to_num(part), 0.0).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            average = np.where(total > 0, values / total, np.nan)
        found[rows] = np.maximum.accumulate(average, axis=-1)  # in order already, but for the rounding of sums
    return found


def losses_of(truth: Floats, quantiles: Floats | Singles) -> Floats:
    """Give the pinball loss of each forecast of each member.

    Args:
        truth: NaN where unknown, shape (series, ...).
        quantiles: shape (member, series, ..., level).

    Returns:
        shape (member, series, ...), NaN where truth or forecast is unknown.
    """
    found = np.empty(quantiles.shape[:-1])
    for member, one in enumerate(quantiles):
        for rows in _slices(len(truth), one[:1].size):
            found[member, rows] = pinball(truth[rows], one[rows].astype(np.float64), _LEVELS)
    return found


def known_mean(values: Floats, *, axis: int | tuple[int, ...]) -> Floats:
    """Give the mean of the known values, NaN where there are none."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    mean: Floats = np.where(count > 0, np.where(known, values, 0.0).sum(axis=axis) / np.maximum(count, 1), np.nan)
    return mean


def _slices(rows: int, values_each: int) -> Iterator[slice]:
    """Give slices of rows that hold so many values together that what is made of them stays small."""
    size = max(1, _VALUES_AT_A_TIME // max(1, values_each))
    for start in range(0, rows, size):
        yield slice(start, start + size)
