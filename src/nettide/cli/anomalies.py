"""``nettide anomalies``: find what is odd in a file, and say how odd it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading

_SHOWN = 40


@given.reads_data
def anomalies(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] FILE",
            help="Folder of a model, as models/uplinks, the pretrained network if absent; and a CSV or Parquet file, "
            "or a folder of them.",
        ),
    ],
    *,
    how: Reading,
    false_alarms: Annotated[
        float | None,
        typer.Option(
            "--false-alarms",
            help="A week, of each series, that normal traffic may cause; 1 if absent, fewer at steps over 20 minutes.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Judge from this time on, in --zone; what comes before is learned from."),
    ] = None,
    series: Annotated[str | None, typer.Option("--series", help="Look at this series alone.")] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="COLUMN|FILE",
            help="Score by labels: a column above zero where traffic is odd, or a CSV file: start, end, series.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write every point as .csv or .parquet.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file that is there.")] = False,
    all: Annotated[bool, typer.Option("--all", help=f"Show every incident, not the worst {_SHOWN}.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Find traffic outside the bands of its forecast, gaps, silences and stuck readings, and join them into incidents.

    Each point is judged by what came before it alone; so many false alarms as you allow set the limits, without labels.

    Example: nettide anomalies traffic.parquet --false-alarms 0.5 --out points.parquet
    """
    from nettide.cli.anomalies_words import anomalies_json, incident_table, score_table, summary
    from nettide.cli.insight_files import check_files, model_and_file
    from nettide.cli.words import say, show
    from nettide.insight.anomalies import AnomalyConfig
    from nettide.tasks.anomalies import anomalies as run
    from nettide.tasks.anomalies import write_points
    from nettide.tasks.times import parse_time

    folder, file = model_and_file(places)
    check_files(out=out, html=None, overwrite=overwrite)
    start = None if since is None else parse_time(since, zone=how.zone)
    config = AnomalyConfig(false_alarms)
    done = run(folder, file, how, config=config, since=start, series=series, labels=labels)
    if out is not None:
        write_points(done, out, overwrite=overwrite)
    say(*done.notes, *([] if out is None else [f"wrote {out}"]))
    if json:
        typer.echo(anomalies_json(done))
        return
    typer.echo(summary(done))
    most = len(done.found.incidents) if all else _SHOWN
    if done.found.incidents:
        show(incident_table(done, most=most))
    if done.scores:
        typer.echo("")
        show(score_table(done))
