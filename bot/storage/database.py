"""The state database: one SQLite file in the home, opened, migrated and backed up here.

Several processes share the file: WAL lets readers and one writer work together, and a write
transaction takes its lock at the start (BEGIN IMMEDIATE), so that what it read is still true when
it writes.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from bot.errors import SettingsError, UserError
from bot.i18n import N_

SCHEMA = "0006"
"""The newest migration; known here so that opening a current file need not import alembic."""
BUSY_SECONDS = 10.0
"""How long a writer waits for another one; a transaction of ours takes milliseconds."""
CHECKPOINT_SECONDS = 0.5
"""How long emptying the log waits for readers; it is tried again at the next occasion."""
KEPT_BACKUPS = 5
SQLITE = "sqlite:///"
SQLITE_PAGES, MOST_PAGES = 1_000, 16_000
"""Pages of the WAL after which a commit carries it over: SQLite's own, and where that can wait."""


class Database:
    """An open state database. Use as a context manager, or call `close`."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._synced = engine.execution_options(ballotage_write="FULL")
        self._unsynced = engine.execution_options(ballotage_write="NORMAL")
        self.path = path

    @classmethod
    def open(cls, home: Path, url: str = "") -> Database:
        """Open `home/state.db` (or the `sqlite:///` file of `url`), made or upgraded where needed.

        UserError: the folder is not writable, the file is damaged, or a newer version wrote it.
        """
        path = state_path(home, url)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Two processes that start together must not both migrate.
            with FileLock(f"{path}.lock", timeout=60):
                _prepare(path)
        except OSError as error:
            raise UserError(
                N_("The folder {folder} cannot be written: {reason}. Choose another with --home."),
                folder=path.parent,
                reason=error.strerror or error,
            ) from error
        except (sqlite3.DatabaseError, DatabaseError) as error:
            raise UserError(
                N_(
                    "The state database {path} cannot be read ({reason}). "
                    "Put a copy from {backups} in its place, or move it away to start anew."
                ),
                path=path,
                reason=getattr(error, "orig", None) or error,
                backups=path.parent / "backups",
            ) from error
        return cls(_engine(path), path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent state."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, synced: bool = True) -> Iterator[Connection]:
        """Give a connection that holds the write lock until the end; commits, or rolls back.

        With `synced` False the commit does not wait for the disk; `sync` does that.
        """
        with (self._synced if synced else self._unsynced).begin() as connection:
            yield connection

    def sync(self) -> int:
        """Put on the disk what was committed; return the WAL's length in bytes. OSError."""
        # Only the WAL may be opened here: closing any handle on the database file itself would
        # drop the locks that SQLite holds on it.
        try:
            file = os.open(f"{self.path}-wal", os.O_RDWR)
        except FileNotFoundError:
            return 0  # carried over and synced by who closed it
        try:
            os.fsync(file)
            return os.fstat(file).st_size
        finally:
            os.close(file)

    def carry_over(self) -> None:
        """Carry the WAL over into the database file, without keeping a writer waiting."""
        with self._engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 (a connection that was just made)
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file and empty it; False while somebody reads in it.

        What was overwritten or deleted stands in the log until then. Elsewhere than in SQLite the
        log is not ours to empty.
        """
        if self._engine.dialect.name != "sqlite":
            return True
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={int(CHECKPOINT_SECONDS * 1000)}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            told = cursor.fetchone()
            cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
            cursor.close()
        finally:
            connection.close()
        return told is not None and told[0] == 0

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def state_path(home: Path, url: str = "") -> Path:
    """Where the state database is. SettingsError for an address that is not SQLite's."""
    if not url:
        return home / "state.db"
    if not url.startswith(SQLITE):
        raise SettingsError(
            N_("BALLOTAGE_DATABASE_URL must start with {prefix}: only SQLite is supported."),
            prefix=SQLITE,
        )
    return Path(url.removeprefix(SQLITE))


def schema_of(path: Path) -> str | None:
    """Return the schema of a state file without changing it; None when it has none yet."""
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            row = connection.execute("select version_num from alembic_version").fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
    return str(row[0]) if row else None


def _prepare(path: Path) -> None:
    found = schema_of(path)
    if found == SCHEMA:
        return
    if found is not None and found > SCHEMA:
        raise UserError(
            N_(
                "The state database {path} was written by a newer version (schema {found}, "
                "this one knows {known}). Install that version, or put back a copy from {backups}."
            ),
            path=path,
            found=found,
            known=SCHEMA,
            backups=path.parent / "backups",
        )
    if found is not None:
        _back_up(path, found)
    if not path.exists():
        # Made by hand for its mode: who asked what is nobody else's business.
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")  # kept in the file from here on
    engine = _engine(path)
    try:
        with engine.begin() as connection:
            migrate(connection)
    finally:
        engine.dispose()


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to `revision` over an open connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _back_up(path: Path, schema: str) -> Path:
    folder = path.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
    copy = folder / f"state-{schema}-{stamp}.db"
    # SQLite's own backup, since a plain copy would miss what is still in the WAL.
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    copy.chmod(0o600)
    for old in sorted(folder.glob("state-*.db"), key=lambda p: p.stat().st_mtime)[:-KEPT_BACKUPS]:
        old.unlink()
    return copy


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"{SQLITE}{path}",
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # an error in the log names the statement, never what was in it
    )

    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten with zeros
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        connection.execute("PRAGMA synchronous=FULL")  # what we said happened survives a power cut

    def on_begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("ballotage_write")
        if write:
            # FULL waits for the disk at the commit. Who does not wait does not carry the WAL over
            # either, until it is far longer than it gets while somebody else does.
            pages = SQLITE_PAGES if write == "FULL" else MOST_PAGES
            connection.exec_driver_sql(f"PRAGMA synchronous={write}")
            connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={pages}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine
