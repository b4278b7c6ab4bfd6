"""What ``nettide studio`` was started with; set once, before the first page is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nettide.settings import user_data_folder

ThemeName = Literal["system", "light", "dark"]
UPLOAD_LIMIT_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """How the studio runs.

    Args:
        workspace: folder of all sessions: their data, runs and models.
        upload_limit_bytes: most that one uploaded file may have.
        paths: whether files of this machine may be named by their path.
        theme: what a browser sees that has not chosen for itself.
        most_runs: trainings of one session at the same time.
    """

    workspace: Path
    upload_limit_bytes: int = UPLOAD_LIMIT_BYTES
    paths: bool = True
    theme: ThemeName = "system"
    most_runs: int = 2


def default_workspace() -> Path:
    """Give the folder of all sessions where nobody names one."""
    return user_data_folder() / "nettide" / "studio"


class _Started:
    settings: StudioSettings | None = None


def start_with(settings: StudioSettings) -> None:
    """Set what the pages of this process run with."""
    _Started.settings = settings


def current_settings() -> StudioSettings:
    """Give what the studio was started with; the defaults where nobody started it."""
    if _Started.settings is None:
        _Started.settings = StudioSettings(default_workspace())
    return _Started.settings
