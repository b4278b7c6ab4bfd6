"""Fewer points for drawing, never for computing: the least and the most of each stretch, and every gap.

What is drawn at one stretch a pixel or finer looks the same as all points (the M4 argument: Jugel, Jerzak,
Hackenbroich, Markl, VLDB 2014). tsdownsample does it faster, in Rust, but knows gaps only as points left out, which
joins lines across them; here 100,000 points take a millisecond as well.
"""

from __future__ import annotations

import numpy as np

from nettide.arrays import Floats, Ints

MOST_POINTS = 4000


def thinned(values: Floats, *, most: int = MOST_POINTS) -> Ints:
    """Give the places of the points to draw, ascending; all of them where there are no more than ``most``.

    Args:
        values: shape (time,); NaN is a gap, and of each stretch with one a NaN is among the points.
        most: points to draw, at least 3.
    """
    count = len(values)
    if count <= most:
        return np.arange(count, dtype=np.int64)
    width = -(-count // (most // 3))
    stretches = -(-count // width)
    padded = np.full(stretches * width, np.nan)
    padded[:count] = values
    grid = padded.reshape(stretches, width)
    unknown = np.isnan(grid)
    begin = np.arange(stretches, dtype=np.int64) * width
    least = begin + np.where(unknown, np.inf, grid).argmin(axis=1)
    most_at = begin + np.where(unknown, -np.inf, grid).argmax(axis=1)
    gap = begin + unknown.argmax(axis=1)  # the first unknown point, or the first point
    places: Ints = np.unique(np.concatenate([least, most_at, gap, [count - 1]]))
    return places[places < count]
