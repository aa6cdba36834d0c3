"""What alembic runs: migrate over the connection that the database handed in."""

from __future__ import annotations

from alembic import context

from bot.storage.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
