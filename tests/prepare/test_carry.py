"""Unknown values carried forward."""

from __future__ import annotations

import numpy as np

from nettide.prepare.carry import carried_forward


def test_a_series_without_a_known_value_stays_unknown() -> None:
    values = np.array([[np.nan, np.nan, 3.0, np.nan, 0.0, np.nan], [np.nan] * 6])
    np.testing.assert_array_equal(carried_forward(values), [[np.nan, np.nan, 3.0, 3.0, 0.0, 0.0], [np.nan] * 6])
