"""What the verbs say: tables and sentences for people, JSON for machines."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from nettide.arrays import Ints
from nettide.backtest.evaluate import Outcome
from nettide.backtest.leaderboard import Score
from nettide.backtest.skill import Comparison
from nettide.models import MODELS, model_class
from nettide.models.contract import Training
from nettide.panel import Panel
from nettide.prepare.shown_times import shown_texts, shown_zone
from nettide.report.trust import skill_text
from nettide.store.models import Stored
from nettide.store.record import ModelRecord, to_document
from nettide.tasks.explain_words import choice_sentences, left_out
from nettide.tasks.fit import FitResult
from nettide.units import si_text, step_text

_WIDE = 200  # columns where stdout is no terminal, so that nothing is cut
_ENDINGS = {
    "finished": "all epochs done",
    "early": "no more gain",
    "interrupted": "stopped by Ctrl-C",
    "requested": "stopped on request",
    "none": "",
}
_FIGURES = (  # the most telling first: a narrow terminal shows fewer
    ("rel_mae", "relMAE"), ("rel_wql", "relWQL"), ("coverage_80", "80 % band"), ("skill", "skill (95 %)"),
    ("mae", "MAE"), ("rmse", "RMSE"), ("wape", "WAPE"), ("fit_seconds", "fit s"), ("mase", "MASE"),
    ("rmse_minmax", "RMSE/range"), ("predict_seconds", "predict s"),
)  # fmt: skip


def say(*sentences: str) -> None:
    """Print sentences on stderr."""
    for sentence in sentences:
        sys.stderr.write(f"{sentence}\n")


def show(table: Table) -> None:
    """Print a table on stdout; nothing in it is read as markup.

    Where a table whose cells must not be folded is wider than the terminal, its last columns are left out and named.
    """
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_WIDE)
    title, table.title = table.title, None  # rich would fold it to the width of the table
    left_out: list[str] = []
    while len(table.columns) > 1 and all(one.no_wrap for one in table.columns) and _width(table) > console.width:
        left_out.insert(0, str(table.columns.pop().header))
    with console.capture() as captured:
        console.print(table)
    if title:
        sys.stdout.write(f"{title}\n")
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    if left_out:
        sys.stdout.write(f"not shown for want of width: {', '.join(left_out)}\n")


def _width(table: Table) -> int:
    return Console(width=10_000).measure(table).maximum


def command_text(arguments: Sequence[str]) -> str:
    """Give the command line that repeats a run."""
    return shlex.join(["nettide", *arguments[1:]])


def plain_table(*names: str, title: str | None = None) -> Table:
    """Give a table whose cells are not folded, the first column to the left, numbers to the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, justify="left" if place == 0 else "right", no_wrap=True)
    return table


def fit_text(done: FitResult) -> str:
    """Say how a fit went, what was chosen, and where the model is."""
    training, panel = done.training, done.panel
    lines = [
        f"{done.model} with {training.parameters:,} parameters, fitted on {len(panel.series):,} series x "
        f"{panel.steps:,} steps of {step_text(panel.step_seconds)} in {training.seconds:.1f} s"
    ]
    if training.epochs:
        best = next((one for one in training.epochs if one.epoch == training.best_epoch), None)
        ended = _ENDINGS[training.ending]
        kept = f"kept epoch {training.best_epoch} of {len(training.epochs)} ({ended})"
        if best is not None and best.validation_loss is not None:
            kept += f", validation loss {best.validation_loss:.4f}"
        lines.append(
            kept if training.best_epoch else f"kept the network before training: no epoch did better ({ended})"
        )
    elif done.explanation is not None:
        if training.ending in ("interrupted", "requested"):
            lines.append(f"ended early ({_ENDINGS[training.ending]}): what was fitted by then is kept")
        lines += choice_sentences(done.explanation)
        if absent := left_out(done.explanation):
            lines.append(f"left out: {', '.join(absent)}; why: nettide explain-choice {shlex.quote(str(done.folder))}")
    elif training.ending in ("interrupted", "requested"):
        lines.append(f"{_ENDINGS[training.ending]} before its first epoch ended: it is the network that it began with")
    lines.append(f"saved in {done.folder}")
    return "\n".join(lines)


def outcome_text(outcome: Outcome) -> str:
    """Say how a model of a backtest did."""
    predicted = f"forecasts in {outcome.predict_seconds:.2f} s"
    training = outcome.training
    if training.ending == "none":
        return predicted
    if not training.epochs:  # a mixture: its members were trained
        early = f" ({_ENDINGS[training.ending]})" if training.ending in ("interrupted", "requested") else ""
        return f"fitted in {outcome.fit_seconds:.1f} s{early}, {predicted}"
    kept = f"kept epoch {training.best_epoch} of {len(training.epochs)} ({_ENDINGS[training.ending]})"
    return f"fitted in {outcome.fit_seconds:.1f} s, {kept}, {predicted}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def time_text(second: int) -> str:
    """Write an epoch second to the minute: ``2026-01-31 00:00``."""
    return str(np.datetime64(int(second), "s")).replace("T", " ")[:16]


def step_texts(seconds: Ints, panel: Panel) -> tuple[str, list[str]]:
    """Write when steps begin: times in UTC, or for days in another zone their dates there.

    Args:
        seconds: epoch seconds, ascending, shape (step,).
        panel: whose steps they are.

    Returns:
        What the texts are, such as ``UTC`` or ``Europe/Prague``, and the texts.
    """
    return shown_zone(panel), shown_texts(seconds, panel)


def leaderboard(scores: Sequence[Score], comparisons: Sequence[Comparison], *, unit: str) -> Table:
    """Show the leaderboard, best first; the skill is against the yardstick, with its 95 % interval.

    Args:
        scores: in the order to show.
        comparisons: of each model with naive forecasts, the yardstick first.
        unit: of the target; empty where unknown.
    """
    table = plain_table("model", *(title for _, title in _FIGURES), "points", "parameters")
    skills = {one.model: skill_text(one.error) for one in reversed(comparisons)}
    for score in scores:
        cells = []
        for name, _ in _FIGURES:
            if name == "skill":
                cells.append(skills.get(score.model, "–"))
                continue
            value = getattr(score, name)
            cells.append("–" if not math.isfinite(value) else _figure(value, name, unit=unit))
        table.add_row(score.model, *cells, f"{score.points:,}", f"{score.parameters:,}")
    return table


def _figure(value: float, name: str, *, unit: str) -> str:
    if name in ("mae", "rmse"):
        return si_text(value, unit)
    if name == "coverage_80":
        return f"{100 * value:.1f} %"
    return f"{value:.4f}" if not name.endswith("seconds") else f"{value:.2f}"


def known_table() -> Table:
    """List the models that can be fitted."""
    table = Table(box=None, pad_edge=False)
    for name in ("model", "what it is", "options (for --set)"):
        table.add_column(name, overflow="fold")
    for name, entry in MODELS.items():
        table.add_row(name, entry.about, ", ".join(_options(name)))
    return table


def models_table(folder: Path, stored: Sequence[Stored]) -> Table:
    """List stored models, damaged ones too."""
    table = plain_table(
        "name",
        "model",
        "horizon",
        "step",
        "series",
        "parameters",
        "fitted (UTC)",
        title=f"{folder}: {_counted(len(stored), 'model')}",
    )
    for one in stored:
        record = one.record
        if record is None:
            table.add_row(one.name, "damaged", *["–"] * 5)
            continue
        table.add_row(
            one.name,
            record.model,
            str(record.horizon),
            step_text(record.data.step_seconds),
            f"{record.data.series:,}",
            f"{record.training.parameters:,}",
            record.created.strftime("%Y-%m-%d %H:%M"),
        )
    return table


def model_text(folder: Path, record: ModelRecord) -> str:
    """Describe a stored model."""
    data, training = record.data, record.training
    step = step_text(data.step_seconds)
    lines = {
        "model": f"{record.model}: {MODELS[record.model].about}" if record.model in MODELS else record.model,
        "forecasts": f"{record.horizon} steps of {step} from a context of {record.context}",
        "fitted on": f"{data.origin}: {data.series:,} series x {data.steps:,} steps, "
        f"{time_text(data.start)} to {time_text(data.end)} UTC",
        "channels": ", ".join(data.channels) + (f" (target in {data.unit})" if data.unit else ""),
        "training": _training_text(training),
        "made": f"{record.created.strftime('%Y-%m-%d %H:%M UTC')} with "
        + ", ".join(f"{name} {version}" for name, version in record.versions.items()),
    }
    config = record.state.document.get("config", {})
    lines["options"] = ", ".join(f"{name}={value}" for name, value in config.items())
    width = max(map(len, lines))
    return "\n".join([str(folder), *(f"  {name:<{width}}  {text}" for name, text in lines.items())])


def _training_text(training: Training) -> str:
    """Say how a stored model was trained; what has no epochs of its own, as a mixture, is not said to have any."""
    told = [f"{training.parameters:,} parameters", *training.notes]
    if training.epochs:
        ended = f"{_counted(len(training.epochs), 'epoch')} in {training.seconds:.1f} s"
        told = [ended, f"kept epoch {training.best_epoch}", f"{training.windows:,} windows", *told]
    else:
        early = f" ({_ENDINGS[training.ending]})" if training.ending in ("interrupted", "requested") else ""
        told = [f"fitted in {training.seconds:.1f} s{early}", *told]
    return ", ".join(told)


def models_json(stored: Sequence[Stored]) -> str:
    """Give stored models as one JSON list; a damaged one has the reason as its only description."""
    documents: list[dict[str, Any]] = [
        {
            "name": one.name,
            "folder": str(one.folder),
            "damage": one.damage or None,
            **({} if one.record is None else to_document(one.record)),
        }
        for one in stored
    ]
    return json.dumps(documents, ensure_ascii=False)


def known_json() -> str:
    """Give the models that can be fitted as one JSON list, with their options."""
    return json.dumps([{"model": name, "about": MODELS[name].about, "options": _options(name)} for name in MODELS])


def _options(model: str) -> list[str]:
    """Give the names of a model's options that ``--set`` takes."""
    taken = {"horizon", "context", "seed", *MODELS[model].preset}
    return [one.name for one in dataclasses.fields(model_class(model).Config) if one.name not in taken]
