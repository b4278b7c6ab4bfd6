"""``nettide serve``: forecasts over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    *,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="YAML file of settings; see docs/service.md.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; 127.0.0.1 if absent.")] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port to listen on; 8080 if absent, 0 takes a free one."),
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", metavar="FOLDER", help="Folder of stored models; models if absent.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="Where keys and jobs are; sqlite:///nettide.db if absent."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that answer; one a core if absent.")
    ] = None,
    job_workers: Annotated[
        int | None, typer.Option("--job-workers", help="Processes that run jobs; 1 if absent.")
    ] = None,
) -> None:
    """Serve forecasts over HTTP until SIGTERM or Ctrl-C, which first answer what was accepted.

    Each request needs a key; 'nettide keys' makes them. Options here go before NETTIDE_* variables, and those before
    the file of settings.

    Example: nettide serve --port 8080 --models models
    """
    from nettide.errors import MissingExtraError

    try:
        from nettide.service.server import serve as run
        from nettide.settings import read_settings
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("nettide"):
            raise
        raise MissingExtraError("nettide serve needs: pip install 'nettide[service]'") from None
    given = {
        "service.host": host,
        "service.port": port,
        "service.workers": workers,
        "service.job_workers": job_workers,
        "models": None if models is None else str(models.absolute()),
        "database": database,
    }
    overrides = {name: value for name, value in given.items() if value is not None}
    run(read_settings(settings, overrides=overrides), overrides=overrides, file=settings)
