"""Backtest models on a file and write forecasts, leaderboard and report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow.csv
import pyarrow.parquet

from nettide import __version__
from nettide.backtest.coverage import Coverage, coverages
from nettide.backtest.evaluate import Backtest, Contender, Outcome, backtest
from nettide.backtest.leaderboard import Score, score
from nettide.backtest.origin import first_test_step
from nettide.backtest.skill import Comparison, compare_with_naive
from nettide.backtest.tables import calibration_table, forecast_tables, leaderboard_table
from nettide.errors import HistoryError, NettideError, OptionError
from nettide.models.contract import Model, Monitor, last_cutoff
from nettide.panel import Panel
from nettide.prepare.quality import examine
from nettide.prepare.rows import Rows
from nettide.report.content import Choice as ChosenContent
from nettide.report.content import Future, ReportContent
from nettide.report.page import render
from nettide.store.files import one_sentence, temporary_name, write_atomic
from nettide.store.record import library_versions
from nettide.tasks.choice import DEFAULT_MODEL, Choice, make_chosen
from nettide.tasks.forecaster import check_traffic
from nettide.tasks.load import Reading, load_rows, panel_of
from nettide.tasks.model_remarks import fallback_remarks, training_remarks, unheeded_occasions
from nettide.tasks.remarks import remarks_on

DEFAULT_TEST_FRACTION = 0.2
_WORST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TestPart:
    """Where the test part begins, in one of three ways; none of them means the last fifth.

    Args:
        start: it begins at the first step at or after this time, UTC.
        size: it is this many steps long.
        fraction: it is this share of the steps.
        stride: steps from one cutoff to the next; None takes the horizon.
    """

    start: np.datetime64 | None = None
    size: int | None = None
    fraction: float | None = None
    stride: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BacktestResult:
    """A backtest that was written.

    Args:
        backtest: forecasts, truth and yardstick.
        scores: the leaderboard, best first.
        comparisons: each model against the naive forecasts, with intervals.
        sentences: on the quality of the data, what was done to read it, and what models could not do.
        best: the best model, which also made the forecast beyond the data.
        report: path of the report.
        models: the fitted models by name; those that failed are not fitted.
    """

    backtest: Backtest
    scores: tuple[Score, ...]
    comparisons: tuple[Comparison, ...]
    sentences: tuple[str, ...]
    best: str
    report: Path
    models: Mapping[str, Model]


def run_backtest(
    location: str,
    reading: Reading,
    *,
    models: Sequence[str],
    choice: Choice,
    test: TestPart,
    out: Path,
    command: str = "",
    monitor: Callable[[str], Monitor] | None = None,
    finished: Callable[[str, Outcome | str], None] | None = None,
) -> BacktestResult:
    """Fit models before the test part, let them forecast all of it, and write what came out.

    ``out`` then holds ``forecasts.parquet``, ``leaderboard.csv``, ``calibration.csv`` and ``report.html``.

    Args:
        location: file or folder with the data.
        reading: how it becomes a panel.
        models: names of the table of models.
        choice: horizon and options for all of them.
        test: where the test part begins.
        out: folder for the results; created if need be, results in it are replaced.
        command: how to repeat the run, for the report.
        monitor: gives whoever watches the training of the named model.
        finished: is told of each model when it is done: its name, and what it did or why it failed.

    Raises:
        NettideError: any of the tree; what only one model cannot do is kept in ``backtest.failures``.
    """
    if again := [name for name in models if list(models).count(name) > 1]:
        raise OptionError(f"--model {again[0]} is given more than once")
    made = make_chosen(choice, models)
    rows = load_rows(location, reading)
    panel, notes = panel_of(rows, reading)
    check_traffic(panel)
    said = (
        *_verdict_sentences(rows, reading),
        *notes,
        *remarks_on(panel),
        *unheeded_occasions(models, reading.occasions),
    )
    if test.start is None and test.size is None and test.fraction is None:
        test = TestPart(fraction=DEFAULT_TEST_FRACTION, stride=test.stride)
    first = first_test_step(panel, test_start=test.start, test_size=test.size, test_fraction=test.fraction)
    check_out_folder(out)
    contenders = [Contender(name, partial(made.__getitem__, name)) for name in models]
    result = backtest(
        panel,
        contenders,
        test_start=first,
        horizon=choice.horizon,
        stride=choice.horizon if test.stride is None else test.stride,
        monitor=monitor,
        finished=finished,
    )
    for one in result.outcomes:  # before the best forecasts once more
        said = (*said, *training_remarks(one.name, one.training), *fallback_remarks(one.name, made[one.name]))
    if not result.outcomes:
        raise HistoryError("; ".join(f"{name}: {why}" for name, why in result.failures.items()))
    scores = score(result)
    best = scores[0].model
    covered, compared = coverages(result), compare_with_naive(result)
    content = ReportContent(
        title=Path(location).name,
        backtest=result,
        scores=scores,
        coverages=covered,
        comparisons=compared,
        verdict=said,
        command=command,
        versions={"nettide": __version__, **library_versions()},
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        future=_future(best, made[best], panel),
        choice=_choice(made, result),
    )
    page = render(content).encode()
    report = out / "report.html"
    _write(out, result, scores, covered)
    write_atomic(report, page, overwrite=True)
    return BacktestResult(result, scores, compared, said, best, report, made)


def _verdict_sentences(rows: Rows, reading: Reading) -> tuple[str, ...]:
    """Say in a few sentences what ``nettide check`` says of the data."""
    verdict = examine(
        rows,
        step_seconds=reading.grid.step_seconds,
        missing=reading.grid.absent_as,
        capacity=reading.capacity,
        unit=reading.unit,
        zone=reading.zone,
    )
    counts = ", ".join(f"{count:,} {judgement}" for judgement, count in verdict.counts().items() if count)
    doubtful = [one for one in verdict.worst_first() if one.judgement != "fit to forecast"]
    worst = tuple(
        f"{one.id} ({one.judgement}): " + "; ".join(found.text for found in one.findings if found.severity != "note")
        for one in doubtful[:_WORST_SHOWN]
    )
    more = len(doubtful) - len(worst)
    rest = (f"{more:,} more series to look at with: nettide check",) if more > 0 else ()
    return (f"verdict on {len(verdict.series):,} series: {counts}", *worst, *rest)


def check_out_folder(out: Path) -> None:
    """Create a folder for results and make sure that it can be written, before time is spent on them.

    Raises:
        StoreError: it cannot.
    """
    with one_sentence(f"cannot write in {out}"):
        out.mkdir(parents=True, exist_ok=True)
        probe = out / temporary_name("probe")
        probe.touch()
        probe.unlink()


def _future(name: str, model: Model, panel: Panel) -> Future | None:
    """Forecast beyond the data; None where even that model cannot."""
    try:
        return Future(name, model.predict(panel, last_cutoff(panel)), panel)
    except NettideError:
        return None


def _choice(made: Mapping[str, Model], result: Backtest) -> ChosenContent | None:
    """Explain how ``auto`` chose; None where it took no part, or failed."""
    if not any(one.name == DEFAULT_MODEL for one in result.outcomes):
        return None
    from nettide.tasks.explain import explained
    from nettide.tasks.explain_words import choice_section

    return choice_section(explained(made[DEFAULT_MODEL], step_seconds=result.panel.step_seconds))


def _write(out: Path, result: Backtest, scores: Sequence[Score], covered: Sequence[Coverage]) -> None:
    def forecasts(file: BinaryIO) -> None:
        tables = forecast_tables(result)
        first = next(tables)
        with pyarrow.parquet.ParquetWriter(file, first.schema, compression="zstd") as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)

    write_atomic(out / "forecasts.parquet", forecasts, overwrite=True)
    files = {"leaderboard.csv": leaderboard_table(scores), "calibration.csv": calibration_table(covered)}
    for name, table in files.items():
        write_atomic(out / name, partial(pyarrow.csv.write_csv, table), overwrite=True)
