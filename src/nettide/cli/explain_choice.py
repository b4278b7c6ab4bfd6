"""``nettide explain-choice``: say how ``auto`` chose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explain_choice(
    folder: Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a model auto, as models/uplinks.")],
    *,
    series: Annotated[str | None, typer.Option("--series", help="Explain this series alone.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say which model has which weight in a model auto and why, and what the mixture saves of naive forecasts' error.

    Example: nettide explain-choice models/uplinks
    """
    from nettide.cli.choice_words import choice_json, choice_table
    from nettide.cli.words import show
    from nettide.tasks.explain import explain_choice as run
    from nettide.tasks.explain_words import choice_sentences

    found = run(folder, series=series)
    if json:
        typer.echo(choice_json(found))
        return
    show(choice_table(found))
    for sentence in choice_sentences(found):
        typer.echo(sentence)
