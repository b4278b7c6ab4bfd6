"""One row of scores a model: ``leaderboard.csv``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nettide import metrics
from nettide.arrays import Bools, Floats
from nettide.backtest.evaluate import Backtest
from nettide.errors import ForecastError
from nettide.forecast import LEVELS, Forecast

BAND = (0.1, 0.9)
"""The quantile levels between which the 80 % band lies."""


@dataclass(frozen=True, slots=True)
class Score:
    """How good a model's forecasts were over all counted points; the fields are the columns of the leaderboard.

    A point counts where truth, yardstick and forecast are known. NaN is a score that does not exist:
    those of quantiles for a model without them, relative ones where the yardstick is never wrong.

    Args:
        model: its name.
        points: counted points.
        mae: mean absolute error, in the target's unit.
        rmse: root mean squared error, in the target's unit.
        mse: mean squared error, in the square of it.
        mape: mean absolute percentage error where the truth is not zero; 0.1 is 10 %.
        smape: symmetric percentage error, 0 ... 1.
        wape: summed absolute error over summed absolute truth.
        mase: mean over series of the error in units of its seasonal change before the test part.
        rel_mae: geometric mean over series of the error in units of the yardstick's; below 1 is better than it.
        rel_wql: the same for the pinball loss summed over 0.1 ... 0.9.
        coverage_80: share of points between the quantiles 0.1 and 0.9.
        rmse_minmax: RMSE in units of the target's range over the whole data.
        fit_seconds: wall time of the fit.
        predict_seconds: wall time of all forecasts.
        parameters: trained numbers in the model.
    """

    model: str
    points: int
    mae: float
    rmse: float
    mse: float
    mape: float
    smape: float
    wape: float
    mase: float
    rel_mae: float
    rel_wql: float
    coverage_80: float
    rmse_minmax: float
    fit_seconds: float
    predict_seconds: float
    parameters: int


def score(backtest: Backtest) -> tuple[Score, ...]:
    """Score every model, the one with the smallest rel_mae first and those without one last."""
    scores = [
        _score(
            backtest,
            one.name,
            one.forecast.point,
            forecast=one.forecast,
            seconds=(one.fit_seconds, one.predict_seconds),
            parameters=one.parameters,
        )
        for one in backtest.outcomes
    ]
    return tuple(sorted(scores, key=lambda one: (math.isnan(one.rel_mae), one.rel_mae)))


def score_yardstick(backtest: Backtest, *, name: str) -> Score:
    """Score the yardstick as if it were a point model: its rel_mae is 1."""
    return _score(backtest, name, backtest.yardstick, forecast=None, seconds=(math.nan, math.nan), parameters=0)


def series_means(values: Floats, counted: Bools) -> Floats:
    """Give the mean of each series over its counted points, shape (series,); NaN without any.

    Args:
        values: shape (series, cutoff, horizon).
        counted: in the same shape.
    """
    count = counted.sum(axis=(1, 2))
    total = np.where(counted, values, 0.0).sum(axis=(1, 2))
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), dtype=np.float64)


def relative_mae_by_series(backtest: Backtest, point: Floats) -> Floats:
    """Give each series' mean absolute error in units of the yardstick's on the same points.

    Args:
        backtest: gives truth and yardstick.
        point: forecast, shape (series, cutoff, horizon).

    Returns:
        Shape (series,); NaN where no point counts or the yardstick is never wrong.
    """
    counted = backtest.counted(point)
    errors = series_means(np.abs(backtest.truth - point), counted)
    return metrics.relative_errors(errors, series_means(np.abs(backtest.truth - backtest.yardstick), counted))


def level_quantiles(forecast: Forecast) -> tuple[Floats, ...] | None:
    """Give the forecast's quantile of each level of the scores; None if it lacks one of them."""
    try:
        return tuple(forecast.quantile(level) for level in LEVELS)
    except ForecastError:
        return None


def _score(
    backtest: Backtest,
    name: str,
    point: Floats,
    *,
    forecast: Forecast | None,
    seconds: tuple[float, float],
    parameters: int,
) -> Score:
    counted = backtest.counted(point)
    y, y_hat = backtest.truth[counted], point[counted]
    rel_wql, coverage_80 = _band_scores(backtest, forecast, counted) if forecast else (math.nan, math.nan)
    target = backtest.panel.target
    known = not np.isnan(target).all()
    return Score(
        model=name,
        points=int(counted.sum()),
        mae=metrics.mae(y, y_hat),
        rmse=metrics.rmse(y, y_hat),
        mse=metrics.mse(y, y_hat),
        mape=metrics.mape(y, y_hat),
        smape=metrics.smape(y, y_hat),
        wape=metrics.wape(y, y_hat),
        mase=_mean_scaled_error(backtest, series_means(np.abs(backtest.truth - point), counted)),
        rel_mae=metrics.geometric_mean(relative_mae_by_series(backtest, point)),
        rel_wql=rel_wql,
        coverage_80=coverage_80,
        rmse_minmax=metrics.rmse_minmax(
            y, y_hat, value_range=float(np.nanmax(target) - np.nanmin(target)) if known else math.nan
        ),
        fit_seconds=seconds[0],
        predict_seconds=seconds[1],
        parameters=parameters,
    )


def _mean_scaled_error(backtest: Backtest, errors: Floats) -> float:
    scale = metrics.seasonal_scale(backtest.panel.target[:, : backtest.test_start], season=backtest.season)
    scaled = metrics.relative_errors(errors, scale)
    return float(np.nanmean(scaled)) if not np.isnan(scaled).all() else math.nan


def _band_scores(backtest: Backtest, forecast: Forecast, counted: Bools) -> tuple[float, float]:
    """Give rel_wql and coverage of the 80 % band; NaN unless every counted point has all quantiles."""
    quantiles = level_quantiles(forecast)
    if quantiles is None or any(np.isnan(one[counted]).any() for one in quantiles):
        return math.nan, math.nan
    losses = np.zeros(counted.shape)
    for level, one in zip(LEVELS, quantiles, strict=True):
        losses += metrics.pinball_losses(backtest.truth, one, level=level)
    # all quantiles of the yardstick are its point, so that its losses over the levels sum to half the error each
    naive = series_means(np.abs(backtest.truth - backtest.yardstick), counted) * len(LEVELS) / 2
    low, high = (forecast.quantile(level)[counted] for level in BAND)
    return (
        metrics.geometric_mean(metrics.relative_errors(series_means(losses, counted), naive)),
        metrics.coverage(backtest.truth[counted], low, high),
    )
