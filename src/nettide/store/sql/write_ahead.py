"""SQLite's write-ahead log, turned on by several processes at once."""

from __future__ import annotations

import sqlite3
import time

_PAUSE_SECONDS = 0.01


def set_log(connection: sqlite3.Connection, *, patience: float) -> None:
    """Turn on the write-ahead log; SQLite does not itself wait for others who do so at the same time.

    Args:
        connection: to a file.
        patience: seconds to wait for others.

    Raises:
        sqlite3.OperationalError: others kept the file for longer, or its file system allows no such log.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
                return
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
            continue
        if mode != ("wal",):
            raise sqlite3.OperationalError(f"its file system allows no write-ahead log, only {mode[0]}")
