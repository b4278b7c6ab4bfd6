"""What ``nettide what-if`` prints: a table for people, JSON for machines."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np
import typer

from nettide.cli.words import plain_table, show, step_texts
from nettide.tasks.what_if import WhatIfResult, answers
from nettide.tasks.what_if_words import COLUMNS, answer_row, signed, what_if_sentences
from nettide.units import si_text

_MOST_ROWS = 20


def show_what_if(done: WhatIfResult, *, series: str | None) -> None:
    """Print a line a series, those that move most first, or every step of one series; and what it comes to."""
    if series is not None:
        _show_steps(done, series)
    else:
        found = sorted(answers(done.found), key=lambda one: -np.nan_to_num(abs(one.difference), nan=-1.0))
        more = f", {_MOST_ROWS} of {len(found):,} series, all with --out" if len(found) > _MOST_ROWS else ""
        clock, times = step_texts(done.found.before.seconds[0], done.panel)
        table = plain_table(*COLUMNS, title=f"means of {times[0]} to {times[-1]} {clock}, {done.model}{more}")
        for one in found[:_MOST_ROWS]:
            table.add_row(*answer_row(one))
        show(table)
    for sentence in what_if_sentences(done):
        typer.echo(sentence)


def _show_steps(done: WhatIfResult, series: str) -> None:
    found, by_step = done.found, done.found.by_step
    row = found.before.ids.index(series)
    unit = found.before.units[row]
    banded = bool(found.before.levels)
    clock, times = step_texts(found.before.seconds[0], done.panel)
    names = [f"time ({clock})", "as it is", "changed", "difference", *(["from", "to"] if banded else [])]
    table = plain_table(*names, title=f"{series}, {done.model}")
    for step in range(found.before.horizon):
        cells = [si_text(float(one.point[row, 0, step]), unit) for one in (found.before, found.after)]
        parts = (by_step.point, by_step.low, by_step.high) if banded else (by_step.point,)
        cells += [signed(float(part[row, step]), unit) for part in parts]
        table.add_row(times[step], *cells)
    show(table)


def what_if_json(done: WhatIfResult) -> str:
    """Give one JSON document: each change, and each series with all its steps; what is unknown is null."""
    found, by_step = done.found, done.found.by_step
    times = [f"{one}Z" for one in found.before.seconds[0].astype("datetime64[s]")]
    series = []
    for row, mean in enumerate(answers(found)):
        steps: dict[str, Any] = {
            "time": times,
            "before": found.before.point[row, 0],
            "after": found.after.point[row, 0],
            "before_quantiles": found.before.quantiles[row, 0],
            "after_quantiles": found.after.quantiles[row, 0],
        }
        steps |= {name: getattr(by_step, name)[row] for name in ("low", "high", "least", "most")}
        steps["difference"] = by_step.point[row]
        series.append({**asdict(mean), "share": mean.share, "steps": steps})
    document = {
        "model": done.model,
        "levels": found.before.levels,
        "changes": [asdict(one) for one in found.effects],
        "series": series,
    }
    return json.dumps(_plain(document), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
