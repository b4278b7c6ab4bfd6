"""Skill against naive forecasts: the value of the leaderboard, with an interval that holds the truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from made_backtests import Cheat, Profile, contenders, made_backtest, made_panel
from nettide.arrays import Floats
from nettide.backtest.evaluate import Contender, backtest
from nettide.backtest.leaderboard import score
from nettide.backtest.skill import best_naive, compare_with_naive, skill_interval
from nettide.errors import ForecastError
from nettide.models import make_model


def errors(generator: np.random.Generator, *, series: int, cutoffs: int) -> Floats:
    """Make errors of a day: each series has its size, all share bad days, and the mean of each is its size."""
    sizes = 10.0 ** np.arange(series)[:, None]
    noise = 0.4 * generator.normal(size=(1, cutoffs)) + 0.3 * generator.normal(size=(series, cutoffs))
    return sizes * np.exp(noise - (0.4**2 + 0.3**2) / 2)


def test_the_interval_holds_the_true_skill_in_about_95_of_100_repetitions() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        model, naive = (errors(generator, series=5, cutoffs=60) for _ in range(2))
        found = skill_interval(0.9 * model, naive, block=6, seed=seed)
        held += found.low <= 0.1 <= found.high
    assert 0.90 <= held / 200 <= 0.99


def test_two_equally_good_models_are_not_distinguishable_in_about_95_of_100_repetitions() -> None:
    generator = np.random.default_rng(1)
    words = []
    for seed in range(200):
        shared = np.exp(0.5 * generator.normal(size=(1, 60)))
        one, other = (shared * np.exp(0.3 * generator.normal(size=(3, 60))) for _ in range(2))
        words.append(skill_interval(one, other, block=8, seed=seed).verdict)
    assert 0.90 <= words.count("not distinguishable") / 200 <= 0.99


def test_a_better_and_a_worse_model_are_told_from_naive() -> None:
    naive = errors(np.random.default_rng(2), series=4, cutoffs=50)
    noise = np.exp(0.1 * np.random.default_rng(3).normal(size=naive.shape))
    better, worse = (skill_interval(f * naive * noise, naive, block=5, seed=0) for f in (0.8, 1.2))
    assert better.verdict == "better than naive"
    assert 0 < better.low < 0.2 < better.high < 0.3
    assert worse.verdict == "worse than naive"
    assert worse.low < -0.2 < worse.high < 0


def test_the_same_errors_have_no_skill_and_no_width() -> None:
    same = errors(np.random.default_rng(4), series=4, cutoffs=50)
    found = skill_interval(same, same, block=5, seed=0)
    assert (found.value, found.low, found.high, found.verdict) == (0, 0, 0, "not distinguishable")


def test_unknown_errors_are_left_out_of_both_sides() -> None:
    generator = np.random.default_rng(5)
    model, naive = (errors(generator, series=3, cutoffs=40) for _ in range(2))
    model[0, :7] = np.nan
    naive[1, 30:] = np.nan
    model[2] = np.nan
    found = skill_interval(model, naive, block=5, seed=0)
    ratios = [model[0, 7:].sum() / naive[0, 7:].sum(), model[1, :30].sum() / naive[1, :30].sum()]
    assert found.value == pytest.approx(1 - math.sqrt(ratios[0] * ratios[1]))


def test_points_weigh_the_means_of_the_cutoffs() -> None:
    model, naive = np.array([[1.0, 3.0, 1.0, 1.0]]), np.array([[2.0, 2.0, 2.0, 2.0]])
    points = np.array([[10.0, 30.0, 0.0, 0.0]])
    assert skill_interval(model, naive, block=1, seed=0, points=points).value == pytest.approx(1 - 100 / 80)


def test_nothing_to_compare_is_unknown() -> None:
    ones = np.ones((2, 30))
    for model, naive in ((np.full((2, 30), np.nan), ones), (ones, np.zeros((2, 30)))):
        found = skill_interval(model, naive, block=3, seed=0)
        assert found.verdict == "unknown"
        assert math.isnan(found.value)


def test_three_cutoffs_have_a_value_but_no_interval() -> None:
    found = skill_interval(np.ones((2, 3)), np.full((2, 3), 2.0), block=1, seed=0)
    assert found.value == pytest.approx(0.5)
    assert math.isnan(found.low)
    assert found.verdict == "unknown"


def test_a_model_that_is_never_wrong_has_a_skill_of_one() -> None:
    found = skill_interval(np.zeros((2, 30)), np.ones((2, 30)), block=3, seed=0)
    assert (found.value, found.low, found.high, found.verdict) == (1, 1, 1, "better than naive")


def test_many_series_are_summed_in_parts_with_the_same_result() -> None:
    generator = np.random.default_rng(6)
    model, naive = (errors(generator, series=20, cutoffs=12) for _ in range(2))
    few = skill_interval(model, naive, block=3, seed=0)
    many = skill_interval(np.tile(model, (450, 1)), np.tile(naive, (450, 1)), block=3, seed=0)
    assert [many.value, many.low, many.high] == pytest.approx([few.value, few.low, few.high])


def test_errors_of_other_shapes_are_refused() -> None:
    with pytest.raises(ForecastError, match=r"shape \(2, 3\), those of the naive forecast \(3, 2\) and their points"):
        skill_interval(np.ones((2, 3)), np.ones((3, 2)), block=1, seed=0)


def test_the_skill_against_the_yardstick_is_that_of_the_leaderboard() -> None:
    result = made_backtest(series=5, holes=0.1)
    found = {one.model: one for one in compare_with_naive(result)}
    for one in score(result):
        assert found[one.model].rival == "weekly naive forecast"
        assert found[one.model].error.value == pytest.approx(1 - one.rel_mae)
        if math.isnan(one.rel_wql):
            assert found[one.model].band.verdict == "unknown"
        else:
            assert found[one.model].band.value == pytest.approx(1 - one.rel_wql)


def test_the_best_naive_model_of_the_run_is_a_rival_where_it_beats_the_yardstick() -> None:
    panel = made_panel(series=4, holes=0)
    days = np.arange(panel.steps) // 24
    walk = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.4, (4, days[-1] + 1)), axis=1))
    values = panel.values.copy()
    values[:, :, 0] = 1e6 * walk[:, days] * (2 + np.sin(np.arange(panel.steps) * np.pi / 12))
    models = [
        Contender("profile", lambda: Profile(24)),
        *(
            Contender(name, lambda name=name: make_model(name, horizon=24))  # type: ignore[misc]
            for name in ("naive", "seasonal-naive-day")
        ),
    ]
    result = backtest(replace(panel, values=values), models, test_start=700, horizon=24, stride=24)
    best = best_naive(result)
    assert best is not None
    assert best.name == "seasonal-naive-day"
    pairs = [(one.model, one.rival) for one in compare_with_naive(result)]
    weekly = "weekly naive forecast"
    assert pairs == [
        ("profile", weekly),
        ("profile", "seasonal-naive-day"),
        ("naive", weekly),
        ("naive", "seasonal-naive-day"),
        ("seasonal-naive-day", weekly),
    ]


def test_without_a_naive_model_that_is_better_the_yardstick_is_the_only_rival() -> None:
    assert best_naive(made_backtest()) is None
    assert {one.rival for one in compare_with_naive(made_backtest())} == {"weekly naive forecast"}


def test_a_run_in_which_every_model_failed_compares_nothing() -> None:
    nothing = backtest(made_panel(), contenders(12), test_start=840, horizon=24, stride=24)
    assert compare_with_naive(nothing) == ()


def test_one_cutoff_gives_values_without_intervals() -> None:
    panel = made_panel()
    result = backtest(panel, [Contender("cheat", lambda: Cheat(24))], test_start=panel.steps - 24, horizon=24, stride=1)
    (found,) = compare_with_naive(result)
    assert found.error.value == 1
    assert found.error.verdict == "unknown"
