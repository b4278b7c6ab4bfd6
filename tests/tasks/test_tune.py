"""The search of options in Python: what it may see, what it tries, how it ends and goes on."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from nettide.backtest.evaluate import Contender, backtest
from nettide.backtest.leaderboard import score
from nettide.errors import (
    DamagedError,
    HistoryError,
    NettideError,
    OptionError,
    StoreError,
    TrainingError,
    UnknownModelError,
)
from nettide.models import make_model
from nettide.models.contract import Epoch, Monitor, Silent
from nettide.panel import Channel, Panel, Series
from nettide.report.tuning_content import Trial
from nettide.tasks.choice import Choice
from nettide.tasks.repeats import Repeats
from nettide.tasks.search import BetterHalf
from nettide.tasks.study_file import open_study
from nettide.tasks.trial import Deadline, TrialMonitor, trials_of
from nettide.tasks.tune import TuneResult, importance_of, tune
from nettide.tasks.tune_plan import SearchPlan
from nettide.tasks.tune_words import headline, remarks

HORIZON = 6
SMALL = {"windows_per_epoch": "64", "hidden": "8", "layers": "1"}
CHOICE = Choice(HORIZON, 24, 0, 4, SMALL)
PLAN = SearchPlan(trials=3, repeats=0)


def made_panel(*, days: int = 20, seed: int = 3) -> Panel:
    """Two hourly series with a daily cycle and noise."""
    hours = np.arange(24 * days)
    noise = np.random.default_rng(seed).gamma(9.0, 1 / 9, (2, len(hours)))
    values = (100 + 60 * np.sin(2 * np.pi * hours / 24)) * noise
    series = (Series("a"), Series("b"))
    return Panel(values[:, :, None], 1_772_323_200, 3600, series, (Channel("y"),))


class Recorder(Silent):
    """A watcher that keeps what it is told, and presses Ctrl-C or asks to stop in the trial it was told."""

    def __init__(self, *, interrupts: int | None = None) -> None:
        self.told: list[tuple[Trial, int, int, float | None]] = []
        self._interrupts = interrupts
        self._trial = -1

    def monitor(self, trial: int) -> Monitor:
        self._trial = trial
        return self

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        if self._trial == self._interrupts and epoch == 2:
            raise KeyboardInterrupt

    def on_trial(self, trial: Trial, *, done: int, trials: int, best: float | None, seconds_left: float | None) -> None:
        self.told.append((trial, done, trials, best))


def search(panel: Panel | None = None, **changes: object) -> TuneResult:
    given: dict[str, object] = {"model": "lstm", "choice": CHOICE, "plan": PLAN, **changes}
    return tune(made_panel() if panel is None else panel, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[TuneResult, Path]:
    """A search of eight trials in a file, which tests only read."""
    path = tmp_path_factory.mktemp("found") / "study.sqlite"
    plan = replace(PLAN, trials=8, repeats=2)
    return search(plan=plan, study=path), path


def tried(result: TuneResult) -> list[tuple[dict[str, str], str, float | None]]:
    return [(dict(one.options), one.state, one.score) for one in result.trials if one.state != "unfinished"]


def test_the_first_trial_is_the_model_as_it_comes(found: tuple[TuneResult, Path]) -> None:
    result, _ = found
    first = result.trials[0]
    assert first.defaults
    assert first == result.defaults
    assert (first.options["learning_rate"], first.options["batch_size"]) == ("0.003", "64")
    assert [one.defaults for one in result.trials[1:]] == [False] * 7


def test_the_best_has_the_least_score_and_only_changed_options_are_recommended(
    found: tuple[TuneResult, Path],
) -> None:
    result, _ = found
    assert result.best.score == min(one.score for one in result.trials if one.score is not None)
    assert result.score_name == "relWQL"
    assert set(result.options) <= set(result.best.options)
    assert all(result.defaults.options[name] != text for name, text in result.options.items())


def test_fixed_options_are_not_tried(found: tuple[TuneResult, Path]) -> None:
    result, _ = found
    assert set(result.defaults.options) == {"dropout", "learning_rate", "weight_decay", "batch_size"}


def test_importance_is_shared_among_the_options_tried(found: tuple[TuneResult, Path]) -> None:
    result, _ = found
    if sum(one.state == "complete" for one in result.trials) < 8:
        assert result.importance == {}
    else:
        assert set(result.importance) == set(result.defaults.options)
        assert sum(result.importance.values()) == pytest.approx(1)


def test_other_seeds_judge_the_best_beside_the_defaults(found: tuple[TuneResult, Path]) -> None:
    result, path = found
    if result.best is result.defaults:
        assert result.repeats is None
        return
    assert result.repeats is not None
    assert len(result.repeats.best) == len(result.repeats.defaults) == 2
    assert result.repeats.noise > 0
    assert result.keeps_defaults == (result.repeats.gain <= 0)
    again = search(plan=replace(PLAN, trials=8, repeats=2), study=path)
    assert again.repeats == result.repeats


def test_nothing_of_the_test_part_moves_the_search(found: tuple[TuneResult, Path]) -> None:
    result, _ = found
    panel = made_panel()
    values = panel.values.copy()
    values[:, result.test_start :] = 9e6
    assert tried(search(replace(panel, values=values), plan=replace(PLAN, trials=8))) == tried(result)


def test_a_finished_study_is_reported_again_and_goes_on_when_more_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    first, watcher = search(study=path), Recorder()
    assert tried(search(study=path, watcher=watcher)) == tried(first)
    assert watcher.told == []
    more = search(study=path, watcher=watcher, plan=replace(PLAN, trials=4))
    assert tried(more)[:3] == tried(first)
    assert [(done, trials) for _, done, trials, _ in watcher.told] == [(4, 4)]


def test_what_is_tried_depends_on_the_seed_alone() -> None:
    one, again, other = search(), search(), search(choice=replace(CHOICE, seed=1))
    assert tried(one) == tried(again)
    assert tried(one)[1:] != tried(other)[1:]


def test_ctrl_c_in_a_later_trial_reports_the_best_so_far_and_can_go_on(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    stopped = search(study=path, watcher=Recorder(interrupts=2))
    assert stopped.ending == "interrupted"
    assert [one.state for one in stopped.trials] == ["complete", "complete", "unfinished"]
    assert "Ctrl-C ended the search; the same command goes on with it." in remarks(stopped)
    gone_on = search(study=path)
    assert gone_on.ending == "trials"
    assert tried(gone_on) == tried(search())


def test_ctrl_c_between_two_trials_reports_the_best_so_far_and_can_go_on(tmp_path: Path) -> None:
    class Between(Recorder):
        def on_trial(
            self, trial: Trial, *, done: int, trials: int, best: float | None, seconds_left: float | None
        ) -> None:
            super().on_trial(trial, done=done, trials=trials, best=best, seconds_left=seconds_left)
            if done == 2:
                raise KeyboardInterrupt

    path = tmp_path / "study.sqlite"
    stopped = search(study=path, watcher=Between())
    assert stopped.ending == "interrupted"
    assert [one.state for one in stopped.trials] == ["complete", "complete"]
    assert tried(search(study=path)) == tried(search())


def test_ctrl_c_before_anything_is_known_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    with pytest.raises(KeyboardInterrupt):
        search(study=path, watcher=Recorder(interrupts=0))
    assert tried(search(study=path)) == tried(search())


class Clock(Recorder):
    """A watcher with a clock that stands still but for a second a report of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        self.now += 1.0


def test_a_budget_too_small_for_one_trial_says_what_a_trial_takes() -> None:
    clock = Clock()
    with pytest.raises(
        OptionError,
        match="the budget of 2 s ended within the first trial, the model as it comes, when 50 % of it was done: "
        "a trial takes about 4 s here; give --budget 2m or more for some twenty of them",
    ):
        search(plan=replace(PLAN, budget_seconds=2), watcher=clock, clock=clock)


def test_a_budget_ends_the_search_and_counts_what_earlier_runs_used(tmp_path: Path) -> None:
    path, clock = tmp_path / "study.sqlite", Clock()
    plan = replace(PLAN, trials=50, budget_seconds=15)
    first = search(plan=plan, study=path, watcher=clock, clock=clock)
    assert first.ending == "budget"
    assert [one.state for one in first.trials] == ["complete", "complete", "complete", "unfinished"]
    clock.told.clear()
    again = search(plan=plan, study=path, watcher=clock, clock=clock)
    assert again.ending == "budget"
    assert "a larger --budget goes on with it" in " ".join(remarks(again))
    assert clock.told == []
    more = search(plan=replace(plan, budget_seconds=20), study=path, watcher=clock, clock=clock)
    assert len(clock.told) == 1
    assert tried(more)[:3] == tried(first)


def test_time_for_other_seeds_is_kept_back() -> None:
    clock = Clock()
    result = search(plan=SearchPlan(trials=50, budget_seconds=60, repeats=2), watcher=clock, clock=clock)
    assert result.best is not result.defaults
    assert result.repeats is not None
    assert len(result.repeats.best) == 2
    assert clock.now <= 60


class Diverges(Recorder):
    """Stands for a training that diverges in the trials it was told."""

    def __init__(self, *trials: int) -> None:
        super().__init__()
        self._diverging = trials

    def on_epoch(self, report: Epoch) -> None:
        if self._trial in self._diverging:
            raise TrainingError("training diverged in epoch 1")


def test_a_trial_that_diverges_is_set_down_and_the_rest_goes_on() -> None:
    result = search(watcher=Diverges(1))
    assert [one.state for one in result.trials] == ["complete", "failed", "complete"]
    assert result.trials[1].reason == "training diverged in epoch 1"


def test_defaults_that_diverge_end_the_search() -> None:
    with pytest.raises(TrainingError, match="training diverged"):
        search(watcher=Diverges(0))


def test_a_poor_trial_is_ended_early_but_only_against_rivals_of_its_own_context() -> None:
    study = optuna.create_study(pruner=BetterHalf())
    space = {"context": optuna.distributions.CategoricalDistribution((24, 48))}

    def run(context: int, loss: float) -> bool:
        study.enqueue_trial({"context": context})
        trial = study.ask(space)
        monitor = TrialMonitor(trial, Deadline(lambda: 0.0, None), Silent())
        for epoch in range(1, 9):
            monitor.on_epoch(Epoch(epoch, 8, 0.0, loss, 0.0, 0, 1, 0.0, 0.0))
            if monitor.stop_requested():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                return True
        study.tell(trial, loss)
        return False

    assert [run(24, loss) for loss in (0.5, 0.4, 0.3, 0.6, 0.2)] == [False, False, False, True, False]
    assert [run(48, loss) for loss in (9.5, 9.4, 9.3, 9.6)] == [False, False, False, True]


def test_what_was_luck_is_said() -> None:
    result = search()
    best = replace(result.best, score=0.5, defaults=False)

    def said(repeats: Repeats | None) -> str:
        return headline(replace(result, best=best, repeats=repeats, keeps_defaults=False))

    assert "0.500 against" in said(None)
    assert "one seed alone" in said(None)
    assert said(Repeats((0.6, 0.7), (0.7, 0.7), 0.1)).endswith("it was luck, keep the defaults.")
    assert said(Repeats((0.6, 0.7), (0.6, 0.6), 0.1)).endswith("within what seeds alone change (±0.100).")
    assert said(Repeats((0.9, 0.9), (0.6, 0.6), 0.1)).endswith("more than seeds alone change (±0.100).")
    assert headline(replace(result, best=result.defaults)).startswith("Nothing that was tried did better")


def test_a_point_loss_is_scored_by_the_absolute_error() -> None:
    result = search(choice=replace(CHOICE, options={**SMALL, "loss": "mae"}), plan=replace(PLAN, trials=1))
    assert result.score_name == "relMAE"
    assert result.ending == "trials"


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"model": "lsmt"}, UnknownModelError, "unknown model 'lsmt'; did you mean 'lstm'"),
        ({"model": "naive"}, OptionError, "model 'naive' has nothing to tune; models that have: .*gru, .*lstm"),
        ({"choice": replace(CHOICE, options={"hiden": "8"})}, OptionError, "--set hiden: unknown option 'hiden'; did"),
        ({"choice": replace(CHOICE, options={"hidden": "x"})}, OptionError, "option hidden=x: is not a whole number"),
        (
            {
                "choice": replace(
                    CHOICE,
                    options={**SMALL, "dropout": "0", "learning_rate": "1", "weight_decay": "0", "batch_size": "9"},
                )
            },
            OptionError,
            "nothing is left to try, all of .*hidden.* are given; leave some out",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused(
    changes: dict[str, object], error: type[NettideError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        search(**changes)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"trials": 0}, "trials 0 must be at least 1"),
        ({"repeats": -1}, "repeats -1 must be at least 0"),
        ({"budget_seconds": 0.0}, "budget 0 s must be longer than zero"),
        ({"test_fraction": 1.0}, "test fraction 1.0 must be 0 or more and below 1"),
        ({"validation_fraction": 0.8}, "validation fraction 0.8 must lie between 0 and 0.8, what the test fraction"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        SearchPlan(**wrong)  # type: ignore[arg-type]


def test_too_short_a_history_says_how_much_it_needs() -> None:
    with pytest.raises(
        HistoryError,
        match=r"history is too short to tune on: it has 25 steps, of which 15 train and 5 validate; "
        r"with horizon 6 it needs at least 51",
    ):
        search(made_panel().until(25))
    assert search(made_panel().until(80), plan=replace(PLAN, trials=1)).trials


def test_data_that_gives_no_score_is_refused() -> None:
    panel = made_panel()
    with pytest.raises(HistoryError, match="the validation part gives no score"):
        search(replace(panel, values=np.full_like(panel.values, 5.0)))


def test_without_a_test_part_it_says_so() -> None:
    result = search(plan=SearchPlan(trials=1, test_fraction=0.0))
    assert result.test_start == result.steps
    assert any("no part is left on which a backtest" in one for one in remarks(result))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"choice": replace(CHOICE, horizon=5)}, "is of another search: horizon was 6, now 5; choose another file"),
        ({"choice": replace(CHOICE, seed=7)}, "seed was 0, now 7"),
        ({"model": "gru"}, "model was lstm, now gru"),
        (
            {"choice": replace(CHOICE, options={**SMALL, "hidden": "9"})},
            "fixed options was .*hidden=8.* now .*hidden=9",
        ),
        ({"plan": replace(PLAN, test_fraction=0.3)}, "validation was steps 288 to 384, now"),
    ],
)
def test_a_study_of_other_options_is_refused_and_left_as_it_is(
    found: tuple[TuneResult, Path], changes: dict[str, object], sentence: str
) -> None:
    _, path = found
    before = path.read_bytes()
    with pytest.raises(OptionError, match=sentence):
        search(study=path, **changes)
    assert path.read_bytes() == before


def test_a_study_of_other_data_is_refused(found: tuple[TuneResult, Path]) -> None:
    _, path = found
    with pytest.raises(OptionError, match="is of another search: its data differs; choose"):
        search(made_panel(seed=4), study=path)


def test_a_file_that_is_no_study_is_refused_and_left_as_it_is(tmp_path: Path, found: tuple[TuneResult, Path]) -> None:
    text, foreign, damaged = tmp_path / "text", tmp_path / "foreign.sqlite", tmp_path / "damaged.sqlite"
    text.write_text("not a database")
    with pytest.raises(DamagedError, match="text is no SQLite file; choose another file with --study"):
        search(study=text)
    with contextlib.closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE precious (thing)")
        connection.commit()
    kept = foreign.read_bytes()
    with pytest.raises(StoreError, match=r"foreign.sqlite is a database, but no study of nettide"):
        search(study=foreign)
    assert foreign.read_bytes() == kept
    content = bytearray(found[1].read_bytes())
    content[100:] = os.urandom(len(content) - 100)
    damaged.write_bytes(content)
    with pytest.raises(DamagedError, match=r"damaged.sqlite is damaged: .*; remove it to begin anew"):
        search(study=damaged)


def test_a_folder_that_is_not_there_or_is_a_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write study .*: it does not exist"):
        search(study=tmp_path / "no" / "study.sqlite")
    with pytest.raises(StoreError, match=r"cannot read study .*: it is a folder"):
        search(study=tmp_path)


@pytest.mark.parametrize("name", ["a?b.sqlite", "c%20d#e.sqlite", "{SCHEMA_VERSION}.sqlite", "f:g@h ä.sqlite"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    for _ in range(2):
        with open_study(tmp_path / name, {"data": "x"}) as study:
            study.set_user_attr("kept", 1)
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_equal_scores_give_no_warning() -> None:
    study = optuna.create_study()
    for value in range(9):
        study.add_trial(
            optuna.trial.create_trial(
                params={"x": value / 10}, distributions={"x": optuna.distributions.FloatDistribution(0, 1)}, value=0.5
            )
        )
    assert set(importance_of(study, trials_of(study))) <= {"x"}


def test_optuna_keeps_its_own_voice(capfd: pytest.CaptureFixture[str]) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    search(plan=replace(PLAN, trials=1))
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING
    assert capfd.readouterr() == ("", "")


def test_the_score_of_a_trial_is_that_of_a_backtest_on_the_validation_part() -> None:
    result = search(plan=replace(PLAN, trials=1))
    options = {**SMALL, "epochs": 4}
    made = backtest(
        made_panel().until(result.test_start),
        [Contender("lstm", lambda: make_model("lstm", horizon=HORIZON, context=24, options=options))],
        test_start=result.backtest.test_start,
        horizon=HORIZON,
        stride=HORIZON,
    )
    assert score(made)[0].rel_wql == result.defaults.score
