from __future__ import annotations

import numpy as np
import pytest
from conformance import panel_of

from nettide.arrays import Floats
from nettide.forecast import LEVELS
from nettide.models import make_model
from nettide.models.unchanged import brought_back, keep_unchanged, unchanged_values


def test_what_never_changes_is_known_by_enough_equal_values() -> None:
    past = np.full((5, 200), 7.0)
    past[0, :100] = np.nan
    past[1, -1] = 8.0
    past[2, :195] = np.nan
    past[3] = np.nan
    past[4] = 0.0
    found = unchanged_values(past, day_steps=24)
    np.testing.assert_array_equal(found, [7.0, np.nan, np.nan, np.nan, 0.0])
    assert np.isnan(unchanged_values(past[:, :0], day_steps=24)).all()
    long_ago = np.r_[1.0, np.full(56 * 24, 2.0)][None]
    assert unchanged_values(long_ago, day_steps=24).tolist() == [2.0]


def test_bands_are_moved_to_a_median_and_stay_in_order() -> None:
    found = brought_back(np.arange(1.0, 10.0)[None, None], np.array([2.0]), middle=4)
    assert found.tolist() == [[[0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]]


def test_only_what_was_unchanged_at_a_cutoff_is_moved() -> None:
    values = np.full((2, 24 * 30), 5.0)
    values[1, 24 * 20 :] = 6.0
    panel = panel_of(values, channels=("y",))
    quantiles = np.tile(np.arange(1.0, 10.0), (2, 2, 3, 1))
    keep_unchanged(panel, np.array([24 * 20 - 1, 24 * 30 - 1]), quantiles, middle=4)
    np.testing.assert_array_equal(quantiles[..., 4], np.full((2, 2, 3), 5.0))
    assert quantiles[1, 1, 0].tolist() == list(range(1, 10))
    keep_unchanged(panel_of(values + 1, channels=("y",)), np.array([24 * 20 - 1, 24 * 30 - 1]), quantiles, middle=4)
    assert quantiles[1, 0, 0, 4] == 6.0


def test_the_pretrained_network_carries_on_exactly_what_never_changes() -> None:
    values = np.full((2, 24 * 30), 5.0)
    values[1] += np.random.default_rng(0).normal(size=24 * 30)
    panel = panel_of(values, channels=("y",))
    model = make_model("base", horizon=24, context=None, seed=0, options={})
    model.fit(panel)
    found = model.predict(panel, np.array([panel.steps - 1]))
    np.testing.assert_array_equal(found.point[0], 5.0)
    assert (np.diff(found.quantiles, axis=-1) >= 0).all()
    assert found.quantiles[0, 0, 0, 0] < 5.0 < found.quantiles[0, 0, 0, len(LEVELS) - 1]
    assert (found.point[1] != 5.0).all()


def zeros_moved(values: Floats, *, step_seconds: int = 3600) -> Floats:
    """The quantiles 1 ... 9 of one series at its end, moved, shape (level,)."""
    panel = panel_of(values[None], step=step_seconds, channels=("y",))
    quantiles = np.arange(1.0, 10.0).reshape(1, 1, 1, 9)
    keep_unchanged(panel, np.array([panel.steps - 1]), quantiles, middle=4)
    return quantiles.ravel()


@pytest.mark.parametrize("days", [1, 14, 70])
def test_what_was_always_zero_has_no_band_in_whatever_unit(days: int) -> None:
    assert zeros_moved(np.zeros(24 * days)).tolist() == [0.0] * 9


def test_a_day_and_a_dozen_known_zeros_are_needed_for_that() -> None:
    assert zeros_moved(np.zeros(23)).tolist() == [0.0] * 5 + [1.0, 2.0, 3.0, 4.0]
    assert zeros_moved(np.zeros(11), step_seconds=86400)[-1] == 4.0
    assert zeros_moved(np.zeros(12), step_seconds=86400)[-1] == 0.0
    seen = np.r_[np.zeros(6), np.full(13, np.nan), np.zeros(5)]
    assert zeros_moved(seen)[-1] == 4.0
    seen[6] = 0.0
    assert zeros_moved(seen)[-1] == 0.0
    assert zeros_moved(np.r_[np.nan, seen, np.nan])[-1] == 0.0
    seen[7] = 0.0
    assert zeros_moved(seen[1:])[-1] == 4.0  # a dozen, over less than a day


def test_what_comes_after_a_cutoff_does_not_matter_to_its_zeros() -> None:
    values = np.zeros((1, 24 * 4))
    values[0, 24 * 3 :] = 7.0
    for shown in (values, values * 9):
        quantiles = np.tile(np.arange(1.0, 10.0), (1, 1, 3, 1))
        keep_unchanged(panel_of(shown, channels=("y",)), np.array([24 * 3 - 1]), quantiles, middle=4)
        assert (quantiles == 0).all()


@pytest.mark.parametrize("name", ["base", "auto"])
def test_a_port_that_was_never_used_has_no_traffic_in_its_band(name: str) -> None:
    values = np.zeros((2, 24 * 14))
    values[1] = 5 + np.random.default_rng(0).random(24 * 14)
    panel = panel_of(values, channels=("y",))
    options = {"challengers": "base"} if name == "auto" else {}
    model = make_model(name, horizon=24, context=None, seed=0, options=options)
    model.fit(panel)
    found = model.predict(panel, np.array([panel.steps - 1]))
    assert (found.quantiles[0] == 0).all()
    assert (found.quantiles[1] > 0).all()
