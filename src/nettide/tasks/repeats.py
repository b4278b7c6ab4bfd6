"""The best trial and the defaults, fitted again with other seeds: the best of many is partly luck."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import optuna

from nettide.errors import NettideError
from nettide.report.tuning_content import Trial
from nettide.tasks.trial import Deadline, Exam, Stopped, TrialMonitor, Watcher

_KEPT = "again "


@dataclass(frozen=True, slots=True)
class Repeats:
    """The defaults and the best trial, fitted again with other seeds.

    Args:
        defaults: scores of the defaults, one a seed.
        best: scores of the best trial with the same seeds.
        noise: two standard errors of the difference of their means, from the spread between seeds.
    """

    defaults: tuple[float, ...]
    best: tuple[float, ...]
    noise: float

    @property
    def gain(self) -> float:
        """Mean score of the defaults less that of the best; positive is better."""
        return statistics.fmean(self.defaults) - statistics.fmean(self.best)


def kept_seconds(study: optuna.Study) -> float:
    """Give the time that earlier runs spent on repeats."""
    return float(sum(one["seconds"] for name, one in study.user_attrs.items() if name.startswith(_KEPT)))


def repeat(
    study: optuna.Study,
    exam: Exam,
    *,
    best: Trial,
    defaults: Trial,
    seeds: Sequence[int],
    deadline: Deadline,
    watcher: Watcher,
) -> Repeats | None:
    """Fit both with each of the seeds; what the study has from an earlier run is taken from there.

    Returns:
        None where not one seed was done for both, for want of time or because a training failed.
    """
    pairs: list[tuple[float, float]] = []
    for seed in seeds:
        pair = [_score(study, exam, one, seed=seed, deadline=deadline, watcher=watcher) for one in (defaults, best)]
        if pair[0] is None or pair[1] is None:
            break
        pairs.append((pair[0], pair[1]))
    if not pairs:
        return None
    spreads = [
        statistics.variance([one.score or 0.0, *(pair[place] for pair in pairs)])
        for place, one in enumerate((defaults, best))
    ]
    noise = 2 * math.sqrt(sum(spreads) / len(pairs))
    return Repeats(tuple(one[0] for one in pairs), tuple(one[1] for one in pairs), noise)


def _score(
    study: optuna.Study, exam: Exam, trial: Trial, *, seed: int, deadline: Deadline, watcher: Watcher
) -> float | None:
    key = f"{_KEPT}{trial.number} seed {seed}"
    if key in study.user_attrs:
        return float(study.user_attrs[key]["score"])
    if deadline.left < trial.seconds:
        return None
    monitor = TrialMonitor(None, deadline, watcher.monitor(trial.number))
    try:
        value, _ = exam.score(exam.make(trial.options, seed=seed), monitor=monitor)
    except (Stopped, NettideError, KeyboardInterrupt):
        return None
    study.set_user_attr(key, {"score": value, "seconds": monitor.seconds})
    return value
