"""95th percentile billing: what a calendar month of samples amounts to, as carriers count it.

Samples of a month in order, the top 5 % (rounded down) dropped, the largest that is left: the nearest rank, without
interpolation. Months are those of the clock of the place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from nettide.arrays import Floats
from nettide.errors import OptionError
from nettide.insight.directions import Direction, paired
from nettide.panel import Panel

Policy = Literal["in", "out", "max", "sum"]
"""Which directions are billed: one, the larger of their percentiles, or the percentile of their sum."""
POLICIES: tuple[Policy, ...] = ("in", "out", "max", "sum")
MEGABIT = 1e6
DROPPED_PART = 20
"""One sample in so many is dropped: 5 %."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """What traffic costs.

    Args:
        commit: paid for whether used or not, in the unit of the traffic, bits per second.
        price: of a megabit per second and month; None where only the traffic is asked for.
        overage_price: the same for what is above the commit; None takes ``price``.

    Raises:
        OptionError: a value is negative or not finite, or there is a price for the overage alone.
    """

    commit: float = 0.0
    price: float | None = None
    overage_price: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("commit", self.commit), ("price", self.price), ("overage price", self.overage_price)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise OptionError(f"{name} {value:g} must be zero or more")
        if self.price is None and self.overage_price is not None:
            raise OptionError("an overage price needs the price of the commit too: add --price")

    def cost(self, billed: Floats) -> Floats:
        """Give the cost of months; NaN without a price or where a month is unknown.

        Args:
            billed: 95th percentiles in bits per second, any shape.
        """
        if self.price is None:
            return np.full(np.shape(billed), np.nan)
        above = self.price if self.overage_price is None else self.overage_price
        over = np.maximum(np.asarray(billed, dtype=np.float64) - self.commit, 0.0)
        cost: Floats = (self.commit * self.price + over * above) / MEGABIT
        return cost


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of a link.

    Args:
        first: its first day.
        billed: 95th percentile by the policy; NaN where nothing is known.
        by_direction: 95th percentile of each series that is billed.
        known: share of the month's samples that are known, up to 1.
        complete: whether the data reaches the end of the month and from its beginning.
    """

    first: date
    billed: float
    by_direction: dict[Direction, float]
    known: float
    complete: bool


@dataclass(frozen=True, slots=True, eq=False)
class BilledLink:
    """The samples of a link that are billed.

    Args:
        name: of the link.
        zone: whose months they are.
        unit: of the samples.
        directions: of the rows.
        samples: shape (direction, time); NaN where unknown.
    """

    name: str
    zone: str
    unit: str
    directions: tuple[Direction, ...]
    samples: Floats


def percentile_95(samples: Floats) -> Floats:
    """Give the nearest-rank 95th percentile along the last axis, of the known samples; NaN where there are none."""
    samples = np.asarray(samples, dtype=np.float64)
    if samples.shape[-1] == 0:
        return np.full(samples.shape[:-1], np.nan)
    known = np.isfinite(samples).sum(axis=-1)
    rank = np.maximum(known - known // DROPPED_PART - 1, 0)
    ordered = np.sort(samples, axis=-1)  # unknown goes last
    found: Floats = np.take_along_axis(ordered, rank[..., None], axis=-1)[..., 0]
    return found


def billed_links(panel: Panel, policy: Policy) -> tuple[BilledLink, ...]:
    """Put the in and out series of a link together, as the policy bills them.

    A series without a counterpart is billed as it is, whatever the policy.

    Raises:
        OptionError: the policy is unknown, or the directions of a link differ in unit or zone.
    """
    if policy not in POLICIES:
        raise OptionError(f"policy {policy!r} must be one of {', '.join(POLICIES)}")
    rows: dict[tuple[str, bool], dict[Direction, int]] = {}
    names = paired(panel.ids)
    for row, id in enumerate(panel.ids):
        link, direction = names[id]
        rows.setdefault((link, direction != ""), {})[direction] = row
    links = []
    for (name, is_pair), by_direction in rows.items():
        chosen: dict[Direction, int] = by_direction
        if is_pair:
            ordered: tuple[Direction, ...] = ("in", "out")
            chosen = {one: by_direction[one] for one in ordered if policy in (one, "max", "sum")}
        units = {panel.units[row] for row in chosen.values()}
        zones = {panel.series[row].zone for row in chosen.values()}
        if len(units) > 1 or len(zones) > 1:
            raise OptionError(
                f"link {name!r}: its directions differ in unit or time zone ({', '.join(sorted(units | zones))}); "
                "bill them apart with --policy in or --policy out"
            )
        places = list(chosen.values())
        links.append(BilledLink(name, zones.pop(), units.pop(), tuple(chosen), panel.target[places]))
    return tuple(links)


def billed(samples: Floats, policy: Policy) -> Floats:
    """Give what is billed for samples by direction.

    Args:
        samples: shape (direction, ..., time), one or two directions.
        policy: ``max`` and ``sum`` put two directions together; one direction is billed as it is.

    Returns:
        Shape (...,).
    """
    if len(samples) > 1 and policy == "sum":
        return percentile_95(samples.sum(axis=0))
    largest: Floats = np.fmax.reduce(percentile_95(samples), axis=0)
    return largest


def month_bounds(first: date, zone: str) -> tuple[int, int]:
    """Give the epoch seconds at which a month begins and the next one does, on the clock of a place."""
    later = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    place = ZoneInfo(zone)
    begin, end = (int(datetime(one.year, one.month, 1, tzinfo=place).timestamp()) for one in (first, later))
    return begin, end


def month_of(second: int, zone: str) -> date:
    """Give the first day of the month of an epoch second, on the clock of a place."""
    return datetime.fromtimestamp(second, ZoneInfo(zone)).date().replace(day=1)


def months(link: BilledLink, policy: Policy, *, start: int, step_seconds: int) -> tuple[Month, ...]:
    """Give every month that the samples touch, the first one first.

    Args:
        link: its samples.
        policy: how directions are put together.
        start: epoch second of the first sample.
        step_seconds: from one to the next.
    """
    steps = link.samples.shape[1]
    found: list[Month] = []
    if not steps:
        return ()
    first, last = month_of(start, link.zone), month_of(start + (steps - 1) * step_seconds, link.zone)
    while first <= last:
        begin, end = month_bounds(first, link.zone)
        span = steps_between(begin, end, start=start, step_seconds=step_seconds)
        part = link.samples[:, max(0, span.start) : min(steps, span.stop)]
        percentiles = percentile_95(part)
        together = part.sum(axis=0) if policy == "sum" else part
        counted = float(np.isfinite(together).mean(axis=-1).min()) * part.shape[1] / max(1, len(span))
        found.append(
            Month(
                first=first,
                billed=float(billed(part, policy)),
                by_direction=dict(zip(link.directions, percentiles.tolist(), strict=True)),
                known=counted,
                complete=span.start >= 0 and span.stop <= steps,
            )
        )
        first = month_of(end, link.zone)
    return tuple(found)


def steps_between(begin: int, end: int, *, start: int, step_seconds: int) -> range:
    """Give the steps of a grid that begin at or after one second and before another; they may lie outside the data."""
    return range(-(-(begin - start) // step_seconds), -(-(end - start) // step_seconds))


def cost_text(cost: float) -> str:
    """Write a cost with two decimals; – where unknown."""
    return f"{cost:,.2f}" if math.isfinite(cost) else "–"


def costs(tariff: Tariff, billed_of: Sequence[float]) -> tuple[float, ...]:
    """Give the cost of each month."""
    return tuple(float(one) for one in tariff.cost(np.array(billed_of, dtype=np.float64)))
