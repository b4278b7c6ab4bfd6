"""The tables of the store, the same in SQLite and PostgreSQL; the migrations make them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An aware time as whole microseconds since the epoch: SQLite has no times, and a float would round."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 its signature
        """Give the microseconds of a time."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 as above
        """Give the time of microseconds."""
        return None if value is None else _EPOCH + value * _MICROSECOND


class Json(TypeDecorator[Any]):
    """A JSON value as ASCII text, which both databases hold whatever characters a client sent, NUL too."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002 its signature
        """Give the text of a value."""
        return None if value is None else json.dumps(value, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:  # noqa: ARG002 as above
        """Give the value of a text."""
        return None if value is None else json.loads(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

keys = Table(
    "nettide_keys",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("secret_sha256", LargeBinary(32), nullable=False),
    Column("scopes", String(100), nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime),
    Column("revoked", UtcTime),
)

results = Table(
    "nettide_results",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("key_id", String(12), ForeignKey("nettide_keys.id"), nullable=False, index=True),
    Column("media_type", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created", UtcTime, nullable=False),
)

jobs = Table(
    "nettide_jobs",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(20), nullable=False, unique=True),
    Column("kind", String(50), nullable=False),
    Column("request", Json, nullable=False),
    Column("key_id", String(12), ForeignKey("nettide_keys.id"), nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", String(200)),
    Column("lease_microseconds", BigInteger),
    Column("lease_until", UtcTime),
    Column("cancel_requested", Boolean(create_constraint=False), nullable=False),
    Column("progress", Float, nullable=False),
    Column("note", Json, nullable=False),
    Column("message", Json),
    Column("result_id", String(20), ForeignKey("nettide_results.id"), index=True),
    Column("created", UtcTime, nullable=False),
    Column("started", UtcTime),
    Column("finished", UtcTime),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
    Index("ix_nettide_jobs_state_number", "state", "number"),
    Index("ix_nettide_jobs_key_id_number", "key_id", "number"),
    sqlite_autoincrement=True,  # the number of a job that was purged is not given again
)

served_models = Table(
    "nettide_served_models",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("folder", Json, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("loaded", Boolean(create_constraint=False), nullable=False),
    Column("pinned", Boolean(create_constraint=False), nullable=False),
    Column("created", UtcTime, nullable=False),
)
