"""``nettide check``: say what is wrong with traffic data before anything is forecast."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from rich.table import Table

    from nettide.prepare.quality import Verdict
    from nettide.tasks.load import Reading

_SHOWN = 20
_COLOURS = {"fit to forecast": "green", "with care": "yellow", "not": "red"}


@given.reads_data
def check(
    file: given.FileArgument,
    *,
    how: Reading,
    all: Annotated[bool, typer.Option("--all", help=f"Show every series, not the worst {_SHOWN} alone.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Give everything as one JSON document.")] = False,
) -> None:
    """Say of each series whether it is fit to forecast, and why not: gaps, counters, clocks, shifts, short history.

    Example: nettide check traffic.csv --target bits_in --step 5min
    """
    from nettide.cli.words import say, show
    from nettide.tasks.check import check as run

    verdict = run(file, how)
    if json:
        typer.echo(verdict.to_json())
        return
    shown = len(verdict.series) if all else _SHOWN
    typer.echo(_summary(verdict))
    show(_table(verdict, most=shown, zone=how.zone))
    if shown < len(verdict.series):
        typer.echo(_rest(verdict, shown))
    say(*(f"note: {note}" for note in verdict.notes))


def _summary(verdict: Verdict) -> str:
    from nettide.units import step_text

    counts = ", ".join(f"{number:,} {name}" for name, number in verdict.counts().items() if number)
    return (
        f"{verdict.origin}: {len(verdict.series):,} series, {verdict.rows:,} rows, target {verdict.target}, "
        f"step {step_text(verdict.step_seconds)}: {counts}"
    )


def _table(verdict: Verdict, *, most: int, zone: str) -> Table:
    """Show a series a row, the worst first; dates are those of the zone, day and week the strengths of the cycles."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("series", overflow="fold")
    for name in ("verdict", "from", "to"):
        table.add_column(name, no_wrap=True)
    for name in ("missing", "day", "week"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why")
    for one in verdict.worst_first()[:most]:
        figures = one.figures
        table.add_row(
            one.id,
            Text(one.judgement, style=_COLOURS[one.judgement]),
            _date(figures.first, zone),
            _date(figures.last, zone),
            f"{figures.missing:.1%}",
            _strength_text(figures.daily_strength),
            _strength_text(figures.weekly_strength),
            "\n".join(finding.text for finding in one.findings) or "nothing to remark",
        )
    return table


def _date(text: str, zone: str) -> str:
    try:
        return str(datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).date()) if text else ""
    except OverflowError:  # the first or last day of the calendar
        return text[:10]


def _rest(verdict: Verdict, shown: int) -> str:
    kinds = ", ".join(f"{kind} in {number:,}" for kind, number in verdict.finding_counts().items())
    return f"and {len(verdict.series) - shown:,} more (--all shows every series); findings by series: {kinds or 'none'}"


def _strength_text(strength: float) -> str:
    return f"{strength:.2f}" if math.isfinite(strength) else "–"
