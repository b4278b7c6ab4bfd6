"""One trial of a search: what it is put through, who watches it, and what a study keeps of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import optuna

from nettide.backtest.evaluate import Backtest, Outcome
from nettide.backtest.leaderboard import score
from nettide.errors import HistoryError
from nettide.models import make_model
from nettide.models.contract import Epoch, Model, Monitor, Silent
from nettide.models.search_space import SearchSpace
from nettide.report.tuning_content import Trial, TrialState
from nettide.tasks.choice import Choice

_RUNGS = 4  # a trial is compared with others when a quarter, half and three quarters of its training are done


class Watcher(Protocol):
    """Someone who watches a search."""

    def monitor(self, trial: int) -> Monitor:
        """Give whoever watches the training of a trial."""
        ...

    def on_trial(self, trial: Trial, *, done: int, trials: int, best: float | None, seconds_left: float | None) -> None:
        """After a trial: what came out, trials done and asked for, the best score, and an estimate of the time left."""


class Unwatched:
    """A watcher that shows nothing."""

    def monitor(self, trial: int) -> Monitor:
        """Give a silent one."""
        del trial
        return Silent()

    def on_trial(self, trial: Trial, *, done: int, trials: int, best: float | None, seconds_left: float | None) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """What every trial is put through.

    Args:
        model: a name of the table of models.
        choice: horizon, context if it is fixed, and seed.
        fixed: options that are not tried, option -> text.
        space: what is tried.
        backtest: of the validation part, without outcomes; its panel ends before the test part.
    """

    model: str
    choice: Choice
    fixed: Mapping[str, str]
    space: SearchSpace
    backtest: Backtest

    def make(self, options: Mapping[str, str], *, seed: int) -> Model:
        """Make the model of a trial.

        Raises:
            OptionError: the options contradict each other.
        """
        given = {**self.fixed, **options}
        context = given.pop("context", None)
        return make_model(
            self.model,
            horizon=self.choice.horizon,
            context=self.choice.context if context is None else int(context),
            seed=seed,
            options=given,
        )

    def score(self, model: Model, *, monitor: Monitor) -> tuple[float, str]:
        """Fit a model before the validation part and give its score there, and the name of the score.

        Raises:
            Stopped: the training was ended before it was done.
            HistoryError: too little history, or the naive forecast is never wrong there.
            TrainingError: the training diverged.
        """
        panel, cutoffs = self.backtest.panel, self.backtest.cutoffs
        training = model.fit(panel.until(int(cutoffs[0]) + 1), monitor=monitor)
        if training.ending in ("requested", "interrupted"):
            raise Stopped(training.ending == "interrupted")
        forecast = model.predict(panel, cutoffs)
        outcome = Outcome(self.model, forecast, training, training.seconds, 0.0, training.parameters)
        scored = score(replace(self.backtest, outcomes=(outcome,)))[0]
        value, name = (scored.rel_wql, "relWQL") if len(forecast.levels) > 1 else (scored.rel_mae, "relMAE")
        if not 0 <= value < math.inf:
            raise HistoryError(
                "the validation part gives no score: no value is known there, or the naive forecast is never wrong; "
                "give data with traffic that changes"
            )
        return value, name


class Stopped(Exception):  # noqa: N818  (a signal, not an error)
    """A training was ended before it was done."""

    def __init__(self, by_user: bool) -> None:
        self.by_user = by_user


@dataclass(slots=True)
class Deadline:
    """How much time is left.

    Args:
        clock: seconds from any origin.
        budget_seconds: in all, over every run of the study; None has no end.
        used_seconds: by earlier trials and runs.
    """

    clock: Callable[[], float]
    budget_seconds: float | None
    used_seconds: float = 0.0
    kept_back: float = 0.0
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    @property
    def left(self) -> float:
        """Seconds left."""
        if self.budget_seconds is None:
            return math.inf
        return self.budget_seconds - self.kept_back - self.used_seconds - (self.clock() - self._began)


class TrialMonitor:
    """Watches the training of a trial: reports it to the study, and ends it where others do better or time is up.

    Args:
        trial: is told the validation loss at each rung; None compares with nothing.
        deadline: when to stop.
        shown: is told the same.
    """

    def __init__(self, trial: optuna.Trial | None, deadline: Deadline, shown: Monitor) -> None:
        self._trial, self._deadline, self._shown = trial, deadline, shown
        self._began, self._rung = deadline.clock(), 0
        self._first = self._last = (0.0, 0.0)  # share of the training that was done, after so many seconds
        self.pruned, self.timed_out = False, False

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Note how far it is."""
        self._shown.on_batch(epoch=epoch, epochs=epochs, batch=batch, batches=batches, loss=loss)
        self._note(((epoch - 1) * batches + batch) / (epochs * batches))

    def on_epoch(self, report: Epoch) -> None:
        """Compare with earlier trials at each rung."""
        self._shown.on_epoch(report)
        self._note(report.epoch / report.epochs)
        rung = min(_RUNGS - 1, _RUNGS * report.epoch // report.epochs)
        if self._trial is None or rung <= self._rung or report.epoch == report.epochs:
            return
        self._rung = rung
        self._trial.set_user_attr("seconds", self.seconds)  # what a kill leaves to count
        if report.validation_loss is not None:
            self._trial.report(report.validation_loss, rung)
            self.pruned = self._trial.should_prune()

    def stop_requested(self) -> bool:
        """Where others did better, or time is up; not before it is known how long the whole would take."""
        self.timed_out = self.timed_out or (self._last[0] > self._first[0] and self._deadline.left <= 0)
        return self.pruned or self.timed_out or self._shown.stop_requested()

    def _note(self, share: float) -> None:
        self._last = (share, self.seconds)
        if not self._first[0]:
            self._first = self._last

    @property
    def seconds(self) -> float:
        """Wall time since it began."""
        return self._deadline.clock() - self._began

    @property
    def share_done(self) -> float:
        """How much of the training was done at the last report."""
        return self._last[0]

    @property
    def whole_seconds(self) -> float:
        """How long the whole training would take: what came before the first report happens once."""
        (first, began), (last, ended) = self._first, self._last
        return began + (1 - first) * (ended - began) / (last - first)


def trials_of(study: optuna.Study) -> tuple[Trial, ...]:
    """Give the trials of a study that began."""
    states: dict[optuna.trial.TrialState, TrialState] = {
        optuna.trial.TrialState.COMPLETE: "complete",
        optuna.trial.TrialState.PRUNED: "pruned",
    }
    found = []
    for one in study.get_trials(deepcopy=False):
        if one.state == optuna.trial.TrialState.WAITING:
            continue
        attributes: Mapping[str, Any] = one.user_attrs
        reason = attributes.get("reason", "")
        found.append(
            Trial(
                number=one.number,
                state=states.get(one.state, "failed" if reason else "unfinished"),
                options=attributes.get("options", {}),
                score=one.value if one.state == optuna.trial.TrialState.COMPLETE else None,
                seconds=attributes.get("seconds", 0.0),
                defaults=bool(attributes.get("defaults")),
                reason=reason,
            )
        )
    return tuple(found)


def recover(study: optuna.Study) -> int:
    """Mark the trials that a kill left running as failed; each is begun anew, and gives how many there were."""
    running = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
    for one in running:
        study.tell(one.number, state=optuna.trial.TrialState.FAIL)
    return len(running)


def best_of(trials: tuple[Trial, ...]) -> Trial | None:
    """Give the complete trial with the least score; the first of equal ones."""
    return min((one for one in trials if one.score is not None), key=_score_of, default=None)


def defaults_of(trials: tuple[Trial, ...]) -> Trial | None:
    """Give the complete trial of the defaults."""
    return next((one for one in trials if one.defaults and one.score is not None), None)


def _score_of(one: Trial) -> float:
    assert one.score is not None
    return one.score
