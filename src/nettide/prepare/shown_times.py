"""When steps begin as people read it: times in UTC, or for days in another zone their dates there."""

from __future__ import annotations

import numpy as np

from nettide.arrays import Ints
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, local_seconds


def shown_zone(panel: Panel) -> str:
    """Give the zone whose clock tells when steps begin: that of days where all series share one, else UTC."""
    zones = {one.zone for one in panel.series}
    return "UTC" if panel.step_seconds % DAY_SECONDS or len(zones) != 1 else zones.pop()


def shown_seconds(seconds: Ints, panel: Panel) -> Ints:
    """Shift epoch seconds to what the clock of ``shown_zone`` shows, as if it showed UTC; days to their midnight.

    Args:
        seconds: ascending, shape (step,).
        panel: whose steps they are.

    Returns:
        shape (step,).
    """
    zone = shown_zone(panel)
    if zone == "UTC":
        return seconds
    local: Ints = local_seconds(seconds, zone)
    return (local + DAY_SECONDS // 2) // DAY_SECONDS * DAY_SECONDS  # a step may begin an hour late in summer, or early


def shown_texts(seconds: Ints, panel: Panel) -> list[str]:
    """Write when steps begin, to the minute: ``2026-03-01 12:00``; for days of a zone ``2026-03-01``.

    Args:
        seconds: ascending, shape (step,).
        panel: whose steps they are.
    """
    length = 10 if shown_zone(panel) != "UTC" else 16
    shown = shown_seconds(np.asarray(seconds, dtype=np.int64), panel)
    return [str(one).replace("T", " ")[:length] for one in shown.astype("datetime64[s]")]


def span_text(first: int, last: int, panel: Panel) -> str:
    """Write from when to when: ``2026-03-01 00:00 to 2026-03-07 23:00 UTC``; days of a zone by their dates.

    Args:
        first: epoch second at which a step begins.
        last: the same of a later one.
        panel: whose steps they are.
    """
    begin, end = shown_texts(np.array([first, last], dtype=np.int64), panel)
    return f"{begin} to {end} {shown_zone(panel)}"


def clock_sentence(panel: Panel) -> str:
    """Say what the times of a chart are."""
    zone = shown_zone(panel)
    return "Times are UTC." if zone == "UTC" else f"Days are those of {zone}."
