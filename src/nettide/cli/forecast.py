"""``nettide forecast``: forecast a file with a saved model, or at once with the pretrained one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading


@given.reads_data
def forecast(
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
        int | None,
        typer.Option("--horizon", help="Steps ahead; all that a MODEL can if absent, without one a day or an hour."),
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option("--levels", help="Quantile levels inside (0, 1), as 0.05,0.5,0.95; 0.1 to 0.9 if absent."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the long table as .csv or .parquet.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file that is there.")] = False,
    series: Annotated[str | None, typer.Option("--series", help="Show every step of this series.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the long table as JSON lines.")] = False,
) -> None:
    """Forecast each series from the end of a file, with quantiles.

    With a FILE alone the pretrained network forecasts it, without any training.

    Example: nettide forecast models/uplinks traffic.parquet --out tomorrow.csv
    """
    from nettide.cli.forecast_words import forecast_json, forecast_table
    from nettide.cli.words import say, show
    from nettide.tasks.forecast import check_file, parse_levels, write_forecast
    from nettide.tasks.forecast import forecast as run

    if len(places) > 2:
        raise typer.BadParameter(f"takes a MODEL and a FILE, got {len(places)} places", param_hint="'[MODEL] FILE'")
    *model, file = places
    wanted = None if levels is None else parse_levels(levels)
    if out is not None:
        check_file(out, overwrite=overwrite)
    folder = Path(model[0]) if model else None
    done = run(folder, file, how, horizon=horizon, series=series, levels=wanted)
    if out is not None:
        write_forecast(done.forecast, out, overwrite=overwrite)
    say(*done.notes, *([] if out is None else [f"wrote {out}"]))
    if json:
        for line in forecast_json(done.forecast):
            typer.echo(line)
    elif out is None or series is not None:
        show(forecast_table(done, series=series, every_level=wanted is not None))
