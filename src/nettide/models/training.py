"""The training loop: epochs over sampled windows, early stopping, checkpoints, stop requests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from nettide.errors import TrainingError
from nettide.models.contract import Checkpoint, Ending, Epoch, Monitor, State
from nettide.models.gradients import BatchGradients, LossOf
from nettide.models.optimizers import Optimizer, OptimizerName

ScheduleName = Literal["cosine", "linear", "constant"]
_SHOWN_EVERY_SECONDS = 0.2
_CHECKPOINT_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    Args:
        epochs: most passes.
        batch_size: windows a batch.
        windows_per_epoch: most windows a pass; a smaller set is passed whole.
        optimizer: which optimizer; sgd has momentum 0.9.
        learning_rate: its highest value.
        schedule: how the learning rate falls after the warm-up; to zero at the last batch, or not at all.
        warmup: batches in which it rises; at most a tenth of all.
        weight_decay: of the weights, as the optimizer means it.
        clip: largest norm of a gradient.
        average: batches over which weights are averaged for validation and use; 1 takes the last ones as they are.
        patience: epochs without gain on the validation windows before training ends; 0 never ends it.
        seed: of the order of windows and of dropout.
    """

    epochs: int
    batch_size: int
    windows_per_epoch: int
    optimizer: OptimizerName
    learning_rate: float
    schedule: ScheduleName
    warmup: int
    weight_decay: float
    clip: float
    average: int
    patience: int
    seed: int


def learning_rate_at(batch: int, batches: int, schedule: Schedule) -> float:
    """Give the learning rate of a batch, counted from 0 over all epochs."""
    warmup = min(schedule.warmup, batches // 10)
    if batch < warmup:
        return schedule.learning_rate * (batch + 1) / warmup
    if schedule.schedule == "constant":
        return schedule.learning_rate
    done = (batch - warmup) / max(1, batches - warmup)
    share = 0.5 * (1 + math.cos(math.pi * done)) if schedule.schedule == "cosine" else 1 - done
    return schedule.learning_rate * share


def epoch_batches(count: int, schedule: Schedule, epoch: int) -> Iterator[Tensor]:
    """Give the window numbers of each batch of an epoch; the same for the same seed and epoch."""
    generator = torch.Generator().manual_seed(schedule.seed * 1_000_003 + epoch)
    size = min(count, schedule.windows_per_epoch)
    if count <= 4 * size:
        numbers = torch.randperm(count, generator=generator)[:size]
    else:  # far fewer than there are: a repeated window is rare and harmless, a permutation of all is not free
        numbers = torch.randint(count, (size,), generator=generator)
    yield from torch.split(numbers, schedule.batch_size)


@dataclass(frozen=True, slots=True)
class Trained:
    """What came out of a training; the network holds the best weights."""

    epochs: tuple[Epoch, ...]
    best_epoch: int
    ending: Ending


class _Stop(Exception):  # noqa: N818  (a signal, not an error)
    def __init__(self, ending: Ending) -> None:
        self.ending = ending


class Trainer:
    """Trains one network; keeps the weights of the epoch with the least validation loss.

    Args:
        network: trained in place.
        loss_of: gives the loss of training windows by number.
        windows: how many training windows exist.
        validate: gives the mean validation loss; None keeps the last weights.
        schedule: how long and how fast.
        monitor: is told and may stop.
        checkpoint: where to keep what a killed training needs; None keeps nothing.
        fingerprint: what must be equal for a checkpoint to be resumed (options, data).
        halved: whether the network is shown each half of a batch by itself (``BatchGradients``).
        threads: how many may run at once.
    """

    def __init__(
        self,
        network: nn.Module,
        loss_of: LossOf,
        *,
        windows: int,
        validate: Callable[[], float] | None,
        schedule: Schedule,
        monitor: Monitor,
        checkpoint: Checkpoint | None,
        fingerprint: Mapping[str, Any],
        halved: bool = False,
        threads: int = 1,
    ) -> None:
        self.network, self._windows = network, windows
        self._gradients = BatchGradients(network, loss_of, halved=halved, threads=threads)
        self._validate, self._schedule, self._monitor = validate, schedule, monitor
        self._checkpoint, self._fingerprint = checkpoint, dict(fingerprint)
        self._optimizer = Optimizer(schedule.optimizer, network.parameters(), weight_decay=schedule.weight_decay)
        self._history: list[Epoch] = []
        self._best_epoch = 0
        self._best_loss = math.inf
        self._averaged = self._copy(network.state_dict())
        self._best = self._copy(self._averaged)
        self._batches = 0
        self._saved_at = -math.inf

    def run(self) -> Trained:
        """Train to the end, or to the checkpoint's end where one is resumed.

        Raises:
            TrainingError: the loss is no longer finite, or the checkpoint is of another training.
        """
        ending: Ending = "finished"
        try:
            if not self._resume():
                self._best_loss = self._validation_loss()
            while len(self._history) < self._schedule.epochs:
                if self._out_of_patience():
                    raise _Stop("early")
                with self._gradients.running():
                    self._epoch(len(self._history) + 1)
        except _Stop as stop:
            ending = stop.ending
        except KeyboardInterrupt:
            ending = "interrupted"
        self.network.load_state_dict(self._best)
        self.network.eval()
        return Trained(tuple(self._history), self._best_epoch, ending)

    def _out_of_patience(self) -> bool:
        patience = self._schedule.patience
        return bool(patience and self._validate and len(self._history) - self._best_epoch >= patience)

    def _epoch(self, epoch: int) -> None:
        schedule, started = self._schedule, time.perf_counter()
        size = min(self._windows, schedule.windows_per_epoch)
        batches = -(-size // schedule.batch_size)
        total, known, shown = 0.0, 0, started
        self.network.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(schedule.seed * 1_000_003 + epoch)  # dropout: the same in a resumed epoch
            self._gradients.seed(schedule.seed * 1_000_003 + epoch)
            for place, numbers in enumerate(epoch_batches(self._windows, schedule, epoch)):
                rate = learning_rate_at((epoch - 1) * batches + place, schedule.epochs * batches, schedule)
                loss, count = self._batch(numbers, epoch, rate)
                total, known = total + loss, known + count
                now = time.perf_counter()
                if now - shown > _SHOWN_EVERY_SECONDS or place == batches - 1:
                    shown = now
                    self._monitor.on_batch(
                        epoch=epoch,
                        epochs=schedule.epochs,
                        batch=place + 1,
                        batches=batches,
                        loss=total / max(known, 1),
                    )
                if self._monitor.stop_requested():
                    raise _Stop("requested")
        self._finish_epoch(epoch, total / max(known, 1), rate, size, started)

    def _batch(self, numbers: Tensor, epoch: int, rate: float) -> tuple[float, int]:
        summed, count = self._gradients(numbers)
        if not count:
            return 0.0, 0
        self._refuse_divergence("loss", summed / count, epoch)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._schedule.clip)
        self._refuse_divergence("gradient", float(norm), epoch)
        self._optimizer.step(rate)
        self._average()
        return summed, count

    def _refuse_divergence(self, what: str, value: float, epoch: int) -> None:
        if not math.isfinite(value):
            raise TrainingError(
                f"training diverged in epoch {epoch}: the {what} is {value}; lower the learning rate "
                f"(now {self._schedule.learning_rate:g}) or clip gradients (now {self._schedule.clip:g})"
            )

    def _finish_epoch(self, epoch: int, loss: float, rate: float, windows: int, started: float) -> None:
        validation = self._validation_loss()
        if validation < self._best_loss or math.isinf(self._best_loss):  # the last one where nothing decides
            self._best_loss = validation
            self._best_epoch, self._best = epoch, self._copy(self._averaged)
        seconds = time.perf_counter() - started
        report = Epoch(
            epoch=epoch,
            epochs=self._schedule.epochs,
            loss=loss,
            validation_loss=validation if math.isfinite(validation) else None,
            learning_rate=rate,
            best_epoch=self._best_epoch,
            windows=windows,
            seconds=seconds,
            seconds_left=seconds * (self._schedule.epochs - epoch),
        )
        self._history.append(report)
        self._save()
        self._monitor.on_epoch(report)

    @staticmethod
    def _copy(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in weights.items()}

    def _average(self) -> None:
        """Move the averaged weights towards the newest; the plain mean at the beginning."""
        self._batches += 1
        share = max(1 / self._schedule.average, 1 / self._batches)
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self._averaged[name].lerp_(value, share)
            else:
                self._averaged[name].copy_(value)

    def _validation_loss(self) -> float:
        """Give the validation loss of the averaged weights; infinite without validation windows, or beyond numbers."""
        if self._validate is None:
            return math.inf
        newest = self._copy(self.network.state_dict())
        self.network.load_state_dict(self._averaged)
        try:
            loss = self._validate()
        finally:
            self.network.load_state_dict(newest)
        return math.inf if math.isnan(loss) else loss

    def _save(self) -> None:
        now = time.perf_counter()
        if self._checkpoint is None or now - self._saved_at < _CHECKPOINT_EVERY_SECONDS:
            return
        self._saved_at = now
        parts = {"now": self.network.state_dict(), "best": self._best, "averaged": self._averaged}
        parts |= {f"optimizer.{number}": slots for number, slots in self._optimizer.state().items()}
        tensors = {  # copies: training goes on changing its own
            f"{part}.{name}": value.detach().numpy().copy()
            for part, values in parts.items()
            for name, value in values.items()
        }
        document = {
            "fingerprint": self._fingerprint,
            "history": [asdict(one) for one in self._history],
            "batches": self._batches,
            "best_epoch": self._best_epoch,
            "best_loss": self._best_loss if math.isfinite(self._best_loss) else None,
        }
        self._checkpoint.save(State(document, tensors))

    def _resume(self) -> bool:
        state = self._checkpoint.load() if self._checkpoint is not None else None
        if state is None:
            return False
        kept = state.document["fingerprint"]
        for name, value in self._fingerprint.items():
            if kept.get(name) != value:
                raise TrainingError(
                    f"the checkpoint is of another training: {name} was {kept.get(name)!r}, now {value!r}; "
                    "start anew without --resume"
                )
        tensors: dict[str, dict[str, Tensor]] = {"now": {}, "best": {}, "averaged": {}}
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in state.tensors.items():
            part, _, name = key.partition(".")
            tensor = torch.from_numpy(value.copy())
            if part == "optimizer":
                number, _, slot = name.partition(".")
                slots.setdefault(int(number), {})[slot] = tensor
            else:
                tensors[part][name] = tensor
        self.network.load_state_dict(tensors["now"])
        self._best, self._averaged = tensors["best"], tensors["averaged"]
        self._batches = state.document["batches"]
        self._optimizer.load_state(slots)
        self._history = [Epoch(**one) for one in state.document["history"]]
        self._best_epoch = state.document["best_epoch"]
        loss = state.document["best_loss"]
        self._best_loss = math.inf if loss is None else loss
        return True
