"""Breaks: a calm series that leaves its level or falls silent is followed at once; bursts and habits are not."""

from __future__ import annotations

import numpy as np
import pytest
from conformance import panel_of

from nettide.arrays import Floats
from nettide.models.auto.breaks import Breaks, level_breaks


def errors_of(newest: float, *, usual: float = 0.05, noise: float = 0.05, series: int = 40) -> tuple[Floats, Floats]:
    """Medians and truths of seven forecasts a day; the newest level is off by a factor, the others as usual."""
    generator = np.random.default_rng(0)
    earlier = generator.uniform(50, 150, (series, 7, 24))
    off = generator.normal(0, usual, (series, 7, 1))
    off[:, 0] = np.log(newest)
    return earlier, earlier * np.exp(off + generator.normal(0, noise, earlier.shape))


def factors_of(earlier: Floats, truth: Floats) -> Floats:
    """Factor of each series' break, 1 where none is believed."""
    found = level_breaks(earlier, truth)
    factors = np.ones(len(earlier))
    factors[found.rows] = np.exp(found.logs)
    return factors


@pytest.mark.parametrize("shift", [0.4, 0.5, 2.0, 3.0])
def test_a_calm_series_that_left_its_level_is_followed(shift: float) -> None:
    found = factors_of(*errors_of(shift))
    assert np.mean(np.abs(np.log(found / shift)) < 0.15) > 0.9


@pytest.mark.parametrize("case", [{"newest": 1.1}, {"newest": 2.0, "usual": 0.9}, {"newest": 2.0, "noise": 1.5}])
def test_small_errors_restless_series_and_scattered_errors_are_no_break(case: dict[str, float]) -> None:
    assert np.mean(factors_of(*errors_of(**case)) == 1) > 0.9


def test_too_little_is_known_to_believe_in_a_break() -> None:
    earlier, truth = errors_of(3.0)
    assert (factors_of(earlier[:, :3], truth[:, :3]) == 1).all()
    assert (factors_of(earlier[..., :2], truth[..., :2]) == 1).all()
    truth[:, 0, 5:] = np.nan
    assert (factors_of(earlier, truth) == 1).all()
    assert (factors_of(earlier, np.full_like(truth, np.nan)) == 1).all()


def test_factors_are_bounded_and_do_not_depend_on_the_unit() -> None:
    earlier, truth = errors_of(3.0)
    truth[:, 0] = 0.0
    dead = factors_of(earlier, truth)
    assert ((dead > 0) & (dead < 0.02)).all()
    np.testing.assert_allclose(factors_of(earlier * 1e12, truth * 1e12), dead)
    truth[:, 0] = 1e300
    assert (factors_of(earlier, truth) < 12.2).all()


def test_immense_traffic_on_a_link_that_was_silent_is_no_overflow() -> None:
    earlier, truth = errors_of(3.0)
    found = level_breaks(np.zeros_like(earlier), np.where(np.arange(truth.shape[1])[:, None] < 1, 1e12, 0 * truth))
    assert found.logs.max(initial=0.0) <= 2.5


@pytest.mark.parametrize("late", [0, 1, 2])
def test_the_step_at_which_a_break_began_is_found(late: int) -> None:
    earlier, truth = errors_of(3.0)
    truth[:, 0, :late] = earlier[:, 0, :late]
    found = level_breaks(earlier, truth)
    assert len(found.rows) == len(earlier)
    assert (found.since == 24 - late).all()


def test_a_break_that_began_within_the_day_before_is_dated_there() -> None:
    earlier, truth = errors_of(3.0)
    truth[:, 1, 20:] *= 3.0
    assert (level_breaks(earlier, truth).since == 28).all()


def test_a_mended_history_has_the_new_level_throughout_and_nothing_after_the_cutoff() -> None:
    values = np.r_[np.full(100, 8.0), np.full(30, 2.0), np.full(20, 99.0)]
    panel = panel_of(np.stack([values, values, values]), channels=("y",))
    found = Breaks(np.array([0, 2]), np.log([0.25, 0.25]), np.array([30, 29])).mended(panel, 129)
    assert found.ids == (panel.ids[0], panel.ids[2])
    assert found.steps == 130
    assert found.target[0] == pytest.approx(2.0)
    assert found.target[1, 100] == 0.5  # one step too late
    assert (panel.target == values).all()
