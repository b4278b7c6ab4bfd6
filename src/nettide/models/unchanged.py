"""Series that never change: what nothing moves goes on exactly, which a mixture or a network only nearly says."""

from __future__ import annotations

import math

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS

LOOKED_BACK_DAYS = 56
_LEAST_DAYS = 0.25
_LEAST_ZEROS, _LEAST_ZERO_DAYS = 12, 1  # known values, and what they span, after which zero has no band


def keep_unchanged(panel: Panel, cutoffs: Ints, quantiles: Floats, *, middle: int) -> None:
    """Move, in place, the forecasts of series that had not changed for eight weeks, or ever, so that they go on.

    Their medians are exactly the value, with the band of the model around it. But a band around zero would be a number
    in whatever unit: after a day (and a dozen values) of nothing but zeros all quantiles are zero.

    Args:
        panel: what is known; only steps up to each cutoff are used.
        cutoffs: index of the last seen step, shape (cutoff,).
        quantiles: ascending, shape (series, cutoff, horizon, level).
        middle: which level is the median.
    """
    day_steps = panel.steps_per(DAY_SECONDS)
    for place, cutoff in enumerate(cutoffs):
        past = panel.target[:, : cutoff + 1]
        constant = unchanged_values(past, day_steps=day_steps)
        rows = np.flatnonzero(np.isfinite(constant))
        quantiles[rows, place] = brought_back(quantiles[rows, place], constant[rows], middle=middle)
        zeros = np.flatnonzero(constant == 0)
        quantiles[zeros[_long_known(past[zeros], day_steps=day_steps)], place] = 0.0


def unchanged_values(past: Floats, *, day_steps: int) -> Floats:
    """Give the value of each series that has not changed for eight weeks, or ever; NaN for the others.

    Args:
        past: all up to the cutoff, NaN where unknown, shape (series, time).
        day_steps: steps a day.

    Returns:
        shape (series,); a quarter of a day (and four steps) must be known.
    """
    found = np.full(len(past), np.nan)
    least = least_seen(day_steps)
    lately, high, low = _extremes(past[:, -least:])
    rows = np.flatnonzero((lately == 0) | (high == low))  # the others have just changed
    count, high, low = _extremes(past[rows, -LOOKED_BACK_DAYS * day_steps :])
    found[rows] = np.where((count >= least) & (high == low), high, np.nan)
    return found


def brought_back(quantiles: Floats, medians: Floats, *, middle: int) -> Floats:
    """Move bands so that their medians are given values, at least 0.

    Args:
        quantiles: ascending, shape (series, step, level).
        medians: shape (series,).
        middle: which level is the median.
    """
    moved: Floats = np.maximum(quantiles - quantiles[..., middle, None] + medians[:, None, None], 0.0)
    moved[..., middle] = np.maximum(medians, 0.0)[:, None]
    return moved


def least_seen(day_steps: int) -> int:
    """Give how many steps must be known to call a series silent or constant."""
    return max(4, math.ceil(_LEAST_DAYS * day_steps))


def _long_known(past: Floats, *, day_steps: int) -> Bools:
    """Say which series are known at a dozen steps and over a day of the last eight weeks, shape (series,)."""
    known = np.isfinite(past[:, -LOOKED_BACK_DAYS * day_steps :])
    if not known.size:
        return np.zeros(len(past), dtype=np.bool_)
    span = known.shape[1] - known[:, ::-1].argmax(axis=1) - known.argmax(axis=1)  # steps, first and last included
    long: Bools = (known.sum(axis=1) >= _LEAST_ZEROS) & (span >= _LEAST_ZERO_DAYS * day_steps)
    return long


def _extremes(values: Floats) -> tuple[Ints, Floats, Floats]:
    """Give how many values are known, the largest and the smallest of them, each shape (series,)."""
    known = np.isfinite(values)
    high = np.where(known, values, -np.inf).max(axis=1, initial=-np.inf)
    low = np.where(known, values, np.inf).min(axis=1, initial=np.inf)
    return known.sum(axis=1), high, low
