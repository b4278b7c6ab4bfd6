"""From a model's numbers to a Forecast: which value is the point, and quantiles in order."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conformance import daily_traffic, panel_of
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.errors import ForecastError
from nettide.forecast import LEVELS
from nettide.models.outcome import ascending, quantile_forecast

PANEL = panel_of(daily_traffic(2, 50))
CUTOFFS = np.array([30, 10])


def values(levels: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.sort(np.random.default_rng(0).random((2, 2, 3, levels)), axis=-1)


def test_the_point_is_the_median_and_times_are_those_of_the_cutoffs() -> None:
    found = quantile_forecast(PANEL, CUTOFFS, values(9))
    assert np.array_equal(found.point, found.quantile(0.5))
    assert found.cutoffs.tolist() == PANEL.seconds[CUTOFFS].tolist()
    assert (found.ids, found.units, found.step_seconds) == (PANEL.ids, PANEL.units, 3600)
    assert found.levels == LEVELS


def test_levels_may_be_others_with_the_median_among_them() -> None:
    made = values(3)
    assert np.array_equal(quantile_forecast(PANEL, CUTOFFS, made, levels=(0.05, 0.5, 0.95)).point, made[..., 1])


def test_without_levels_the_one_value_is_the_point() -> None:
    made = values(1)
    found = quantile_forecast(PANEL, CUTOFFS, made, levels=())
    assert np.array_equal(found.point, made[..., 0])
    assert found.quantiles.shape == (2, 2, 3, 0)


def test_values_that_do_not_fit_the_levels_are_refused() -> None:
    with pytest.raises(ForecastError, match="quantiles have shape"):
        quantile_forecast(PANEL, CUTOFFS, values(7))


@given(st.lists(st.floats(-9, 9, width=32), min_size=5, max_size=5), st.integers(0, 4))
@settings(derandomize=True, deadline=None)
def test_any_values_come_out_ascending_above_zero_with_their_median(row: list[float], middle: int) -> None:
    found = ascending(torch.tensor([row]), middle=middle)[0]
    assert (found.diff() >= 0).all()
    assert found.min() >= 0
    assert found[middle] == max(row[middle], 0.0)


def test_values_in_order_stay_as_they_are() -> None:
    row = torch.tensor([0.0, 1.0, 1.0, 4.0])
    assert torch.equal(ascending(row, middle=2), row)
