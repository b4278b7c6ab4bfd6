"""Search the options of a model for a panel or a file, on a validation part, without a look at the test part."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nettide import __version__
from nettide.backtest.evaluate import Backtest
from nettide.backtest.origin import first_test_step, rolling_cutoffs
from nettide.backtest.yardstick import yardstick, yardstick_season
from nettide.errors import HistoryError, OptionError
from nettide.models import accepts, make_config
from nettide.models.search_space import check_tunable, search_space
from nettide.panel import Panel
from nettide.report.tuning_content import Trial
from nettide.tasks.choice import MOST_SEED, Choice, make_chosen
from nettide.tasks.forecaster import check_traffic
from nettide.tasks.repeats import Repeats, kept_seconds, repeat
from nettide.tasks.search import SCORE_NAME, Ending, search
from nettide.tasks.study_file import data_identity, open_study
from nettide.tasks.trial import Deadline, Exam, Unwatched, Watcher, best_of, defaults_of, recover, trials_of
from nettide.tasks.tune_plan import SearchPlan

if TYPE_CHECKING:
    import optuna

_MOST_KEPT_BACK = 0.3
_MARGIN = 1.1  # a repeat may take longer than the trial did
_LEAST_FOR_IMPORTANCE = 8
_IMPORTANT_QUANTILE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class TuneResult:
    """What a search found.

    Args:
        model: whose options were tried.
        score_name: relWQL, or relMAE of a point model: the error over that of the yardstick.
        trials: all that were begun.
        best: the one with the least score.
        defaults: the model as it comes.
        repeats: both with other seeds; None where there was no time, no other seed or no better trial.
        keeps_defaults: whether the defaults are recommended: nothing did better, or only with one seed.
        options: the recommended options that differ from the defaults, option -> text.
        importance: option -> its share in what made the better trials better; empty where there are too few trials.
        ending: why the search ended.
        backtest: the validation part, without forecasts.
        test_start: first step of the part that was not looked at; the number of steps where there is none.
        steps: of the whole data.
    """

    model: str
    score_name: str
    trials: tuple[Trial, ...]
    best: Trial
    defaults: Trial
    repeats: Repeats | None
    keeps_defaults: bool
    options: Mapping[str, str]
    importance: Mapping[str, float]
    ending: Ending
    backtest: Backtest
    test_start: int
    steps: int


def tune(
    panel: Panel,
    *,
    model: str,
    choice: Choice,
    plan: SearchPlan | None = None,
    study: Path | None = None,
    watcher: Watcher | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> TuneResult:
    """Search the options of a model.

    Each trial is fitted on what is before the validation part and scored over rolling cutoffs in it, every horizon
    a cutoff. The first trial is the model as it comes; trials that fall behind are ended early. At the end the best
    and the defaults are fitted again with other seeds, because the best of many is partly luck.

    Args:
        panel: the whole data.
        model: a name of the table of models, one that has a search space.
        choice: horizon, seed, and what is not to be tried.
        plan: how long to search, and on which part of the data.
        study: SQLite file that keeps the trials; where it exists the search goes on, after a kill too.
        watcher: is told of each trial.
        clock: seconds from any origin.

    Raises:
        OptionError: no search space, an option that cannot be, a study of another search, or too small a budget.
        HistoryError: the history is too short, or its validation part gives no score.
        StoreError: the study cannot be read or written.
        KeyboardInterrupt: Ctrl-C before the first trial was done.
    """
    plan, watcher = plan or SearchPlan(), watcher or Unwatched()
    check_tunable(model)
    fixed = _fixed_options(model, choice)
    check_traffic(panel)
    start, test_start = _parts(panel, plan, choice)
    exam = _exam(panel.until(test_start), model, choice, fixed=fixed, start=start)
    identity = {
        "model": model,
        "horizon": str(choice.horizon),
        "seed": str(choice.seed),
        "fixed options": _listed({**({"context": str(choice.context)} if choice.context else {}), **fixed}) or "none",
        "validation": f"steps {start} to {test_start}",
        "data": data_identity(exam.backtest.panel),
        "search space": _listed({name: str(one) for name, one in exam.space.ranges.items()}),
        "nettide": __version__,
    }
    with open_study(study, identity) as kept:
        recover(kept)
        used = sum(one.seconds for one in trials_of(kept)) + kept_seconds(kept)
        deadline = Deadline(clock, plan.budget_seconds, used)

        def keeps_back(so_far: tuple[Trial, ...]) -> float:
            best, defaults = best_of(so_far), defaults_of(so_far)
            if plan.budget_seconds is None or best is None or defaults is None or not accepts(model, "seed"):
                return 0.0
            wanted = _MARGIN * plan.repeats * (best.seconds + defaults.seconds)
            return wanted if wanted <= _MOST_KEPT_BACK * plan.budget_seconds else 0.0

        ending = search(kept, exam, trials=plan.trials, deadline=deadline, keeps_back=keeps_back, watcher=watcher)
        trials = trials_of(kept)
        best, defaults = best_of(trials), defaults_of(trials)
        assert best is not None
        assert defaults is not None
        deadline.kept_back = 0.0
        repeats = None
        if ending != "interrupted" and best is not defaults and accepts(model, "seed"):
            seeds = [(choice.seed + place) % MOST_SEED for place in range(1, plan.repeats + 1)]
            try:
                repeats = repeat(
                    kept, exam, best=best, defaults=defaults, seeds=seeds, deadline=deadline, watcher=watcher
                )
            except KeyboardInterrupt:
                ending = "interrupted"
        keeps_defaults = best is defaults or (repeats is not None and repeats.gain <= 0)
        return TuneResult(
            model=model,
            score_name=kept.user_attrs[SCORE_NAME],
            trials=trials,
            best=best,
            defaults=defaults,
            repeats=repeats,
            keeps_defaults=keeps_defaults,
            options={}
            if keeps_defaults
            else {name: text for name, text in best.options.items() if text != defaults.options[name]},
            importance=importance_of(kept, trials),
            ending=ending,
            backtest=exam.backtest,
            test_start=test_start,
            steps=panel.steps,
        )


def _fixed_options(model: str, choice: Choice) -> dict[str, str]:
    """Give the options that are not to be tried, each under its plain name.

    Raises:
        OptionError: the model has no such option, or it has a bad value.
    """
    make_chosen(choice, [model])
    ordered = sorted(choice.options.items(), key=lambda one: "." in one[0])
    fixed = {key.rpartition(".")[2]: text for key, text in ordered}
    return fixed if choice.epochs is None else {**fixed, "epochs": str(choice.epochs)}


def _exam(panel: Panel, model: str, choice: Choice, *, fixed: Mapping[str, str], start: int) -> Exam:
    """Make the exam of a panel without its test part, whose validation part begins at a step."""
    config = make_config(model, horizon=choice.horizon, context=choice.context, seed=choice.seed, options=fixed)
    whole = search_space(model, config, panel.until(start))
    taken = {*fixed, *(["context"] if choice.context else [])}
    ranges = {name: one for name, one in whole.ranges.items() if name not in taken}
    if not ranges:
        raise OptionError(
            f"model {model!r}: nothing is left to try, all of {', '.join(whole.ranges)} are given; leave some out"
        )
    cutoffs = rolling_cutoffs(panel.steps, test_start=start, horizon=choice.horizon, stride=choice.horizon)
    backtest = Backtest(
        panel=panel,
        test_start=start,
        cutoffs=cutoffs,
        horizon=choice.horizon,
        stride=choice.horizon,
        truth=panel.target[:, cutoffs[:, None] + np.arange(1, choice.horizon + 1)],
        yardstick=yardstick(panel, cutoffs, horizon=choice.horizon),
        season=yardstick_season(panel, int(cutoffs[0])),
        outcomes=(),
        failures={},
    )
    space = replace(whole, ranges=ranges, defaults={name: whole.defaults[name] for name in ranges})
    return Exam(model, choice, fixed, space, backtest)


def _parts(panel: Panel, plan: SearchPlan, choice: Choice) -> tuple[int, int]:
    """Give the first step of the validation part and of the test part.

    Raises:
        HistoryError: the validation part is shorter than the horizon, or too little is left to train on.
    """
    tested, validated = plan.test_fraction, plan.validation_fraction
    test_start = first_test_step(panel, test_fraction=tested) if tested else panel.steps
    start = first_test_step(panel, test_fraction=tested + validated)
    window = choice.horizon + max(choice.context or 0, choice.horizon)
    if test_start - start >= choice.horizon and start >= window:
        return start, test_start
    needed = math.ceil(max(choice.horizon / validated, window / (1 - tested - validated)))
    raise HistoryError(
        f"history is too short to tune on: it has {panel.steps} steps, of which {start} train and "
        f"{test_start - start} validate; with horizon {choice.horizon} it needs at least {needed + 1}"
    )


def importance_of(study: optuna.Study, trials: tuple[Trial, ...]) -> dict[str, float]:
    """Give the share of each option in what made the better trials better, largest first.

    Source:
        Watanabe, Bansal, Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary
        Subspaces", IJCAI 2023.
    """
    import optuna

    if sum(one.score is not None for one in trials) < _LEAST_FOR_IMPORTANCE:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=_IMPORTANT_QUANTILE)
    with warnings.catch_warnings():
        # equal scores: every option then matters equally, or not at all
        warnings.filterwarnings("ignore", "Target and region quantiles select the same set", UserWarning)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items() if math.isfinite(share)}


def _listed(options: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in sorted(options.items()))
