"""Periods: the day and week of the data in steps, as measured where the clock of the data is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Ints
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS
from nettide.prepare.cycles import compressed, measured_day

_LOOKED_AT = 64  # series: a clock is wrong for all of a panel, or it is the series that is odd
_FINEST = 24  # slots a day that are looked at; a finer grid says no more about the length of a day
_SAME = 0.002  # of a day: within a week it amounts to twenty minutes


@dataclass(frozen=True, slots=True)
class Periods:
    """How many steps a day and a week of the traffic have.

    Args:
        day: steps a day, at least 1.
        week: steps a week, at least 1.
        clock: measured length of a day over its nominal length; 1 where they agree or nothing clear can be said.
    """

    day: int
    week: int
    clock: float = 1.0

    @property
    def seasons(self) -> tuple[int, ...]:
        """The periods that span more than one step, ascending."""
        return tuple(one for one in (self.day, self.week) if one > 1)


def told_seconds(panel: Panel, places: Ints, *, clock: float) -> Ints:
    """Give the epoch seconds of steps by the days that the traffic itself shows, beginning with the first step's.

    Args:
        panel: whose grid it is.
        places: index of each step; may lie before the first and after the last, shape (step,).
        clock: measured length of a day over its nominal length; with 1 these are the seconds of the grid.
    """
    if clock == 1.0:
        return panel.start + panel.step_seconds * places
    return panel.start + np.round(panel.step_seconds / clock * places).astype(np.int64)


def nominal_periods(panel: Panel) -> Periods:
    """Give the periods that the step alone says."""
    return Periods(panel.steps_per(DAY_SECONDS), panel.steps_per(WEEK_SECONDS))


def measured_periods(panel: Panel) -> Periods:
    """Give the periods of a panel, from its step, corrected where the daily cycle of most series drifts.

    A drift is believed where at least half of the series that are looked at show about the same one.

    Args:
        panel: only what may be learned from, for example all up to a cutoff.
    """
    nominal = nominal_periods(panel)
    if nominal.day < 4 or not len(panel.series) or panel.steps < nominal.day:
        return nominal
    by_id = sorted(range(len(panel.series)), key=panel.ids.__getitem__)
    rows = by_id[:: -(-len(by_id) // _LOOKED_AT)]
    width = max(1, nominal.day // _FINEST)
    slots = nominal.day // width
    days = panel.steps // nominal.day
    level = compressed(panel.target[rows, : days * nominal.day])
    bins = level.reshape(len(rows), days, nominal.day)[:, :, : slots * width].reshape(len(rows), days * slots, width)
    known = np.isfinite(bins)
    sums = np.where(known, bins, 0.0).sum(axis=2)
    means = np.where(known.any(axis=2), sums / np.maximum(known.sum(axis=2), 1), np.nan)
    lengths = measured_day(means, slots)
    drifting = lengths[np.abs(lengths - 1) > _SAME]
    if 2 * len(drifting) < len(rows) or not len(drifting):
        return nominal
    clock = float(np.median(drifting))
    if 2 * (np.abs(drifting - clock) <= _SAME).sum() < len(rows):
        return nominal
    day, week = panel.step_seconds, panel.step_seconds
    return Periods(round(clock * DAY_SECONDS / day), round(clock * WEEK_SECONDS / week), clock)
