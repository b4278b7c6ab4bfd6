"""What importance comes to in words and on a page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from nettide import __version__
from nettide.report.answer import AnswerContent, render_answer
from nettide.report.answer_charts import importance_figure
from nettide.store.files import write_atomic
from nettide.store.record import library_versions
from nettide.tasks.importance import ImportanceResult, Ranked, Verdict
from nettide.units import si_text

COLUMNS = ("input", "rise of loss", "95 % interval", "between exchanges", "rise of MAE", "forecast moves by", "verdict")
_MOST_NAMED = 3


def importance_rows(done: ImportanceResult) -> tuple[tuple[str, ...], ...]:
    """Give a row of cells an input, the most important first, under ``COLUMNS``."""
    return tuple(
        (
            one.name,
            _share(one.rise),
            f"{_share(one.low)} ... {_share(one.high)}" if np.isfinite(one.low) else "–",
            f"± {100 * one.spread:.1f} %" if np.isfinite(one.spread) else "–",
            _share(one.rise_mae),
            f"{100 * one.moved:.1f} %",
            one.verdict,
        )
        for one in done.inputs
    )


def importance_sentences(done: ImportanceResult) -> tuple[str, ...]:
    """Say what matters and what does not, and of which loss the table speaks."""
    loss = "pinball loss of the quantiles" if done.loss == "pinball" else "mean absolute error"
    series = f"{done.series:,} series" if done.series > 1 else "one series"
    return (
        _headline(done),
        f"Rise of the {loss}, which is {100 * done.baseline:.2f} % of the mean traffic as it is (MAE "
        f"{100 * done.baseline_mae:.2f} %), over {done.windows:,} held-out windows of {series}, {done.span}, "
        f"{done.repeats:,} exchange{'s' if done.repeats != 1 else ''} of each input.",
    )


def write_importance_page(
    done: ImportanceResult, path: Path, *, title: str, command: str = "", overwrite: bool = False
) -> None:
    """Write the page with chart and table, whole or not at all.

    Raises:
        StoreError: the file exists already, or its folder is full, read-only or absent.
    """
    shown = done.inputs
    figure = importance_figure(
        [one.name for one in shown],
        *(np.array([getattr(one, name) for one in shown]) for name in ("rise", "low", "high")),
    )
    headline, *rest = importance_sentences(done)
    content = AnswerContent(
        kind=f"What {done.model} depends on",
        title=title,
        headline=headline,
        remarks=(*rest, *done.notes),
        figures=(figure,) if shown else (),
        columns=COLUMNS,
        rows=importance_rows(done),
        caption="Each input in turn is taken from other windows of the same series, all others stay. Inputs that say "
        "the same as others seem to matter little, since the others stand in for them.",
        command=command,
        versions={"nettide": __version__, **library_versions()},
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_atomic(path, render_answer(content).encode(), overwrite=overwrite)


def _headline(done: ImportanceResult) -> str:
    matter = _named(done, "matters")
    parts = [f"{done.model} depends on {', '.join(matter)}" if matter else f"{done.model}: no input surely matters"]
    parts += [f"is misled by {', '.join(found)}" for found in [_named(done, "misleads")] if found]
    parts += [f"does not use {', '.join(found)}" for found in [_named(done, "not used")] if found]
    return "; ".join(parts) + "."


def _named(done: ImportanceResult, verdict: Verdict) -> list[str]:
    found: list[Ranked] = [one for one in done.inputs if one.verdict == verdict]
    more = len(found) - _MOST_NAMED
    return [one.name for one in found[:_MOST_NAMED]] + ([f"{more} more"] if more > 0 else [])


def _share(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{100 * value:+.1f} %" if abs(value) < 100 else f"{si_text(100 * value)} %"
