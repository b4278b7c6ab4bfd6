"""Forecast: what a model says of each series from each cutoff, with a band."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.errors import ForecastError
from nettide.frames import Backend, Columns, Frame, make_table, repeated_texts, to_backend, utc_times
from nettide.panel import smallest_gap

LEVELS: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""The quantile levels of the scores and of ``forecasts.parquet``."""
_METADATA_KEY = "nettide"


def quantile_name(level: float) -> str:
    """Give the column name of a quantile level: 0.1 gives ``q0.1``."""
    return f"q{level:g}"


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Forecasts of every series from every cutoff, one type for all models.

    NaN where a model could say nothing (no known value before the cutoff).

    Args:
        ids: ids of the series.
        units: unit of each series' target.
        cutoffs: epoch second of the last step that was seen, shape (cutoff,).
        step_seconds: length of a step; step k lies k steps after its cutoff, k = 1 ... horizon.
        point: the median, or the only value of a point model, shape (series, cutoff, horizon).
        levels: quantile levels, ascending, inside (0, 1); empty for a point model.
        quantiles: shape (series, cutoff, horizon, level).

    Raises:
        ForecastError: shapes disagree, levels do not ascend inside (0, 1), quantiles cross, or a value is
            negative (traffic never is) or infinite.
    """

    ids: tuple[str, ...]
    units: tuple[str, ...]
    cutoffs: Ints
    step_seconds: int
    point: Floats
    levels: tuple[float, ...]
    quantiles: Floats

    def __post_init__(self) -> None:
        shape = (len(self.ids), len(self.cutoffs))
        if self.point.ndim != 3 or self.point.shape[:2] != shape or len(self.units) != len(self.ids):
            raise ForecastError(f"forecast has shape {self.point.shape}, expected {(*shape, 'horizon')}")
        if self.quantiles.shape != (*self.point.shape, len(self.levels)):
            raise ForecastError(
                f"quantiles have shape {self.quantiles.shape}, expected {(*self.point.shape, len(self.levels))}"
            )
        if any(not 0 < level < 1 for level in self.levels) or list(self.levels) != sorted(set(self.levels)):
            raise ForecastError(f"quantile levels {self.levels} must ascend inside (0, 1)")
        if len(self.levels) > 1 and (np.diff(self.quantiles, axis=-1) < 0).any():
            raise ForecastError("quantiles cross")
        for values in (self.point, self.quantiles):
            if np.isinf(values).any():
                raise ForecastError("a forecast is infinite")
            if (values < 0).any():
                raise ForecastError(f"a forecast is negative: {np.nanmin(values)}")

    @property
    def horizon(self) -> int:
        """Number of steps ahead."""
        return int(self.point.shape[2])

    @property
    def seconds(self) -> Ints:
        """Epoch second of each target step, shape (cutoff, horizon)."""
        return self.cutoffs[:, None] + self.step_seconds * np.arange(1, self.horizon + 1, dtype=np.int64)

    def quantile(self, level: float) -> Floats:
        """Give the forecasts of one level, shape (series, cutoff, horizon).

        Raises:
            ForecastError: the forecast has no such level.
        """
        for position, known in enumerate(self.levels):
            if abs(known - level) < 1e-9:
                return self.quantiles[..., position]
        raise ForecastError(
            f"no quantile level {level}; known: {', '.join(f'{one:g}' for one in self.levels) or 'none'}"
        )

    def first_steps(self, horizon: int) -> Forecast:
        """Give the same forecast for fewer steps ahead."""
        return replace(self, point=self.point[:, :, :horizon], quantiles=self.quantiles[:, :, :horizon])

    def to_frame(self, backend: Backend = "pandas") -> Frame:
        """Give the long table ``unique_id, cutoff, ds, step, y_hat, q0.1 ...``, one row a target step, times in UTC.

        A pyarrow table keeps units and step in its schema.

        Raises:
            MissingExtraError: the library is not installed.
        """
        count, cutoffs, horizon = self.point.shape
        columns: dict[str, Any] = {
            "unique_id": repeated_texts(self.ids, np.repeat(np.arange(count), cutoffs * horizon)),
            "cutoff": utc_times(np.tile(np.repeat(self.cutoffs, horizon), count)),
            "ds": utc_times(np.tile(self.seconds.reshape(-1), count)),
            "step": np.tile(np.arange(1, horizon + 1, dtype=np.int32), count * cutoffs),
            "y_hat": self.point.reshape(-1),
        }
        for position, level in enumerate(self.levels):
            columns[quantile_name(level)] = self.quantiles[..., position].reshape(-1)
        document = {"step_seconds": self.step_seconds, "units": dict(zip(self.ids, self.units, strict=True))}
        return to_backend(make_table(columns, {_METADATA_KEY: json.dumps(document)}), backend)

    @staticmethod
    def from_frame(frame: Frame, *, units: Sequence[str] | None = None) -> Forecast:
        """Make a forecast from the table that ``to_frame`` gives, of any library.

        Args:
            frame: a whole table: every series, cutoff and step once.
            units: unit of each series in order of appearance; when absent, those kept in a pyarrow table.

        Raises:
            PanelError: a column is absent or of another type.
            ForecastError: rows are missing or repeated.
        """
        columns = Columns(frame, what="forecast frame")
        ids, codes = columns.codes("unique_id")
        cutoff, seconds = columns.seconds("cutoff"), columns.seconds("ds")
        steps = columns.floats("step").astype(np.int64)
        metadata = getattr(getattr(frame, "schema", None), "metadata", None)
        kept = json.loads(metadata[_METADATA_KEY.encode()]) if metadata and _METADATA_KEY.encode() in metadata else {}
        if not len(steps):
            raise ForecastError("forecast frame: no rows")
        cutoffs, position = np.unique(cutoff, return_inverse=True)
        horizon = int(steps.max())
        shape = (len(ids), len(cutoffs), horizon)
        flat = (codes * len(cutoffs) + position) * horizon + steps - 1
        if len(flat) != np.prod(shape) or len(np.unique(flat)) != len(flat):
            raise ForecastError(
                f"forecast frame: {len(flat)} rows, expected each of {shape} (series, cutoff, step) once"
            )
        step_seconds = (
            kept.get("step_seconds") or round(float((seconds - cutoff)[0]) / steps[0]) or smallest_gap(seconds)
        )
        names = [name for name in columns.names if name.startswith("q0.")]

        def cube(name: str) -> Floats:
            values = np.empty(len(flat))
            values[flat] = columns.floats(name)
            return values.reshape(shape)

        quantiles = np.stack([cube(name) for name in names], axis=-1) if names else np.empty((*shape, 0))
        known = kept.get("units", {})
        given = tuple(units) if units is not None else tuple(known.get(one, "") for one in ids)
        levels = tuple(float(name[1:]) for name in names)
        return Forecast(ids, given, cutoffs.astype(np.int64), step_seconds, cube("y_hat"), levels, quantiles)
