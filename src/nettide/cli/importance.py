"""``nettide importance``: say what a model depends on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading


@given.reads_data
def importance(
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
    horizon: Annotated[
        int | None, typer.Option("--horizon", help="Steps ahead that are scored; all of the model's if absent.")
    ] = None,
    test_start: Annotated[
        str | None,
        typer.Option("--test-start", help="The held-out part begins at the first step from this time, in --zone."),
    ] = None,
    test_size: Annotated[int | None, typer.Option("--test-size", help="The held-out part has this many steps.")] = None,
    test_fraction: Annotated[
        float | None,
        typer.Option(
            "--test-fraction",
            help="The held-out part is this share of the steps; what comes after the training, else 0.2, if absent.",
        ),
    ] = None,
    windows: Annotated[int, typer.Option("--windows", help="Most held-out windows of each series.")] = 60,
    repeats: Annotated[int, typer.Option("--repeats", help="Exchanges of each input; their spread is shown.")] = 5,
    parts: Annotated[
        bool, typer.Option("--parts", help="Exchange parts of the target's past one by one too; takes longer.")
    ] = False,
    most_series: Annotated[
        int, typer.Option("--most-series", help="Of more series than this, so many are taken, evenly chosen by id.")
    ] = 50,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same exchanges.")] = 0,
    series: Annotated[str | None, typer.Option("--series", help="Look at this series alone.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the table as .csv or .parquet.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with a chart.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Say which inputs a model depends on: how much worse it forecasts when one of them comes from another time.

    Example: nettide importance models/uplinks traffic.parquet --html importance.html
    """
    from nettide.cli.importance_words import exchange_progress, importance_json, show_importance
    from nettide.cli.insight_files import check_files, model_and_file
    from nettide.cli.words import command_text, say
    from nettide.tasks.backtest import TestPart
    from nettide.tasks.importance import ImportancePlan, write_importance
    from nettide.tasks.importance import importance as run
    from nettide.tasks.importance_words import write_importance_page
    from nettide.tasks.times import parse_time

    folder, file = model_and_file(places)
    check_files(out=out, html=html, overwrite=overwrite)
    test = TestPart(None if test_start is None else parse_time(test_start, zone=how.zone), test_size, test_fraction)
    plan = ImportancePlan(test, windows, repeats, parts, seed, most_series)
    with exchange_progress() as told:
        done = run(folder, file, how, plan=plan, horizon=horizon, series=series, told=told)
    say(*done.notes)
    if out is not None:
        write_importance(done, out, overwrite=overwrite)
        say(f"wrote {out}")
    if html is not None:
        title, command = Path(file).name, command_text(sys.argv)
        write_importance_page(done, html, title=title, command=command, overwrite=overwrite)
        say(f"wrote {html}")
    if json:
        typer.echo(importance_json(done))
    else:
        show_importance(done)
