"""What a changed history comes to in words and on a page."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from nettide import __version__
from nettide.report.answer import AnswerContent, render_answer
from nettide.report.answer_charts import what_if_figures
from nettide.store.files import write_atomic
from nettide.store.record import library_versions
from nettide.tasks.what_if import SeriesAnswer, WhatIfResult, answers
from nettide.units import si_text

COLUMNS = ("series", "as it is", "changed", "difference", "in %", "with the same luck", "whatever the luck")
_MOST_DRAWN = 6
_MOST_ROWS = 200


def answer_row(one: SeriesAnswer) -> tuple[str, ...]:
    """Give the cells of a series under ``COLUMNS``."""
    return (
        one.id,
        si_text(one.before, one.unit),
        si_text(one.after, one.unit),
        signed(one.difference, one.unit),
        f"{100 * one.share:+.1f} %" if math.isfinite(one.share) else "–",
        _interval(one.low, one.high, one.unit),
        _interval(one.least, one.most, one.unit),
    )


_MOVES = 0.01  # of the largest difference; less is what errors shared with other series do


def what_if_sentences(done: WhatIfResult) -> tuple[str, ...]:
    """Say what the changes come to, and how the bands of the difference are meant."""
    found, texts = answers(done.found), [one.text for one in done.found.effects]
    known = [one for one in found if math.isfinite(one.difference)]
    most = max((abs(one.difference) for one in known), default=0.0)
    moved = [one for one in known if abs(one.difference) > _MOVES * most] or known
    before, after = (sum(getattr(one, name) for one in moved) for name in ("before", "after"))
    what = ", ".join(texts).removeprefix("with ")  # as an occasion that is added says
    what = f"Without {what.removeprefix('without ')}" if what.startswith("without ") else f"With {what}"
    if not any(one.effect == "moves" for one in done.found.effects) and before == after:
        head = f"{what} the forecast of {done.model} stays as it is."
    else:
        by = f"{100 * (after - before) / before:+.1f} %" if before > 0 else "–"
        whole = f"all {len(known):,} series" if len(moved) == len(known) else f"the {len(moved):,} series that move"
        if len(moved) == 1:
            whole = moved[0].id
        head = f"{what} the mean forecast of {done.model} for {whole} moves by {by}."
    said = [head]
    if levels := done.found.before.levels:
        share = round(100 * (levels[-1] - levels[0]))
        said.append(
            f"The difference with the same luck holds in {share} of 100 cases if whatever makes the one future high "
            f"makes the other as high; that whatever the luck holds in at least {max(0, 2 * share - 100)}."
        )
    said.append("The answer is what the model learned from the past: what went together, which need not be a cause.")
    return tuple(said)


def write_what_if_page(
    done: WhatIfResult,
    path: Path,
    *,
    title: str,
    series: str | None = None,
    command: str = "",
    overwrite: bool = False,
) -> None:
    """Write the page with charts and table, whole or not at all.

    Args:
        done: the answer.
        path: of the page.
        title: usually the name of the data.
        series: the only one to draw; None draws those that move most.
        command: how to repeat the run.
        overwrite: whether a page that is there may be replaced.

    Raises:
        StoreError: the file exists already, or its folder is full, read-only or absent.
    """
    found, by_step = done.found, done.found.by_step
    moved = np.nan_to_num(np.abs(found.mean.point), nan=-1.0)
    rows = np.argsort(-moved, kind="stable")
    drawn = rows[:_MOST_DRAWN] if series is None else [found.before.ids.index(series)]
    figures = [
        figure
        for row in drawn
        for figure in what_if_figures(
            done.panel,
            found.changed,
            found.before,
            found.after,
            difference=(by_step.point, by_step.low, by_step.high),
            row=int(row),
        )
    ]
    headline, *rest = what_if_sentences(done)
    every = answers(found)
    hidden = len(every) - _MOST_ROWS
    content = AnswerContent(
        kind="What if",
        title=title,
        headline=headline,
        remarks=(*rest, *done.notes),
        figures=tuple(figures),
        columns=COLUMNS,
        rows=tuple(answer_row(every[row]) for row in rows[:_MOST_ROWS]),
        caption="Means over the horizon."
        + (f" {hidden:,} series that move less are left out; all are written with --out." if hidden > 0 else ""),
        command=command,
        versions={"nettide": __version__, **library_versions()},
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_atomic(path, render_answer(content).encode(), overwrite=overwrite)


def signed(value: float, unit: str) -> str:
    """Write a difference with its sign: ``+1.2 Gbit/s``."""
    return f"+{si_text(value, unit)}" if value > 0 else si_text(value, unit)


def _interval(low: float, high: float, unit: str) -> str:
    return f"{signed(low, unit)} ... {signed(high, unit)}" if math.isfinite(low) else "–"
