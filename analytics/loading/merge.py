"""How accepted rows enter a table: by key, by invoice, or by date range, and never twice."""

# ruff: noqa: S608 - the names put into queries are those of our own tables, never a user's words
from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import DataError
from analytics.loading.contract import Checked
from analytics.warehouse import COLUMNS, KEYS, Warehouse


def to_arrow(checked: Checked, load_id: int) -> Any:
    """Return the accepted rows as an Arrow table in the warehouse's columns."""
    import pyarrow as pa

    accepted = checked.faults.accepted
    rows = int(accepted.sum())
    arrays: dict[str, Any] = {}
    for name, kind in COLUMNS[checked.table.name].items():
        values = checked.values.get(name)
        if name == "facts" and checked.facts is not None:
            facts = np.array(checked.facts, dtype=object)[accepted]
            arrays[name] = pa.array(facts, type=pa.string())
        elif values is None:
            arrays[name] = pa.nulls(rows, _arrow_type(kind))
        elif kind.startswith("DECIMAL"):
            arrays[name] = _decimals(values[accepted])
        elif kind == "BIGINT":
            arrays[name] = _integers(values[accepted])
        elif kind == "DOUBLE":
            arrays[name] = pa.array(values[accepted], from_pandas=True)
        elif kind == "DATE":
            arrays[name] = pa.array(values[accepted], type=pa.date32())
        else:
            arrays[name] = pa.array(
                values[accepted].astype("str"), type=pa.string(), from_pandas=True
            )
    arrays["load_id"] = pa.array(np.full(rows, load_id, dtype=np.int64))
    arrays["line_no"] = pa.array(checked.raw.lines[accepted].astype(np.int64))
    return pa.table(arrays)


def _arrow_type(kind: str) -> Any:
    import pyarrow as pa

    return {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "DECIMAL(18,4)": pa.decimal128(18, 4),
    }[kind]


def _integers(values: np.ndarray[Any, Any]) -> Any:
    import pyarrow as pa

    missing = np.isnan(values)
    return pa.array(np.where(missing, 0, values).astype(np.int64), mask=missing)


def _decimals(scaled: np.ndarray[Any, Any]) -> Any:
    """Amounts of 1/10,000 to DECIMAL(18,4), by writing the integers in place: no rounding."""
    import pyarrow as pa

    integers = _integers(scaled)
    low = integers.fill_null(0).to_numpy()
    # A 128-bit integer, little end first: the value, then its sign.
    buffer = pa.py_buffer(np.column_stack([low, low >> 63]).astype("<i8").tobytes())
    return pa.Array.from_buffers(
        pa.decimal128(18, 4), len(integers), [integers.buffers()[0], buffer], integers.null_count
    )


def merge(
    warehouse: Warehouse, checked: Checked, load_id: int, replace: bool, siblings: Collection[int]
) -> int:
    """Put the accepted rows into their table; return how many older rows made way.

    A known key is updated in the columns that the file has (facts by their own headers). `siblings`
    are the loads of the same call: `replace` clears the state before the call, never what another
    file of the call brought. Raises DataError for an overlap that would double.
    """
    connection = warehouse.connection
    table = checked.table.name
    connection.execute("CREATE OR REPLACE TEMP TABLE sibling_loads (load_id BIGINT)")
    if siblings:
        connection.executemany(
            "INSERT INTO sibling_loads VALUES (?)", [[sibling] for sibling in siblings]
        )
    if table in KEYS:
        _keep_other_facts(connection, checked, KEYS[table], replace)
    connection.register("incoming", to_arrow(checked, load_id))
    try:
        if table in KEYS:
            return _by_key(connection, checked, KEYS[table], replace)
        return _by_date(connection, checked, replace, bool(siblings))
    finally:
        connection.unregister("incoming")
        connection.execute("DROP TABLE IF EXISTS sibling_loads")


_OTHERS = "load_id NOT IN (SELECT load_id FROM sibling_loads)"


def _by_key(connection: Any, checked: Checked, key: str, replace: bool) -> int:
    table = checked.table.name
    known = f'"{key}" IN (SELECT "{key}" FROM incoming)'
    old = known if not replace else f"({known} OR {_OTHERS})"
    replaced = _count(connection, f'SELECT count(*) FROM "{table}" WHERE {old}')
    names = [name for name in COLUMNS[table] if name != key]
    if replace:
        connection.execute(f'DELETE FROM "{table}" WHERE {_OTHERS} AND NOT {known}')
        # Emptied, not deleted: a key may not go and come back within one transaction.
        emptied = ", ".join(f'"{name}" = NULL' for name in names)
        connection.execute(f'UPDATE "{table}" SET {emptied} WHERE {_OTHERS}')
    brought = [n for n in names if n in checked.values or (n == "facts" and checked.facts)]
    updates = ", ".join(
        f'"{name}" = excluded."{name}"' for name in (*brought, "load_id", "line_no")
    )
    connection.execute(
        f'INSERT INTO "{table}" SELECT * FROM incoming ON CONFLICT ("{key}") DO UPDATE SET {updates}'
    )
    return replaced


def _keep_other_facts(connection: Any, checked: Checked, key: str, replace: bool) -> None:
    """Add to each row the facts already known of it from columns that this file does not have."""
    if checked.facts is None:
        return
    keys = checked.values[key]
    connection.register("incoming_keys", pd.DataFrame({"key": keys[checked.faults.accepted]}))
    rows = connection.execute(
        f'SELECT "{key}", facts FROM "{checked.table.name}" WHERE facts IS NOT NULL'
        f' AND "{key}" IN (SELECT "key" FROM incoming_keys)'
        f" AND {f'NOT {_OTHERS}' if replace else 'TRUE'}"
    ).fetchall()
    connection.unregister("incoming_keys")
    known = dict(rows)
    own = {*checked.fact_headers, *checked.unused}
    for row, name in enumerate(keys.tolist() if known else ()):
        if name in known:
            old = {k: v for k, v in json.loads(known[name]).items() if k not in own}
            facts = old | json.loads(checked.facts[row] or "{}")
            checked.facts[row] = json.dumps(facts, ensure_ascii=False) if facts else None


def _by_date(connection: Any, checked: Checked, replace: bool, siblings: bool) -> int:
    table = checked.table.name
    gone = ["FALSE"]
    if replace:
        gone.append(
            f"({_OTHERS} AND date BETWEEN (SELECT min(date) FROM incoming)"
            " AND (SELECT max(date) FROM incoming))"
        )
    if table == "invoices":
        again = f"({_OTHERS} OR {_REPEATED})" if siblings else "TRUE"
        gone.append(f"(invoice_id IN (SELECT invoice_id FROM incoming) AND {again})")
    where = " OR ".join(gone)
    replaced = _count(connection, f'SELECT count(*) FROM "{table}" WHERE {where}')
    connection.execute(f'DELETE FROM "{table}" WHERE {where}')
    for mine, theirs in _doubling(table):
        _refuse_overlap(connection, checked, table, mine, theirs, replace)
    connection.execute(f'INSERT INTO "{table}" SELECT * FROM incoming')
    return replaced


_LINES = """SELECT invoice_id, customer_id, customer_name, date, amount, product, count(*) AS n"""

_REPEATED = f"""invoice_id NOT IN (
    SELECT mine.invoice_id
    FROM ({_LINES} FROM invoices WHERE NOT {_OTHERS} AND invoice_id IS NOT NULL GROUP BY ALL) AS mine
    LEFT JOIN ({_LINES} FROM incoming GROUP BY ALL) AS new
        ON new.invoice_id = mine.invoice_id
        AND new.customer_id IS NOT DISTINCT FROM mine.customer_id
        AND new.customer_name IS NOT DISTINCT FROM mine.customer_name
        AND new.date = mine.date AND new.amount = mine.amount
        AND new.product IS NOT DISTINCT FROM mine.product
    WHERE coalesce(new.n, 0) < mine.n)"""
"""Of the call's own lines those whose invoice is all in the new file again (exports that overlap); an
invoice of which it brings other lines is one that was cut in two."""


def _doubling(table: str) -> tuple[tuple[str, str], ...]:
    """Which new and old rows could be the same without a way to tell: those without an id."""
    if table != "invoices":
        return (("TRUE", "TRUE"),)
    return (("invoice_id IS NULL", "TRUE"), ("invoice_id IS NOT NULL", "invoice_id IS NULL"))


def _refuse_overlap(
    connection: Any, checked: Checked, table: str, mine: str, theirs: str, replace: bool
) -> None:
    # A load's range, not its single days: a month that lacks a day is no room for another file.
    row = connection.execute(
        f"""
        WITH new AS (SELECT min(date) AS lo, max(date) AS hi FROM incoming WHERE {mine}),
             old AS (SELECT load_id, min(date) AS lo, max(date) AS hi FROM "{table}"
                     WHERE {theirs} GROUP BY load_id)
        SELECT new.lo, new.hi, old.lo, old.hi, loads.file_name, old.load_id
        FROM new JOIN old ON new.lo <= old.hi AND old.lo <= new.hi
        LEFT JOIN loads USING (load_id) ORDER BY old.load_id LIMIT 1
        """
    ).fetchone()
    if row is None:
        return
    params = {
        "file": checked.raw.file,
        "first": row[0].isoformat(),
        "last": row[1].isoformat(),
        "old_first": row[2].isoformat(),
        "old_last": row[3].isoformat(),
        "old_file": row[4] or "an earlier load",
    }
    if replace:
        raise DataError(
            "{file} ({first} to {last}) overlaps {old_file} ({old_first} to {old_last}) and lines"
            " without an invoice number could count twice; give the lines that both hold once only",
            **params,
        )
    if table != "invoices":
        raise DataError(
            "{file} ({first} to {last}) overlaps {old_file} ({old_first} to {old_last}), and lines"
            " without a number of their own would count twice; add --replace to put the new lines in"
            " place of the old ones of these dates",
            **params,
        )
    raise DataError(
        "{file} ({first} to {last}) overlaps {old_file} ({old_first} to {old_last}), and without"
        " invoice numbers lines would count twice; add --replace to put the new lines in place of"
        " the old ones of these dates",
        **params,
    )


def _count(connection: Any, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def mark_superseded(warehouse: Warehouse) -> None:
    """Mark the loads of which no row is left."""
    for table in COLUMNS:
        warehouse.connection.execute(
            "UPDATE loads SET superseded = TRUE WHERE table_name = ? AND NOT superseded"
            f' AND load_id NOT IN (SELECT DISTINCT load_id FROM "{table}")',
            [table],
        )


def standing_rows(warehouse: Warehouse, table: str, load_id: int) -> tuple[int, int]:
    """Return how many rows of a load still stand, and how many of others `replace` would remove."""
    within = "TRUE"
    if table not in KEYS:
        span = f'FROM "{table}" WHERE load_id = {load_id:d}'
        within = f"date BETWEEN (SELECT min(date) {span}) AND (SELECT max(date) {span})"
    row = warehouse.connection.execute(
        "SELECT count(*) FILTER (WHERE load_id = $1),"
        f' count(*) FILTER (WHERE load_id <> $1 AND {within}) FROM "{table}"',
        [load_id],
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def equal_lines(checked: Checked) -> int:
    """Count accepted rows that repeat an earlier one in every cell of the file."""
    if checked.table.key:
        return 0
    accepted = checked.faults.accepted
    frame = pd.DataFrame({i: column.text for i, column in enumerate(checked.raw.columns)})
    return int(frame[accepted].duplicated().sum())
