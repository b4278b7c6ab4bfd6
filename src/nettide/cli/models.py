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
    """List the models in a folder, or describe one of them.

    Example: nettide models models/uplinks
    """
    from nettide.cli.words import known_table, model_json, model_text, models_table, show
    from nettide.store.models import list_models, load_model

    if known:
        show(known_table())
    elif (folder / "model.json").exists():
        record = load_model(folder)
        typer.echo(model_json([record]) if json else model_text(folder, record))
    else:
        stored = list_models(folder)
        if json:
            typer.echo(model_json([one.record for one in stored if one.record is not None]))
        else:
            show(models_table(folder, stored))
