"""The page of a search: trials, what mattered, and how to fit the best; one HTML file that needs no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from nettide.report.drawing import Figure, Trace, axis, colour, guide, label, layout, line, numbers
from nettide.report.page import fill
from nettide.report.tuning_content import Trial, TuningContent

_MOST_ROWS = 12
_MANY_TIMES = 10.0
_FEW_VALUES = 6  # up to so many stand side by side, however far apart they are
_TALL = 300


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A line of the table of trials."""

    number: int
    tag: str
    best: bool
    cells: tuple[str, ...]


def render_tuning(content: TuningContent) -> str:
    """Give the page as one self-contained HTML text, under the same policy as the report of a backtest."""
    return fill(
        "tune.html",
        title=content.title,
        model=content.model,
        score_name=content.score_name,
        headline=content.headline,
        remarks=content.remarks,
        names=_names(content.trials),
        rows=trial_rows(content),
        counts=counts_text(content.trials),
        failures={f"Trial {one.number}": one.reason for one in content.trials if one.state == "failed"},
        history=_history(content),
        importance=_importance(content),
        slices=[_slice(content, name) for name in content.importance or _names(content.trials)],
        facts=content.facts,
        command=content.command,
        again=content.again,
        versions=content.versions,
        made=content.made,
    )


def counts_text(trials: Sequence[Trial]) -> str:
    """Say how many trials ended in which way."""
    counts = {
        "trials to the end": sum(one.state == "complete" for one in trials),
        "ended early where others did better": sum(one.state == "pruned" for one in trials),
        "failed": sum(one.state == "failed" for one in trials),
        "stopped and not counted": sum(one.state == "unfinished" for one in trials),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def trial_rows(content: TuningContent, *, most: int = _MOST_ROWS) -> tuple[TrialRow, ...]:
    """Give the best trials as texts, best first, and the defaults wherever they came."""
    names = _names(content.trials)
    scored = sorted(_scored(content.trials), key=lambda one: one[1])
    shown = [one for place, one in enumerate(scored) if place < most or one[0].defaults]
    rows = []
    for trial, score in shown:
        tags = ["best"] * (trial.number == content.best) + ["defaults"] * trial.defaults
        cells = (f"{score:.4f}", f"{trial.seconds:.1f}", *(trial.options.get(name, "–") for name in names))
        rows.append(TrialRow(trial.number, ", ".join(tags), trial.number == content.best, cells))
    return tuple(rows)


def _names(trials: Sequence[Trial]) -> list[str]:
    return list(dict.fromkeys(name for one in trials for name in one.options))


def _scored(trials: Sequence[Trial]) -> list[tuple[Trial, float]]:
    return [(one, one.score) for one in trials if one.score is not None]


def _history(content: TuningContent) -> Figure:
    scored = _scored(content.trials)
    x = [one.number for one, _ in scored]
    scores = np.array([score for _, score in scored])
    traces: list[Trace] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "trial",
            "x": x,
            "y": numbers(scores),
            "marker": {"size": 7, "color": colour(1)},
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "best so far",
            "x": x,
            "y": numbers(np.array(list(accumulate(scores, min)))),
            "line": line(0, shape="hv"),
        },
    ]
    defaults = [score for one, score in scored if one.defaults]
    shapes = [guide(x0=0, x1=1, xref="paper", y0=score, y1=score) for score in defaults]
    return Figure(
        "history",
        "Score by trial",
        f"{content.score_name} on the validation part, the smaller the better; the dashed line is the model as it "
        "comes. Trials that were ended early have no score.",
        traces,
        layout(x=axis("trial"), y=axis(content.score_name, hoverformat=".4f"), height=_TALL, shapes=shapes),
    )


def _importance(content: TuningContent) -> Figure | None:
    if not content.importance:
        return None
    names = list(content.importance)[::-1]
    bars: Trace = {
        "type": "bar",
        "orientation": "h",
        "x": numbers(np.array([100 * content.importance[name] for name in names])),
        "y": [label(name) for name in names],
        "marker": {"color": colour(0)},
        "hovertemplate": "%{y}: %{x:.0f} %<extra></extra>",
    }
    return Figure(
        "importance",
        "What mattered",
        "Share of each option in what set the better quarter of the trials apart from the rest (PED-ANOVA). "
        "With few trials it is a hint, no more.",
        [bars],
        layout(x=axis("share", ticksuffix=" %", rangemode="tozero"), y=axis(), height=_TALL),
    )


def _slice(content: TuningContent, name: str) -> Figure:
    """Draw the score of each trial over one option, its best trial in another colour."""
    scored = [(one, score) for one, score in _scored(content.trials) if name in one.options]
    texts = [one.options[name] for one, _ in scored]
    values = [_number(text) for text in texts]
    distinct = sorted(set(texts), key=lambda text: (_number(text), text))
    is_number = len(distinct) > _FEW_VALUES and all(math.isfinite(value) for value in values)
    kind: dict[str, Any] = {}
    if not is_number:
        kind = {"type": "category", "categoryorder": "array", "categoryarray": [label(text) for text in distinct]}
    elif min(values) > 0 and max(values) > _MANY_TIMES * min(values):
        kind = {"type": "log", "exponentformat": "power"}
    points: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(np.array(values)) if is_number else [label(text) for text in texts],
        "y": numbers(np.array([score for _, score in scored])),
        "marker": {"size": 8, "color": colour(0, 0.7)},
        "hovertext": [f"trial {one.number}" for one, _ in scored],
        "hovertemplate": "%{hovertext}: %{x}, %{y:.4f}<extra></extra>",
        "showlegend": False,
    }
    best = [place for place, (one, _) in enumerate(scored) if one.number == content.best]
    marked = {**points, "marker": {"size": 12, "color": colour(1)}}
    marked |= {key: [points[key][place] for place in best] for key in ("x", "y", "hovertext")}
    return Figure(
        f"slice-{name.replace('_', '-')}",
        name,
        "The best trial is the large dot.",
        [points, marked],
        layout(x=axis(**kind), y=axis(content.score_name, hoverformat=".4f"), height=260),
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.inf
