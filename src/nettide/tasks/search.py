"""The search itself: ask for options, fit and score them on the validation part, tell; pruned, resumable, in time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Literal

import optuna

from nettide.errors import HistoryError, NettideError, OptionError, TrainingError
from nettide.models.search_space import Choices, Range, SearchSpace, Whole, value_text
from nettide.report.tuning_content import Trial
from nettide.tasks.trial import Deadline, Exam, Stopped, TrialMonitor, Watcher, best_of, defaults_of, trials_of

SCORE_NAME = "score"
_LEAST_RIVALS = 3
_WORTH_BEGINNING = 0.5  # of a usual trial's time
_STARTUP_TRIALS = 10  # tried at random before TPE has something to learn from

Ending = Literal["trials", "budget", "interrupted"]
"""Why a search ended: all trials done, no time left, Ctrl-C."""


class BetterHalf(optuna.pruners.BasePruner):
    """Ends a trial at a rung when the better half of those that came so far did better.

    Optuna's own median rule would compare networks of different contexts too, whose validation losses are in
    units of different windows; this one compares those of equal context alone, pruned ones included.
    """

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Say whether the trial should end at the rung it reported last."""
        rung = trial.last_step
        if rung is None:
            return False
        rivals = [
            min(value for step, value in one.intermediate_values.items() if step <= rung)
            for one in study.get_trials(deepcopy=False, states=_SCORED)
            if rung in one.intermediate_values and one.params.get("context") == trial.params.get("context")
        ]
        return len(rivals) >= _LEAST_RIVALS and min(trial.intermediate_values.values()) > statistics.median(rivals)


_SCORED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)


def distributions(space: SearchSpace) -> dict[str, optuna.distributions.BaseDistribution]:
    """Give a search space in Optuna's terms."""
    return {name: _distribution(one) for name, one in space.ranges.items()}


def _distribution(one: Range) -> optuna.distributions.BaseDistribution:
    if isinstance(one, Choices):
        return optuna.distributions.CategoricalDistribution(one.values)
    if isinstance(one, Whole):
        return optuna.distributions.IntDistribution(one.low, one.high, log=one.log)
    return optuna.distributions.FloatDistribution(one.low, one.high, log=one.log)


def search(
    study: optuna.Study,
    exam: Exam,
    *,
    trials: int,
    deadline: Deadline,
    keeps_back: Callable[[tuple[Trial, ...]], float],
    watcher: Watcher,
) -> Ending:
    """Try options until there are as many trials as asked for, counting those that the study has.

    Trials that were killed or stopped do not count. What is tried next depends on the seed and the counted trials
    alone, so that a search that was killed goes on as if it had not been.

    Args:
        study: is told everything.
        exam: what each trial is put through.
        trials: how many in all.
        deadline: when to stop.
        keeps_back: gives the seconds that are to be left over, by the trials so far.
        watcher: is told of each trial.

    Raises:
        NettideError: the defaults cannot be fitted or scored.
        OptionError: not even the defaults were done in time.
        KeyboardInterrupt: Ctrl-C before the defaults were done.
    """
    study.pruner = BetterHalf()
    try:
        while True:
            so_far = trials_of(study)
            counted = [one for one in so_far if one.state != "unfinished"]
            if len(counted) >= trials:
                return "trials"
            deadline.kept_back = keeps_back(so_far)
            usual = statistics.median(one.seconds for one in counted) if counted else 0.0
            if counted and deadline.left < _WORTH_BEGINNING * usual:
                return "budget"
            study.sampler = optuna.samplers.TPESampler(
                seed=exam.choice.seed * 1_000_003 + len(counted), n_startup_trials=_STARTUP_TRIALS
            )
            if defaults_of(so_far) is None and not study.get_trials(states=(optuna.trial.TrialState.WAITING,)):
                study.enqueue_trial(dict(exam.space.defaults), user_attrs={"defaults": True})
            ending, monitor = _run_trial(study, exam, deadline=deadline, watcher=watcher)
            so_far = trials_of(study)
            if ending == "trials":
                _tell(watcher, so_far, trials=trials, deadline=deadline)
            elif defaults_of(so_far) is not None:
                return ending
            elif ending == "budget":
                raise OptionError(_too_small(deadline, monitor))
            else:
                raise KeyboardInterrupt
    except KeyboardInterrupt:  # between trials, too
        if defaults_of(trials_of(study)) is None:
            raise
        return "interrupted"


def _tell(watcher: Watcher, so_far: tuple[Trial, ...], *, trials: int, deadline: Deadline) -> None:
    counted = [one for one in so_far if one.state != "unfinished"]
    best = best_of(so_far)
    usual = statistics.fmean(one.seconds for one in counted)
    watcher.on_trial(
        counted[-1],
        done=len(counted),
        trials=trials,
        best=best.score if best else None,
        seconds_left=max(0.0, min(usual * (trials - len(counted)), deadline.left)),
    )


def _run_trial(study: optuna.Study, exam: Exam, *, deadline: Deadline, watcher: Watcher) -> tuple[Ending, TrialMonitor]:
    """Run one trial; give what ended the search within it, ``trials`` where nothing did, and its monitor.

    Raises:
        NettideError: the trial is that of the defaults, and it failed.
    """
    states = optuna.trial.TrialState
    trial = study.ask(distributions(exam.space))
    options = {name: value_text(value) for name, value in trial.params.items()}
    trial.set_user_attr("options", options)
    monitor = TrialMonitor(trial, deadline, watcher.monitor(trial.number))

    def end(state: optuna.trial.TrialState, value: float | None = None) -> None:
        trial.set_user_attr("seconds", monitor.seconds)
        study.tell(trial, value, state=state)

    try:
        value, name = exam.score(exam.make(options, seed=exam.choice.seed), monitor=monitor)
    except Stopped as stop:
        if monitor.pruned and not stop.by_user:
            end(states.PRUNED)
            return "trials", monitor
        end(states.FAIL)
        return ("budget" if monitor.timed_out and not stop.by_user else "interrupted"), monitor
    except KeyboardInterrupt:
        end(states.FAIL)
        return "interrupted", monitor
    except NettideError as error:
        lost = trial.user_attrs.get("defaults") or not isinstance(error, TrainingError | HistoryError | OptionError)
        if not lost:
            trial.set_user_attr("reason", str(error))
        end(states.FAIL)
        if lost:
            raise
        return "trials", monitor
    if SCORE_NAME not in study.user_attrs:
        study.set_user_attr(SCORE_NAME, name)
    end(states.COMPLETE, value)
    return "trials", monitor


def _too_small(deadline: Deadline, monitor: TrialMonitor) -> str:
    """Say that the budget ended within a trial, and about how long a trial takes."""
    said = f"the budget of {deadline.budget_seconds:g} s ended within the first trial, the model as it comes"
    whole = monitor.whole_seconds
    return (
        f"{said}, when {100 * monitor.share_done:.0f} % of it was done: a trial takes about {math.ceil(whole)} s here; "
        f"give --budget {max(1, math.ceil(20 * whole / 60))}m or more for some twenty of them"
    )
