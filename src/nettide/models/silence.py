"""Silence: a series that fell silent stays silent, as far as anyone knows."""

from __future__ import annotations

import numpy as np

from nettide.arrays import Bools, Floats
from nettide.models.unchanged import LOOKED_BACK_DAYS, least_seen

_KEPT_LEVELS = 0.85  # quantile levels above it stay, for a link that comes back


def fallen_silent(past: Floats, *, day_steps: int) -> Bools:
    """Say which series have been zero for longer than they ever were before, or always.

    Args:
        past: all up to the cutoff, NaN where unknown, shape (series, time); the last eight weeks are looked at.
        day_steps: steps a day.

    Returns:
        shape (series,): true after a quarter of a day (and four steps) of zeros, a quarter more than any run before,
        and where there has been nothing but zeros.
    """
    found = np.zeros(len(past), dtype=np.bool_)
    least = least_seen(day_steps)
    rows = np.flatnonzero(~(past[:, -least:] > 0).any(axis=1))  # the others cannot have been silent for so long
    recent = past[rows, -LOOKED_BACK_DAYS * day_steps :]
    if not recent.size:
        return found
    carried = recent > 0
    # zeros since the traffic before each step of traffic; an unknown step neither ends nor lengthens a run
    zeros = np.cumsum(recent == 0, axis=1)
    before = np.maximum.accumulate(np.where(carried, zeros, 0), axis=1)
    earlier = np.zeros_like(before)
    earlier[:, 1:] = before[:, :-1]
    longest = np.where(carried, zeros - earlier, 0).max(axis=1)
    run = zeros[:, -1] - before[:, -1]
    found[rows] = (run >= least) & (run > 1.25 * longest)
    return found


def silenced(quantiles: Floats, levels: Floats) -> Floats:
    """Give zero for all quantiles but the highest, which stay for a link that comes back.

    Args:
        quantiles: shape (..., level).
        levels: shape (level,).
    """
    return np.where(levels > _KEPT_LEVELS, quantiles, 0.0)
