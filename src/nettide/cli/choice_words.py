"""What ``nettide explain-choice`` prints: a table for people, a JSON document for machines."""

from __future__ import annotations

import json

from rich.table import Table

from nettide.tasks.explain import Explanation
from nettide.tasks.explain_words import COLUMNS, choice_document, choice_rows


def choice_table(found: Explanation) -> Table:
    """Show which model has which weight, what it saves of the best naive forecast's error, and why."""
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(COLUMNS):
        wraps = place == len(COLUMNS) - 1
        table.add_column(name, justify="right" if place in (1, 2) else "left", no_wrap=not wraps)
    for cells in choice_rows(found):
        table.add_row(*cells)
    return table


def choice_json(found: Explanation) -> str:
    """Give an explanation as one JSON document."""
    return json.dumps(choice_document(found), ensure_ascii=False)
