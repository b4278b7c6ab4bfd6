from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.studio.thinning import thinned


def test_few_points_are_all_drawn() -> None:
    assert thinned(np.array([3.0, np.nan, 1.0])).tolist() == [0, 1, 2]


def test_a_single_spike_among_a_hundred_thousand_points_is_drawn() -> None:
    values = np.zeros(100_000)
    values[61_803] = 9.0
    places = thinned(values, most=1000)
    assert 61_803 in places
    assert len(places) <= 1010


def test_a_single_gap_breaks_the_line() -> None:
    values = np.arange(50_000.0)
    values[12_345] = np.nan
    assert np.isnan(values[thinned(values, most=600)]).sum() == 1


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan"))), min_size=1, max_size=400), st.integers(3, 50))
def test_least_and_most_and_both_ends_survive_in_order(values: list[float], most: int) -> None:
    array = np.array(values)
    places = thinned(array, most=most)
    assert (np.diff(places) > 0).all()
    assert places[-1] == len(array) - 1
    known = array[~np.isnan(array)]
    if len(known):
        drawn = array[places]
        assert np.nanmax(drawn) == known.max()
        assert np.nanmin(drawn) == known.min()
    assert np.isnan(array).any() == np.isnan(array[places]).any()
