"""Bill the links of a file by their 95th percentile: past months, and the one that runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nettide.errors import OptionError, unknown
from nettide.insight.billing import BilledLink, Month, Policy, Tariff, billed_links, months
from nettide.insight.billing_forecast import MonthEnd, month_end
from nettide.panel import Panel
from nettide.tasks.capacity_units import BITS, as_bits
from nettide.tasks.load import Reading, load
from nettide.tasks.remarks import listed
from nettide.units import step_text

USUAL_STEP = 300
_LITTLE_KNOWN = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Bill:
    """What a link is billed.

    Args:
        link: its name.
        unit: of the traffic.
        zone: whose months they are.
        months: that the data touches, the first one first.
        end: forecast of the month after the last sample.
    """

    link: str
    unit: str
    zone: str
    months: tuple[Month, ...]
    end: MonthEnd


@dataclass(frozen=True, slots=True, eq=False)
class BillingResult:
    """Bills of the links of a file.

    Args:
        bills: one a link, in the order of the data.
        policy: how directions were put together.
        tariff: commit and price.
        notes: sentences about the data.
        title: name of the data.
    """

    bills: tuple[Bill, ...]
    policy: Policy
    tariff: Tariff
    notes: tuple[str, ...]
    title: str


def billing(
    location: str,
    reading: Reading,
    *,
    policy: Policy,
    tariff: Tariff,
    series: str | None = None,
    seed: int = 0,
) -> BillingResult:
    """Bill each link of a file, and forecast the bill of the month that runs.

    Args:
        location: file or folder with the traffic.
        reading: how it becomes a panel.
        policy: which directions are billed.
        tariff: commit and price.
        series: the only link or series to bill.
        seed: same seed, same forecast.

    Raises:
        SourceError: the file cannot be read.
        DataError: the traffic forms no series.
        UnitError: the traffic is an amount, not a rate.
        OptionError: the link does not exist, its directions differ in unit, or steps do not divide a day.
    """
    panel, notes = load(location, reading)
    panel, turned = as_bits(panel)
    links = billed_links(panel.only_target(), policy)
    if series is not None:
        links = _chosen(links, panel, policy, series)
    bills = tuple(_bill(one, panel, policy, tariff, seed=seed) for one in links)
    notes = (*notes, *turned, *_remarks(panel, bills, tariff))
    return BillingResult(bills, policy, tariff, notes, Path(location).name)


def _chosen(links: tuple[BilledLink, ...], panel: Panel, policy: Policy, series: str) -> tuple[BilledLink, ...]:
    """Give the link of a name, or the one series of that name."""
    found = tuple(one for one in links if one.name == series)
    if not found and series in panel.ids:
        found = billed_links(panel.select([panel.ids.index(series)]).only_target(), policy)
    if not found:
        raise OptionError(unknown("link", series, [one.name for one in links]))
    return found


def _bill(link: BilledLink, panel: Panel, policy: Policy, tariff: Tariff, *, seed: int) -> Bill:
    start, step = panel.start, panel.step_seconds
    return Bill(
        link=link.name,
        unit=link.unit,
        zone=link.zone,
        months=months(link, policy, start=start, step_seconds=step),
        end=month_end(link, policy, tariff, start=start, step_seconds=step, seed=seed),
    )


def _remarks(panel: Panel, bills: tuple[Bill, ...], tariff: Tariff) -> Iterator[str]:
    """Say where the bill is not what the carrier would count."""
    if panel.step_seconds != USUAL_STEP:
        remedy = "add --step 5min" if panel.step_seconds < USUAL_STEP else "a longer mean hides peaks and bills less"
        yield f"carriers bill samples of 5min, and the steps are {step_text(panel.step_seconds)}: {remedy}"
    strange = [one.link for one in bills if one.unit not in (BITS, "")]
    if strange and (tariff.price is not None or tariff.commit):
        yield f"{listed(strange)}: in {bills[0].unit}, no rate of bits: the commit is taken in that unit"
    gaps = [one.link for one in bills if any(month.known < _LITTLE_KNOWN and month.complete for month in one.months)]
    if gaps:
        yield (
            f"{listed(gaps)}: over 5 % of the samples of a month are unknown; the percentile is of those that are known"
        )
