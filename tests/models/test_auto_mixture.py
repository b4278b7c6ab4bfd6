"""Mixtures: weights find the best members, stay where nothing is known, and follow what has just come true."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.arrays import Floats
from nettide.forecast import LEVELS
from nettide.models.auto.mixture import guarded_weights, pinball, pooled_weights, series_weights
from nettide.models.auto.model import with_bands

LEVEL = np.array(LEVELS)
MIDDLE = LEVELS.index(0.5)
Drawn = st.integers(0, 100_000)
CASES: dict[str, Any] = {"derandomize": True, "deadline": None, "max_examples": 25}


def members_around(truth: Floats, biases: list[float], *, width: float = 1.0) -> Floats:
    """Members that are off by a bias, with bands of one width, shape (member, series, point, level)."""
    spread = width * (LEVEL - 0.5) * 2
    return np.stack([truth[..., None] + bias + spread for bias in biases])


def loss_of(weights: Floats, truth: Floats, members: Floats, sizes: Floats) -> float:
    mixed = np.tensordot(weights, members, axes=1)
    return float(np.nanmean(pinball(truth, mixed, LEVEL) / sizes[:, None]))


def any_shares(generator: np.random.Generator, *shape: int) -> Floats:
    drawn = generator.random(shape) + 1e-3
    return drawn / drawn.sum(axis=0)


# ------------------------------------------------------------------ the loss


def test_the_pinball_loss_of_a_few_values_by_hand() -> None:
    found = pinball(np.array([2.0, 2.0]), np.array([[1.0, 3.0], [2.0, 2.0]]), np.array([0.1, 0.9]))
    assert found.tolist() == pytest.approx([(0.1 * 1 + 0.1 * 1) / 2, 0.0])


def test_a_loss_is_unknown_where_truth_or_forecast_is() -> None:
    found = pinball(np.array([np.nan, 1.0, 1.0]), np.array([[1.0], [np.nan], [1.0]]), np.array([0.5]))
    assert np.isnan(found).tolist() == [True, True, False]


# ------------------------------------------------------------------ weights over all series


@pytest.mark.parametrize("best", [0, 1, 2, 3])
def test_a_member_that_is_right_gets_nearly_all_the_weight(best: int) -> None:
    truth = np.random.default_rng(0).normal(size=(5, 60))
    biases = [3.0, 4.0, 5.0, 6.0]
    biases[best] = 0.0
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    found = pooled_weights(truth, members_around(truth, biases), LEVEL, np.ones(5), prior)
    assert found.argmax() == best
    assert found[best] > 0.8


@pytest.mark.parametrize(("one", "other"), [(1.0, -1.0), (1.0, -3.0), (0.2, -2.0), (1.0, 2.0)])
def test_the_mixture_of_two_members_is_as_good_as_the_best_of_a_grid(one: float, other: float) -> None:
    generator = np.random.default_rng(1)
    truth = generator.normal(size=(6, 80))
    members = members_around(truth, [one, other])
    members = members + generator.normal(0, 0.3, (2, 6, 80, 1))
    sizes = np.ones(6)
    found = pooled_weights(truth, members, LEVEL, sizes, np.array([0.5, 0.5]))
    grid = [loss_of(np.array([share, 1 - share]), truth, members, sizes) for share in np.linspace(0, 1, 201)]
    assert loss_of(found, truth, members, sizes) <= 1.04 * min(grid)


def test_without_data_weights_stay_at_the_prior() -> None:
    prior = np.array([0.7, 0.3])
    truth = np.full((3, 10), np.nan)
    found = pooled_weights(truth, np.ones((2, 3, 10, len(LEVELS))), LEVEL, np.ones(3), prior)
    assert np.array_equal(found, prior)
    known = np.zeros((3, 10))
    silent = np.full((2, 3, 10, len(LEVELS)), np.nan)
    assert np.array_equal(pooled_weights(known, silent, LEVEL, np.ones(3), prior), prior)


def test_members_that_say_the_same_keep_the_weights_of_the_prior() -> None:
    truth = np.random.default_rng(2).normal(size=(3, 40))
    prior = np.array([0.6, 0.3, 0.1])
    found = pooled_weights(truth, members_around(truth, [0.5, 0.5, 0.5]), LEVEL, np.ones(3), prior)
    assert found == pytest.approx(prior, rel=1e-6)


def test_each_series_counts_in_its_own_size() -> None:
    """A large link does not decide over a hundred small ones."""
    truth = np.zeros((101, 20))
    members = np.concatenate(
        [members_around(truth[:100], [0.0, 1.0]), 1e6 * members_around(truth[100:], [1.0, 0.0])], axis=1
    )
    sizes = np.r_[np.ones(100), 1e6]
    assert pooled_weights(truth, members, LEVEL, sizes, np.array([0.5, 0.5]))[0] > 0.85


@settings(**CASES)
@given(seed=Drawn, members=st.integers(1, 6), gaps=st.floats(0, 1))
def test_pooled_weights_are_shares_and_no_worse_than_the_prior(seed: int, members: int, gaps: float) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.lognormal(0, 1, (4, 30))
    quantiles = np.sort(generator.lognormal(0, 1, (members, 4, 30, len(LEVELS))), axis=-1)
    truth[generator.random(truth.shape) < gaps] = np.nan
    prior, sizes = any_shares(generator, members), generator.lognormal(0, 1, 4)
    found = pooled_weights(truth, quantiles, LEVEL, sizes, prior)
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1.0)
    if np.isfinite(truth).any():
        losses = [loss_of(one, truth, quantiles, sizes) for one in (found, prior)]
        assert losses[0] <= 1.02 * losses[1]


# ------------------------------------------------------------------ weights of a series


def test_a_member_that_does_better_on_a_series_weighs_more_there() -> None:
    pooled = np.array([0.5, 0.5])
    found = series_weights(pooled, np.array([[1.0, 2.0, 1.0], [1.0, 1.0, 2.0]]), np.full(3, 20.0))
    assert found[:, 0].tolist() == pytest.approx([0.5, 0.5])
    assert found[0, 1] < 0.1
    assert found[0, 2] > 0.9


def test_a_series_that_was_never_seen_has_the_weights_of_all() -> None:
    pooled = np.array([0.6, 0.3, 0.1])
    unseen = series_weights(pooled, np.full((3, 2), np.nan), np.zeros(2))
    assert unseen == pytest.approx(np.stack([pooled, pooled], axis=1))


def test_a_series_moves_further_the_more_often_it_was_seen() -> None:
    losses = np.array([[1.0] * 4, [1.3] * 4])
    found = series_weights(np.array([0.5, 0.5]), losses, np.array([0.0, 1.0, 5.0, 50.0]))
    assert (np.diff(found[0]) > 0).all()


def test_members_with_next_to_no_weight_are_left_out() -> None:
    found = series_weights(np.array([0.99, 0.01]), np.ones((2, 1)), np.array([9.0]))
    assert found.ravel().tolist() == [1.0, 0.0]


@settings(**CASES)
@given(seed=Drawn, members=st.integers(1, 6), gaps=st.floats(0, 1))
def test_weights_of_series_are_shares(seed: int, members: int, gaps: float) -> None:
    generator = np.random.default_rng(seed)
    losses = generator.lognormal(0, 3, (members, 7)) * generator.integers(0, 2, (members, 7))
    losses[generator.random(losses.shape) < gaps] = np.nan
    found = series_weights(any_shares(generator, members), losses, generator.integers(0, 50, 7).astype(float))
    assert (found >= 0).all()
    assert found.sum(axis=0) == pytest.approx(np.ones(7))


# ------------------------------------------------------------------ the guard


def test_a_member_that_failed_in_the_last_forecasts_loses_its_say() -> None:
    weights = np.array([[0.8, 0.8], [0.2, 0.2]])
    recent = np.ones((2, 2, 7))
    recent[0, 0] = 4.0
    found = guarded_weights(weights, recent, strength=1.0)
    assert found[0, 0] < 0.3
    assert abs(found[0, 1] - 0.8) < 0.15


def test_the_newest_failure_counts_most() -> None:
    weights = np.full((2, 1), 0.5)
    newest, oldest = np.ones((2, 1, 7)), np.ones((2, 1, 7))
    newest[0, 0, 0], oldest[0, 0, 6] = 4.0, 4.0
    found = [guarded_weights(weights, one, strength=1.0)[0, 0] for one in (newest, oldest)]
    assert found[0] < found[1] < 0.5


def test_what_fails_on_all_series_is_doubted_on_each() -> None:
    weights = np.full((2, 60), 0.5)
    recent = np.ones((2, 60, 7))
    recent[0, :59] = 2.0
    found = guarded_weights(weights, recent, strength=1.0)
    assert found[0, 59] < 0.3  # though it did well on the last of them


def test_a_member_without_past_forecasts_keeps_its_say() -> None:
    weights = np.array([[0.5], [0.3], [0.2]])
    recent = np.ones((3, 1, 7))
    recent[2] = np.nan
    assert guarded_weights(weights, recent, strength=1.0) == pytest.approx(weights)
    recent[0] = 3.0
    found = guarded_weights(weights, recent, strength=1.0)
    assert found[0, 0] < 0.5
    assert found[2, 0] == pytest.approx(0.2)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_without_anything_that_came_true_weights_stay(strength: float) -> None:
    weights = np.array([[0.9, 0.5], [0.1, 0.5]])
    for recent in (np.empty((2, 2, 0)), np.full((2, 2, 7), np.nan)):
        assert np.array_equal(guarded_weights(weights, recent, strength=strength), weights)


def test_no_strength_changes_nothing() -> None:
    weights = np.array([[0.9], [0.1]])
    recent = np.random.default_rng(0).lognormal(size=(2, 1, 7))
    assert np.array_equal(guarded_weights(weights, recent, strength=0.0), weights)


def test_forecasts_without_any_error_change_next_to_nothing() -> None:
    weights = np.array([[0.9], [0.1]])
    assert guarded_weights(weights, np.zeros((2, 1, 7)), strength=1.0) == pytest.approx(weights)


@pytest.mark.parametrize("loss", [0.0, 1.0, 10.0])
def test_a_member_that_was_left_out_comes_back_when_all_others_fail(loss: float) -> None:
    """A link that dies: yesterday is right, and nobody believed in it before."""
    weights = np.array([[1.0], [0.0], [0.0]])
    recent = np.stack([np.full((1, 7), 100.0), np.full((1, 7), loss), np.full((1, 7), 120.0)])
    found = guarded_weights(weights, recent, strength=1.0)
    assert found[:, 0] == pytest.approx([0.0, 1.0, 0.0], abs=0.02)


def test_a_great_strength_leaves_weights_that_are_numbers() -> None:
    """The best of one series is the worst of all others, and none may be left with nothing."""
    recent = np.ones((2, 60, 7))
    recent[0, 1:], recent[1, 0] = 50.0, 1000.0
    found = guarded_weights(np.full((2, 60), 0.5), recent, strength=100.0)
    assert np.isfinite(found).all()
    assert found.sum(axis=0) == pytest.approx(np.ones(60))


@settings(**CASES)
@given(seed=Drawn, members=st.integers(1, 6), gaps=st.floats(0, 1), strength=st.floats(0, 100))
def test_guarded_weights_are_shares(seed: int, members: int, gaps: float, strength: float) -> None:
    generator = np.random.default_rng(seed)
    recent = generator.lognormal(0, 4, (members, 5, 7)) * generator.integers(0, 2, (members, 5, 7))
    recent[generator.random(recent.shape) < gaps] = np.nan
    found = guarded_weights(any_shares(generator, members, 5), recent, strength=strength)
    assert (found >= 0).all()
    assert found.sum(axis=0) == pytest.approx(np.ones(5))


@settings(**CASES)
@given(seed=Drawn, factor=st.floats(1e-9, 1e9))
def test_the_guard_does_not_depend_on_the_unit(seed: int, factor: float) -> None:
    generator = np.random.default_rng(seed)
    recent, weights = generator.lognormal(0, 1, (3, 5, 7)), any_shares(generator, 3, 5)
    ours, theirs = (guarded_weights(weights, one, strength=1.0) for one in (recent, recent * factor))
    assert theirs == pytest.approx(ours, rel=1e-6)


# ------------------------------------------------------------------ bands


def test_a_member_without_bands_takes_the_mean_spread_of_the_others_around_its_own_point() -> None:
    point = np.full((1, 1, 2), 100.0)
    narrow, wide = (point[..., None] + width * (LEVEL - 0.5) for width in (10.0, 30.0))
    found = with_bands([point, point, point * 2], [narrow, wide, np.empty((1, 1, 2, 0))])
    assert np.array_equal(found[0], narrow)
    assert found[2] == pytest.approx(np.broadcast_to(200 + 20 * (LEVEL - 0.5), found[2].shape))


@settings(**CASES)
@given(seed=Drawn, gaps=st.floats(0, 0.9))
def test_bands_are_in_order_and_never_negative_and_the_point_stays(seed: int, gaps: float) -> None:
    generator = np.random.default_rng(seed)
    bands = np.sort(generator.lognormal(0, 2, (4, 3, 5, len(LEVELS))), axis=-1)
    bands[generator.random((4, 3, 5)) < gaps] = np.nan
    point = generator.lognormal(0, 2, (4, 3, 5))
    found = with_bands([bands[..., MIDDLE], point], [bands, np.empty((4, 3, 5, 0))])[1]
    assert found[..., MIDDLE] == pytest.approx(point)
    assert (np.diff(found, axis=-1) >= 0).all()
    assert (found >= 0).all()
