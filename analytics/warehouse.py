"""The warehouse: one DuckDB file that holds what was loaded, also reachable through Ibis."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from analytics.errors import DataError, NoDataError

if TYPE_CHECKING:
    import duckdb

FILE_NAME = "warehouse.duckdb"

WAIT_SECONDS = 30.0
"""How long `open` waits for another process; a load holds the file for seconds, not minutes."""

COLUMNS: dict[str, dict[str, str]] = {
    "customers": {
        "customer_id": "VARCHAR", "name": "VARCHAR", "source": "VARCHAR", "referred_by": "VARCHAR",
        "since": "DATE", "segment": "VARCHAR", "country": "VARCHAR", "region": "VARCHAR",
        "employees": "BIGINT", "parent_id": "VARCHAR", "kvk": "VARCHAR", "vat_id": "VARCHAR",
        "domain": "VARCHAR", "owner": "VARCHAR", "facts": "VARCHAR",
    },
    "invoices": {
        "customer_id": "VARCHAR", "customer_name": "VARCHAR", "date": "DATE",
        "amount": "DECIMAL(18,4)", "invoice_id": "VARCHAR", "currency": "VARCHAR",
        "amount_original": "DECIMAL(18,4)", "margin": "DECIMAL(18,4)", "product": "VARCHAR",
    },
    "deals": {
        "deal_id": "VARCHAR", "status": "VARCHAR", "created": "DATE", "closed": "DATE",
        "customer_id": "VARCHAR", "prospect": "VARCHAR", "amount": "DECIMAL(18,4)",
        "source": "VARCHAR", "owner": "VARCHAR", "stage": "VARCHAR", "segment": "VARCHAR",
        "country": "VARCHAR", "region": "VARCHAR", "employees": "BIGINT", "facts": "VARCHAR",
    },
    "people": {
        "user": "VARCHAR", "role": "VARCHAR", "name": "VARCHAR", "locale": "VARCHAR",
        "time_zone": "VARCHAR",
    },
    "activities": {
        "date": "DATE", "user": "VARCHAR", "deal_id": "VARCHAR", "customer_id": "VARCHAR",
        "minutes": "DOUBLE", "kind": "VARCHAR",
    },
}  # fmt: skip
"""Columns of each table in order; every table also has `load_id` and `line_no` (BIGINT)."""

KEYS = {"customers": "customer_id", "deals": "deal_id", "people": "user"}

_LOADS = (
    'CREATE TABLE IF NOT EXISTS loads (load_id BIGINT PRIMARY KEY, "at" TIMESTAMP,'
    " table_name VARCHAR, file_name VARCHAR, content_hash VARCHAR, accepted BIGINT,"
    " quarantined BIGINT, equal_lines BIGINT, replaced BIGINT, quarantine_file VARCHAR,"
    " mapping VARCHAR, superseded BOOLEAN)"
)
_META = "CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR)"


class Warehouse:
    """One open warehouse; a context manager that closes it.

    Only one process may write, and none may read meanwhile (DuckDB's rule), so hold it briefly.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    @classmethod
    def open(cls, home: Path, read_only: bool = False, *, wait: float = WAIT_SECONDS) -> Warehouse:
        """Open `home/warehouse.duckdb`; writing makes it where there is none.

        Waits up to `wait` seconds for another process.
        Raises NoDataError (read only and never loaded) or DataError (busy, damaged, unwritable).
        """
        path = home / FILE_NAME
        if read_only and not path.exists():
            raise NoDataError(
                "Nothing has been loaded yet; start with: python app.py load invoices=FILE"
            )
        if not read_only:
            try:
                home.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DataError(
                    "The folder {folder} cannot be made ({problem}); choose another with --home",
                    folder=home,
                    problem=error.strerror or "unknown",
                ) from error
        warehouse = cls(_connect(path, read_only, wait))
        if not read_only:
            warehouse._create()
        return warehouse

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, so that others can open it."""
        self.connection.close()

    def backend(self) -> Any:
        """Return an Ibis backend on this connection: it sees the open transaction."""
        import ibis

        return ibis.duckdb.from_connection(self.connection)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything in the block, or on any exception nothing."""
        self.connection.begin()
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def meta(self, key: str) -> str | None:
        """Return the value kept under `key`, or None."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return None if row is None else row[0]

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value under `key`."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value])

    @property
    def identity(self) -> str:
        """The random id given when the file was made; "" for one that was never written to."""
        return self.meta("id") or ""

    @property
    def version(self) -> int:
        """The number of changes so far; 0 for a warehouse that nothing was loaded into."""
        return int(self.meta("version") or 0)

    def next_version(self) -> int:
        """Count one change, inside the caller's transaction; return the new version."""
        version = self.version + 1
        self.set_meta("version", str(version))
        return version

    def _create(self) -> None:
        with self.transaction():
            for table, columns in COLUMNS.items():
                typed = ", ".join(
                    f'"{name}" {kind}{" PRIMARY KEY" if KEYS.get(table) == name else ""}'
                    for name, kind in columns.items()
                )
                self.connection.execute(
                    f'CREATE TABLE IF NOT EXISTS "{table}" ({typed}, load_id BIGINT, line_no BIGINT)'
                )
            self.connection.execute(_LOADS)
            self.connection.execute(_META)
            self.connection.execute(
                "INSERT INTO meta VALUES ('id', ?) ON CONFLICT DO NOTHING", [secrets.token_hex(8)]
            )


def _connect(path: Path, read_only: bool, wait: float) -> duckdb.DuckDBPyConnection:
    import duckdb

    deadline = time.monotonic() + wait
    pause = 0.02
    while True:
        try:
            return duckdb.connect(
                str(path),
                read_only=read_only,
                # Nothing is downloaded at run time.
                config={"autoinstall_known_extensions": "false"},
            )
        except duckdb.Error as error:
            text = str(error)
            # Another process holds it, or this process holds it in the other mode.
            busy = "lock on file" in text or "different configuration" in text
            if not busy:
                raise DataError(
                    "The data file {file} cannot be opened ({problem}); put back a copy of it, or"
                    " move it away and load your files again",
                    file=path.name,
                    problem=text.splitlines()[0] if text else "unknown",
                ) from error
            if time.monotonic() >= deadline:
                raise DataError(
                    "The data in {home} are in use by another process; try again when it is done",
                    home=path.parent,
                ) from error
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
