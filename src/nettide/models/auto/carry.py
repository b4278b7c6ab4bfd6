"""What the last forecasts of a series missed is carried over to the next, as far as that paid on the validation part.

The errors of most series are forgotten from one forecast to the next. Where they persist, as on a backbone link that
is forecast an hour ahead, some share of the last miss still holds.

Source: intercept correction, Clements and Hendry, Journal of Applied Econometrics 11, 1996; the share by the rule of
one standard error, Breiman et al., Classification and Regression Trees, 1984.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Bools, Floats
from nettide.forecast import LEVELS
from nettide.models.auto.side_by_side import known_mean, losses_of
from nettide.models.calibration import Adjustment, adjust, signed_errors

_MIDDLE = LEVELS.index(0.5)
_FADING = 0.5  # what a miss counts one horizon later
_FIRST = 1.0  # of one miss half is believed, of many all
_MOST = 2.0  # widths of the band that a forecast counts as having missed by
TOLD_BY = 4
"""Forecasts that tell nearly all of what was missed lately: 15 of 16 parts."""
_SHARES = np.arange(1, 9) / 10
_LEAST_FORECASTS = 28  # whose gain is compared with its own spread


@dataclass(frozen=True, slots=True, eq=False)
class Carry:
    """How much of what was missed lately is added to the next forecast.

    Args:
        own: share for each series that was fitted on, 0 ... 0.8, shape (series,).
        pooled: share for a series that was not seen.
    """

    own: Floats
    pooled: float

    @classmethod
    def none(cls, series: int) -> Carry:
        """Carry nothing over."""
        return cls(np.zeros(series), 0.0)


def lately_missed(errors: Floats) -> Floats:
    """Give what was missed lately, in widths of the band: now, and before each of the given forecasts.

    Args:
        errors: signed errors, newest forecast first, NaN where unknown, shape (series, origin, horizon).

    Returns:
        shape (series, origin + 1), now first; 0 where nothing is known.
    """
    series, count = errors.shape[:2]
    found, total, weight = np.zeros((series, count + 1)), np.zeros(series), np.zeros(series)
    told: Bools = np.logical_or.reduce(np.isfinite(errors), axis=2)  # (series, origin)
    missed = np.zeros((series, count))
    missed[told] = np.nanmedian(np.clip(errors[told], -_MOST, _MOST), axis=1)
    for origin in reversed(range(count)):
        found[:, origin + 1] = total / (weight + _FIRST)
        total, weight = _FADING * total + missed[:, origin], _FADING * weight + told[:, origin]
    found[:, 0] = total / (weight + _FIRST)
    return found


def carried(quantiles: Floats, missed: Floats) -> Floats:
    """Move forecasts by what was missed; a quantile at zero stays there, and none falls below.

    Args:
        quantiles: ascending, shape (series, cutoff, horizon, level).
        missed: in widths of the band on that side of the median, shape (series, cutoff).
    """
    shift = np.broadcast_to(missed[..., None], quantiles.shape[:-1])
    still = np.ones_like(shift)
    return adjust(quantiles, Adjustment(shift, still, still), middle=_MIDDLE)


def carry_that_pays(truth: Floats, mixture: Floats, sizes: Floats) -> Carry:
    """Find the share with the least loss on consecutive forecasts, less one standard error of what it gains.

    Args:
        truth: NaN where unknown, shape (series, cutoff, horizon).
        mixture: forecasts a horizon apart, oldest first, NaN where unknown, shape (series, cutoff, horizon, level).
        sizes: what an error of each series is measured in, positive, shape (series,).
    """
    series, cutoffs = truth.shape[:2]
    if cutoffs <= _LEAST_FORECASTS or not series:
        return Carry.none(series)
    errors = signed_errors(truth, mixture, middle=_MIDDLE)
    missed = lately_missed(errors[:, ::-1])[:, :0:-1]
    before = _losses(truth, mixture, sizes)
    gains = np.stack([before - _losses(truth, carried(mixture, one * missed), sizes) for one in _SHARES])
    return Carry(_best(gains), float(_best(known_mean(gains, axis=1)[:, None])[0]))


def _losses(truth: Floats, quantiles: Floats, sizes: Floats) -> Floats:
    """Give the mean loss of each forecast, shape (series, cutoff); NaN where nothing is known."""
    return known_mean(losses_of(truth, quantiles[None])[0], axis=2) / sizes[:, None]


def _best(gains: Floats) -> Floats:
    """Choose a share by its gains, NaN where unknown, shape (share, series, cutoff); 0 where none is convincing."""
    count = np.isfinite(gains).sum(axis=2)  # (share, series)
    mean = known_mean(gains, axis=2)
    spread = np.sqrt(known_mean((gains - mean[..., None]) ** 2, axis=2))
    sure = np.where(count >= _LEAST_FORECASTS, mean - spread / np.sqrt(np.maximum(count, 1)), -1.0)
    found: Floats = np.where(sure.max(axis=0) > 0, _SHARES[sure.argmax(axis=0)], 0.0)
    return found
