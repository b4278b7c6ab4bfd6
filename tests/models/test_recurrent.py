"""The recurrent forecasters: their options, what they may see, and that a seed decides everything."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from conformance import Listener, assert_equal, assert_sound, daily_traffic, gappy_panel, panel_of, quick_options

from nettide.backtest.causality import assert_causal
from nettide.errors import HistoryError, MismatchError, OptionError, TrainingError
from nettide.forecast import LEVELS, Forecast
from nettide.models import make_model, restore_model
from nettide.models.contract import Epoch, Silent, State, last_cutoff
from nettide.models.lags import ANCHORS
from nettide.models.recurrent import RecurrentModel
from nettide.models.recurrent_config import RecurrentConfig, resolve
from nettide.models.split import split_windows
from nettide.panel import Panel, Series

HOUR, DAY, MINUTES_5 = 3600, 86_400, 300
NETWORKS = ("rnn", "lstm", "gru", "gru-fcn", "lstm-fcn")


def network_model(
    name: str = "lstm", *, horizon: int = 24, context: int | None = None, seed: int = 0, **options: Any
) -> RecurrentModel:
    """A quick model that keeps its type."""
    chosen = {**quick_options(name), **options}
    model = make_model(name, horizon=horizon, context=context, seed=seed, options=chosen)
    assert isinstance(model, RecurrentModel)
    return model


def fitted(panel: Panel, name: str = "lstm", **options: Any) -> RecurrentModel:
    model = network_model(name, **options)
    model.fit(panel)
    return model


def weights_of(model: RecurrentModel) -> dict[str, np.ndarray]:
    return {name: np.array(value) for name, value in model.state().tensors.items()}


def same_weights(one: RecurrentModel, other: RecurrentModel) -> bool:
    ours, theirs = weights_of(one), weights_of(other)
    return ours.keys() == theirs.keys() and all(np.array_equal(value, theirs[name]) for name, value in ours.items())


PANEL = panel_of(daily_traffic(3, 500))


# ------------------------------------------------------------------ seeds


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(name: str) -> None:
    found = []
    for outer, seed in ((1, 4), (2, 4), (1, 5)):
        torch.manual_seed(outer)
        before = torch.get_rng_state()
        found.append(fitted(PANEL, name, seed=seed, layers="2"))
        assert torch.equal(torch.get_rng_state(), before)
    assert same_weights(found[0], found[1])
    assert not same_weights(found[0], found[2])


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_have_a_range(seed: int) -> None:
    with pytest.raises(OptionError, match=rf"^seed {seed} is outside 0 ... 4294967295$"):
        network_model(seed=seed)


# ------------------------------------------------------------------ options


@pytest.mark.parametrize(
    ("scaling", "transform"),
    list(itertools.product(("robust", "standard", "min-max", "none"), ("asinh", "log", "none"))),
)
def test_every_scaling_and_transform_fits_forecasts_and_comes_back_from_its_state(scaling: str, transform: str) -> None:
    panel = replace(gappy_panel(), values=gappy_panel().values / 1e6)
    model = fitted(panel, scaling=scaling, transform=transform)
    assert (model.config.scaling, model.config.transform) == (scaling, transform)
    cutoffs = np.array([300, 839])
    found = model.predict(panel, cutoffs)
    assert_sound(found, panel, cutoffs)
    assert_equal(restore_model("lstm", model.state()).predict(panel, cutoffs), found, exact=True)


@pytest.mark.parametrize(
    ("scaling", "transform"), [("robust", "asinh"), ("standard", "asinh"), ("min-max", "none"), ("none", "none")]
)
def test_a_transform_that_is_left_open_follows_the_scaling(scaling: str, transform: str) -> None:
    assert fitted(PANEL, scaling=scaling).config.transform == transform


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_the_losses_of_a_point_give_a_forecast_without_quantiles(loss: str) -> None:
    model = fitted(PANEL, loss=loss)
    found = model.predict(PANEL, np.array([400, 499]))
    assert found.levels == ()
    assert found.quantiles.shape == (3, 2, 24, 0)
    assert_sound(found, PANEL, np.array([400, 499]))
    assert model.network.head.out.out_features == len(ANCHORS) + 1


@pytest.mark.parametrize("horizon", [1, 336])
def test_the_shortest_and_the_longest_horizon(horizon: int) -> None:
    panel = panel_of(daily_traffic(2, 1000))
    model = fitted(panel, horizon=horizon)
    found = model.predict(panel, np.array([300, 999]))
    assert found.point.shape == (2, 2, horizon)
    assert_sound(found, panel, np.array([300, 999]))


def test_unknown_values_of_other_channels_are_no_obstacle() -> None:
    panel = panel_of(daily_traffic(3, 500), channels=("y", "flows", "packets"))
    panel.values[0, :, 1] = np.nan
    panel.values[1, 100:300, 2] = np.nan
    panel.values[2, ::3, 1:] = np.nan
    model = fitted(panel, channels="all")
    assert model.network.shape.step_features == 4
    assert_sound(model.predict(panel, np.array([250, 499])), panel, np.array([250, 499]))
    assert_causal(model, panel, np.array([250]))


def test_other_channels_say_something() -> None:
    panel = panel_of(daily_traffic(3, 500))
    model = fitted(panel, channels="all", windows_per_epoch=512)
    other = panel.values.copy()
    other[:, :, 1] = other[:, ::-1, 1]
    changed = model.predict(replace(panel, values=other), np.array([400]))
    assert not np.array_equal(changed.point, model.predict(panel, np.array([400])).point)


def test_bfloat16_forecasts_close_to_float32() -> None:
    found = {
        precision: fitted(PANEL, precision=precision, windows_per_epoch=512).predict(PANEL, np.array([400, 499]))
        for precision in ("float32", "bfloat16")
    }
    size = PANEL.target.mean(axis=1)[:, None, None, None]
    difference = np.abs(found["bfloat16"].quantiles - found["float32"].quantiles) / size
    assert 0 < difference.max() < 0.02
    assert difference.mean() < 0.005


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_every_optimizer_and_schedule_trains(optimizer: str, schedule: str) -> None:
    rate = "0.03" if optimizer == "sgd" else "0.003"
    model = network_model(optimizer=optimizer, schedule=schedule, learning_rate=rate, epochs="5", anchors="false")
    training = model.fit(PANEL)
    assert training.epochs[-1].loss < training.epochs[0].loss


def test_the_published_branch_and_the_dimension_shuffle_are_options() -> None:
    model = network_model(
        "gru-fcn", context=24, patch=24, filters="128,256,128", kernels="8,5,3", convolve="steps",
        windows_per_epoch=64,
    )  # fmt: skip
    training = model.fit(PANEL)
    network = model.network
    assert network.encoder.input_size == 24 * 2 + 13  # value and whether known, of each step; calendar and occasions
    assert network.convolution is not None
    # 264,704 of the papers for one input channel; ours has a second one: whether the value is known
    assert sum(weight.numel() for weight in network.convolution.parameters()) == 264_704 + 8 * 128
    assert training.parameters == sum(weight.numel() for weight in network.parameters())
    assert_sound(model.predict(PANEL, np.array([499])), PANEL, np.array([499]))


def test_series_may_lie_in_several_time_zones() -> None:
    zones = ("Europe/Prague", "America/St_Johns", "Asia/Kolkata")
    panel = replace(PANEL, series=tuple(Series(f"s{place}", zone=zone) for place, zone in enumerate(zones)))
    model = fitted(panel)
    found = model.predict(panel, np.array([400]))
    assert_sound(found, panel, np.array([400]))
    moved = replace(panel, series=tuple(replace(one, zone="UTC") for one in panel.series))
    assert not np.array_equal(model.predict(moved, np.array([400])).point, found.point)
    alone = model.predict(panel.select([2]), np.array([400]))
    assert alone.ids == ("s2",)


# ------------------------------------------------------------------ choices by the data


@pytest.mark.parametrize(
    ("step", "steps", "horizon", "context", "patch"),
    [
        (HOUR, 2000, 24, 168, 24),  # a week of days
        (HOUR, 2000, 336, 168, 24),
        (HOUR, 300, 24, 120, 24),  # half of a short history, in whole days
        (HOUR, 100, 24, 26, 1),  # too short for four days
        (HOUR, 54, 24, 15, 1),  # what is behind the horizon is halved
        (HOUR, 336, 168, 84, 1),
        (MINUTES_5, 20_000, 12, 288, 12),  # a day of hours
        (MINUTES_5, 20_000, 72, 288, 12),
        (MINUTES_5, 20_000, 73, 2016, 288),  # far ahead: a week of days
        (MINUTES_5, 300, 12, 144, 12),  # half a day at the least
        (900, 5000, 4, 96, 4),
        (DAY, 500, 7, 28, 1),
        (DAY, 500, 30, 28, 1),
        (DAY, 40, 7, 13, 1),
        (7 * DAY, 100, 4, 28, 1),
        (60, 20_000, 60, 1440, 60),
    ],
)
def test_context_and_patch_are_chosen_by_step_and_history(
    step: int, steps: int, horizon: int, context: int, patch: int
) -> None:
    panel = Panel(np.ones((1, steps, 1)), 0, step, (Series("a"),), PANEL.channels[:1])
    found = resolve(RecurrentConfig(horizon=horizon), panel)
    assert (found.context, found.patch) == (context, patch)
    assert context % patch == 0


@pytest.mark.parametrize(
    ("step", "steps", "horizon", "least"), [(HOUR, 40, 24, 12), (300, 290, 12, 144), (HOUR, 20, 24, 12)]
)
def test_windows_that_see_less_than_half_a_day_are_refused(step: int, steps: int, horizon: int, least: int) -> None:
    panel = Panel(np.ones((1, steps, 1)), 0, step, (Series("a"),), PANEL.channels[:1])
    enough = 2 * least + horizon
    with pytest.raises(
        HistoryError, match=rf"^history is too short to train on: windows of {steps} steps .* give {enough}"
    ):
        resolve(RecurrentConfig(horizon=horizon), panel)
    longer = Panel(np.ones((1, enough, 1)), 0, step, (Series("a"),), PANEL.channels[:1])
    assert resolve(RecurrentConfig(horizon=horizon), longer).context == least
    assert resolve(RecurrentConfig(horizon=horizon, context=2), panel).context == 2


def test_what_is_asked_for_is_kept() -> None:
    panel = Panel(np.ones((1, 2000, 1)), 0, HOUR, (Series("a"),), PANEL.channels[:1])
    for asked, found in (
        ({"context": 48}, (48, 1)),
        ({"context": 96}, (96, 24)),
        ({"context": 50, "patch": 10}, (50, 10)),
        ({"patch": 12}, (168, 12)),
        ({"patch": 50}, (150, 50)),
        ({"patch": 500}, (500, 500)),
    ):
        made = resolve(RecurrentConfig(horizon=24, **asked), panel)
        assert (made.context, made.patch) == found


@pytest.mark.parametrize(("series", "batch"), [(1, 64), (3, 64), (4, 256)])
def test_few_series_train_in_smaller_batches(series: int, batch: int) -> None:
    panel = panel_of(daily_traffic(series, 500))
    assert resolve(RecurrentConfig(horizon=24), panel).batch_size == batch
    assert resolve(RecurrentConfig(horizon=24, batch_size=7), panel).batch_size == 7


def test_short_histories_get_enough_epochs_for_eighty_batches() -> None:
    panel = panel_of(daily_traffic(1, 300))
    model = network_model(hidden="4", batch_size="64", windows_per_epoch="25600", epochs="none")
    training = model.fit(panel)
    batches = -(-training.windows // 64)
    assert model.config.epochs == -(-80 // batches) > 9


def test_a_model_fitted_again_chooses_again() -> None:
    model = network_model()
    with pytest.raises(HistoryError, match="history is too short to train on"):
        model.fit(panel_of(daily_traffic(2, 20)))
    model.fit(panel_of(daily_traffic(2, 120)))
    assert model.context < 48
    model.fit(PANEL)
    assert model.context == 168
    assert same_weights(model, fitted(PANEL))


def test_a_fit_that_fails_leaves_a_model_that_is_not_fitted() -> None:
    model = fitted(PANEL)
    with pytest.raises(HistoryError):
        model.fit(panel_of(np.full((1, 500), np.nan)))
    with pytest.raises(MismatchError, match="model is not fitted"):
        model.predict(PANEL, last_cutoff(PANEL))
    with pytest.raises(MismatchError, match="model is not fitted"):
        model.state()


# ------------------------------------------------------------------ what it may see


@pytest.mark.parametrize("name", NETWORKS)
def test_no_network_sees_past_a_cutoff(name: str) -> None:
    panel = gappy_panel()
    assert_causal(fitted(panel.until(600), name), panel, np.array([400, 610, 700]))


@pytest.mark.parametrize("share", ["0.125", "0.4", "0"])
def test_training_targets_never_reach_the_validation_part(share: str) -> None:
    panel = gappy_panel()
    model = fitted(panel, validation_share=share)
    parts = split_windows(panel, model.config)
    training, validation, steps = parts.training, parts.validation, parts.training_steps
    last_target = int(cutoffs_of(training).max()) + model.horizon
    assert last_target == steps - 1
    if share == "0":
        assert (validation.count, steps) == (0, panel.steps)
    else:
        first_target = int(cutoffs_of(validation).min()) + 1
        assert first_target == steps == panel.steps - round(float(share) * panel.steps)
        assert int(cutoffs_of(validation).max()) + model.horizon < panel.steps


def test_windows_begin_with_a_known_value_and_end_before_the_last_one() -> None:
    panel = panel_of(daily_traffic(3, 600))
    panel.values[1, :150] = np.nan
    panel.values[2, 400:] = np.nan
    model = fitted(panel, context=48, validation_share=0)
    training = split_windows(panel, model.config).training
    series, cutoffs = training.pairs(torch.arange(training.count))
    for row, first, last in ((0, 47, 575), (1, 197, 575), (2, 47, 375)):
        assert sorted(cutoffs[series == row].tolist()) == list(range(first, last + 1))


def cutoffs_of(ranges: Any) -> torch.Tensor:
    return ranges.pairs(torch.arange(ranges.count))[1]


def test_the_fit_sees_nothing_after_the_panels_end() -> None:
    values = np.concatenate([PANEL.values, PANEL.values * 100], axis=1)
    longer = replace(PANEL, values=values).until(PANEL.steps)  # a view: what follows is there in memory
    assert same_weights(fitted(longer), fitted(PANEL))


def test_a_validation_part_without_a_known_target_decides_nothing() -> None:
    panel = panel_of(daily_traffic(1, 3000))
    panel.values[:, 2625:2999] = np.nan  # the last step alone is known, and thinning passes over it
    training = network_model(epochs="2").fit(panel)
    assert training.best_epoch == 2


def test_few_validation_windows_are_trained_on_instead() -> None:
    panel = panel_of(daily_traffic(1, 300))
    training = network_model(epochs="2").fit(panel)
    assert [one.validation_loss for one in training.epochs] == [None, None]
    assert training.windows == 300 - 168 + 1 - 24 + (168 - network_model_context(panel))


def network_model_context(panel: Panel) -> int:
    context = resolve(RecurrentConfig(horizon=24), panel).context
    assert context is not None
    return context


# ------------------------------------------------------------------ min-max


def test_min_max_ranges_are_those_of_the_training_part() -> None:
    panel = panel_of(daily_traffic(2, 800))
    model = fitted(panel, scaling="min-max")
    steps = 700  # an eighth is kept for validation
    for row, one in enumerate(panel.ids):
        low, size = model._ranges[one]
        assert low == panel.target[row, :steps].min()
        assert low + size == pytest.approx(panel.target[row, :steps].max(), rel=1e-12)
    later = panel.values.copy()
    later[:, steps:] *= 1000
    assert fitted(replace(panel, values=later), scaling="min-max")._ranges == model._ranges


def test_ranges_do_not_move_with_what_is_forecast_from() -> None:
    model = fitted(PANEL, scaling="min-max")
    before = dict(model._ranges)
    model.predict(replace(PANEL, values=PANEL.values * 50), last_cutoff(PANEL))
    assert model._ranges == before


def test_series_without_a_range_of_their_own_get_a_sensible_one() -> None:
    values = daily_traffic(4, 800)
    values[1, :750] = np.nan  # known in the validation part alone
    values[2] = 7.0
    values[3] = 0.0
    model = fitted(panel_of(values), scaling="min-max")
    ranges = list(model._ranges.values())
    assert ranges[1] == pytest.approx((np.nanmin(values[1]), np.nanmax(values[1]) - np.nanmin(values[1])))
    assert ranges[2:] == [(7.0, 7.0), (0.0, 1.0)]


def test_a_series_whose_range_is_unknown_is_refused_by_name() -> None:
    model = fitted(PANEL, scaling="min-max")
    other = replace(PANEL, series=(*PANEL.series[:2], Series("new-link", "bit/s")))
    with pytest.raises(
        MismatchError,
        match=r"^series 'new-link' was not in the training data, so its min-max range is unknown; "
        r"fit with scaling=robust to forecast new series$",
    ):
        model.predict(other, last_cutoff(other))


# ------------------------------------------------------------------ training through the model


@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_divergence_is_a_typed_error_that_names_the_learning_rate(name: str) -> None:
    model = network_model(
        name, loss="mse", scaling="none", transform="none", optimizer="sgd", learning_rate="100", clip="1e12",
        epochs="20", patience="0",
    )  # fmt: skip
    with pytest.raises(
        TrainingError, match=r"^training diverged in epoch \d+: .*; lower the learning rate \(now 100\)"
    ):
        model.fit(PANEL)
    with pytest.raises(MismatchError, match="model is not fitted"):
        model.predict(PANEL, last_cutoff(PANEL))


class Memory:
    """A checkpoint that keeps the last state."""

    def __init__(self) -> None:
        self.state: State | None = None

    def load(self) -> State | None:
        return self.state

    def save(self, state: State) -> None:
        self.state = state


class Killed(BaseException):
    """Nothing catches it."""


class KilledAfter(Silent):
    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def on_epoch(self, report: Epoch) -> None:
        if report.epoch == self._epoch:
            raise Killed


@pytest.mark.parametrize("name", NETWORKS)
def test_a_killed_and_resumed_fit_ends_with_the_same_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettide.models.training._CHECKPOINT_EVERY_SECONDS", -1.0)
    whole = fitted(PANEL, name, epochs="4")
    memory = Memory()
    with pytest.raises(Killed):
        network_model(name, epochs="4").fit(PANEL, monitor=KilledAfter(2), checkpoint=memory)
    resumed = network_model(name, epochs="4")
    listener = Listener()
    training = resumed.fit(PANEL, checkpoint=memory, monitor=listener)
    assert [one.epoch for one in listener.epochs] == [3, 4]
    assert len(training.epochs) == 4
    assert same_weights(resumed, whole)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hidden": "9"}, "hidden was 8, now 9"),
        ({"seed": 1}, "seed was 0, now 1"),
        ({"epochs": "5"}, "epochs was 1, now 5"),
        ({"filters": "4,4"}, r"filters was \[8, 8\], now \[4, 4\]"),
    ],
)
def test_a_checkpoint_of_other_options_is_refused_with_the_difference(change: dict[str, Any], said: str) -> None:
    memory = Memory()
    network_model("gru-fcn").fit(PANEL, checkpoint=memory)
    with pytest.raises(TrainingError, match=rf"^the checkpoint is of another training: {said}; start anew without"):
        network_model("gru-fcn", **change).fit(PANEL, checkpoint=memory)


def changed_values(panel: Panel) -> Panel:
    values = panel.values.copy()
    values[1, 30] += 1.0
    return replace(panel, values=values)


@pytest.mark.parametrize(
    "change",
    [
        changed_values,
        lambda panel: replace(panel, start=panel.start + 3600),
        lambda panel: replace(panel, series=tuple(replace(one, zone="Asia/Kolkata") for one in panel.series)),
        lambda panel: replace(panel, series=tuple(replace(one, id=f"{one.id}x") for one in panel.series)),
    ],
    ids=["values", "start", "zone", "ids"],
)
def test_a_checkpoint_of_other_data_is_refused(change: Any) -> None:
    memory = Memory()
    network_model().fit(PANEL, checkpoint=memory)
    with pytest.raises(TrainingError, match=r"another training: data was '[0-9a-f]{16}', now '[0-9a-f]{16}'"):
        network_model().fit(change(PANEL), checkpoint=memory)


def test_training_lowers_the_loss_of_every_network() -> None:
    for name in NETWORKS:
        training = network_model(name, epochs="6", windows_per_epoch="512", learning_rate="0.01", anchors="false").fit(
            PANEL
        )
        assert training.epochs[-1].loss < 0.8 * training.epochs[0].loss, name
        assert training.ending == "finished"
        assert training.seconds > 0


# ------------------------------------------------------------------ forecasting


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, 1), ({"filters": "128,256,128", "kernels": "8,5,3", "convolve": "steps"}, 2)],
    ids=["small", "published convolutions"],
)
def test_a_small_network_runs_on_one_thread_and_a_large_one_on_all(options: dict[str, str], expected: int) -> None:
    seen: list[int] = []
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        model = network_model("gru-fcn", windows_per_epoch="64", **options)

        class Counter(Silent):
            def stop_requested(self) -> bool:
                seen.append(torch.get_num_threads())
                return False

        model.fit(PANEL, monitor=Counter())
        model.network.register_forward_hook(lambda *call: seen.append(torch.get_num_threads()))
        model.predict(PANEL, np.array([499]))
        assert set(seen) == {expected}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_no_series_have_no_forecasts() -> None:
    found = fitted(PANEL).predict(PANEL.select([]), np.array([400]))
    assert found.point.shape == (0, 1, 24)
    assert found.quantiles.shape == (0, 1, 24, len(LEVELS))


def test_thousands_of_windows_equal_a_few_at_a_time() -> None:
    panel = panel_of(daily_traffic(60, 400))
    model = fitted(panel, adapt="false")
    cutoffs = np.arange(300, 400)
    all_at_once = model.predict(panel, cutoffs)  # 6,000 windows: more than a batch
    few = model.predict(panel.select([0, 59]), cutoffs[[0, 57, 99]])
    both = np.ix_([0, 59], [0, 57, 99])
    np.testing.assert_allclose(few.quantiles, all_at_once.quantiles[both], rtol=1e-4)


def test_large_windows_run_fewer_at_a_time_with_equal_forecasts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted(PANEL)
    cutoffs = np.array([300, 400, 499])
    before = model.predict(PANEL, cutoffs)
    for numbers in (5 * (168 + 24 * 8), 1):  # five windows at a time, and one
        monkeypatch.setattr("nettide.models.recurrent._PREDICT_NUMBERS", numbers)
        assert_equal(model.predict(PANEL, cutoffs), before, exact=False, rtol=1e-5)


def test_values_too_large_for_a_network_are_refused_in_fit_and_forecast() -> None:
    immense = replace(PANEL, values=PANEL.values * 1e30)
    with pytest.raises(HistoryError, match=r"too large for a network \(limit 1e\+30\); give it in a larger unit$"):
        network_model().fit(immense)
    model = fitted(PANEL)
    with pytest.raises(HistoryError, match=r"series 'link-0' holds .* in 'y' at .*Z, too large for a network"):
        model.predict(immense, last_cutoff(immense))


def test_values_just_below_the_limit_are_forecast_without_infinities() -> None:
    panel = replace(PANEL, values=PANEL.values / PANEL.values.max() * 9e29)
    model = fitted(panel)
    found: Forecast = model.predict(panel, last_cutoff(panel))
    assert_sound(found, panel, last_cutoff(panel))
