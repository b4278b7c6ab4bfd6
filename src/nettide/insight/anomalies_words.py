"""What is said of an incident: how far, against what, when by the local clock, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.insight.anomalies_types import Incident
from nettide.prepare.calendar import DAY_SECONDS, local_seconds
from nettide.prepare.weekends import DAYS
from nettide.units import si_text

_FOURTH = 3  # 1970-01-01 was a Thursday
_TIMES = 1.5  # from here on more is told in times, below in percent
_NOTHING = 1e-3  # of the upper edge: expected values below are nothing to compare with
_ZERO = 0.01  # of the upper edge: a lower edge below is written as zero


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence is made of.

    Args:
        kind: of the incident.
        value: at the peak.
        expected: median at the peak.
        low: of the band.
        high: of the band.
        unit: of the target.
        zone: IANA name.
        peak: epoch second.
        start: epoch second.
        seconds: how long it lasted.
        step_seconds: length of a step.
        accepted: whether it was taken as normal in the end.
        ongoing: whether it reaches the end of the data.
    """

    kind: str
    value: float
    expected: float
    low: float
    high: float
    unit: str
    zone: str
    peak: int
    start: int
    seconds: int
    step_seconds: int
    accepted: bool
    ongoing: bool


def incident_text(facts: Facts) -> str:
    """Say what happened, such as ``4.2 times the usual for Tuesday 03:00, expected 1.1 to 1.6 Gbit/s``."""
    lasting = "" if facts.seconds <= facts.step_seconds else f" for {lasting_text(facts.seconds)}"
    when = moment_text(facts.start, facts.zone, facts.step_seconds)
    expected = "" if np.isnan(facts.expected) else f", expected {range_text(facts.low, facts.high, facts.unit)}"
    if facts.kind == "gap":
        text = f"no readings{lasting} from {when}"
    elif facts.kind == "stuck":
        text = f"the same reading, {si_text(facts.value, facts.unit)},{lasting} from {when}: readings changed before"
    elif facts.kind == "silent":
        text = f"no traffic{lasting} from {when}{expected}"
    else:
        text = _compared(facts) + expected + (f";{lasting}" if lasting else "")
    if facts.accepted:
        text += ", then taken as the new level"
    elif facts.ongoing:
        text += ", to the end of the data"
    return text


def text_on_clock(incident: Incident, *, unit: str, zone: str, step_seconds: int) -> str:
    """Say what happened by the clock of another zone than that of the series.

    Args:
        incident: that was found.
        unit: of the target.
        zone: IANA name.
        step_seconds: length of a step.
    """
    return incident_text(
        Facts(
            kind=incident.kind, value=incident.value, expected=incident.expected, low=incident.low, high=incident.high,
            unit=unit, zone=zone, peak=incident.peak, start=incident.start, seconds=incident.end - incident.start,
            step_seconds=step_seconds, accepted=incident.accepted, ongoing=incident.ongoing and not incident.accepted,
        )
    )  # fmt: skip


def _compared(facts: Facts) -> str:
    moment = moment_text(facts.peak, facts.zone, facts.step_seconds)
    value = si_text(facts.value, facts.unit)
    if not facts.expected > _NOTHING * facts.high:
        return f"{value} on {moment}, where next to nothing is usual"
    ratio = facts.value / facts.expected
    if ratio >= _TIMES:
        many = f"{ratio:.1f}" if ratio < 10 else f"{float(f'{ratio:.2g}'):,.0f}"
        return f"{many} times the usual for {moment}, {value}"
    percent = f"{100 * abs(ratio - 1):.0f} %"
    if percent == "100 %":
        return f"{value} on {moment}, next to nothing"
    return f"{percent} {'above' if ratio > 1 else 'below'} the usual for {moment}, {value}"


def range_text(low: float, high: float, unit: str) -> str:
    """Write a band, the prefix once where both have the same: ``1.1 to 1.6 Gbit/s``."""
    low = low if low > _ZERO * high else 0.0
    first, last = si_text(low, unit), si_text(high, unit)
    if first == last:
        return f"about {first}"
    number, _, rest = first.partition(" ")
    return f"{number if not low or rest == last.partition(' ')[2] else first} to {last}"


def moment_text(second: int, zone: str, step_seconds: int) -> str:
    """Write day and time of the local clock: ``Tuesday 03:00``; the day alone where a step is a day or more."""
    local = int(local_seconds(np.array([second], dtype=np.int64), zone)[0])
    day = DAYS[(local // DAY_SECONDS + _FOURTH) % 7]
    if step_seconds >= DAY_SECONDS:
        return day
    return f"{day} {local % DAY_SECONDS // 3600:02d}:{local % 3600 // 60:02d}"


def lasting_text(seconds: int) -> str:
    """Write how long something lasted, in its two largest units: ``3 h 10 min``."""
    parts = []
    for unit, size in (("d", DAY_SECONDS), ("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= size:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)
