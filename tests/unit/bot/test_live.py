"""Snapshots are swapped whole: readers see an old one or a new one, and never wait."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from analytics import snapshot
from analytics.errors import DataError, NoDataError
from analytics.refresh import refresh
from analytics.scope import Scope
from analytics.snapshot import Snapshot, SnapshotStore
from analytics.warehouse import Warehouse
from bot.live import LiveSnapshots, warm, watch
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


async def test_what_qualify_needs_is_warm_soon_after_a_swap(tmp_path: Path) -> None:
    home = tmp_path / "home"
    load(home, 1)
    live = LiveSnapshots(home)
    first = live.current()
    job = asyncio.create_task(watch(live, 0.01, today=lambda: TODAY))
    load(home, 2)

    async def warmed(snapshot: Snapshot) -> None:
        while not snapshot.recall(("profile", *Scope.of(snapshot, today=TODAY).key)):
            await asyncio.sleep(0.01)

    try:
        async with asyncio.timeout(20):
            await warmed(first)
            while live.current() is first:
                await asyncio.sleep(0.01)
            await warmed(live.current())
    finally:
        job.cancel()
    assert live.current().recall("directory") is not None
    assert live.current().recall("win_model") is not None


def test_warming_up_fails_quietly(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from tests.snapshots import make

    warm(make([]), TODAY)  # nothing to say anything about
    with caplog.at_level(logging.ERROR):
        warm(replace(make([("a", "2026-01-01", 1)]), customers=None), TODAY)  # type: ignore[arg-type]
    assert "snapshot.not_warm" in caplog.text


def test_nothing_loaded_yet(tmp_path: Path) -> None:
    live = LiveSnapshots(tmp_path)
    assert not live.poll()
    with pytest.raises(NoDataError):
        live.current()


@pytest.mark.parametrize("died", [True, False], ids=["killed", "disk full"])
def test_a_load_that_was_not_put_in_force_is_by_loading_the_same_file_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, died: bool
) -> None:
    home = tmp_path / "home"
    load(home, 1)

    def fail(_self: SnapshotStore, _folder: Path) -> None:
        raise KeyboardInterrupt if died else OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SnapshotStore, "publish", fail)
        with pytest.raises(KeyboardInterrupt if died else DataError) as caught:
            load(home, 2)
    if not died:
        line = str(caught.value)
        assert "loaded as version 2" in line
        assert "No space left on device" in line
        assert "app.py refresh" in line
    assert SnapshotStore(home).load().meta.version == 1
    assert len(list((home / "snapshots").glob("0*"))) == 1
    load(home, 2)
    assert SnapshotStore(home).load().meta.rows["invoices"] == 2


def test_refresh_puts_in_force_what_a_load_could_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    load(home, 1)

    def fail(_self: SnapshotStore, _folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SnapshotStore, "publish", fail)
        with pytest.raises(DataError):
            load(home, 2)
    assert refresh(home) == 2
    assert SnapshotStore(home).load().meta.rows["invoices"] == 2


def test_a_snapshot_that_cannot_be_written_undoes_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    load(home, 1)

    def full(_snapshot: object, _folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_write", full)
        with pytest.raises(DataError, match=r"No space left on device.*nothing was changed"):
            load(home, 2)
    with Warehouse.open(home, read_only=True) as warehouse:
        assert warehouse.version == 1
    load(home, 2)
    assert SnapshotStore(home).load().meta.rows["invoices"] == 2


def test_a_warehouse_begun_anew_or_put_back_comes_into_force(tmp_path: Path) -> None:
    home = tmp_path / "home"
    load(home, 1)
    file = home / "warehouse.duckdb"
    copy = file.read_bytes()
    load(home, 2)
    load(home, 3)
    file.rename(tmp_path / "damaged")
    load(home, 4)
    assert SnapshotStore(home).load().meta.rows["invoices"] == 4
    file.write_bytes(copy)
    load(home, 1)  # known already, yet not what answers are given from
    assert SnapshotStore(home).load().meta.rows["invoices"] == 1


def test_two_warehouses_at_one_version_are_told_apart(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    load(home, 1)
    load(other, 2)
    shutil.copy(other / "warehouse.duckdb", home / "warehouse.duckdb")
    load(home, 2)
    assert SnapshotStore(home).load().meta.rows["invoices"] == 2


@pytest.mark.parametrize("nonsense", [b"nonsense", b"", b"\xff\0", b"000009-abcdef", b"../.."])
def test_refresh_heals_a_pointer_that_is_nonsense(tmp_path: Path, nonsense: bytes) -> None:
    home = tmp_path / "home"
    load(home, 1)
    (home / "snapshots" / "CURRENT").write_bytes(nonsense)
    with pytest.raises(NoDataError):
        SnapshotStore(home).load()
    refresh(home)
    assert SnapshotStore(home).load().meta.version == 1


def test_what_a_dead_process_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    home = tmp_path / "home"
    load(home, 1)
    old, fresh = (home / "snapshots" / f".000002-{name}" for name in ("dead", "busy"))
    for folder in (old, fresh):
        folder.mkdir()
        (folder / "lines.parquet").write_bytes(b"half")
    os.utime(old, (0, 0))
    load(home, 2)
    assert not old.exists()
    assert fresh.exists()
