"""What a load tells: per file the rows, the choices of columns, the reasons of what was refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were set aside: an English template (gettext id), its values, how many, and where."""

    message: str
    count: int
    first_line: int
    params: Mapping[str, object]

    def __str__(self) -> str:
        return self.message.format(**self.params)


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader of the summary should know: an English template and its values."""

    message: str
    params: Mapping[str, object]

    def __str__(self) -> str:
        return self.message.format(**self.params)


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Where a column of the contract comes from, with a sample as written and as read.

    `header` is the name in the file ("Quantity x UnitPrice" for a product), "" for a constant;
    `note` says which decimal sign or date format was taken, and is None where none applies.
    """

    column: str
    header: str
    sample_raw: str
    sample_parsed: str
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class TableSummary:
    """One file: `accepted` rows are in, `quarantined` ones in `quarantine_file` with the reason."""

    table: str
    file: str
    accepted: int
    quarantined: int = 0
    equal_lines: int = 0
    """Lines that repeat an earlier line of the file; kept, only counted."""
    replaced: int = 0
    """Rows from earlier loads that made way."""
    skipped_as_known: bool = False
    quarantine_file: Path | None = None
    reasons: tuple[Reason, ...] = ()
    """Most frequent first."""
    columns: tuple[ColumnChoice, ...] = ()
    unused: tuple[str, ...] = ()
    """Headers nothing was done with."""
    facts: tuple[str, ...] = ()
    """Headers kept as facts of the customer or deal."""
    notes: tuple[Note, ...] = ()
    first_date: dt.date | None = None
    last_date: dt.date | None = None
    future_lines: int = 0


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """One call of `load`."""

    tables: tuple[TableSummary, ...]
    changed: bool
    version: int
    home_currency: str
