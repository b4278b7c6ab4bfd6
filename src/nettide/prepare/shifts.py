"""Lasting changes of level, found in daily medians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.prepare.cycles import row_median

_SIDE = 7
"""Days on each side; whole weeks cancel the weekly cycle."""
_LASTING = 21
_LEAST_RATIO = 1.35
_LEAST_SPREADS = 6.0
_LEAST_NOISES = 2.7
"""Four times the spread of the difference of two medians of seven days each, in spreads of one day."""
_FLOOR = 0.01


@dataclass(frozen=True, slots=True)
class Shift:
    """A lasting change of level.

    Args:
        day: index of the first day of the new level.
        ratio: new level over old level.
    """

    day: int
    ratio: float


def find_shifts(daily: Floats) -> list[list[Shift]]:
    """Find lasting changes of level of each series.

    The medians of the weeks before and after each day are compared on a logarithmic scale. A change counts when it
    is at least 35 %, stands out by six times the usual spread between one week and the next (median absolute
    deviation) and from the noise of single days, and is still there in the median of the three weeks on each side,
    so that a holiday week does not count.

    Args:
        daily: one level a day, such as the median, shape (series, day); NaN where unknown.

    Returns:
        Changes in order of time, for each series; none for a series that is known for less than two weeks or
        zero on most days.
    """
    count, days = daily.shape
    found: list[list[Shift]] = [[] for _ in range(count)]
    if days < 2 * _SIDE:
        return found
    middle = row_median(daily)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.log(np.maximum(daily, _FLOOR * middle[:, None]))
    level[~(middle > 0)] = np.nan
    level = _without_weekdays(level)
    weeks = row_median(_at_least_half(np.lib.stride_tricks.sliding_window_view(level, _SIDE, axis=1)))
    jump = weeks[:, _SIDE:] - weeks[:, :-_SIDE]  # (series, days - 13), the first is of day 7
    size = np.abs(jump)
    spread = 1.4826 * row_median(np.abs(jump - row_median(jump)[:, None]))
    noise = 1.4826 / np.sqrt(2) * row_median(np.abs(np.diff(level)))
    bound = np.fmax(np.log(_LEAST_RATIO), np.fmax(_LEAST_SPREADS * spread, _LEAST_NOISES * noise))
    size = np.where(np.isfinite(size), size, 0.0)
    for row in np.flatnonzero(size.max(axis=1) >= bound):
        found[row] = _of_series(level[row], size[row].copy(), float(bound[row]))
    return found


def _without_weekdays(level: Floats) -> Floats:
    """Take out the mean effect of the weekday, where there are four weeks to learn it from."""
    count, days = level.shape
    if days < 4 * _SIDE:
        return level
    weeks = np.lib.stride_tricks.sliding_window_view(level, _SIDE, axis=1)
    rest = level[:, _SIDE // 2 : days - _SIDE // 2] - row_median(_at_least_half(weeks))
    effect = np.zeros((count, days))
    for weekday in range(_SIDE):
        same = row_median(rest[:, (weekday - _SIDE // 2) % _SIDE :: _SIDE])
        effect[:, weekday::_SIDE] = np.where(np.isfinite(same), same, 0.0)[:, None]
    adjusted: Floats = level - effect
    return adjusted


def _at_least_half(windows: Floats) -> Floats:
    """Make windows unknown in which fewer than half of the days are known."""
    known = np.isfinite(windows).sum(axis=-1, keepdims=True)
    clear: Floats = np.where(2 * known > windows.shape[-1], windows, np.nan)
    return clear


def _of_series(level: Floats, size: Floats, bound: float) -> list[Shift]:
    """Take the largest change, then the next one at least a week away, as long as they last."""
    taken: Ints = np.zeros(0, dtype=np.int64)
    shifts = []
    while size.max() >= bound:
        place = int(size.argmax())
        size[max(0, place - _SIDE + 1) : place + _SIDE] = 0
        day = _sharpest(level, place + _SIDE)
        others = np.sort(taken)
        before = int(others[others < day].max(initial=0))
        after = int(others[others > day].min(initial=len(level)))
        old, new = level[max(before, day - _LASTING) : day], level[day : min(after, day + _LASTING)]
        change = _middle(new) - _middle(old)
        if abs(change) >= bound:
            taken = np.append(taken, day)
            shifts.append(Shift(day, float(np.exp(change))))
    return sorted(shifts, key=lambda one: one.day)


def _sharpest(level: Floats, day: int) -> int:
    """Move a change to the day that splits its surroundings into the two tightest halves."""
    best, least = day, np.inf
    window = slice(max(0, day - _SIDE), min(len(level), day + _SIDE))
    for candidate in range(max(window.start + 3, day - 4), min(window.stop - 2, day + 5)):
        cost = _looseness(level[window.start : candidate]) + _looseness(level[candidate : window.stop])
        if cost < least:
            best, least = candidate, cost
    return best


def _looseness(values: Floats) -> float:
    """Give the sum of distances from the median."""
    known = np.sort(values[np.isfinite(values)])
    half = len(known) // 2
    return float(known[len(known) - half :].sum() - known[:half].sum())


def _middle(values: Floats) -> float:
    known = np.sort(values[np.isfinite(values)])
    if not len(known):
        return float("nan")
    return float(known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2
