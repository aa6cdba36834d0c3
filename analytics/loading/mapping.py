"""The `--map` file: which column is which, constants, words, date format, rates, channels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rapidfuzz import fuzz, process

from analytics.channels import CHANNELS, normalise
from analytics.errors import DataError
from analytics.schema import ROLES, STATUSES, TABLES, Kind

MAX_BYTES = 1_000_000


class TableMap(BaseModel):
    """How one table's file is read; whatever is left out is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str | list[str]] = Field(default_factory=dict)
    """Column of the contract to header; a list is a product of columns; "" switches a guess off."""
    date_format: str = ""
    """A strptime format for all date columns of the file."""
    constants: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Column to (word in the file to word of the contract)."""

    def word(self, column: str) -> dict[str, str]:
        """Return the words given for a column, by normalised word."""
        return {normalise(raw): word for raw, word in self.values.get(column, {}).items()}


class Mapping(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customers: TableMap = TableMap()
    invoices: TableMap = TableMap()
    deals: TableMap = TableMap()
    people: TableMap = TableMap()
    activities: TableMap = TableMap()
    sources: dict[str, str] = Field(default_factory=dict)
    """Raw source to channel; kept in the warehouse and merged with what is there."""
    rates: dict[str, Decimal] = Field(default_factory=dict)
    """ISO currency code to its worth in the home currency."""

    def table(self, name: str) -> TableMap:
        """Return the part for one table."""
        part: TableMap = getattr(self, name)
        return part

    def identity(self, table: str) -> str:
        """Return what of this mapping bears on a table, as canonical JSON."""
        part = self.table(table).model_dump(exclude_defaults=True)
        if self.rates:
            part["rates"] = {code: str(rate) for code, rate in self.rates.items()}
        return json.dumps(part, sort_keys=True, ensure_ascii=False)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the known word nearest to a mistyped one ("" if there is none at all)."""
    found = process.extractOne(word, list(known), scorer=fuzz.WRatio)
    return str(found[0]) if found else ""


def read_mapping(path: Path | None) -> Mapping:
    """Read a map file; None gives the empty mapping. Raises DataError with the key at fault."""
    if path is None:
        return Mapping()
    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            raise DataError("{file} is too large for a map file", file=path.name)
        # Everything stays text: `no`, `1.17` and dates must not change before they are checked.
        document = yaml.load(content.decode("utf-8-sig"), Loader=yaml.BaseLoader)  # noqa: S506
    except OSError as error:
        raise DataError(
            "The map file {file} cannot be read: {problem}",
            file=path,
            problem=error.strerror or "unknown",
        ) from error
    except (UnicodeDecodeError, ValueError, yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise DataError(
            "{file}, line {line}: this is not valid YAML ({problem})",
            file=path.name,
            line=mark.line + 1 if mark is not None else 1,
            problem=getattr(error, "problem", None) or "not UTF-8 text",
        ) from error
    try:
        mapping = Mapping.model_validate(document or {})
    except ValidationError as error:
        raise _explain(path.name, error) from error
    _check(path.name, mapping)
    return mapping.model_copy(
        update={"rates": {code.strip().upper(): rate for code, rate in mapping.rates.items()}}
    )


def _explain(file: str, error: ValidationError) -> DataError:
    first: Any = error.errors()[0]
    # A union reports the alternative it tried as the last step of the path; no person wrote that.
    path = [str(step) for step in first["loc"] if step not in ("str", "list[str]")]
    if first["type"] == "extra_forbidden":
        known = Mapping.model_fields if len(path) == 1 else TableMap.model_fields
        return _unknown(file, path, known)
    if first["type"].startswith(("model", "dict")):
        return DataError(
            '{file}: "{key}" must hold keys with values, as in the documentation of load',
            file=file,
            key=".".join(path) or "the file",
        )
    return DataError(
        '{file}: "{key}" has a value that does not fit ({problem})',
        file=file,
        key=".".join(path),
        problem=str(first["msg"]).splitlines()[0],
    )


def _unknown(file: str, path: list[str], known: Iterable[str]) -> DataError:
    return DataError(
        '{file}: "{key}" is not known; did you mean "{suggestion}"?',
        file=file,
        key=".".join(path),
        suggestion=suggestion(path[-1], known),
    )


def _check(file: str, mapping: Mapping) -> None:
    """Check the names that are not keys of the model: columns, canonical words, channels, rates."""
    for name, table in TABLES.items():
        part = mapping.table(name)
        known = {column.name: column for column in table.columns}
        for key in ("columns", "constants", "values"):
            for column in getattr(part, key):
                if column not in known:
                    raise _unknown(file, [name, key, column], known)
        for column, words in part.values.items():
            allowed = {Kind.STATUS: STATUSES, Kind.ROLE: ROLES}.get(known[column].kind)
            for raw, word in words.items():
                if allowed and word not in allowed:
                    raise DataError(
                        '{file}: "{key}": "{word}" is not one of {known}',
                        file=file,
                        key=f"{name}.values.{column}.{raw}",
                        word=word,
                        known=", ".join(allowed),
                    )
        for column, headers in part.columns.items():
            if isinstance(headers, list) and (
                known[column].kind not in (Kind.MONEY, Kind.NUMBER) or not headers
            ):
                raise DataError(
                    '{file}: "{key}" cannot be a product; only amounts and numbers can',
                    file=file,
                    key=f"{name}.columns.{column}",
                )
        if part.date_format and "%" not in part.date_format:
            raise DataError(
                '{file}: "{key}" is no date format; write it like "%d-%m-%Y"',
                file=file,
                key=f"{name}.date_format",
            )
    for raw, channel in mapping.sources.items():
        if channel not in CHANNELS:
            raise DataError(
                '{file}: "{key}": there is no channel "{channel}"; did you mean "{suggestion}"?',
                file=file,
                key=f"sources.{raw}",
                channel=channel,
                suggestion=suggestion(channel, CHANNELS),
            )
    for code, rate in mapping.rates.items():
        if not (rate.is_finite() and 0 < rate < 1_000_000_000):
            raise DataError(
                '{file}: "{key}" must be a number above zero', file=file, key=f"rates.{code}"
            )
