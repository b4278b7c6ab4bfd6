"""The block bootstrap against data whose truth is known."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_backtests import made_backtest
from nettide.arrays import Floats
from nettide.backtest.bootstrap import backtest_block, block_length, expanded_interval, resample, share_intervals
from nettide.errors import OptionError

EDGE = NormalDist().inv_cdf(0.9)


def inside(generator: np.random.Generator, *, cutoffs: int, points: int, shared: float, memory: float) -> Floats:
    """Count values inside an honest 80 % band by cutoff; part of their noise is shared and remembers the day before."""
    shock = generator.normal(size=cutoffs)
    for place in range(1, cutoffs):
        shock[place] = memory * shock[place - 1] + math.sqrt(1 - memory**2) * shock[place]
    own = generator.normal(size=(cutoffs, points))
    noise = math.sqrt(shared) * shock[:, None] + math.sqrt(1 - shared) * own
    return (np.abs(noise) <= EDGE).sum(axis=1).astype(np.float64)


def interval(hits: Floats, points: float, *, block: int, seed: int = 0) -> tuple[float, float]:
    resamples = resample(len(hits), block=block, seed=seed, replicates=400)
    low, high = share_intervals(hits[:, None, None], np.full((len(hits), 1), points), resamples)
    return float(low[0, 0]), float(high[0, 0])


@pytest.mark.parametrize(("shared", "memory"), [(0.0, 0.0), (0.5, 0.5)])
def test_the_interval_holds_the_truth_in_about_95_of_100_repetitions(shared: float, memory: float) -> None:
    generator = np.random.default_rng(1)
    held = 0
    for seed in range(300):
        hits = inside(generator, cutoffs=64, points=30, shared=shared, memory=memory)
        low, high = interval(hits, 30, block=8, seed=seed)
        held += low <= 0.8 <= high
    assert 0.90 <= held / 300 <= 0.99


def test_shared_shocks_make_the_interval_wider_than_independent_points_would() -> None:
    hits = inside(np.random.default_rng(2), cutoffs=100, points=200, shared=0.6, memory=0.6)
    low, high = interval(hits, 200, block=10)
    share = hits.sum() / 20_000
    independent = 2 * 1.96 * math.sqrt(share * (1 - share) / 20_000)
    assert high - low > 3 * independent


def test_without_shocks_the_interval_is_about_that_of_independent_points() -> None:
    generator = np.random.default_rng(3)
    widths = []
    for seed in range(20):
        low, high = interval(inside(generator, cutoffs=400, points=50, shared=0, memory=0), 50, block=20, seed=seed)
        widths.append(high - low)
    assert np.mean(widths) == pytest.approx(2 * 1.96 * math.sqrt(0.16 / 20_000), rel=0.2)


def test_where_every_point_hits_the_interval_still_has_a_width_that_shrinks_with_the_cutoffs() -> None:
    ends = [interval(np.full(count, 24.0), 24, block=2)[0] for count in (8, 30, 300)]
    assert ends == pytest.approx([0.025 ** (1 / count) for count in (8, 30, 300)])
    assert interval(np.full(30, 24.0), 24, block=2)[1] == 1
    assert interval(np.zeros(30), 24, block=2) == pytest.approx((0, 1 - 0.025 ** (1 / 30)))


def test_fewer_than_four_cutoffs_give_no_interval() -> None:
    assert all(math.isnan(end) for end in interval(np.array([3.0, 5.0, 4.0]), 6, block=1))
    low, high = interval(np.array([3.0, 5.0, 4.0, 4.0]), 6, block=1)
    assert 0 <= low < 4 / 6 < high <= 1


def test_a_group_with_points_in_three_cutoffs_has_no_interval_and_leaves_the_others_theirs() -> None:
    points = np.full((40, 2), 10.0)
    points[3:, 1] = 0
    hits = np.random.default_rng(0).binomial(points.astype(int), 0.8)[:, :, None].astype(np.float64)
    low, high = share_intervals(hits, points, resample(40, block=4, seed=0))
    assert low[0, 0] < 0.8 < high[0, 0]
    assert np.isnan([low[1, 0], high[1, 0]]).all()


@settings(max_examples=60, derandomize=True)
@given(cutoffs=st.integers(1, 5000), block=st.integers(1, 5000), seed=st.integers(0, 9))
def test_every_replicate_draws_as_many_cells_as_there_are_and_whole_blocks(cutoffs: int, block: int, seed: int) -> None:
    if block > cutoffs:
        with pytest.raises(OptionError, match=f"block of {block} cutoffs must be 1 ... {cutoffs}, the number of cut"):
            resample(cutoffs, block=block, seed=seed)
        return
    drawn = resample(cutoffs, block=block, seed=seed, replicates=3)
    count = drawn.weights.shape[1]
    assert count <= 2000
    assert drawn.weights.sum(axis=1).tolist() == [count] * 3
    assert len(drawn.cells) == cutoffs
    assert drawn.cells[-1] == count - 1
    assert (drawn.weights == resample(cutoffs, block=block, seed=seed, replicates=3).weights).all()


def test_a_block_of_all_cutoffs_draws_each_once() -> None:
    assert (resample(50, block=50, seed=0).weights == 1).all()


def test_an_empty_block_is_refused() -> None:
    with pytest.raises(OptionError, match=r"a block of 0 cutoffs must be 1 \.\.\. 5, the number of cutoffs"):
        resample(5, block=0, seed=0)


@pytest.mark.parametrize(
    ("cutoffs", "week", "overlap", "expected"),
    [
        (365, 7, 1, 19),  # the root of the number
        (60, 7, 1, 8),
        (12, 7, 1, 3),  # four must fit
        (2000, 168, 1, 168),  # a week
        (1100, 168, 1, 137),  # an eighth
        (100, 7, 24, 24),  # forecasts that overlap
        (40, 7, 24, 10),
        (3, 7, 1, 1),
        (100, 0, 1, 10),  # strides longer than a week
    ],
)
def test_blocks_span_a_week_where_the_test_part_is_long(cutoffs: int, week: int, overlap: int, expected: int) -> None:
    assert block_length(cutoffs, week=week, overlap=overlap) == expected


def test_the_block_of_a_backtest_follows_its_stride() -> None:
    result = made_backtest(horizon=24, stride=3)
    assert len(result.cutoffs) == 60
    assert backtest_block(result) == 8
    assert backtest_block(made_backtest(horizon=24, stride=2)) == 12


def test_intervals_of_statistics_that_are_infinite_do_not_turn_unknown() -> None:
    replicates = np.array([[-np.inf, 0.0], [-np.inf, np.nan], [-np.inf, 1.0]])
    low, high = expanded_interval(np.array([-np.inf, 0.5]), replicates, blocks=np.array([9.0, 9.0]))
    assert low[0] == high[0] == -np.inf
    assert low[1] < 0.5 < high[1]


def test_few_blocks_expand_the_interval_by_students_t() -> None:
    replicates = np.random.default_rng(0).normal(size=(20_000, 1))
    _, few = expanded_interval(np.zeros(1), replicates, blocks=np.array([4.0]))
    _, many = expanded_interval(np.zeros(1), replicates, blocks=np.array([1e6]))
    assert many[0] == pytest.approx(1.96, rel=0.03)
    assert few[0] / many[0] == pytest.approx(3.182 / 1.96 * math.sqrt(4 / 3), rel=0.02)
