"""Changes of a history as texts: ``load=1.5``, ``10%``, ``event=2026-03-01T10:00/2026-03-01T14:00``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np

from nettide.errors import OptionError, UnitError, unknown
from nettide.insight.what_if_changes import AddOccasion, Change, RemoveOccasions, ValueChange, ValueKind
from nettide.occasions import KINDS, Occasion, OccasionKind
from nettide.tasks.times import parse_time, parse_zone
from nettide.units import parse_quantity


def parse_changes(
    *,
    scale: Sequence[str] = (),
    shift: Sequence[str] = (),
    growth: Sequence[str] = (),
    remove: Sequence[str] = (),
    add: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    series: tuple[str, ...] = (),
    zone: str = "UTC",
) -> list[Change]:
    """Read changes as they are typed.

    Args:
        scale: ``CHANNEL=FACTOR``, or a factor of the target.
        shift: ``CHANNEL=AMOUNT``, or an amount to add to the target; ``-5M`` takes five million away.
        growth: ``CHANNEL=PERCENT``, or the growth of the target a month; ``10%`` or ``10``.
        remove: a kind or a name of occasions that are left out.
        add: ``KIND=START/END`` or ``KIND=DAY``.
        since: from when on values and occasions are changed, ISO 8601; a time without an offset is of the zone.
        until: up to when.
        series: ids of the series whose values are changed; empty for all.
        zone: IANA zone whose wall clock times without an offset, and days, mean.

    Raises:
        OptionError: a text is not understood, there is none, or the zone does not exist.
    """
    begin, end = _second(since, zone), _second(until, zone)
    values: tuple[tuple[ValueKind, Sequence[str]], ...] = (("scale", scale), ("shift", shift), ("growth", growth))
    found: list[Change] = []
    for kind, texts in values:
        for text in texts:
            channel, amount = _amount(kind, text)
            found.append(ValueChange(kind, amount, channel, begin, end, series))
    found += [RemoveOccasions(one, begin, end) for one in remove]
    found += [AddOccasion(_occasion(one, series=series, zone=zone)) for one in add]
    if not found:
        raise OptionError("no change is given; add for example --scale 1.5, --growth 10% or --remove holiday")
    return found


def _second(text: str | None, zone: str) -> int | None:
    return None if text is None else int(parse_time(text, zone=zone).astype(np.int64))


def _amount(kind: ValueKind, text: str) -> tuple[str | None, float]:
    """Split ``CHANNEL=AMOUNT``; the last = counts, since a channel may have one in its name."""
    channel, _, amount = text.rpartition("=")
    if kind == "growth":
        amount = re.sub(r"\s*%\s*$", "", amount)
    negative = amount.strip().startswith("-")
    try:
        size = parse_quantity(amount.strip().removeprefix("-").removeprefix("+"))
    except UnitError:
        meant = {"scale": "load=1.5 or 1.5", "shift": "load=-5M or -5M", "growth": "load=10% or 10%"}[kind]
        raise OptionError(f"{kind} {text!r} is not understood; write for example {meant}") from None
    return channel.strip() or None, -size if negative else size


def _occasion(text: str, *, series: tuple[str, ...], zone: str) -> Occasion:
    kind, _, span = text.partition("=")
    if kind not in KINDS:
        raise OptionError(f"occasion {text!r}: {unknown('kind', kind, KINDS)}; write for example holiday=2026-03-02")
    named: OccasionKind = next(one for one in KINDS if one == kind)
    if "/" in span:
        start, _, end = span.partition("/")
        begins, ends = (int(parse_time(one, zone=zone).astype(np.int64)) for one in (start, end))
        if ends <= begins:
            raise OptionError(f"occasion {text!r} does not end after it begins; write START/END")
        return Occasion(named, begins, ends, series=series)
    place = parse_zone(zone)
    try:
        day = date.fromisoformat(span)
        days = (day, day + timedelta(days=1))
    except (ValueError, OverflowError):  # no day comes after 9999-12-31
        raise OptionError(
            f"occasion {text!r} is not understood; write for example holiday=2026-03-02 or "
            "event=2026-03-02T10:00/2026-03-02T14:00"
        ) from None
    first, after = (int(datetime.combine(one, time(), place).timestamp()) for one in days)
    return Occasion(named, first, after, series=series)
