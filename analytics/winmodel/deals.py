"""The deals a win model learns from: outcome, days, and the facts that may be used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics.snapshot import Codes, Ints, Snapshot, from_epoch, to_epoch
from analytics.winmodel import leakage
from analytics.winmodel.facts import (
    Bools,
    FactColumn,
    FactTable,
    Kind,
    Texts,
    customer_facts,
    deal_columns,
    known,
    merged,
)

NEVER = np.iinfo(np.int64).max // 2
"""Closing day of a deal that is not closed, so far."""
CLIENT = "client"
"""Fact: whether the deal is with somebody who was invoiced before it was created (yes, no)."""
MOST_UNEVEN = 0.05
"""How far apart won and lost deals may be in having a customer's fact for it to be used."""


@dataclass(frozen=True)
class Deals:
    """Deals in the order of (created, deal_id), so that nothing depends on the order of rows.

    created, closed: days since 1970-01-01 (closed is NEVER for an open deal); won: meaningful where
    closed. rows: their positions in `snapshot.deals`. dropped: facts that are not used, and why.
    undated: deals that could not be taken for want of a date.
    """

    ids: tuple[str, ...]
    rows: Ints
    created: Ints
    closed: Ints
    won: Bools
    facts: FactTable
    dropped: Mapping[str, str]
    undated: int

    def __len__(self) -> int:
        return len(self.rows)

    def labelled(self, by: int | None = None) -> Bools:
        """Whether a deal's outcome is known; `by` a day, what was known at its end."""
        return self.closed <= (NEVER - 1 if by is None else by)

    def last_day(self, today: dt.date | None) -> int:
        """The newest day the deals tell of, days after today left out."""
        days = np.concatenate([self.created, self.closed[self.closed < NEVER]])
        if today is not None and (past := days[days <= to_epoch(today)]).size:
            days = past
        return int(days.max())

    @property
    def first(self) -> dt.date:
        """Creation day of the oldest."""
        return from_epoch(int(self.created.min()))

    @property
    def last(self) -> dt.date:
        """Creation day of the newest."""
        return from_epoch(int(self.created.max()))


def deals_of(snapshot: Snapshot) -> Deals:
    """The deals of a snapshot with their usable facts (cached)."""
    return snapshot.cached("win_deals", lambda: _deals_of(snapshot))


def _deals_of(snapshot: Snapshot) -> Deals:
    frame = snapshot.deals
    status = frame["status"].to_numpy(dtype=object)
    created = _days(frame["created"].to_numpy())
    closed = _days(frame["closed"].to_numpy())
    done = np.isin(status, ["won", "lost"])
    # A closed deal without its day of closing is taken as closed when it began: what is left of it
    # is its outcome.
    closed = np.where(done, np.where(closed < 0, created, np.maximum(closed, created)), NEVER)
    ids = frame["deal_id"].to_numpy(dtype=object).astype(str)
    order = np.lexsort((ids, created))
    dated = order[created[order] > -NEVER]
    won = status == "won"
    table = _with_customer(snapshot, deal_columns(snapshot), done, won)
    table = _with_client(snapshot, table, created)
    facts = table.take(dated)
    dropped = leakage.dropped(facts, created[dated], closed[dated], done[dated], won[dated])
    kept = [n for n in facts.columns if n not in dropped]
    facts = FactTable(
        facts.size, {n: facts.kinds[n] for n in kept}, {n: facts.columns[n] for n in kept}
    )
    return Deals(
        ids=tuple(ids[dated].tolist()),
        rows=dated.astype(np.int64),
        created=created[dated],
        closed=closed[dated],
        won=won[dated],
        facts=facts,
        dropped=dropped,
        undated=int(len(order) - len(dated)),
    )


def _days(values: np.ndarray) -> Ints:
    days = values.astype("datetime64[D]")
    return np.where(np.isnat(days), -NEVER, days.astype(np.int64))


def _with_customer(snapshot: Snapshot, own: FactTable, done: Bools, won: Bools) -> FactTable:
    """Fill gaps with what is known of the deal's customer.

    Only where won and lost deals have that alike: where only clients are in the customers file,
    having a fact would itself say that the deal was won.
    """
    code = snapshot.deals["customer"].to_numpy(dtype=np.int64)
    if not len(snapshot.customers) or not (code >= 0).any():
        return own
    wins, losses = done & won, done & ~won
    kinds, columns = dict(own.kinds), dict(own.columns)
    theirs = customer_facts(snapshot, from_deals=False).take(np.maximum(code, 0))
    for name, raw in theirs.columns.items():
        column = _only(raw, code >= 0)
        if columns.get(name) is not None and kinds[name] is not theirs.kinds[name]:
            continue
        together = column if name not in columns else merged(columns[name], column)
        filled = known(together)
        rates = [float(filled[side].mean()) if side.any() else 0.0 for side in (wins, losses)]
        if min(rates) < 0.5 or abs(rates[0] - rates[1]) > MOST_UNEVEN:
            continue
        kinds[name], columns[name] = theirs.kinds[name], together
    return FactTable(own.size, kinds, columns)


def _only(column: FactColumn, where: Bools) -> FactColumn:
    if isinstance(column, Texts):
        return Texts(np.where(where, column.codes, -1).astype(np.int32), column.values)
    return np.where(where, column, np.nan)


def _with_client(snapshot: Snapshot, table: FactTable, created: Ints) -> FactTable:
    """Add whether the deal was with a client of that day; unknown where the deal names nobody."""
    first = np.full(len(snapshot.customers) + 1, NEVER, dtype=np.int64)
    invoiced = snapshot.day_customer >= 0
    np.minimum.at(first, snapshot.day_customer[invoiced], snapshot.day_date[invoiced])
    code = snapshot.deals["customer"].to_numpy(dtype=np.int64)
    before = first[code] < created  # code -1 is the last place: never
    named = code >= 0
    for name in ("customer_id", "prospect"):
        if name in snapshot.deals:
            named |= snapshot.deals[name].notna().to_numpy()
    codes: Codes = np.where(named, before.astype(np.int32), -1).astype(np.int32)
    columns = dict(table.columns) | {CLIENT: Texts(codes, ("no", "yes"))}
    return FactTable(table.size, dict(table.kinds) | {CLIENT: Kind.TEXT}, columns)
