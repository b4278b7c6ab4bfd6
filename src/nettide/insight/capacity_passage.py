"""First passage: the day from which a threshold is reached to stay, in the past and over simulated days."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.insight.capacity_choice import CapacityChoice

CHANCES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a threshold is reached to stay.

    Args:
        threshold: in percent of the capacity.
        level: in the unit of the series.
        since: the threshold has been reached since then; None if it is not reached now.
        probability: that it is reached within the horizon; 1 if it is reached already.
        dates: chance (0.1, 0.5, 0.9) -> the day by which it is reached with that chance; None beyond the horizon.
    """

    threshold: float
    level: float
    since: date | None
    probability: float
    dates: Mapping[float, date | None]


def crossing(
    past: Floats,
    paths: Floats,
    *,
    threshold: float,
    capacity: float,
    choice: CapacityChoice,
    day: Callable[[int], date],
) -> Crossing:
    """Date a threshold: since when it is reached, or by when it will be with which chance.

    Args:
        past: daily figure, shape (day,); NaN where unknown.
        paths: ways it may go from the day after the past, the horizon and the days that its last one needs to be
            judged, shape (path, horizon_days + of_days - 1).
        threshold: in percent of the capacity.
        capacity: in the unit of the figure.
        choice: what is asked.
        day: gives the date of a day, counted from the first of the past.
    """
    level = threshold / 100 * capacity
    began = reached_since(past, level, choice)
    if began is not None:
        return Crossing(threshold, level, day(began), 1.0, dict.fromkeys(CHANCES, day(began)))
    tail = _tail(past, choice)
    first = first_passage(np.hstack([np.broadcast_to(tail, (len(paths), len(tail))), paths]), level, choice)
    # what began in the past and is sure only now counts from the first day to come
    days = np.sort(np.clip(first - len(tail), 0, choice.horizon_days))
    dates: dict[float, date | None] = {}
    for chance in CHANCES:
        when = int(days[math.ceil(chance * len(days)) - 1])
        dates[chance] = day(len(past) + when) if when < choice.horizon_days else None
    return Crossing(threshold, level, None, float((days < choice.horizon_days).mean()), dates)


def _tail(past: Floats, choice: CapacityChoice) -> Floats:
    """Give the last days of the past, which may open a passage, shape (of_days - 1,); unknown ones are never above."""
    tail = np.full(choice.of_days - 1, -np.inf)
    days = past[max(0, len(past) - len(tail)) :]
    if len(tail):
        tail[len(tail) - len(days) :] = np.where(np.isfinite(days), days, -np.inf)
    return tail


def first_passage(days: Floats, level: float, choice: CapacityChoice) -> Ints:
    """Give the first day from which the level is reached to stay, shape (path,).

    It is the first day at or above the level that opens ``of_days`` days of which ``full_days`` are.

    Args:
        days: shape (path, day).
        level: in the same unit.
        choice: tells ``full_days`` and ``of_days``.

    Returns:
        The place of the day, or the number of days where there is none.
    """
    opens = _opening(days >= level, choice)
    first: Ints = np.where(opens.any(axis=1), opens.argmax(axis=1), days.shape[1]).astype(np.int64)
    return first


def _opening(above: Bools, choice: CapacityChoice) -> Bools:
    """Tell which days open a passage, shape (path, day); those too near the end to be known do not."""
    counted = np.zeros((len(above), above.shape[1] + 1), dtype=np.int64)
    np.cumsum(above, axis=1, out=counted[:, 1:])
    opens = np.zeros_like(above)
    last = above.shape[1] - choice.of_days + 1
    if last > 0:
        often = counted[:, choice.of_days :] - counted[:, : -choice.of_days]
        opens[:, :last] = above[:, :last] & (often >= choice.full_days)
    return opens


def reached_since(past: Floats, level: float, choice: CapacityChoice) -> int | None:
    """Give the day since which the level has been reached; None if the last days do not reach it.

    It is reached as long as ``full_days`` of each ``of_days`` known days in a row are at or above it.

    Args:
        past: shape (day,); NaN where unknown.
        level: in the same unit.
        choice: tells ``full_days`` and ``of_days``.
    """
    places = np.flatnonzero(np.isfinite(past))
    above = past[places] >= level
    if len(above) < choice.of_days:
        return None
    often = np.convolve(above, np.ones(choice.of_days, dtype=np.int64), mode="valid")  # of the days that end a window
    below = np.flatnonzero(often < choice.full_days)
    if len(below) and below[-1] == len(often) - 1:
        return None
    begin = int(below[-1]) + 1 if len(below) else 0
    return int(places[begin + int(above[begin:].argmax())])
