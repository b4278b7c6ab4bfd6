"""Unknown values replaced by the last known one before."""

from __future__ import annotations

import numpy as np

from nettide.arrays import Floats


def carried_forward(values: Floats) -> Floats:
    """Replace unknown values by the last known one before; NaN stays before the first, shape (..., time)."""
    place = np.where(np.isnan(values), 0, np.arange(values.shape[-1]))
    np.maximum.accumulate(place, axis=-1, out=place)
    return np.asarray(np.take_along_axis(values, place, axis=-1), dtype=np.float64)
