"""The scores broken down: by horizon step and by quantile level."""

from __future__ import annotations

import numpy as np

from nettide import metrics
from nettide.arrays import Floats
from nettide.backtest.evaluate import Backtest
from nettide.backtest.leaderboard import series_means
from nettide.forecast import LEVELS, Forecast


def error_by_step(backtest: Backtest, point: Floats) -> Floats:
    """Give the error at each step ahead of the typical series, in units of the yardstick's mean error.

    Per series, the mean absolute error at the step over the yardstick's mean absolute error at all
    steps; then the median over series, so that neither large nor odd series decide.

    Args:
        backtest: gives truth and yardstick.
        point: forecast, shape (series, cutoff, horizon); the yardstick itself gives its own curve.

    Returns:
        Shape (horizon,); NaN where no point counts.
    """
    counted = backtest.counted(point)
    scale = series_means(np.abs(backtest.truth - backtest.yardstick), counted)
    errors = np.where(counted, np.abs(backtest.truth - point), 0.0).sum(axis=1)  # (series, horizon)
    count = counted.sum(axis=1)
    by_step = np.where(count > 0, errors / np.maximum(count, 1), np.nan)
    relative = metrics.relative_errors(by_step, np.broadcast_to(scale[:, None], by_step.shape))
    return _median(relative)


def calibration(backtest: Backtest, forecast: Forecast) -> tuple[Floats, Floats]:
    """Give the nominal levels of a forecast's quantiles and the share of truth at or below each, shape (level,).

    Levels that the forecast lacks are left out, so both are empty for a point model.
    """
    counted = backtest.counted(forecast.point)
    levels = [level for level in LEVELS if any(abs(level - one) < 1e-9 for one in forecast.levels)]
    y = backtest.truth[counted]
    observed = [metrics.share_below(y, forecast.quantile(level)[counted]) for level in levels]
    return np.array(levels), np.array(observed)


def _median(values: Floats) -> Floats:
    """Give the median over the first axis of what is known; NaN where nothing is."""
    middle: Floats = np.full(values.shape[1:], np.nan)
    some = ~np.isnan(values).all(axis=0)
    middle[some] = np.nanmedian(values[:, some], axis=0)
    return middle
