"""What jobs give and clients upload: bytes with their type, checked against their hash when they are read."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select

from nettide.errors import DamagedError, StoreError
from nettide.store.sql.database import Database
from nettide.store.sql.keys import is_key_id
from nettide.store.sql.tables import jobs, keys, results
from nettide.store.sql.words import checked, is_id, new_id

MOST_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """What is kept about a result, all but its bytes.

    Args:
        id: 20 hexadecimal digits.
        key_id: the key it belongs to.
        media_type: as ``text/csv``.
        sha256: of the bytes.
        size: of the bytes.
        created: when.
    """

    id: str
    key_id: str
    media_type: str
    sha256: str
    size: int
    created: datetime


_COLUMNS = tuple(results.c[field.name] for field in dataclasses.fields(ResultRecord))


@dataclass(frozen=True, slots=True)
class Results:
    """The results and uploads of a store."""

    database: Database

    def put(self, content: bytes, media_type: str, key_id: str) -> ResultRecord:
        """Keep bytes; when this returns they are on disk.

        Args:
            content: at most 256 MiB.
            media_type: 1 to 200 printable characters.
            key_id: the key they belong to.

        Raises:
            OptionError: the media type cannot be used.
            StoreError: there are too many bytes, there is no such key, or the database cannot be used.
        """
        checked("media type", media_type, most=200)
        if len(content) > MOST_BYTES:
            raise StoreError(f"a result of {len(content):,} bytes is too large; {MOST_BYTES:,} are the most")
        digest, now = hashlib.sha256(content).hexdigest(), self.database.clock()
        record = ResultRecord(new_id(), key_id, media_type, digest, len(content), now)
        with self.database.write() as connection:
            known = select(keys.c.id).where(keys.c.id == key_id)
            if not is_key_id(key_id) or connection.execute(known).first() is None:
                raise StoreError("the key that the result belongs to does not exist")
            connection.execute(insert(results).values({**dataclasses.asdict(record), "content": content}))
        return record

    def get(self, id: str, key_id: str | None) -> tuple[ResultRecord, bytes] | None:
        """Give a result, checked against its hash.

        Args:
            id: the result.
            key_id: whose it must be; None for anyone's.

        Returns:
            What is kept about it, and its bytes; None if there is none, or it is another key's.

        Raises:
            DamagedError: the bytes are not those that were kept.
            StoreError: the database cannot be used.
        """
        if not is_id(id):
            return None
        query = select(*_COLUMNS, results.c.content).where(results.c.id == id)
        with self.database.read() as connection:
            row = connection.execute(query if key_id is None else query.where(results.c.key_id == key_id)).one_or_none()
        if row is None:
            return None
        *facts, content = row
        record = ResultRecord(*facts)
        if len(content) != record.size or hashlib.sha256(content).hexdigest() != record.sha256:
            raise DamagedError(f"result {id} was altered after it was kept; restore the database from a backup")
        return record, bytes(content)

    def find(self, id: str, key_id: str | None) -> ResultRecord | None:
        """Give what is kept about a result, without reading its bytes.

        Args:
            id: the result.
            key_id: whose it must be; None for anyone's.

        Returns:
            None if there is none, or it is another key's.

        Raises:
            StoreError: the database cannot be used.
        """
        if not is_id(id):
            return None
        query = select(*_COLUMNS).where(results.c.id == id)
        with self.database.read() as connection:
            row = connection.execute(query if key_id is None else query.where(results.c.key_id == key_id)).one_or_none()
        return None if row is None else ResultRecord(*row)

    def delete(self, id: str, key_id: str | None) -> bool:
        """Remove a result that no job names.

        Args:
            id: the result.
            key_id: whose it must be; None for anyone's.

        Returns:
            False if there is none, it is another key's, or a job names it.

        Raises:
            StoreError: the database cannot be used.
        """
        if not is_id(id):
            return False
        where = (results.c.id == id) & _unnamed()
        if key_id is not None:
            where &= results.c.key_id == key_id
        with self.database.write() as connection:
            return connection.execute(delete(results).where(where)).rowcount == 1

    def purge(self, before: datetime) -> int:
        """Remove results and uploads kept before a time that no job gave, or whose job was purged.

        An upload is not kept for a job that only names it in its request: purge with a time before the longest job.

        Returns:
            How many.

        Raises:
            StoreError: the database cannot be used.
        """
        with self.database.write() as connection:
            return connection.execute(delete(results).where((results.c.created < before) & _unnamed())).rowcount


def _unnamed() -> ColumnElement[bool]:
    return ~select(jobs.c.id).where(jobs.c.result_id == results.c.id).exists()
