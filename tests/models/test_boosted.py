"""Boosted trees: their options, what they may see, how they grow, stop and come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conformance import Listener, assert_equal, assert_sound, daily_traffic, gappy_panel, panel_of

from nettide.arrays import Floats
from nettide.backtest.causality import assert_causal
from nettide.backtest.evaluate import Contender, backtest
from nettide.backtest.leaderboard import score
from nettide.errors import DamagedError, HistoryError, MismatchError, OptionError
from nettide.forecast import LEVELS
from nettide.models import make_model, restore_model
from nettide.models.boosted import BoostedModel
from nettide.models.contract import Epoch, State
from nettide.occasions import Occasion
from nettide.panel import Panel
from nettide.prepare.grid import GridChoice
from nettide.sources.contract import Layout
from nettide.tasks.load import Reading, load

PANEL = panel_of(daily_traffic(3, 840))
QUICK: dict[str, Any] = {"trees": 20, "rows": 8000, "leaves": 8, "threads": 1}


def made(*, horizon: int = 24, seed: int = 0, **options: Any) -> BoostedModel:
    model = make_model("lightgbm", horizon=horizon, seed=seed, options={**QUICK, **options})
    assert isinstance(model, BoostedModel)
    return model


@pytest.fixture(scope="module")
def fitted() -> BoostedModel:
    model = made()
    model.fit(PANEL)
    return model


# ------------------------------------------------------------------ options


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("trees", 0, "trees 0 is outside 1 ... 10000"),
        ("leaves", 1, "leaves 1 is outside 2 ... 4096"),
        ("learning_rate", 2, r"learning_rate 2.0 is outside 1e-06 ... 1.0"),
        ("min_leaf", 0, "min_leaf 0 is outside"),
        ("rows", 0, "rows 0 is outside"),
        ("feature_fraction", 0, "feature_fraction 0.0 is outside 0.01 ... 1.0"),
        ("validation_share", 1, "validation_share 1.0 is outside 0.0 ... 0.9"),
        ("threads", 0, "threads 0 is outside"),
    ],
)
def test_options_have_a_range(option: str, value: Any, message: str) -> None:
    with pytest.raises(OptionError, match=rf"^{message}"):
        made(**{option: value})


def test_the_context_is_chosen_as_for_a_network_unless_it_is_given(fitted: BoostedModel) -> None:
    assert fitted.context == 168
    chosen = make_model("lightgbm", horizon=24, context=50, options=QUICK)
    assert chosen.context == 50
    chosen.fit(PANEL)
    assert chosen.context == 50
    assert_sound(chosen.predict(PANEL, np.array([700])), PANEL, np.array([700]))


# ------------------------------------------------------------------ what it sees


@pytest.mark.parametrize("adapt", [True, False])
def test_it_never_looks_past_a_cutoff(fitted: BoostedModel, adapt: bool) -> None:
    state = fitted.state()
    document = {**state.document, "config": {**state.document["config"], "adapt": adapt}}
    shown = gappy_panel()
    assert_causal(restore_model("lightgbm", State(document, state.tensors)), shown, np.array([400, 790]))


def test_a_holiday_known_ahead_is_learned() -> None:
    target = daily_traffic(3, 24 * 7 * 12, seed=3)
    start, days = panel_of(target).start, range(5, 7 * 12, 6)
    for day in days:
        target[:, 24 * day : 24 * (day + 1)] *= 0.2
    free = tuple(Occasion("holiday", start + 86_400 * day, start + 86_400 * (day + 1), "free") for day in days)
    bare = panel_of(target)
    told = replace(bare, occasions=free)
    cutoff = np.array([24 * days[-1] - 1])
    errors = []
    for panel in (bare, told):
        model = made(adapt=False, rows=16_000, trees=40, leaves=31, learning_rate=0.2)
        model.fit(panel.until(int(cutoff[0]) + 1))
        truth = target[:, cutoff[0] + 1 : cutoff[0] + 25]
        errors.append(np.mean(np.abs(model.predict(panel, cutoff).point[:, 0] - truth) / truth))
    assert errors[1] < 0.7 * errors[0]


def test_growth_is_followed_rather_than_lagged_behind() -> None:
    target = daily_traffic(4, 24 * 7 * 10, seed=5)
    target *= np.exp(np.linspace(0, np.log(6), target.shape[1]))
    end = 24 * 7 * 8
    model = made(trees=40, rows=16_000, adapt=False)
    model.fit(panel_of(target[:, :end]))
    cutoffs = np.arange(end - 1, target.shape[1] - 24, 24)
    truth = np.stack([target[:, cutoff + 1 : cutoff + 25] for cutoff in cutoffs], axis=1)
    ratio = model.predict(panel_of(target), cutoffs).point / truth
    assert 0.95 < np.median(ratio) < 1.05
    assert 0.95 < np.median(ratio[:, -3:]) < 1.05


def test_bands_hold_four_truths_of_five() -> None:
    target = daily_traffic(6, 24 * 7 * 9, seed=6)
    end = 24 * 7 * 7
    model = made(trees=40, rows=16_000)
    model.fit(panel_of(target[:, :end]))
    cutoffs = np.arange(end - 1, target.shape[1] - 24, 24)
    truth = np.stack([target[:, cutoff + 1 : cutoff + 25] for cutoff in cutoffs], axis=1)
    found = model.predict(panel_of(target), cutoffs)
    inside = (truth >= found.quantile(0.1)) & (truth <= found.quantile(0.9))
    assert 0.76 < inside.mean() < 0.84
    assert 0.45 < (truth < found.point).mean() < 0.55


def test_quantiles_ascend_around_a_median_that_is_the_point(fitted: BoostedModel) -> None:
    found = fitted.predict(PANEL, np.array([300, 839]))
    assert found.levels == LEVELS
    assert (np.diff(found.quantiles, axis=-1) >= 0).all()
    assert np.array_equal(found.point, found.quantile(0.5))


# ------------------------------------------------------------------ training


class Watcher(Listener):
    """Interrupts, as Ctrl-C would, when the given epoch ends."""

    def __init__(self, *, interrupt: int) -> None:
        super().__init__()
        self.interrupt = interrupt

    def on_epoch(self, report: Epoch) -> None:
        super().on_epoch(report)
        if report.epoch == self.interrupt:
            raise KeyboardInterrupt


def test_it_reports_each_tenth_of_its_rounds_and_keeps_the_best() -> None:
    listener = Listener()
    training = made(trees=25).fit(PANEL, monitor=listener)
    assert [one.epoch for one in listener.epochs] == list(range(1, 10))  # of three rounds, the last of one
    assert {one.epochs for one in training.epochs} == {9}
    losses = [one.validation_loss for one in training.epochs]
    assert training.best_epoch == 1 + int(np.argmin(losses))
    assert training.epochs[0].windows <= training.windows
    assert training.parameters > 0


def test_ctrl_c_keeps_the_rounds_that_are_done() -> None:
    model = made()
    training = model.fit(PANEL, monitor=Watcher(interrupt=2))
    assert (training.ending, training.best_epoch, len(training.epochs)) == ("interrupted", 2, 2)
    assert len(model.state().tensors["leaves"]) == 2 * 2 * 5  # epochs x rounds x quantiles
    assert_sound(model.predict(PANEL, np.array([600])), PANEL, np.array([600]))


def test_noise_ends_training_early() -> None:
    noise = np.random.default_rng(1).lognormal(3, 0.5, (4, 840))
    training = made(trees=50, learning_rate=1.0, min_leaf=5).fit(panel_of(noise))
    assert training.ending == "early"
    assert len(training.epochs) == training.best_epoch + 3


def test_without_validation_all_rounds_are_kept() -> None:
    model = made(validation_share=0.0)
    training = model.fit(PANEL)
    assert {one.validation_loss for one in training.epochs} == {None}
    assert training.best_epoch == len(training.epochs) == 10
    assert model.state().tensors["widths"].tolist() == [1.0] * 9


def single(days: int, seed: int) -> Floats:
    """One link by the hour, with two weeks to come: a daily cycle and noise of a fifth."""
    hours = np.arange(24 * (days + 14))
    noise = np.random.default_rng(seed).lognormal(0, 0.2, len(hours))
    return (1e6 * (1 + 0.5 * np.sin(2 * np.pi * hours / 24)) * noise)[None]


@pytest.mark.parametrize("days", [10, 14, 28])
def test_bands_of_a_short_history_hold(days: int) -> None:
    """Too few windows to hold any back for good: rounds and widths are found in a training before the training."""
    inside, rounds = [], []
    for seed in range(4):
        target = single(days, seed)
        model = make_model("lightgbm", horizon=24, context=None, seed=seed, options={"threads": "1"})
        model.fit(panel_of(target[:, : 24 * days]))
        cutoffs = np.arange(24 * days - 1, target.shape[1] - 24, 24)
        truth = target[:, cutoffs[:, None] + np.arange(1, 25)]
        found = model.predict(panel_of(target), cutoffs)
        inside.append(((truth >= found.quantile(0.1)) & (truth <= found.quantile(0.9))).mean())
        rounds.append(len(model.state().tensors["leaves"]) // 5)
    assert 0.7 < np.mean(inside) < 0.9  # .34 to .55 where all of the history trained at once
    assert max(rounds) < 150


def small() -> BoostedModel:
    model = make_model("lightgbm", horizon=24, context=72, seed=0, options={"trees": "20", "threads": "1"})
    assert isinstance(model, BoostedModel)
    return model


def test_a_short_history_is_never_told_of_what_comes_and_a_gap_at_its_end_is_no_history() -> None:
    target = single(14, 0)
    model = small()
    model.fit(panel_of(target[:, : 24 * 14]))
    assert_causal(model, panel_of(target), np.array([24 * 15, 24 * 20]))
    gone = np.concatenate([target[:, : 24 * 14], np.full((1, 24 * 14), np.nan)], axis=1)
    other = small()
    other.fit(panel_of(gone))
    assert other.state().tensors["widths"].tolist() == model.state().tensors["widths"].tolist()


def test_a_stop_in_the_training_before_the_training_keeps_its_rounds() -> None:
    model = made(trees=20)
    training = model.fit(panel_of(single(14, 0)[:, : 24 * 14]), monitor=Listener(stop=True))
    assert training.ending == "requested"
    assert_sound(model.predict(panel_of(single(14, 0)), np.array([400])), panel_of(single(14, 0)), np.array([400]))


def test_few_rows_make_a_model_all_the_same() -> None:
    model = made(rows=10)
    model.fit(PANEL)
    assert_sound(model.predict(PANEL, np.array([600])), PANEL, np.array([600]))


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_a_seed_decides_everything_and_may_be_any(seed: int) -> None:
    found = []
    for _ in range(2):
        model = made(seed=seed)
        model.fit(PANEL)
        found.append(model.predict(PANEL, np.array([700])))
    assert_equal(found[0], found[1], exact=True)


def test_a_fit_that_fails_leaves_no_model_behind() -> None:
    model = made()
    model.fit(PANEL)
    with pytest.raises(HistoryError, match="history is too short to train on"):
        model.fit(panel_of(daily_traffic(1, 20)))
    with pytest.raises(MismatchError, match="model is not fitted"):
        model.predict(PANEL, np.array([700]))
    with pytest.raises(MismatchError, match="model is not fitted"):
        model.state()


def test_windows_without_a_known_value_after_them_teach_nothing() -> None:
    target: Floats = np.full((1, 200), np.nan)
    target[0, [0, 199]] = 5.0
    model = make_model("lightgbm", horizon=3, context=57, options={**QUICK, "rows": 1})
    with pytest.raises(HistoryError, match=r"has a known value to learn; give more history or rows above 1$"):
        model.fit(panel_of(target))


# ------------------------------------------------------------------ coming back


def with_part(state: State, name: str, value: Any) -> State:
    if name in state.tensors:
        return State(state.document, {**state.tensors, name: value})
    return State({**state.document, name: value}, state.tensors)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("features", 3, "were made for 3 features, this version of nettide gives [0-9]+; fit the model anew"),
        ("periods", {"day": 0, "week": 7, "clock": 1.0}, "does not say how many steps a day"),
        ("periods", {"day": 24.0, "week": 168, "clock": 1.0}, "does not say how many steps a day"),
        ("periods", {"day": 24, "week": 168, "clock": float("nan")}, "does not say how many steps a day"),
        ("initial", np.full(5, np.nan), "'initial' that are not finite"),
        ("widths", np.ones(4), "no usable 'widths'"),
        ("leaves", np.ones(3, dtype=np.int32), "the stored trees are no trees"),
    ],
)
def test_a_state_that_does_not_fit_is_damaged(fitted: BoostedModel, part: str, value: Any, message: str) -> None:
    with pytest.raises(DamagedError, match=message):
        restore_model("lightgbm", with_part(fitted.state(), part, value))


def test_a_state_without_its_context_is_damaged(fitted: BoostedModel) -> None:
    config = {**fitted.state().document["config"], "context": None}
    with pytest.raises(DamagedError, match="does not say its context"):
        restore_model("lightgbm", with_part(fitted.state(), "config", config))


# ------------------------------------------------------------------ real traffic


@pytest.mark.data
def test_it_beats_the_weekly_naive_forecast_on_real_traffic(data: Path) -> None:
    reading = Reading(layout=Layout(target="y"), grid=GridChoice(step_seconds=3600))
    panel: Panel = load(str(data / "abilene_nodes_5min.parquet"), reading)[0].only_target()
    panel = panel.select(range(0, len(panel.series), 4))
    result = backtest(
        panel,
        [Contender("lightgbm", lambda: made(trees=30, rows=16_000))],
        test_start=round(0.8 * panel.steps),
        horizon=24,
        stride=24,
    )
    (found,) = score(result)
    assert found.rel_mae < 0.75
    assert found.rel_wql < 0.65
    assert 0.7 < found.coverage_80 < 0.9
