"""Bring a database to the tables of this code: once, whoever starts at the same time, and never backwards."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from nettide import __version__
from nettide.errors import DamagedError, MissingExtraError, StoreError
from nettide.store.sql.database import Database

VERSION_TABLE = "nettide_version"
REVISIONS = ("0001",)
"""Versions of the tables that this code knows, the last one its own; each is a file in ``migrations/versions``."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6E657474696465  # "nettide" in ASCII; any number that others are unlikely to lock in PostgreSQL
_PATIENCE = "120s"  # with another process that migrates


def upgrade(database: Database) -> None:
    """Make the tables, or move those of an older version on; all of it happens or nothing.

    Of several processes that start at once, one does it and the others wait.

    Raises:
        BusyError: another process did not end in time.
        DamagedError: the file is no SQLite database, or a damaged one.
        MissingExtraError: Alembic, which moves tables on, is not installed.
        StoreError: a newer nettide wrote it, it belongs to another program, or it cannot be used.
    """
    with database.read() as connection:
        if _checked_version(connection, database.name) == REVISIONS[-1]:
            return
    if find_spec("alembic") is None:
        raise MissingExtraError("making the tables of a database needs: pip install 'nettide[service]'")
    with database.write() as connection:  # SQLite has one writer at a time: it is locked from here
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        if _checked_version(connection, database.name) != REVISIONS[-1]:
            _migrate(connection)


def _checked_version(connection: Connection, name: str) -> str | None:
    """Give the version of the tables, None if there are none yet.

    Raises:
        DamagedError: there is a table of versions, but none or several in it.
        StoreError: a newer nettide wrote them, or they are another program's.
    """
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        if tables and connection.dialect.name == "sqlite":
            raise StoreError(
                f"database {name} belongs to another program: it has a table {min(tables)!r}; name another file"
            )
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()  # noqa: S608 a constant
    if len(found) != 1:
        raise DamagedError(f"database {name} has {len(found)} versions of its tables; restore it from a backup")
    version = str(found[0])
    if version not in REVISIONS:
        raise StoreError(
            f"database {name} was written by a newer nettide (its tables are {version}, this is {__version__}, "
            f"which knows up to {REVISIONS[-1]}): upgrade nettide"
        )
    return version


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))  # a parser of settings reads it
    command.upgrade(config, "head")
