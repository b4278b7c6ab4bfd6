"""A SQLite file or PostgreSQL database by its URL: connections, transactions, and what went wrong in one sentence."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from nettide.errors import BusyError, DamagedError, MissingExtraError, OptionError, StoreError, unknown
from nettide.store.files import one_sentence
from nettide.store.sql.write_ahead import set_log

Clock: TypeAlias = Callable[[], datetime]
"""Gives the time now, aware, in UTC."""

DEFAULT_URL = "sqlite:///nettide.db"
_PATIENCE_SECONDS = 20.0  # with another writer
_EXAMPLE = "write for example sqlite:///nettide.db or postgresql://user@host/name"
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_BUSY_STATES = ("55P03", "40P01", "40001", "57014")  # lock timeout, deadlock, serialization failure, statement timeout


def utc_now() -> datetime:
    """Give the time now."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Database:
    """An open database; any number of threads may share it, but not processes across a fork.

    Args:
        engine: its connections.
        name: what it is called in messages; holds no password.
        clock: gives the time now.
    """

    engine: Engine
    name: str
    clock: Clock

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Read in one transaction, which waits for no writer.

        Raises:
            StoreError: the database cannot be used.
        """
        with self._explained(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Write in one transaction: when the block has ended, all of it is on disk; if it raises, none is.

        Raises:
            BusyError: other writers did not let it through in time.
            StoreError: the database cannot be used.
        """
        with self._explained(), self.engine.connect() as plain:
            connection = plain.execution_options(nettide_begin="IMMEDIATE")
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout as error:
            raise BusyError(f"database {self.name} is busy: all connections are in use; try again") from error
        except DBAPIError as error:
            raise _explanation(self.name, error) from error


def connect(url: str, *, clock: Clock = utc_now, create: bool = True) -> Database:
    """Make the connections of a database; the first is made when it is first used.

    Args:
        url: ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
        clock: gives the time now; passed in by tests.
        create: whether a SQLite file that does not exist is made, readable by its owner alone.

    Raises:
        OptionError: the URL is not understood, or of another kind of database.
        MissingExtraError: PostgreSQL's driver is not installed.
        StoreError: the SQLite file or its folder does not exist, or cannot be made.
    """
    parsed = _parsed(url)
    if parsed.drivername == "sqlite":
        path = _sqlite_path(parsed)
        _prepare_file(path, create=create)
        engine = _sqlite_engine(path)
        return Database(engine, str(path), clock)
    if find_spec("psycopg") is None:
        raise MissingExtraError("database 'postgresql' needs: pip install 'nettide[postgresql]'")
    name = parsed.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    return Database(_postgresql_engine(parsed), name, clock)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        shown = "of the database" if "@" in url else repr(url)  # it may hold a password
        raise OptionError(f"URL {shown} is not understood; {_EXAMPLE}") from None
    if parsed.drivername in _POSTGRESQL:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "sqlite":
        raise OptionError(f"{unknown('database', parsed.drivername, ('postgresql', 'sqlite'))}; {_EXAMPLE}")
    return parsed


def _sqlite_path(url: URL) -> Path:
    if url.host or url.username:
        raise OptionError(f"URL of a SQLite database names a host; a path has three slashes: {_EXAMPLE}")
    if url.query:
        raise OptionError(f"URL of a SQLite database takes no {'?' + next(iter(url.query))!r}; {_EXAMPLE}")
    if not url.database or url.database == ":memory:":
        raise OptionError(f"a SQLite database in memory forgets its jobs and keys; name a file: {_EXAMPLE}")
    return Path(url.database)


def _prepare_file(path: Path, *, create: bool) -> None:
    with one_sentence(f"cannot open database {path}"):
        if path.exists():
            if not path.is_file():
                raise StoreError(f"database {path} is not a regular file")
            return
        if not create:
            raise StoreError(f"there is no database {path}; name the one that the service uses")
        if not path.parent.is_dir():
            raise StoreError(f"cannot create database {path}: folder {path.parent} does not exist; create it first")
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite gives its log the same mode


def _sqlite_engine(path: Path) -> Engine:
    def opened() -> sqlite3.Connection:  # by the path itself: a URL would read '?' and '%' in a name as its own
        connection = sqlite3.connect(
            path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            set_log(connection, patience=_PATIENCE_SECONDS)
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite:///file", creator=opened, hide_parameters=True, pool_size=10, max_overflow=20)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # the driver itself would begin only before the first change, and a reader that turns writer can fail at once
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('nettide_begin', 'DEFERRED')}")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    defaults = {"connect_timeout": 10, "keepalives_idle": 30, "application_name": "nettide"}
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # the server may have been restarted
        pool_size=10,
        max_overflow=20,
        pool_timeout=_PATIENCE_SECONDS,
        connect_args={name: value for name, value in defaults.items() if name not in url.query},
    )

    @event.listens_for(engine, "connect")
    def promise(connection: Any, _: ConnectionPoolEntry) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {int(1000 * _PATIENCE_SECONDS)}")
            if cursor.execute("SHOW synchronous_commit").fetchone()[0] in ("off", "local"):
                cursor.execute("SET synchronous_commit = on")  # what we acknowledge is on disk
        connection.commit()

    return engine


def _explanation(name: str, error: DBAPIError) -> StoreError:
    """Give the error of ours that says what a driver reported; no statement, no value."""
    cause = error.orig
    code = getattr(cause, "sqlite_errorcode", None)
    state = getattr(cause, "sqlstate", None)
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    reason = re.sub(r"\s+", " ", lines[0])
    if (code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)) or state in _BUSY_STATES:
        return BusyError(f"database {name} is busy: {reason}; try again")
    if code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DamagedError(f"database {name} is damaged or no SQLite file: {reason}; restore it from a backup")
    return StoreError(f"cannot use database {name}: {reason}")
