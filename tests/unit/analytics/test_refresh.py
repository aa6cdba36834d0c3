"""Warehouse to Snapshot: exact up to the largest amount, and one line where it cannot be counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.errors import DataError
from analytics.schema import AMOUNT_SCALE, MAX_AMOUNT
from analytics.snapshot import Snapshot, SnapshotStore
from bot.loading import load_files
from tests.conftest import TODAY

DEALS = "deal_id,status,created,closed,prospect,amount\n"


def answer(home: Path, **files: str) -> Snapshot:
    given = []
    for table, text in files.items():
        path = home.parent / f"{table}.csv"
        path.write_text(text, encoding="utf-8")
        given.append((table, path))
    load_files(home, given, today=TODAY)
    return SnapshotStore(home).load()


def test_lines_up_to_the_largest_amount_are_exact(tmp_path: Path) -> None:
    rows = f"A,2026-01-01,{MAX_AMOUNT - 1}.9999,1\nB,2026-01-02,10000000000,2\n"
    rows += f"A,2026-01-01,{MAX_AMOUNT},3\nC,2026-01-03,-{MAX_AMOUNT},4\n"
    rows += f"D,2026-01-04,{MAX_AMOUNT + 1},5\n"
    found = answer(tmp_path / "home", invoices="customer_id,date,amount,invoice_id\n" + rows)
    most = MAX_AMOUNT * AMOUNT_SCALE
    assert found.day_net.tolist() == [2 * most - 1, 10**14, -most]
    assert found.day_gross.tolist() == [2 * most - 1, 10**14, 0]
    assert found.lines_of(0)["amount"].tolist() == [most - 1, most]
    assert sum(found.meta.quarantined.values()) == 1


def test_deals_up_to_the_largest_amount_are_exact(tmp_path: Path) -> None:
    row = "won,2026-01-01,2026-02-01"
    rows = f"1,{row},A,{MAX_AMOUNT}\n2,{row},B,{MAX_AMOUNT}.0001\n3,{row},C,10000000000.0001\n"
    found = answer(tmp_path / "home", deals=DEALS + rows)
    assert found.deals["amount"].tolist() == [MAX_AMOUNT * AMOUNT_SCALE, 10**14 + 1]
    assert found.day_net.tolist() == [MAX_AMOUNT * AMOUNT_SCALE, 10**14 + 1]


@pytest.mark.parametrize("table", ["invoices", "deals"])
def test_amounts_that_do_not_fit_together_are_refused(tmp_path: Path, table: str) -> None:
    text = {
        "invoices": "customer_id,date,amount\n"
        + "".join(f"C{i},2026-01-01,{MAX_AMOUNT}\n" for i in range(9_001)),
        "deals": DEALS
        + "".join(f"{i},won,2026-01-01,2026-02-01,A,{MAX_AMOUNT}\n" for i in range(9_001)),
    }[table]
    with pytest.raises(DataError, match=f"amounts of {table} are too large"):
        answer(tmp_path / "home", **{table: text})
    with pytest.raises(DataError):
        SnapshotStore(tmp_path / "home").load()
