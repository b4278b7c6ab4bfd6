"""Gradient-boosted trees (LightGBM): direct, one model for all series and steps, with quantiles."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch

from nettide.arrays import Floats, Ints
from nettide.errors import DamagedError, HistoryError, MismatchError, OptionError
from nettide.forecast import LEVELS, Forecast
from nettide.models.boosted_bands import TAUGHT, all_levels, band_factors
from nettide.models.boosted_config import BoostedConfig, window_config
from nettide.models.boosted_features import feature_count, rows_of
from nettide.models.boosted_training import Boosted, Examples, boost
from nettide.models.boosted_trees import Trees
from nettide.models.calibration import adapted_quantiles
from nettide.models.contract import Checkpoint, Epoch, Monitor, Silent, State, Training
from nettide.models.fitted import Fitted, check_cutoffs, stored_periods
from nettide.models.options import build_config, option_names
from nettide.models.outcome import ascending, quantile_forecast
from nettide.models.recurrent_config import RecurrentConfig
from nettide.models.split import LEAST_VALIDATION_WINDOWS, split_windows
from nettide.models.windows import WindowRanges, Windows
from nettide.panel import Panel
from nettide.prepare.periods import Periods, measured_periods

if TYPE_CHECKING:
    from lightgbm import Booster

_MIDDLE = LEVELS.index(0.5)
_STEPS = 6  # target steps that a window is learned at, where there are enough windows
_VALIDATION_ROWS = 50_000
_BATCH_ROWS = 1 << 16
_LEAST_HORIZONS = 7  # of windows that validate: those of one series overlap by nearly a horizon
_FEW_SHARE = 0.25  # of a history so short that all of it must train in the end
_NOT_FITTED = "model is not fitted; call fit or load a fitted one"


class _Half(Silent):
    """A monitor of one of two trainings, each of which is half of the whole; it may end either.

    Args:
        monitor: of the whole.
        second: whether this is the second training, whose epochs are those of the whole.
    """

    def __init__(self, monitor: Monitor, *, second: bool) -> None:
        self._monitor, self._second = monitor, second

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Pass it on as a part of twice as many epochs."""
        done = epochs if self._second else 0
        self._monitor.on_batch(epoch=done + epoch, epochs=2 * epochs, batch=batch, batches=batches, loss=loss)

    def on_epoch(self, report: Epoch) -> None:
        """Pass on those of the second training."""
        if self._second:
            self._monitor.on_epoch(report)

    def stop_requested(self) -> bool:
        """Say whether the watcher wants to end."""
        return self._monitor.stop_requested()


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """What the first part of a short history taught.

    Args:
        boosted: from that part.
        widths: factors that make its bands hold on the rest, shape (level,).
    """

    boosted: Boosted
    widths: Floats


class BoostedModel:
    """Quantiles by gradient boosting over the windows that the networks see, with one set of trees for all series.

    Each window is scaled by itself, and trees learn only what is added to the mean of its seasonal anchors, so
    that growth and new levels are followed, and traffic a million times as large is forecast alike.

    Source: Ke et al., LightGBM, NeurIPS 2017; Geurts et al., Extremely randomized trees, 2006, for the thresholds.

    Args:
        config: its trees and training.
    """

    Config: ClassVar[type[BoostedConfig]] = BoostedConfig

    def __init__(self, config: BoostedConfig) -> None:
        self.config = self._asked = config
        self._fitted: Fitted | None = None
        self._periods = Periods(1, 1)
        self._initial = np.zeros(len(TAUGHT))
        self._widths = np.ones(len(LEVELS))
        self._trees: Trees | None = None
        self._booster: Booster | None = None

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.config.horizon

    @property
    def context(self) -> int:
        """Steps of a window; 0 before ``fit`` has chosen it."""
        return self.config.context or 0

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Train on a panel; its last part chooses the number of rounds and sets the bands.

        It takes seconds, so that no checkpoint is kept.

        Raises:
            HistoryError: no series has a whole window of known history, or none has a known target.
            TrainingError: LightGBM refuses the options.
        """
        del checkpoint
        started = time.perf_counter()
        self._fitted = self._trees = self._booster = None  # a fit that fails leaves nothing behind
        panel = panel.only_target()
        chosen = window_config(self._asked, panel)
        parts = split_windows(panel, chosen, least=max(LEAST_VALIDATION_WINDOWS, _LEAST_HORIZONS * chosen.horizon))
        self.config = config = replace(self._asked, context=chosen.context)
        self._periods = measured_periods(panel.until(parts.training_steps))
        windows = self._windows(panel)
        training = self._examples(windows, parts.training, rows=config.rows, steps=_STEPS)
        if not len(training.target):
            raise HistoryError(
                f"none of the windows that were drawn has a known value to learn; give more history or rows above "
                f"{config.rows}"
            )
        monitor = monitor or Silent()
        validation = self._examples(windows, parts.validation, rows=_VALIDATION_ROWS, steps=_STEPS)
        held = validation if len(validation.target) else None
        tried = self._tried_before(panel, chosen, monitor) if held is None and config.validation_share else None
        if tried is not None and tried.boosted.ending in ("interrupted", "requested"):
            boosted = tried.boosted  # and no second training
        else:
            rounds = config.trees if tried is None else max(1, tried.boosted.rounds)
            watched = monitor if tried is None else _Half(monitor, second=True)
            boosted = boost(training, held, levels=TAUGHT, config=replace(config, trees=rounds), monitor=watched)
        self._take(boosted.initial, np.ones(len(LEVELS)) if tried is None else tried.widths, boosted.trees)
        if held is not None:
            self._widths = band_factors(held.target, self._added(held.features))
        self._fitted = Fitted.of(panel)
        return self._told(boosted, windows=parts.training.count, seconds=time.perf_counter() - started)

    def _tried_before(self, panel: Panel, chosen: RecurrentConfig, monitor: Monitor) -> _Tried | None:
        """Learn from the first part of a history that is too short to lose any of it, for the rounds and the widths.

        All of the history trains afterwards. Without it trees would be grown until they know each value by heart, and
        bands be as narrow as what they still miss.

        Returns:
            None where nothing can be held back.
        """
        known = np.flatnonzero(np.isfinite(panel.target).any(axis=0))
        panel = panel.until(int(known[-1]) + 1)  # or a quarter of which nothing is known would tell nothing
        parts = split_windows(panel, chosen, share=_FEW_SHARE, least=1)
        if not parts.validation.count:
            return None
        windows = self._windows(panel)
        training = self._examples(windows, parts.training, rows=self.config.rows, steps=_STEPS)
        held = self._examples(windows, parts.validation, rows=_VALIDATION_ROWS, steps=self.config.horizon)
        if not (len(training.target) and len(held.target)):
            return None
        boosted = boost(training, held, levels=TAUGHT, config=self.config, monitor=_Half(monitor, second=False))
        self._take(boosted.initial, np.ones(len(LEVELS)), boosted.trees)
        return _Tried(boosted, band_factors(held.target, self._added(held.features)))

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast each series from each cutoff, in batches.

        Raises:
            MismatchError: not fitted, another step, target or unit, or a cutoff outside the panel.
        """
        if self._fitted is None:
            raise MismatchError(_NOT_FITTED)
        panel = self._fitted.matching(panel)
        check_cutoffs(panel, cutoffs)
        cutoffs = np.asarray(cutoffs, dtype=np.int64)
        windows = self._windows(panel)

        def quantiles(rows: Ints, cutoffs: Ints) -> Floats:
            return self._quantiles(windows, rows, cutoffs)

        if self.config.adapt and panel.series:
            values = adapted_quantiles(panel, cutoffs, quantiles, horizon=self.horizon, levels=LEVELS)
        else:
            values = quantiles(np.arange(len(panel.series)), cutoffs)
        return quantile_forecast(panel, cutoffs, values)

    def state(self) -> State:
        """Give config, fitted facts and trees.

        Raises:
            MismatchError: the model is not fitted.
        """
        if self._fitted is None or self._trees is None:
            raise MismatchError(_NOT_FITTED)
        document = {
            "config": asdict(self.config),
            "fitted": self._fitted.to_document(),
            "periods": asdict(self._periods),
            "features": self._features(),
        }
        return State(document, {"initial": self._initial, "widths": self._widths, **self._trees.tensors()})

    @classmethod
    def restore(cls, state: State) -> Self:
        """Make a fitted model of what ``state`` gave.

        Raises:
            DamagedError: a part is missing or does not fit the others.
        """
        try:
            config = {name: state.document["config"][name] for name in option_names(BoostedConfig)}
            model = cls(build_config(BoostedConfig, config, what="stored model"))
            fitted = Fitted.from_document(state.document["fitted"])
            model._periods = stored_periods(state.document["periods"])
            features = state.document["features"]
        except (KeyError, TypeError, OptionError) as error:
            raise DamagedError(f"the stored trees do not fit their description: {error}") from None
        if model.config.context is None:
            raise DamagedError("the stored model does not say its context")
        if features != model._features():
            raise DamagedError(
                f"the stored trees were made for {features} features, this version of nettide gives "
                f"{model._features()}; fit the model anew"
            )
        arrays = dict(state.tensors)
        initial = _stored_array(arrays, "initial", len(TAUGHT))
        widths = _stored_array(arrays, "widths", len(LEVELS))
        model._take(initial, widths, Trees.from_tensors(arrays, features=features, outputs=len(TAUGHT)))
        model._fitted = fitted
        return model

    def _take(self, initial: Floats, widths: Floats, trees: Trees) -> None:
        """Use trees as a restored model would: by their arrays alone."""
        self._initial, self._widths, self._trees = initial, widths, trees
        self._booster = trees.booster(features=self._features(), outputs=len(TAUGHT)) if len(trees.leaves) else None

    def _windows(self, panel: Panel) -> Windows:
        assert self.config.context is not None
        context, horizon = self.config.context, self.config.horizon
        return Windows(panel, context=context, horizon=horizon, channels=False, periods=self._periods)

    def _features(self) -> int:
        assert self.config.context is not None
        return feature_count(context=self.config.context, day=self._periods.day)

    def _examples(self, windows: Windows, ranges: WindowRanges, *, rows: int, steps: int) -> Examples:
        """Gather about so many rows with a known truth, evenly over the windows, at some target steps of each."""
        horizon = self.config.horizon
        steps = min(horizon, max(steps, -(-rows // max(1, ranges.count))))
        count = min(ranges.count, -(-rows // steps))
        numbers = torch.linspace(0, max(0, ranges.count - 1), count, dtype=torch.float64).round().long()
        generator = torch.Generator().manual_seed(self.config.seed)
        features, targets = [torch.empty(0, self._features())], [torch.empty(0)]
        for part in torch.split(numbers, max(1, _BATCH_ROWS // horizon)):
            batch = windows.batch(*ranges.pairs(part))
            found = rows_of(batch, day=self._periods.day)
            added = found.scale.apply(batch.truth) - found.base  # (batch, horizon)
            chosen = torch.rand(added.shape, generator=generator).argsort(1)[:, :steps]
            own = torch.zeros_like(added, dtype=torch.bool).scatter_(1, chosen, True) & ~torch.isnan(added)
            features.append(found.features[own])
            targets.append(added[own])
        return Examples(torch.cat(features).numpy(), torch.cat(targets).double().numpy(), count)

    def _added(self, features: np.ndarray[Any, Any]) -> Floats:
        """Give all quantiles of what is added to the base, ascending, shape (row, level)."""
        taught = np.broadcast_to(self._initial, (len(features), len(TAUGHT)))
        if self._booster is not None and len(features):
            raw = self._booster.predict(features, raw_score=True, num_threads=self.config.threads or 0)
            taught = taught + np.asarray(raw)
        return all_levels(np.sort(taught, axis=1), self._widths)

    def _quantiles(self, windows: Windows, rows: Ints, cutoffs: Ints) -> Floats:
        """Forecast each of the rows from each cutoff, shape (row, cutoff, horizon, level)."""
        values = np.empty((len(rows) * len(cutoffs), self.config.horizon, len(LEVELS)))
        series = torch.from_numpy(rows).repeat_interleave(len(cutoffs))
        cutoff = torch.from_numpy(cutoffs).repeat(len(rows))
        size = max(1, _BATCH_ROWS // self.config.horizon)
        for start in range(0, len(series), size):
            part = slice(start, start + size)
            batch = windows.batch(series[part], cutoff[part])
            found = rows_of(batch, day=self._periods.day)
            added = torch.from_numpy(self._added(found.features.flatten(0, 1).numpy())).float()
            scaled = added.view(*found.base.shape, len(LEVELS)) + found.base[..., None]
            unknown = torch.isnan(batch.last)[..., None]
            values[part] = torch.where(
                unknown, torch.nan, ascending(found.scale.invert(scaled), middle=_MIDDLE)
            ).numpy()
        return values.reshape(len(rows), len(cutoffs), *values.shape[1:])

    def _told(self, boosted: Boosted, *, windows: int, seconds: float) -> Training:
        return Training(
            epochs=boosted.epochs,
            best_epoch=boosted.best_epoch,
            ending=boosted.ending,
            seconds=seconds,
            windows=windows,
            parameters=len(boosted.trees.value) + len(boosted.trees.threshold),
        )


def _stored_array(arrays: dict[str, Any], name: str, length: int) -> Floats:
    """Take an array out of those of a state."""
    found = arrays.pop(name, None)
    if not isinstance(found, np.ndarray) or found.shape != (length,) or found.dtype != np.float64:
        raise DamagedError(f"the stored trees have no usable {name!r}")
    if not np.isfinite(found).all():
        raise DamagedError(f"the stored trees have {name!r} that are not finite")
    return found
