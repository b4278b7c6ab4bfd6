"""Misses that persist are carried over, those that do not are left alone, and nothing of the future tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conformance import daily_traffic, panel_of
from made_challengers import Challenger, QuickAuto, prying

from nettide.arrays import Floats
from nettide.backtest.causality import assert_causal
from nettide.errors import DamagedError
from nettide.forecast import LEVELS
from nettide.models import restore_model
from nettide.models.auto.carry import Carry, carried, carry_that_pays, lately_missed
from nettide.models.auto.config import AutoConfig
from nettide.models.auto.mixture import pinball
from nettide.models.auto.model import AutoModel
from nettide.models.calibration import signed_errors
from nettide.models.contract import State
from nettide.panel import Panel

HORIZON, CUTOFFS, MIDDLE = 4, 120, LEVELS.index(0.5)
SPREADS = np.linspace(-30, 30, len(LEVELS))


def walk(rows: int, count: int, *, keeps: float, seed: int) -> Floats:
    """Values of spread 1 of which a share stays from one to the next, shape (row, value)."""
    generator = np.random.default_rng(seed)
    found = np.empty((rows, count))
    found[:, 0] = generator.normal(size=rows)
    for place in range(1, count):
        found[:, place] = keeps * found[:, place - 1] + np.sqrt(1 - keeps**2) * generator.normal(size=rows)
    return found


def forecasts(rows: int, *, keeps: float, seed: int = 0) -> tuple[Floats, Floats]:
    """Truth, shape (series, cutoff, horizon), and forecasts that miss all of a horizon by what persists or does not."""
    generator = np.random.default_rng(seed + 1)
    truth = 1000 + generator.normal(0, 10, (rows, CUTOFFS, HORIZON))
    truth += 25 * walk(rows, CUTOFFS, keeps=keeps, seed=seed)[..., None]
    return truth, np.broadcast_to(1000 + SPREADS, (*truth.shape, len(LEVELS))).copy()


def loss(truth: Floats, quantiles: Floats) -> float:
    return float(pinball(truth, quantiles, np.array(LEVELS)).mean())


def moved(truth: Floats, quantiles: Floats, share: Floats) -> Floats:
    errors = signed_errors(truth, quantiles, middle=MIDDLE)
    return carried(quantiles, share[:, None] * lately_missed(errors[:, ::-1])[:, :0:-1])


def test_misses_that_persist_are_carried_over_and_that_pays_on_forecasts_that_did_not_choose() -> None:
    truth, quantiles = forecasts(8, keeps=0.9)
    found = carry_that_pays(truth, quantiles, np.full(8, 30.0))
    assert (found.own >= 0.5).all()
    assert found.pooled >= 0.5
    later, same = forecasts(8, keeps=0.9, seed=50)
    assert loss(later, moved(later, same, found.own)) < 0.8 * loss(later, same)


def test_misses_that_are_forgotten_are_carried_over_by_chance_alone() -> None:
    truth, quantiles = forecasts(300, keeps=0.0)
    found = carry_that_pays(truth, quantiles, np.full(300, 30.0))
    assert found.pooled == 0
    assert (found.own > 0).mean() < 0.16  # beyond one standard error
    later, same = forecasts(300, keeps=0.0, seed=50)
    assert loss(later, moved(later, same, found.own)) < 1.001 * loss(later, same)


def test_each_series_has_its_own_share() -> None:
    lasting, forgotten = forecasts(3, keeps=0.9), forecasts(3, keeps=0.0)
    truth, quantiles = (np.concatenate(both) for both in zip(lasting, forgotten, strict=True))
    found = carry_that_pays(truth, quantiles, np.full(6, 30.0)).own
    assert (found[:3] > 0).all()
    assert (found[3:] == 0).all()


def test_misses_that_swing_to_the_other_side_are_not_carried_over() -> None:
    truth, quantiles = forecasts(4, keeps=0.9)
    truth[:, ::2] = 2000 - truth[:, ::2]
    assert carry_that_pays(truth, quantiles, np.full(4, 30.0)).own.tolist() == [0.0] * 4


@pytest.mark.parametrize("cutoffs", [0, 1, 28])
def test_a_few_forecasts_tell_nothing(cutoffs: int) -> None:
    truth, quantiles = forecasts(2, keeps=0.99)
    found = carry_that_pays(truth[:, :cutoffs], quantiles[:, :cutoffs], np.full(2, 30.0))
    assert (found.own.tolist(), found.pooled) == ([0.0, 0.0], 0.0)


def test_unknown_values_are_no_misses() -> None:
    truth, quantiles = forecasts(3, keeps=0.9)
    truth[0, ::3], truth[1, :, 1], truth[2] = np.nan, np.nan, np.nan
    found = carry_that_pays(truth, quantiles, np.full(3, 30.0))
    assert found.own[0] > 0
    assert found.own[1] > 0
    assert found.own[2] == 0


def test_what_was_missed_lately_is_that_of_a_slow_reading() -> None:
    errors = np.random.default_rng(3).normal(0, 1.5, (2, 6, HORIZON))
    errors[0, 1], errors[1, 2, :3] = np.nan, np.nan
    found = lately_missed(errors)
    for row in range(2):
        for first in range(7):
            total = weight = 0.0
            for back, one in enumerate(errors[row, first:]):
                known = one[np.isfinite(one)]
                if len(known):
                    total += 0.5**back * float(np.median(np.clip(known, -2, 2)))
                    weight += 0.5**back
            assert found[row, first] == pytest.approx(total / (weight + 1))


def test_a_forecast_before_is_not_told_of_the_ones_after() -> None:
    errors = np.random.default_rng(4).normal(size=(1, 5, HORIZON))
    other = errors.copy()
    other[:, :2] += 1.0  # the two newest
    assert np.array_equal(lately_missed(errors)[:, 2:], lately_missed(other)[:, 2:])
    assert (lately_missed(errors)[:, :2] != lately_missed(other)[:, :2]).all()


def test_moved_forecasts_stay_in_order_and_zero_stays_zero() -> None:
    quantiles = np.maximum(np.linspace(-5, 30, len(LEVELS)), 0.0) * np.ones((1, 2, HORIZON, 1))
    found = carried(quantiles, np.array([[-1.5, 0.8]]))
    assert (np.diff(found, axis=-1) >= 0).all()
    assert (found >= 0).all()
    assert (found[quantiles == 0] == 0).all()
    assert (found[:, 1, :, MIDDLE] > quantiles[:, 1, :, MIDDLE]).all()


# ------------------------------------------------------------------ in use

PANEL = panel_of(daily_traffic(2, 24 * 70), channels=("y",))
_OFF = walk(1, PANEL.steps // 6 + 2, keeps=0.95, seed=1)[0]


def lastingly_off(panel: Panel, cutoff: int, horizon: int) -> Floats:
    return prying(panel, cutoff, horizon) * np.exp(0.05 * _OFF[cutoff // 6])


@pytest.fixture(scope="module")
def lasting() -> QuickAuto:
    """A mixture whose only challenger knows the future but for a factor that stays for days."""
    model = QuickAuto(AutoConfig(horizon=6, challengers="rnn", budget="1h", adapt=False, guard=0.0))
    model.made = {"rnn": lambda: Challenger(6, say=lastingly_off)}
    model.fit(PANEL.until(24 * 60))
    return model


def test_a_mixture_that_is_lastingly_off_corrects_itself(lasting: QuickAuto) -> None:
    assert (lasting.carry_of(PANEL.ids) > 0.3).all()
    cutoffs = np.arange(24 * 60 + 23, PANEL.steps - 6, 6)
    truth = PANEL.target[:, cutoffs[:, None] + np.arange(1, 7)]
    errors = {}
    for carry in (True, False):
        lasting.config = replace(lasting.config, carry=carry)
        errors[carry] = np.abs(lasting.predict(PANEL, cutoffs).point - truth).mean()
    lasting.config = replace(lasting.config, carry=True)
    assert errors[True] < 0.8 * errors[False]


def test_a_series_that_was_not_seen_has_the_share_of_all_and_none_where_it_is_switched_off(lasting: QuickAuto) -> None:
    assert lasting._found is not None
    assert lasting.carry_of(["new"]).tolist() == [lasting._found.chosen.carry.pooled]
    lasting.config = replace(lasting.config, carry=False)
    assert lasting.carry_of(["new", "link-0"]).tolist() == [0.0, 0.0]
    lasting.config = replace(lasting.config, carry=True)
    assert QuickAuto(AutoConfig(horizon=6)).carry_of(["new"]).tolist() == [0.0]


@pytest.fixture(scope="module")
def carrying() -> QuickAuto:
    """The pretrained network, made to carry over what it did not find to pay."""
    model = QuickAuto(AutoConfig(horizon=6, challengers="base", budget="1h"))
    model.fit(PANEL.until(24 * 60))
    assert model._found is not None
    model._found = replace(model._found, chosen=replace(model._found.chosen, carry=Carry(np.array([0.8, 0.5]), 0.3)))
    return model


def test_what_is_carried_over_sees_nothing_past_a_cutoff(carrying: QuickAuto) -> None:
    assert_causal(carrying, PANEL, np.array([24 * 60 - 1, 24 * 61 + 5, 24 * 69]))


def test_it_is_stored_and_a_mixture_from_before_there_was_any_is_read(carrying: QuickAuto) -> None:
    state = carrying.state()
    again = restore_model("auto", state)
    assert isinstance(again, AutoModel)
    assert again.carry_of([*PANEL.ids, "new"]).tolist() == [0.8, 0.5, 0.3]
    config = {name: value for name, value in state.document["config"].items() if name != "carry"}
    document = {name: value for name, value in state.document.items() if name != "carry"} | {"config": config}
    tensors = {name: value for name, value in state.tensors.items() if name != "carry"}
    old = restore_model("auto", State(document, tensors))
    assert isinstance(old, AutoModel)
    assert not old.carry_of(PANEL.ids).any()
    for wrong in (np.zeros(5), np.array([np.nan, 0.0])):
        with pytest.raises(DamagedError, match="does not say of each series what of its misses is carried over"):
            restore_model("auto", State(state.document, {**state.tensors, "carry": wrong}))
