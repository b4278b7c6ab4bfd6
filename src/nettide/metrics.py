"""Measures of forecast error: arrays in, one number out.

All take float64 arrays of any one shape. A point is left out where the truth or the forecast is
unknown (NaN); without any point the result is NaN. Shares and percentages are fractions: 0.12 is
12 %. Names and definitions follow Hyndman & Koehler, "Another look at measures of forecast
accuracy", International Journal of Forecasting 22 (2006), where it has them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettide.arrays import Bools, Floats
from nettide.errors import ForecastError


def mae(y: Floats, y_hat: Floats) -> float:
    """Give the mean absolute error, in the unit of y.

    Raises:
        ForecastError: the shapes differ.
    """
    y, y_hat = _known(y, y_hat)
    return _mean(np.abs(y - y_hat))


def mse(y: Floats, y_hat: Floats) -> float:
    """Give the mean squared error, in the square of y's unit.

    Raises:
        ForecastError: the shapes differ.
    """
    y, y_hat = _known(y, y_hat)
    return _mean(np.square(y - y_hat))


def rmse(y: Floats, y_hat: Floats) -> float:
    """Give the root of the mean squared error, in the unit of y.

    Raises:
        ForecastError: the shapes differ.
    """
    return float(np.sqrt(mse(y, y_hat)))


def rmse_minmax(y: Floats, y_hat: Floats, *, value_range: float) -> float:
    """Give the RMSE in units of a range: what it would be after min-max scaling by that range.

    Args:
        y: truth.
        y_hat: forecast.
        value_range: largest minus smallest value of the whole series; zero or NaN gives NaN.

    Raises:
        ForecastError: the shapes differ.
    """
    return rmse(y, y_hat) / value_range if value_range > 0 else np.nan


def mape(y: Floats, y_hat: Floats) -> float:
    """Give the mean of ``|y - y_hat| / |y|`` over the points where y is not zero.

    A zero has no percentage error, so it is left out (utilsforecast does the same; scikit-learn
    divides by a tiny number instead).

    Raises:
        ForecastError: the shapes differ.
    """
    y, y_hat = _known(y, y_hat)
    some = y != 0
    return _mean(np.abs(y[some] - y_hat[some]) / np.abs(y[some]))


def smape(y: Floats, y_hat: Floats) -> float:
    """Give the mean of ``|y - y_hat| / (|y| + |y_hat|)``, between 0 and 1.

    Zero forecast as zero is no error. This is the definition of utilsforecast; the M4 competition's
    is twice this, between 0 and 200 %.

    Raises:
        ForecastError: the shapes differ.
    """
    y, y_hat = _known(y, y_hat)
    size = np.abs(y) + np.abs(y_hat)
    return _mean(np.divide(np.abs(y - y_hat), size, out=np.zeros_like(size), where=size > 0))


def wape(y: Floats, y_hat: Floats) -> float:
    """Give the sum of the absolute errors over the sum of the absolute truth; NaN where that sum is zero.

    Raises:
        ForecastError: the shapes differ.
    """
    y, y_hat = _known(y, y_hat)
    return _ratio(float(np.abs(y - y_hat).sum()), float(np.abs(y).sum()))


def seasonal_scale(history: Floats, *, season: int) -> Floats:
    """Give the mean absolute change over one season, the scale of the MASE.

    It is the in-sample error of the seasonal naive forecast one season ahead (Hyndman & Koehler 2006).
    A pair of values counts where both are known.

    Args:
        history: values before the first forecast, time on the last axis, shape (..., time).
        season: steps in a season, at least 1.

    Returns:
        Shape (...); NaN without a pair, as where the history is no longer than a season.
    """
    change = np.abs(history[..., season:] - history[..., :-season])
    known = ~np.isnan(change)
    pairs = known.sum(axis=-1)
    total = np.where(known, change, 0.0).sum(axis=-1)
    return np.asarray(np.where(pairs > 0, total / np.maximum(pairs, 1), np.nan), dtype=np.float64)


def mase(y: Floats, y_hat: Floats, *, scale: float) -> float:
    """Give the mean absolute error of one series in units of its ``seasonal_scale``; NaN where that is zero.

    Raises:
        ForecastError: the shapes differ.
    """
    return _ratio(mae(y, y_hat), scale)


def pinball(y: Floats, quantile: Floats, *, level: float) -> float:
    """Give the mean pinball (quantile) loss of one level, in the unit of y.

    ``level * (y - q)`` where the truth lies above the quantile, ``(1 - level) * (q - y)`` below
    (Koenker & Bassett, Econometrica 46, 1978). At level 0.5 it is half the absolute error.

    Raises:
        ForecastError: the shapes differ.
    """
    y, quantile = _known(y, quantile)
    return _mean(pinball_losses(y, quantile, level=level))


def pinball_losses(y: Floats, quantile: Floats, *, level: float) -> Floats:
    """Give the pinball loss of each point, in the shape and unit of y."""
    above = y - quantile
    return np.maximum(level * above, (level - 1) * above)


def wql(y: Floats, quantiles: Floats, *, levels: Sequence[float]) -> float:
    """Give the weighted quantile loss: twice the summed pinball loss over the summed absolute truth, mean over levels.

    A forecast whose quantiles all equal its point has a wql equal to its wape. Source: Gasthaus et
    al., "Probabilistic forecasting with spline quantile function RNNs", AISTATS 2019, as in GluonTS.

    Args:
        y: truth, shape (...).
        quantiles: shape (..., level).
        levels: each inside (0, 1).

    Raises:
        ForecastError: the shapes differ.
    """
    if quantiles.shape != (*y.shape, len(levels)):
        raise ForecastError(f"quantiles have shape {quantiles.shape}, expected {(*y.shape, len(levels))}")
    losses = []
    for position, level in enumerate(levels):
        known_y, known_q = _known(y, quantiles[..., position])
        total = float(pinball_losses(known_y, known_q, level=level).sum())
        losses.append(2 * _ratio(total, float(np.abs(known_y).sum())))
    return float(np.mean(losses)) if losses else np.nan


def coverage(y: Floats, low: Floats, high: Floats) -> float:
    """Give the share of points inside a band, its edges included.

    Raises:
        ForecastError: the shapes differ.
    """
    y, low, high = _known(y, low, high)
    return _mean((y >= low) & (y <= high))


def share_below(y: Floats, quantile: Floats) -> float:
    """Give the share of points at or below a quantile, which for a calibrated one is its level.

    Raises:
        ForecastError: the shapes differ.
    """
    y, quantile = _known(y, quantile)
    return _mean(y <= quantile)


def relative_errors(errors: Floats, yardstick_errors: Floats) -> Floats:
    """Give errors in units of the yardstick's, in their shape; NaN where the yardstick's is zero or unknown."""
    relative: Floats = np.full(errors.shape, np.nan)
    np.divide(errors, yardstick_errors, out=relative, where=yardstick_errors > 0)
    return relative


def geometric_mean(values: Floats) -> float:
    """Give the geometric mean of the values that are known; one zero makes it zero.

    The mean to use for ratios: half and double cancel out (Fleming & Wallace, "How not to lie with
    statistics", Communications of the ACM 29, 1986).
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return np.nan
    with np.errstate(divide="ignore"):  # the logarithm of zero is -inf, which gives zero as it should
        return float(np.exp(np.log(known).mean()))


def _known(y: Floats, *others: Floats) -> tuple[Floats, ...]:
    for other in others:
        if other.shape != y.shape:
            raise ForecastError(f"the truth has shape {y.shape}, the forecast {other.shape}; they must be equal")
    unknown = np.isnan(y)
    for other in others:
        unknown |= np.isnan(other)
    if not unknown.any():
        return (y, *others)
    return tuple(one[~unknown] for one in (y, *others))


def _mean(values: Floats | Bools) -> float:
    return float(values.mean()) if values.size else np.nan


def _ratio(value: float, size: float) -> float:
    return value / size if size > 0 else np.nan
