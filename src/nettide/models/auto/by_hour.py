"""Bands that follow, hour of the day by hour, how often the last week's forecasts held.

Where a link is forecast an hour ahead or less, a band that holds on the whole may still hold too little in the morning
and too much at night. Each hour of the day has a factor on the width below the median, and one above it; every
forecast that came true moves those of its hours, and a little less those of the hours around.

Source: adaptive conformal inference, Gibbs and Candès, NeurIPS 2021, in groups that overlap as in Bastani et al.,
Practical Adversarial Multivalid Conformal Prediction, NeurIPS 2022.
"""

from __future__ import annotations

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.forecast import LEVELS
from nettide.models.calibration import Adjustment, origins_of, signed_errors
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS

_HOUR_SECONDS = 3_600
_HOURS = DAY_SECONDS // _HOUR_SECONDS
_LONGEST = _HOUR_SECONDS  # horizon; what is further ahead is corrected too late
_WEEK = 7 * DAY_SECONDS
_LEAST = 2 * DAY_SECONDS  # of forecasts to look back on
_MOST_FORECASTS = 5_000  # series x origins, all of which are forecast again
_RATE = 0.4  # what an hour of misses adds to the log of a width
_SHARED = 0.6  # of what moves a width, from the misses of all series
_REACH = 4  # hours; what is half as far away counts half
_MOST_AT_ONCE = 0.25  # of the rate: what one step can move, however long it is or stands for
_MOST = 1.0  # log of a factor


def origins_by_hour(cutoffs: Ints, *, series: int, horizon: int, step_seconds: int) -> Ints:
    """Give the earlier cutoffs that tell the hours of the day apart, newest first; negative where there is none.

    They are a horizon apart, or as many horizons as an hour has, over a week.

    Args:
        cutoffs: index of the last seen step, shape (cutoff,).
        series: how many are forecast.
        horizon: steps ahead.
        step_seconds: length of a step.

    Returns:
        shape (cutoff, origin); no origin where the horizon is longer than an hour, or two days would be too many.
    """
    apart = _horizons_apart(horizon, step_seconds) * horizon  # steps
    count = min(_WEEK // (apart * step_seconds), _MOST_FORECASTS // max(series, 1))
    if horizon * step_seconds > _LONGEST or count * apart * step_seconds < _LEAST:
        count = 0
    return origins_of(cutoffs, horizon=apart, count=count)


def _horizons_apart(horizon: int, step_seconds: int) -> int:
    """Give how many horizons of some steps there are to an hour, or begin in it."""
    return -(-_HOUR_SECONDS // (horizon * step_seconds))


def widths_by_hour(panel: Panel, cutoffs: Ints, origins: Ints, at: Ints, quantiles: Floats) -> Adjustment:
    """Give factors on the widths of bands, from how often those of the last forecasts were missed at each hour.

    A forecast is judged by the band that the ones before it had led to, so that a width that is too large is
    corrected until it is not.

    Args:
        panel: what is known; only steps up to each cutoff are used.
        cutoffs: index of the last seen step, shape (cutoff,).
        origins: earlier cutoffs that each looks back on, newest first, at least a horizon ago; negative where there is
            none, shape (cutoff, origin).
        at: all of these, ascending, shape (time,).
        quantiles: that were forecast there, shape (series, time, horizon, level).

    Returns:
        factors for each series, shape (series, cutoff, horizon); no shift.
    """
    ahead = np.arange(1, quantiles.shape[2] + 1)
    steps = at[:, None] + ahead
    errors = signed_errors(panel.target[:, steps], quantiles, middle=LEVELS.index(0.5))  # (series, time, horizon)
    low, wide = quantiles[..., 0], quantiles[..., -1] > quantiles[..., 0]
    hours, now = _hours(panel, steps), _hours(panel, cutoffs[:, None] + ahead)
    apart = np.abs(np.arange(_HOURS)[:, None] - np.arange(_HOURS))
    counts = np.maximum(0.0, 1 - np.minimum(apart, _HOURS - apart) / _REACH)  # (hour, hour)
    told = _horizons_apart(len(ahead), panel.step_seconds) * panel.step_seconds / _HOUR_SECONDS
    counts *= _RATE * min(told, _MOST_AT_ONCE)
    place = np.where(origins >= 0, np.searchsorted(at, origins), -1)
    below = _followed(np.where(wide & (low > 0), -errors, np.nan), hours, place, counts, now)  # nothing is below zero
    above = _followed(np.where(wide, errors, np.nan), hours, place, counts, now)
    return Adjustment(np.zeros_like(below), below, above)


def _followed(beyond: Floats, hours: Ints, place: Ints, counts: Floats, now: Ints) -> Floats:
    """Follow the misses beyond one edge and give the factors in the end.

    Args:
        beyond: errors, 1 being on the edge, NaN where unknown, shape (series, time, horizon).
        hours: of the target steps, shape (time, horizon).
        place: which times each cutoff looks back on, newest first, negative for none, shape (cutoff, origin).
        counts: how much a miss in one hour (row) moves another, shape (24, 24).
        now: hours of the target steps to come, shape (cutoff, horizon).

    Returns:
        shape (series, cutoff, horizon).
    """
    logs = np.zeros((len(beyond), len(place), _HOURS))
    for origin in reversed(range(place.shape[1])):
        there = np.flatnonzero(place[:, origin] >= 0)
        at = place[there, origin]
        error, hour = beyond[:, at], hours[at]  # (series, cutoff, horizon), (cutoff, horizon)
        known = np.isfinite(error)
        missed = np.where(known, (error > np.exp(_taken(logs[:, there], hour))) - LEVELS[0], 0.0)
        shared = missed.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        missed = (1 - _SHARED) * missed + _SHARED * shared
        moved = logs[:, there] + np.matmul(missed.transpose(1, 0, 2), counts[hour]).transpose(1, 0, 2)
        logs[:, there] = np.clip(moved, -_MOST, _MOST)
    return np.exp(_taken(logs, now))


def _hours(panel: Panel, steps: Ints) -> Ints:
    """Give the hour of the day (UTC) of steps, 0 ... 23, of the same shape."""
    found: Ints = (panel.start + steps * panel.step_seconds) % DAY_SECONDS // _HOUR_SECONDS
    return found


def _taken(logs: Floats, hours: Ints) -> Floats:
    """Take the value at each hour: logs of shape (series, cutoff, 24), hours of (cutoff, horizon)."""
    found: Floats = np.take_along_axis(logs, np.broadcast_to(hours, (len(logs), *hours.shape)), axis=2)
    return found
