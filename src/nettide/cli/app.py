"""The Typer application: the table of verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from nettide import __version__
from nettide.cli.anomalies import anomalies
from nettide.cli.backtest import backtest
from nettide.cli.billing import billing
from nettide.cli.capacity import capacity
from nettide.cli.check import check
from nettide.cli.explain_choice import explain_choice
from nettide.cli.fit import fit
from nettide.cli.forecast import forecast
from nettide.cli.importance import importance
from nettide.cli.keys import keys
from nettide.cli.models import models
from nettide.cli.serve import serve
from nettide.cli.studio import studio
from nettide.cli.synth import synth
from nettide.cli.tune import tune
from nettide.cli.what_if import what_if

app = typer.Typer(
    name="nettide",
    help="Forecast network traffic, with bands that hold and the naive forecast beside every number.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    check,
    backtest,
    fit,
    forecast,
    explain_choice,
    models,
    synth,
    tune,
    studio,
    serve,
    capacity,
    billing,
    anomalies,
    importance,
    what_if,
    keys,
):
    app.command()(verb)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"nettide {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Forecast network traffic, with bands that hold and the naive forecast beside every number."""
