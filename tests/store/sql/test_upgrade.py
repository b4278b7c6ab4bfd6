"""Making and moving on the tables: once, whole, and never backwards."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgresql_cluster import Cluster
from sqlalchemy import inspect, text

from nettide.errors import DamagedError, MissingExtraError, StoreError
from nettide.store.sql import upgrade as module
from nettide.store.sql.database import connect
from nettide.store.sql.engine import open_store
from nettide.store.sql.tables import metadata
from nettide.store.sql.upgrade import REVISIONS, VERSION_TABLE, upgrade

OPENS = """
import sys
from nettide.store.sql.engine import open_store
sys.stdin.readline()
store = open_store(sys.argv[1])
store.ping()
store.close()
"""
DIES = """
import os, signal, sys
from sqlalchemy import event
from nettide.store.sql.database import connect
from nettide.store.sql.upgrade import upgrade
database, left = connect(sys.argv[1]), int(sys.argv[2])

@event.listens_for(database.engine, "after_cursor_execute")
def count(connection, cursor, statement, *rest):
    global left
    left -= statement.lstrip().upper().startswith(("CREATE", "INSERT"))
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(database)
"""


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(module._MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert [one.revision for one in scripts.walk_revisions()] == list(REVISIONS[::-1])
    assert scripts.get_current_head() == REVISIONS[-1]


def test_the_migrations_make_the_tables_that_the_code_uses(empty_url: str) -> None:
    store = open_store(empty_url)

    def is_ours(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        return name != VERSION_TABLE

    with store.database.read() as connection:
        options = {"include_object": is_ours, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        inspector = inspect(connection)
        for table in metadata.tables.values():
            found = {one["name"]: one["nullable"] for one in inspector.get_columns(table.name)}
            assert found == {column.name: bool(column.nullable) for column in table.columns}
        assert [one["name"] for one in inspector.get_check_constraints("nettide_jobs")] == ["ck_nettide_jobs_state"]
        assert {one["name"] for one in inspector.get_foreign_keys("nettide_jobs")} == {
            "fk_nettide_jobs_key_id",
            "fk_nettide_jobs_result_id",
        }
    store.close()


def test_opening_again_changes_nothing(url: str) -> None:
    store = open_store(url)
    with store.database.read() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all() == ["0001"]
    store.close()


def test_three_processes_that_start_at_once_make_the_tables_once(empty_url: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPENS, empty_url], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for one in started:  # each waits for a line, so that none begins before all are there
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    ended = [one.communicate(timeout=60)[1] for one in started]
    assert [one.returncode for one in started] == [0] * 3, ended
    open_store(empty_url).close()


def test_an_upgrade_killed_after_any_statement_leaves_nothing_or_all(empty_url: str) -> None:
    killed = 0
    for left in (0, 4, 99):
        done = subprocess.run([sys.executable, "-c", DIES, empty_url, str(left)], check=False, capture_output=True)
        database = connect(empty_url)
        with database.read() as connection:
            tables = set(inspect(connection).get_table_names())
        database.engine.dispose()
        if done.returncode:
            killed += 1
            assert tables == set(), left
        else:
            assert tables == {*metadata.tables, VERSION_TABLE}
    assert killed == 2


@pytest.mark.parametrize("version", ["0002", "9999", "x"])
def test_a_database_of_a_newer_nettide_is_refused_and_left_alone(url: str, version: str) -> None:
    store = open_store(url)
    with store.database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{version}'"))
    store.close()
    message = (
        rf"was written by a newer nettide \(its tables are {version}, this is .*, which knows up to 0001\): upgrade"
    )
    with pytest.raises(StoreError, match=message):
        open_store(url)
    database = connect(url)
    with database.read() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() == version
    database.engine.dispose()


def test_a_database_without_its_version_is_damaged(url: str) -> None:
    store = open_store(url)
    with store.database.write() as connection:
        connection.execute(text(f"DELETE FROM {VERSION_TABLE}"))
    store.close()
    with pytest.raises(DamagedError, match="has 0 versions of its tables; restore it from a backup"):
        open_store(url)


def test_a_sqlite_file_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE photos (id INTEGER)")
    other.close()
    with pytest.raises(StoreError, match=r"database .*photos.db belongs to another program: it has a table 'photos'"):
        open_store(f"sqlite:///{path}")
    other = sqlite3.connect(path)
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("photos",)]
    other.close()


def test_tables_of_others_in_postgresql_are_left_alone(cluster: Cluster) -> None:
    name = cluster.create()
    database = connect(cluster.url(name))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE jobs (id INTEGER)"))
    upgrade(database)
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) == {"jobs", *metadata.tables, VERSION_TABLE}
    database.engine.dispose()
    cluster.drop(name)


def test_alembic_is_asked_for_only_where_tables_must_be_made(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    open_store(url).close()
    store = open_store(url)
    with store.database.write() as connection:
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
    store.close()
    with pytest.raises(MissingExtraError, match=r"making the tables of a database needs: pip install 'nettide\[ser"):
        open_store(url)
