"""``nettide synth``: write synthetic traffic whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def synth(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="File to write: .parquet, .csv or .csv.gz.")],
    *,
    series: Annotated[int, typer.Option("--series", help="Number of links.")] = 10,
    days: Annotated[float | None, typer.Option("--days", help="Length; 365 unless --points.")] = None,
    points: Annotated[int | None, typer.Option("--points", help="Length in steps.")] = None,
    step: Annotated[str, typer.Option("--step", help="Step, as 5min, 1h, 1d.")] = "1h",
    start: Annotated[str, typer.Option("--start", help="First time, on the clock of --zone.")] = "2026-01-01",
    zone: Annotated[
        str,
        typer.Option("--zone", help="Zone whose clock the cycles follow, as Europe/Prague."),
    ] = "UTC",
    parameters: Annotated[
        int,
        typer.Option("--parameters", help="How many of the 15 measured parameters, throughput first."),
    ] = 1,
    noise: Annotated[float, typer.Option("--noise", help="Relative noise, 0.05 for 5 %; 0 for none.")] = 0.05,
    trend: Annotated[float, typer.Option("--trend", help="Growth in a year, 0.2 for 20 %.")] = 0.2,
    cycles: Annotated[bool, typer.Option("--cycles/--no-cycles", help="Follow the hour and weekday.")] = True,
    holidays: Annotated[bool, typer.Option("--holidays/--no-holidays", help="Make some dates like Sundays.")] = True,
    events_per_month: Annotated[
        float,
        typer.Option("--events-per-month", help="Peaks, surges and outages a link and month."),
    ] = 1.0,
    shifts: Annotated[int, typer.Option("--shifts", help="Lasting level shifts a link.")] = 0,
    gaps: Annotated[float, typer.Option("--gaps", help="Share of steps not measured.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same traffic.")] = 0,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", help="Folder for the clean signal and the list of events."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Say what was written as JSON.")] = False,
) -> None:
    """Write synthetic traffic: daily and weekly cycles, growth, events, gaps, with the truth known.

    Example: nettide synth traffic.parquet --series 20 --days 90 --parameters 5 --truth truth
    """
    from nettide.tasks.synth import config_of, write_synthetic, written_json, written_text

    config = config_of(
        series=series,
        days=days,
        points=points,
        step=step,
        start=start,
        zone=zone,
        parameters=parameters,
        noise=noise,
        trend=trend,
        cycles=cycles,
        holidays=holidays,
        events_per_month=events_per_month,
        shifts=shifts,
        gaps=gaps,
        seed=seed,
    )
    written = write_synthetic(config, out, truth=truth, overwrite=overwrite)
    typer.echo(written_json(config, written) if json else written_text(config, written))
