"""Occasions of each step as numbers: what share of it is holiday, maintenance or event, and is tomorrow a holiday."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nettide.arrays import Floats, Ints
from nettide.occasions import Occasion
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, local_seconds

OCCASION_FEATURES = ("holiday", "maintenance", "event", "holiday_tomorrow")
"""Shares of a step: of the step itself, and of the same local time one day later."""
Shares: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OccasionGroup:
    """Series of one zone that the same occasions concern.

    Args:
        zone: IANA name of their place.
        occasions: what concerns them.
    """

    zone: str
    occasions: tuple[Occasion, ...]


def occasion_groups(panel: Panel) -> tuple[tuple[OccasionGroup, ...], Ints]:
    """Put series that share zone and occasions into groups.

    Returns:
        The groups, and the place of each series' group among them, shape (series,).
    """
    shared = [place for place, one in enumerate(panel.occasions) if not one.series]
    own: dict[str, list[int]] = {}
    for place, one in enumerate(panel.occasions):
        for id in dict.fromkeys(one.series):
            own.setdefault(id, []).append(place)
    keys = [(one.zone, tuple(own.get(one.id, ()))) for one in panel.series]
    place_of = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    groups = tuple(
        OccasionGroup(zone, tuple(panel.occasions[place] for place in sorted([*shared, *places])))
        for zone, places in place_of
    )
    return groups, np.array([place_of[key] for key in keys], dtype=np.int64)


def occasion_features(starts: Ints, groups: Sequence[OccasionGroup], *, seconds: int) -> Shares:
    """Say what share of each span of time lies in the occasions of each group.

    Args:
        starts: epoch seconds at which the spans begin, ascending, shape (span,).
        groups: zones with their occasions.
        seconds: length of each span, such as of a step.

    Returns:
        shape (group, span, feature), each in 0 ... 1, in the order of ``OCCASION_FEATURES``.
    """
    shares = np.zeros((len(groups), len(starts), len(OCCASION_FEATURES)), dtype=np.float32)
    if not len(starts):
        return shares
    first, last = int(starts[0]) - 2 * DAY_SECONDS, int(starts[-1]) + seconds + 2 * DAY_SECONDS
    tomorrow: dict[str, Ints] = {}  # by zone: it is the same for all its groups
    for place, group in enumerate(groups):
        near = [one for one in group.occasions if one.touches(first, last)]
        if not near:
            continue
        if group.zone not in tomorrow:
            tomorrow[group.zone] = _one_day_later(starts, group.zone)
        holidays = [one for one in near if one.kind == "holiday"]
        asked = (
            (holidays, starts),
            ([one for one in near if one.kind == "maintenance"], starts),
            ([one for one in near if one.kind == "event"], starts),
            (holidays, tomorrow[group.zone]),
        )
        for feature, (occasions, begins) in enumerate(asked):
            if occasions:
                shares[place, :, feature] = _share_within(begins, occasions, seconds)
    return shares


def _one_day_later(seconds: Ints, zone: str) -> Ints:
    """Give the instants at which clocks show the same on the next day, though they may change between."""
    later = seconds + DAY_SECONDS
    changed = (local_seconds(later, zone) - later) - (local_seconds(seconds, zone) - seconds)
    instants: Ints = later - changed
    return instants


def _share_within(starts: Ints, occasions: Sequence[Occasion], seconds: int) -> Floats:
    """Give the share of each span that lies in any of the occasions, shape (span,)."""
    bounds: list[int] = []
    covered: list[int] = []
    total = 0
    for one in sorted(occasions, key=lambda one: one.start):
        if bounds and one.start <= bounds[-1]:  # overlaps or touches: they are one
            total += max(0, one.end - bounds[-1])
            bounds[-1], covered[-1] = max(bounds[-1], one.end), total
        else:
            bounds += [one.start, one.end]
            covered += [total, total + one.end - one.start]
            total += one.end - one.start
    # seconds since the first bound are exact in float64, and so are the seconds covered up to each instant
    origin = bounds[0]
    at = np.array([bound - origin for bound in bounds], dtype=np.float64)
    before = np.interp(starts - origin, at, covered)
    after = np.interp(starts - origin + seconds, at, covered)
    shares: Floats = np.clip((after - before) / seconds, 0.0, 1.0)
    return shares
