"""The seasonal part of a series by loess, and how it goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats

STEADY_WINDOW = 101  # cycles: as good as a fixed pattern
_JUMP = 10  # parts of a smoothing window that are evaluated; the rest is interpolated, as R does


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A series without its seasons.

    Args:
        values: trend and remainder, shape (time,).
        ahead: what the seasons add to each step ahead, shape (horizon,).
    """

    values: Floats
    ahead: Floats


def seen_seasons(steps: int, seasons: tuple[int, ...]) -> tuple[int, ...]:
    """Give the seasons of which a history of so many steps holds two."""
    return tuple(one for one in seasons if steps >= 2 * one)


def adjust(values: Floats, seasons: tuple[int, ...], *, horizon: int, steady: bool, kept: int = 0) -> Adjusted:
    """Take the seasons out and continue each as it was last.

    With every point evaluated the smoothing would take ten times as long for a forecast that is the same to a percent
    of the spread.

    Args:
        values: without gaps, shape (time,).
        seasons: periods in steps, each of which the values hold twice, ascending.
        horizon: steps ahead.
        steady: whether patterns are fixed; else they may move, as where a clock drifts.
        kept: a season that stays in the values, for a method that knows it itself; 0 for none.

    Source: Bandara, Hyndman and Bergmeir, MSTL, 2021; Cleveland et al., STL, 1990.
    """
    taken = tuple(one for one in seasons if one != kept)
    if not taken:
        return Adjusted(values, np.zeros(horizon))
    from statsforecast.mstl import mstl

    window = np.full(len(seasons), STEADY_WINDOW) if steady else None
    longest = seasons[-1]
    jumps = {
        "seasonal_jump": _JUMP if steady else 2,
        "low_pass_jump": max(1, longest // _JUMP),
        "trend_jump": max(1, 3 * longest // (2 * _JUMP)),
    }
    table = mstl(values, list(seasons), s_window=window, stl_kwargs=jumps)
    parts = [table["seasonal" if len(seasons) == 1 else f"seasonal{one}"].to_numpy() for one in taken]
    ahead = sum((np.resize(part[-one:], horizon) for part, one in zip(parts, taken, strict=True)), np.zeros(horizon))
    return Adjusted(values - np.sum(parts, axis=0), ahead)
