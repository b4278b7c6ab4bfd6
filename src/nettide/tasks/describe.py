"""Describe a panel in figures that can be drawn: statistics, the usual week, autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS, local_seconds

_MONDAY = 4 * DAY_SECONDS  # 1970-01-05 was the first Monday


@dataclass(frozen=True, slots=True)
class Statistics:
    """One channel of one series in figures, over its known steps; NaN where none is known.

    Args:
        series: its id.
        channel: its name.
        unit: of the values; empty when unknown.
        known: known steps.
        missing: share of the steps that are unknown.
        mean: mean value.
        deviation: standard deviation.
        least: smallest value.
        median: half of the values lie below.
        high: 95 % of the values lie below.
        most: largest value.
    """

    series: str
    channel: str
    unit: str
    known: int
    missing: float
    mean: float
    deviation: float
    least: float
    median: float
    high: float
    most: float


def statistics(panel: Panel, row: int) -> tuple[Statistics, ...]:
    """Describe each channel of the series at a position of the panel."""
    found = []
    for place, channel in enumerate(panel.channels):
        values = panel.values[row, :, place]
        known = values[~np.isnan(values)]
        low, middle, high, most = (
            np.quantile(known, (0.0, 0.5, 0.95, 1.0)).tolist() if len(known) else (float("nan"),) * 4
        )
        found.append(
            Statistics(
                series=panel.ids[row],
                channel=channel.name,
                unit=panel.units[row] if place == 0 else channel.unit,
                known=len(known),
                missing=1 - len(known) / max(1, len(values)),
                mean=float(known.mean()) if len(known) else float("nan"),
                deviation=float(known.std()) if len(known) else float("nan"),
                least=low,
                median=middle,
                high=high,
                most=most,
            )
        )
    return tuple(found)


def usual_week(panel: Panel, row: int, *, channel: int = 0, zone: str = "UTC") -> Floats:
    """Give the mean of each hour of the local week, Monday first, shape (7, slot); NaN where nothing is known.

    A slot is an hour, or as long as a step that is longer; at steps of a day or more there is one slot a day.

    Args:
        panel: the data.
        row: position of the series.
        channel: position of the channel.
        zone: IANA zone whose clock counts.
    """
    slots = max(1, min(24, round(DAY_SECONDS / panel.step_seconds)))
    local = (local_seconds(panel.seconds, zone) - _MONDAY) % WEEK_SECONDS
    place = local // DAY_SECONDS * slots + local % DAY_SECONDS * slots // DAY_SECONDS
    values = panel.values[row, :, channel]
    known = ~np.isnan(values)
    counts = np.bincount(place[known], minlength=7 * slots)
    sums = np.bincount(place[known], weights=values[known], minlength=7 * slots)
    means: Floats = np.where(counts, sums / np.maximum(counts, 1), np.nan).reshape(7, slots)
    return means


def autocorrelation(values: Floats, *, most_lag: int) -> Floats:
    """Give the correlation of a series with itself some steps before, over the pairs that are known.

    Sums over pairs by fast Fourier transform, divided by those of the squares of the same pairs' mean variance,
    so that gaps neither shrink nor swell it.

    Args:
        values: shape (time,); NaN is unknown.
        most_lag: largest lag in steps; no more than the steps less one are given.

    Returns:
        One value for each lag from 0, shape (lag,); NaN where no pair is known or nothing varies.
    """
    most_lag = max(0, min(most_lag, len(values) - 1))
    known = ~np.isnan(values)
    variance = float(values[known].var()) if known.any() else 0.0
    if not variance > 0:
        return np.full(most_lag + 1, np.nan)
    centred = np.where(known, values - values[known].mean(), 0.0)
    size = 1 << (2 * len(values) - 1).bit_length()
    sums, pairs = (
        np.fft.irfft(np.abs(np.fft.rfft(one, size)) ** 2, size)[: most_lag + 1]
        for one in (centred, known.astype(np.float64))
    )
    counted: Floats = np.where(pairs > 0.5, sums / (np.maximum(np.rint(pairs), 1.0) * variance), np.nan)
    return counted
