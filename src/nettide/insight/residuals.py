"""Residuals of a forecast: their shape, their memory, and where and when they are large.

A residual is truth less forecast: above zero the forecast was too low. NaN is unknown and counts nowhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.errors import OptionError
from nettide.prepare.calendar import DAY_SECONDS, local_seconds

QUANTILE_LEVELS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)
_CONFIDENCE = 0.95
_NEAR = 3.5  # deviations that a histogram has at least, so that the normal curve is seen whole
_FAR = 5.0  # deviations: beyond them a histogram counts in its outermost bars
_PRECISION = 1e-15
_MOST_TERMS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """The shape of residuals, beside a normal distribution of the same mean and deviation.

    Args:
        count: how many are known.
        bias: their mean, in the target's unit.
        deviation: standard deviation (divided by the count less one); NaN for fewer than two.
        skew: third standardised moment, 0 for a normal distribution; NaN where nothing varies.
        excess_kurtosis: fourth standardised moment less 3, 0 for a normal distribution.
        levels: of the quantiles, shape (level,).
        quantiles: of the residuals, shape (level,).
        normal: quantiles of the normal distribution, shape (level,).
    """

    count: int
    bias: float
    deviation: float
    skew: float
    excess_kurtosis: float
    levels: Floats
    quantiles: Floats
    normal: Floats


def moments(residuals: Floats) -> Moments:
    """Describe residuals of any shape."""
    known = residuals[~np.isnan(residuals)]
    count = known.size
    bias = float(known.mean()) if count else math.nan
    deviation = float(known.std(ddof=1)) if count > 1 else math.nan
    skew = kurtosis = math.nan
    spread = float(known.std()) if count else 0.0
    if spread > 0:
        standard = (known - bias) / spread
        skew, kurtosis = float((standard**3).mean()), float((standard**4).mean()) - 3.0
    levels = np.array(QUANTILE_LEVELS)
    unknown = np.full(len(levels), np.nan)
    normal = np.array([NormalDist().inv_cdf(level) for level in QUANTILE_LEVELS])
    return Moments(
        count=count,
        bias=bias,
        deviation=deviation,
        skew=skew,
        excess_kurtosis=kurtosis,
        levels=levels,
        quantiles=np.quantile(known, levels) if count else unknown,
        normal=bias + deviation * normal,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How many residuals lie where, beside a normal distribution of the same mean and deviation.

    Args:
        edges: of the bars, ascending, shape (bar + 1,).
        counts: residuals in each bar; the outermost also count what lies beyond them, shape (bar,).
        normal: how many of as many normal ones would, shape (bar,); NaN where nothing varies.
    """

    edges: Floats
    counts: Ints
    normal: Floats


def histogram(residuals: Floats, *, bars: int = 41) -> Histogram:
    """Count residuals of any shape in bars of equal width, within five deviations of their mean.

    Raises:
        OptionError: there is no bar.
    """
    if bars < 1:
        raise OptionError(f"a histogram of {bars} bars shows nothing; give at least 1")
    known = residuals[~np.isnan(residuals)]
    if not known.size:
        return Histogram(np.linspace(-1.0, 1.0, bars + 1), np.zeros(bars, dtype=np.int64), np.zeros(bars))
    mean, deviation = float(known.mean()), float(known.std())
    if not deviation > 0:
        half = abs(mean) / 2 or 0.5
        counts = np.histogram(known, bars, range=(mean - half, mean + half))[0]
        edges = np.linspace(mean - half, mean + half, bars + 1)
        return Histogram(edges, counts.astype(np.int64), np.full(bars, np.nan))
    # where residuals end sooner than normal ones would, the bars go on: else the last bar had all of that tail
    low = max(min(float(known.min()), mean - _NEAR * deviation), mean - _FAR * deviation)
    high = min(max(float(known.max()), mean + _NEAR * deviation), mean + _FAR * deviation)
    edges = np.linspace(low, high, bars + 1)
    counts = np.histogram(np.clip(known, low, high), edges)[0]
    below = np.array([NormalDist(mean, deviation).cdf(edge) for edge in edges])
    below[0], below[-1] = 0.0, 1.0
    return Histogram(edges, counts.astype(np.int64), known.size * np.diff(below))


@dataclass(frozen=True, slots=True, eq=False)
class Autocorrelation:
    """How much residuals remember of those before them.

    Args:
        values: correlation with the residual 1, 2 ... steps before, shape (lag,); NaN where too few pairs are known.
        bound: of independent residuals 95 % of the values lie within plus and minus this.
        ljung_box: statistic of Ljung and Box over the lags up to each, shape (lag,).
        p_values: chance of so large a statistic if residuals were independent, shape (lag,); below 0.05 they
            remember, and a better forecast exists.
    """

    values: Floats
    bound: float
    ljung_box: Floats
    p_values: Floats


def autocorrelation(residuals: Floats, *, lags: int) -> Autocorrelation:
    """Correlate the residuals of one series, one step ahead each, with those before them.

    Source: G. Ljung and G. Box, On a measure of lack of fit in time series models, Biometrika 65, 1978; over gaps
    each lag counts the pairs that are known.

    Args:
        residuals: in the order of time on a regular grid, shape (time,).
        lags: the longest one.

    Raises:
        OptionError: lags are below 1 or not fewer than the residuals, or these are not of one series.
    """
    if residuals.ndim != 1:
        raise OptionError(f"residuals of shape {residuals.shape} are not those of one series; give one row of them")
    if not 1 <= lags < len(residuals):
        raise OptionError(f"lags {lags} must be 1 ... {len(residuals) - 1}: there are {len(residuals)} residuals")
    known = ~np.isnan(residuals)
    count = int(known.sum())
    values = np.full(lags, np.nan)
    if count < 2 or np.ptp(residuals[known]) == 0:
        return Autocorrelation(values, math.nan, values.copy(), values.copy())
    centred = np.where(known, residuals - residuals[known].mean(), 0.0)
    variance = float(np.dot(centred, centred)) / count
    pairs = np.array([int(np.count_nonzero(known[lag:] & known[:-lag])) for lag in range(1, lags + 1)])
    sums = np.array([float(np.dot(centred[lag:], centred[:-lag])) for lag in range(1, lags + 1)])
    share = 1 - np.arange(1, lags + 1) / len(residuals)  # without gaps this is the usual, biased estimate
    np.divide(sums * share, pairs * variance, out=values, where=pairs > 0)
    parts = np.divide(values**2, pairs, out=np.zeros(lags), where=pairs > 0)
    statistic = count * (count + 2) * np.cumsum(parts)
    p_values = np.array([chi_square_tail(float(one), freedom=lag) for lag, one in enumerate(statistic, start=1)])
    bound = NormalDist().inv_cdf((1 + _CONFIDENCE) / 2) / math.sqrt(count)
    return Autocorrelation(values, bound, statistic, p_values)


@dataclass(frozen=True, slots=True, eq=False)
class ErrorParts:
    """Errors of the parts of a forecast, such as its steps or the hours of the day; NaN where nothing is known.

    Args:
        bias: mean residual, shape (part,).
        mae: mean absolute residual, shape (part,).
        rmse: root of the mean squared residual, shape (part,).
        count: residuals that are known, shape (part,).
    """

    bias: Floats
    mae: Floats
    rmse: Floats
    count: Ints


def error_by_step(residuals: Floats) -> ErrorParts:
    """Give the errors of each step ahead.

    Args:
        residuals: shape (..., horizon).
    """
    places = np.broadcast_to(np.arange(residuals.shape[-1]), residuals.shape)
    return _parts(residuals, places, parts=residuals.shape[-1])


def error_by_hour(residuals: Floats, seconds: Ints, *, zone: str) -> ErrorParts:
    """Give the errors of each hour of the day, from midnight to 23 o'clock.

    Args:
        residuals: shape (..., *seconds.shape).
        seconds: epoch second at which each step begins, of any shape and order.
        zone: IANA name of the place whose clock counts.

    Raises:
        OptionError: the shapes do not fit.
    """
    if residuals.shape[residuals.ndim - seconds.ndim :] != seconds.shape:
        raise OptionError(
            f"residuals of shape {residuals.shape} do not end with the shape of their times {seconds.shape}"
        )
    distinct, inverse = np.unique(seconds, return_inverse=True)
    hours = local_seconds(distinct, zone) % DAY_SECONDS // 3600
    places = np.broadcast_to(hours[inverse].reshape(seconds.shape), residuals.shape)
    return _parts(residuals, places, parts=24)


def rolling_mse(residuals: Floats, *, window: int) -> Floats:
    """Give the mean squared residual of the last so many steps, at each step.

    Args:
        residuals: time on the last axis, shape (..., time).
        window: steps; before so many have passed, those there are.

    Returns:
        The same shape; NaN where the window knows nothing.

    Raises:
        OptionError: the window is empty.
    """
    if window < 1:
        raise OptionError(f"a window of {window} steps holds nothing; give at least 1")
    known = ~np.isnan(residuals)
    sums = _trailing(np.where(known, residuals, 0.0) ** 2, window)
    counts = _trailing(known.astype(np.float64), window)
    means: Floats = np.full(residuals.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def chi_square_tail(value: float, *, freedom: int) -> float:
    """Give the chance that a chi-square variable exceeds a value: the regularised upper incomplete gamma function.

    Source: DLMF 8.11.4 (series) and 8.9.2 (continued fraction, evaluated as by Lentz).

    Args:
        value: not negative.
        freedom: degrees of freedom, at least 1.
    """
    a, x = freedom / 2, value / 2
    if x <= 0:
        return 1.0
    scale = math.exp(min(0.0, a * math.log(x) - x - math.lgamma(a)))
    if x < a + 1:
        term = total = 1 / a
        for step in range(1, _MOST_TERMS):
            term *= x / (a + step)
            total += term
            if term < total * _PRECISION:
                break
        return min(1.0, max(0.0, 1.0 - scale * total))
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    fraction = d
    for step in range(1, _MOST_TERMS):
        factor = -step * (step - a)
        b += 2
        d = 1 / (factor * d + b or tiny)
        c = b + factor / c or tiny
        fraction *= d * c
        if abs(d * c - 1) < _PRECISION:
            break
    return min(1.0, max(0.0, scale * fraction))


def _trailing(values: Floats, window: int) -> Floats:
    """Sum each window by itself: differences of cumulated sums would forget what is small after a burst."""
    pad = [(0, 0)] * (values.ndim - 1) + [(window - 1, 0)]
    return np.asarray(np.lib.stride_tricks.sliding_window_view(np.pad(values, pad), window, axis=-1).sum(axis=-1))


def _parts(residuals: Floats, places: Ints, *, parts: int) -> ErrorParts:
    known = ~np.isnan(residuals)
    at, found = places[known], residuals[known]
    count = np.bincount(at, minlength=parts).astype(np.int64)

    def mean(values: Floats) -> Floats:
        means: Floats = np.full(parts, np.nan)
        np.divide(np.bincount(at, values, minlength=parts), count, out=means, where=count > 0)
        return means

    return ErrorParts(mean(found), mean(np.abs(found)), np.sqrt(mean(found**2)), count)
