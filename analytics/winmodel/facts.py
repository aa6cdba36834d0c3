"""Facts of deals and customers as columns: what the win model, the profile and look-alikes read."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.channels import normalise
from analytics.snapshot import Codes, Ints, Snapshot, to_epoch

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LONGEST_TEXT = 200
"""Characters of a text that count: two texts that differ later say the same here."""
MOSTLY = 0.95
"""Share of a column's values that must read as numbers or dates for it to be one."""
_SAMPLE = 50
_YES = frozenset({"ja", "yes", "true", "waar"})
_NO = frozenset({"nee", "no", "false", "onwaar"})
_DATE = re.compile(r"\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ](\d{4}|\d{2})")
_EMPTY = frozenset({"", "-", "--", "?", "n/a", "na", "nan", "none", "null", "nvt", "n.v.t."})


class Kind(Enum):
    """How a fact's values compare."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: `values[codes[row]]`, code -1 where it is not known."""

    codes: Codes
    values: tuple[str, ...]
    derived: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What was computed from `values` alone; shared by all selections of rows."""


FactColumn: TypeAlias = Texts | Floats
"""Texts, or float64 with NaN where not known: numbers as they are, dates as days since 1970."""
FactValue: TypeAlias = str | int | float | bool | dt.date | None


@dataclass(frozen=True, slots=True)
class FactTable:
    """Facts by name; every column has `size` rows."""

    size: int
    kinds: Mapping[str, Kind]
    columns: Mapping[str, FactColumn]

    def take(self, rows: Ints | Bools) -> FactTable:
        """The table of some rows (positions or a mask)."""
        columns: dict[str, FactColumn] = {
            name: Texts(c.codes[rows], c.values, c.derived) if isinstance(c, Texts) else c[rows]
            for name, c in self.columns.items()
        }
        size = int(rows.sum()) if rows.dtype == np.bool_ else len(rows)
        return FactTable(size, self.kinds, columns)

    def known(self, name: str) -> Bools:
        """Where a fact is known."""
        return known(self.columns[name])

    def row(self, index: int, only: frozenset[str] | None = None) -> dict[str, FactValue]:
        """The known facts of one row: text as compared, numbers as float, dates as dates.

        only: names of those wanted; default all.
        """
        out: dict[str, FactValue] = {}
        for name, column in self.columns.items():
            if only is not None and name not in only:
                continue
            if isinstance(column, Texts):
                if column.codes[index] >= 0:
                    out[name] = column.values[int(column.codes[index])]
            elif not math.isnan(column[index]):
                value = float(column[index])
                is_date = self.kinds[name] is Kind.DATE
                out[name] = (
                    dt.date(1970, 1, 1) + dt.timedelta(days=int(value)) if is_date else value
                )
        return out


def known(column: FactColumn) -> Bools:
    """Where a column has a value."""
    return column.codes >= 0 if isinstance(column, Texts) else ~np.isnan(column)


@lru_cache(maxsize=4096)
def fact_name(header: str) -> str:
    """The name a fact goes by (`Decision maker met` is `decision_maker_met`)."""
    return normalise(header).replace(" ", "_") or "_".join(header.casefold().split())


def canonical(value: object) -> str | None:
    """A text as it is compared: case and spacing dropped, ja/yes and nee/no alike; None if empty."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NaT:
        return None
    text = " ".join(str(value).casefold().split())[:LONGEST_TEXT]
    if text in _EMPTY:
        return None
    return "yes" if text in _YES else "no" if text in _NO else text


def number(value: object) -> float:
    """A number as typed in either notation (`1.250,50`, `1,250.50`, `45`); NaN where it is none."""
    if isinstance(value, bool | np.bool_):
        return float(value)
    if isinstance(value, int | float | np.number):
        return float(value) if math.isfinite(float(value)) else math.nan
    text = canonical(value)
    if text is None or text in {"yes", "no"}:
        return math.nan if text is None else float(text == "yes")
    text = re.sub(r"[\s€$£'%]", "", text)
    if re.fullmatch(r"[-+]?\d{1,3}([.,]\d{3})+", text):
        text = re.sub(r"[.,]", "", text)
    elif text.rfind(",") > text.rfind("."):
        text = text.replace(".", "").replace(",", ".")
    else:
        text = text.replace(",", "")
    return float(text) if re.fullmatch(r"[-+]?\d{1,15}(\.\d+)?", text) else math.nan


def day(value: object) -> float:
    """A date as days since 1970-01-01; NaN where it is none. Days come before months."""
    if isinstance(value, dt.date | dt.datetime):
        return float(to_epoch(value.date() if isinstance(value, dt.datetime) else value))
    return float(_days([str(value or "").strip()])[0])


def one(facts: Mapping[str, Any], kinds: Mapping[str, Kind]) -> FactTable:
    """The table of one prospect: the facts of `kinds`, read from what a person typed or a file has.

    Unreadable and unknown facts are simply not known.
    """
    named = {fact_name(name): value for name, value in facts.items()}
    columns: dict[str, FactColumn] = {}
    for name, kind in kinds.items():
        value = named.get(name)
        if kind is Kind.TEXT:
            text = canonical(plain(value))
            codes = np.array([-1 if text is None else 0], dtype=np.int32)
            columns[name] = Texts(codes, () if text is None else (text,))
        else:
            read = day(value) if kind is Kind.DATE else number(value)
            columns[name] = np.array([read], dtype=np.float64)
    return FactTable(1, kinds, columns)


def column_of(values: Sequence[Any] | pd.Series) -> tuple[Kind, FactColumn]:
    """Decide what a column holds and read it. Numbers of text files may come as text."""
    series = pd.Series(values, dtype=object) if not isinstance(values, pd.Series) else values
    if pd.api.types.is_datetime64_any_dtype(series):
        days = series.to_numpy().astype("datetime64[D]")
        out = np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))
        return Kind.DATE, out
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        return Kind.NUMBER, series.to_numpy(dtype=np.float64, na_value=np.nan)
    codes, uniques = pd.factorize(series, use_na_sentinel=True)
    texts = [canonical(plain(u)) for u in uniques]
    counts = np.bincount(codes[codes >= 0], minlength=len(texts)).astype(np.float64)
    filled = np.array([t is not None for t in texts], dtype=bool)
    total = float(counts[filled].sum())
    for kind, read in ((Kind.NUMBER, _numbers(list(uniques))), (Kind.DATE, _days(texts))):
        good = ~np.isnan(read) if len(read) else np.zeros(len(texts), dtype=bool)
        if total and float(counts[good].sum()) >= MOSTLY * total:
            return kind, np.where(codes >= 0, np.append(read, np.nan)[codes], np.nan)
    order = sorted({t for t in texts if t is not None})  # by name: row order must not matter
    place = {text: i for i, text in enumerate(order)}
    to = np.array([place.get(t, -1) if t is not None else -1 for t in texts] + [-1], dtype=np.int32)
    return Kind.TEXT, Texts(to[codes], tuple(order))


def plain(value: object) -> object:
    """A value as its file has it."""
    # An integral float came from a column that also has empty cells: 3.0 is the 3 of the file.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _numbers(values: Sequence[object]) -> Floats:
    # Words are no numbers, however they sound: a yes/no column stays one.
    def read(value: object) -> float:
        return math.nan if canonical(value) in {"yes", "no"} else number(value)

    sample = [read(v) for v in values[:_SAMPLE]]
    if sum(math.isnan(v) for v in sample) > len(sample) / 2:
        return np.full(len(values), np.nan)
    return np.array([read(v) for v in values], dtype=np.float64)


def _days(texts: Sequence[str | None]) -> Floats:
    found = [t for t in texts if t]
    if not found or sum(bool(_DATE.match(t)) for t in found[:_SAMPLE]) < len(found[:_SAMPLE]) / 2:
        return np.full(len(texts), np.nan)
    from analytics.loading.cells import Cells
    from analytics.loading.dates import parse_dates

    parsed = parse_dates(Cells(pd.Series([t or "" for t in texts], dtype=object))).values
    out = np.where(np.isnat(parsed), np.nan, parsed.astype(np.int64).astype(np.float64))
    return np.asarray(out, dtype=np.float64)


def free_columns(cells: pd.Series) -> dict[str, list[Any]]:
    """The kept facts of a frame (one JSON object a row) as columns by fact name, None for empty."""
    out: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    size = len(cells)
    for index, text in enumerate(cells.tolist()):
        if not isinstance(text, str) or len(text) < 3:
            continue
        for header, value in json.loads(text).items():
            name = names.get(header)
            if name is None:
                name = names[header] = fact_name(header)
            column = out.get(name)
            if column is None:
                column = out[name] = [None] * size
            column[index] = value
    return {name: out[name] for name in sorted(out)}


CUSTOMER_FACTS = ("source", "channel", "segment", "country", "region", "employees")
"""Columns of the contract that say what kind of company a customer is."""


def customer_facts(snapshot: Snapshot, *, from_deals: bool = True) -> FactTable:
    """Facts of every customer, by code (cached).

    from_deals: where a customer has none of a fact, its first won deal's is taken, since often only
    the deals tell.
    """
    own = snapshot.cached("own_customer_facts", lambda: _own_facts(snapshot))
    if not from_deals:
        return own
    return snapshot.cached("customer_facts", lambda: _filled(own, _first_won(snapshot)))


def _own_facts(snapshot: Snapshot) -> FactTable:
    frame = snapshot.customers
    raw: dict[str, Any] = {n: frame[n] for n in CUSTOMER_FACTS if n in frame}
    if "channel" in raw:
        raw["channel"] = raw["channel"].where(raw["channel"] != "unknown", None)
    if "facts" in frame:
        raw |= {n: v for n, v in free_columns(frame["facts"]).items() if n not in raw}
    return _table(len(frame), raw)


def _first_won(snapshot: Snapshot) -> FactTable | None:
    deals = snapshot.deals
    if not len(deals):
        return None
    won = np.flatnonzero(
        (deals["status"] == "won").to_numpy() & (deals["customer"] >= 0).to_numpy()
    )
    if not len(won):
        return None
    created = deals["created"].to_numpy().astype("datetime64[D]").astype(np.int64)[won]
    ids = deals["deal_id"].to_numpy(dtype=object)[won].astype(str)
    won = won[np.lexsort((ids, np.where(created < -(10**6), np.iinfo(np.int64).max, created)))]
    owner = deals["customer"].to_numpy(dtype=np.int64)[won]
    owners, first = np.unique(owner, return_index=True)
    place = np.full(len(snapshot.customers), -1, dtype=np.int64)
    place[owners] = np.arange(len(owners))
    table = _read_deals(deals.iloc[won[first]])  # only these rows: reading all takes seconds
    kept = {n: c for n, c in table.columns.items() if n not in _OF_THE_DEAL}
    columns: dict[str, FactColumn] = {}
    for name, column in kept.items():
        if isinstance(column, Texts):
            columns[name] = Texts(np.append(column.codes, np.int32(-1))[place], column.values)
        else:
            columns[name] = np.append(column, np.nan)[place]
    return FactTable(len(place), {n: table.kinds[n] for n in kept}, columns)


_OF_THE_DEAL = frozenset({"amount", "owner"})
"""Deal columns that say nothing of what kind of company it is."""


def _filled(own: FactTable, other: FactTable | None) -> FactTable:
    if other is None:
        return own
    kinds, columns = dict(own.kinds), dict(own.columns)
    for name, column in other.columns.items():
        mine = columns.get(name)
        if mine is None or not known(mine).any():
            kinds[name], columns[name] = other.kinds[name], column
        elif kinds[name] is other.kinds[name]:
            columns[name] = merged(mine, column)
    return FactTable(own.size, kinds, columns)


def merged(mine: FactColumn, other: FactColumn) -> FactColumn:
    """A column with its gaps filled from another of the same kind and length."""
    if isinstance(mine, Texts) and isinstance(other, Texts):
        values = tuple(sorted({*mine.values, *other.values}))
        place = {v: i for i, v in enumerate(values)}
        codes = [
            np.append(np.array([place[v] for v in c.values], dtype=np.int32), -1)[c.codes]
            for c in (mine, other)
        ]
        return Texts(np.where(codes[0] >= 0, codes[0], codes[1]).astype(np.int32), values)
    assert not isinstance(mine, Texts)  # noqa: S101 (the caller compared the kinds)
    assert not isinstance(other, Texts)  # noqa: S101
    return np.where(np.isnan(mine), other, mine)


DEAL_FACTS = ("source", "channel", "owner", "segment", "country", "region", "employees", "amount")
"""Deal columns of the contract known before closing. `stage` is not: it moves until the end."""


def deal_columns(snapshot: Snapshot) -> FactTable:
    """Facts of every deal as its own row has them, in the order of `snapshot.deals` (cached)."""
    return snapshot.cached("deal_columns", lambda: _read_deals(snapshot.deals))


def _read_deals(frame: pd.DataFrame) -> FactTable:
    from analytics.schema import AMOUNT_SCALE

    raw: dict[str, Any] = {n: frame[n] for n in DEAL_FACTS if n in frame}
    if "amount" in raw:
        raw["amount"] = raw["amount"].astype("Float64") / AMOUNT_SCALE
    if "channel" in raw:
        raw["channel"] = raw["channel"].where(raw["channel"] != "unknown", None)
    if "facts" in frame:
        raw |= {n: v for n, v in free_columns(frame["facts"]).items() if n not in raw}
    return _table(len(frame), raw)


def _table(size: int, raw: Mapping[str, Any]) -> FactTable:
    read = {name: column_of(values) for name, values in raw.items()}
    return FactTable(
        size, {n: k for n, (k, _) in read.items()}, {n: c for n, (_, c) in read.items()}
    )
