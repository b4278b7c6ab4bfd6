"""What a fit sees of a series: its last known steps without gaps, transformed, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats
from nettide.models.statistical.config import TransformName

_DECIMALS = 9  # of what is fitted: rounding in another unit must not lead an optimiser elsewhere
_SMALL_SHARE = 0.1  # of the mean: below it the log is about linear
_MOST_GROWTH = 10.0


def filled(values: Floats, seasons: tuple[int, ...]) -> Floats:
    """Close gaps by what came before: the same time a longest season ago, else a shorter one, else the value before.

    Args:
        values: NaN where unknown, shape (time,).
        seasons: periods in steps, ascending.

    Returns:
        From the first known value on, shape (known,); empty without any.
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return values[:0]
    found = values[known[0] :].copy()
    longest_first = (*reversed(seasons), 1)
    for place in np.flatnonzero(np.isnan(found)):
        found[place] = found[place - next(one for one in longest_first if one <= place)]
    return found


@dataclass(frozen=True, slots=True)
class Transform:
    """A monotone map of traffic to what a fit with additive errors can stand.

    Args:
        kind: log, asinh or none.
        centre: what becomes zero.
        spread: what is linear about it, above zero.
        most: largest value that the way back gives.
    """

    kind: TransformName
    centre: float
    spread: float
    most: float

    @staticmethod
    def of(values: Floats, kind: TransformName) -> Transform:
        """Choose centre and spread by the values alone, all known, shape (time,)."""
        centre, share = (float(np.median(values)), 1.0) if kind == "asinh" else (0.0, 1.0)
        if kind == "log":
            share = _SMALL_SHARE
        spread = share * float(np.mean(np.abs(values - centre)))
        most = _MOST_GROWTH * float(values.max())
        return Transform(kind, centre, spread if spread > 0 and math.isfinite(spread) else 1.0, most)

    def apply(self, values: Floats) -> Floats:
        """Map traffic, shape (...)."""
        scaled = (values - self.centre) / self.spread
        if self.kind == "log":
            scaled = np.log1p(np.maximum(scaled, 0.0))
        elif self.kind == "asinh":
            scaled = np.arcsinh(scaled)
        return np.round(scaled, _DECIMALS)

    def back(self, mapped: Floats) -> Floats:
        """Map back; never negative, and at most ten times what the fit has seen."""
        with np.errstate(over="ignore"):  # held to the most right after
            if self.kind == "log":
                mapped = np.expm1(mapped)
            elif self.kind == "asinh":
                mapped = np.sinh(mapped)
            return np.clip(mapped * self.spread + self.centre, 0.0, self.most)
