"""Is there a file to read, and may it be read."""

from __future__ import annotations

import difflib
import stat
from pathlib import Path

from nettide.errors import SourceError


def regular_file(location: str) -> Path:
    """Give the path of a file that exists and may be read.

    Raises:
        SourceError: nothing is there, it is no regular file, or it must not be read.
    """
    path = existing(location)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{location}: is no regular file; give a CSV or Parquet file, or a folder of them")
        with path.open("rb"):
            return path
    except OSError as error:
        raise SourceError(f"{location}: cannot be read: {error.strerror}") from None


def existing(location: str) -> Path:
    """Give the path of a file or folder that exists.

    Raises:
        SourceError: nothing is there (the nearest name in its folder is told), or it cannot be reached.
    """
    path = Path(location)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise SourceError(f"{location}: no such file or folder{_nearest(path)}") from None
    except OSError as error:
        raise SourceError(f"{location}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # a NUL in the name
        raise SourceError(f"{location!r}: no such file or folder ({error})") from None
    return path


def _nearest(path: Path) -> str:
    try:
        names = [one.name for one in path.parent.iterdir() if not one.name.startswith(".")]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"; did you mean {str(path.parent / near[0])!r}?" if near else ""
