"""Where a daily figure is heading: level and slope of a series, averaged over many ways to read its past.

Each way is a local linear trend with damping (E. S. Gardner and E. McKenzie, Forecasting trends in time series,
Management Science 31, 1985), on the linear or on the logarithmic scale, filtered with the weights of a Student t
(R. Meinhold and N. Singpurwalla, Robustification of Kalman filter models, JASA 84, 1989), so that a burst or an
outage moves it little. Ways count by their likelihood; none is chosen alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.prepare.cycles import row_median
from nettide.prepare.shifts import Shift, find_shifts

LEAST_DAYS = 28
"""Known days without which no trend is told."""
MOST_DAYS = 730
"""Days of history that are looked at."""
YEAR_DAYS = 365.25
_FREEDOM = 4.0
_FLOOR = 0.02
"""Least level, as a share of the usual one, on the logarithmic scale."""
_OUTAGE = 0.4
"""A day below this share of the usual level around it tells nothing of the trend."""
_AROUND = 15
_LEAST_WEEKS = 4
_SEASON_WEEKS = 26
_BURN_IN = 14
_PRIOR_SLOPE = 0.6 / YEAR_DAYS
_TEMPER = 0.7
"""Power of the likelihood: days are not as independent of each other as it takes them to be."""
_SHIFT_ROOM = 1.0
_LEAST_SPREAD = 0.003


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """The ways to read the past, one an entry of each array, shape (way,).

    Args:
        log: whether the scale is logarithmic.
        spread: factor on the measured spread of single days.
        level: standard deviation of a day's lasting change of level, in that spread.
        slope: standard deviation of a day's change of slope, in levels a day.
        damping: share of the slope that is left a day later.
    """

    log: Bools
    spread: Floats
    level: Floats
    slope: Floats
    damping: Floats


def all_ways() -> Ways:
    """Give every combination that is looked at."""
    # changes of the yearly growth that half a year brings; a damped slope halves within a year
    slopes = tuple(change / YEAR_DAYS / np.sqrt(180) for change in (0.0, 0.1, 0.3, 1.0))
    rows = list(product((False, True), (0.6, 1.0), (0.05, 0.1, 0.2, 0.4), slopes, (1.0, 0.998)))
    log, *rest = (np.array(column) for column in zip(*rows, strict=True))
    spread, level, slope, damping = (column.astype(np.float64) for column in rest)
    return Ways(log.astype(np.bool_), spread, level, slope, damping)


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """What is known of some series at the end of their history.

    Args:
        ways: the columns of the arrays below.
        scale: usual level, in the unit of each series, shape (series,); 1 in the units below.
        week: factor of each day of the week, shape (series, 7), the first that of the first day to come.
        spread: standard deviation of single days, shape (series,).
        weights: of the ways, each row adds up to 1, shape (series, way).
        level: shape (series, way).
        slope: a day, shape (series, way).
        covariance: of level and slope (level, both, slope), shape (3, series, way).
        surprises: what the likeliest way did not expect of the days, in standard deviations, the latest last,
            shape (series, day); NaN where unknown.
        shifts_a_year: lasting changes of level to be expected, shape (series,).
    """

    ways: Ways
    scale: Floats
    week: Floats
    spread: Floats
    weights: Floats
    level: Floats
    slope: Floats
    covariance: Floats
    surprises: Floats
    shifts_a_year: Floats


def fit_trends(daily: Floats) -> Trends:
    """Read the past of series in every way.

    Args:
        daily: one figure a day, shape (series, day), the last day last; NaN where unknown. Each series is known on
            at least ``LEAST_DAYS`` days and not zero on most of them.
    """
    daily = daily[:, -MOST_DAYS:]
    count, days = daily.shape
    scale = row_median(daily)
    relative = daily / scale[:, None]
    week = _week(relative)
    plain = relative / week[:, np.arange(-days, 0) % 7]
    shifts = find_shifts(plain)
    plain = _without_outages(plain)
    spread = _spread(plain)
    ways = all_ways()
    known_days = np.isfinite(plain).sum(axis=1)
    jumps = np.zeros((count, days), dtype=np.bool_)
    for row, found in enumerate(shifts):
        jumps[row, [one.day for one in found]] = True
    state, score, surprises = _filtered(plain, jumps, spread, ways)
    weights = np.exp(_TEMPER * (score - score.max(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    best = score.argmax(axis=1)
    return Trends(
        ways=ways,
        scale=scale,
        week=week,
        spread=spread,
        weights=weights,
        level=state[0],
        slope=state[1],
        covariance=state[2:],
        surprises=surprises[np.arange(count), :, best] if days else np.empty((count, 0)),
        shifts_a_year=_shift_rate(shifts, known_days),
    )


def _shift_rate(shifts: list[list[Shift]], known_days: Ints) -> Floats:
    """Give the shifts a year of each series, drawn to one in ten years where little is known."""
    counts = np.array([len(one) for one in shifts], dtype=np.float64)
    rate: Floats = (counts + 0.1) / (known_days / YEAR_DAYS + 1)
    return rate


def _week(relative: Floats) -> Floats:
    """Give the factor of each day of the week, the day after the last one first, shape (series, 7)."""
    count, days = relative.shape
    if days < 7 * _LEAST_WEEKS:
        return np.ones((count, 7))
    recent = relative[:, -7 * _SEASON_WEEKS :]
    level = np.log(np.maximum(recent, _FLOOR))
    padded = np.pad(level, ((0, 0), (3, 3)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=1)
    full = np.isfinite(around).sum(axis=2) == 7  # else a weekend or a working day would be missing from the mean
    mean = np.where(full, np.where(np.isfinite(around), around, 0.0).sum(axis=2) / 7, np.nan)
    rest = level - mean
    effect = np.zeros((count, 7))
    width = rest.shape[1]
    for weekday in range(7):
        same = rest[:, np.arange(-width, 0) % 7 == weekday]
        middle, often = row_median(same), np.isfinite(same).sum(axis=1)
        effect[:, weekday] = np.where(often >= _LEAST_WEEKS - 1, middle, 0.0)
    effect -= effect.mean(axis=1, keepdims=True)
    factors: Floats = np.exp(effect)
    return factors


def _without_outages(plain: Floats) -> Floats:
    """Make days unknown that lie far below those around them."""
    half = _AROUND // 2
    padded = np.pad(plain, ((0, 0), (half, half)), constant_values=np.nan)
    usual = row_median(np.lib.stride_tricks.sliding_window_view(padded, _AROUND, axis=1))
    with np.errstate(invalid="ignore"):
        cleared: Floats = np.where(plain < _OUTAGE * usual, np.nan, plain)
    return cleared


def _spread(plain: Floats) -> Floats:
    """Give the standard deviation of single days from the differences of neighbours, relative, shape (series,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.diff(np.log(np.maximum(plain, _FLOOR)), axis=1)
    spread = 1.4826 * row_median(np.abs(steps)) / np.sqrt(2)
    found: Floats = np.maximum(np.where(np.isfinite(spread), spread, 0.1), _LEAST_SPREAD)
    return found


def _filtered(plain: Floats, jumps: Bools, spread: Floats, ways: Ways) -> tuple[Floats, Floats, Floats]:
    """Filter each series in each way.

    Returns:
        State (level, slope, three covariances), shape (5, series, way); logarithm of the likelihood, shape
        (series, way); surprises, shape (series, day, way).
    """
    count, days = plain.shape
    with np.errstate(invalid="ignore"):
        logged = np.log(np.maximum(plain, _FLOOR))
    variance = (spread[:, None] * ways.spread) ** 2
    level_change, slope_change, damping = variance * ways.level**2, ways.slope**2, ways.damping
    start = row_median(_first_known(plain, _BURN_IN))
    level = np.where(ways.log, np.log(np.maximum(start, _FLOOR))[:, None], start[:, None])
    slope = np.zeros_like(level)
    p_level = np.broadcast_to((0.2 + 2 * spread[:, None]) ** 2, level.shape).copy()
    p_both, p_slope = np.zeros_like(level), np.full_like(level, _PRIOR_SLOPE**2)
    score = np.zeros_like(level)
    surprises = np.full((count, days, level.shape[1]), np.nan)
    seen = np.zeros(count, dtype=np.int64)
    for day in range(days):
        level, slope = level + damping * slope, damping * slope
        p_level = p_level + 2 * damping * p_both + damping**2 * p_slope + level_change
        p_both = damping * p_both + damping**2 * p_slope
        p_slope = damping**2 * p_slope + slope_change
        known = np.isfinite(plain[:, day])
        if jumps[:, day].any():
            p_level = p_level + _SHIFT_ROOM**2 * jumps[:, day, None]
        if not known.any():
            continue
        value = np.where(ways.log, logged[:, day, None], plain[:, day, None])
        error = np.where(known[:, None], value - level, 0.0)
        total = p_level + variance
        relative = error / np.sqrt(total)
        surprises[known, day] = relative[known]
        weight = np.minimum(1.0, (_FREEDOM + 1) / (_FREEDOM + relative**2))
        counted = known & (seen >= _BURN_IN) & ~jumps[:, day]
        jacobian = np.where(ways.log, logged[:, day, None], 0.0)
        gained = -0.5 * (_FREEDOM + 1) * np.log1p(relative**2 / _FREEDOM) - 0.5 * np.log(total) - jacobian
        score = score + np.where(counted[:, None], gained, 0.0)
        seen += known
        total = np.where(known[:, None], p_level + variance / weight, np.inf)
        gain_level, gain_slope = p_level / total, p_both / total
        level, slope = level + gain_level * error, slope + gain_slope * error
        p_slope = p_slope - gain_slope * p_both
        p_both = p_both - gain_level * p_both
        p_level = p_level - gain_level * p_level
    return np.stack([level, slope, p_level, p_both, p_slope]), score, surprises


def _first_known(plain: Floats, most: int) -> Floats:
    """Keep the first few known days of each series, the rest unknown."""
    early = np.cumsum(np.isfinite(plain), axis=1) <= most
    kept: Floats = np.where(early, plain, np.nan)
    return kept
