"""The test part of a run, read from its files: truth and the forecasts of each model, one series at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import streamlit as st

from nettide.arrays import Floats, Ints
from nettide.backtest.leaderboard import BAND
from nettide.errors import DamagedError, ForecastError
from nettide.forecast import Forecast
from nettide.report.timelines import apart
from nettide.studio.runs import Run
from nettide.studio.worker import STATUS
from nettide.studio.workspace import read_document

FORECASTS = "forecasts.parquet"
_KEPT = 60


@dataclass(frozen=True, slots=True, eq=False)
class TestedSeries:
    """What was forecast of one series over the test part.

    Args:
        truth: NaN where unknown, shape (cutoff, horizon).
        forecasts: name of a model -> its forecasts, of this series alone.
    """

    truth: Floats
    forecasts: Mapping[str, Forecast]

    @property
    def first(self) -> int:
        """Epoch second of the first step of the test part."""
        return int(next(iter(self.forecasts.values())).seconds[0, 0])


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Forecasts from cutoffs that do not overlap, one after the other on one regular grid.

    Args:
        seconds: epoch second of each step, shape (time,).
        truth: shape (time,).
        point: shape (time,).
        low: lower edge of the 80 % band; NaN for a point model, shape (time,).
        high: upper edge.
        step: steps ahead, from 1, shape (time,).
    """

    seconds: Ints
    truth: Floats
    point: Floats
    low: Floats
    high: Floats
    step: Ints

    @property
    def residuals(self) -> Floats:
        """Truth less forecast, shape (time,)."""
        return self.truth - self.point

    def since(self, second: int) -> Joined:
        """Give the steps from an epoch second on."""
        first = int(np.searchsorted(self.seconds, second))
        return Joined(
            self.seconds[first:],
            self.truth[first:],
            self.point[first:],
            self.low[first:],
            self.high[first:],
            self.step[first:],
        )


def tested_series(run: Run, id: str) -> TestedSeries:
    """Read what was forecast of a series; read once for all pages and tabs.

    Raises:
        DamagedError: the file of the run is gone or holds something else.
    """
    path = run.result / FORECASTS
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise DamagedError(f"the forecasts of {run.name} cannot be read: {error}; train it again") from None
    return _tested(str(path), stamp, id)


def joined(tested: TestedSeries, model: str) -> Joined:
    """Put the forecasts of a model one after the other."""
    forecast = tested.forecasts[model]
    kept = apart(forecast.cutoffs // forecast.step_seconds, forecast.horizon)
    low, high = edges(forecast)
    return Joined(
        forecast.seconds[kept].reshape(-1),
        tested.truth[kept].reshape(-1),
        forecast.point[0, kept].reshape(-1),
        low[0, kept].reshape(-1),
        high[0, kept].reshape(-1),
        np.tile(np.arange(1, forecast.horizon + 1, dtype=np.int64), len(kept)),
    )


def edges(forecast: Forecast) -> tuple[Floats, Floats]:
    """Give the edges of the 80 % band, each of shape (series, cutoff, horizon); NaN for a point model."""
    if len(forecast.levels) < 2:
        unknown = np.full(forecast.point.shape, np.nan)
        return unknown, unknown
    try:
        return forecast.quantile(BAND[0]), forecast.quantile(BAND[1])
    except ForecastError:
        banded = forecast.at_levels(BAND)
        return banded.quantiles[..., 0], banded.quantiles[..., 1]


def said_of(run: Run) -> tuple[str, ...]:
    """Give the sentences on which model to use, and on how far that is to be trusted."""
    status = read_document(run.folder / STATUS) or {}
    return tuple(map(str, status.get("words", ())))


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading the test part …")
def _tested(path: str, stamp: int, id: str) -> TestedSeries:
    del stamp  # part of the key: a file that was replaced is read again
    try:
        table = pq.read_table(Path(path), filters=[("unique_id", "==", id)])
        forecasts: dict[str, Forecast] = {}
        truth: Floats = np.empty((0, 0))
        for model in table.column("model").unique().to_pylist():
            own = _without_nulls(table.filter(pc.equal(table.column("model"), model)))
            forecasts[model] = made = Forecast.from_frame(own)
            truth = own.column("y").to_numpy().reshape(made.point.shape[1:])  # rows are in order of cutoff and step
    except (OSError, KeyError, pa.ArrowException, ForecastError) as error:
        raise DamagedError(f"{path} holds no forecasts: {error}; train again") from None
    if not forecasts:
        raise DamagedError(f"{path} holds no forecast of series {id!r}; train again")
    return TestedSeries(truth, forecasts)


def _without_nulls(table: pa.Table) -> pa.Table:
    """Leave out the quantiles that a point model does not have."""
    return table.select([name for name in table.column_names if table.column(name).null_count < len(table)])
