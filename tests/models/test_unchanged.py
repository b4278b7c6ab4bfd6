from __future__ import annotations

import numpy as np
from conformance import panel_of

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
