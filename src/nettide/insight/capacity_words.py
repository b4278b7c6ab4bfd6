"""What is said of a run-out date: sentences, cells and a JSON document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from nettide.insight.capacity import Outlook
from nettide.insight.capacity_choice import CapacityChoice
from nettide.insight.capacity_passage import CHANCES, Crossing
from nettide.insight.capacity_trend import LEAST_DAYS
from nettide.units import si_text


def percent(share: float) -> str:
    """Write a share: 3 %, under 1 %, over 99 %; – where unknown."""
    if not math.isfinite(share):
        return "–"
    if 0 < share < 0.01:
        return "under 1 %"
    if 0.99 < share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def chance_text(probability: float) -> str:
    """Write the chance of what has not happened: never 0 nor 100 %, which simulated ways cannot tell."""
    return percent(min(max(probability, 0.001), 0.999))


def crossing_text(crossing: Crossing, *, horizon_days: int) -> str:
    """Say when a threshold is reached: ``already above since 2026-12-19`` or ``2027-03-15 (probability 87 %)``."""
    if crossing.since is not None:
        return f"already above since {crossing.since}"
    middle = crossing.dates[0.5]
    if middle is None:
        return f"not within {horizon_days:,} days (probability {chance_text(crossing.probability)})"
    return f"{middle}, within {horizon_days:,} days with probability {chance_text(crossing.probability)}"


def short_text(crossing: Crossing) -> str:
    """Say the same in a cell: ``since 2026-12-19``, ``2027-03-15 (87 %)`` or ``not within (3 %)``."""
    if crossing.since is not None:
        return f"since {crossing.since}"
    middle = crossing.dates[0.5]
    return f"{'not within' if middle is None else middle} ({chance_text(crossing.probability)})"


def date_cells(crossing: Crossing) -> tuple[str, ...]:
    """Give the days by which a threshold is reached with each of ``CHANCES``, ``later`` beyond the horizon."""
    return tuple("later" if crossing.dates[one] is None else str(crossing.dates[one]) for one in CHANCES)


def outlook_text(outlook: Outlook, choice: CapacityChoice) -> str:
    """Say in a sentence what is to be expected of a series."""
    if outlook.state != "told":
        return f"{outlook.id}: {why_not(outlook)}"
    told = "; ".join(
        f"{one.threshold:g} %: {crossing_text(one, horizon_days=choice.horizon_days)}" for one in outlook.crossings
    )
    return f"{outlook.id}: {now_text(outlook)}; {told}"


def now_text(outlook: Outlook) -> str:
    """Say what is used now and what is left."""
    if not math.isfinite(outlook.now):
        return "too few days are known to say what is used now"
    used, unit = si_text(outlook.now, outlook.unit), outlook.unit
    left = f"{si_text(outlook.headroom, unit)} left" if outlook.headroom >= 0 else "more than it carries"
    return f"{used} of {si_text(outlook.capacity, unit)} used ({percent(outlook.used)}), {left}"


def why_not(outlook: Outlook) -> str:
    """Say why no date can be told."""
    if outlook.state == "ended":
        assert outlook.last_day is not None
        assert outlook.last_reading is not None
        if (outlook.last_reading - outlook.last_day).days > 1:
            return f"too few readings a day since {outlook.last_day}"
        return f"no readings since {outlook.last_reading}"
    if outlook.state == "short":
        return f"too short a history: {outlook.known_days} whole days are known, {LEAST_DAYS} are needed"
    return "silent on most days: there is no trend to tell"


def watched_text(choice: CapacityChoice) -> str:
    """Say what is watched and what counts as reached."""
    figure = {"p95": "95th percentile", "busy-hour": "busy hour", "peak": "peak"}[choice.watched]
    return (
        f"the {figure} of each day; a threshold is reached from the first day on of which "
        f"{choice.full_days} of {choice.of_days} days are at or above it"
    )


def outlook_document(outlook: Outlook) -> dict[str, Any]:
    """Give an outlook as JSON values; what is unknown is null, dates are ISO 8601."""
    return {
        "series": outlook.id,
        "link": outlook.link,
        "direction": outlook.direction or None,
        "unit": outlook.unit,
        "capacity": outlook.capacity,
        "state": outlook.state,
        "reason": None if outlook.state == "told" else why_not(outlook),
        "known_days": outlook.known_days,
        "last_day": _day(outlook.last_day),
        "last_reading": _day(outlook.last_reading),
        "unseen_days": outlook.unseen_days,
        "now": _number(outlook.now),
        "used": _number(outlook.used),
        "headroom": _number(outlook.headroom),
        "growth_a_year": _number(outlook.growth_a_year),
        "thresholds": [_crossing_document(one) for one in outlook.crossings],
    }


def _crossing_document(crossing: Crossing) -> Mapping[str, Any]:
    return {
        "percent": crossing.threshold,
        "level": crossing.level,
        "already_above_since": _day(crossing.since),
        "probability_within_horizon": crossing.probability,
        **{f"p{100 * chance:.0f}": _day(crossing.dates[chance]) for chance in CHANCES},
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
