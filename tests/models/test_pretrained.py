"""The pretrained network as a model: used as it is, tuned, resumed, shown steps and scales of every kind."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conformance import assert_equal, assert_sound, daily_traffic, gappy_panel, panel_of
from made_weights import occasion_rows, random_weights

from nettide.backtest.causality import assert_causal
from nettide.errors import DamagedError, HistoryError, MismatchError, OptionError, TrainingError
from nettide.models import make_model
from nettide.models.contract import Silent, State, last_cutoff
from nettide.models.pretrained.config import PretrainedConfig
from nettide.models.pretrained.histories import Histories
from nettide.models.pretrained.model import PretrainedModel, tuning_ranges
from nettide.models.pretrained.weights import BaseWeights, base_weights
from nettide.occasions import Occasion
from nettide.panel import Panel
from nettide.prepare.periods import nominal_periods

HOUR, DAY = 3600, 86_400
PANEL = panel_of(daily_traffic(3, 500))
QUICK: dict[str, Any] = {"batches": 6, "batch_size": 16, "average": 3}


def model_of(*, horizon: int = 24, start: BaseWeights | None = None, **options: Any) -> PretrainedModel:
    """A model that begins with random weights, however good those that come with nettide are."""
    return PretrainedModel(PretrainedConfig(horizon=horizon, **options), start or random_weights())


def fitted(panel: Panel = PANEL, **options: Any) -> PretrainedModel:
    model = model_of(**options)
    model.fit(panel)
    return model


def same_weights(one: PretrainedModel, other: PretrainedModel) -> bool:
    ours, theirs = one.state().tensors, other.state().tensors
    return ours.keys() == theirs.keys() and all(np.array_equal(value, theirs[name]) for name, value in ours.items())


# ------------------------------------------------------------------ options


@pytest.mark.parametrize(
    ("option", "value"),
    [("horizon", 0), ("horizon", 337), ("seed", -1), ("batches", -1), ("members", 0), ("members", 65),
     ("batch_size", 0), ("average", 0), ("learning_rate", 0.0), ("dropout", 0.96), ("weight_decay", -1.0),
     ("context", 0)],
)  # fmt: skip
def test_options_have_a_range(option: str, value: float) -> None:
    with pytest.raises(OptionError, match=rf"^{option} {value} is outside "):
        PretrainedConfig(**{"horizon": 24, option: value})


# ------------------------------------------------------------------ what decides the weights


def test_without_tuning_the_weights_are_those_it_began_with() -> None:
    start = random_weights(seed=5)
    model = fitted(batches=0, start=start)
    for name, value in start.tensors.items():
        assert np.array_equal(model.state().tensors[name], value.numpy())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    found = []
    for outer, seed in ((1, 4), (2, 4), (1, 5)):
        torch.manual_seed(outer)
        before = torch.get_rng_state()
        found.append(fitted(seed=seed, members=2, **QUICK))
        assert torch.equal(torch.get_rng_state(), before)
    assert same_weights(found[0], found[1])
    assert not same_weights(found[0], found[2])


def test_tuning_leaves_the_weights_it_began_with_as_they_are() -> None:
    start = random_weights()
    before = {name: value.clone() for name, value in start.tensors.items()}
    fitted(start=start, **QUICK)
    assert all(torch.equal(value, before[name]) for name, value in start.tensors.items())


def test_members_are_tuned_apart_and_averaged() -> None:
    model = fitted(members=3, **QUICK)
    weights = model.state().tensors["out.weight"]
    assert weights.shape[0] == 3
    assert not np.array_equal(weights[0], weights[1])
    assert_sound(model.predict(PANEL, np.array([300, 499])), PANEL, np.array([300, 499]))


def test_tuning_lowers_the_loss() -> None:
    training = model_of(batches=120, batch_size=32, dropout=0.0).fit(PANEL)
    assert training.epochs[-1].loss < 0.8 * training.epochs[0].loss
    assert training.ending == "finished"


def test_a_tuned_model_is_a_start_for_another() -> None:
    first = fitted(members=2, **QUICK)
    start = first.as_start()
    tensors = first.state().tensors
    assert start.members == 2
    assert np.array_equal(start.tensors["out.weight"], tensors["out.weight"])
    again = fitted(batches=0, start=start)
    assert again.network.shape.members == 2
    assert_sound(again.predict(PANEL, last_cutoff(PANEL)), PANEL, last_cutoff(PANEL))


class Memory:
    """A checkpoint that keeps what was saved last."""

    def __init__(self) -> None:
        self.kept: State | None = None

    def load(self) -> State | None:
        return self.kept

    def save(self, state: State) -> None:
        self.kept = state


class Killed(BaseException):
    """Not an Exception, like a kill: nothing may catch it."""


class KilledAfter(Silent):
    """Kills a training when it asks for the nth time whether to go on."""

    def __init__(self, batches: int) -> None:
        self._left = batches

    def stop_requested(self) -> bool:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return False


@pytest.mark.parametrize("batch", [0, 7, 12, 26])
def test_a_tuning_killed_and_resumed_gives_the_same_weights(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettide.models.training._CHECKPOINT_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("nettide.models.pretrained.model._EPOCH_BATCHES", 4)
    options = {"batches": 28, "batch_size": 8, "members": 2, "average": 5}
    memory = Memory()
    with pytest.raises(Killed):
        model_of(**options).fit(PANEL, monitor=KilledAfter(batch), checkpoint=memory)
    assert (memory.kept is not None) == (batch >= 4)
    resumed = model_of(**options)
    resumed.fit(PANEL, checkpoint=memory)
    assert same_weights(resumed, fitted(**options))


@pytest.mark.parametrize(
    ("panel", "options", "said"),
    [(PANEL, {"learning_rate": 1e-2}, "learning_rate was 0.002, now 0.01"),
     (panel_of(daily_traffic(3, 500, seed=1)), {}, "data was "),
     (replace(PANEL, occasions=(Occasion("event", PANEL.start, PANEL.start + HOUR),)), {}, "data was ")],
)  # fmt: skip
def test_a_checkpoint_of_other_options_or_data_is_refused(panel: Panel, options: dict[str, float], said: str) -> None:
    memory = Memory()
    model_of(**QUICK).fit(PANEL, checkpoint=memory)
    with pytest.raises(TrainingError, match=f"the checkpoint is of another training: {said}"):
        model_of(**QUICK, **options).fit(panel, checkpoint=memory)


def test_a_checkpoint_of_a_tuning_that_began_with_other_weights_is_refused() -> None:
    memory = Memory()
    model_of(**QUICK).fit(PANEL, checkpoint=memory)
    with pytest.raises(TrainingError, match="the checkpoint is of another training: start was "):
        model_of(**QUICK, start=random_weights(seed=1)).fit(PANEL, checkpoint=memory)


def test_divergence_is_a_typed_error_and_leaves_a_model_that_is_not_fitted() -> None:
    model = model_of(batches=60, batch_size=8, learning_rate=100.0, start=random_weights(size=1e18))
    with pytest.raises(TrainingError, match=r"training diverged in epoch 1: .* lower the learning rate"):
        model.fit(PANEL)
    with pytest.raises(MismatchError, match=r"^model is not fitted; call fit or load a fitted one$"):
        model.predict(PANEL, last_cutoff(PANEL))


# ------------------------------------------------------------------ what it may see


@pytest.mark.parametrize("batches", [0, 6])
def test_it_never_sees_past_a_cutoff(batches: int) -> None:
    panel = gappy_panel()
    model = fitted(panel, batches=batches, batch_size=16)
    assert_causal(model, panel, np.array([20, 400, 500, 815]))


def test_companions_tell_but_never_of_what_comes() -> None:
    """A shock of all other links moves the forecast of a calm one once it has come, and not before."""
    target = daily_traffic(8, 600)
    shocked = target.copy()
    shocked[1:, 520:] *= 0.2
    model = fitted(panel_of(target), batches=0, adapt=False)
    before, after = np.array([519]), np.array([540])
    calm = model.predict(panel_of(target), before).first_steps(24).point[0]
    assert np.array_equal(model.predict(panel_of(shocked), before).point[0], calm)
    assert not np.allclose(
        model.predict(panel_of(shocked), after).point[0], model.predict(panel_of(target), after).point[0]
    )


def test_a_kind_of_occasion_that_was_never_shown_has_exactly_no_effect() -> None:
    model = fitted(members=2, **QUICK)
    start = PANEL.start
    known = tuple(Occasion(kind, start + 480 * HOUR, start + 510 * HOUR) for kind in ("maintenance", "event"))
    at = last_cutoff(PANEL)
    assert_equal(model.predict(replace(PANEL, occasions=known), at), model.predict(PANEL, at), exact=True)


def test_occasions_have_an_effect_once_they_were_shown() -> None:
    days = range(3, 20, 4)
    occasions = tuple(Occasion("holiday", PANEL.start + day * DAY, PANEL.start + (day + 1) * DAY) for day in days)
    panel = replace(PANEL, occasions=occasions)
    model = fitted(panel, **QUICK)
    rows = model.network.from_known.weight[:, occasion_rows()]
    assert rows[:, 0].any()  # the holiday
    assert not rows[:, 1:3].any()  # maintenance and events were never shown
    late = replace(PANEL, occasions=(Occasion("holiday", PANEL.start + 500 * HOUR, PANEL.start + 524 * HOUR),))
    assert not np.array_equal(
        model.predict(late, last_cutoff(late)).point, model.predict(PANEL, last_cutoff(PANEL)).point
    )


# ------------------------------------------------------------------ steps, sizes and edges


@pytest.mark.parametrize(
    ("step", "steps", "horizon"),
    [(300, 2400, 12), (300, 2400, 300), (600, 1200, 6), (900, 800, 96), (HOUR, 500, 1), (HOUR, 500, 336),
     (6 * HOUR, 200, 8), (DAY, 90, 7), (7 * DAY, 60, 2)],
)  # fmt: skip
def test_steps_from_5_minutes_to_a_week_are_forecast_by_the_same_weights(step: int, steps: int, horizon: int) -> None:
    panel = panel_of(daily_traffic(2, steps, step=step), step=step)
    cutoffs = np.array([0, steps // 2, steps - 1])
    for batches in (0, 2):
        if steps < 2.2 * horizon and batches:
            continue
        found = fitted(panel, horizon=horizon, batches=batches, batch_size=8).predict(panel, cutoffs)
        assert_sound(found, panel, cutoffs)


@pytest.mark.parametrize("factor", [1e12, 1e-12])
@pytest.mark.parametrize("batches", [0, 6])
def test_traffic_of_any_size_is_forecast_alike(factor: float, batches: int) -> None:
    panel = gappy_panel()
    large = replace(panel, values=panel.values * factor)
    cutoffs = np.array([400, 839])
    ours = fitted(panel, batches=batches, batch_size=256).predict(panel, cutoffs)
    theirs = fitted(large, batches=batches, batch_size=256).predict(large, cutoffs)
    scaled = replace(ours, point=ours.point * factor, quantiles=ours.quantiles * factor)
    assert_equal(theirs, scaled, exact=False, rtol=1e-3)


def test_the_context_is_a_week_in_slots_of_a_24th_of_a_day() -> None:
    assert model_of().context == 0
    assert fitted(batches=0).context == 168
    fine = panel_of(daily_traffic(1, 600, step=300), step=300)
    assert fitted(fine, batches=0).context == 2016


def test_many_histories_equal_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    model, cutoffs = fitted(batches=0), np.arange(200, 480, 7)
    whole = model.predict(PANEL, cutoffs)
    monkeypatch.setattr("nettide.models.pretrained.model._PREDICT_BATCH", 5)
    assert_equal(model.predict(PANEL, cutoffs), whole, exact=False)


@pytest.mark.parametrize("steps", [24, 25, 30])
def test_a_history_too_short_to_tune_on_is_refused_with_what_it_needs(steps: int) -> None:
    panel = panel_of(daily_traffic(2, steps))
    said = rf"^history is too short to tune on: {steps} steps hold no {steps // 3} of history and 24 to forecast; "
    with pytest.raises(HistoryError, match=said + r"give more history or a shorter horizon, or use .*: base$"):
        model_of(**QUICK).fit(panel)
    assert_sound(fitted(panel, batches=0).predict(panel, last_cutoff(panel)), panel, last_cutoff(panel))


def test_tuning_sees_a_week_before_each_cutoff_and_a_known_target_after_it() -> None:
    target = daily_traffic(3, 700)
    target[0, :300] = np.nan
    target[1, 600:] = np.nan
    target[2] = np.nan
    panel = panel_of(target)
    histories = Histories(panel, horizon=24, periods=nominal_periods(panel))
    ranges = tuning_ranges(panel, histories, horizon=24)
    series, cutoffs = (one.numpy() for one in ranges.pairs(torch.arange(ranges.count)))
    assert set(series) == {0, 1}
    assert cutoffs[series == 0].min() == 300 + 167
    assert cutoffs[series == 0].max() == 699 - 24
    assert cutoffs[series == 1].min() == 167
    assert cutoffs[series == 1].max() == 599 - 24


def test_few_histories_are_not_seen_too_often() -> None:
    """Ten passes: a short history is not learned by heart; a long one gets 800 batches whatever its length."""
    short, long = (panel_of(daily_traffic(count, steps)) for count, steps in ((1, 330), (4, 800)))
    few = model_of(batch_size=16).fit(short)
    assert sum(one.windows for one in few.epochs) == 10 * few.windows == 10 * (330 - 110 - 24 + 1)
    many = model_of(batch_size=1).fit(long)
    assert sum(one.windows for one in many.epochs) == 800 < many.windows


# ------------------------------------------------------------------ the weights that come with nettide


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder of good weights."""
    import hashlib

    import safetensors.torch

    content = safetensors.torch.save(dict(random_weights().tensors))
    card = {"hidden": 8, "head": 8, "sha256": hashlib.sha256(content).hexdigest()}
    (tmp_path / "base.safetensors").write_bytes(content)
    (tmp_path / "base.json").write_text(json.dumps(card))
    return tmp_path


def test_weights_are_read_as_they_were_written(kept: Path) -> None:
    found = base_weights(kept)
    assert (found.hidden, found.head) == (8, 8)
    assert all(torch.equal(value, random_weights().tensors[name]) for name, value in found.tensors.items())


def test_a_flipped_bit_is_refused(kept: Path) -> None:
    content = bytearray((kept / "base.safetensors").read_bytes())
    content[-5] ^= 1
    (kept / "base.safetensors").write_bytes(content)
    with pytest.raises(DamagedError, match=r"^the pretrained weights do not match their hash; install nettide again$"):
        base_weights(kept)


@pytest.mark.parametrize("name", ["base.safetensors", "base.json"])
def test_missing_weights_are_refused(kept: Path, name: str) -> None:
    (kept / name).unlink()
    with pytest.raises(DamagedError, match=r"^the pretrained weights cannot be read \(.*\); install nettide again$"):
        base_weights(kept)


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"sha256": "0", "hidden": null, "head": 8}', "\ufeff{"])
def test_a_card_that_says_nothing_is_refused(kept: Path, text: str) -> None:
    (kept / "base.json").write_text(text)
    with pytest.raises(DamagedError, match=r"^the pretrained weights cannot be read \(.*\); install nettide again$"):
        base_weights(kept)


def test_weights_of_another_network_are_refused(kept: Path) -> None:
    card = json.loads((kept / "base.json").read_text())
    (kept / "base.json").write_text(json.dumps({**card, "hidden": 16}))
    said = r"^the pretrained weights are of another version of nettide; install nettide again$"
    with pytest.raises(DamagedError, match=said):
        base_weights(kept)


def test_the_weights_that_come_with_nettide_are_small_and_whole() -> None:
    weights = base_weights()
    assert sum(value.numel() * value.element_size() for value in weights.tensors.values()) < 5_000_000
    assert all(value.isfinite().all() for value in weights.tensors.values())
    assert {"sha256", "parameters", "made", "seeds", "data", "versions"} <= weights.card.keys()


def test_the_weights_that_come_with_nettide_know_nothing_of_maintenance_and_events() -> None:
    """Training shows holidays alone; the rest must stay zero, or noise would follow from what was never learned."""
    weights = base_weights().network().from_known.weight[:, occasion_rows()]
    assert not weights[:, 1:3].any()


def test_a_forecast_without_training_takes_a_moment() -> None:
    panel = panel_of(daily_traffic(50, 24 * 28))
    model = make_model("base", horizon=24)
    started = time.perf_counter()
    model.fit(panel)
    model.predict(panel, last_cutoff(panel))
    assert time.perf_counter() - started < 10.0
