"""Bands of boosted trees: nine quantiles from the few that trees learn, held to what the validation part showed."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from nettide.arrays import Floats
from nettide.forecast import LEVELS

TAUGHT = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Levels that trees learn; those between follow from their neighbours."""
_MIDDLE = LEVELS.index(0.5)
_LEAST_FACTOR, _MOST_FACTOR = 0.5, 3.0


def _mix() -> Floats:
    """Give the weight of each learned level in each level, shape (taught level, level)."""
    places = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    known = np.array([NormalDist().inv_cdf(level) for level in TAUGHT])
    return np.stack([np.interp(places, known, one) for one in np.eye(len(TAUGHT))])


_MIX = _mix()


def all_levels(taught: Floats, widths: Floats) -> Floats:
    """Give all levels from those that were learned: between two of them by the normal distribution's spacing.

    Args:
        taught: ascending, shape (row, taught level).
        widths: factor on the distance of each level from the median, shape (level,).
    """
    values = taught @ _MIX
    median = values[:, _MIDDLE : _MIDDLE + 1]
    return np.sort(median + (values - median) * widths, axis=1)


def band_factors(truth: Floats, levels: Floats) -> Floats:
    """Give the factor on each distance from the median with which each level held on the validation part.

    Source: conformalised quantile regression, Romano, Patterson and Candès, NeurIPS 2019, by ratio, not by difference.

    Args:
        truth: shape (row,).
        levels: ascending, shape (row, level).
    """
    factors = np.ones(len(LEVELS))
    error = truth - levels[:, _MIDDLE]
    for place, level in enumerate(LEVELS):
        distance = levels[:, place] - levels[:, _MIDDLE]
        wide = np.abs(distance) > 1e-9
        if place != _MIDDLE and wide.any():
            ratio = error[wide] / distance[wide]
            factors[place] = np.clip(np.quantile(ratio, max(level, 1 - level)), _LEAST_FACTOR, _MOST_FACTOR)
    return factors
