"""What ``nettide anomalies`` prints: incidents and scores as tables for people, one document for machines."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
from rich.table import Table

from nettide.cli.words import plain_table, step_texts
from nettide.insight.anomalies_types import Incident
from nettide.tasks.anomalies import AnomalyResult, MethodScore
from nettide.units import step_text

_WORST = {"critical": 2, "major": 1, "minor": 0}
_FIGURES = ("precision", "recall", "f1", "point_precision", "point_recall", "point_f1")
_TIMES = ("start", "end", "peak", "noticed")


def summary(done: AnomalyResult) -> str:
    """Say in one line what was found, and by which rule."""
    found, panel = done.found, done.panel
    kinds = Counter(one.kind for one in found.incidents)
    told = ", ".join(f"{number:,} {kind}" for kind, number in kinds.most_common()) or "nothing odd"
    count = len(found.incidents)
    return (
        f"{count:,} incident{'' if count == 1 else 's'} in {len(panel.series):,} series x {len(found.seconds):,} steps "
        f"of {step_text(panel.step_seconds)}: {told}; expected by {done.model}, "
        f"{found.false_alarms_per_week:.2g} false alarms a week and series allowed"
    )


def incident_table(done: AnomalyResult, *, most: int) -> Table:
    """Show the worst incidents in order of time."""
    every = done.found.incidents
    worst = sorted(every, key=lambda one: (-_WORST[one.severity], -_number(one.score)))[:most]
    chosen = {id(one) for one in worst}
    title = f"the worst {most} of {len(every):,} incidents; --all shows every one" if most < len(every) else None
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    starts = np.array(sorted({one.start for one in every}), dtype=np.int64)
    clock, texts = step_texts(starts, done.panel)
    begin = dict(zip(starts.tolist(), texts, strict=True))
    for name in (f"from ({clock})", "series", "kind", "severity"):
        table.add_column(name, no_wrap=name != "series", overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("what", overflow="fold")
    for one in every:
        if id(one) in chosen:
            score = "–" if math.isnan(one.score) else f"{one.score:,.3g}" if one.score < 1000 else f"{one.score:,.0f}"
            table.add_row(begin[one.start], one.series, one.kind, one.severity, score, one.text)
    return table


def score_table(done: AnomalyResult) -> Table:
    """Show precision, recall and F1 of each series beside the baselines."""
    names = ("method", "windows found", "alarms right", "precision", "recall", "F1", "by points: precision", "recall",
             "F1")  # fmt: skip
    table = plain_table("series", *names)
    for one in done.scores:
        score = one.score
        table.add_row(
            one.series or "all",
            one.method,
            f"{score.windows_found} of {score.windows}",
            f"{score.alarms_right} of {score.alarms}",
            *(_figure(getattr(score, name)) for name in _FIGURES),
        )
    return table


def anomalies_json(done: AnomalyResult) -> str:
    """Give incidents and scores as one JSON document; unknown is null, times are ISO 8601 in UTC."""
    document = {
        "model": done.model,
        "step_seconds": done.panel.step_seconds,
        "false_alarms_per_week": done.found.false_alarms_per_week,
        "incidents": [_incident(one) for one in done.found.incidents],
        "scores": [_score(one) for one in done.scores],
        "notes": list(done.notes),
    }
    return json.dumps(document, ensure_ascii=False)


def _incident(one: Incident) -> dict[str, Any]:
    document = {name: _known(value) for name, value in asdict(one).items()}
    return document | {name: f"{np.datetime64(document[name], 's')}Z" for name in _TIMES}


def _score(one: MethodScore) -> dict[str, Any]:
    figures = {name: _known(getattr(one.score, name)) for name in _FIGURES}
    return {"series": one.series or None, "method": one.method, **asdict(one.score), **figures}


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _number(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
