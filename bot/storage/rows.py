"""Many rows in one step of the database.

Python's sqlite3 lets go of the interpreter's lock at every step of a statement, and beside a busy
event loop gets it back up to five milliseconds later. A statement for each row, or a result of
many rows, so costs a commit far more waiting than work. Here rows go in together, and come back
as one JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite

MOST = 64
"""Rows to a statement; SQLite takes 32,766 values, and keeps statements of few shapes ready."""
_DIALECT = sqlite.dialect()

T = TypeVar("T")


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items by at most `MOST`."""
    for start in range(0, len(items), MOST):
        yield items[start : start + MOST]


@lru_cache
def places(columns: int, rows: int) -> str:
    """Return `(?, ?), (?, ?)`, for a list of values."""
    return ", ".join([f"({', '.join(['?'] * columns)})"] * rows)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns, their values as the columns' types want them."""
    if not rows:
        return
    names = tuple(rows[0])
    written = _written(table, names)
    head = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES "  # noqa: S608 (our own names)
    for part in parts(rows):
        values = [
            value if write is None else write(value)
            for row in part
            for write, value in zip(written, row.values(), strict=True)
        ]
        connection.exec_driver_sql(head + places(len(names), len(part)), tuple(values))


def one_json(connection: Connection, statement: str, values: Sequence[Any]) -> Any:
    """Return what a statement gives as one row of one JSON text."""
    return json.loads(connection.exec_driver_sql(statement, tuple(values)).scalar_one())


def written(table: Table, column: str, value: object) -> Any:
    """Return a value as it stands in a column."""
    (write,) = _written(table, (column,))
    return value if write is None else write(value)


@lru_cache
def _written(table: Table, names: tuple[str, ...]) -> tuple[Callable[[Any], Any] | None, ...]:
    kinds = (table.c[name].type.dialect_impl(_DIALECT) for name in names)
    return tuple(kind.bind_processor(_DIALECT) for kind in kinds)
