"""A prospect: everything known of it before closing, and from where each fact comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from analytics.channels import CHANNELS, channel_of
from analytics.directory import Entity, name_key
from analytics.schema import CUSTOMERS, DEALS
from analytics.snapshot import Snapshot, from_epoch, to_epoch
from analytics.winmodel import leakage
from analytics.winmodel.facts import FactTable, canonical, customer_facts, deal_columns, fact_name
from analytics.winmodel.kept import model_of


class Origin(Enum):
    """From where a fact is known; a later one overrules those before it."""

    CUSTOMER = "customer"
    DEAL = "deal"
    TOLD = "told"  # remembered of what somebody said earlier
    TYPED = "typed"  # said in this very question


_SAID = frozenset({Origin.TOLD, Origin.TYPED})


@dataclass(frozen=True)
class Prospect:
    """Who is judged. customer: its code, -1 for none; deal: a position in `snapshot.deals`.

    facts: by name, texts as compared, numbers as float, dates as dates; None is never among them.
    subject: the name as it is compared, under which verdicts are remembered.
    """

    name: str
    subject: str
    customer: int
    deal: int | None
    facts: Mapping[str, object]
    origins: Mapping[str, Origin]

    def deal_id(self, snapshot: Snapshot) -> str:
        """The id of its deal; empty where it has none."""
        return "" if self.deal is None else str(snapshot.deals["deal_id"].iat[self.deal])

    def created(self, snapshot: Snapshot) -> dt.date | None:
        """The day its deal began; None where that is not known."""
        if self.deal is None:
            return None
        day: Any = snapshot.deals["created"].iat[self.deal]
        return None if pd.isna(day) else dt.date(day.year, day.month, day.day)


def prospect_of(
    snapshot: Snapshot,
    name: str,
    *,
    entity: Entity | None = None,
    deal: int | None = None,
    told: Mapping[str, object] | None = None,
    typed: Mapping[str, object] | None = None,
    as_of: dt.date | None = None,
    only: frozenset[str] | None = None,
) -> Prospect:
    """Gather what is known; where `deal` is not given, of its newest open deal, else its newest.

    Facts known only after closing are left out, and so is a deal begun after as_of. only: the facts
    to read of the data, default all: thousands of deals are gathered in a second that way.
    """
    code = entity.customer if entity else -1
    if deal is None and entity is not None:
        deal = _newest(snapshot, entity, as_of)
    layers: list[tuple[Origin, Mapping[str, object]]] = []
    if code >= 0:
        layers.append((Origin.CUSTOMER, customer_facts(snapshot).row(code, only)))
    if deal is not None:
        layers.append((Origin.DEAL, deal_columns(snapshot).row(deal, only)))
    late = {n for n, why in model_of(snapshot).dropped.items() if why == leakage.AFTER_CLOSING} | {
        "stage"
    }
    layers = [(o, {n: v for n, v in found.items() if n not in late}) for o, found in layers]
    layers += [(Origin.TOLD, told or {}), (Origin.TYPED, typed or {})]
    facts: dict[str, object] = {}
    origins: dict[str, Origin] = {}
    for origin, found in layers:
        for fact, value in _with_channel(snapshot, found).items():
            # What the data has was read when it was loaded; what people say is read here.
            if value is None or (origin in _SAID and canonical(value) is None):
                facts.pop(fact, None)  # said to be unknown after all
                origins.pop(fact, None)
            else:
                facts[fact], origins[fact] = value, origin
    return Prospect(
        name=entity.name if entity else name,
        subject=entity.key if entity else name_key(name),
        customer=code,
        deal=deal,
        facts=facts,
        origins=origins,
    )


def _newest(snapshot: Snapshot, entity: Entity, as_of: dt.date | None) -> int | None:
    rows = list(entity.deals)
    if as_of is not None:
        # A deal without a day counts: nothing says that it began later.
        begun = snapshot.deals["created"].to_numpy().astype("datetime64[D]").astype(np.int64)
        rows = [d for d in rows if begun[d] <= to_epoch(as_of)]
    status = snapshot.deals["status"]
    found = [d for d in rows if status.iat[d] == "open"] or rows
    return found[-1] if found else None


def _with_channel(snapshot: Snapshot, found: Mapping[str, object]) -> Mapping[str, object]:
    """The facts with the channel that belongs to their source."""
    channel, source = canonical(found.get("channel")), canonical(found.get("source"))
    if channel is not None:
        return {**found, "channel": channel if channel in CHANNELS else channel_of(channel)}
    if source is None:
        return found
    known = snapshot.cached("channel_of_source", lambda: _channels(snapshot))
    channel = known.get(source) or channel_of(source)
    return {**found, "channel": None if channel == "unknown" else channel}


def _channels(snapshot: Snapshot) -> dict[str, str]:
    """Source as compared to the channel this company's data gives it."""
    out: dict[str, str] = {}
    for frame in (snapshot.deals, snapshot.customers):
        if "source" in frame and "channel" in frame:
            pairs = frame[["source", "channel"]].drop_duplicates()
            for source, channel in zip(pairs["source"], pairs["channel"], strict=True):
                if (text := canonical(source)) is not None and isinstance(channel, str):
                    out[text] = channel
    return out


_NOT_FACTS = frozenset(
    {"customer_id", "name", "prospect", "deal_id", "status", "created", "closed", "since"}
)


def synonyms() -> dict[str, str]:
    """What people call the facts of the data contract, in Dutch and English, to their names."""
    out: dict[str, str] = {}
    for table in (DEALS, CUSTOMERS):
        for column in table.columns:
            if column.name not in _NOT_FACTS:
                out |= {fact_name(word): column.name for word in (*column.synonyms, column.name)}
    return out


def known_facts(snapshot: Snapshot) -> FactTable:
    """Every fact of the data with its kind; the table itself has no rows."""
    kinds = {**deal_columns(snapshot).kinds, **customer_facts(snapshot).kinds}
    return FactTable(0, kinds, {})


def day_of(value: float) -> dt.date:
    """A date fact's day."""
    return from_epoch(int(value))
