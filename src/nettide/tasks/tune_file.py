"""Search the options of a model for a file, and write what was found: ``best.json`` and ``tune.html``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nettide import __version__
from nettide.backtest.yardstick import yardstick_name
from nettide.models.search_space import check_tunable
from nettide.prepare.shown_times import shown_texts, shown_zone
from nettide.report.tuning import render_tuning
from nettide.report.tuning_content import TuningContent
from nettide.store.files import write_atomic
from nettide.store.lock import claim
from nettide.store.record import library_versions
from nettide.tasks.backtest import check_out_folder
from nettide.tasks.choice import Choice, make_chosen
from nettide.tasks.load import Reading, load
from nettide.tasks.trial import Watcher
from nettide.tasks.tune import TuneResult, tune
from nettide.tasks.tune_plan import SearchPlan
from nettide.tasks.tune_words import changes_text, headline, remarks
from nettide.units import step_text

STUDY_NAME = "study.sqlite"


@dataclass(frozen=True, slots=True, eq=False)
class TuneFiles:
    """A search that was written.

    Args:
        result: what it found.
        notes: sentences about the data.
        command: fits the recommended options on all of the data.
        best: path of ``best.json``.
        page: path of ``tune.html``.
    """

    result: TuneResult
    notes: tuple[str, ...]
    command: str
    best: Path
    page: Path


def run_tune(
    location: str,
    reading: Reading,
    *,
    model: str,
    choice: Choice,
    plan: SearchPlan,
    out: Path,
    study: Path | None = None,
    fit_command: Callable[[Mapping[str, str]], str],
    command: str = "",
    watcher: Watcher | None = None,
) -> TuneFiles:
    """Search, and write the outcome; a search that was killed goes on from its study.

    Args:
        location: file or folder with the data.
        reading: how it becomes a panel.
        model: a name of the table of models.
        choice: horizon, seed, and what is not to be tried.
        plan: how long to search, and on which part of the data.
        out: folder for the results; created if need be, results in it are replaced.
        study: SQLite file of the trials; None puts it into ``out``.
        fit_command: gives the command that fits options, option -> text.
        command: how to repeat the search.
        watcher: is told of each trial.

    Raises:
        NettideError: any of the tree.
    """
    study = out / STUDY_NAME if study is None else study
    check_tunable(model)
    make_chosen(choice, [model])
    panel, notes = load(location, reading)
    check_out_folder(out)
    check_out_folder(study.parent)
    elsewhere = study.parent.resolve() != out.resolve()
    with claim(out), claim(study.with_name(f".{study.name}.lock")) if elsewhere else nullcontext():
        result = tune(panel, model=model, choice=choice, plan=plan, study=study, watcher=watcher)
        fit = fit_command(result.options)
        best, page = out / "best.json", out / "tune.html"
        document = json.dumps(_document(result, choice, fit), indent=2, ensure_ascii=False, allow_nan=False)
        content = TuningContent(
            title=Path(location).name,
            model=model,
            score_name=result.score_name,
            headline=headline(result),
            remarks=remarks(result),
            trials=result.trials,
            best=result.best.number,
            importance=result.importance,
            facts=_facts(result, choice),
            command=fit,
            again=command,
            versions={"nettide": __version__, **library_versions()},
            made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )
        write_atomic(best, f"{document}\n".encode(), overwrite=True)
        write_atomic(page, render_tuning(content).encode(), overwrite=True)
    return TuneFiles(result, notes, fit, best, page)


def _facts(result: TuneResult, choice: Choice) -> dict[str, str]:
    backtest = result.backtest
    panel = backtest.panel
    trained, validated = shown_texts(panel.seconds[[backtest.test_start - 1, -1]], panel)
    zone = shown_zone(panel)
    rest = result.steps - result.test_start
    facts = {
        "Data": f"{len(panel.series):,} series x {result.steps:,} steps of {step_text(panel.step_seconds)}",
        "Trained on": f"{backtest.test_start:,} steps, to {trained} {zone}",
        "Validated on": f"{panel.steps - backtest.test_start:,} steps, to {validated} {zone}, "
        f"{len(backtest.cutoffs):,} cutoffs, each {backtest.horizon} steps ahead",
        "Not looked at": f"the last {rest:,} steps" if rest else "nothing",
        "Yardstick": yardstick_name(panel, backtest.season),
        "Seed": str(choice.seed),
        "Time": f"{sum(one.seconds for one in result.trials):.0f} s in trials",
    }
    given = {"context": choice.context, "epochs": choice.epochs}
    fixed = {**{name: str(value) for name, value in given.items() if value is not None}, **choice.options}
    return facts | ({"Given, not tried": changes_text(fixed)} if fixed else {})


def _document(result: TuneResult, choice: Choice, command: str) -> dict[str, Any]:
    """Give ``best.json``."""
    times = result.backtest.panel.times
    return {
        "nettide": __version__,
        "model": result.model,
        "horizon": choice.horizon,
        "seed": choice.seed,
        "score_name": result.score_name,
        "best": _trial(result.best.score, result.best.options),
        "defaults": _trial(result.defaults.score, result.defaults.options),
        "repeats": None if result.repeats is None else {**asdict(result.repeats), "gain": result.repeats.gain},
        "keeps_defaults": result.keeps_defaults,
        "set": [f"{name}={text}" for name, text in result.options.items() if name != "context"],
        "context": int(result.options["context"]) if "context" in result.options else choice.context,
        "fixed": [f"{name}={text}" for name, text in choice.options.items()],
        "command": command,
        "importance": dict(result.importance),
        "ending": result.ending,
        "trials": [asdict(one) for one in result.trials],
        "validation": {"from": f"{times[result.backtest.test_start]}Z", "to": f"{times[-1]}Z"},
        "steps_not_looked_at": result.steps - result.test_start,
    }


def _trial(score: float | None, options: Mapping[str, str]) -> dict[str, Any]:
    return {"score": score, "options": dict(options)}
