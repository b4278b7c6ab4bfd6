"""``nettide forecast``: forecast a file with a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading


@given.reads_data
def forecast(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a model, as models/uplinks.")],
    file: given.FileArgument,
    *,
    how: Reading,
    horizon: Annotated[int | None, typer.Option("--horizon", help="Steps ahead; all the model can, if absent.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the long table as .csv or .parquet.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file that is there.")] = False,
    series: Annotated[str | None, typer.Option("--series", help="Show every step of this series.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the long table as JSON lines.")] = False,
) -> None:
    """Forecast each series from the end of a file, with quantiles.

    Example: nettide forecast models/uplinks traffic.parquet --out tomorrow.csv
    """
    from nettide.cli.words import forecast_json, forecast_table, say, show
    from nettide.tasks.forecast import check_file, write_forecast
    from nettide.tasks.forecast import forecast as run

    if out is not None:
        check_file(out, overwrite=overwrite)
    done = run(model, file, how, horizon=horizon, series=series)
    if out is not None:
        write_forecast(done.forecast, out, overwrite=overwrite)
    say(*done.notes, *([] if out is None else [f"wrote {out}"]))
    if json:
        for line in forecast_json(done.forecast):
            typer.echo(line)
    elif out is None or series is not None:
        show(forecast_table(done, series=series))
