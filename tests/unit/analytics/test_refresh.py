"""Warehouse to Snapshot: exact up to the largest amount, and one line where it cannot be counted."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from analytics.errors import DataError
from analytics.schema import AMOUNT_SCALE, MAX_AMOUNT
from analytics.snapshot import Snapshot, SnapshotStore
from analytics.winmodel import kept
from analytics.winmodel.model import Reason, win_model
from bot.core.reply import plain_text
from bot.loading import load_files
from tests.conftest import TODAY, asker, compose, data

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


CLOSED = DEALS + "".join(
    f"{i},{'won' if i % 2 else 'lost'},2026-01-{i:02},2026-02-01,P{i},100\n" for i in range(1, 21)
)


def test_the_win_model_is_kept_with_the_deals_it_was_learned_from(tmp_path: Path) -> None:
    invoices = "customer_id,date,amount\nA,2026-01-01,5\n"
    without = answer(tmp_path / "home", invoices=invoices)
    assert kept.saved(without.folder) is None
    assert kept.model_of(without).reason is Reason.NO_DEALS
    found = answer(tmp_path / "home", deals=CLOSED)
    model = kept.saved(found.folder)
    assert model is not None
    assert model.fit is not None
    assert kept.dumped(model) == kept.dumped(win_model(found, TODAY))
    assert kept.dumped(model) == kept.dumped(kept.model_of(found))


async def test_deals_on_which_the_model_fails_are_loaded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_given: object) -> None:
        raise ZeroDivisionError("odd deals")

    monkeypatch.setattr(kept, "win_model", fail)
    home = tmp_path / "home"
    with caplog.at_level(logging.ERROR):
        found = answer(home, deals=CLOSED)
    assert found.meta.rows["deals"] == 20
    assert caplog.text.count("winmodel.failed") == 1
    assert "odd deals" in caplog.text
    monkeypatch.undo()
    reply = await asker(compose(home))("/ballotage status", locale="en")
    assert data(reply)["model"]["reason"] == "failed"
    assert "the log says what went wrong" in plain_text(reply)
