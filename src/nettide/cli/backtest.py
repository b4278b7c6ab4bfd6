"""``nettide backtest``: compare models on the last part of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading


@given.reads_data
def backtest(
    file: given.FileArgument,
    *,
    how: Reading,
    horizon: given.HorizonOption,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="A model; repeat for more; auto, seasonal-naive and naive if absent."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for forecasts, scores and the report.")],
    budget: given.BudgetOption = None,
    context: given.ContextOption = None,
    test_start: Annotated[
        str | None,
        typer.Option("--test-start", help="The test part begins at the first step from this time, in --zone."),
    ] = None,
    test_size: Annotated[int | None, typer.Option("--test-size", help="The test part has this many steps.")] = None,
    test_fraction: Annotated[
        float | None,
        typer.Option("--test-fraction", help="The test part is this share of the steps; 0.2 if none is given."),
    ] = None,
    stride: Annotated[
        int | None, typer.Option("--stride", help="Steps between cutoffs; the horizon if absent.")
    ] = None,
    seed: given.SeedOption = 0,
    epochs: given.EpochsOption = None,
    set_: given.SetOption = None,
    log: given.LogOption = None,
) -> None:
    """Fit models before the test part, forecast all of it from rolling cutoffs, and compare them.

    Ctrl-C ends the training that runs, which keeps its best weights, and goes on with the next model.

    Example: nettide backtest traffic.parquet --horizon 24 --model auto --model seasonal-naive --out result
    """
    from nettide.cli.progress import training_progress
    from nettide.cli.words import command_text, leaderboard, say, show
    from nettide.report.trust import doubt
    from nettide.report.words import headline, remarks, unit_of
    from nettide.tasks.backtest import TestPart, run_backtest
    from nettide.tasks.choice import COMPARED, Choice, parse_options
    from nettide.tasks.times import parse_time

    start = None if test_start is None else parse_time(test_start, zone=how.zone)
    with training_progress(log=log) as screen:
        done = run_backtest(
            file,
            how,
            models=model or COMPARED,
            choice=Choice(horizon, context, seed, epochs, parse_options(set_ or []), budget),
            test=TestPart(start, test_size, test_fraction, stride),
            out=out,
            command=command_text(sys.argv),
            monitor=screen.monitor,
            finished=screen.finished,
        )
    say(*done.sentences, *(f"{name} failed: {why}" for name, why in done.backtest.failures.items()))
    show(leaderboard(done.scores, done.comparisons, unit=unit_of(done.backtest)))
    doubted = doubt(done.comparisons, done.best)
    typer.echo(" ".join([headline(done.backtest, done.scores), *remarks(done.backtest, done.scores), doubted]).rstrip())
    typer.echo(f"report: {done.report}")
