"""Ways a daily figure may go: simulated from its trend, its surprises and its week."""

from __future__ import annotations

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.insight.capacity_trend import YEAR_DAYS, Trends

_BLOCK = 7
_MOST_SURPRISE = 5.0
_SHIFT_SIZE = 0.35
_MOST_LOG = 4.0
"""Levels may grow to e^4, 55 times what is usual; beyond that a path says nothing but far above."""


def simulate(trends: Trends, row: int, *, days: int, paths: int, generator: np.random.Generator) -> Floats:
    """Draw ways that one series may go from the day after its last one.

    Args:
        trends: of some series.
        row: which of them.
        days: how far ahead.
        paths: how many.
        generator: the source of chance.

    Returns:
        In the unit of the series, never negative, shape (path, day).
    """
    ways = trends.ways
    way = np.sort(generator.choice(len(ways.log), size=paths, p=trends.weights[row]))
    level, slope = _starts(trends, row, way, generator)
    deviation = trends.spread[row] * ways.spread[way]
    level_change = deviation * ways.level[way]
    level_noise = generator.standard_normal((paths, days)) * level_change[:, None]
    slope_noise = generator.standard_normal((paths, days)) * ways.slope[way][:, None]
    shifted = generator.random((paths, days)) < trends.shifts_a_year[row] / YEAR_DAYS
    level_noise += np.where(shifted, generator.standard_normal((paths, days)) * _SHIFT_SIZE, 0.0)
    damping = ways.damping[way]
    levels = np.empty((paths, days))
    for day in range(days):
        slope = damping * slope + slope_noise[:, day]
        level = level + slope + level_noise[:, day]
        levels[:, day] = level
    levels += deviation[:, None] * _blocks(trends.surprises[row], days, paths, generator)
    relative = np.where(ways.log[way][:, None], np.exp(np.minimum(levels, _MOST_LOG)), levels)
    season = trends.week[row][np.arange(days) % 7]
    paths_of: Floats = trends.scale[row] * season * np.maximum(relative, 0.0)
    return paths_of


def _starts(trends: Trends, row: int, way: Ints, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw level and slope at the end of the history, shape (path,) each."""
    p_level, p_both, p_slope = (one[row, way] for one in trends.covariance)
    first, second = generator.standard_normal((2, len(way)))
    root = np.sqrt(np.maximum(p_level, 0.0))
    along = np.divide(p_both, root, out=np.zeros_like(root), where=root > 0)
    rest = np.sqrt(np.maximum(p_slope - along**2, 0.0))
    return trends.level[row, way] + root * first, trends.slope[row, way] + along * first + rest * second


def _blocks(surprises: Floats, days: int, paths: int, generator: np.random.Generator) -> Floats:
    """Draw surprises as runs of seven days that keep their day of the week, shape (path, day)."""
    weeks = len(surprises) // _BLOCK
    table = surprises[len(surprises) - weeks * _BLOCK :].reshape(weeks, _BLOCK)
    whole = table[np.isfinite(table).all(axis=1)]
    if len(whole) < 4:
        drawn: Floats = generator.standard_t(4, (paths, days)) / np.sqrt(2)
        return np.clip(drawn, -_MOST_SURPRISE, _MOST_SURPRISE)
    weeks_of = generator.integers(0, len(whole), (paths, -(-days // _BLOCK)))
    clipped: Floats = np.clip(whole[weeks_of].reshape(paths, -1)[:, :days], -_MOST_SURPRISE, _MOST_SURPRISE)
    return clipped
