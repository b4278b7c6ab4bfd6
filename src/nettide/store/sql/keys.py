"""API keys: a token is shown once, and only a hash of its secret is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Row, insert, select, update

from nettide.errors import OptionError
from nettide.store.sql.database import Database
from nettide.store.sql.tables import keys
from nettide.store.sql.words import checked

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_KEY_ID = re.compile(r"[a-z2-7]{12}")
_TOKEN = re.compile(r"ntd_([a-z2-7]{12})_([A-Za-z0-9_-]{43})")
_NO_SECRET = b"\0" * 32
_MOST_NAME = 100


class Scope(StrEnum):
    """What a key may do; none contains another."""

    read = "read"
    forecast = "forecast"
    admin = "admin"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept about a key, all but the hash of its secret.

    Args:
        id: 12 characters, not secret; the second part of the token.
        name: whom it was given to.
        scopes: what it may do.
        created: when.
        expires: from when it is no longer accepted; None for never.
        revoked: when it was revoked; None if it was not.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    def is_active(self, now: datetime) -> bool:
        """Say whether it is accepted at a time."""
        return self.revoked is None and (self.expires is None or now < self.expires)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a store."""

    database: Database

    def create(self, name: str, scopes: frozenset[Scope], expires: datetime | None) -> tuple[str, KeyRecord]:
        """Make a key; when this returns it is on disk.

        Args:
            name: whom it is for, 1 to 100 printable characters; several keys may have one name.
            scopes: what it may do, at least one.
            expires: aware time from which it is not accepted; None for never.

        Returns:
            The token ``ntd_ID_SECRET``, with a secret of 256 random bits that is kept nowhere, and the record.

        Raises:
            OptionError: the name, the scopes or the expiry cannot be used.
            StoreError: the database cannot be used.
        """
        now = self.database.clock()
        checked("key name", name, most=_MOST_NAME)
        if not scopes:
            known = ", ".join(Scope)
            raise OptionError(f"key {name!r} has no scope, so it could do nothing; give at least one of {known}")
        if expires is not None and expires.tzinfo is None:
            raise OptionError(f"expiry {expires.isoformat()} of key {name!r} has no time zone")
        if expires is not None and expires <= now:
            raise OptionError(f"expiry {expires.isoformat()} of key {name!r} is in the past")
        key_id = "".join(secrets.choice(_LETTERS) for _ in range(12))
        secret = secrets.token_urlsafe(32)
        record = KeyRecord(key_id, name, frozenset(Scope(one) for one in scopes), now, expires, None)
        with self.database.write() as connection:
            connection.execute(
                insert(keys).values(
                    id=key_id,
                    name=name,
                    secret_sha256=_hash(secret),
                    scopes=",".join(sorted(record.scopes)),
                    created=now,
                    expires=expires,
                    revoked=None,
                )
            )
        return f"ntd_{key_id}_{secret}", record

    def verify(self, token: str) -> KeyRecord | None:
        """Give the key of a token, or None if it is malformed, unknown, wrong, expired or revoked.

        The hash is compared in constant time, with a hash of zeros where there is no such key. A plain SHA-256 is
        enough: a secret of 256 random bits cannot be guessed, however fast the hash.

        Raises:
            StoreError: the database cannot be used.
        """
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            return None
        with self.database.read() as connection:
            row = connection.execute(select(keys).where(keys.c.id == parts[1])).one_or_none()
        kept = _NO_SECRET if row is None else bytes(row.secret_sha256)
        is_right = hmac.compare_digest(kept, _hash(parts[2]))
        if row is None or not is_right:
            return None
        record = _record(row)
        return record if record.is_active(self.database.clock()) else None

    def list(self) -> list[KeyRecord]:
        """Give all keys, the oldest first, with those that expired or were revoked.

        Raises:
            StoreError: the database cannot be used.
        """
        with self.database.read() as connection:
            return [_record(row) for row in connection.execute(select(keys).order_by(keys.c.created, keys.c.id))]

    def revoke(self, id: str) -> KeyRecord | None:
        """Revoke a key for ever, from the next ``verify`` on; one that is revoked keeps its first time.

        Returns:
            The key as it is now; None if there is none of this id.

        Raises:
            StoreError: the database cannot be used.
        """
        if _KEY_ID.fullmatch(id) is None:
            return None
        with self.database.write() as connection:
            unrevoked = (keys.c.id == id) & keys.c.revoked.is_(None)
            connection.execute(update(keys).where(unrevoked).values(revoked=self.database.clock()))
            row = connection.execute(select(keys).where(keys.c.id == id)).one_or_none()
        return None if row is None else _record(row)


def id_of(text: str) -> str:
    """Give the id of a key by its id or its whole token, so that a leaked token can be revoked as it was found."""
    parts = _TOKEN.fullmatch(text)
    return parts[1] if parts else text


def is_key_id(text: str) -> bool:
    """Say whether a text could be the id of a key; no other is ever sent to the database."""
    return _KEY_ID.fullmatch(text) is not None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("ascii")).digest()


def _record(row: Row[tuple[object, ...]]) -> KeyRecord:
    scopes = frozenset(Scope(one) for one in row.scopes.split(","))
    return KeyRecord(row.id, row.name, scopes, row.created, row.expires, row.revoked)
