"""Say of each link of a file when it is full, and write it as a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from nettide import __version__
from nettide.errors import OptionError, unknown
from nettide.insight.capacity import WEEK_DAYS, Outlook, outlooks
from nettide.insight.capacity_choice import CapacityChoice
from nettide.insight.directions import paired
from nettide.panel import Panel
from nettide.store.files import refuse_existing, write_atomic
from nettide.tasks.capacity_file import read_capacities
from nettide.tasks.capacity_units import as_bits
from nettide.tasks.load import Reading, load
from nettide.tasks.remarks import listed

_FAR_ABOVE, _FAR_BELOW = 1.5, 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class CapacityResult:
    """When links are full.

    Args:
        outlooks: one a series, the most urgent first.
        choice: what was asked.
        notes: sentences about the data.
        title: name of the data.
    """

    outlooks: tuple[Outlook, ...]
    choice: CapacityChoice
    notes: tuple[str, ...]
    title: str


def capacity(
    location: str,
    reading: Reading,
    choice: CapacityChoice,
    *,
    capacities: str | None = None,
    series: str | None = None,
) -> CapacityResult:
    """Say of each series of a file when it reaches each threshold of its capacity.

    Args:
        location: file or folder with the traffic.
        reading: how it becomes a panel; its capacity is that of every series ``capacities`` does not name.
        choice: what is asked.
        capacities: CSV file of capacities, by series or by the name of a link without its direction.
        series: the only one to look at.

    Raises:
        SourceError: a file cannot be read.
        DataError: the traffic forms no series of days.
        UnitError: the traffic is an amount, not a rate.
        OptionError: no capacity is known, or there is no such series.
    """
    limits = {} if capacities is None else read_capacities(capacities)
    if reading.capacity is not None and not reading.capacity > 0:
        raise OptionError("capacity 0 must be positive; leave --capacity out if it is unknown")
    panel, notes = load(location, reading)
    if series is not None and series not in panel.ids:
        raise OptionError(unknown("series", series, panel.ids))
    panel, turned = as_bits(panel)
    panel, said = _with_capacities(panel, limits, everywhere=reading.capacity)
    if series is not None:
        if series not in panel.ids:
            raise OptionError(f"series {series!r} has no capacity: add --capacity 10G or --capacities FILE")
        counterparts = paired(panel.ids)
        link = counterparts[series][0]
        panel = panel.select([row for row, id in enumerate(panel.ids) if id == series or counterparts[id][0] == link])
    found = outlooks(panel.only_target(), choice)
    if series is not None:
        found = tuple(one for one in found if one.id == series)
    notes = (*notes, *turned, *said, *_doubts(found), *_ended(found))
    return CapacityResult(tuple(sorted(found, key=urgency)), choice, notes, Path(location).name)


def urgency(outlook: Outlook) -> tuple[bool, float, float, str]:
    """Give what puts the most urgent series first."""
    chances = [one.probability for one in outlook.crossings]
    used = outlook.used if np.isfinite(outlook.used) else 0.0
    full = outlook.state == "short" and used >= 1  # now, whatever its days say of dates
    return (outlook.state != "told" and not full, -math.inf if full else -sum(chances), -used, outlook.id)


def write_page(result: CapacityResult, path: Path, *, command: str, overwrite: bool) -> None:
    """Write the result as one HTML page that needs no network.

    Raises:
        StoreError: the file exists already, or its folder is full, read-only or absent.
    """
    from nettide.report.capacity_page import render_capacity

    page = render_capacity(
        result.outlooks,
        choice=result.choice,
        title=result.title,
        notes=result.notes,
        command=command,
        versions={"nettide": __version__, "numpy": np.__version__},
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_atomic(path, page.encode(), overwrite=overwrite)


def check_page(path: Path, *, overwrite: bool) -> None:
    """Refuse a page that ``write_page`` would refuse, before time is spent.

    Raises:
        OptionError: the name does not end in ``.html``.
        StoreError: it exists already.
    """
    if path.suffix not in (".html", ".htm"):
        raise OptionError(f"{path}: the ending {path.suffix!r} is of no known kind; write .html")
    if not overwrite:
        refuse_existing(path)


def _with_capacities(
    panel: Panel, limits: dict[str, float], *, everywhere: float | None
) -> tuple[Panel, tuple[str, ...]]:
    """Give the series whose capacity is known, and say which are left out; a rate's is in bits per second."""
    links = paired(panel.ids)
    used: set[str] = set()
    series, rows = [], []
    for row, one in enumerate(panel.series):
        name = next((name for name in (one.id, links[one.id][0]) if name in limits), None)
        known = limits[name] if name is not None else one.capacity if everywhere is None else everywhere
        if name is not None:
            used.add(name)
        if known is not None:
            series.append(replace(one, capacity=known))
            rows.append(row)
    if not rows:
        raise OptionError(
            "no series of the data has a capacity: add --capacity 10G, or --capacities FILE with their names"
            + (f", such as {panel.ids[0]!r}" if panel.ids else "")
        )
    notes = []
    if absent := [one.id for one in panel.series if one.id not in {kept.id for kept in series}]:
        notes.append(f"{len(absent):,} of {len(panel.series):,} series have no capacity, left out: {listed(absent)}")
    if strange := [name for name in limits if name not in used]:
        notes.append(f"{len(strange):,} capacities are of series that the data does not have: {listed(strange)}")
    chosen = panel.select(rows)
    return replace(chosen, series=tuple(series)), tuple(notes)


def _doubts(found: Sequence[Outlook]) -> Iterator[str]:
    """Ask about units where traffic and capacity are far apart."""
    above = [one.id for one in found if one.used > _FAR_ABOVE]
    below = [one.id for one in found if 0 < one.used < _FAR_BELOW]
    for ids, how in ((above, "far above"), (below, "under a ten-thousandth of")):
        if ids:
            yield f"{listed(ids)}: traffic is {how} the capacity; are both in the same unit, bits and not bytes?"


def _ended(found: Sequence[Outlook]) -> Iterator[str]:
    """Say which series ended before the data does."""
    early = [one.id for one in found if one.state == "told" and one.unseen_days > WEEK_DAYS]
    if early:
        yield f"{len(early):,} series end more than a week before the data: {listed(early)}; their dates are vaguer"
    ended = [one.id for one in found if one.state == "ended"]
    if ended:
        yield f"{len(ended):,} series get no dates for want of recent readings: {listed(ended)}"
