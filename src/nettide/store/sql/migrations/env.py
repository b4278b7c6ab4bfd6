"""What Alembic runs: the migrations, in the transaction that ``upgrade`` began."""

from __future__ import annotations

from alembic import context

from nettide.store.sql.tables import metadata
from nettide.store.sql.upgrade import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # SQLite's too: the driver leaves BEGIN and COMMIT to us
)
context.run_migrations()
