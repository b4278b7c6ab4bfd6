"""What ``nettide capacity`` prints: a table for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.table import Table

from nettide.cli.words import plain_table
from nettide.insight.capacity import Outlook
from nettide.insight.capacity_words import chance_text, date_cells, outlook_document, percent, watched_text, why_not
from nettide.tasks.capacity import CapacityResult
from nettide.units import si_text


def capacity_table(result: CapacityResult, shown: Sequence[Outlook]) -> Table:
    """Show a line a series and threshold: how much is used, and by when the threshold is reached with which chance."""
    choice = result.choice
    growth = any(one.growth_a_year == one.growth_a_year for one in shown)
    table = plain_table(
        "series", "now", "used", "left", *(["growth/year"] if growth else []), "threshold", "P10", "P50", "P90",
        f"within {choice.horizon_days:,} days", title=f"{result.title}: {watched_text(choice)}",
    )  # fmt: skip
    for one in shown:
        known = (si_text(one.now, one.unit), percent(one.used), si_text(one.headroom, one.unit))
        heading = [one.id, *known, *([f"{one.growth_a_year:+.0%}"] if growth else [])]
        if one.state != "told":
            heading[4:] = ["–"] if growth else []
            table.add_row(*heading, "–", "–", "–", "–", why_not(one))
            continue
        for place, crossing in enumerate(one.crossings):
            front = heading if place == 0 else [""] * len(heading)
            if crossing.since is not None:
                cells, said = ["", "", ""], f"already above since {crossing.since}"
            else:
                cells, said = list(date_cells(crossing)), f"probability {chance_text(crossing.probability)}"
                if crossing.dates[0.1] is None:
                    cells, said = ["", "", ""], f"not within the horizon ({said})"
            table.add_row(*front, f"{crossing.threshold:g} %", *cells, said)
    return table


def capacity_json(result: CapacityResult) -> str:
    """Give the result as one JSON document."""
    choice = result.choice
    return json.dumps(
        {
            "watched": choice.watched,
            "horizon_days": choice.horizon_days,
            "full_days": choice.full_days,
            "of_days": choice.of_days,
            "seed": choice.seed,
            "series": [outlook_document(one) for one in result.outlooks],
        },
        ensure_ascii=False,
        allow_nan=False,
    )
