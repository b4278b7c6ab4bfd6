"""Forecasts of members side by side: slices of the series give what the whole gives."""

from __future__ import annotations

import numpy as np
import pytest

from nettide.models.auto import mixture, side_by_side
from nettide.models.auto.mixture import pinball, pooled_weights
from nettide.models.auto.side_by_side import known_mean, losses_of, mixed, with_bands

LEVELS = np.arange(1, 10) / 10
GENERATOR = np.random.default_rng(0)
POINTS = GENERATOR.normal(10, 1, (3, 7, 2, 4))
BANDS = [one[..., None] + np.linspace(-2, 2, 9) for one in POINTS[:2]]


def test_a_member_without_bands_takes_the_mean_spread_of_the_others() -> None:
    found = with_bands(POINTS, [*BANDS, np.empty((7, 2, 4, 0))])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:2], BANDS, rtol=1e-6)
    np.testing.assert_allclose(found[2] - POINTS[2][..., None], np.broadcast_to(np.linspace(-2, 2, 9), (7, 2, 4, 9)),
                               atol=1e-5)  # fmt: skip


@pytest.mark.parametrize("values", [1, 100, 10**9])
def test_slices_of_any_size_give_the_same(values: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = with_bands(POINTS, [*BANDS, np.empty((7, 2, 4, 0))])
    weights = GENERATOR.dirichlet(np.ones(3), 7).T
    expected = mixed(weights, whole), losses_of(POINTS[0], whole)
    monkeypatch.setattr(side_by_side, "_VALUES_AT_A_TIME", values)
    np.testing.assert_array_equal(with_bands(POINTS, [*BANDS, np.empty((7, 2, 4, 0))]), whole)
    np.testing.assert_array_equal(mixed(weights, whole), expected[0])
    np.testing.assert_array_equal(losses_of(POINTS[0], whole), expected[1])
    np.testing.assert_allclose(expected[1][1], pinball(POINTS[0], whole[1].astype(float), LEVELS))


def test_a_member_that_says_nothing_leaves_its_weight_to_the_others() -> None:
    silent = [BANDS[0], np.full_like(BANDS[1], np.nan)]
    found = mixed(np.full((2, 7), 0.5), with_bands(POINTS[:2], silent))
    np.testing.assert_allclose(found, BANDS[0], rtol=1e-6)
    assert np.isnan(mixed(np.full((1, 7), 1.0), with_bands(POINTS[:1], silent[1:]))).all()


def test_the_mean_of_nothing_is_unknown() -> None:
    np.testing.assert_array_equal(known_mean(np.array([[1.0, np.nan], [np.nan, np.nan]]), axis=1), [1.0, np.nan])


def test_weights_over_very_many_points_are_those_of_a_part_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixture, "_MOST_POINTS", 500)
    truth = GENERATOR.normal(0, 1, (50, 60))
    good = np.broadcast_to(truth[..., None] + GENERATOR.normal(0, 0.1, (50, 60, 1)), (50, 60, 9))
    bad = np.broadcast_to(GENERATOR.normal(0, 1, (50, 60, 1)), (50, 60, 9))
    found = pooled_weights(truth, np.stack([good, bad]), LEVELS, np.ones(50), np.array([0.5, 0.5]))
    assert found[0] > 0.95
