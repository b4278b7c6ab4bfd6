"""What every model promises, and what training tells whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from nettide.arrays import Ints, Weights
from nettide.forecast import Forecast
from nettide.panel import Panel

Ending = Literal["finished", "early", "interrupted", "requested", "none"]
"""Why training ended: all epochs done, no more gain, Ctrl-C, a stop request, nothing to train."""


@dataclass(frozen=True, slots=True)
class State:
    """A model as it is stored: a JSON document and named tensors.

    Args:
        document: JSON values only.
        tensors: name -> array of any dtype safetensors knows.
    """

    document: Mapping[str, Any]
    tensors: Mapping[str, Weights] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training windows, as reported when it ends.

    Args:
        epoch: from 1.
        epochs: how many were asked for.
        loss: mean training loss, in scaled units.
        validation_loss: the same on the validation windows; None without any.
        learning_rate: at the end of the epoch.
        best_epoch: the epoch whose weights would be kept now; 0 is the network before training.
        windows: training windows seen in this epoch.
        seconds: wall time of this epoch.
        seconds_left: estimate until the last epoch.
    """

    epoch: int
    epochs: int
    loss: float
    validation_loss: float | None
    learning_rate: float
    best_epoch: int
    windows: int
    seconds: float
    seconds_left: float


class Monitor(Protocol):
    """Someone who watches training: a progress bar, a log, a page. Called from the training thread."""

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """After a batch (from 1); not necessarily after each."""

    def on_epoch(self, report: Epoch) -> None:
        """After an epoch."""

    def stop_requested(self) -> bool:
        """Asked after each batch; True ends training with the best weights so far."""
        ...


Purpose = Literal["trial", "final"]
"""What a model inside another is fitted for: to be compared, or to be used."""


@runtime_checkable
class StageMonitor(Protocol):
    """A monitor that also wants to know which of several models is fitted, where one model fits others."""

    def on_stage(self, *, name: str, purpose: Purpose, place: int, count: int) -> None:
        """Before a model (from 1, of so many with this purpose) is fitted; its epochs follow."""


def tell_stage(monitor: Monitor, *, name: str, purpose: Purpose, place: int, count: int) -> None:
    """Tell a monitor which model is fitted now, if it wants to know."""
    if isinstance(monitor, StageMonitor):
        monitor.on_stage(name=name, purpose=purpose, place=place, count=count)


class Silent:
    """A monitor that neither shows nor stops anything."""

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Show nothing."""

    def on_epoch(self, report: Epoch) -> None:
        """Show nothing."""

    def stop_requested(self) -> bool:
        """Never."""
        return False


class Checkpoint(Protocol):
    """A place that keeps the state of a training that may be killed."""

    def load(self) -> State | None:
        """Give what was saved last, or None."""

    def save(self, state: State) -> None:
        """Keep the state, atomically."""


@dataclass(frozen=True, slots=True)
class Training:
    """How a fit went.

    Args:
        epochs: one report an epoch; empty for models that are not trained.
        best_epoch: the epoch whose weights were kept.
        ending: why it ended.
        seconds: wall time.
        windows: training windows that exist.
        parameters: trained numbers in the model.
        notes: what was decided while it was fitted, in sentences.
    """

    epochs: tuple[Epoch, ...] = ()
    best_epoch: int = 0
    ending: Ending = "none"
    seconds: float = 0.0
    windows: int = 0
    parameters: int = 0
    notes: tuple[str, ...] = ()


class Model(Protocol):
    """A forecaster of any kind; the conformance suite in the tests runs on every one.

    A model is made by its entry in the table with a horizon and options, fitted once on a panel,
    and then forecasts any panel of the same step, from any cutoffs. It never looks past a cutoff.
    """

    @property
    def horizon(self) -> int:
        """Steps ahead it forecasts."""
        ...

    @property
    def context(self) -> int:
        """Steps of a window, cutoff included; seasonal lags and recent errors may reach further back."""
        ...

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Learn from a whole panel; validation, if any, is its last part.

        Raises:
            HistoryError: the panel is too short or holds no known target.
            TrainingError: training diverged.
        """
        ...

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast each series from each cutoff.

        Args:
            panel: what is known; only steps up to each cutoff are used.
            cutoffs: index of the last seen step, each in 0 ... steps - 1, shape (cutoff,).

        Raises:
            MismatchError: not fitted, or step or channels differ from the fitted ones.
        """
        ...

    def state(self) -> State:
        """Give what ``restore`` of the same class needs."""
        ...


@dataclass(frozen=True, slots=True)
class Fallbacks:
    """Series for which a model fell back to the seasonal naive forecast, of all that it forecast last.

    Args:
        ids: of the series, each once.
        series: how many were forecast.
        failures: fits that failed.
        fits: how many were tried: one a series and cutoff.
    """

    ids: tuple[str, ...]
    series: int
    failures: int
    fits: int


@runtime_checkable
class FallsBack(Protocol):
    """A model that forecasts by other means where its own fail, and tells of it."""

    @property
    def fallbacks(self) -> Fallbacks | None:
        """Those of the last forecast; None without any."""
        ...


class ModelClass(Protocol):
    """What the table of models names: a class that makes and restores models."""

    Config: ClassVar[type[Any]]

    def __call__(self, config: Any) -> Model:
        """Make an unfitted model of a ``Config``."""
        ...

    def restore(self, state: State) -> Model:
        """Make a fitted model from what ``state`` gave."""
        ...


def last_cutoff(panel: Panel) -> Ints:
    """Give the cutoff at the end of the panel, shape (1,)."""
    return np.array([panel.steps - 1], dtype=np.int64)
