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
    model: Annotated[str, typer.Option("--model", help="Which model; 'nettide models --known' lists them.")] = "lstm",
    horizon: given.HorizonOption,
    context: given.ContextOption = None,
    seed: given.SeedOption = 0,
    epochs: given.EpochsOption = None,
    set_: given.SetOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a kill, from the folder's checkpoint.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the model that is there.")] = False,
    log: given.LogOption = None,
) -> None:
    """Train a model and keep it in a folder. Ctrl-C ends training and keeps the best weights so far.

    Example: nettide fit traffic.parquet --horizon 24 --model lstm --out models/uplinks
    """
    from nettide.cli.progress import training_progress
    from nettide.cli.words import fit_text, say
    from nettide.tasks.choice import Choice, parse_options
    from nettide.tasks.fit import fit as run

    choice = Choice(horizon, context, seed, epochs, parse_options(set_ or []))
    with training_progress(log=log) as screen:
        done = run(
            file,
            how,
            model=model,
            choice=choice,
            folder=out,
            monitor=screen.monitor(model),
            resume=resume,
            overwrite=overwrite,
        )
    say(*done.notes)
    typer.echo(fit_text(done, model=model))
