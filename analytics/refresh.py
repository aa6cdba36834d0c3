"""Refresh: warehouse to Snapshot. Heavy (DuckDB, Ibis): run by `load`, `refresh` and a child process.

Every analysis is run once on the new snapshot before it is put in force, so that a state on which
an analysis fails never reaches a reader.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics.aggregate import customer_days, won_deal_lines
from analytics.channels import channel_of
from analytics.errors import DataError, problem_of
from analytics.proof import prove
from analytics.schema import AMOUNT_SCALE
from analytics.snapshot import (
    FORMAT,
    INVOICES,
    WON_DEALS,
    Snapshot,
    SnapshotMeta,
    SnapshotStore,
)
from analytics.winmodel import kept

if TYPE_CHECKING:
    from analytics.warehouse import Warehouse

_CUSTOMER_TEXTS = (
    "customer_id", "name", "source", "referred_by", "segment", "country", "region", "parent_id",
    "kvk", "vat_id", "domain", "owner", "facts",
)  # fmt: skip


SCALED = f"cast(cast({{}} as decimal(38, 4)) * {AMOUNT_SCALE} as bigint)"
"""An amount in 1/10,000; widened first, since DECIMAL(18,4) has no room for the product."""

MOST_TOGETHER = 900_000_000_000_000
"""Absolute amounts of all lines together, in currency units: more does not fit 64 bits scaled."""


def build_snapshot(warehouse: Warehouse, now: dt.datetime) -> tuple[Snapshot, Any]:
    """Build a Snapshot from the warehouse; also return the Ibis table of its lines."""
    backend = warehouse.backend()
    connection = warehouse.connection
    invoices = backend.table("invoices")
    has_invoices = _count(connection, "select count(*) from invoices") > 0
    for table in ("invoices", "deals"):
        _require_countable(connection, table)
    lines = invoices if has_invoices else won_deal_lines(backend.table("deals"))
    days = _frame(customer_days(lines))
    overrides = json.loads(warehouse.meta("source_overrides") or "{}")
    deals = _deals(connection, overrides)
    customers = _customers(connection, lines, days, deals, overrides)
    codes = pd.Index(customers["customer_id"])
    code = codes.get_indexer(days["customer_id"]).astype(np.int32)
    date = days["date"].to_numpy().astype("datetime64[D]").astype(np.int32)
    order = np.lexsort((date, code))
    deals["customer"] = codes.get_indexer(deals["customer_id"]).astype(np.int32)
    # A deal without an id belongs to the client whose name it carries, where there is one.
    named = pd.Series(range(len(customers)), index=customers["name"].str.casefold())
    named = named[~named.index.duplicated(keep=False)]
    owner = deals["prospect"].str.casefold().map(named).fillna(-1).astype(np.int32)
    deals["customer"] = deals["customer"].where(deals["customer"] >= 0, owner)
    activities = connection.execute(
        'select date, "user", deal_id, customer_id, minutes, kind from activities order by all'
    ).df()
    people = connection.execute(
        'select "user", role, name, locale, time_zone from people order by 1'
    ).df()
    snapshot = Snapshot(
        meta=_meta(warehouse, now, INVOICES if has_invoices else WON_DEALS),
        customers=customers,
        day_customer=code[order],
        day_date=date[order],
        day_net=days["net"].to_numpy(dtype=np.int64)[order],
        day_gross=days["gross"].to_numpy(dtype=np.int64)[order],
        day_lines=days["lines"].to_numpy(dtype=np.int32)[order],
        deals=deals,
        activities=activities,
        people=people,
    )
    return snapshot, lines


def _require_countable(connection: Any, table: str) -> None:
    total = connection.execute(f"select coalesce(sum(abs(amount)), 0) from {table}").fetchone()[0]  # noqa: S608
    if total > MOST_TOGETHER:
        raise DataError(
            "The amounts of {table} are too large to be counted together; check their decimal sign",
            table=table,
        )


def _customers(
    connection: Any, lines: Any, days: pd.DataFrame, deals: pd.DataFrame, overrides: dict[str, str]
) -> pd.DataFrame:
    known: pd.DataFrame = connection.execute(
        f"select {', '.join(_CUSTOMER_TEXTS)}, since, employees from customers"  # noqa: S608
    ).df()
    ids = pd.concat(
        [known["customer_id"], known["parent_id"], days["customer_id"], deals["customer_id"]]
    )
    ids = ids.dropna().astype(str).sort_values().unique()
    frame: pd.DataFrame = (
        known.set_index("customer_id").reindex(pd.Index(ids, name="customer_id")).reset_index()
    )
    named = (
        lines.filter(lines.customer_id.notnull(), lines.customer_name.notnull())
        .group_by("customer_id")
        .aggregate(name=lines.customer_name.max())
    )
    names = _frame(named).set_index("customer_id")["name"]
    frame["name"] = (
        frame["name"].fillna(frame["customer_id"].map(names)).fillna(frame["customer_id"])
    )
    frame["in_file"] = frame["customer_id"].isin(known["customer_id"])
    # Who is in the customers file with an empty source is of unknown source: that is what it says.
    unsaid = ~frame["in_file"]
    frame.loc[unsaid, "source"] = frame.loc[unsaid, "customer_id"].map(_won_by(deals))
    frame["channel"] = [channel_of(_text(s), overrides) for s in frame["source"]]
    index = pd.Index(frame["customer_id"])
    frame["parent"] = index.get_indexer(frame["parent_id"]).astype(np.int32)
    frame["referrer"] = index.get_indexer(frame["referred_by"]).astype(np.int32)
    by_name = {str(n).casefold(): i for i, n in enumerate(frame["name"])}
    # People write the referrer's name as often as its number.
    unmatched = frame.index[(frame["referrer"] < 0) & frame["referred_by"].notna()]
    for row in unmatched:
        frame.loc[row, "referrer"] = by_name.get(str(frame.loc[row, "referred_by"]).casefold(), -1)
    return frame


def _won_by(deals: pd.DataFrame) -> pd.Series:
    """The source of each customer's first won deal that has one: how the client came in.

    Used for clients that are not in the customers file.
    """
    won = deals[(deals["status"] == "won") & deals["source"].notna()]
    won = won.assign(customer_id=won["customer_id"].fillna(won["prospect"]))
    first = won.sort_values("closed", kind="stable").drop_duplicates("customer_id")
    return first.set_index("customer_id")["source"]


def _deals(connection: Any, overrides: dict[str, str]) -> pd.DataFrame:
    deals: pd.DataFrame = connection.execute(
        "select deal_id, status, created, closed, customer_id, prospect,"  # noqa: S608
        f" {SCALED.format('amount')} amount, source, owner, stage, segment, country, region,"
        " employees, facts from deals order by deal_id"
    ).df()
    deals["amount"] = deals["amount"].astype("Int64")
    deals["channel"] = [channel_of(_text(s), overrides) for s in deals["source"]]
    return deals


def _meta(warehouse: Warehouse, now: dt.datetime, base: str) -> SnapshotMeta:
    connection = warehouse.connection
    count = "select count(*) from "
    tables = ("customers", "invoices", "deals", "people", "activities")
    loads = connection.execute(
        'select load_id, "at", table_name, file_name, accepted, quarantined, equal_lines, replaced,'
        " quarantine_file, superseded from loads order by load_id"
    ).df()
    lost = _count(
        connection,
        "select count(*) from deals where status = 'won' and (amount is null or closed is null)",
    )
    standing = loads[~loads["superseded"].astype(bool)]
    return SnapshotMeta(
        version=warehouse.version,
        format=FORMAT,
        created_at=now,
        home_currency=warehouse.meta("home_currency") or "EUR",
        base=base,
        rows={t: _count(connection, count + t) for t in tables},
        quarantined={
            str(t): int(n) for t, n in standing.groupby("table_name")["quarantined"].sum().items()
        },
        equal_lines=int(standing["equal_lines"].sum()),
        won_deals_without_amount_or_date=int(lost) if base == WON_DEALS else 0,
        loads=tuple(json.loads(loads.to_json(orient="records", date_format="iso"))[-50:]),
        warehouse=warehouse.identity,
    )


def prepare(
    warehouse: Warehouse,
    home: Path,
    now: dt.datetime | None = None,
    today: dt.date | None = None,
) -> Path:
    """Build, prove and write a snapshot of the warehouse's state; return its folder.

    With it goes the win model of its deals. today: what is dated later is no news, default now's.
    """
    snapshot, lines = build_snapshot(warehouse, now or dt.datetime.now(dt.UTC))
    prove(snapshot)
    codes = pd.DataFrame(
        {
            "customer_id": snapshot.customers["customer_id"],
            "customer": np.arange(len(snapshot.customers), dtype=np.int32),
        }
    )

    def write_lines(path: Path) -> None:
        connection = warehouse.connection
        connection.register("snapshot_codes", codes)
        product = "product" if snapshot.meta.base == INVOICES else "cast(null as varchar)"
        sql = lines.compile() if hasattr(lines, "compile") else str(lines)
        connection.execute(
            f"copy (select coalesce(c.customer, -1)::integer customer, l.date,"  # noqa: S608
            f" {SCALED.format('l.amount')} amount, l.invoice_id, {product} product,"
            f" o.file_name file, l.line_no from ({sql}) l"
            f" left join snapshot_codes c on c.customer_id = l.customer_id"
            f" left join loads o on o.load_id = l.load_id"
            f" order by 1, 2, l.load_id, l.line_no) to '{_quoted(path)}' (format parquet)"
        )
        connection.unregister("snapshot_codes")

    def write_parts(folder: Path) -> None:
        write_lines(folder / "lines.parquet")
        kept.keep(snapshot, folder, today)

    return SnapshotStore(home).prepare(snapshot, write_parts)


def behind(warehouse: Warehouse, home: Path) -> bool:
    """True where the snapshot in force is not of the warehouse's present state."""
    return SnapshotStore(home).in_force != (warehouse.identity, warehouse.version)


def put_in_force(warehouse: Warehouse, home: Path, folder: Path | None = None) -> None:
    """Publish a prepared snapshot, or one built now. DataError where the disk does not let it."""
    import duckdb

    try:
        SnapshotStore(home).publish(folder or prepare(warehouse, home))
    except (OSError, duckdb.IOException) as error:
        raise DataError(
            "The data are loaded as version {version}, but the answers cannot be renewed"
            " ({problem}); mend that, then run: python app.py refresh",
            version=warehouse.version,
            problem=problem_of(error),
        ) from error


def refresh(home: Path) -> int:
    """Build a new snapshot from the warehouse and put it in force; return its version."""
    from analytics.warehouse import Warehouse

    with Warehouse.open(home, read_only=True) as warehouse:
        put_in_force(warehouse, home)
        return warehouse.version


def _frame(table: Any) -> pd.DataFrame:
    """Run an Ibis expression; by way of Arrow, since Ibis' own pandas step warns on pandas 3."""
    frame: pd.DataFrame = table.to_pyarrow().to_pandas(date_as_object=False)
    return frame


def _count(connection: Any, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


def _text(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
