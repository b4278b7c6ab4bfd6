"""The training loop: what it keeps, when it ends, and that a killed training ends with the same weights."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import torch
from conformance import Listener, daily_traffic, panel_of
from torch import Tensor, nn
from typer.testing import CliRunner

from nettide.cli.app import app
from nettide.errors import TrainingError
from nettide.models.contract import Checkpoint, Epoch, Monitor, Silent, State
from nettide.models.training import Schedule, Trained, Trainer, epoch_batches, learning_rate_at
from nettide.store.checkpoint import FileCheckpoint

SCHEDULE = Schedule(
    epochs=4, batch_size=16, windows_per_epoch=64, optimizer="adamw", learning_rate=0.02, schedule="cosine",
    warmup=2, weight_decay=1e-4, clip=1.0, average=3, patience=0, seed=7,
)  # fmt: skip
INPUTS = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
TRUTH = INPUTS @ torch.tensor([1.0, -2.0, 0.5]) + 0.3


def linear(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Linear(3, 1)


def stormy(seed: int = 0) -> nn.Module:
    """A network with dropout and the running figures of batch norm."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 1))


def squared(network: nn.Module) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        error = network(INPUTS[numbers])[:, 0] - TRUTH[numbers]
        return error.square().sum(), torch.tensor(len(numbers))

    return loss_of


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def same_weights(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def trainer_of(
    network: nn.Module,
    *,
    loss_of: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None,
    validate: Callable[[], float] | None = None,
    monitor: Monitor | None = None,
    checkpoint: Checkpoint | None = None,
    fingerprint: dict[str, Any] | None = None,
    **changes: Any,
) -> Trainer:
    return Trainer(
        network,
        loss_of or squared(network),
        windows=64,
        validate=validate,
        schedule=replace(SCHEDULE, **changes),
        monitor=monitor or Silent(),
        checkpoint=checkpoint,
        fingerprint=fingerprint or {},
    )


class Script:
    """Validation losses as written down, and the weights that each was asked for."""

    def __init__(self, network: nn.Module, losses: list[float]) -> None:
        self._network, self._losses = network, iter(losses)
        self.seen: list[dict[str, Tensor]] = []

    def __call__(self) -> float:
        self.seen.append(weights_of(self._network))
        return next(self._losses)


class Memory:
    """A checkpoint that keeps the last state, and counts."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.saves = 0

    def load(self) -> State | None:
        return self.state

    def save(self, state: State) -> None:
        self.state, self.saves = state, self.saves + 1


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


class Killer(Silent):
    """Kills after so many epochs and batches."""

    def __init__(self, *, epoch: int, batch: int = 0) -> None:
        self._left, self._batch = epoch, batch

    def on_epoch(self, report: Epoch) -> None:
        self._left -= 1
        if not self._left and not self._batch:
            raise Killed

    def stop_requested(self) -> bool:
        if not self._left:
            self._batch -= 1
            if not self._batch:
                raise Killed
        return False


@pytest.fixture
def _each_epoch_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettide.models.training._CHECKPOINT_EVERY_SECONDS", -1.0)


# ------------------------------------------------------------------ schedule


def rates(batches: int, **changes: Any) -> list[float]:
    schedule = replace(SCHEDULE, learning_rate=1.0, **changes)
    return [learning_rate_at(batch, batches, schedule) for batch in range(batches)]


def test_the_learning_rate_rises_evenly_in_the_warm_up() -> None:
    for name in ("cosine", "linear", "constant"):
        assert rates(100, schedule=name, warmup=4)[:5] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])


def test_the_warm_up_takes_at_most_a_tenth_of_the_batches() -> None:
    assert rates(20, schedule="constant", warmup=50) == pytest.approx([0.5, 1.0] + [1.0] * 18)
    assert rates(5, schedule="constant", warmup=50) == [1.0] * 5


def test_a_cosine_falls_slowly_at_both_ends_to_almost_nothing() -> None:
    found = rates(101, schedule="cosine", warmup=0)
    assert found == pytest.approx([(1 + np.cos(np.pi * batch / 101)) / 2 for batch in range(101)])
    assert found == sorted(found, reverse=True)
    assert 0 < found[-1] < 0.001


def test_a_line_falls_evenly_and_a_constant_stays() -> None:
    assert rates(10, schedule="linear", warmup=0) == pytest.approx([1 - batch / 10 for batch in range(10)])
    assert rates(10, schedule="constant", warmup=0) == [1.0] * 10


def test_the_rate_that_an_epoch_reports_is_that_of_its_last_batch() -> None:
    listener = Listener()
    trainer_of(linear(), monitor=listener).run()
    assert [one.learning_rate for one in listener.epochs] == [
        learning_rate_at(4 * epoch + 3, 16, SCHEDULE) for epoch in range(4)
    ]


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_each_optimizer_lowers_the_loss(name: Any) -> None:
    done = trainer_of(linear(), optimizer=name, epochs=40, weight_decay=0.0).run()
    assert done.epochs[-1].loss < done.epochs[0].loss / 4


def test_weight_decay_pulls_weights_to_nothing() -> None:
    network = linear()
    nothing = torch.zeros(())
    size = network.weight.detach().norm()
    trainer_of(
        network,
        loss_of=lambda numbers: (0.0 * network.weight.sum() + 0.0 * network.bias.sum(), nothing + 1),
        weight_decay=1.0, learning_rate=0.1, epochs=8, schedule="constant",
    ).run()  # fmt: skip
    assert network.weight.norm() < 0.2 * size


# ------------------------------------------------------------------ windows of an epoch


def numbers_of(count: int, epoch: int = 1, **changes: Any) -> list[int]:
    return torch.cat(list(epoch_batches(count, replace(SCHEDULE, **changes), epoch))).tolist()


def test_an_epoch_passes_every_window_once_when_they_are_few() -> None:
    assert sorted(numbers_of(50)) == list(range(50))
    assert [len(one) for one in epoch_batches(50, SCHEDULE, 1)] == [16, 16, 16, 2]


def test_an_epoch_takes_a_sample_when_windows_are_many() -> None:
    some = numbers_of(200)
    assert len(some) == len(set(some)) == 64
    many = numbers_of(10**12)
    assert len(many) == 64
    assert 0 <= min(many) < 10**11
    assert 9 * 10**11 < max(many) < 10**12


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    assert numbers_of(50) == numbers_of(50)
    assert numbers_of(50, epoch=2) != numbers_of(50)
    assert numbers_of(50, seed=8) != numbers_of(50)
    assert numbers_of(50, seed=2**32 - 1, epoch=10**6)


# ------------------------------------------------------------------ what is kept


def test_the_weights_of_the_best_epoch_are_kept() -> None:
    network = linear()
    script = Script(network, [9.0, 5.0, 3.0, 4.0, 3.0])
    done = trainer_of(network, validate=script).run()
    assert (done.best_epoch, done.ending, len(done.epochs)) == (2, "finished", 4)
    assert [one.best_epoch for one in done.epochs] == [1, 2, 2, 2]
    assert [one.validation_loss for one in done.epochs] == [5.0, 3.0, 4.0, 3.0]
    assert same_weights(weights_of(network), script.seen[2])
    assert not network.training


def test_patience_ends_training_after_so_many_epochs_without_gain() -> None:
    network = linear()
    script = Script(network, [9.0, 5.0, 6.0, 4.0, 4.0, 7.0, 1.0])
    done = trainer_of(network, validate=script, epochs=6, patience=2).run()
    assert (done.best_epoch, done.ending, len(done.epochs)) == (3, "early", 5)
    assert same_weights(weights_of(network), script.seen[3])


def test_the_network_before_training_is_kept_when_training_makes_it_worse() -> None:
    network = linear()
    before = weights_of(network)
    done = trainer_of(network, validate=Script(network, [1.0, 2.0, 3.0, 4.0]), epochs=3, patience=3).run()
    assert (done.best_epoch, done.ending) == (0, "finished")
    assert same_weights(weights_of(network), before)


def test_without_validation_the_last_weights_are_kept_and_patience_has_no_say() -> None:
    done = trainer_of(linear(), patience=1).run()
    assert (done.best_epoch, done.ending) == (4, "finished")
    assert [one.validation_loss for one in done.epochs] == [None] * 4


def test_a_validation_loss_that_is_no_number_is_never_the_best_and_not_reported() -> None:
    network = linear()
    done = trainer_of(network, validate=Script(network, [np.nan, np.nan, 3.0, np.inf, np.nan])).run()
    assert done.best_epoch == 2
    assert [one.validation_loss for one in done.epochs] == [None, 3.0, None, None]


def test_validation_sees_averaged_weights_and_training_goes_on_from_the_newest() -> None:
    network = linear()
    newest: list[dict[str, Tensor]] = []

    class Recorder(Silent):
        def stop_requested(self) -> bool:  # asked after each batch
            newest.append(weights_of(network))
            return False

    begins: list[dict[str, Tensor]] = []
    honest = squared(network)

    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        begins.append(weights_of(network))
        return honest(numbers)

    script = Script(network, [9.0, 8.0, 7.0])
    trainer_of(network, loss_of=loss_of, validate=script, monitor=Recorder(), epochs=2, average=6).run()
    assert len(newest) == 8
    for name in ("weight", "bias"):
        values = np.array([one[name].numpy() for one in newest])
        mean = values[:4].mean(axis=0)  # the plain mean as long as there are fewer than six
        np.testing.assert_allclose(script.seen[1][name], mean, rtol=1e-5)
        mean = values[:6].mean(axis=0)
        for value in values[6:]:
            mean += (value - mean) / 6
        np.testing.assert_allclose(script.seen[2][name], mean, rtol=1e-5)
    assert same_weights(begins[4], newest[3])
    assert same_weights(weights_of(network), script.seen[2])


def test_an_average_over_one_batch_is_the_newest_weights() -> None:
    network = linear()
    seen: list[dict[str, Tensor]] = []

    class Recorder(Silent):
        def stop_requested(self) -> bool:
            seen.append(weights_of(network))
            return False

    trainer_of(network, monitor=Recorder(), average=1).run()
    assert same_weights(weights_of(network), seen[-1])


def test_batches_without_a_known_target_change_nothing() -> None:
    network = linear()
    before = weights_of(network)
    done = trainer_of(network, loss_of=lambda numbers: (network.weight.sum() * 0, torch.tensor(0))).run()
    assert same_weights(weights_of(network), before)
    assert [one.loss for one in done.epochs] == [0.0] * 4


# ------------------------------------------------------------------ endings


def test_a_stop_request_in_the_middle_of_an_epoch_keeps_the_best_weights_so_far() -> None:
    network = linear()

    class Stopper(Silent):
        asked = 0

        def stop_requested(self) -> bool:
            self.asked += 1
            return self.asked == 10

    script = Script(network, [9.0, 5.0, 6.0])
    done = trainer_of(network, validate=script, monitor=Stopper()).run()
    assert (done.ending, done.best_epoch, len(done.epochs)) == ("requested", 1, 2)
    assert same_weights(weights_of(network), script.seen[1])


@pytest.mark.parametrize("batch", [1, 7, 12])
def test_an_interrupt_in_the_middle_of_an_epoch_keeps_the_best_weights_so_far(batch: int) -> None:
    network = linear()
    honest, done = squared(network), 0

    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal done
        done += 1
        if done == batch:
            signal.raise_signal(signal.SIGINT)  # as Ctrl-C does
        return honest(numbers)

    script = Script(network, [9.0, 5.0, 6.0, 7.0])
    trained = trainer_of(network, loss_of=loss_of, validate=script).run()
    best = 0 if batch < 5 else 1
    assert (trained.ending, trained.best_epoch, len(trained.epochs)) == ("interrupted", best, (batch - 1) // 4)
    assert same_weights(weights_of(network), script.seen[best])
    assert not network.training


def test_an_interrupt_during_validation_keeps_the_best_weights_so_far() -> None:
    network = linear()
    before = weights_of(network)
    asked = 0

    def validate() -> float:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise KeyboardInterrupt
        return 1.0

    assert trainer_of(network, validate=validate).run().ending == "interrupted"
    assert same_weights(weights_of(network), before)


def test_divergence_names_the_epoch_the_learning_rate_and_the_clip() -> None:
    with pytest.raises(
        TrainingError,
        match=r"^training diverged in epoch \d+: the (loss|gradient) is (inf|nan); lower the learning rate \(now 100\) "
        r"or clip gradients \(now 1e\+38\)$",
    ):
        trainer_of(linear(), optimizer="sgd", learning_rate=100.0, clip=1e38, epochs=50, schedule="constant").run()


def test_a_gradient_beyond_numbers_is_divergence_even_in_the_last_batch() -> None:
    network = linear()
    with pytest.raises(TrainingError, match=r"^training diverged in epoch 1: the gradient is (inf|nan); "):
        trainer_of(
            network,
            loss_of=lambda numbers: ((network.weight * 0).sum().sqrt(), torch.tensor(1)),
            epochs=1,
            windows_per_epoch=16,
        ).run()


def test_gradients_are_clipped_to_the_norm() -> None:
    network = linear()
    before = network.weight.detach().clone()
    trainer_of(
        network,
        loss_of=lambda numbers: (1e6 * (network.weight.sum() + network.bias.sum()), torch.tensor(1)),
        optimizer="sgd", learning_rate=1.0, schedule="constant", weight_decay=0.0, clip=0.5, epochs=1,
        windows_per_epoch=16, average=1,
    ).run()  # fmt: skip
    moved = torch.cat([(network.weight - before).flatten(), torch.zeros(0)])
    assert moved.detach().numpy() == pytest.approx(-0.25, rel=1e-3)  # 0.5 over four equal weights


# ------------------------------------------------------------------ randomness


def test_the_same_seed_gives_the_same_weights_whatever_the_global_generator_did() -> None:
    found = []
    for outer in (1, 2):
        network = stormy()
        torch.manual_seed(outer)
        before = torch.get_rng_state()
        trainer_of(network).run()
        assert torch.equal(torch.get_rng_state(), before)
        found.append(weights_of(network))
    assert same_weights(*found)


def test_another_seed_gives_other_weights() -> None:
    one, other = stormy(), stormy()
    trainer_of(one).run()
    trainer_of(other, seed=8).run()
    assert not same_weights(weights_of(one), weights_of(other))


# ------------------------------------------------------------------ monitor


def test_a_monitor_hears_the_last_batch_and_the_end_of_each_epoch() -> None:
    heard: list[tuple[int, ...]] = []

    class Ear(Silent):
        def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
            assert loss > 0
            heard.append((epoch, epochs, batch, batches))

        def on_epoch(self, report: Epoch) -> None:
            heard.append((report.epoch, report.epochs))

    done = trainer_of(linear(), monitor=Ear()).run()
    for epoch in range(1, 5):
        place = heard.index((epoch, 4))
        assert heard[place - 1] == (epoch, 4, 4, 4)
    assert [one.windows for one in done.epochs] == [64] * 4


def test_slow_batches_are_each_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettide.models.training._SHOWN_EVERY_SECONDS", -1.0)
    listener = Listener()
    batches: list[int] = []
    listener.on_batch = lambda **said: batches.append(said["batch"])  # type: ignore[method-assign]
    trainer_of(linear(), monitor=listener).run()
    assert batches == [1, 2, 3, 4] * 4


def test_an_epoch_reports_the_mean_loss_and_the_time_left() -> None:
    network = linear()
    honest = squared(network)
    losses: list[float] = []

    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        summed, count = honest(numbers)
        losses.append(summed.item())
        return summed, count

    done = trainer_of(network, loss_of=loss_of).run()
    for report, place in zip(done.epochs, range(0, 16, 4), strict=True):
        assert report.loss == pytest.approx(sum(losses[place : place + 4]) / 64, rel=1e-5)
        assert report.seconds > 0
        assert report.seconds_left == pytest.approx(report.seconds * (4 - report.epoch))


# ------------------------------------------------------------------ checkpoints


def straight(make: Callable[[], nn.Module], **changes: Any) -> tuple[dict[str, Tensor], Trained]:
    network = make()
    done = trainer_of(network, **changes).run()
    return weights_of(network), done


def without_times(done: Trained) -> list[Epoch]:
    return [replace(one, seconds=0.0, seconds_left=0.0) for one in done.epochs]


@pytest.mark.usefixtures("_each_epoch_is_saved")
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize(("epoch", "batch"), [(1, 0), (2, 0), (2, 3), (4, 0)])
@pytest.mark.parametrize("store", ["memory", "file"])
def test_a_training_killed_and_resumed_ends_with_the_same_weights_bit_for_bit(
    optimizer: str, epoch: int, batch: int, store: str, tmp_path: Path
) -> None:
    expected, whole = straight(stormy, optimizer=optimizer)
    checkpoint: Checkpoint = Memory() if store == "memory" else FileCheckpoint(tmp_path)
    with pytest.raises(Killed):
        trainer_of(stormy(), optimizer=optimizer, checkpoint=checkpoint, monitor=Killer(epoch=epoch, batch=batch)).run()
    network = stormy(seed=99)  # whatever it begins with
    resumed = trainer_of(network, optimizer=optimizer, checkpoint=checkpoint).run()
    assert same_weights(weights_of(network), expected)
    # an epoch is reported after it is saved: a kill in its report costs nothing
    assert without_times(resumed) == without_times(whole)


@pytest.mark.usefixtures("_each_epoch_is_saved")
def test_a_training_killed_time_and_again_ends_with_the_same_weights() -> None:
    expected, _ = straight(stormy, epochs=6)
    memory = Memory()
    for _ in range(4):
        with pytest.raises(Killed):
            trainer_of(stormy(), epochs=6, checkpoint=memory, monitor=Killer(epoch=1, batch=2)).run()
    network = stormy()
    trainer_of(network, epochs=6, checkpoint=memory).run()
    assert same_weights(weights_of(network), expected)


@pytest.mark.usefixtures("_each_epoch_is_saved")
def test_the_best_epoch_and_patience_survive_a_kill() -> None:
    losses = [9.0, 5.0, 3.0, 6.0, 7.0, 8.0, 1.0]
    memory, killed = Memory(), linear()
    script = Script(killed, losses)
    with pytest.raises(Killed):
        trainer_of(killed, validate=script, checkpoint=memory, monitor=Killer(epoch=3), epochs=6, patience=3).run()
    network = linear()
    rest = Script(network, losses[4:])  # the first is not asked for again
    done = trainer_of(network, validate=rest, checkpoint=memory, epochs=6, patience=3).run()
    assert (done.best_epoch, done.ending, len(done.epochs)) == (2, "early", 5)
    assert same_weights(weights_of(network), script.seen[2])


@pytest.mark.usefixtures("_each_epoch_is_saved")
def test_what_a_checkpoint_keeps_does_not_change_while_training_goes_on() -> None:
    memory = Memory()
    kept: list[dict[str, np.ndarray]] = []

    class Reader(Silent):
        def on_epoch(self, report: Epoch) -> None:
            if report.epoch == 1 and memory.state:
                kept.append({name: value.copy() for name, value in memory.state.tensors.items()})
                kept.append(dict(memory.state.tensors))

    trainer_of(stormy(), checkpoint=memory, monitor=Reader()).run()
    assert all(np.array_equal(kept[0][name], kept[1][name]) for name in kept[0])


def test_quick_epochs_are_not_all_saved_but_the_first_is() -> None:
    memory = Memory()
    trainer_of(linear(), checkpoint=memory).run()
    assert memory.saves == 1
    assert memory.state is not None
    assert len(memory.state.document["history"]) == 1


@pytest.mark.usefixtures("_each_epoch_is_saved")
def test_a_training_that_was_saved_at_its_end_is_not_trained_again() -> None:
    memory = Memory()
    expected, whole = straight(linear, checkpoint=memory)
    network = linear(seed=5)

    def never(numbers: Tensor) -> tuple[Tensor, Tensor]:
        raise AssertionError("trained again")

    assert trainer_of(network, loss_of=never, checkpoint=memory).run() == whole
    assert same_weights(weights_of(network), expected)


def test_a_checkpoint_of_other_options_or_data_is_refused_with_the_difference() -> None:
    memory = Memory()
    ours = {"hidden": 64, "filters": [8, 8], "data": "abc"}
    trainer_of(linear(), checkpoint=memory, fingerprint=ours).run()
    trainer_of(linear(), checkpoint=memory, fingerprint=dict(ours)).run()
    with pytest.raises(
        TrainingError,
        match=r"^the checkpoint is of another training: hidden was 64, now 32; start anew without --resume$",
    ):
        trainer_of(linear(), checkpoint=memory, fingerprint=ours | {"hidden": 32}).run()
    with pytest.raises(TrainingError, match=r"data was 'abc', now 'abd'"):
        trainer_of(linear(), checkpoint=memory, fingerprint=ours | {"data": "abd"}).run()
    with pytest.raises(TrainingError, match=r"extra was None, now 1"):
        trainer_of(linear(), checkpoint=memory, fingerprint=ours | {"extra": 1}).run()


class CommandLine:
    """``nettide fit`` on a small file, here or in a process of its own; on one thread in both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "traffic.parquet"
        pyarrow.parquet.write_table(panel_of(daily_traffic(3, 500), channels=("y",)).to_frame("pyarrow"), self.data)

    def arguments(self, out: str) -> list[str]:
        fit = ["fit", self.data, "--horizon", "6", "--model", "lstm-fcn", "--epochs", "12", "--out", self.folder / out]
        options = ["hidden=8", "filters=4,4,4", "batch_size=64", "windows_per_epoch=2000"]
        sets = [part for one in options for part in ("--set", one)]
        return [*map(str, fit), *sets, "--log", str(self.folder / f"{out}.log")]

    def run(self, out: str, *more: str) -> None:
        done = CliRunner().invoke(app, [*self.arguments(out), *more], catch_exceptions=False)
        assert done.exit_code == 0, done.output

    def start(self, out: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", "from nettide.cli import main; main()", *self.arguments(out)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def epochs(self, out: str) -> list[dict[str, Any]]:
        log = self.folder / f"{out}.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def wait_for_epochs(self, process: subprocess.Popen[str], out: str, count: int) -> None:
        until = time.monotonic() + 60
        while len(self.epochs(out)) < count:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < until
            time.sleep(0.01)

    def weights(self, out: str) -> str:
        (file,) = (self.folder / out).glob("weights*.safetensors")
        return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_fit_killed_by_the_system_and_resumed_ends_with_the_same_weights(tmp_path: Path) -> None:
    command = CommandLine(tmp_path)
    process = command.start("killed")
    command.wait_for_epochs(process, "killed", 1)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(command.epochs("killed")) < 12
    assert not (tmp_path / "killed" / "model.json").exists()

    command.run("killed", "--resume")
    command.run("whole")
    assert command.weights("killed") == command.weights("whole")
    assert command.epochs("killed")[-1]["validation_loss"] == command.epochs("whole")[-1]["validation_loss"]


def test_control_c_leaves_a_model_that_says_so(tmp_path: Path) -> None:
    command = CommandLine(tmp_path)
    process = command.start("m")
    command.wait_for_epochs(process, "m", 2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    kept = json.loads((tmp_path / "m" / "model.json").read_text())
    assert '"interrupted"' in json.dumps(kept)
    assert command.weights("m")
