"""When a link is full: the day from which a daily figure reaches a share of the capacity to stay, with its chance."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import numpy as np

from nettide.arrays import Floats
from nettide.errors import OptionError
from nettide.insight.capacity_choice import CapacityChoice
from nettide.insight.capacity_days import DailyLevels, daily_levels
from nettide.insight.capacity_passage import Crossing, crossing
from nettide.insight.capacity_paths import simulate
from nettide.insight.capacity_trend import LEAST_DAYS, MOST_DAYS, YEAR_DAYS, Trends, fit_trends
from nettide.insight.directions import Direction, paired
from nettide.panel import Panel, Series

FAN_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_TOGETHER = 64  # series that are filtered at once
_DRAWN_DAYS = 366

WEEK_DAYS = 7
_SHARE_UNSEEN = 0.1

State = Literal["told", "ended", "short", "silent"]
"""Whether a run-out date can be told; if not: readings ended, the history is too short, or there is hardly traffic."""


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """The days before and the days to come, for drawing.

    Args:
        first_day: of the past.
        past: daily figure, shape (day,); NaN where unknown.
        ahead_from: the first day to come.
        ahead: quantiles of each day to come at ``FAN_LEVELS``, shape (day, level).
    """

    first_day: date
    past: Floats
    ahead_from: date
    ahead: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What is to be expected of one series.

    Args:
        id: of the series.
        link: its name without the direction.
        direction: in or out, where another series is its counterpart; else empty.
        unit: of all figures.
        capacity: most that the link carries.
        state: whether a date can be told.
        known_days: days whose figure is known.
        last_day: the last known one; None without any.
        last_reading: the day of the last reading, which that day may have too few of to be known; None without any.
        unseen_days: days from the last known one to the end of the data.
        now: what the last days reach: the figure that ``full_days`` of the last ``of_days`` known days reach; NaN
            where there is none or they are long past.
        growth_a_year: median growth over the horizon, as a yearly rate, 0.2 for 20 %; NaN where no date is told.
        crossings: one a threshold; empty where no date can be told.
        fan: for drawing; None where no date can be told.
    """

    id: str
    link: str
    direction: Direction
    unit: str
    capacity: float
    state: State
    known_days: int
    last_day: date | None
    last_reading: date | None
    unseen_days: int
    now: float
    growth_a_year: float = math.nan
    crossings: tuple[Crossing, ...] = ()
    fan: Fan | None = field(default=None, repr=False)

    @property
    def used(self) -> float:
        """Share of the capacity that is reached now; NaN where unknown."""
        return self.now / self.capacity

    @property
    def headroom(self) -> float:
        """What is left of the capacity, in the unit of the series; negative above it, NaN where unknown."""
        return self.capacity - self.now


def outlooks(panel: Panel, choice: CapacityChoice) -> tuple[Outlook, ...]:
    """Say for each series when it reaches each threshold of its capacity.

    All ways the watched figure may go are simulated from its trend, and the first passage of each is dated: so
    single bursts do not count, and the dates carry what is not known of trend, level and noise. The demand
    is forecast: it may exceed the capacity though the link cannot.

    The days to come begin after the last day of the panel, for all series alike. A series that has had no known day
    for long before that has ended (``has_ended``) and gets no dates.

    Args:
        panel: every series with a capacity in its unit; where it ends, the data ends.
        choice: what is asked.

    Returns:
        One a series, in the order of the panel.

    Raises:
        OptionError: a series has no capacity.
        HistoryError: the steps are too long for the watched figure.
    """
    for one in panel.series:
        if one.capacity is None:
            raise OptionError(f"series {one.id!r} has no capacity: add --capacity 10G or --capacities FILE")
    daily = daily_levels(panel, watched=choice.watched)
    values = daily.values[:, : daily.whole_days]
    names = paired(panel.ids)
    known = [
        _known(one, row, unit=unit, name=names[one.id], daily=daily, choice=choice)
        for row, (one, unit) in enumerate(zip(panel.series, panel.units, strict=True))
    ]
    told = np.array([row for row, one in enumerate(known) if one.state == "told"], dtype=np.int64)
    for begin in range(0, len(told), _TOGETHER):
        rows = told[begin : begin + _TOGETHER]
        trends = fit_trends(values[rows])
        for place, row in enumerate(rows.tolist()):
            known[row] = _told(known[row], values[row], trends=trends, place=place, daily=daily, choice=choice)
    return tuple(known)


def has_ended(known_days: int, unseen_days: int) -> bool:
    """Say whether a series has been unknown for so long before the end of the data that it gets no dates.

    That is for more than a week, or than a tenth of its known days if that is longer. Polls and exports do stop for
    some days, and what a long history tells of the trend holds a little longer. But never for more than
    ``LEAST_DAYS``: in as many days as make a trend another may have begun unseen, or the link may be gone.

    Args:
        known_days: days whose figure is known.
        unseen_days: days from the last known one to the end of the data.
    """
    return unseen_days > min(max(WEEK_DAYS, _SHARE_UNSEEN * known_days), LEAST_DAYS)


def _known(
    series: Series, row: int, *, unit: str, name: tuple[str, Direction], daily: DailyLevels, choice: CapacityChoice
) -> Outlook:
    """Say what is known of a series, in a row of the daily figures, before any trend."""
    assert series.capacity is not None
    past, last_reading = daily.values[row, : daily.whole_days], int(daily.last_reading[row])
    places = np.flatnonzero(np.isfinite(past))
    unseen = len(past) - 1 - int(places[-1]) if len(places) else len(past)
    looked_at = past[-MOST_DAYS:][np.isfinite(past[-MOST_DAYS:])]
    state: State = "told"
    if len(places) and has_ended(len(places), unseen):
        state = "ended"
    elif len(looked_at) < LEAST_DAYS:
        state = "short"
    elif not np.median(looked_at) > 0:
        state = "silent"
    return Outlook(
        id=series.id,
        link=name[0],
        direction=name[1],
        unit=unit,
        capacity=series.capacity,
        state=state,
        known_days=len(places),
        last_day=daily.day(int(places[-1])) if len(places) else None,
        last_reading=daily.day(last_reading) if last_reading >= 0 else None,
        unseen_days=unseen,
        now=math.nan if state == "ended" else reached_now(past, choice),
    )


def reached_now(values: Floats, choice: CapacityChoice) -> float:
    """Give what ``full_days`` of the last ``of_days`` known days reach; NaN with fewer days."""
    known = values[np.isfinite(values)][-choice.of_days :]
    return float(np.sort(known)[-choice.full_days]) if len(known) >= choice.full_days else math.nan


def _told(
    outlook: Outlook, past: Floats, *, trends: Trends, place: int, daily: DailyLevels, choice: CapacityChoice
) -> Outlook:
    """Put dates into the outlook of a series, which is at a place among the trends."""
    generator = np.random.default_rng(np.random.SeedSequence([choice.seed, zlib.crc32(outlook.id.encode())]))
    days = choice.horizon_days + choice.of_days - 1  # the last first day needs those after it
    paths = simulate(trends, place, days=days, paths=choice.paths, generator=generator)
    crossings = tuple(
        crossing(past, paths, threshold=one, capacity=outlook.capacity, choice=choice, day=daily.day)
        for one in choice.thresholds
    )
    shown = past[-_DRAWN_DAYS:]
    fan = Fan(
        daily.day(len(past) - len(shown)),
        shown,
        daily.day(len(past)),
        np.quantile(paths[:, : choice.horizon_days], FAN_LEVELS, axis=0).T,
    )
    return replace(outlook, growth_a_year=_growth(paths, choice.horizon_days), crossings=crossings, fan=fan)


def _growth(paths: Floats, days: int) -> float:
    """Give the median growth from the first to the last weeks of the horizon as a yearly rate; NaN under two months."""
    if days < 56:
        return math.nan
    first, last = paths[:, :28].mean(axis=1), paths[:, days - 28 : days].mean(axis=1)
    known = first > 0
    if not known.any():
        return math.nan
    ratio = np.median(last[known] / first[known])
    return float(ratio ** (YEAR_DAYS / (days - 28))) - 1
