"""Rounds of boosting, one tree a quantile and round, watched and ended like epochs of a network."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nettide.arrays import Floats
from nettide.errors import TrainingError
from nettide.models.boosted_config import BoostedConfig
from nettide.models.boosted_trees import Trees
from nettide.models.contract import Ending, Epoch, Monitor

if TYPE_CHECKING:
    from lightgbm import Booster

EPOCHS = 10
"""Reports a training gives: after each tenth of the rounds."""
_SHOWN_EVERY_SECONDS = 0.2
_BINS = 31

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What trees learn from, one row a (window, target step) pair.

    Args:
        features: NaN where unknown, shape (row, feature).
        target: what is to be added to the base, in scaled units, shape (row,).
        windows: how many they come from.
    """

    features: Features
    target: Floats
    windows: int


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """What came out of a training.

    Args:
        initial: what each output begins with, shape (output,).
        trees: what is added to it.
        epochs: one report a tenth of the rounds.
        best_epoch: the one whose trees were kept; 0 is the initial value alone.
        ending: why it ended.
    """

    initial: Floats
    trees: Trees
    epochs: tuple[Epoch, ...]
    best_epoch: int
    ending: Ending

    @property
    def rounds(self) -> int:
        """Rounds that were kept."""
        return len(self.trees.leaves) // len(self.initial)


def boost(
    training: Examples,
    validation: Examples | None,
    *,
    levels: Sequence[float],
    config: BoostedConfig,
    monitor: Monitor,
) -> Boosted:
    """Learn the quantiles of the target.

    Args:
        training: at least one row.
        validation: chooses how many rounds are kept; None keeps all.
        levels: quantile levels, one output each.
        config: how.
        monitor: is told and may stop.

    Raises:
        TrainingError: LightGBM refuses the options.
    """
    return _Rounds(training, validation, levels=levels, config=config, monitor=monitor).run()


def _parameters(config: BoostedConfig, level: float) -> dict[str, Any]:
    return {
        "objective": "quantile",
        "alpha": level,
        "metric": "quantile",
        "boost_from_average": False,
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_data_in_leaf": config.min_leaf,
        "feature_fraction": config.feature_fraction,
        "extra_trees": True,
        "max_bin": _BINS,
        "feature_pre_filter": False,
        "seed": config.seed % (2**31 - 1),
        "num_threads": config.threads or 0,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


class _Rounds:
    def __init__(
        self,
        training: Examples,
        validation: Examples | None,
        *,
        levels: Sequence[float],
        config: BoostedConfig,
        monitor: Monitor,
    ) -> None:
        from lightgbm import Booster, Dataset

        self._config, self._monitor, self._windows = config, monitor, training.windows
        self.initial = np.quantile(training.target, levels)
        self._boosters: list[Booster] = []
        self._validated = validation is not None
        shared = _parameters(config, 0.5)
        learned = Dataset(training.features, training.target, params=shared).construct()
        judged = None if validation is None else Dataset(
            validation.features, validation.target, reference=learned, params=shared
        ).construct()  # fmt: skip
        for level, start in zip(levels, self.initial, strict=True):
            # each output begins with its own constant; the rows and their bins are shared
            learned.set_init_score(np.full(len(training.target), start))
            booster = Booster(_parameters(config, level), learned)
            if judged is not None and validation is not None:
                judged.set_init_score(np.full(len(validation.target), start))
                booster.add_valid(judged, "validation")
            self._boosters.append(booster)
        self._alive = [True] * len(self._boosters)
        self._history: list[Epoch] = []
        self._best_epoch, self._best_loss, self._best_rounds, self._rounds = 0, math.inf, 0, 0

    def run(self) -> Boosted:
        ending: Ending = "finished"
        config, per_epoch = self._config, math.ceil(self._config.trees / EPOCHS)
        epochs = math.ceil(config.trees / per_epoch)
        try:
            for epoch in range(1, epochs + 1):
                if self._out_of_patience():
                    ending = "early"
                    break
                rounds = min(per_epoch, config.trees - self._rounds)
                if not self._epoch(epoch, epochs, rounds):
                    ending = "requested"
                    break
        except KeyboardInterrupt:
            ending = "interrupted"
        rounds = self._best_rounds if self._validated and self._history else self._rounds
        return Boosted(self.initial, Trees.of(self._boosters, rounds), tuple(self._history), self._best_epoch, ending)

    def _out_of_patience(self) -> bool:
        patience = self._config.patience
        return bool(patience and self._validated and len(self._history) - self._best_epoch >= patience)

    def _epoch(self, epoch: int, epochs: int, rounds: int) -> bool:
        """Add some rounds; False where a stop was requested."""
        started = shown = time.perf_counter()
        before = self._history[-1].loss if self._history else math.nan
        for place in range(1, rounds + 1):
            for number, booster in enumerate(self._boosters):
                if self._alive[number]:
                    self._alive[number] = not _grow(booster)
            self._rounds += 1
            now = time.perf_counter()
            if now - shown > _SHOWN_EVERY_SECONDS:
                shown = now
                self._monitor.on_batch(epoch=epoch, epochs=epochs, batch=place, batches=rounds, loss=before)
            if self._monitor.stop_requested():
                return False
        self._report(epoch, epochs, started)
        return True

    def _report(self, epoch: int, epochs: int, started: float) -> None:
        loss = float(np.mean([booster.eval_train()[0][2] for booster in self._boosters]))
        judged = [booster.eval_valid() for booster in self._boosters] if self._validated else []
        validation = float(np.mean([one[0][2] for one in judged])) if judged else None
        if validation is None or validation < self._best_loss:
            self._best_epoch, self._best_rounds = epoch, self._rounds
            self._best_loss = math.inf if validation is None else validation
        seconds = time.perf_counter() - started
        report = Epoch(
            epoch=epoch,
            epochs=epochs,
            loss=loss,
            validation_loss=validation,
            learning_rate=self._config.learning_rate,
            best_epoch=self._best_epoch,
            windows=self._windows,
            seconds=seconds,
            seconds_left=seconds * (epochs - epoch),
        )
        self._history.append(report)
        self._monitor.on_epoch(report)


def _grow(booster: Booster) -> bool:
    """Add a tree; True where no further split is of use."""
    from lightgbm.basic import LightGBMError

    try:
        return bool(booster.update())
    except LightGBMError as error:
        raise TrainingError(f"LightGBM cannot train with these options: {error}") from None
