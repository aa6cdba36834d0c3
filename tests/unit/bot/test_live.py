"""Snapshots are swapped whole: readers see an old one or a new one, and never wait."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

import pytest

from analytics.errors import NoDataError
from analytics.snapshot import SnapshotStore
from bot.live import LiveSnapshots
from bot.loading import load_files
from tests.conftest import TODAY

SWAPS = 8


def load(home: Path, number: int) -> None:
    """A load after which there are `number` invoices of 10 euro, each of its own customer."""
    file = home.parent / f"{number}.csv"
    lines = "".join(f"{i},2026-01-{i:02},c{i},10\n" for i in range(1, number + 1))
    file.write_text("invoice_id,date,customer_id,amount\n" + lines, encoding="utf-8")
    load_files(home, [("invoices", file)], today=TODAY)


def test_readers_never_see_half_a_snapshot(tmp_path: Path) -> None:
    home = tmp_path / "home"
    load(home, 1)
    live = LiveSnapshots(home)
    live.current()
    wrong: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            s = live.current()
            customers, days = len(s.customers), int(s.day_net.sum())
            if days != customers * 100_000 or customers != s.meta.rows["invoices"]:
                wrong.append(f"{customers} customers, {days}")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(2, 2 + SWAPS):
        load(home, number)
        assert live.poll()
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(live.current().customers) == 1 + SWAPS


def test_old_snapshots_are_cleared_away_but_for_a_few(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for number in range(1, 7):
        load(home, number)
    kept = [p for p in (home / "snapshots").iterdir() if p.is_dir()]
    assert len(kept) == 3


def test_a_snapshot_that_cannot_be_read_is_left_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    load(home, 1)
    live = LiveSnapshots(home)
    before = live.current()
    broken = home / "snapshots" / "999999-broken"
    broken.mkdir()
    (broken / "meta.json").write_text(json.dumps({"nonsense": True}), encoding="utf-8")
    (home / "snapshots" / "CURRENT").write_text("999999-broken", encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        assert not live.poll()
        assert not live.poll()
    assert live.current() is before
    assert caplog.text.count("snapshot.refused") == 1


def test_nothing_loaded_yet(tmp_path: Path) -> None:
    live = LiveSnapshots(tmp_path)
    assert not live.poll()
    with pytest.raises(NoDataError):
        live.current()


def test_a_slower_older_load_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    load(home, 1)
    store = SnapshotStore(home)
    older = store.folder / (store.current_version or "")
    load(home, 2)
    newer = store.current_version
    store.publish(older)
    assert store.current_version == newer
