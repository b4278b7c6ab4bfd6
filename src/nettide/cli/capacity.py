"""``nettide capacity``: say when links are full."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading

_SHOWN = 20


class WatchedOption(StrEnum):
    """The figure of a day that is compared with the capacity."""

    p95 = "p95"
    busy_hour = "busy-hour"
    peak = "peak"


@given.reads_data
def capacity(
    file: given.FileArgument,
    *,
    how: Reading,
    capacities: Annotated[
        str | None,
        typer.Option("--capacities", metavar="FILE", help="CSV file: unique_id, capacity; others have --capacity."),
    ] = None,
    threshold: Annotated[
        list[float] | None,
        typer.Option("--threshold", help="Percent of the capacity; repeat for more; 70, 85 and 100 if absent."),
    ] = None,
    watch: Annotated[
        WatchedOption, typer.Option("--watch", help="A day's 95th percentile, busy hour or peak.")
    ] = WatchedOption.p95,
    horizon: Annotated[int, typer.Option("--horizon", help="Days ahead, 1 to 1830.")] = 180,
    full_days: Annotated[int, typer.Option("--full-days", help="So many of --of-days must reach a threshold.")] = 3,
    of_days: Annotated[int, typer.Option("--of-days", help="Days that a threshold is judged by, 1 to 28.")] = 7,
    series: Annotated[str | None, typer.Option("--series", help="Look at this series alone.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with fan charts.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a page that exists.")] = False,
    all: Annotated[bool, typer.Option("--all", help=f"Show every series, not the {_SHOWN} most urgent.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same answer.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Give everything as one JSON document.")] = False,
) -> None:
    """Say when each link is full: the date by which 70, 85 and 100 % of its capacity are reached, with its chance.

    P10, P50 and P90 are the days by which a threshold is reached to stay with a chance of 10, 50 and 90 %.

    Example: nettide capacity traffic.parquet --capacity 10G --threshold 80 --html capacity.html
    """
    from nettide.cli.capacity_words import capacity_json, capacity_table
    from nettide.cli.words import command_text, say, show
    from nettide.insight.capacity_choice import THRESHOLDS, CapacityChoice
    from nettide.tasks.capacity import capacity as run
    from nettide.tasks.capacity import check_page, write_page

    choice = CapacityChoice(
        thresholds=tuple(sorted(set(threshold))) if threshold else THRESHOLDS,
        watched=watch.value,
        horizon_days=horizon,
        full_days=full_days,
        of_days=of_days,
        seed=seed,
    )
    if html is not None:
        check_page(html, overwrite=overwrite)
    result = run(file, how, choice, capacities=capacities, series=series)
    if html is not None:
        write_page(result, html, command=command_text(sys.argv), overwrite=overwrite)
    say(*result.notes, *([] if html is None else [f"wrote {html}"]))
    if json:
        typer.echo(capacity_json(result))
        return
    shown = result.outlooks if all else result.outlooks[:_SHOWN]
    show(capacity_table(result, shown))
    if rest := len(result.outlooks) - len(shown):
        typer.echo(f"and {rest:,} more, less urgent: --all shows every series")
