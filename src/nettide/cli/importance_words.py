"""What ``nettide importance`` prints: progress, a table for people, JSON for machines."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nettide.cli.words import plain_table, show
from nettide.tasks.importance import ImportanceResult
from nettide.tasks.importance_words import COLUMNS, importance_rows, importance_sentences


@contextlib.contextmanager
def exchange_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that moves a bar on stderr, where a person looks, while the block runs."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=20), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def told(name: str, place: int, count: int) -> None:
            progress.update(task, description=f"exchanging {name}", completed=place - 1, total=count)

        yield told


def show_importance(done: ImportanceResult) -> None:
    """Print the table and what it comes to."""
    table = plain_table(*COLUMNS)
    for row in importance_rows(done):
        table.add_row(*row)
    show(table)
    for sentence in importance_sentences(done):
        typer.echo(sentence)


def importance_json(done: ImportanceResult) -> str:
    """Give one JSON document; what is unknown is null."""
    return json.dumps(_plain(asdict(done)), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
