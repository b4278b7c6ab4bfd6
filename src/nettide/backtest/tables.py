"""Backtests as tables: ``forecasts.parquet``, ``leaderboard.csv`` and ``calibration.csv``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa

from nettide.backtest.coverage import Coverage
from nettide.backtest.evaluate import Backtest, Outcome
from nettide.backtest.leaderboard import Score
from nettide.errors import ForecastError
from nettide.forecast import LEVELS, quantile_name
from nettide.frames import repeated_texts, utc_times

_TIME = pa.timestamp("ns", tz="UTC")

FORECAST_SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("unique_id", pa.string()),
        ("cutoff", _TIME),
        ("ds", _TIME),
        ("step", pa.int32()),
        ("y", pa.float64()),
        ("y_hat", pa.float64()),
        *((quantile_name(level), pa.float64()) for level in LEVELS),
    ]
)
"""Columns of ``forecasts.parquet``: times in UTC, values in the target's unit, y_hat the median or only value."""

LEADERBOARD_SCHEMA = pa.schema(
    [(one.name, {"str": pa.string(), "int": pa.int64()}.get(str(one.type), pa.float64())) for one in fields(Score)]
)
"""Columns of ``leaderboard.csv``, in order."""

CALIBRATION_SCHEMA = pa.schema(
    [(one.name, {"str": pa.string(), "int": pa.int64()}.get(str(one.type), pa.float64())) for one in fields(Coverage)]
)
"""Columns of ``calibration.csv``, in order."""


def model_forecasts(backtest: Backtest, outcome: Outcome) -> pa.Table:
    """Give one model's forecasts with the columns of ``FORECAST_SCHEMA``, one row a series, cutoff and step.

    Unknown truth is NaN, and so is a forecast that the model could not give; quantiles that it does
    not have are null.
    """
    forecast = outcome.forecast
    count, cutoffs, horizon = forecast.point.shape
    rows = forecast.point.size
    columns: list[Any] = [
        repeated_texts((outcome.name,), np.zeros(rows, dtype=np.int64)),
        repeated_texts(forecast.ids, np.repeat(np.arange(count), cutoffs * horizon)),
        utc_times(np.tile(np.repeat(forecast.cutoffs, horizon), count)),
        utc_times(np.tile(forecast.seconds.reshape(-1), count)),
        np.tile(np.arange(1, horizon + 1, dtype=np.int32), count * cutoffs),
        backtest.truth.reshape(-1),
        forecast.point.reshape(-1),
    ]
    for level in LEVELS:
        try:
            columns.append(forecast.quantile(level).reshape(-1))
        except ForecastError:
            columns.append(pa.nulls(rows, pa.float64()))
    return pa.table(columns, schema=FORECAST_SCHEMA)


def forecast_tables(backtest: Backtest) -> Iterator[pa.Table]:
    """Give each model's forecasts in turn, so that a writer need not hold them all."""
    for outcome in backtest.outcomes:
        yield model_forecasts(backtest, outcome)


def forecasts_table(backtest: Backtest) -> pa.Table:
    """Give the forecasts of all models, one after the other."""
    tables = list(forecast_tables(backtest))
    return pa.concat_tables(tables) if tables else FORECAST_SCHEMA.empty_table()


def leaderboard_table(scores: Sequence[Score]) -> pa.Table:
    """Give the scores as a table with the columns of ``LEADERBOARD_SCHEMA``; a score that does not exist is null."""
    return _table_of(scores, LEADERBOARD_SCHEMA)


def calibration_table(coverages: Sequence[Coverage]) -> pa.Table:
    """Give coverage by group as a table with the columns of ``CALIBRATION_SCHEMA``; an unknown interval is null."""
    return _table_of(coverages, CALIBRATION_SCHEMA)


def _table_of(rows: Sequence[Score] | Sequence[Coverage], schema: pa.Schema) -> pa.Table:
    columns = [[_or_null(getattr(one, name)) for one in rows] for name in schema.names]
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)


def _or_null(value: str | int | float) -> str | int | float | None:
    return None if isinstance(value, float) and math.isnan(value) else value
