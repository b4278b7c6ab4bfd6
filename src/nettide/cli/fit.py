"""``nettide fit``: train a model on a file and keep it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading


@given.reads_data
def fit(
    file: given.FileArgument,
    *,
    how: Reading,
    out: Annotated[Path, typer.Option("--out", help="Folder of the model, as models/uplinks.")],
    model: Annotated[
        str | None, typer.Option("--model", help="Which model, auto if absent; 'nettide models --known' lists them.")
    ] = None,
    horizon: given.HorizonOption,
    budget: given.BudgetOption = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Tune the pretrained network (base), or go on from a folder of a tuned one.",
        ),
    ] = None,
    context: given.ContextOption = None,
    seed: given.SeedOption = 0,
    epochs: given.EpochsOption = None,
    set_: given.SetOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a kill, from the folder's checkpoint.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the model that is there.")] = False,
    log: given.LogOption = None,
) -> None:
    """Train a model and keep it in a folder. Ctrl-C ends training and keeps the best weights so far.

    Without --model this is auto: challengers are compared on the last part of the data within the budget, and
    mixed for each series.

    Example: nettide fit traffic.parquet --horizon 24 --out models/uplinks
    """
    from nettide.cli.progress import training_progress
    from nettide.cli.words import fit_text, say
    from nettide.tasks.choice import Choice, parse_options
    from nettide.tasks.fit import fit as run
    from nettide.tasks.fit import started_from

    name, start = started_from(from_, model)
    choice = Choice(horizon, context, seed, epochs, parse_options(set_ or []), budget)
    with training_progress(log=log) as screen:
        done = run(
            file,
            how,
            model=name,
            choice=choice,
            folder=out,
            monitor=screen.monitor(name),
            resume=resume,
            overwrite=overwrite,
            start=start,
        )
    say(*done.notes)
    typer.echo(fit_text(done))
