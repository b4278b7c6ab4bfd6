"""Arguments of the verbs that ask a model about data: the model, the file, and what is written."""

from __future__ import annotations

from pathlib import Path

import typer

from nettide.errors import OptionError
from nettide.store.files import refuse_existing
from nettide.tasks.forecast import check_file


def model_and_file(places: list[str]) -> tuple[Path | None, str]:
    """Split ``[MODEL] FILE``."""
    if len(places) > 2:
        raise typer.BadParameter(f"takes a MODEL and a FILE, got {len(places)} places", param_hint="'[MODEL] FILE'")
    *model, file = places
    return (Path(model[0]) if model else None), file


def check_files(*, out: Path | None, html: Path | None, overwrite: bool) -> None:
    """Refuse files that could not be written, before time is spent.

    Raises:
        OptionError: an ending is of no known kind.
        StoreError: a file exists already.
    """
    if out is not None:
        check_file(out, overwrite=overwrite)
    if html is not None:
        if html.suffix not in (".html", ".htm"):
            raise OptionError(f"{html}: the ending {html.suffix!r} is of no known kind; write .html")
        if not overwrite:
            refuse_existing(html)
