"""Small Snapshots made in memory, for tests of the analyses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from analytics.channels import channel_of
from analytics.snapshot import FORMAT, INVOICES, Snapshot, SnapshotMeta, to_epoch

Line = tuple[str | None, str, str | int | Decimal]
TODAY = dt.date(2026, 11, 24)


def make(
    lines: Iterable[Line],
    *,
    customers: Mapping[str, Mapping[str, object]] | None = None,
    deals: Iterable[Mapping[str, object]] = (),
    people: Iterable[Mapping[str, object]] = (),
) -> Snapshot:
    """Build a Snapshot from (customer, ISO date, amount) lines; None is unattributed."""
    rows = list(lines)
    facts = customers or {}
    open_deals = list(deals)
    ids = sorted({c for c, _d, _a in rows if c} | set(facts) | _parents(facts) | _named(open_deals))
    code = {customer: i for i, customer in enumerate(ids)}
    days: dict[tuple[int, int], list[int]] = {}
    for customer, date, amount in rows:
        key = (code[customer] if customer else -1, to_epoch(dt.date.fromisoformat(date)))
        value = int(Decimal(str(amount)) * 10_000)
        cell = days.setdefault(key, [0, 0, 0])
        cell[0] += value
        cell[1] += max(value, 0)
        cell[2] += 1
    keys = sorted(days)
    frame = pd.DataFrame({"customer_id": ids})
    for column in ("name", "source", "segment", "region", "owner", "referred_by", "country"):
        values = [facts.get(i, {}).get(column) for i in ids]
        frame[column] = pd.Series(values, dtype=object)
    frame["name"] = frame["name"].fillna(frame["customer_id"])
    frame["channel"] = [channel_of(s if isinstance(s, str) else None) for s in frame["source"]]
    frame["since"] = pd.to_datetime(pd.Series([facts.get(i, {}).get("since") for i in ids]))
    frame["parent"] = [code.get(str(facts.get(i, {}).get("parent_id")), -1) for i in ids]
    frame["referrer"] = [code.get(str(facts.get(i, {}).get("referred_by")), -1) for i in ids]
    return Snapshot(
        meta=SnapshotMeta(
            version=1,
            format=FORMAT,
            created_at=dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC),
            home_currency="EUR",
            base=INVOICES,
            rows={
                "customers": len(ids),
                "invoices": len(rows),
                "deals": len(open_deals),
                "people": 0,
                "activities": 0,
            },
            quarantined={},
            equal_lines=0,
            won_deals_without_amount_or_date=0,
        ),
        customers=frame,
        day_customer=np.array([k[0] for k in keys], dtype=np.int32),
        day_date=np.array([k[1] for k in keys], dtype=np.int32),
        day_net=np.array([days[k][0] for k in keys], dtype=np.int64),
        day_gross=np.array([days[k][1] for k in keys], dtype=np.int64),
        day_lines=np.array([days[k][2] for k in keys], dtype=np.int32),
        deals=_deals(open_deals, code),
        activities=pd.DataFrame(),
        people=pd.DataFrame(list(people), columns=["user", "role", "name", "locale", "time_zone"]),
    )


def _parents(facts: Mapping[str, Mapping[str, object]]) -> set[str]:
    return {str(f["parent_id"]) for f in facts.values() if f.get("parent_id")}


def _named(deals: list[Mapping[str, object]]) -> set[str]:
    return {str(d["customer_id"]) for d in deals if d.get("customer_id")}


def _deals(deals: list[Mapping[str, object]], code: Mapping[str, int]) -> pd.DataFrame:
    columns = [
        "deal_id", "status", "created", "closed", "customer_id", "amount", "source", "prospect",
        "owner",
    ]  # fmt: skip
    frame = pd.DataFrame([{c: d.get(c) for c in columns} for d in deals], columns=columns)
    for column in ("created", "closed"):
        frame[column] = pd.to_datetime(frame[column])
    scaled = [
        None if a is None or pd.isna(a) else int(Decimal(str(a)) * 10_000) for a in frame["amount"]
    ]
    frame["amount"] = pd.array(scaled, dtype="Int64")
    frame["source"] = frame["source"].astype(object)
    frame["channel"] = [channel_of(s if isinstance(s, str) else None) for s in frame["source"]]
    frame["customer"] = [code.get(str(c), -1) for c in frame["customer_id"]]
    return frame
