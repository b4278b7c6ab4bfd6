"""Recurrent forecasters: RNN, LSTM and GRU, alone or beside a convolutional branch, for one or thousands of series."""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from nettide.arrays import Floats, Ints
from nettide.errors import DamagedError, MismatchError, NettideError, OptionError
from nettide.forecast import LEVELS, Forecast
from nettide.models.apart import adapted_apart
from nettide.models.calibration import adapted_quantiles
from nettide.models.contract import Checkpoint, Monitor, Silent, State, Training
from nettide.models.denormals import denormals_flushed
from nettide.models.features import RECENT_FEATURES, recent_errors, scaled_channels
from nettide.models.fingerprint import training_fingerprint
from nettide.models.fitted import Fitted, check_cutoffs, stored_periods
from nettide.models.gradients import BatchGradients, LossOf
from nettide.models.known_future import KNOWN_FEATURES
from nettide.models.lags import ANCHORS
from nettide.models.losses import training_loss
from nettide.models.network import ForecastNetwork, Shape
from nettide.models.options import build_config, option_names
from nettide.models.outcome import ascending, quantile_forecast
from nettide.models.outline import Outline
from nettide.models.precision import Precision, settled
from nettide.models.recurrent_config import RecurrentConfig, resolve, with_epochs
from nettide.models.scaling import Scale, window_scale
from nettide.models.split import Parts, split_windows, training_ranges
from nettide.models.threads import is_small, threads_for
from nettide.models.training import Schedule, Trainer
from nettide.models.windows import Batch, WindowRanges, Windows
from nettide.panel import Panel
from nettide.prepare.occasions import OCCASION_FEATURES
from nettide.prepare.periods import Periods, measured_periods

_PREDICT_BATCH = 2048
_PREDICT_NUMBERS = 1 << 24  # in the largest tensors of a batch
_NOT_FITTED = "model is not fitted; call fit or load a fitted one"


class RecurrentModel:
    """A direct multi-step quantile forecaster with one network for all series.

    Args:
        config: its shape and training.
    """

    Config: ClassVar[type[RecurrentConfig]] = RecurrentConfig

    def __init__(self, config: RecurrentConfig) -> None:
        self.config = self._asked = config
        self._fitted: Fitted | None = None
        self._network: ForecastNetwork | None = None
        self._periods: Periods | None = None
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
            raise MismatchError(_NOT_FITTED)
        return self._network

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Train on a panel; its last part chooses the epoch.

        Raises:
            HistoryError: no series has a whole window of known history, or none has a known target.
            TrainingError: training diverged, or the checkpoint is of another training.
        """
        self._network = None  # a fit that fails leaves none behind
        try:
            with denormals_flushed():
                return self._fit(panel, monitor=monitor or Silent(), checkpoint=checkpoint)
        except NettideError:
            self._network = None
            raise

    def _fit(self, panel: Panel, *, monitor: Monitor, checkpoint: Checkpoint | None) -> Training:
        started = time.perf_counter()
        panel, parts = self._begin(panel)
        assert self._network is not None
        parameters = sum(weight.numel() for weight in self._network.parameters())
        windows = self._windows(panel)
        scales = self._series_scales(panel)

        def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
            return self._loss(windows.batch(*parts.training.pairs(numbers)), scales)

        def validate() -> float:
            return self._mean_loss(windows, parts.validation, scales)

        threads = torch.get_num_threads()
        with self._threads():
            said = self._settle_precision(parts.training, loss_of, checkpoint, threads=threads)
            config = self.config
            if config.anchors:
                self._network.head.prefer(self._anchor_errors(windows, parts.training, scales))
            trained = Trainer(
                self._network,
                loss_of,
                windows=parts.training.count,
                validate=validate if parts.validation.count else None,
                schedule=self._schedule(),
                monitor=monitor,
                checkpoint=checkpoint,
                fingerprint=training_fingerprint(config, panel) if checkpoint else {},
                halved=self._halved(),
                threads=threads,
            ).run()
        return Training(
            epochs=trained.epochs,
            best_epoch=trained.best_epoch,
            ending=trained.ending,
            seconds=time.perf_counter() - started,
            windows=parts.training.count,
            parameters=parameters,
            notes=said,
        )

    def _settle_precision(
        self, training: WindowRanges, loss_of: LossOf, checkpoint: Checkpoint | None, *, threads: int
    ) -> tuple[str, ...]:
        """Choose the precision where that is left to timed batches, and say so."""
        if self.config.precision != "auto":
            return ()
        assert self.config.batch_size is not None
        size = min(self.config.batch_size, training.count)
        numbers = torch.linspace(0, training.count - 1, size, dtype=torch.float64).round().long()

        gradients = BatchGradients(self.network, loss_of, halved=self._halved(), threads=threads)

        def run(precision: Precision) -> None:
            self.config = replace(self.config, precision=precision)
            gradients(numbers)

        with gradients.running():
            probe = settled(self.network, run, checkpoint)
        self.config = replace(self.config, precision=probe.precision)
        return (probe.text,)

    def _begin(self, panel: Panel) -> tuple[Panel, Parts]:
        """Choose what is left open, and make the network with its first weights."""
        if self.config.channels == "target":
            panel = panel.only_target()
        self.config = config = resolve(self._asked, panel)
        parts = split_windows(panel, config)
        self.config = config = with_epochs(config, parts.training.count)
        self._fitted = Fitted.of(panel)
        self._periods = measured_periods(panel.until(parts.training_steps))
        self._ranges = training_ranges(panel, parts.training_steps) if config.scaling == "min-max" else {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self._network = ForecastNetwork(self._shape())
        return panel, parts

    def outline(self, panel: Panel) -> Outline:
        """Give what ``fit`` would train on a panel; the model stays as it is.

        Raises:
            HistoryError: as ``fit``.
        """
        begun = RecurrentModel(self._asked)
        _, parts = begun._begin(panel)
        config = begun.config
        assert config.context is not None
        assert config.epochs is not None
        assert config.batch_size is not None
        return Outline(
            parts=begun.network.outline(),
            context=config.context,
            training=parts.training.count,
            validation=parts.validation.count,
            epochs=config.epochs,
            batch_size=config.batch_size,
            inputs=begun.network.shape.step_features,
        )

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast each series from each cutoff, in batches.

        Raises:
            MismatchError: not fitted, another step, a channel is missing, or min-max ranges of a series are unknown.
        """
        return self._predict(panel, cutoffs, apart=False)

    def predict_apart(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast as ``predict`` would each series in a panel of its own, in common batches."""
        return self._predict(panel, cutoffs, apart=True)

    def _predict(self, panel: Panel, cutoffs: Ints, *, apart: bool) -> Forecast:
        if self._fitted is None or self._network is None:
            raise MismatchError(_NOT_FITTED)
        panel = self._fitted.matching(panel)
        check_cutoffs(panel, cutoffs)
        cutoffs = np.asarray(cutoffs, dtype=np.int64)
        windows, scales = self._windows(panel), self._series_scales(panel)

        def quantiles(rows: Ints, cutoffs: Ints) -> Floats:
            return self._quantiles(windows, scales, rows, cutoffs)

        is_point = self.config.loss != "quantile"
        if self.config.adapt and not is_point and panel.series:
            adapt = adapted_apart if apart else adapted_quantiles
            values = adapt(panel, cutoffs, quantiles, horizon=self.config.horizon, levels=LEVELS)
        else:
            values = quantiles(np.arange(len(panel.series)), cutoffs)
        return quantile_forecast(panel, cutoffs, values, levels=() if is_point else LEVELS)

    def _quantiles(self, windows: Windows, scales: tuple[Tensor, Tensor] | None, rows: Ints, cutoffs: Ints) -> Floats:
        """Run the network for each of the rows from each cutoff, shape (row, cutoff, horizon, output)."""
        values = np.empty((len(rows) * len(cutoffs), self.config.horizon, len(self._levels())))
        series = torch.from_numpy(rows).repeat_interleave(len(cutoffs))
        cutoff = torch.from_numpy(cutoffs).repeat(len(rows))
        self.network.eval()
        with torch.inference_mode(), denormals_flushed(), self._threads():
            for start in range(0, len(series), self._predict_batch()):
                part = slice(start, start + self._predict_batch())
                values[part] = self._forecast(windows.batch(series[part], cutoff[part]), scales).numpy()
        return values.reshape(len(rows), len(cutoffs), *values.shape[1:])

    def state(self) -> State:
        """Give config, fitted facts and weights.

        Raises:
            MismatchError: the model is not fitted.
        """
        weights = self.network.state_dict()
        assert self._fitted is not None
        assert self._periods is not None
        document = {
            "config": asdict(self.config),
            "fitted": self._fitted.to_document(),
            "periods": asdict(self._periods),
            "ranges": {one: list(pair) for one, pair in self._ranges.items()},
        }
        return State(document, {name: value.numpy() for name, value in weights.items()})

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
            model._periods = stored_periods(state.document["periods"])
            model._ranges = {one: (low, high) for one, (low, high) in state.document["ranges"].items()}
            model._network = ForecastNetwork(model._shape())
            if state.tensors.keys() != model._network.state_dict().keys():  # batch norm tolerates a missing one
                raise ValueError("tensors are missing or foreign")
            model._network.load_state_dict({name: torch.tensor(value) for name, value in state.tensors.items()})
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OptionError) as error:
            raise DamagedError(f"the stored network does not fit its description: {error}") from None
        model._network.eval()
        return model

    def _threads(self) -> AbstractContextManager[None]:
        assert self.config.context is not None
        return threads_for(self.network.multiplications(self.config.context))

    def _halved(self) -> bool:
        """Say whether halves of batches train: in networks that PyTorch's own threads do not speed up."""
        assert self.config.context is not None
        return is_small(self.network.multiplications(self.config.context)) and self.network.can_be_halved

    def _predict_batch(self) -> int:
        """Give how many windows run at a time: fewer where their tensors are large."""
        config = self.config
        assert config.context is not None
        assert self._fitted is not None
        numbers = config.context * len(self._fitted.channels) + config.horizon * config.hidden
        return min(_PREDICT_BATCH, max(1, _PREDICT_NUMBERS // numbers))

    def _levels(self) -> tuple[float, ...]:
        return LEVELS if self.config.loss == "quantile" else (0.5,)

    def _shape(self) -> Shape:
        config, levels = self.config, self._levels()
        assert config.patch is not None
        assert self._fitted is not None
        return Shape(
            cell=config.cell,
            step_features=1 + len(self._fitted.channels),
            calendar_features=len(KNOWN_FEATURES) if config.calendar else 0,
            occasion_features=len(OCCASION_FEATURES) if config.calendar else 0,
            anchors=len(ANCHORS) if config.anchors else 0,
            recent_features=RECENT_FEATURES if config.anchors else 0,
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
        assert config.patch is not None
        return Windows(
            panel,
            context=config.context,
            horizon=config.horizon,
            channels=config.channels == "all",
            patch=config.patch,
            periods=self._periods,
        )

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
        past = scale.apply(batch.past)
        known = ~torch.isnan(past)
        features = [torch.where(known, past, 0.0)[..., None], known.float()[..., None]]
        if batch.channels.shape[-1]:
            features.append(scaled_channels(batch.channels))
        steps = torch.cat(features, dim=-1)  # (batch, time, feature)
        none = steps.new_empty((len(steps), 0))
        patch_calendar = batch.past_calendar
        if not config.calendar:
            patch_calendar = none[:, None].expand(-1, patch_calendar.shape[1], 0)
        next_calendar = batch.next_calendar if config.calendar else none[:, None].expand(-1, config.horizon, 0)
        anchors = scale.apply(batch.anchors) if config.anchors else none[:, None].expand(-1, config.horizon, 0)
        recent = recent_errors(scale.apply(batch.recent)) if config.anchors else none
        mixed = config.precision == "bfloat16"
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed, cache_enabled=False):  # threads share the cache
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
            for numbers in torch.split(torch.arange(ranges.count), self._predict_batch()):
                loss, known = self._loss(windows.batch(*ranges.pairs(numbers)), scales)
                total, count = total + float(loss), count + int(known)
        return total / count if count else math.nan

    def _anchor_errors(self, windows: Windows, training: WindowRanges, scales: tuple[Tensor, Tensor] | None) -> Tensor:
        """Give the mean absolute error of each anchor over evenly spread training windows, shape (anchor,)."""
        numbers = torch.linspace(0, training.count - 1, min(training.count, _PREDICT_BATCH)).long()
        numbers.clamp_(max=training.count - 1)  # float32 rounds the last of 17 million upwards
        batch = windows.batch(*training.pairs(numbers))
        scale = self._scale(batch, scales)
        return (scale.apply(batch.anchors) - scale.apply(batch.truth)[..., None]).abs().nanmean((0, 1))

    def _forecast(self, batch: Batch, scales: tuple[Tensor, Tensor] | None) -> Tensor:
        """Give quantiles in the target's unit, ascending, never negative, shape (batch, horizon, output)."""
        scale = self._scale(batch, scales)
        # rounding can turn equal neighbours round by one digit
        values = ascending(scale.invert(self._outputs(batch, scale)), middle=self._levels().index(0.5))
        return torch.where(torch.isnan(batch.last)[..., None], torch.nan, values)
