"""The first tables: keys, results, jobs and served models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them; times are microseconds since the epoch, texts of clients are JSON."""
    op.create_table(
        "nettide_keys",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("scopes", sa.String(100), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("revoked", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_nettide_keys"),
    )
    op.create_table(
        "nettide_results",
        sa.Column("id", sa.String(20), nullable=False),
        sa.Column("key_id", sa.String(12), nullable=False),
        sa.Column("media_type", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nettide_results"),
        sa.ForeignKeyConstraint(["key_id"], ["nettide_keys.id"], name="fk_nettide_results_key_id"),
    )
    op.create_index("ix_nettide_results_key_id", "nettide_results", ["key_id"])
    op.create_table(
        "nettide_jobs",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(12), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(200)),
        sa.Column("lease_microseconds", sa.BigInteger),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("cancel_requested", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("result_id", sa.String(20)),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("finished", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_nettide_jobs"),
        sa.UniqueConstraint("id", name="uq_nettide_jobs_id"),
        sa.ForeignKeyConstraint(["key_id"], ["nettide_keys.id"], name="fk_nettide_jobs_key_id"),
        sa.ForeignKeyConstraint(["result_id"], ["nettide_results.id"], name="fk_nettide_jobs_result_id"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_nettide_jobs_state")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_nettide_jobs_result_id", "nettide_jobs", ["result_id"])
    op.create_index("ix_nettide_jobs_state_number", "nettide_jobs", ["state", "number"])
    op.create_index("ix_nettide_jobs_key_id_number", "nettide_jobs", ["key_id", "number"])
    op.create_table(
        "nettide_served_models",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("loaded", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("pinned", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_nettide_served_models"),
    )
