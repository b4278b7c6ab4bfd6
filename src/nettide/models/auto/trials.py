"""Trials: each challenger is fitted before the validation part and forecasts it, as far as the budget lasts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.errors import HistoryError, MissingExtraError, NettideError, TrainingError
from nettide.models.auto.kept import KeptFits
from nettide.models.contract import Ending, Epoch, Model, Monitor
from nettide.panel import Panel

STATISTICAL = ("auto-ets", "auto-arima", "theta", "mstl", "prophet")
"""Models that fit each series anew at each cutoff: forecasts cost what fits cost elsewhere."""
_SAMPLE_SERIES, _SAMPLE_CUTOFFS = 24, 3
_ENOUGH_FORECASTS = 50  # to tell challengers apart by
_ENOUGH_STEPS = 100  # of fewer none learns what it would of all
_MOST_POINTS = 4_000_000  # forecasts times levels that a member keeps of its trial
_TRIAL_SHARE = 0.4  # of what is left of the budget, for one challenger
_LEAST_SECONDS, _LEAST_BATCHES = 0.5, 5  # of a trial: it then tells what it would need


@dataclass(slots=True)
class Clock:
    """The budget, and whether someone wants to end early: Ctrl-C, or a stop request.

    Args:
        seconds: the budget.
        monitor: who watches.
        now: gives seconds that only grow.
    """

    seconds: float
    monitor: Monitor
    now: Callable[[], float] = time.perf_counter
    started: float = field(init=False)
    ending: Ending = field(init=False, default="none")

    def __post_init__(self) -> None:
        self.started = self.now()

    def stopped(self) -> bool:
        """Say whether someone wanted to end, so that what is not begun must not begin."""
        if self.ending == "none" and self.monitor.stop_requested():
            self.ending = "requested"
        return self.ending != "none"

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.started + self.seconds - self.now()


@dataclass(slots=True)
class Deadline:
    """A monitor that passes on what it is told, and ends a training when its time is up.

    Args:
        clock: of the whole fit.
        seconds: for this training.
    """

    clock: Clock
    seconds: float
    done: float = field(init=False, default=0.0)
    late: bool = field(init=False, default=False)
    _started: float = field(init=False)
    _batches: int = field(init=False, default=0)
    _settled: tuple[float, float] = field(init=False, default=(0.0, 0.0))  # time and share done once it has begun

    def __post_init__(self) -> None:
        self._started = self.clock.now()

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Pass it on."""
        self.done = (epoch - 1 + batch / batches) / epochs
        self._batches += 1
        if self._batches <= 2:  # the first ones load libraries
            self._settled = self.clock.now(), self.done
        self.clock.monitor.on_batch(epoch=epoch, epochs=epochs, batch=batch, batches=batches, loss=loss)

    def on_epoch(self, report: Epoch) -> None:
        """Pass it on."""
        self.clock.monitor.on_epoch(report)

    def stop_requested(self) -> bool:
        """Say whether the watcher wants to end, or the time is up."""
        late = self.clock.now() - self._started > self.seconds
        self.late = self.late or (late and self._batches >= _LEAST_BATCHES)
        return self.clock.stopped() or self.late

    @property
    def needed(self) -> float:
        """Seconds that the whole training would take, by what is done of it since its first batches."""
        begun, before = self._settled
        since, passed = self.done - before, self.clock.now() - begun
        if not self._batches or since <= 0:
            return (self.clock.now() - self._started) / max(self.done, 1e-3)
        return begun - self._started + passed / since * (1 - before)


@dataclass(frozen=True, slots=True)
class TrialPart:
    """Where challengers are compared.

    Args:
        end: steps before the validation part.
        cutoffs: in the validation part, shape (cutoff,).
        sample: rows at which costly challengers are tried, shape (row,).
    """

    end: int
    cutoffs: Ints
    sample: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What became of a challenger.

    Args:
        name: in the table of models.
        model: fitted before the validation part; None where it fell out.
        point: medians at the validation cutoffs, NaN at series that were not tried, shape (series, cutoff, horizon).
        quantiles: shape (series, cutoff, horizon, level), no level for a point model.
        seconds: of the fit.
        why: why it fell out, or what is to be said.
    """

    name: str
    model: Model | None
    point: Floats
    quantiles: Floats
    seconds: float
    why: str = ""


def trial_part(panel: Panel, *, horizon: int, share: float) -> TrialPart | None:
    """Choose the validation part: a share of the history, or more where that is few forecasts.

    At least seven horizons, and where series are few so many that fifty forecasts can be compared; but not more than a
    quarter of the history for either, and the fifty only as far as challengers keep a hundred steps to learn from.

    Returns:
        None where not even one forecast would fit behind half of the history, or nothing is known on one side.
    """
    most = panel.steps // 4
    wanted = -(-_ENOUGH_FORECASTS // max(1, len(panel.series))) * horizon
    kept = max(
        horizon, round(share * panel.steps), min(7 * horizon, most), min(wanted, most, panel.steps - _ENOUGH_STEPS)
    )
    end = panel.steps - kept
    if end < max(2, panel.steps // 2):
        return None
    cutoffs = np.arange(end - 1, panel.steps - horizon, horizon, dtype=np.int64)
    known = np.isfinite(panel.target)
    if not len(cutoffs) or not known[:, end:].any() or not known[:, :end].any():
        return None
    most = max(1, _MOST_POINTS // (len(panel.series) * horizon * 9))
    if len(cutoffs) > most:  # spread evenly: each hour and weekday has its turn where the horizon is no whole day
        cutoffs = cutoffs[np.linspace(0, len(cutoffs) - 1, most).round().astype(np.int64)]
    by_id = sorted(range(len(panel.series)), key=panel.ids.__getitem__)
    sample = np.sort(np.array(by_id[:: -(-len(by_id) // _SAMPLE_SERIES)], dtype=np.int64))
    return TrialPart(end, cutoffs, sample)


def run_trial(
    name: str, make: Callable[[], Model], panel: Panel, part: TrialPart, *, clock: Clock, kept: KeptFits
) -> Trial:
    """Fit a challenger before the validation part and let it forecast that.

    A challenger that cannot (history too short, training diverged, library absent) falls out with its reason.
    """
    started, deadline = clock.now(), Deadline(clock, max(_LEAST_SECONDS, _TRIAL_SHARE * clock.left))
    shape = (len(panel.series), len(part.cutoffs))
    empty = np.empty((*shape, 0)), np.empty((*shape, 0, 0))
    costly = name in STATISTICAL
    try:
        model = kept.get("trial", name) or _fitted(make(), panel.until(part.end), deadline)
        if deadline.late and deadline.done < 1 / 3:
            why = f"left out: {clock.seconds:g} s are too short for it, it needs about {2.5 * deadline.needed:.0f} s"
            return Trial(name, None, *empty, clock.now() - started, why)
        fitted = clock.now() - started
        if not clock.stopped():
            kept.put("trial", name, model)
        if costly:
            few = np.unique(np.linspace(0, len(part.cutoffs) - 1, _SAMPLE_CUTOFFS).round().astype(np.int64))
            made = model.predict(panel.select(part.sample), part.cutoffs[few])
            point = np.full((*shape, made.horizon), np.nan)
            quantiles = np.full((*shape, *made.quantiles.shape[2:]), np.nan)
            point[np.ix_(part.sample, few)], quantiles[np.ix_(part.sample, few)] = made.point, made.quantiles
        else:
            made = model.predict(panel, part.cutoffs)
            point, quantiles = made.point, made.quantiles
    except (HistoryError, TrainingError, MissingExtraError) as error:
        return Trial(name, None, *empty, clock.now() - started, f"left out: {error}")
    why = "ended early, its time was up" if deadline.late else ""
    return Trial(name, model, point, quantiles, fitted, why)


def refitted(
    trial: Trial, make: Callable[[], Model], panel: Panel, *, clock: Clock, kept: KeptFits
) -> tuple[Model, str]:
    """Fit a challenger again on the whole history; the one of the trial where that fails or takes too long."""
    assert trial.model is not None
    deadline = Deadline(clock, max(clock.left, 0.0))
    try:
        model = kept.get("final", trial.name) or _fitted(make(), panel, deadline)
    except NettideError as error:
        return trial.model, f"not fitted again: {error}"
    if deadline.late and deadline.done < 2 / 3:
        return trial.model, "not fitted again: the budget is spent"
    if not clock.stopped():
        kept.put("final", trial.name, model)
    return model, trial.why


def _fitted(model: Model, panel: Panel, deadline: Deadline) -> Model:
    if model.fit(panel, monitor=deadline).ending == "interrupted":  # a training ends at Ctrl-C and keeps what it has
        deadline.clock.ending = "interrupted"
    return model
