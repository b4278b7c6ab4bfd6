"""The leaderboard as cells of text, the best of each column marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nettide.backtest.evaluate import Backtest
from nettide.backtest.leaderboard import Score, score_yardstick
from nettide.backtest.yardstick import yardstick_name
from nettide.report.words import is_yardstick, unit_of
from nettide.units import si_text


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Args:
        name: its heading.
        about: what it means, in a sentence.
        value: takes it from a score.
        text: writes it, given the unit of the target.
        badness: distance from the ideal; None where no value is better than another.
    """

    name: str
    about: str
    value: Callable[[Score], float]
    text: Callable[[float, str], str]
    badness: Callable[[float], float] | None = abs


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as text, and whether it is the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A model and its cells.

    Args:
        model: its name.
        place: its place among the models, which gives its colour; None for the yardstick that is no contender.
        tag: ``yardstick``, ``no training`` or nothing.
        cells: one a column.
    """

    model: str
    place: int | None
    tag: str
    cells: tuple[Cell, ...]


def _ratio(value: float, _: str) -> str:
    return f"{value:.3f}"


def _share(value: float, _: str) -> str:
    return f"{100 * value:.1f} %" if value < 10 else f"{100 * value:,.0f} %"


def _quantity(value: float, unit: str) -> str:
    return si_text(value, unit)


def _seconds(value: float, _: str) -> str:
    if value < 1:
        return f"{1000 * value:.0f} ms"
    return f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def _count(value: float, _: str) -> str:
    return f"{value:,.0f}"


COLUMNS: tuple[Column, ...] = (
    Column(
        "relMAE",
        "Mean absolute error over that of the naive forecast, geometric mean over series: below 1 is better than it.",
        lambda one: one.rel_mae,
        _ratio,
    ),
    Column(
        "relWQL",
        "The same for the quantile loss over 0.1 to 0.9, which judges the whole band.",
        lambda one: one.rel_wql,
        _ratio,
    ),
    Column(
        "80 % band",
        "Share of values inside the 80 % band; the nearer to 80 %, the better.",
        lambda one: one.coverage_80,
        _share,
        lambda value: abs(value - 0.8),
    ),
    Column("MAE", "Mean absolute error.", lambda one: one.mae, _quantity),
    Column("RMSE", "Root mean squared error: large errors weigh more.", lambda one: one.rmse, _quantity),
    Column("WAPE", "Sum of the absolute errors over the sum of the traffic.", lambda one: one.wape, _share),
    Column("MAPE", "Mean percentage error where there is traffic.", lambda one: one.mape, _share),
    Column("sMAPE", "Symmetric percentage error, between 0 and 100 %.", lambda one: one.smape, _share),
    Column("MASE", "Error in units of the usual change over a season.", lambda one: one.mase, _ratio),
    Column(
        "RMSE/range", "RMSE in units of the range of the data.", lambda one: one.rmse_minmax, lambda v, _: f"{v:.4f}"
    ),
    Column("Points", "Forecast values that were compared.", lambda one: one.points, _count, None),
    Column("Fit", "Time to fit.", lambda one: one.fit_seconds, _seconds, None),
    Column("Predict", "Time for all forecasts.", lambda one: one.predict_seconds, _seconds, None),
    Column("Size", "Trained numbers in the model.", lambda one: one.parameters, _count, None),
)


def leaderboard_rows(backtest: Backtest, scores: Sequence[Score]) -> tuple[Row, ...]:
    """Give the rows of the table, the yardstick among them where its relMAE of 1 belongs.

    A contender that forecasts just what the yardstick does stands for it.
    """
    unit = unit_of(backtest)
    rows: list[tuple[Score, Row]] = []
    trained = {one.name: one.parameters > 0 or bool(one.training.epochs) for one in backtest.outcomes}
    for place, one in enumerate(scores):
        tag = "yardstick" if is_yardstick(backtest, one.model) else "" if trained[one.model] else "no training"
        rows.append((one, Row(one.model, place, tag, ())))
    if rows and not any(row.tag == "yardstick" for _, row in rows):
        name = yardstick_name(backtest.panel, backtest.season).removesuffix(" forecast")
        own = score_yardstick(backtest, name=name)
        at = sum(one.rel_mae <= own.rel_mae for one, _ in rows)
        rows.insert(at, (own, Row(own.model, None, "yardstick", ())))
    shown = [one for one, _ in rows]
    cells = [_column_cells(column, shown, unit) for column in COLUMNS]
    return tuple(replace(row, cells=tuple(column[number] for column in cells)) for number, (_, row) in enumerate(rows))


def _column_cells(column: Column, scores: Sequence[Score], unit: str) -> list[Cell]:
    values = [column.value(one) for one in scores]
    badness = [math.nan if column.badness is None else column.badness(value) for value in values]
    known = [one for one in badness if not math.isnan(one)]
    best = min(known) if len(known) > 1 else math.nan
    return [
        Cell("–" if math.isnan(value) else column.text(value, unit), bad == best)
        for value, bad in zip(values, badness, strict=True)
    ]
