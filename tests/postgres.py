"""A Postgres for tests, where one can be reached: BALLOTAGE_TEST_POSTGRES=postgresql+psycopg://...

The nudges' outbox is written for both databases, since several processes share it. The driver is
no dependency of ours yet, so without it, or without a server, these tests are skipped by name.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from bot.storage.database import Database, migrate

URL = os.environ.get("BALLOTAGE_TEST_POSTGRES", "")
needed = pytest.mark.skipif(
    not URL or importlib.util.find_spec("psycopg") is None,
    reason="no Postgres: set BALLOTAGE_TEST_POSTGRES and install psycopg",
)


def fresh() -> str:
    """The URL of a new schema, migrated, in the server that was named."""
    schema = f"test_{secrets.token_hex(6)}"
    url = f"{URL}?options=-csearch_path%3D{schema}%20-ctimezone%3DUTC"
    server = create_engine(URL, poolclass=NullPool)
    with server.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    with create_engine(url, poolclass=NullPool).begin() as connection:
        migrate(connection)
    return url


def opened(home: Path, url: str) -> Database:
    """A database over Postgres; the home's own where there is no URL."""
    if not url:
        return Database.open(home)
    return Database(create_engine(url, hide_parameters=True), home / "state.db")
