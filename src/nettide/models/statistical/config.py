"""What one can choose about a statistical forecaster, and what is chosen where it is left open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nettide.models.options import CONTEXTS, HORIZONS, check_ranges
from nettide.prepare.periods import Periods

MethodName = Literal["ets", "arima", "theta", "mstl", "prophet"]
SeasonName = Literal["auto", "none", "day", "week"]
TransformName = Literal["log", "asinh", "none"]
_WORKERS = (1, 1024)


@dataclass(frozen=True, slots=True)
class StatisticalConfig:
    """Everything one can choose about a statistical forecaster.

    Args:
        horizon: steps ahead, 1 to 336.
        context: most steps of history that a fit uses; None takes eight weeks, at most 1,344 steps or, at steps under
            an hour, a week of at most 2,016 or three days; a year at daily steps.
        method: ets (exponential smoothing), arima, theta, mstl (day and week by loess, the rest by ets) or prophet.
        season: which cycles it knows; auto takes day and week. One of a single step is none, and a cycle counts where
            the history holds two of it.
        transform: what the fit sees: log (of one plus the value over a tenth of the mean), asinh, or none.
        workers: processes for many fits; None takes one a core.

    Raises:
        OptionError: a value is outside its range.
    """

    horizon: int
    context: int | None = None
    method: MethodName = "ets"
    season: SeasonName = "auto"
    transform: TransformName = "log"
    workers: int | None = None

    def __post_init__(self) -> None:
        check_ranges(self, horizon=HORIZONS, context=CONTEXTS, workers=_WORKERS)


def chosen_context(context: int | None, periods: Periods) -> int:
    """Give the most steps of history for a fit: as asked, or enough to see the cycles within a second of work."""
    if context is not None:
        return context
    day, week = periods.day, periods.week
    return min(10_080, max(365, min(8 * week, 1344), min(7 * day, 2016), 3 * day))


def chosen_seasons(config: StatisticalConfig, periods: Periods) -> tuple[int, ...]:
    """Give the periods that a model looks for, in steps, ascending; those of one step are none."""
    day, week = periods.day, periods.week
    wanted = {"auto": (day, week), "none": (), "day": (day,), "week": (week,)}[config.season]
    return tuple(sorted({one for one in wanted if one > 1}))
