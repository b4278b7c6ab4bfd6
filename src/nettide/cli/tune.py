"""``nettide tune``: search the options of a model."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading


@given.reads_data
def tune(
    file: given.FileArgument,
    *,
    how: Reading,
    out: Annotated[Path, typer.Option("--out", help="Folder for best.json, tune.html and study.sqlite.")],
    model: Annotated[str, typer.Option("--model", help="Whose options to search, as lstm, gru or lightgbm.")] = "lstm",
    horizon: given.HorizonOption,
    trials: Annotated[int, typer.Option("--trials", help="Sets of options to try, earlier runs included.")] = 50,
    budget: Annotated[
        str | None, typer.Option("--budget", help="Time for trials, earlier runs included, as 10m; no end if absent.")
    ] = None,
    study: Annotated[
        Path | None, typer.Option("--study", help="SQLite file of the trials; study.sqlite in --out if absent.")
    ] = None,
    test_fraction: Annotated[
        float, typer.Option("--test-fraction", help="Last share of the steps that is not looked at.")
    ] = 0.2,
    validation_fraction: Annotated[
        float, typer.Option("--validation-fraction", help="Share of the steps before it that scores the trials.")
    ] = 0.2,
    repeats: Annotated[
        int, typer.Option("--repeats", help="Further seeds for the best and the defaults at the end.")
    ] = 2,
    context: given.ContextOption = None,
    seed: given.SeedOption = 0,
    epochs: given.EpochsOption = None,
    set_: given.SetOption = None,
) -> None:
    """Search the options of a model on a validation part; the last part of the file is not looked at.

    What --set, --context and --epochs give is not tried. The same command goes on after a kill or Ctrl-C,
    which ends the search and reports the best so far.

    Example: nettide tune traffic.parquet --horizon 24 --model lstm --budget 10m --out tuned
    """
    from nettide.cli.tune_words import fit_command, trial_table, tuning_progress
    from nettide.cli.words import command_text, say, show
    from nettide.tasks.choice import Choice, parse_options
    from nettide.tasks.tune_file import run_tune
    from nettide.tasks.tune_plan import SearchPlan
    from nettide.tasks.tune_words import headline, remarks
    from nettide.units import parse_duration

    seconds = None if budget is None else parse_duration(budget)
    with tuning_progress(model) as screen:
        done = run_tune(
            file,
            how,
            model=model,
            choice=Choice(horizon, context, seed, epochs, parse_options(set_ or [])),
            plan=SearchPlan(trials, seconds, test_fraction, validation_fraction, repeats),
            out=out,
            study=study,
            fit_command=partial(fit_command, sys.argv, model=model),
            command=command_text(sys.argv),
            watcher=screen,
        )
    say(*done.notes)
    show(trial_table(done.result))
    typer.echo(" ".join([headline(done.result), *remarks(done.result)]))
    typer.echo(f"report: {done.page}")
    typer.echo(f"fit it on all of the data: {done.command}")
