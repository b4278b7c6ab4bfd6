"""Opening a database by its URL: promises of the connection, and what is refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from postgresql_cluster import Cluster
from sqlalchemy import text

from nettide.errors import BusyError, DamagedError, MissingExtraError, OptionError, StoreError
from nettide.store.sql import database as module
from nettide.store.sql.engine import Store, open_store
from nettide.store.sql.keys import Scope


def asked(store: Store, statement: str) -> object:
    with store.database.read() as connection:
        return connection.execute(text(statement)).scalar()


def sqlite_store(path: Path) -> Store:
    return open_store(f"sqlite:///{path}")


def test_a_sqlite_file_has_a_write_ahead_log_full_sync_and_foreign_keys(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path / "a.db")
    assert asked(store, "PRAGMA journal_mode") == "wal"
    assert asked(store, "PRAGMA synchronous") == 2
    assert asked(store, "PRAGMA foreign_keys") == 1
    assert asked(store, "PRAGMA busy_timeout") == 20_000
    store.close()


def test_a_sqlite_file_and_its_log_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path / "a.db")
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert {path.name for path in tmp_path.iterdir()} == {"a.db", "a.db-wal", "a.db-shm"}
    store.close()


@pytest.mark.parametrize("name", ["100% ünsure.db", "a b?c#d.db", "x;y{z}.db"])
def test_any_name_of_a_file_is_that_file(tmp_path: Path, name: str) -> None:
    database = module.connect(f"sqlite:///{tmp_path}/plain.db")
    assert database.name == str(tmp_path / "plain.db")
    database.engine.dispose()
    module._sqlite_engine(tmp_path / name).connect().close()
    assert (tmp_path / name).exists()


def test_a_file_survives_being_opened_by_others_and_is_closed_cleanly(url: str) -> None:
    store = open_store(url)
    token, _ = store.keys.create("a", frozenset(Scope), None)
    store.ping()
    store.close()
    again = open_store(url, create=False)
    assert again.keys.verify(token) is not None
    again.close()


def test_postgresql_brings_commits_to_disk_even_where_its_settings_say_otherwise(cluster: Cluster) -> None:
    name = cluster.create()
    store = open_store(f"{cluster.url(name)}&options=-c%20synchronous_commit%3Doff")
    assert asked(store, "SHOW synchronous_commit") == "on"
    assert asked(store, "SHOW lock_timeout") == "20s"
    assert asked(store, "SHOW application_name") == "nettide"
    store.close()
    cluster.drop(name)


@pytest.mark.parametrize("prefix", ["postgres://", "postgresql+psycopg://"])
def test_other_spellings_of_postgresql_are_understood(cluster: Cluster, prefix: str) -> None:
    name = cluster.create()
    open_store(cluster.url(name).replace("postgresql://", prefix)).close()
    cluster.drop(name)


def test_connections_that_the_server_ended_are_made_anew(cluster: Cluster) -> None:
    name = cluster.create()
    store = open_store(cluster.url(name))
    store.ping()
    other = open_store(cluster.url(name))
    others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    asked(other, f"{others} AND datname = '{name}'")
    store.ping()
    store.close()
    other.close()
    cluster.drop(name)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nettide.db", r"URL 'nettide.db' is not understood; write for example sqlite:///nettide.db or postgresql://"),
        ("", r"URL '' is not understood"),
        ("mysql://host/name", r"unknown database 'mysql';.* known: postgresql, sqlite; write for example sqlite:///"),
        ("sqlit:///x", r"unknown database 'sqlit'; did you mean 'sqlite'\? known"),
        ("sqlite://", r"a SQLite database in memory forgets its jobs and keys; name a file"),
        ("sqlite:///:memory:", r"a SQLite database in memory forgets its jobs and keys; name a file"),
        ("sqlite://host/x.db", r"URL of a SQLite database names a host; a path has three slashes"),
        ("sqlite:///x.db?mode=ro", r"URL of a SQLite database takes no '\?mode'"),
        ("postgresql://host:port/x", r"URL 'postgresql://host:port/x' is not understood"),
    ],
)
def test_a_url_that_names_no_database_is_refused(url: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        open_store(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:1/x",
        "postgresql:/me:hunter2@host/x",
        "mysql://me:hunter2@host/x",
        "sqlite://me:hunter2@host/x",
        "postgresql://me:hunter2@host:port/x",
        "postgresql://me@127.0.0.1:1/x?password=hunter2",
    ],
)
def test_no_message_shows_a_password(url: str) -> None:
    with pytest.raises((OptionError, StoreError)) as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


def test_a_server_that_does_not_answer_is_named_with_the_reason() -> None:
    message = r"cannot use database postgresql://me:\*\*\*@127.0.0.1:1/x: connection .*[Cc]onnection refused"
    with pytest.raises(StoreError, match=message):
        open_store("postgresql://me:secret@127.0.0.1:1/x")


def test_a_database_that_the_server_does_not_have_is_named(cluster: Cluster) -> None:
    with pytest.raises(StoreError, match=r'cannot use database postgresql://nettide@/missing: .*"missing" does not'):
        open_store(cluster.url("missing"))


def test_the_driver_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"database 'postgresql' needs: pip install 'nettide\[postgresql\]'"):
        open_store("postgresql://host/x")


def test_a_folder_or_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot create database .*/none/a.db: folder .*/none does not exist"):
        sqlite_store(tmp_path / "none" / "a.db")
    with pytest.raises(StoreError, match=r"there is no database .*/a.db; name the one that the service uses"):
        open_store(f"sqlite:///{tmp_path / 'a.db'}", create=False)
    assert not list(tmp_path.iterdir())
    with pytest.raises(StoreError, match=r"database .* is not a regular file"):
        sqlite_store(tmp_path)


def test_a_file_that_is_no_database_or_a_damaged_one_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"time,y\n" * 1000)
    with pytest.raises(DamagedError, match=r"database .*a.db is damaged or no SQLite file: file is not a database"):
        sqlite_store(path)
    assert path.read_bytes() == b"time,y\n" * 1000


def test_a_damaged_page_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = sqlite_store(path)
    for number in range(50):
        store.keys.create(f"key {number}", frozenset(Scope), None)
    store.close()
    content = bytearray(path.read_bytes())
    content[100:] = os.urandom(len(content) - 100)  # the header stays
    path.write_bytes(content)
    with pytest.raises(
        DamagedError, match=r"database .*a.db is damaged or no SQLite file: .*; restore it from a backup"
    ):
        sqlite_store(path)


def test_a_writer_that_waits_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.05)
    store = sqlite_store(tmp_path / "a.db")
    with sqlite3.connect(tmp_path / "a.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match=r"database .*a.db is busy: database is locked; try again"):
            store.keys.create("a", frozenset(Scope), None)
        assert store.keys.list() == [], "readers do not wait"
        other.execute("ROLLBACK")
    other.close()
    store.keys.create("a", frozenset(Scope), None)
    store.close()


def test_a_lock_that_is_held_too_long_in_postgresql_says_so(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.05)
    name = cluster.create()
    store = open_store(cluster.url(name))
    with store.database.write() as connection:
        connection.execute(text("LOCK TABLE nettide_keys"))
        with pytest.raises(BusyError, match=r"database postgresql://nettide@/.* is busy: .*lock timeout; try again"):
            store.keys.create("a", frozenset(Scope), None)
    store.close()
    cluster.drop(name)


def test_a_block_that_raises_writes_nothing(store: Store) -> None:
    class Enough(Exception):
        pass

    def stop() -> None:
        with store.database.write() as connection:
            connection.execute(text("DELETE FROM nettide_keys"))
            raise Enough

    token, _ = store.keys.create("a", frozenset(Scope), None)
    with pytest.raises(Enough):
        stop()
    assert store.keys.verify(token) is not None


def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    token, _ = store.keys.create("a", frozenset(Scope), None)
    started, enough = threading.Event(), threading.Event()

    def write() -> None:
        with store.database.write() as connection:
            connection.execute(text("UPDATE nettide_keys SET name = 'b'"))
            started.set()
            enough.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    assert started.wait(10)
    before = time.perf_counter()
    found = store.keys.verify(token)
    took = time.perf_counter() - before
    enough.set()
    writer.join()
    assert found is not None
    assert found.name == "a"
    assert took < 5


def test_importing_the_store_loads_no_heavy_library() -> None:
    script = (
        "import sys, nettide.store.sql.engine; "
        "print([m for m in ('torch', 'alembic', 'psycopg', 'pandas', 'flask') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
