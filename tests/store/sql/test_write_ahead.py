from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from nettide.store.sql.write_ahead import set_log


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)


def test_the_log_is_turned_on_once_others_let_go(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with contextlib.closing(opened(path)) as other, contextlib.closing(opened(path)) as mine:
        other.execute("begin exclusive")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            set_log(mine, patience=0.05)
        release = threading.Timer(0.3, other.execute, ["commit"])
        release.start()
        set_log(mine, patience=30.0)
        release.join()
        assert mine.execute("pragma journal_mode").fetchone() == ("wal",)


def test_many_that_begin_at_once_all_have_the_log(tmp_path: Path) -> None:
    failures: list[sqlite3.Error] = []
    ready = threading.Barrier(8)

    def begin() -> None:
        try:
            with contextlib.closing(opened(tmp_path / "file")) as connection:
                ready.wait()
                set_log(connection, patience=30.0)
        except sqlite3.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_where_there_can_be_no_log_it_is_said() -> None:
    with (
        contextlib.closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.OperationalError, match="no write-ahead log, only memory"),
    ):
        set_log(connection, patience=0.1)
