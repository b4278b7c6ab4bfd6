"""``nettide studio``: from data to a forecast in the browser."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_ONLY_HERE = ("127.0.0.1", "localhost", "::1")


class Theme(StrEnum):
    """Light or dark."""

    system = "system"
    light = "light"
    dark = "dark"


def studio(
    *,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", help="Folder of data, runs and models; one for this user if absent."),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; only this machine if absent.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8501,
    upload_limit: Annotated[
        str, typer.Option("--upload-limit", help="Most bytes of an uploaded file, as 300M or 2G.")
    ] = "1G",
    paths: Annotated[
        bool | None,
        typer.Option(
            "--paths/--no-paths", help="Allow files of this machine by path; if absent, only where none but it can ask."
        ),
    ] = None,
    theme: Annotated[Theme, typer.Option("--theme", help="Light, dark, or what the browser prefers.")] = Theme.system,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Most trainings of one session at the same time.")] = 2,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
) -> None:
    """Open the studio: data, model, training, forecast and analysis in the browser. Ctrl-C ends it; runs go on.

    Example: nettide studio --workspace studio --port 8501
    """
    from nettide.errors import MissingExtraError
    from nettide.units import parse_quantity

    try:
        from nettide.studio.serve import serve
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("nettide"):
            raise
        raise MissingExtraError("nettide studio needs: pip install 'nettide[studio]'") from None
    from nettide.studio.settings import StudioSettings, default_workspace

    settings = StudioSettings(
        workspace=(workspace or default_workspace()).absolute(),
        upload_limit_bytes=int(parse_quantity(upload_limit)),
        paths=host in _ONLY_HERE if paths is None else paths,
        theme=theme.value,
        most_runs=runs,
    )
    serve(settings, host=host, port=port, headless=not browser)
