"""The automatic forecaster: what it tries, drops, keeps, resumes and says, and that it never pries or sinks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from conformance import Listener, assert_equal, assert_sound, daily_traffic, gappy_panel, panel_of, quick_model
from made_challengers import Challenger, QuickAuto, failing, far_off, last_value, prying

from nettide.arrays import Floats
from nettide.backtest.causality import assert_causal
from nettide.errors import (
    DamagedError,
    ForecastError,
    HistoryError,
    MismatchError,
    MissingExtraError,
    ModelError,
    OptionError,
    TrainingError,
)
from nettide.forecast import LEVELS, Forecast
from nettide.models import restore_model
from nettide.models.auto.config import NAIVE_MEMBERS, UNTRAINED, AutoConfig
from nettide.models.auto.kept import KeptFits
from nettide.models.auto.model import AutoModel
from nettide.models.auto.trials import Trial, TrialPart
from nettide.models.auto.weighing import Weighed, weigh
from nettide.models.contract import Model, Silent, State, last_cutoff
from nettide.panel import Panel

PANEL = panel_of(daily_traffic(3, 24 * 35), channels=("y",))
AT = np.array([600, 839])


def auto_of(challengers: str = "base", **options: Any) -> QuickAuto:
    made = options.pop("made", {})
    model = QuickAuto(AutoConfig(**{"horizon": 24, "challengers": challengers, "budget": "1h", **options}))
    model.made = made
    return model


def fitted(panel: Panel = PANEL, challengers: str = "base", **options: Any) -> QuickAuto:
    model = auto_of(challengers, **options)
    model.fit(panel)
    return model


# ------------------------------------------------------------------ options


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"challengers": ""}, "no challenger is named"),
        ({"challengers": " , "}, "no challenger is named"),
        ({"challengers": "lstn"}, "challengers: unknown model 'lstn'; did you mean 'lstm'?"),
        ({"challengers": "lstm,gru,lstm"}, "challenger 'lstm' is named more than once"),
        ({"challengers": "lstm,auto"}, "'auto' cannot be a challenger of itself"),
        ({"challengers": "naive"}, "'naive' cannot be a challenger: it always takes part"),
        ({"budget": "soon"}, "budget: time 'soon' is not understood; write for example 90s, 10m or 1.5h"),
        ({"budget": "0s"}, "budget: time '0s' must be longer than zero"),
        ({"guard": -1.0}, "guard -1.0 is outside"),
        ({"validation_share": 0.6}, "validation_share 0.6 is outside"),
        ({"horizon": 0}, "horizon 0 is outside"),
        ({"seed": -1}, "seed -1 is outside"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=rf"^{re.escape(said)}"):
        AutoConfig(**{"horizon": 24, **options})


def test_challengers_are_named_with_commas_and_spaces() -> None:
    assert AutoConfig(24, challengers="lstm, base ,theta").names == ("lstm", "base", "theta")
    assert AutoConfig(24, budget="2m").budget_seconds == 120


# ------------------------------------------------------------------ who takes part


def test_a_challenger_that_is_right_gets_the_weight() -> None:
    walk = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.05, (4, 700)), axis=1))
    model = fitted(panel_of(walk), "rnn", made={"rnn": lambda: Challenger(24, say=prying)})
    assert model.members == (*NAIVE_MEMBERS, "rnn")
    assert model.pooled[-1] > 0.9
    assert model.pooled.sum() == pytest.approx(1.0)


def test_a_challenger_that_is_far_off_is_left_out_and_said_to_be() -> None:
    model = fitted(PANEL, "rnn,base", made={"rnn": lambda: Challenger(24, say=far_off)})
    assert "rnn" not in model.members
    assert re.fullmatch(r"left out: \d\.\d% of the mixture, not worth its time", model.notes["rnn"])


def test_where_no_challenger_is_worth_anything_naive_forecasts_remain_with_bands() -> None:
    """The spread of a band must come from somewhere, so the best of the bad stays, with next to no weight."""
    model = fitted(PANEL, "rnn", made={"rnn": lambda: Challenger(24, say=far_off)})
    assert model.pooled[model.members.index("rnn")] < 0.02
    found = model.predict(PANEL, AT)
    assert_sound(found, PANEL, AT)
    assert (found.point <= 3 * np.nanmax(PANEL.target, axis=1)[:, None, None]).all()


def test_a_challenger_that_is_fitted_anew_at_each_cutoff_never_stands_alone() -> None:
    """It says nothing of past cutoffs, where the naive members would have no bands."""
    model = fitted(PANEL, "theta", made={"theta": lambda: Challenger(24, say=prying)})
    assert model.members[-2:] == ("theta", "base")
    assert_sound(model.predict(PANEL, AT), PANEL, AT)


def test_a_costly_challenger_is_tried_on_some_series_and_a_mixture_is_judged_by_those_who_spoke() -> None:
    panel = panel_of(daily_traffic(60, 500))
    model = fitted(panel, "theta,base", made={"theta": lambda: Challenger(24, say=prying)})
    verdict = model.verdict
    assert verdict is not None
    theta = verdict.members.index("theta")
    tried = np.isfinite(verdict.errors[theta]).any(axis=1)
    assert 0 < tried.sum() <= 24
    with_theta = np.isfinite(verdict.errors[theta])
    assert np.isfinite(verdict.errors[-1][with_theta]).all()
    worst = np.nanmax(verdict.errors[:-1], axis=0)
    mixture = verdict.errors[-1]
    assert (mixture <= worst)[np.isfinite(mixture)].all()  # nothing is judged as if theta had said zero


@pytest.mark.parametrize(
    "error",
    [
        TrainingError("training diverged in epoch 1: the loss is nan; lower the learning rate"),
        HistoryError("history is too short to train on"),
        MissingExtraError("model 'prophet' needs: pip install 'nettide[prophet]'"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_challenger_that_cannot_is_dropped_and_named_and_the_rest_goes_on(error: TrainingError) -> None:
    model = fitted(PANEL, "rnn,base", made={"rnn": failing(error)})
    assert model.members == (*NAIVE_MEMBERS, "base")
    assert model.notes["rnn"] == f"left out: {error}"
    assert_sound(model.predict(PANEL, AT), PANEL, AT)


def test_any_other_error_of_a_challenger_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        fitted(PANEL, "rnn", made={"rnn": lambda: Challenger(24, error=ZeroDivisionError())})


def test_a_challenger_that_fails_on_the_whole_history_stays_as_it_was_tried() -> None:
    fits: list[Challenger] = []

    def second_fails() -> Challenger:
        fits.append(Challenger(24, say=prying, error=TrainingError("training diverged") if fits else None))
        return fits[-1]

    model = fitted(PANEL, "rnn", made={"rnn": second_fails})
    assert len(fits) == 2
    assert model.notes["rnn"] == "not fitted again: training diverged"
    assert_sound(model.predict(PANEL, AT), PANEL, AT)


def test_without_a_second_fit_each_challenger_is_fitted_once() -> None:
    fits: list[Challenger] = []

    def counted() -> Challenger:
        fits.append(Challenger(24))
        return fits[-1]

    fitted(PANEL, "rnn", made={"rnn": counted}, refit=False)
    assert len(fits) == 1


@pytest.mark.parametrize("steps", [1, 2, 30, 40])
def test_a_history_too_short_to_compare_on_takes_the_pretrained_network_and_naive_forecasts(steps: int) -> None:
    panel = panel_of(daily_traffic(2, steps))
    model = fitted(panel, "rnn,base", made={"rnn": failing(TrainingError("never made"))})
    assert model.members == (*UNTRAINED, *NAIVE_MEMBERS)
    assert "history is too short to compare challengers on" in model.notes["auto"]
    assert model.verdict is None
    assert_sound(model.predict(panel, last_cutoff(panel)), panel, last_cutoff(panel))


def test_a_link_that_is_new_is_forecast_though_nothing_could_be_tried_before_it() -> None:
    target = daily_traffic(2, 600)
    target[:, :570] = np.nan
    panel = panel_of(target)
    model = fitted(panel)
    assert "history is too short to compare challengers on" in model.notes["auto"]
    assert_sound(model.predict(panel, last_cutoff(panel)), panel, last_cutoff(panel))


# ------------------------------------------------------------------ never without a number


def test_a_clean_daily_series_that_theta_gets_exactly_right_is_forecast() -> None:
    days = np.arange(100)
    panel = panel_of(np.where(days % 7 >= 5, 20.0, 100.0)[None], step=86400, channels=("y",))
    model = fitted(panel, "base,theta", horizon=7)
    assert np.isfinite(model.weights_of(panel.ids)).all()
    found = model.predict(panel, last_cutoff(panel))
    assert np.isfinite(found.quantiles).all()
    assert found.point[0, 0] == pytest.approx([20.0 if day % 7 >= 5 else 100.0 for day in range(100, 107)], rel=0.15)


def test_where_the_trials_give_no_weights_what_needs_none_is_taken_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def weigh_nothing(panel: Panel, part: TrialPart, trials: list[Trial]) -> Weighed:
        found = weigh(panel, part, trials)
        return replace(found, weights=found.weights * np.nan)

    monkeypatch.setattr("nettide.models.auto.choosing.weigh", weigh_nothing)
    model = fitted(PANEL, "rnn,base", made={"rnn": lambda: Challenger(24)})
    assert model.members == (*UNTRAINED, *NAIVE_MEMBERS)
    assert model.notes["auto"].startswith("the trials gave no weights: the pretrained network as it is")
    assert model.notes["rnn"] == "left out: its trial gave no weight"
    assert_sound(model.predict(PANEL, AT), PANEL, AT)
    assert restore_model("auto", model.state())


def test_a_member_that_has_all_the_say_and_says_nothing_is_an_error() -> None:
    """It is never an empty forecast in silence."""

    def right_then_silent(panel: Panel, cutoff: int, horizon: int) -> Floats:
        return prying(panel, cutoff, horizon) * (np.nan if cutoff == panel.steps - 1 else 1.0)

    made = {"rnn": lambda: Challenger(24, say=right_then_silent)}
    walk = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.05, (2, 700)), axis=1))
    panel = panel_of(walk)
    model = fitted(panel, "rnn", made=made, guard=0.0, adapt=False)
    assert model.weights_of(panel.ids)[-1].tolist() == [1.0, 1.0]
    with pytest.raises(
        ModelError, match=r"^series 'link-0' has no forecast from 20\d\d-.*T.*: no member of the mixture"
    ):
        model.predict(panel, last_cutoff(panel))


def test_a_stored_mixture_whose_weights_are_no_numbers_is_damaged(trained: QuickAuto) -> None:
    state = trained.state()
    for name in ("weights", "pooled"):
        spoilt = {**state.tensors, name: state.tensors[name] * np.nan}
        with pytest.raises(DamagedError, match=r"^the stored mixture has weights that are no numbers; fit it again$"):
            restore_model("auto", State(state.document, spoilt))


# ------------------------------------------------------------------ budget


def test_a_budget_too_small_for_one_challenger_says_what_it_needs() -> None:
    def slow() -> Challenger:
        import time

        return Challenger(24, batches=10_000, each=lambda: time.sleep(0.01))

    said = (
        r"^budget 1s is too small for one challenger: rnn was left out: 1 s are too short for it, "
        r"it needs about \d{2,4} s$"
    )
    with pytest.raises(OptionError, match=said):
        auto_of("rnn", budget="1s", made={"rnn": slow}).fit(PANEL)


def test_challengers_after_the_budget_is_spent_are_named_as_not_tried() -> None:
    import time

    def slow() -> Challenger:
        return Challenger(24, say=prying, batches=1, each=lambda: time.sleep(0.2))

    model = fitted(PANEL, "rnn,lstm", budget="0.1s", made={"rnn": slow, "lstm": slow})
    assert model.notes["lstm"] == "not tried: the budget is spent"
    assert model.notes["rnn"] == "not fitted again on the whole history: the budget is spent"
    assert_sound(model.predict(PANEL, AT), PANEL, AT)


def test_a_stop_request_keeps_what_was_tried_and_says_what_was_not() -> None:
    model = auto_of("rnn,lstm", made={"rnn": lambda: Challenger(24, batches=5), "lstm": lambda: Challenger(24)})
    training = model.fit(PANEL, monitor=Listener(stop=True))
    assert training.ending == "requested"
    assert model.notes["lstm"] == "not tried: ended early"
    assert_sound(model.predict(PANEL, AT), PANEL, AT)


@pytest.mark.parametrize("inside", [True, False], ids=["ended by the training", "raised"])
def test_control_c_in_a_challenger_ends_the_fit_with_a_model_that_forecasts(inside: bool) -> None:
    def interrupted() -> Challenger:
        return Challenger(24, ending="interrupted") if inside else Challenger(24, error=KeyboardInterrupt())

    model = auto_of("base,rnn,lstm", made={"rnn": interrupted, "lstm": lambda: Challenger(24)})
    assert model.fit(PANEL).ending == "interrupted"
    assert model.notes["lstm"] == "not tried: ended early"
    assert_sound(model.predict(PANEL, AT), PANEL, AT)


# ------------------------------------------------------------------ kill, resume, store


class Memory:
    """A checkpoint that keeps what was saved last."""

    def __init__(self) -> None:
        self.kept: State | None = None
        self.saves = 0

    def load(self) -> State | None:
        return self.kept

    def save(self, state: State) -> None:
        self.kept, self.saves = state, self.saves + 1


class Killed(BaseException):
    """Not an Exception, like a kill: nothing may catch it."""


class KilledAfter(Silent):
    """Kills a fit when it asks for the nth time whether to go on."""

    def __init__(self, asked: int) -> None:
        self._left = asked

    def stop_requested(self) -> bool:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return False


def member_of(model: AutoModel, name: str) -> Model:
    assert model._found is not None
    return model._found.chosen.members[name]


def same_state(one: AutoModel, other: AutoModel) -> bool:
    ours, theirs = one.state(), other.state()
    return dict(ours.document) == dict(theirs.document) and all(
        np.array_equal(value, theirs.tensors[name], equal_nan=True) for name, value in ours.tensors.items()
    )


@pytest.fixture(scope="module")
def trained() -> QuickAuto:
    """Auto of two challengers of which one is trained."""
    return fitted(PANEL, "rnn,base")


@pytest.mark.parametrize("asked", [3, 9, 14, 18])
def test_a_fit_killed_and_resumed_ends_with_the_same_model(trained: QuickAuto, asked: int) -> None:
    memory = Memory()
    with pytest.raises(Killed):
        auto_of("rnn,base").fit(PANEL, monitor=KilledAfter(asked), checkpoint=memory)
    resumed = auto_of("rnn,base")
    resumed.fit(PANEL, checkpoint=memory)
    assert same_state(resumed, trained)


def test_what_was_fitted_before_a_kill_is_not_fitted_again() -> None:
    memory = Memory()
    fitted_again = auto_of("base")
    fitted_again.fit(PANEL, checkpoint=memory)
    saves = memory.saves
    auto_of("base").fit(PANEL, checkpoint=memory)
    assert saves == 2 * (len(NAIVE_MEMBERS) + 1)
    again = Memory()
    again.kept = memory.kept
    model = auto_of("base", made={"base": failing(TrainingError("must not be fitted"))})
    model.fit(PANEL, checkpoint=again)
    assert "base" in model.members


def test_a_fit_is_resumed_with_another_budget_of_which_the_rest_is_left() -> None:
    memory = Memory()
    auto_of("base", budget="1m").fit(PANEL, checkpoint=memory)
    assert memory.kept is not None
    spent = memory.kept.document["spent"]
    assert 0 < spent < 60
    model = auto_of("base", budget="2h", made={"base": failing(TrainingError("must not be fitted"))})
    model.fit(PANEL, checkpoint=memory)
    assert "base" in model.members
    now = iter([100.0, 107.0])
    kept = KeptFits(memory, PANEL, {**asdict(model.config), "budget": "3h"}, now=lambda: next(now))
    assert kept.spent == memory.kept.document["spent"]
    kept.put("trial", "naive", member_of(model, "naive"))
    assert memory.kept.document["spent"] == pytest.approx(kept.spent + 7)


def test_of_a_budget_that_was_spent_before_the_kill_nothing_is_left() -> None:
    memory = Memory()
    with pytest.raises(Killed):
        auto_of("base,rnn", made={"rnn": failing(Killed())}).fit(PANEL, checkpoint=memory)
    assert memory.kept is not None
    memory.kept = State({**memory.kept.document, "spent": 3601.0}, memory.kept.tensors)
    model = auto_of("base,rnn", made={"rnn": failing(TrainingError("must not be fitted"))})
    model.fit(PANEL, checkpoint=memory)
    assert model.notes["rnn"] == "not tried: the budget is spent"
    assert memory.kept.document["spent"] > 3601


@pytest.mark.parametrize(
    ("panel", "options"),
    [(PANEL, {"seed": 1}), (PANEL.select([0, 2]), {}), (panel_of(daily_traffic(3, 24 * 35, seed=1)), {})],
    ids=["options", "series", "values"],
)
def test_a_checkpoint_of_another_fit_is_refused(panel: Panel, options: dict[str, Any]) -> None:
    memory = Memory()
    auto_of().fit(PANEL, checkpoint=memory)
    said = "^the checkpoint is of another fit: options, data or version differ; start without --resume$"
    with pytest.raises(TrainingError, match=said):
        auto_of(**options).fit(panel, checkpoint=memory)


def test_a_stored_mixture_forecasts_the_same_bit_for_bit(trained: QuickAuto) -> None:
    again = restore_model("auto", trained.state())
    assert isinstance(again, AutoModel)
    assert_equal(again.predict(PANEL, AT), trained.predict(PANEL, AT), exact=True)
    assert same_state(again, trained)
    assert again.notes == trained.notes
    assert again.verdict is not None


def test_a_mixture_whose_parts_do_not_fit_is_damaged(trained: QuickAuto) -> None:
    state = trained.state()
    with pytest.raises(DamagedError, match=r"^the stored mixture has weights of shape \(6, 2\), expected \(6, 3\)$"):
        restore_model("auto", State(state.document, {**state.tensors, "weights": np.ones((6, 2))}))
    verdict = {**state.tensors, "losses": np.ones((1, 3, 2), dtype=np.float32)}
    with pytest.raises(DamagedError, match=r"^the stored mixture has a verdict that does not fit its members"):
        restore_model("auto", State(state.document, verdict))
    members = {**state.document["members"], "lstn": {}}
    with pytest.raises(DamagedError, match="does not fit its description: unknown model 'lstn'"):
        restore_model("auto", State({**state.document, "members": members}, state.tensors))
    members = {**state.document["members"], "base": 3}
    with pytest.raises(DamagedError, match="the stored member 'base' has no description"):
        restore_model("auto", State({**state.document, "members": members}, state.tensors))


# ------------------------------------------------------------------ what it says


def test_the_verdict_holds_the_errors_of_each_member_and_of_the_mixture(trained: QuickAuto) -> None:
    verdict = trained.verdict
    assert verdict is not None
    assert verdict.members == trained.members
    assert verdict.ids == PANEL.ids
    assert verdict.errors.shape == verdict.losses.shape
    assert verdict.errors.shape[:2] == (len(trained.members) + 1, 3)
    assert np.isfinite(verdict.errors).all()
    members, mixture = verdict.losses[:-1].mean(axis=(1, 2)), verdict.losses[-1].mean()
    assert mixture <= 1.05 * members.min()


def test_a_series_that_was_not_seen_has_the_weights_of_all(trained: QuickAuto) -> None:
    found = trained.weights_of(["new", "link-1"])
    assert np.array_equal(found[:, 0], trained.pooled)
    assert found.sum(axis=0) == pytest.approx([1.0, 1.0])
    assert trained.weights_of([]).shape == (len(trained.members), 0)


def test_before_a_fit_it_is_not_fitted() -> None:
    model = auto_of()
    assert model.context == 0
    with pytest.raises(MismatchError, match=r"^model is not fitted"):
        model.state()


# ------------------------------------------------------------------ what it may see


def test_it_never_sees_past_a_cutoff(trained: QuickAuto) -> None:
    assert_causal(trained, PANEL, np.array([20, 500, 701, 815]))
    gaps = gappy_panel()
    assert_causal(fitted(gaps), gaps, np.array([400, 815]))


def test_a_challenger_that_pries_is_caught() -> None:
    model = fitted(PANEL, "rnn", made={"rnn": lambda: Challenger(24, say=prying)})
    with pytest.raises(ForecastError, match="the model sees the future"):
        assert_causal(model, PANEL, np.array([700]))


def test_trials_never_show_the_validation_part_to_a_fit() -> None:
    """A challenger fitted for its trial is the same whatever the last part holds."""
    other = PANEL.values.copy()
    other[:, 740:] *= 3.0
    ours, theirs = (fitted(one, "rnn", refit=False) for one in (PANEL, replace(PANEL, values=other)))
    for name in member_of(ours, "rnn").state().tensors:
        one, two = (member_of(model, "rnn").state().tensors[name] for model in (ours, theirs))
        assert np.array_equal(one, two)


# ------------------------------------------------------------------ values of every kind


@pytest.mark.parametrize(
    ("values", "expected"), [(np.zeros(600), 0.0), (np.full(600, 7.5), 7.5), (np.full(600, 1e12), 1e12)]
)
def test_a_series_that_never_moves_is_continued(values: Floats, expected: float) -> None:
    panel = panel_of(np.stack([values, daily_traffic(1, 600)[0]]))
    found = fitted(panel).predict(panel, last_cutoff(panel))
    assert found.point[0] == pytest.approx(expected, rel=0.02, abs=1e-3)
    assert_sound(found, panel, last_cutoff(panel))


def test_negative_values_do_not_make_negative_forecasts() -> None:
    target = daily_traffic(2, 600)
    target[0, ::7] *= -1
    panel = panel_of(target)
    assert_sound(fitted(panel).predict(panel, last_cutoff(panel)), panel, last_cutoff(panel))


def test_quantiles_are_in_order_and_the_point_is_the_median(trained: QuickAuto) -> None:
    found = trained.predict(PANEL, np.arange(100, 840, 50))
    assert (np.diff(found.quantiles, axis=-1) >= 0).all()
    assert np.array_equal(found.point, found.quantiles[..., LEVELS.index(0.5)])


def test_values_too_large_for_its_networks_are_refused_with_their_place() -> None:
    target = daily_traffic(2, 600)
    target[1, 40] = 1e31
    with pytest.raises(HistoryError, match=r"^series 'link-1' holds 1e\+31 in 'y' at .*; give it in a larger unit$"):
        auto_of("base").fit(panel_of(target))


# ------------------------------------------------------------------ guard and mixture in use


def test_a_member_that_has_begun_to_fail_loses_its_say_within_a_day() -> None:
    """Planted: right until step 700, a thousand times too high from then on."""

    def right_then_wrong(panel: Panel, cutoff: int, horizon: int) -> Floats:
        said = prying(panel, cutoff, horizon)
        return said * 1e3 if cutoff >= 700 else said

    made: dict[str, Callable[[], Challenger]] = {"rnn": lambda: Challenger(24, say=right_then_wrong)}
    until = PANEL.until(700)
    errors = {}
    for guard in (0.0, 1.0):
        model = fitted(until, "rnn", made=made, guard=guard, adapt=False)
        found = model.predict(PANEL, np.array([815]))  # five failures have come true
        truth = PANEL.target[:, 816:840]
        errors[guard] = (np.abs(found.point[:, 0] - truth) / truth).mean()
    assert errors[0.0] > 100
    assert errors[1.0] < 1.0


def test_without_guard_and_adapting_a_forecast_is_the_weighed_mean_of_its_members(trained: QuickAuto) -> None:
    plain = restore_model("auto", trained.state())
    assert isinstance(plain, AutoModel)
    plain.config = replace(plain.config, guard=0.0, adapt=False)
    found = plain.predict(PANEL, AT)
    weights = plain.weights_of(PANEL.ids)
    points = np.stack([member_of(plain, name).predict(PANEL, AT).point for name in plain.members])
    assert found.point == pytest.approx(np.einsum("ms,msch->sch", weights, points), rel=1e-5)


def test_a_few_series_are_judged_by_a_month_of_forecasts_but_not_by_those_it_was_fitted_on() -> None:
    model = fitted(PANEL.until(600))
    assert (model._judged(PANEL), model._judged(panel_of(np.tile(PANEL.target, (50, 1))))) == (28, 7)
    found = model._origins(PANEL, np.array([815, 623]), count=28)
    assert found[0, :9].tolist() == [815 - 24 * back for back in range(1, 10)]
    assert found[0, 9:].tolist() == [-1] * 19  # the next, 575, foretold what the fit has seen
    assert found[1].tolist() == [599 - 24 * back for back in range(7)] + [-1] * 21


def test_bands_that_held_too_much_since_the_fit_get_narrower_with_every_forecast_that_tells_so() -> None:
    """Planted: traffic that is far steadier after the fit than before."""
    generator = np.random.default_rng(8)
    noise = np.where(np.arange(24 * 63) < 24 * 28, 0.2, 0.02)
    target = 1000 * np.exp(generator.normal(0, 1, (2, len(noise))) * noise)
    panel = panel_of(target, channels=("y",))
    model = fitted(panel.until(24 * 28))
    bands = model.predict(panel, np.array([24 * 29 - 1, 24 * 62 - 1])).quantiles
    early, late = (bands[..., -1] - bands[..., 0]).mean(axis=(0, 2))
    assert late < 0.5 * early


def test_many_cutoffs_at_once_equal_a_few(trained: QuickAuto, monkeypatch: pytest.MonkeyPatch) -> None:
    cutoffs = np.arange(200, 839, 24)
    whole = trained.predict(PANEL, cutoffs)
    monkeypatch.setattr("nettide.models.auto.model._LEAST_CUTOFFS", 3)
    monkeypatch.setattr("nettide.models.auto.model._MOST_VALUES", 1)
    assert_equal(trained.predict(PANEL, cutoffs), whole, exact=False)


# ------------------------------------------------------------------ against the best naive forecast

HISTORY = 24 * 7 * 6


def grown(hours: Floats) -> Floats:
    return daily_traffic(10, len(hours), seed=3) * np.exp(hours / (24 * 20))


def walked(hours: Floats) -> Floats:
    steps = np.random.default_rng(0).normal(0, 0.1, (10, len(hours)))
    return np.exp(np.cumsum(steps, axis=1))


def silent_for_days(hours: Floats) -> Floats:
    """Ten links, two of which died three weeks ago."""
    target = daily_traffic(10, len(hours), seed=3)
    target[:2, HISTORY - 504 :] = 0.0
    return target


def shifted_yesterday(hours: Floats) -> Floats:
    """Half of the links fell to a third, the others doubled."""
    target = daily_traffic(10, len(hours), seed=3)
    target[:5, HISTORY - 24 :] *= 0.3
    target[5:, HISTORY - 24 :] *= 2.0
    return target


@pytest.mark.parametrize("traffic", [grown, walked, silent_for_days, shifted_yesterday], ids=lambda one: one.__name__)
def test_it_is_not_worse_than_the_best_naive_forecast_by_more_than_a_tenth(traffic: Callable[[Floats], Floats]) -> None:
    target = traffic(np.arange(HISTORY + 24.0))
    panel, truth = panel_of(target[:, :HISTORY]), target[:, HISTORY:]
    usual = np.abs(panel.target).mean(axis=1)

    def error_of(found: Forecast) -> float:
        return float((np.abs(truth - found.point[:, 0]).mean(axis=1) / usual).mean())

    naive = []
    for name in NAIVE_MEMBERS:
        model = quick_model(name)
        model.fit(panel)
        naive.append(error_of(model.predict(panel, last_cutoff(panel))))
    assert error_of(fitted(panel).predict(panel, last_cutoff(panel))) <= 1.1 * min(naive)


def test_made_challengers_say_what_they_are_asked_to() -> None:
    assert (last_value(PANEL, 10, 2) == PANEL.target[:, [10, 10]]).all()
    assert (far_off(PANEL, 10, 1)[:, 0] == 1e3 * PANEL.target[:, 10]).all()
    assert (prying(PANEL, 10, 2) == PANEL.target[:, 11:13]).all()
