"""Names of the array types that the signatures use."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Times: TypeAlias = NDArray[np.datetime64]
Weights: TypeAlias = NDArray[np.generic]
"""A tensor of a network as it is stored: any dtype safetensors knows, any shape."""
