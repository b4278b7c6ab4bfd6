"""What ``nettide forecast`` prints: a table for people, JSON lines for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.table import Table

from nettide.cli.words import plain_table, step_texts
from nettide.forecast import Forecast, quantile_name
from nettide.tasks.forecast import ForecastResult
from nettide.units import si_text

_MOST_ROWS = 20


def forecast_table(done: ForecastResult, *, series: str | None, every_level: bool = False) -> Table:
    """Show a forecast: a line a series, or every step of one series, with the outermost quantiles or with all."""
    forecast = done.forecast
    levels, row = forecast.levels, 0
    clock, times = step_texts(forecast.seconds[0], done.panel)
    if series is not None:
        row = forecast.ids.index(series)
        unit = forecast.units[row]
        shown = [place for place in range(len(levels)) if every_level or place in (0, len(levels) - 1)]
        columns = [(levels[place], quantile_name(levels[place]), forecast.quantiles[..., place]) for place in shown]
        columns = sorted([*(one for one in columns if one[0] != 0.5), (0.5, "median", forecast.point)], key=_first)
        table = plain_table(f"time ({clock})", *(name for _, name, _ in columns), title=f"{series}, {done.model}")
        for step in range(forecast.horizon):
            values = (si_text(one[row, 0, step], unit) for _, _, one in columns)
            table.add_row(times[step], *values)
        return table
    banded = bool(levels) and levels[-1] > 0.5
    high = forecast.quantiles[..., -1] if banded else forecast.point
    count = len(forecast.ids)
    more = f"; the first {_MOST_ROWS} of {count:,} series, all with --out" if count > _MOST_ROWS else ""
    span = f"{times[0]} to {times[-1]} {clock}, {done.model}{more}"
    table = plain_table(
        "series",
        "last",
        "next",
        "mean",
        "peak",
        *([f"peak of {quantile_name(levels[-1])}"] if banded else []),
        title=span,
    )
    for row, one in enumerate(forecast.ids[:_MOST_ROWS]):
        unit, history, point = forecast.units[row], done.panel.target[row], forecast.point[row, 0]
        known = history[~np.isnan(history)]
        cells = [known[-1] if len(known) else math.nan, point[0], point.mean(), point.max()]
        table.add_row(
            one, *(si_text(float(cell), unit) for cell in [*cells, *([high[row, 0].max()] if banded else [])])
        )
    return table


def _first(column: tuple[float, str, Any]) -> float:
    return column[0]


def forecast_json(forecast: Forecast) -> Iterator[str]:
    """Give the long table as JSON lines; unknown is null, times are ISO 8601 in UTC."""
    table = forecast.to_frame("pyarrow")
    for row in table.to_pylist():
        yield json.dumps(
            {
                name: (
                    value.isoformat().replace("+00:00", "Z")
                    if name in ("cutoff", "ds")
                    else None
                    if isinstance(value, float) and math.isnan(value)
                    else value
                )
                for name, value in row.items()
            },
            ensure_ascii=False,
        )
