"""What one can choose about a recurrent forecaster, and what is chosen where it is left open."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from nettide.errors import HistoryError, OptionError
from nettide.models.losses import LossName
from nettide.models.network import CellName
from nettide.models.optimizers import OptimizerName
from nettide.models.options import CONTEXTS, HORIZONS, SEEDS, check_ranges
from nettide.models.precision import PrecisionChoice
from nettide.models.scaling import ScalingName, TransformName
from nettide.models.training import ScheduleName
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS

_EPOCHS, _LEAST_BATCHES = 9, 80


@dataclass(frozen=True, slots=True)
class RecurrentConfig:
    """Everything one can choose about a recurrent forecaster; stored beside its weights.

    Args:
        horizon: steps ahead, 1 to 336.
        context: steps of history in a window; None takes a week (a day at steps under an hour and short
            horizons, four weeks at daily steps), less where history is short.
        seed: of weights, order of windows and dropout.
        cell: rnn (Elman), lstm or gru.
        convolution: whether a convolutional branch stands beside the recurrent one.
        hidden: size of the recurrent state.
        layers: recurrent layers.
        dropout: share dropped between layers and in the head.
        patch: steps of the context that make one recurrent step; None takes a day of an hourly context,
            an hour of a 5-minute one, else 1. As long as the context it is the dimension shuffle of the
            GRU-FCN and LSTM-FCN papers.
        filters: channels of the convolution blocks; the papers have 128,256,128.
        kernels: their kernel sizes.
        convolve: what the blocks run over: patches, as the recurrence does, or the single steps of the papers.
        channels: whether the other channels of the panel are inputs too.
        calendar: whether hour of day, day of week, holidays and other occasions are inputs.
        anchors: whether seasonal lags and means are known for each target step.
        scaling: robust or standard by window, min-max by series on training rows alone, or none.
        transform: what follows the scaling; None takes asinh after robust and standard, else none.
        loss: quantile gives bands; mae and mse give a point forecast.
        epochs: most passes over the training windows; None takes 9, or as many as make 80 batches.
        batch_size: windows a batch; None takes 256, 64 for up to three series.
        windows_per_epoch: most windows a pass.
        optimizer: adam, adamw, sgd or rmsprop.
        learning_rate: its highest value.
        schedule: cosine, linear or constant, after the warm-up.
        warmup: batches in which the learning rate rises.
        weight_decay: of the weights.
        clip: largest norm of a gradient.
        average: batches over which weights are averaged for validation and use; 1 takes the last ones.
        patience: epochs without gain before training ends early; 0 never ends it.
        validation_share: last share of the history kept for early stopping; where it has fewer than 100 windows,
            too few to decide anything, all of the history trains.
        precision: bfloat16 runs the encoder in mixed precision; auto takes it where timed batches say that it is faster
            here, so that the same seed may give other weights elsewhere. The model keeps what was taken.
        adapt: whether the errors of the last forecasts move and widen the bands.

    Raises:
        OptionError: a value is outside its range.
    """

    horizon: int
    context: int | None = None
    seed: int = 0
    cell: CellName = "lstm"
    convolution: bool = False
    hidden: int = 64
    layers: int = 1
    dropout: float = 0.0
    patch: int | None = None
    filters: tuple[int, ...] = (32, 64, 32)
    kernels: tuple[int, ...] = (8, 5, 3)
    convolve: Literal["patches", "steps"] = "patches"
    channels: Literal["target", "all"] = "target"
    calendar: bool = True
    anchors: bool = True
    scaling: ScalingName = "robust"
    transform: TransformName | None = None
    loss: LossName = "quantile"
    epochs: int | None = None
    batch_size: int | None = None
    windows_per_epoch: int = 25_600
    optimizer: OptimizerName = "adamw"
    learning_rate: float = 3e-3
    schedule: ScheduleName = "cosine"
    warmup: int = 50
    weight_decay: float = 1e-4
    clip: float = 1.0
    average: int = 50
    patience: int = 4
    validation_share: float = 0.125
    precision: PrecisionChoice = "float32"
    adapt: bool = True

    def __post_init__(self) -> None:
        check_ranges(
            self,
            horizon=HORIZONS,
            context=CONTEXTS,
            seed=SEEDS,
            hidden=(1, 4096),
            layers=(1, 16),
            patch=(1, 100_000),
            epochs=(1, 1_000_000),
            batch_size=(1, 1_000_000),
            windows_per_epoch=(1, 10**9),
            warmup=(0, 10**9),
            patience=(0, 10**9),
            average=(1, 10**9),
            dropout=(0.0, 0.95),
            learning_rate=(1e-12, 100.0),
            weight_decay=(0.0, 100.0),
            clip=(1e-12, 1e12),
            validation_share=(0.0, 0.9),
        )
        if len(self.filters) != len(self.kernels) or not self.filters or min(self.filters + self.kernels) < 1:
            raise OptionError(f"filters {self.filters} and kernels {self.kernels} must be as many, each at least 1")
        if self.context is not None and self.patch is not None and self.context % self.patch:
            raise OptionError(f"patch {self.patch} does not divide context {self.context}; choose a divisor")


def resolve(config: RecurrentConfig, panel: Panel) -> RecurrentConfig:
    """Fill in what a config leaves open, by the step and length of the training data.

    Raises:
        HistoryError: windows would see less than half a day, or half of the horizon where that is longer.
    """
    day, week, steps = panel.steps_per(DAY_SECONDS), panel.steps_per(WEEK_SECONDS), panel.steps
    context = config.context
    if context is None:
        fine = panel.step_seconds < 3600 and config.horizon <= day // 4
        wanted = day if fine else (week if day > 1 else 28)
        context = max(2, min(wanted, steps // 2 - config.horizon))
        least = min(wanted, max(day, config.horizon) // 2)
        if context < least:
            context = max(2, min(wanted, (steps - config.horizon) // 2))
        if context < least:
            raise HistoryError(
                f"history is too short to train on: windows of {steps} steps that look {config.horizon} ahead see "
                f"{context}, and {least} are the least that tell of a day; give {2 * least + config.horizon} steps, a "
                "shorter horizon, or a --context to insist"
            )
        whole = config.patch or next(size for size in _natural_patches(day, panel) if size == 1 or context >= 4 * size)
        context = max(whole, context // whole * whole)
    divisors = (size for size in _natural_patches(day, panel) if context % size == 0 and context >= 4 * size)
    patch = config.patch or next(divisors, 1)
    transform: TransformName = "asinh" if config.scaling in ("robust", "standard") else "none"
    return replace(
        config,
        context=context,
        patch=patch,
        transform=config.transform or transform,
        batch_size=config.batch_size or (64 if len(panel.series) <= 3 else 256),
    )


def with_epochs(config: RecurrentConfig, windows: int) -> RecurrentConfig:
    """Choose the number of epochs where the config leaves it open."""
    assert config.batch_size is not None
    batches = math.ceil(min(windows, config.windows_per_epoch) / config.batch_size)
    return replace(config, epochs=config.epochs or max(_EPOCHS, math.ceil(_LEAST_BATCHES / batches)))


def _natural_patches(day: int, panel: Panel) -> tuple[int, ...]:
    """Give a day, an hour and one step, in steps; a context should hold at least four."""
    return day, max(1, 3600 // panel.step_seconds), 1
