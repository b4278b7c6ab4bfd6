"""The yardstick of every relative score: the weekly seasonal naive forecast."""

from __future__ import annotations

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS
from nettide.prepare.carry import carried_forward


def yardstick_season(panel: Panel, first_cutoff: int) -> int:
    """Give the steps after which the yardstick repeats.

    A week; a day where fewer than two weeks of steps end with the first cutoff.

    Args:
        panel: gives the step; a step longer than the season makes the season one step.
        first_cutoff: index of the last step before the test part.
    """
    week = max(1, WEEK_SECONDS // panel.step_seconds)
    return week if first_cutoff + 1 >= 2 * week else max(1, DAY_SECONDS // panel.step_seconds)


def yardstick_name(panel: Panel, season: int) -> str:
    """Give the yardstick's name in a sentence, such as ``weekly naive forecast``."""
    seconds = season * panel.step_seconds
    period = {WEEK_SECONDS: "weekly ", DAY_SECONDS: "daily "}.get(seconds, "")
    return f"{period}naive forecast"


def yardstick(panel: Panel, cutoffs: Ints, *, horizon: int) -> Floats:
    """Give the value one season before each target step, or as many whole seasons as it takes to be known.

    Unknown values are carried forward from the last known one. Nothing after a cutoff is used.

    Args:
        panel: the whole data.
        cutoffs: index of the last step seen, shape (cutoff,), the smallest of which decides the season.
        horizon: steps ahead.

    Returns:
        Shape (series, cutoff, horizon), in the target's unit; NaN where nothing is known yet.
    """
    season = yardstick_season(panel, int(cutoffs.min()))
    ahead = np.arange(1, horizon + 1)
    source = cutoffs[:, None] + ahead - season * -(-ahead // season)  # (cutoff, horizon), all <= cutoff
    values = carried_forward(panel.target)[:, np.maximum(source, 0)]
    values[:, source < 0] = np.nan
    return values
