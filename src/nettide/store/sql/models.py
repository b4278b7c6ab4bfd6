"""Which models a service offers, and which of them its workers keep in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from nettide.errors import OptionError
from nettide.store.models import check_name
from nettide.store.sql.database import Database
from nettide.store.sql.tables import served_models

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that a service offers.

    Args:
        name: as clients call it.
        folder: where ``store.models.save_model`` put it.
        sha256: of its ``model.json``, which names the hash of the rest; it changes when the model is replaced.
        loaded: whether workers shall keep it in memory.
        pinned: whether it stays in memory when others are put out for want of room.
        created: when it was first offered.
    """

    name: str
    folder: Path
    sha256: str
    loaded: bool
    pinned: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class ServedModels:
    """The served models of a store."""

    database: Database

    def register(self, name: str, folder: Path, sha256: str) -> ServedModel:
        """Offer a model, not loaded at first; one that is offered gets the new folder and hash and stays as it was.

        Args:
            name: as clients call it, 1 to 64 of a-z, 0-9, '.', '_' and '-'.
            folder: where it is.
            sha256: of its ``model.json``, hexadecimal.

        Raises:
            OptionError: the name or hash cannot be used.
            StoreError: the database cannot be used.
        """
        check_name(name)
        if _SHA256.fullmatch(sha256) is None:
            raise OptionError(f"{sha256[:70]!r} is no SHA-256; give 64 hexadecimal digits")
        place = {"folder": str(folder), "sha256": sha256}
        fresh = {"name": name, **place, "loaded": False, "pinned": False, "created": self.database.clock()}
        with self.database.write() as connection:
            if connection.dialect.name == "postgresql":
                from sqlalchemy.dialects.postgresql import insert as upsert

                statement = upsert(served_models).values(fresh)
                connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=place))
            elif not connection.execute(update(served_models).where(_is(name)).values(place)).rowcount:
                connection.execute(insert(served_models).values(fresh))
            return _model(connection.execute(select(served_models).where(_is(name))).one())

    def get(self, name: str) -> ServedModel | None:
        """Give a model by its name; None if it is not offered.

        Raises:
            StoreError: the database cannot be used.
        """
        if not _can_be(name):
            return None
        with self.database.read() as connection:
            row = connection.execute(select(served_models).where(_is(name))).one_or_none()
        return None if row is None else _model(row)

    def list(self) -> list[ServedModel]:
        """Give all models that are offered, by name.

        Raises:
            StoreError: the database cannot be used.
        """
        with self.database.read() as connection:
            rows = connection.execute(select(served_models)).all()
        return sorted((_model(row) for row in rows), key=lambda one: one.name)  # collations of databases differ

    def set_loaded(self, name: str, loaded: bool) -> ServedModel | None:
        """Say whether workers shall keep a model in memory; putting it out unpins it.

        Returns:
            The model as it is now; None if it is not offered.

        Raises:
            StoreError: the database cannot be used.
        """
        return self._set(name, {"loaded": True} if loaded else {"loaded": False, "pinned": False})

    def set_pinned(self, name: str, pinned: bool) -> ServedModel | None:
        """Say whether a model stays in memory when others are put out; pinning loads it.

        Returns:
            The model as it is now; None if it is not offered.

        Raises:
            StoreError: the database cannot be used.
        """
        return self._set(name, {"pinned": True, "loaded": True} if pinned else {"pinned": False})

    def remove(self, name: str) -> bool:
        """Offer a model no longer; its folder stays.

        Returns:
            False if it was not offered.

        Raises:
            StoreError: the database cannot be used.
        """
        if not _can_be(name):
            return False
        with self.database.write() as connection:
            return connection.execute(delete(served_models).where(_is(name))).rowcount == 1

    def _set(self, name: str, values: dict[str, bool]) -> ServedModel | None:
        if not _can_be(name):
            return None
        with self.database.write() as connection:
            connection.execute(update(served_models).where(_is(name)).values(values))
            row = connection.execute(select(served_models).where(_is(name))).one_or_none()
        return None if row is None else _model(row)


def _is(name: str) -> Any:
    return served_models.c.name == name


def _can_be(name: str) -> bool:
    try:
        check_name(name)
    except OptionError:
        return False
    return True


def _model(row: Row[Any]) -> ServedModel:
    return ServedModel(row.name, Path(row.folder), row.sha256, row.loaded, row.pinned, row.created)
