"""The folder of statistics that the workers of one service share; it goes with the service."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus-client knows the folder, if it is set before that library is imported."""


def make_scratch() -> Path:
    """Make the folder and name it to prometheus-client; it is removed when this process, not a fork of it, ends."""
    folder = Path(tempfile.mkdtemp(prefix="nettide-service-"))
    atexit.register(_remove, folder, os.getpid())
    os.environ[SHARED_FOLDER] = str(folder)
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        with suppress(OSError):
            shutil.rmtree(folder)
