"""``nettide models``: what is in a folder of models, and which models there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def models(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of models, or of one model.")] = Path(
        "models"
    ),
    *,
    known: Annotated[
        bool, typer.Option("--known", help="List the models that can be fitted, with their options.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models in a folder, or describe one of them; or list those that can be fitted.

    Example: nettide models models/uplinks
    """
    from nettide.cli.words import known_json, known_table, model_text, models_json, models_table, say, show
    from nettide.store.models import Stored, list_models, load_model, looks_like_model

    if known:
        typer.echo(known_json()) if json else show(known_table())
    elif looks_like_model(folder):
        record = load_model(folder)
        typer.echo(models_json([Stored(folder.name, folder, record)]) if json else model_text(folder, record))
    else:
        stored = list_models(folder)
        typer.echo(models_json(stored)) if json else show(models_table(folder, stored))
        say(*(f"{one.name} cannot be read: {one.damage}" for one in stored if one.damage))
