"""How strong the daily and the weekly cycle are, and whether a day of the data is a day of the clock.

The strength of a cycle is ``1 - var(remainder) / var(cycle + remainder)``, at least 0, as in X. Wang, K. Smith and
R. Hyndman, Characteristic-based clustering for time series data, Data Mining and Knowledge Discovery 13
(2006), and R. Hyndman and G. Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 4.3. The trend
is a centred moving mean over one period and the cycle a mean over the periods (a classical decomposition); the
variance of the remainder is corrected for the periods that the mean took up, so that noise has a strength near 0.
"""

from __future__ import annotations

import numpy as np

from nettide.arrays import Bools, Floats, Ints

_LEAST_PERIODS = 3
_LEAST_CLOCK_DAYS = 14
_MOST_DRIFT = 0.1
"""Cycles a day; the weekly modulation of a daily cycle begins at 1/7."""


def compressed(values: Floats) -> Floats:
    """Give asinh(value / median), which keeps bursts from hiding a cycle; NaN stays, shape (series, time)."""
    filled = np.where(values > 0, values, np.nan)
    middle = row_median(filled)
    scale = np.where(np.isfinite(middle) & (middle > 0), middle, 1.0)
    scaled: Floats = np.arcsinh(values / scale[:, None])
    return scaled


def row_median(values: Floats) -> Floats:
    """Give the median of the known values along the last axis; NaN where there are none."""
    ordered = np.sort(values, axis=-1)  # NaN goes last
    known = np.isfinite(values).sum(axis=-1)
    low = np.take_along_axis(ordered, (np.maximum(known - 1, 0) // 2)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, (np.maximum(known - 1, 0) - np.maximum(known - 1, 0) // 2)[..., None], axis=-1)
    median: Floats = 0.5 * (low + high[..., 0])
    return median


def moving_mean(values: Floats, period: int) -> Floats:
    """Give the centred mean over one period, NaN where fewer than half of its values are known.

    An even period gives its two outer values half a weight.

    Args:
        values: shape (series, time).
        period: steps.

    Returns:
        Shape (series, time); NaN within half a period of both ends.
    """
    half = period // 2
    mean = np.full(values.shape, np.nan)
    if values.shape[1] < 2 * half + 1 or period < 2:
        return mean if period > 1 else values.copy()
    known = np.isfinite(values)

    def window_sums(cells: Floats) -> Floats:
        sums = np.zeros((cells.shape[0], cells.shape[1] + 1))
        np.cumsum(cells, axis=1, out=sums[:, 1:])
        outer: Floats = sums[:, 2 * half + 1 :] - sums[:, : -2 * half - 1]
        if period % 2:
            return outer
        return 0.5 * (outer + sums[:, 2 * half : -1] - sums[:, 1 : -2 * half])

    weight = window_sums(known.astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.where(weight >= 0.5 * period, window_sums(np.where(known, values, 0.0)) / weight, np.nan)
    mean[:, half : values.shape[1] - half] = middle
    return mean


def _without_trend(values: Floats, period: int) -> Floats:
    """Give what is left of the moving mean; what rounding leaves of a constant is zero."""
    rest = values - moving_mean(values, period)
    largest = np.fmax.reduce(np.abs(values), axis=1, initial=0.0)
    left: Floats = np.where(np.abs(rest) <= 1e-9 * largest[:, None], 0.0, rest)
    return left


def cycle_strength(values: Floats, period: int) -> Floats:
    """Give the strength of a cycle, 0 to 1.

    Args:
        values: shape (series, time), the first step at the beginning of a period, a whole number of periods.
        period: steps.

    Returns:
        Shape (series,); NaN with fewer than three periods of known values or a period of under three steps.
    """
    count, steps = values.shape
    periods = steps // period
    if period < 3 or periods < _LEAST_PERIODS:
        return np.full(count, np.nan)
    rest = _without_trend(values, period).reshape(count, periods, period)
    known = np.isfinite(rest)
    often = known.sum(axis=1)
    filled = np.where(known, rest, 0.0)
    cycle = filled.sum(axis=1) / np.maximum(often, 1)
    remainder = np.where(known, rest - cycle[:, None], 0.0)
    total = known.sum(axis=(1, 2))
    mean = filled.sum(axis=(1, 2)) / np.maximum(total, 1)
    whole = np.where(known, (rest - mean[:, None, None]) ** 2, 0.0).sum(axis=(1, 2))
    left = (remainder**2).sum(axis=(1, 2)) * total / np.maximum(total - (often > 0).sum(axis=1), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        strength = np.where(whole > 0, np.clip(1 - left / whole, 0.0, 1.0), 0.0)
    enough = (often >= 2).all(axis=1) & (total >= (_LEAST_PERIODS - 1) * period)
    return np.where(enough, strength, np.nan)


def measured_day(values: Floats, slots: int) -> Floats:
    """Give the length of the daily cycle in days, 1 where it agrees with the clock or nothing clear can be said.

    Each day is reduced to the phase of its first harmonic. With a right clock the phases of all days agree;
    with a wrong one they turn steadily, and how fast tells the true length.

    Args:
        values: shape (series, time), the first step at midnight, a whole number of days.
        slots: steps a day.

    Returns:
        Shape (series,).
    """
    count, steps = values.shape
    days = steps // slots
    lengths = np.ones(count)
    if slots < 4 or days < _LEAST_CLOCK_DAYS:
        return lengths
    rest = _without_trend(values, slots)
    wave = np.exp(-2j * np.pi * np.arange(slots) / slots)
    filled = np.where(np.isfinite(rest), rest, 0.0).reshape(count * days, slots)
    phases = (filled @ wave.real + 1j * (filled @ wave.imag)).reshape(count, days)
    size = np.abs(phases).sum(axis=1)
    known = (phases != 0).sum(axis=1)
    still = np.abs(phases.sum(axis=1))
    doubtful = np.flatnonzero((known >= _LEAST_CLOCK_DAYS) & (still < 0.6 * size))
    if not len(doubtful):
        return lengths
    padded = 32 * days  # finer steps than the days alone would give
    drifts = np.fft.fftfreq(padded)
    near = np.flatnonzero(np.abs(drifts) <= _MOST_DRIFT)
    near = near[np.argsort(drifts[near])]
    drifts, turned = drifts[near], np.abs(np.fft.fft(phases[doubtful], padded, axis=1)[:, near])
    best = turned.argmax(axis=1)
    drift, top = drifts[best], turned.max(axis=1)
    clear: Bools = (
        (top > 0.5 * size[doubtful])
        & (top > 1.5 * still[doubtful])
        & (np.abs(drift) * known[doubtful] >= 0.5)
        & (best > 0)
        & (best < len(drifts) - 1)
    )
    found: Ints = doubtful[clear]
    lengths[found] = 1 / (1 + drift[clear])
    return lengths
