"""Days off in a mixture: who knows them, and who is heard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nettide.models.auto.days_off import holiday_shares, knowledge_of, weights_on_days_off
from nettide.occasions import Occasion
from nettide.panel import Channel, Panel, Series

DAY = 86_400
NAMES = ("base", "base-tuned", "lstm", "naive", "auto-ets")


def panel_with(*days: int) -> Panel:
    occasions = tuple(Occasion("holiday", day * DAY, (day + 1) * DAY) for day in days)
    series = (Series("a"), Series("b"))
    return Panel(np.ones((2, 24 * 10, 1)), 0, 3600, series, (Channel("y"),), occasions)


def test_a_network_that_saw_too_few_days_off_does_not_know_them() -> None:
    assert knowledge_of(NAMES, panel_with(2, 5), clock=1.0).tolist() == [1.0, 0.5, 0.0, 0.0, 0.0]
    assert knowledge_of(NAMES, panel_with(2, 5, 7), clock=1.0).tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]


def test_days_off_after_the_end_taught_nobody() -> None:
    assert not knowledge_of(NAMES, panel_with(2, 10, 11), clock=1.0)[2]


def test_shares_reach_beyond_the_end() -> None:
    share = holiday_shares(panel_with(10), ahead=24, clock=1.0)
    assert share.shape == (2, 24 * 11)
    assert share[:, -24:].all()
    assert not share[:, :-24].any()


def test_a_day_off_is_left_to_those_who_know() -> None:
    weights = np.array([[0.4, 0.4], [0.6, 0.6]])
    share = np.array([[0.0, 1.0, 0.5], [0.0, 0.0, 0.0]])
    found = weights_on_days_off(weights, np.array([1.0, 0.0]), share)
    assert found.shape == (2, 2, 3)
    np.testing.assert_allclose(found[0, 0], [0.4, 1.0, 0.7])
    np.testing.assert_allclose(found[:, 1], weights[:, 1:].repeat(3, axis=1))
    np.testing.assert_allclose(found.sum(axis=0), 1.0)


def test_who_knows_half_keeps_half_before_the_rest_is_shared_out() -> None:
    found = weights_on_days_off(np.array([[0.2], [0.4], [0.4]]), np.array([1.0, 0.5, 0.0]), np.ones((1, 1)))
    np.testing.assert_allclose(found[:, 0, 0], [0.5, 0.5, 0.0])


def test_those_who_know_but_have_no_say_are_not_followed() -> None:
    found = weights_on_days_off(np.array([[0.0], [1.0]]), np.array([1.0, 0.0]), np.ones((1, 4)))
    np.testing.assert_allclose(found[:, 0], [[0.0] * 4, [1.0] * 4])
    found = weights_on_days_off(np.array([[0.1], [0.9]]), np.array([1.0, 0.0]), np.ones((1, 4)))
    np.testing.assert_allclose(found[0, 0], 0.1 + 0.9 * 0.4)


@pytest.mark.parametrize("knowing", [[1.0, 1.0], [0.0, 0.0]])
def test_where_all_or_none_know_nothing_moves(knowing: list[float]) -> None:
    weights = np.array([[0.3, 0.8], [0.7, 0.2]])
    found = weights_on_days_off(weights, np.array(knowing), np.ones((2, 3)))
    np.testing.assert_allclose(found, weights[:, :, None].repeat(3, axis=2))


def test_shares_are_of_the_occasions_that_concern_a_series() -> None:
    panel = panel_with()
    panel = replace(panel, occasions=(Occasion("holiday", 0, DAY, series=("b",)),))
    assert holiday_shares(panel, ahead=0, clock=1.0).sum(axis=1).tolist() == [0.0, 24.0]


def test_days_off_run_with_the_measured_day() -> None:
    share = holiday_shares(panel_with(5), ahead=0, clock=23 / 24)  # a day of the traffic is 23 steps long
    assert np.flatnonzero(share[0] > 0.5).tolist() == list(range(115, 138))
