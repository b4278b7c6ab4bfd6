"""Recurrent forecasters: RNN, LSTM and GRU, alone or beside a convolutional branch, for one or thousands of series."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor

from nettide.arrays import Floats, Ints
from nettide.errors import DamagedError, HistoryError, MismatchError, OptionError
from nettide.forecast import LEVELS, Forecast
from nettide.models.calibration import POOL_SERIES, adjust, origins_of, recent_adjustment, signed_errors
from nettide.models.contract import Checkpoint, Monitor, Silent, State, Training
from nettide.models.denormals import denormals_flushed
from nettide.models.fitted import Fitted
from nettide.models.losses import LossName, training_loss
from nettide.models.network import CellName, ForecastNetwork, Shape
from nettide.models.options import build_config, option_names
from nettide.models.scaling import Scale, ScalingName, TransformName, window_scale
from nettide.models.training import OptimizerName, Schedule, ScheduleName, Trainer
from nettide.models.windows import ANCHORS, Batch, WindowRanges, Windows, window_ranges
from nettide.panel import Panel
from nettide.prepare.calendar import CALENDAR_FEATURES, DAY_SECONDS, WEEK_SECONDS

MOST_HORIZON = 336
_RECENT_FEATURES = 6
_MIDDLE = LEVELS.index(0.5)
_PREDICT_BATCH = 2048
_VALIDATION_WINDOWS = 2048
_LEAST_VALIDATION_WINDOWS = 100
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
        calendar: whether hour of day and day of week are inputs.
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
        precision: bfloat16 runs the encoder in mixed precision.
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
    dropout: float = 0.1
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
    precision: Literal["float32", "bfloat16"] = "float32"
    adapt: bool = True

    def __post_init__(self) -> None:
        for name, least, most in (
            ("horizon", 1, MOST_HORIZON),
            ("context", 1, 100_000),
            ("hidden", 1, 4096),
            ("layers", 1, 16),
            ("patch", 1, 100_000),
            ("epochs", 1, 1_000_000),
            ("batch_size", 1, 1_000_000),
            ("windows_per_epoch", 1, 10**9),
            ("warmup", 0, 10**9),
            ("patience", 0, 10**9),
            ("average", 1, 10**9),
            ("dropout", 0.0, 0.95),
            ("learning_rate", 1e-12, 100.0),
            ("weight_decay", 0.0, 100.0),
            ("clip", 1e-12, 1e12),
            ("validation_share", 0.0, 0.9),
        ):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise OptionError(f"{name} {value} is outside {least} ... {most}")
        if len(self.filters) != len(self.kernels) or not self.filters or min(self.filters + self.kernels) < 1:
            raise OptionError(f"filters {self.filters} and kernels {self.kernels} must be as many, each at least 1")
        if self.context is not None and self.patch is not None and self.context % self.patch:
            raise OptionError(f"patch {self.patch} does not divide context {self.context}; choose a divisor")


def resolve(config: RecurrentConfig, panel: Panel) -> RecurrentConfig:
    """Fill in what a config leaves open, by the step and length of the training data."""
    day, week, steps = panel.steps_per(DAY_SECONDS), panel.steps_per(WEEK_SECONDS), panel.steps
    context = config.context
    if context is None:
        fine = panel.step_seconds < 3600 and config.horizon <= day // 4
        wanted = day if fine else (week if day > 1 else 28)
        context = max(2, min(wanted, steps // 2 - config.horizon))
        natural = config.patch or _natural_patch(context, day, panel.step_seconds)
        context = max(natural, context // natural * natural)
    patch = config.patch or _natural_patch(context, day, panel.step_seconds)
    transform: TransformName = "asinh" if config.scaling in ("robust", "standard") else "none"
    return replace(
        config,
        context=context,
        patch=patch,
        transform=config.transform or transform,
        batch_size=config.batch_size or (64 if len(panel.series) <= 3 else 256),
    )


def _with_epochs(config: RecurrentConfig, windows: int) -> RecurrentConfig:
    """Choose the number of epochs where the config leaves it open."""
    assert config.batch_size is not None
    batches = math.ceil(min(windows, config.windows_per_epoch) / config.batch_size)
    return replace(config, epochs=config.epochs or max(_EPOCHS, math.ceil(_LEAST_BATCHES / batches)))


def _natural_patch(context: int, day: int, step_seconds: int) -> int:
    """Give the longest of a day, an hour and one step that divides the context into at least four."""
    hour = max(1, 3600 // step_seconds)
    return next(size for size in (day, hour, 1) if size == 1 or (context % size == 0 and context // size >= 4))


class RecurrentModel:
    """A direct multi-step quantile forecaster with one network for all series.

    Args:
        config: its shape and training.
    """

    Config: ClassVar[type[RecurrentConfig]] = RecurrentConfig

    def __init__(self, config: RecurrentConfig) -> None:
        self.config = config
        self._fitted: Fitted | None = None
        self._network: ForecastNetwork | None = None
        self._ranges: dict[str, tuple[float, float]] = {}

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.config.horizon

    @property
    def context(self) -> int:
        """Steps of a window; 0 before ``fit`` has chosen it."""
        return self.config.context or 0

    @property
    def network(self) -> ForecastNetwork:
        """The network.

        Raises:
            MismatchError: the model is not fitted.
        """
        if self._network is None:
            raise MismatchError("model is not fitted; call fit or load a fitted one")
        return self._network

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Train on a panel; its last part chooses the epoch.

        Raises:
            HistoryError: no series has a whole window of known history, or none has a known target.
            TrainingError: training diverged, or the checkpoint is of another training.
        """
        with denormals_flushed():
            return self._fit(panel, monitor=monitor or Silent(), checkpoint=checkpoint)

    def _fit(self, panel: Panel, *, monitor: Monitor, checkpoint: Checkpoint | None) -> Training:
        started = time.perf_counter()
        if self.config.channels == "target":
            panel = panel.only_target()
        self.config = config = resolve(self.config, panel)
        training, validation = self._split(panel)
        self.config = config = _with_epochs(config, training.count)
        self._fitted = Fitted.of(panel)
        if config.scaling == "min-max":
            self._ranges = _training_ranges(panel)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self._network = ForecastNetwork(self._shape())
        parameters = sum(weight.numel() for weight in self._network.parameters())
        windows = self._windows(panel)
        scales = self._series_scales(panel)

        def loss_of(ranges: WindowRanges, numbers: Tensor) -> tuple[Tensor, Tensor]:
            return self._loss(windows.batch(*ranges.pairs(numbers)), scales)

        def validate() -> float:
            return self._mean_loss(windows, validation, scales)

        if config.anchors:
            self._network.head.prefer(self._anchor_errors(windows, training, scales))
        trained = Trainer(
            self._network,
            lambda numbers: loss_of(training, numbers),
            windows=training.count,
            validate=validate if validation.count else None,
            schedule=self._schedule(),
            monitor=monitor,
            checkpoint=checkpoint,
            fingerprint=_fingerprint(config, panel),
        ).run()
        return Training(
            epochs=trained.epochs,
            best_epoch=trained.best_epoch,
            ending=trained.ending,
            seconds=time.perf_counter() - started,
            windows=training.count,
            parameters=parameters,
        )

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast each series from each cutoff, in batches.

        Raises:
            MismatchError: not fitted, another step, a channel is missing, or min-max ranges of a series are unknown.
        """
        self.network  # noqa: B018  (raises where nothing is fitted)
        assert self._fitted is not None
        panel = self._fitted.matching(panel)
        outside = [int(one) for one in cutoffs if not 0 <= one < panel.steps]
        if outside:
            raise MismatchError(f"cutoff {outside[0]} is outside the panel's steps 0 ... {panel.steps - 1}")
        cutoffs = np.asarray(cutoffs, dtype=np.int64)
        is_point = self.config.loss != "quantile"
        if self.config.adapt and not is_point:
            values = self._adapted(panel, cutoffs)
        else:
            values = self._quantiles(panel, np.arange(len(panel.series)), cutoffs)
        return Forecast(
            ids=panel.ids,
            units=panel.units,
            cutoffs=panel.seconds[cutoffs],
            step_seconds=panel.step_seconds,
            point=values[..., 0 if is_point else _MIDDLE],
            levels=() if is_point else LEVELS,
            quantiles=values[..., :0] if is_point else values,
        )

    def _adapted(self, panel: Panel, cutoffs: Ints) -> Floats:
        """Give quantiles that recent errors have moved and widened, shape (series, cutoff, horizon, level)."""
        origins = origins_of(cutoffs, horizon=self.config.horizon)  # (cutoff, origin)
        earlier = np.unique(origins[origins >= 0])
        rows = np.arange(len(panel.series))
        by_id = np.array(sorted(rows, key=lambda row: panel.ids[row]))  # the order of series must not matter
        pool = np.sort(by_id[:: -(-len(rows) // POOL_SERIES)])
        if len(pool) == len(rows):  # one run for all: most origins are cutoffs too
            every = np.union1d(earlier, cutoffs)
            both = self._quantiles(panel, rows, every)
            values, past = both[:, np.searchsorted(every, cutoffs)], both[:, np.searchsorted(every, earlier)]
        else:
            values, past = self._quantiles(panel, rows, cutoffs), self._quantiles(panel, pool, earlier)
        if not len(earlier):
            return values
        steps = earlier[:, None] + np.arange(1, self.config.horizon + 1)
        truth = panel.target[pool][:, np.minimum(steps, panel.steps - 1)]
        errors = signed_errors(truth, past, middle=_MIDDLE)  # (series, origin, horizon)
        place = np.searchsorted(earlier, np.maximum(origins, earlier[0]))
        chosen = np.where((origins >= 0)[None, :, :, None], errors[:, place], np.nan)
        return adjust(values, recent_adjustment(chosen, level=LEVELS[0]), middle=_MIDDLE)

    def _quantiles(self, panel: Panel, rows: Ints, cutoffs: Ints) -> Floats:
        """Run the network for each of the rows from each cutoff, shape (row, cutoff, horizon, output)."""
        windows, scales = self._windows(panel), self._series_scales(panel)
        values = np.empty((len(rows) * len(cutoffs), self.config.horizon, len(self._levels())))
        series = torch.from_numpy(rows).repeat_interleave(len(cutoffs))
        cutoff = torch.from_numpy(cutoffs).repeat(len(rows))
        self.network.eval()
        with torch.inference_mode(), denormals_flushed():
            for start in range(0, len(series), _PREDICT_BATCH):
                part = slice(start, start + _PREDICT_BATCH)
                values[part] = self._forecast(windows.batch(series[part], cutoff[part]), scales).numpy()
        return values.reshape(len(rows), len(cutoffs), *values.shape[1:])

    def state(self) -> State:
        """Give config, fitted facts and weights."""
        assert self._fitted is not None
        document = {
            "config": asdict(self.config),
            "fitted": self._fitted.to_document(),
            "ranges": {one: list(pair) for one, pair in self._ranges.items()},
        }
        return State(document, {name: value.numpy() for name, value in self.network.state_dict().items()})

    @classmethod
    def restore(cls, state: State) -> Self:
        """Make a fitted model of what ``state`` gave.

        Raises:
            DamagedError: a part is missing or does not fit the others.
        """
        try:
            config = {name: state.document["config"][name] for name in option_names(RecurrentConfig)}
            model = cls(build_config(RecurrentConfig, config, what="stored model"))
            model._fitted = Fitted.from_document(state.document["fitted"])
            model._ranges = {one: (low, high) for one, (low, high) in state.document["ranges"].items()}
            model._network = ForecastNetwork(model._shape())
            if state.tensors.keys() != model._network.state_dict().keys():  # batch norm tolerates a missing one
                raise ValueError("tensors are missing or foreign")
            model._network.load_state_dict({name: torch.tensor(value) for name, value in state.tensors.items()})
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OptionError) as error:
            raise DamagedError(f"the stored network does not fit its description: {error}") from None
        model._network.eval()
        return model

    def _levels(self) -> tuple[float, ...]:
        return LEVELS if self.config.loss == "quantile" else (0.5,)

    def _shape(self) -> Shape:
        config, levels = self.config, self._levels()
        assert config.patch is not None
        assert self._fitted is not None
        return Shape(
            cell=config.cell,
            step_features=1 + len(self._fitted.channels),
            calendar_features=len(CALENDAR_FEATURES) if config.calendar else 0,
            anchors=len(ANCHORS) if config.anchors else 0,
            recent_features=_RECENT_FEATURES if config.anchors else 0,
            patch=config.patch,
            horizon=config.horizon,
            outputs=len(levels),
            middle=levels.index(0.5),
            hidden=config.hidden,
            layers=config.layers,
            dropout=config.dropout,
            filters=config.filters if config.convolution else (),
            kernels=config.kernels if config.convolution else (),
            convolve_patches=config.convolve == "patches",
        )

    def _schedule(self) -> Schedule:
        config = self.config
        assert config.batch_size is not None
        assert config.epochs is not None
        return Schedule(
            epochs=config.epochs,
            batch_size=config.batch_size,
            windows_per_epoch=config.windows_per_epoch,
            optimizer=config.optimizer,
            learning_rate=config.learning_rate,
            schedule=config.schedule,
            warmup=config.warmup,
            weight_decay=config.weight_decay,
            clip=config.clip,
            average=config.average,
            patience=config.patience,
            seed=config.seed,
        )

    def _windows(self, panel: Panel) -> Windows:
        config = self.config
        assert config.context is not None
        return Windows(panel, context=config.context, horizon=config.horizon, channels=config.channels == "all")

    def _split(self, panel: Panel) -> tuple[WindowRanges, WindowRanges]:
        """Give training and validation windows; the targets of the latter all lie after those of the former."""
        config = self.config
        assert config.context is not None
        known = ~np.isnan(panel.target)
        if not known.any():
            raise HistoryError("no series has a known value: there is nothing to learn from")
        held = known.any(axis=1)
        first = np.where(held, known.argmax(axis=1), panel.steps) + config.context - 1
        last = np.where(held, panel.steps - 1 - known[:, ::-1].argmax(axis=1), -1)
        kept = max(config.horizon, round(config.validation_share * panel.steps)) if config.validation_share else 0
        end = panel.steps - kept
        training = window_ranges(first, np.minimum(last, end - 1) - config.horizon)
        from_end = np.maximum(first, end - 1)  # cutoffs whose targets all lie in the validation part
        enough = np.maximum(last - config.horizon - from_end + 1, 0).sum() >= _LEAST_VALIDATION_WINDOWS
        if kept and training.count and enough:
            return training, window_ranges(from_end, last - config.horizon, most=_VALIDATION_WINDOWS)
        training = window_ranges(first, last - config.horizon)
        if not training.count:
            longest = int((np.where(held, last - (first - config.context + 1) + 1, 0)).max())
            raise HistoryError(
                f"history is too short to train on: the longest series spans {longest} steps, context {config.context} "
                f"+ horizon {config.horizon} need {config.context + config.horizon}; give more history, or a shorter "
                "context or horizon"
            )
        return training, window_ranges(first, first - 1)

    def _series_scales(self, panel: Panel) -> tuple[Tensor, Tensor] | None:
        """Give location and scale of each series, shape (series, 1) each; None where windows have their own."""
        scaling = self.config.scaling
        if scaling in ("robust", "standard"):
            return None
        if scaling == "none":
            return torch.zeros(len(panel.series), 1), torch.ones(len(panel.series), 1)
        if missing := [one for one in panel.ids if one not in self._ranges]:
            raise MismatchError(
                f"series {missing[0]!r} was not in the training data, so its min-max range is unknown; "
                "fit with scaling=robust to forecast new series"
            )
        pairs = torch.tensor([self._ranges[one] for one in panel.ids], dtype=torch.float32)
        return pairs[:, :1], pairs[:, 1:]

    def _scale(self, batch: Batch, scales: tuple[Tensor, Tensor] | None) -> Scale:
        config = self.config
        assert config.transform is not None
        if scales is None:
            fallback = torch.nan_to_num(batch.last)
            return window_scale(batch.past, fallback, scaling=config.scaling, transform=config.transform)
        return Scale(scales[0][batch.series], scales[1][batch.series], config.transform)

    def _outputs(self, batch: Batch, scale: Scale) -> Tensor:
        """Run the network on a batch, in scaled space, shape (batch, horizon, output)."""
        config = self.config
        assert config.patch is not None
        past = scale.apply(batch.past)
        known = ~torch.isnan(past)
        features = [torch.where(known, past, 0.0)[..., None], known.float()[..., None]]
        if batch.channels.shape[-1]:
            features.append(_scaled_channels(batch.channels))
        steps = torch.cat(features, dim=-1)  # (batch, time, feature)
        none = steps.new_empty((len(steps), 0))
        patch_calendar = batch.past_calendar[:, config.patch - 1 :: config.patch]
        if not config.calendar:
            patch_calendar = none[:, None].expand(-1, patch_calendar.shape[1], 0)
        next_calendar = batch.next_calendar if config.calendar else none[:, None].expand(-1, config.horizon, 0)
        anchors = scale.apply(batch.anchors) if config.anchors else none[:, None].expand(-1, config.horizon, 0)
        recent = _recent_errors(scale.apply(batch.recent)) if config.anchors else none
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.precision == "bfloat16"):
            outputs: Tensor = self.network(steps, patch_calendar, next_calendar, anchors, recent)
        return outputs.float()

    def _loss(self, batch: Batch, scales: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        scale = self._scale(batch, scales)
        levels = torch.tensor(self._levels())
        return training_loss(self._outputs(batch, scale), scale.apply(batch.truth), levels, self.config.loss)

    def _mean_loss(self, windows: Windows, ranges: WindowRanges, scales: tuple[Tensor, Tensor] | None) -> float:
        self.network.eval()
        total, count = 0.0, 0
        with torch.inference_mode():
            for numbers in torch.split(torch.arange(ranges.count), _PREDICT_BATCH):
                loss, known = self._loss(windows.batch(*ranges.pairs(numbers)), scales)
                total, count = total + float(loss), count + int(known)
        return total / max(count, 1)

    def _anchor_errors(self, windows: Windows, training: WindowRanges, scales: tuple[Tensor, Tensor] | None) -> Tensor:
        """Give the mean absolute error of each anchor over evenly spread training windows, shape (anchor,)."""
        numbers = torch.linspace(0, training.count - 1, min(training.count, _PREDICT_BATCH)).long()
        batch = windows.batch(*training.pairs(numbers))
        scale = self._scale(batch, scales)
        return (scale.apply(batch.anchors) - scale.apply(batch.truth)[..., None]).abs().nanmean((0, 1))

    def _forecast(self, batch: Batch, scales: tuple[Tensor, Tensor] | None) -> Tensor:
        """Give quantiles in the target's unit, ascending, never negative, shape (batch, horizon, output)."""
        scale = self._scale(batch, scales)
        values = scale.invert(self._outputs(batch, scale)).clamp(min=0.0)
        # rounding can turn equal neighbours round by one digit: hold each to the one nearer the median
        middle = self._levels().index(0.5)
        upper = values[..., middle:].cummax(-1).values
        lower = values[..., : middle + 1].flip(-1).cummin(-1).values.flip(-1)
        values = torch.cat([lower, upper[..., 1:]], dim=-1)
        return torch.where(torch.isnan(batch.last)[..., None], torch.nan, values)


def _recent_errors(recent: Tensor) -> Tensor:
    """Say how far the last day was from the weekly and the daily lag: mean, and mean size, of the differences.

    Args:
        recent: scaled values, lag of a week, lag of a day, NaN where unknown, shape (batch, step, 3).

    Returns:
        shape (batch, 6): both means, both mean sizes, and whether each lag is known; 0 where unknown.
    """
    error = recent[..., :1] - recent[..., 1:]  # (batch, step, lag)
    mean, size = error.nanmean(1), error.abs().nanmean(1)
    return torch.cat([torch.nan_to_num(mean), torch.nan_to_num(size), (~torch.isnan(mean)).float()], dim=-1)


def _scaled_channels(channels: Tensor) -> Tensor:
    """Scale each other channel of each window by itself; unknown becomes 0, shape (batch, time, channel)."""
    batch, time_steps, count = channels.shape
    flat = channels.transpose(1, 2).reshape(batch * count, time_steps)
    scale = window_scale(flat, flat.new_zeros(len(flat), 1), scaling="robust", transform="asinh")
    return torch.nan_to_num(scale.apply(flat)).reshape(batch, count, time_steps).transpose(1, 2)


def _training_ranges(panel: Panel) -> dict[str, tuple[float, float]]:
    """Give minimum and range of each series over the training rows; a flat series has the range 1."""
    ranges = {}
    for one, values in zip(panel.ids, panel.target, strict=True):
        known: Floats = values[~np.isnan(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        ranges[one] = (low, high - low if high > low else (abs(low) or 1.0))
    return ranges


def _fingerprint(config: RecurrentConfig, panel: Panel) -> Mapping[str, Any]:
    """Give what must be equal for a training to be resumed."""
    values = hashlib.sha256(np.ascontiguousarray(panel.values).data).hexdigest()
    options = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(config).items()}
    return {**options, "data": values, "torch": torch.__version__, "threads": torch.get_num_threads()}
