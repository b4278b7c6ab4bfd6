"""The store of a service: one database, opened by its URL, with the tables of this code."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from nettide.store.sql.database import Clock, Database, connect, utc_now
from nettide.store.sql.jobs import Jobs
from nettide.store.sql.keys import Keys
from nettide.store.sql.models import ServedModels
from nettide.store.sql.results import Results
from nettide.store.sql.upgrade import upgrade


@dataclass(frozen=True, slots=True)
class Store:
    """Keys, jobs, results and served models; threads may share it, a process opens its own after a fork.

    Args:
        database: where they are.
        keys: API keys.
        jobs: background jobs.
        models: served models.
        results: what jobs gave, and uploads.
    """

    database: Database
    keys: Keys
    jobs: Jobs
    models: ServedModels
    results: Results

    def ping(self) -> None:
        """Ask the database for an answer, as a check of readiness does.

        Raises:
            StoreError: it gives none.
        """
        with self.database.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close the connections."""
        self.database.engine.dispose()


def open_store(url: str, *, clock: Clock = utc_now, create: bool = True) -> Store:
    """Open a store, making or moving on its tables where needed.

    Args:
        url: ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
        clock: gives the time now; passed in by tests.
        create: whether a SQLite file that does not exist is made.

    Raises:
        OptionError: the URL is not understood.
        MissingExtraError: the driver or Alembic is not installed.
        BusyError: other processes did not let it through in time.
        DamagedError: the file is no SQLite database, or a damaged one.
        StoreError: there is no database, it is another program's or of a newer nettide, or it cannot be used.
    """
    database = connect(url, clock=clock, create=create)
    try:
        upgrade(database)
    except BaseException:
        database.engine.dispose()
        raise
    return Store(database, Keys(database), Jobs(database), ServedModels(database), Results(database))
