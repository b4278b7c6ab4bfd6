"""The pretrained network as a model: forecasts unknown series at once, and better after some tuning."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from nettide.arrays import Floats, Ints
from nettide.errors import DamagedError, HistoryError, MismatchError, NettideError, OptionError
from nettide.forecast import LEVELS, Forecast
from nettide.models.apart import adapted_apart
from nettide.models.calibration import adapted_quantiles
from nettide.models.contract import Checkpoint, Monitor, Silent, State, Training
from nettide.models.denormals import denormals_flushed
from nettide.models.fingerprint import training_fingerprint
from nettide.models.fitted import Fitted, check_cutoffs, stored_periods
from nettide.models.options import build_config, option_names
from nettide.models.outcome import quantile_forecast
from nettide.models.pretrained.config import SHOWN_SECONDS, PretrainedConfig
from nettide.models.pretrained.histories import Histories
from nettide.models.pretrained.network import MultiscaleNetwork, NetworkShape
from nettide.models.pretrained.weights import BaseWeights, base_weights, filled_network
from nettide.models.silence import fallen_silent, silenced
from nettide.models.threads import threads_for
from nettide.models.training import Schedule, Trainer
from nettide.models.unchanged import keep_unchanged
from nettide.models.windows import WindowRanges, window_ranges
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.periods import Periods, measured_periods
from nettide.units import step_text

_BATCHES, _LEAST_BATCHES = 800, 60
_PASSES = 10.0  # over all histories, where they are few
_EPOCH_BATCHES = 100
_PREDICT_BATCH = 1024
_PREDICT_NUMBERS = 1 << 23  # in the largest tensor of a batch
_MIDDLE = LEVELS.index(0.5)
_NOT_FITTED = "model is not fitted; call fit or load a fitted one"


class PretrainedModel:
    """A network that has seen much traffic before: with no tuning it forecasts what it was never fitted on.

    Args:
        config: its tuning.
        start: the weights to begin with; None takes those that come with nettide.
    """

    Config: ClassVar[type[PretrainedConfig]] = PretrainedConfig

    def __init__(self, config: PretrainedConfig, start: BaseWeights | None = None) -> None:
        self.config = config
        self._start = start
        self._fitted: Fitted | None = None
        self._periods: Periods | None = None
        self._network: MultiscaleNetwork | None = None

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.config.horizon

    @property
    def context(self) -> int:
        """Steps of the coarse past; 0 before ``fit``."""
        return 168 * max(1, round(self._periods.day / 24)) if self._periods else 0

    @property
    def network(self) -> MultiscaleNetwork:
        """The network.

        Raises:
            MismatchError: the model is not fitted.
        """
        if self._network is None:
            raise MismatchError(_NOT_FITTED)
        return self._network

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Learn the step and periods of a panel, and tune the weights on all of it where asked.

        Raises:
            HistoryError: no target is known, or, for tuning, no history is long enough.
            TrainingError: tuning diverged, or the checkpoint is of another training.
        """
        started = time.perf_counter()
        self._network = None
        panel = panel.only_target()
        if np.isnan(panel.target).all():
            raise HistoryError(f"no value of {panel.channels[0].name!r} is known; there is nothing to fit")
        self._fitted, self._periods = Fitted.of(panel), measured_periods(panel)
        start = self._start or base_weights()
        if self.config.batches == 0:
            self._network = start.network().eval()
            return Training(
                parameters=_count(self._network),
                seconds=time.perf_counter() - started,
                notes=() if self._start else tuple(never_shown(panel.step_seconds)),
            )
        try:
            with denormals_flushed():
                return self._tune(panel, start, started, monitor=monitor or Silent(), checkpoint=checkpoint)
        except NettideError:
            self._network = None
            raise

    def _tune(
        self, panel: Panel, start: BaseWeights, started: float, *, monitor: Monitor, checkpoint: Checkpoint | None
    ) -> Training:
        config, horizon = self.config, self.config.horizon
        network = self._network = start.network(members=config.members, dropout=config.dropout)
        members = network.shape.members
        histories = self._histories(panel)
        ranges = tuning_ranges(panel, histories, horizon=horizon)
        batch_size = config.batch_size or (64 if len(panel.series) <= 3 else 128)
        enough = math.ceil(_PASSES * ranges.count / batch_size)
        batches = config.batches or min(_BATCHES, max(_LEAST_BATCHES, enough))
        an_epoch = min(_EPOCH_BATCHES, math.ceil(ranges.count / batch_size))
        ahead, levels = torch.arange(1, horizon + 1), torch.tensor(LEVELS)

        def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
            history = histories.batch(*ranges.pairs(numbers), ahead)
            quantiles, scale = network(history)
            return pinball_loss(quantiles, scale.apply(history.truth), levels, weigh=members > 1)

        with threads_for(members * network.multiplications(horizon)):
            trained = Trainer(
                network,
                loss_of,
                windows=ranges.count,
                validate=None,
                schedule=Schedule(
                    epochs=math.ceil(batches / an_epoch),
                    batch_size=batch_size,
                    windows_per_epoch=an_epoch * batch_size,
                    optimizer="adamw",
                    learning_rate=config.learning_rate,
                    schedule="cosine",
                    warmup=20,
                    weight_decay=config.weight_decay,
                    clip=1.0,
                    average=config.average,
                    patience=0,
                    seed=config.seed,
                ),
                monitor=monitor,
                checkpoint=checkpoint,
                fingerprint=training_fingerprint(config, panel, start=_digest(start)) if checkpoint else {},
            ).run()
        return Training(
            epochs=trained.epochs,
            best_epoch=trained.best_epoch,
            ending=trained.ending,
            seconds=time.perf_counter() - started,
            windows=ranges.count,
            parameters=_count(network),
        )

    def shown(self, panel: Panel, *, horizon: int, periods: Periods | None = None) -> Self:
        """Give the same weights fitted to the step and periods of another panel; they are shared, not copied.

        Args:
            panel: whose step, target and unit count.
            horizon: steps ahead.
            periods: the day and week in steps; None measures them in the panel.

        Raises:
            MismatchError: the model is not fitted.
            OptionError: the horizon is out of range.
        """
        found = type(self)(replace(self.config, horizon=horizon), self._start)
        found._network = self.network
        found._fitted, found._periods = Fitted.of(panel.only_target()), periods or measured_periods(panel)
        return found

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast each series from each cutoff, in batches.

        Raises:
            MismatchError: not fitted, another step, target or unit, or a cutoff outside the panel.
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
        histories = self._histories(panel, apart=apart)

        def quantiles(rows: Ints, cutoffs: Ints) -> Floats:
            return self._quantiles(histories, rows, cutoffs)

        if self.config.adapt and panel.series:
            adapt = adapted_apart if apart else adapted_quantiles
            values = adapt(panel, cutoffs, quantiles, horizon=self.horizon, levels=LEVELS)
        else:
            values = quantiles(np.arange(len(panel.series)), cutoffs)
        for place, cutoff in enumerate(cutoffs):
            silent = fallen_silent(panel.target[:, : cutoff + 1], day_steps=panel.steps_per(DAY_SECONDS))
            values[silent, place] = silenced(values[silent, place], np.array(LEVELS))
        keep_unchanged(panel, cutoffs, values, middle=_MIDDLE)
        return quantile_forecast(panel, cutoffs, values)

    def _quantiles(self, histories: Histories, rows: Ints, cutoffs: Ints) -> Floats:
        """Run the network for each of the rows from each cutoff, shape (row, cutoff, horizon, level)."""
        network, horizon = self.network, self.horizon
        ahead = torch.arange(1, horizon + 1)
        series = torch.from_numpy(rows).repeat_interleave(len(cutoffs))
        cutoff = torch.from_numpy(cutoffs).repeat(len(rows))
        values = np.empty((len(series), horizon, len(LEVELS)))
        numbers = horizon * (network.shape.head * network.shape.members + 64) + histories.context
        size = min(_PREDICT_BATCH, max(1, _PREDICT_NUMBERS // numbers))
        threads = threads_for(network.shape.members * network.multiplications(horizon))
        with torch.inference_mode(), denormals_flushed(), threads:
            for start in range(0, len(series), size):
                part = slice(start, start + size)
                history = histories.batch(series[part], cutoff[part], ahead)
                scaled, scale = network(history)
                # in order whatever the rounding: inverse and mean keep it, but for a last digit
                found = scale.invert(scaled.mean(0)).clamp(min=0.0).sort(-1).values
                values[part] = torch.where(torch.isnan(history.last)[..., None], torch.nan, found).numpy()
        return values.reshape(len(rows), len(cutoffs), horizon, len(LEVELS))

    def _histories(self, panel: Panel, *, apart: bool = False) -> Histories:
        assert self._periods is not None
        return Histories(panel, horizon=self.config.horizon, periods=self._periods, apart=apart)

    def state(self) -> State:
        """Give config, fitted facts and weights.

        Raises:
            MismatchError: the model is not fitted.
        """
        network = self.network
        assert self._fitted is not None
        assert self._periods is not None
        document = {
            "config": asdict(self.config),
            "fitted": self._fitted.to_document(),
            "periods": asdict(self._periods),
            "shape": {"hidden": network.shape.hidden, "head": network.shape.head, "members": network.shape.members},
        }
        return State(document, {name: value.numpy() for name, value in network.state_dict().items()})

    @classmethod
    def restore(cls, state: State) -> Self:
        """Make a fitted model of what ``state`` gave.

        Raises:
            DamagedError: a part is missing or does not fit the others.
        """
        try:
            config = {name: state.document["config"][name] for name in option_names(PretrainedConfig)}
            model = cls(build_config(PretrainedConfig, config, what="stored model"))
            model._fitted = Fitted.from_document(state.document["fitted"])
            model._periods = stored_periods(state.document["periods"])
            shape = NetworkShape(**state.document["shape"], dropout=model.config.dropout)
            model._network = filled_network(shape, {name: torch.tensor(value) for name, value in state.tensors.items()})
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OptionError) as error:
            raise DamagedError(f"the stored network does not fit its description: {error}") from None
        model._network.eval()
        return model

    def as_start(self) -> BaseWeights:
        """Give the fitted weights as a start for further tuning.

        Raises:
            MismatchError: the model is not fitted.
        """
        network = self.network
        return BaseWeights(network.shape.hidden, network.shape.head, network.state_dict(), {})


def tuning_ranges(panel: Panel, histories: Histories, *, horizon: int, end: int | None = None) -> WindowRanges:
    """Give the (series, cutoff) pairs with a known target in reach, after a week of history or a third of all.

    Args:
        panel: what may be learned from.
        histories: of the panel.
        horizon: steps ahead, all of which lie in the panel.
        end: steps that may be learned from; None takes all.

    Raises:
        HistoryError: there is none.
    """
    end = panel.steps if end is None else end
    known = ~np.isnan(panel.target[:, :end])
    last = np.where(known.any(axis=1), end - 1 - known[:, ::-1].argmax(axis=1), -1) - horizon
    before = min(histories.context, max(1, end // 3))
    ranges = window_ranges(histories.first + before - 1, last)
    if not ranges.count:
        raise HistoryError(
            f"history is too short to tune on: {end} steps hold no {before} of history and {horizon} to forecast; "
            "give more history or a shorter horizon, or use the model as it is: base"
        )
    return ranges


def pinball_loss(quantiles: Tensor, truth: Tensor, levels: Tensor, *, weigh: bool) -> tuple[Tensor, Tensor]:
    """Give the pinball loss, mean over levels and members, summed over known targets, and their number.

    Args:
        quantiles: scaled, shape (member, batch, horizon, level).
        truth: scaled, NaN where unknown, shape (batch, horizon).
        levels: shape (level,).
        weigh: whether each member weighs each history at random (the Bayesian bootstrap, Rubin 1981), so that
            members differ.
    """
    known = ~torch.isnan(truth)
    error = (torch.where(known, truth, 0.0)[..., None] - quantiles) * known[..., None]
    each = torch.maximum(levels * error, (levels - 1) * error).mean(-1).sum(-1)  # (member, batch)
    if weigh:
        each = each * torch.empty_like(each).exponential_()
    return each.mean(0).sum(), known.sum()


def never_shown(step_seconds: int) -> Iterator[str]:
    """Say that a step of this many seconds is outside those that the weights were trained on."""
    least, most = SHOWN_SECONDS
    if not least <= step_seconds <= most:
        yield (
            f"the pretrained network was never shown steps of {step_text(step_seconds)}, only from {step_text(least)} "
            f"to {step_text(most)}: compare it with naive forecasts, or choose another step"
        )


def _count(network: MultiscaleNetwork) -> int:
    return sum(weight.numel() for weight in network.parameters())


def _digest(start: BaseWeights) -> str:
    """Give sixteen hexadecimal digits that change with the weights that a tuning begins with."""
    weights = hashlib.sha256()
    for name, weight in sorted(start.tensors.items()):
        weights.update(name.encode() + np.ascontiguousarray(weight.numpy()).tobytes())
    return weights.hexdigest()[:16]
