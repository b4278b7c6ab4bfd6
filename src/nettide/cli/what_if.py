"""``nettide what-if``: forecast a changed history beside the history as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading

_TEXTS = list[str] | None


@given.reads_data
def what_if(
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
    scale: Annotated[
        _TEXTS,
        typer.Option("--scale", metavar="[CHANNEL=]FACTOR", help="Multiply a channel, the target if none is named."),
    ] = None,
    shift: Annotated[
        _TEXTS, typer.Option("--shift", metavar="[CHANNEL=]AMOUNT", help="Add to a channel, as -5M or users=100.")
    ] = None,
    growth: Annotated[
        _TEXTS, typer.Option("--growth", metavar="[CHANNEL=]PERCENT", help="Let a channel grow by so much a month.")
    ] = None,
    remove: Annotated[
        _TEXTS,
        typer.Option("--remove", metavar="NAME", help="Leave out holidays or events of this kind or name."),
    ] = None,
    add: Annotated[
        _TEXTS,
        typer.Option(
            "--add", metavar="KIND=WHEN", help="Add a holiday, maintenance or event, as holiday=DAY or event=START/END."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Changes begin at this time, in --zone; with the data if absent.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Changes end before this time, in --zone; with the data if absent.")
    ] = None,
    horizon: Annotated[int | None, typer.Option("--horizon", help="Steps ahead; all of the model's if absent.")] = None,
    series: Annotated[
        str | None, typer.Option("--series", help="Change this series alone, and show each of its steps.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write every step as .csv or .parquet.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with charts.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Forecast what would come if the history were another one: both forecasts, and their difference with its band.

    Example: nettide what-if models/uplinks traffic.parquet --scale users=1.5 --since 2026-03-01 --html what-if.html
    """
    from nettide.cli.insight_files import check_files, model_and_file
    from nettide.cli.what_if_words import show_what_if, what_if_json
    from nettide.cli.words import command_text, say
    from nettide.tasks.what_if import run_what_if, write_what_if
    from nettide.tasks.what_if_text import parse_changes
    from nettide.tasks.what_if_words import write_what_if_page

    folder, file = model_and_file(places)
    check_files(out=out, html=html, overwrite=overwrite)
    changes = parse_changes(
        scale=scale or (),
        shift=shift or (),
        growth=growth or (),
        remove=remove or (),
        add=add or (),
        since=since,
        until=until,
        series=() if series is None else (series,),
        zone=how.zone,
    )
    done = run_what_if(folder, file, how, changes, horizon=horizon, series=series)
    say(*done.notes)
    if out is not None:
        write_what_if(done.found, out, overwrite=overwrite)
        say(f"wrote {out}")
    if html is not None:
        title, command = Path(file).name, command_text(sys.argv)
        write_what_if_page(done, html, title=title, series=series, command=command, overwrite=overwrite)
        say(f"wrote {html}")
    if json:
        typer.echo(what_if_json(done))
    else:
        show_what_if(done, series=series)
