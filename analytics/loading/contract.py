"""A raw table held to the contract: every row becomes typed values or gets a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import DataError
from analytics.loading import cells as make
from analytics.loading import words
from analytics.loading.cells import Cells
from analytics.loading.columns import Source, beside_vat, choose
from analytics.loading.dates import parse_dates
from analytics.loading.facts import facts_of
from analytics.loading.faults import Faults
from analytics.loading.mapping import TableMap
from analytics.loading.numbers import Evidence, decimal_sign, evidence, parse_numbers
from analytics.loading.readers import RawTable
from analytics.loading.summary import ColumnChoice, Note
from analytics.schema import AMOUNT_SCALE, MAX_AMOUNT, Column, Kind, Table

_NUMERIC = (Kind.MONEY, Kind.NUMBER, Kind.INTEGER)

_MOST_COUNT = 1_000_000_000

Values = dict[str, Any]
"""Column to its values, one a row: text as pandas str (NaN: none), days as datetime64[D] (NaT),
money as float64 of 1/10,000 (integral, NaN), other numbers as float64 (NaN)."""


@dataclass(slots=True)
class Checked:
    """One file's rows after the contract: `values` of all rows, `faults` of the refused ones."""

    table: Table
    raw: RawTable
    values: Values
    faults: Faults
    choices: list[ColumnChoice] = field(default_factory=list)
    unused: tuple[str, ...] = ()
    fact_headers: tuple[str, ...] = ()
    facts: list[str | None] | None = None
    notes: list[Note] = field(default_factory=list)
    currency: pd.Series | None = None
    """ISO code a row states, "" where none."""


TOTAL_WORDS = frozenset(
    {
        "totaal", "totalen", "eindtotaal", "subtotaal", "totaal generaal", "som",
        "total", "totals", "grand total", "subtotal", "sub total", "sum",
    }
)  # fmt: skip


def check(raw: RawTable, table: Table, mapping: TableMap) -> Checked:
    """Parse all columns and set aside the rows that do not fit; DataError where no column does."""
    sources = choose(raw.file, table, raw.headers, mapping)
    checked = Checked(table, raw, {}, Faults(raw))
    size = len(raw)
    doubtful = beside_vat(raw.headers, sources)
    if doubtful:
        checked.notes.append(
            Note('"{header}" is taken as the amount without VAT', {"header": doubtful})
        )
    inputs = {name: _inputs(raw, source) for name, source in sources.items()}
    weighed = [
        evidence(cells)
        for column in table.columns
        if column.kind in _NUMERIC
        for cells in inputs.get(column.name, ())
    ]
    used: set[int] = set()
    # Required columns first: their reason is the one that a row is given.
    for column in sorted(table.columns, key=lambda c: not c.required):
        source = sources.get(column.name)
        if source is None:
            continue
        parsed = _Parsed(np.zeros(size, dtype=bool))
        _parse(parsed, column, inputs[column.name], mapping, weighed, raw.separator)
        filled = size - int(parsed.empty.sum())
        guessed = not source.mapped and not column.required
        if guessed and column.kind is not Kind.TEXT and parsed.wrong > filled / 2:
            header = raw.headers[source.places[0]]
            checked.notes.append(
                Note(
                    'the column "{header}" is not used as {column}: most of its values do not fit',
                    {"header": header, "column": column.name},
                )
            )
            continue
        used.update(source.places)
        for where, message, params in parsed.faults:
            checked.faults.mark(where, message, **params)
        checked.values[column.name] = parsed.values
        checked.choices.append(_choice(raw, column, source, parsed, inputs[column.name]))
        if parsed.marks is not None and column.name == "amount":
            checked.currency = parsed.marks
    order = [column.name for column in table.columns]
    checked.choices.sort(key=lambda choice: order.index(choice.column))
    _rules(checked)
    rest = [i for i in range(len(raw.headers)) if i not in used]
    if table.keeps_facts:
        checked.facts, kept = facts_of(raw, rest)
        checked.fact_headers = tuple(raw.headers[i] for i in kept)
        rest = [i for i in rest if i not in kept]
    checked.unused = tuple(raw.headers[i] for i in rest)
    return checked


@dataclass(slots=True)
class _Parsed:
    empty: np.ndarray[Any, Any]
    values: Any = None
    faults: list[tuple[np.ndarray[Any, Any], str, dict[str, object]]] = field(default_factory=list)
    note: Note | None = None
    marks: pd.Series | None = None

    @property
    def wrong(self) -> int:
        return int(sum(where.sum() for where, _, _ in self.faults))

    def fault(self, where: np.ndarray[Any, Any], message: str, **params: object) -> None:
        self.faults.append((where, message, params))


def _inputs(raw: RawTable, source: Source) -> tuple[Cells, ...]:
    if source.constant is not None:
        return (make.constant(source.constant, len(raw)),)
    return tuple(raw.columns[place] for place in source.places)


def _parse(
    parsed: _Parsed,
    column: Column,
    inputs: Sequence[Cells],
    mapping: TableMap,
    weighed: Sequence[Evidence],
    separator: str,
) -> None:
    for cells in inputs:
        parsed.empty = parsed.empty | cells.empty
    name = column.name
    if column.kind in _NUMERIC:
        _parse_numbers(parsed, column, inputs, weighed, separator)
    elif column.kind is Kind.DATE:
        dates = parse_dates(inputs[0], mapping.date_format)
        parsed.values = dates.values
        if dates.format:
            message = "{column} is not a date like {format}"
            parsed.fault(dates.bad, message, column=name, format=dates.format)
        else:
            parsed.fault(dates.bad, "{column} is not a date", column=name)
        parsed.fault(dates.outside, "{column} lies outside the years 1970 to 2100", column=name)
        if dates.format:
            parsed.note = Note("read as {format}", {"format": dates.format})
        if dates.ambiguous:
            parsed.note = Note(
                "read as {format}; if the month comes first, say date_format in the map",
                {"format": dates.format},
            )
    else:
        text, faults = words.parse_words(column, inputs[0], mapping.word(name))
        parsed.values = text
        for where, message, params in faults:
            parsed.fault(where, message, **params)
    # `created` may be empty for open deals, an invoice may lack its customer: rules of the tables.
    if column.required and name != "created":
        parsed.faults.insert(0, (parsed.empty, "{column} is empty", {"column": name}))


def _parse_numbers(
    parsed: _Parsed,
    column: Column,
    inputs: Sequence[Cells],
    weighed: Sequence[Evidence],
    separator: str,
) -> None:
    name = column.name
    product: Any = 1.0
    for cells in inputs:
        whole = column.kind is Kind.INTEGER
        sign = decimal_sign(evidence(cells), weighed, separator, whole)
        numbers = parse_numbers(cells, sign)
        parsed.fault(numbers.bad, "{column} is not a number", column=name)
        parsed.fault(
            numbers.clash,
            '{column} does not fit the decimal sign "{sign}" of its column',
            column=name,
            sign=sign,
        )
        product = product * numbers.values
        if numbers.marks is not None:
            parsed.marks = numbers.marks
        if cells.text.str.contains(r"[.,]", regex=True).any() and (
            cells.numbers is None or np.isnan(cells.numbers[~cells.empty]).any()
        ):
            parsed.note = Note('decimal sign "{sign}"', {"sign": sign})
    with np.errstate(invalid="ignore"):
        if column.kind is Kind.MONEY:
            parsed.fault(np.abs(product) > MAX_AMOUNT, "{column} is too large", column=name)
            product = np.rint(product * AMOUNT_SCALE) + 0.0
        else:
            parsed.fault(product < 0, "{column} is below zero", column=name)
            parsed.fault(product > _MOST_COUNT, "{column} is too large", column=name)
            if column.kind is Kind.INTEGER:
                product = np.rint(product)
    parsed.values = product


def _choice(
    raw: RawTable, column: Column, source: Source, parsed: _Parsed, inputs: Sequence[Cells]
) -> ColumnChoice:
    filled = np.flatnonzero(~parsed.empty)
    wrong = np.zeros(len(raw), dtype=bool)
    for where, _, _ in parsed.faults:
        wrong |= where
    good = np.flatnonzero(~parsed.empty & ~wrong)
    row = int(good[0]) if len(good) else int(filled[0]) if len(filled) else -1
    written = (
        " x ".join(" ".join(str(c.text.iloc[row]).split())[:40] for c in inputs) if row >= 0 else ""
    )
    return ColumnChoice(
        column.name,
        " x ".join(raw.headers[place] for place in source.places),
        written,
        _shown(column, parsed.values, row) if len(good) else "",
        parsed.note,
    )


def _shown(column: Column, values: Any, row: int) -> str:
    if column.kind is Kind.MONEY:
        return make.number_text(float(values[row]) / AMOUNT_SCALE)
    if column.kind in _NUMERIC:
        return make.number_text(float(values[row]))
    if column.kind is Kind.DATE:
        return str(values[row])
    return str(values.iloc[row])[:40]


def _rules(checked: Checked) -> None:
    """Apply what holds between the columns of a row, and between rows."""
    values, faults = checked.values, checked.faults
    size = len(checked.raw)
    never = np.full(size, np.datetime64("NaT"), dtype="datetime64[D]")
    if checked.table.name == "invoices":
        if "customer_id" not in values and "customer_name" in values:
            values["customer_id"] = values["customer_name"]
            checked.notes.append(
                Note("the file has no customer numbers; the name is taken as the number", {})
            )
        faults.mark(_totals(values, size), "a total of other lines, which would count them twice")
        if "invoice_id" not in values:
            checked.notes.append(
                Note(
                    "no invoice number was found; a later file whose dates overlap will be refused",
                    {},
                )
            )
        if "currency" in values:
            stated = values["currency"].fillna("")
            if checked.currency is not None:
                stated = stated.where(stated != "", checked.currency)
            checked.currency = stated
    if checked.table.name == "deals":
        created, closed = values["created"], values.get("closed", never)
        status = values["status"]
        is_open = (status == "open").to_numpy(dtype=bool)
        won = (status == "won").to_numpy(dtype=bool)
        faults.mark(
            ~is_open & np.isnat(created) & np.isnat(closed),
            "created and closed are both empty in a deal that is won or lost",
        )
        faults.mark(~is_open & (closed < created), "closed lies before created")
        dateless = int((won & np.isnat(closed) & faults.accepted).sum())
        if dateless:
            checked.notes.append(
                Note(
                    "{count} won deals have no closing date; they do not count as revenue",
                    {"count": dateless},
                )
            )
    key = checked.table.key
    if key:
        kept = pd.Series(values[key]).where(faults.accepted)
        later = kept.notna() & kept.duplicated(keep="last")
        faults.mark(
            later.to_numpy(dtype=bool),
            "the same {column} comes again further down; the last line counts",
            column=key,
        )


def _totals(values: dict[str, Any], size: int) -> np.ndarray[Any, Any]:
    """Rows that a spreadsheet adds below its lines: a total where a customer or number belongs."""
    found = np.zeros(size, dtype=bool)
    named = np.zeros(size, dtype=bool)  # a customer's number of its own: it is called Total
    for name in ("customer_id", "customer_name", "invoice_id"):
        if name in values:
            texts = pd.Series(values[name]).fillna("").astype(str)
            bare = texts.str.strip(" :.=*-").str.casefold()
            total = bare.isin(TOTAL_WORDS).to_numpy(dtype=bool)
            found |= total & ~named
            if name == "customer_id":
                named = (bare != "").to_numpy(dtype=bool) & ~total
    return found


def require_accepted(checked: Checked) -> None:
    """Raise DataError where no row at all is acceptable."""
    if not checked.faults.accepted.any():
        reason = checked.faults.summary()[0]
        raise DataError(
            "{file} has no line that can be used; most often: {reason} (first in line {line})",
            file=checked.raw.file,
            reason=reason,
            line=reason.first_line,
        )


def date_range(checked: Checked, today: dt.date) -> tuple[dt.date | None, dt.date | None, int]:
    """Return the first and last date of the accepted rows and how many lie after today."""
    column = {"invoices": "date", "activities": "date", "deals": "created"}.get(checked.table.name)
    if column is None:
        return None, None, 0
    days = checked.values[column][checked.faults.accepted]
    days = days[~np.isnat(days)]
    if not len(days):
        return None, None, 0
    future = int((days > np.datetime64(today, "D")).sum())
    return days.min().astype(dt.date), days.max().astype(dt.date), future
