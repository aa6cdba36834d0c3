"""The one statement that SQLite and Postgres write alike and SQLAlchemy does not: upsert."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> sqlite.Insert:
    """An insert that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "postgresql":
        # The two classes share these methods and their meaning, and no base that has them.
        return cast(sqlite.Insert, postgresql.insert(table))
    return sqlite.insert(table)
