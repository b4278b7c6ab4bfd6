"""Baselines without a model: the rolling z-score, and the median of the same time of day.

They are judged by the same watch as a model: their limits come from the same rule without labels, and what they
expected before something odd stands as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nettide.arrays import Bools, Floats
from nettide.insight.anomalies import warm_steps
from nettide.insight.anomalies_rolling import Pace, Rolling, groups_by_span, usual_reach
from nettide.insight.anomalies_types import AnomalyConfig
from nettide.insight.anomalies_watch import watch
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS

_EDGE = 1.2816  # standard deviations from the mean to the edge of an 80 % band of a normal distribution
_MAD = 1.4826  # standard deviations of a normal distribution in its median absolute deviation
_DAYS, _BESIDE = 14, 1
_DAILY_WINDOW, _WEEK_DAYS = 14, 7


def flags_of_baseline(name: str, panel: Panel, *, config: AnomalyConfig | None = None) -> Bools:
    """Flag points by a baseline, shape (series, time).

    Args:
        name: of ``BASELINES``.
        panel: one or thousands of series.
        config: what counts as an anomaly; gaps and stuck readings are not looked for.
    """
    chance = (config or AnomalyConfig()).chance(panel.step_seconds)
    flag = np.zeros(panel.target.shape, dtype=np.bool_)
    for rows, start, end in groups_by_span(panel):
        part = replace(panel.select(rows), values=panel.values[rows, start:end])
        middle, spread = BASELINES[name](part)
        rolling = _standing(middle, _EDGE * spread, usual_reach(panel.step_seconds))
        flag[rows, start:end] = watch(part.target, rolling, chance=chance, warm=warm_steps(panel)).flag
    return flag


def rolling_mean(panel: Panel) -> tuple[Floats, Floats]:
    """Give mean and standard deviation of the day before each step (two weeks of days), shape (series, time)."""
    window = _DAILY_WINDOW if panel.step_seconds >= DAY_SECONDS else panel.steps_per(DAY_SECONDS)
    padded = np.pad(panel.target, ((0, 0), (window, 0)), constant_values=np.nan)[:, :-1]
    known = np.isfinite(padded)
    scale = np.max(np.abs(padded), axis=1, where=known, initial=0.0)[:, None]
    filled = np.where(known, padded, 0.0) / np.where(scale > 0, scale, 1.0)
    number, total = (_moving_sum(one, window) for one in (known.astype(np.float64), filled))
    mean = np.where(number > 1, total / np.maximum(number, 1), np.nan)
    square = _moving_sum(filled**2, window) / np.maximum(number, 1)
    return mean * scale, np.sqrt(np.maximum(square - mean**2, 0.0)) * scale


def seasonal_median(panel: Panel) -> tuple[Floats, Floats]:
    """Give the median of the same time of day in the two weeks before, a step beside included, and its spread.

    Where a step is a day or more it is the same day of the week instead. The spread is the median absolute
    deviation, as a standard deviation of a normal distribution.

    Returns:
        Both of shape (series, time).
    """
    daily = panel.step_seconds >= DAY_SECONDS
    season = panel.steps_per(_WEEK_DAYS * DAY_SECONDS if daily else DAY_SECONDS)
    beside = 0 if daily else _BESIDE
    reach = _DAYS * season + beside
    padded = np.pad(panel.target, ((0, 0), (reach, 0)), constant_values=np.nan)
    offsets = [back * season - shift for back in range(1, _DAYS + 1) for shift in range(-beside, beside + 1)]
    offsets = [one for one in offsets if one > 0]
    columns = [padded[:, reach - one : reach - one + panel.steps] for one in offsets]
    same = np.stack(columns, axis=-1)  # (series, time, reading)
    middle = _median(same)
    return middle, _MAD * _median(np.abs(same - middle[..., None]))


BASELINES: Mapping[str, Callable[[Panel], tuple[Floats, Floats]]] = {
    "rolling z-score": rolling_mean,
    "seasonal median": seasonal_median,
}
"""Name -> what is expected of each step by those before it, and its standard deviation."""


def _standing(middle: Floats, half: Floats, reach: int) -> Rolling:
    """Make rolling forecasts, a cutoff a step, of which each step ahead is what was expected at that step."""
    steps = middle.shape[1]

    def ahead(values: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        padded = np.pad(values[:, 1:].astype(np.float32), ((0, 0), (0, reach)), constant_values=np.nan)
        return sliding_window_view(padded, reach, axis=1)[:, : steps - 1]

    edges = ahead(half)
    return Rolling(np.arange(steps - 1, dtype=np.int64), Pace(1, reach), ahead(middle), edges, edges)


def _moving_sum(values: Floats, window: int) -> Floats:
    return np.asarray(sliding_window_view(values, window, axis=1).sum(axis=-1))


def _median(values: Floats) -> Floats:
    """Give the median of the known values along the last axis; NaN where none is."""
    ordered = np.sort(values, axis=-1)
    known = np.isfinite(values).sum(axis=-1)
    low, high = (np.maximum(known - 1, 0) // 2, np.maximum(known - 1, 0) - np.maximum(known - 1, 0) // 2)
    ends = [np.take_along_axis(ordered, one[..., None], axis=-1)[..., 0] for one in (low, high)]
    return np.asarray(np.where(known > 0, (ends[0] + ends[1]) / 2, np.nan))
