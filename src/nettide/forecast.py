"""Forecast: what a model says of each series from each cutoff, with a band."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.errors import ForecastError
from nettide.frames import (
    Backend,
    Columns,
    Frame,
    kept_document,
    make_table,
    repeated_texts,
    to_backend,
    utc_times,
)

LEVELS: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""The quantile levels of the scores and of ``forecasts.parquet``."""
_QUANTILE_COLUMN = re.compile(r"q(0\.\d+|\d+(?:\.\d+)?e-\d+)")


def quantile_name(level: float) -> str:
    """Give the column name of a quantile level: 0.1 gives ``q0.1``; no two levels share one."""
    return f"q{float(level)!r}"


def check_levels(levels: Sequence[float]) -> None:
    """Refuse levels that no forecast can have.

    Raises:
        ForecastError: there is none, one is no number or not inside (0, 1), or they do not ascend.
    """
    if not np.iterable(levels) or not all(isinstance(one, int | float | np.number) for one in levels):
        raise ForecastError(f"quantile levels {levels!r} are no list of numbers; write for example 0.05,0.5,0.95")
    if not len(levels):
        raise ForecastError("no quantile level is given; write for example 0.05,0.5,0.95")
    for level in levels:
        if not 0 < level < 1:
            raise ForecastError(f"quantile level {level:g} is outside (0, 1); write for example 0.05,0.5,0.95")
    for before, after in pairwise(levels):
        if before == after:
            raise ForecastError(f"quantile level {after:g} is given more than once")
        if before > after:
            raise ForecastError(f"quantile level {after:g} comes after {before:g}; write them in ascending order")


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
        ForecastError: shapes disagree, an id repeats, the step is not positive, levels do not ascend inside (0, 1),
            quantiles cross, or a value is negative (traffic never is) or infinite.
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
        if self.point.ndim != 3 or self.point.shape[:2] != shape:
            raise ForecastError(f"forecast has shape {self.point.shape}, expected ({shape[0]}, {shape[1]}, horizon)")
        if len(self.units) != len(self.ids):
            raise ForecastError(f"forecast has {len(self.units)} units for {len(self.ids)} series")
        if len(set(self.ids)) < len(self.ids):
            raise ForecastError(f"series {next(one for one in self.ids if self.ids.count(one) > 1)!r} repeats")
        if self.step_seconds < 1:
            raise ForecastError(f"step of {self.step_seconds} seconds must be at least one second")
        if self.quantiles.shape != (*self.point.shape, len(self.levels)):
            raise ForecastError(
                f"quantiles have shape {self.quantiles.shape}, expected {(*self.point.shape, len(self.levels))}"
            )
        if any(not 0 < level < 1 for level in self.levels) or list(self.levels) != sorted(set(self.levels)):
            raise ForecastError(f"quantile levels {self.levels} must ascend inside (0, 1)")
        if (self.quantiles[..., 1:] < self.quantiles[..., :-1]).any():
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

    def at_levels(self, levels: Sequence[float]) -> Forecast:
        """Give the same forecast with other quantile levels; the point stays.

        Between two known levels a quantile is interpolated linearly. Beyond the outermost two the tail is
        exponential, of the scale that those two have: with the levels 0.8 and 0.9 that is
        ``q(p) = q0.9 + (q0.9 - q0.8) / ln 2 * ln(0.1 / (1 - p))``, and likewise below, but never less than zero.
        No model was fitted or scored there: the farther out, the less such a quantile is worth.

        Args:
            levels: ascending, inside (0, 1).

        Raises:
            ForecastError: levels are not so, or the forecast has fewer than two to begin with.
        """
        check_levels(levels)
        if len(self.levels) < 2:
            raise ForecastError("the forecast is of a point model without quantiles: no levels can be given")
        found = np.stack([self._quantile_at(float(level)) for level in levels], axis=-1)
        # in order already, but for rounding; infinite only where the outermost quantiles nearly are
        found = np.minimum(np.maximum.accumulate(np.maximum(found, 0.0), axis=-1), np.finfo(np.float64).max)
        return replace(self, levels=tuple(float(level) for level in levels), quantiles=found)

    def _quantile_at(self, level: float) -> Floats:
        """Give the quantile of any level, between known ones or in the tails, shape (series, cutoff, horizon)."""
        known, values = self.levels, self.quantiles
        if level in known:
            return values[..., known.index(level)]
        place = bisect.bisect_left(known, level)
        with np.errstate(over="ignore"):
            if place == 0:
                decays = (math.log(known[0]) - math.log(level)) / math.log(known[1] / known[0])
                return np.asarray(values[..., 0] - decays * (values[..., 1] - values[..., 0]))
            if place == len(known):
                decays = (math.log(1 - known[-1]) - math.log1p(-level)) / math.log((1 - known[-2]) / (1 - known[-1]))
                return np.asarray(values[..., -1] + decays * (values[..., -1] - values[..., -2]))
        share = (level - known[place - 1]) / (known[place] - known[place - 1])
        return np.asarray((1 - share) * values[..., place - 1] + share * values[..., place])

    def first_steps(self, horizon: int) -> Forecast:
        """Give the same forecast for fewer steps ahead.

        Raises:
            ForecastError: it has not so many steps, or none is left.
        """
        if not 1 <= horizon <= self.point.shape[2]:
            raise ForecastError(f"horizon {horizon} is outside the forecast's 1 ... {self.point.shape[2]} steps")
        return replace(self, point=self.point[:, :, :horizon], quantiles=self.quantiles[:, :, :horizon])

    def to_frame(self, backend: Backend = "pandas") -> Frame:
        """Give the long table ``unique_id, cutoff, ds, step, y_hat, q0.1 ...``, one row a target step, times in UTC.

        A pyarrow table keeps units and step in its schema.

        Raises:
            MissingExtraError: the library is not installed.
            PanelError: a time is beyond the years 1678 to 2261.
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
        return to_backend(make_table(columns, document), backend)

    @staticmethod
    def from_frame(frame: Frame, *, units: Sequence[str] | None = None) -> Forecast:
        """Make a forecast from the table that ``to_frame`` gives, of any library; its cutoffs ascend.

        Args:
            frame: a whole table: every series, cutoff and step once, in any order.
            units: unit of each series in order of appearance; when absent, those kept in a pyarrow table.

        Raises:
            PanelError: a column is absent or of another type.
            ForecastError: rows are missing or repeated, or times and steps contradict each other.
        """
        columns = Columns(frame, what="forecast frame")
        ids, codes = columns.codes("unique_id")
        cutoff, seconds, numbers = columns.seconds("cutoff"), columns.seconds("ds"), columns.floats("step")
        if not len(numbers):
            raise ForecastError("forecast frame: no rows")
        if not (numbers == np.clip(np.round(numbers), 1, len(numbers))).all():
            raise ForecastError("forecast frame: steps are not 1, 2, ... up to the horizon")
        steps = numbers.astype(np.int64)
        cutoffs, position = np.unique(cutoff, return_inverse=True)
        shape = (len(ids), len(cutoffs), int(steps.max()))
        flat = (codes * shape[1] + position) * shape[2] + steps - 1
        if len(flat) != math.prod(shape) or len(np.unique(flat)) != len(flat):
            raise ForecastError(
                f"forecast frame: {len(flat)} rows, expected each of {shape} (series, cutoff, step) once"
            )
        kept = kept_document(frame, what="forecast frame")
        stored = kept.get("step_seconds")
        step_seconds = stored if isinstance(stored, int) else int((seconds[0] - cutoff[0]) // steps[0])
        if (wrong := seconds - cutoff != steps * step_seconds).any():
            row = wrong.argmax()
            raise ForecastError(
                f"forecast frame: ds {seconds[row].astype('datetime64[s]')}Z is not step {steps[row]} of "
                f"{step_seconds} s after its cutoff {cutoff[row].astype('datetime64[s]')}Z"
            )

        def cube(name: str) -> Floats:
            values = np.empty(len(flat))
            values[flat] = columns.floats(name)
            return values.reshape(shape)

        names = sorted((name for name in columns.names if _QUANTILE_COLUMN.fullmatch(name)), key=_level)
        quantiles = np.stack([cube(name) for name in names], axis=-1) if names else np.empty((*shape, 0))
        given = tuple(units) if units is not None else _kept_units(ids, kept)
        levels = tuple(_level(name) for name in names)
        return Forecast(ids, given, cutoffs, step_seconds, cube("y_hat"), levels, quantiles)


def _level(name: str) -> float:
    return float(name[1:])


def _kept_units(ids: Sequence[str], kept: Mapping[str, Any]) -> tuple[str, ...]:
    units = kept.get("units")
    return tuple(str(units.get(one, "")) for one in ids) if isinstance(units, dict) else ("",) * len(ids)
