from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.database import Database
from bot.storage.inbox import Inbox
from bot.storage.syncer import WAL_BYTES, Syncer
from bot.storage.writer import Writer


class Disk:
    """A store whose syncs can be held up, fail, and report a length."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.begun = threading.Semaphore(0)
        self.syncs = 0
        self.carried = 0
        self.length = 0
        self.broken = False

    def sync(self) -> int:
        self.begun.release()
        assert self.free.wait(20)
        if self.broken:
            raise OSError(errno.EIO, "broken")
        self.syncs += 1
        return self.length

    def carry_over(self) -> None:
        self.carried += 1
        raise RuntimeError("busy")  # whatever it is, syncing goes on


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def syncer(disk: Disk) -> Iterator[Syncer]:
    made = Syncer(disk, window=3_600)
    yield made
    disk.free.set()
    made.close()


def told(syncer: Syncer) -> tuple[threading.Event, list[Exception | None]]:
    event, errors = threading.Event(), []

    def tell(error: Exception | None) -> None:
        errors.append(error)
        event.set()

    syncer.committed(tell)
    return event, errors


def test_who_waits_is_told_after_a_sync_that_began_later(disk: Disk, syncer: Syncer) -> None:
    disk.free.clear()
    first, _ = told(syncer)
    assert disk.begun.acquire(timeout=20)
    others = [told(syncer)[0] for _ in range(5)]  # too late for the sync that is under way
    disk.free.set()
    assert first.wait(20)
    assert all(other.wait(20) for other in others)
    assert disk.syncs == 2


def test_what_nobody_waits_for_is_synced_soon(disk: Disk) -> None:
    syncer = Syncer(disk, window=0.001)
    syncer.committed()
    assert disk.begun.acquire(timeout=20)
    syncer.close()
    assert disk.syncs == 1


def test_closing_syncs_what_is_left_and_nothing_twice(disk: Disk, syncer: Syncer) -> None:
    syncer.committed()
    syncer.committed()
    syncer.close()
    assert disk.syncs == 1
    Syncer(disk).close()
    assert disk.syncs == 1


def test_a_disk_that_fails_is_told_and_logged_once(
    disk: Disk, syncer: Syncer, caplog: pytest.LogCaptureFixture
) -> None:
    disk.broken = True
    for _ in range(2):
        event, errors = told(syncer)
        assert event.wait(20)
        assert isinstance(errors[0], OSError)
    assert caplog.text.count("writer.not_synced") == 1
    disk.broken = False
    event, errors = told(syncer)
    assert event.wait(20)
    assert errors == [None]


def test_a_long_wal_is_carried_over_and_a_busy_one_left(disk: Disk, syncer: Syncer) -> None:
    for disk.length in (WAL_BYTES, WAL_BYTES + 1):
        assert told(syncer)[0].wait(20)
    assert told(syncer)[0].wait(20)  # a checkpoint that failed did not end it
    assert disk.carried >= 1


def nothing(connection: object, items: list[int]) -> list[int]:
    return list(items)


async def test_a_write_returns_once_it_is_on_the_disk_unless_told_not_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    monkeypatch.setattr(Database, "sync", lambda self: disk.sync())
    with Database.open(tmp_path) as database, Writer(database) as writer:
        disk.free.clear()
        assert await writer.run(nothing, 1, synced=False) == 1
        waiting = asyncio.create_task(writer.run(nothing, 2))
        all_of_it = asyncio.create_task(writer.synced())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert not all_of_it.done()
        disk.free.set()
        assert await waiting == 2
        await all_of_it
        disk.broken = True
        with pytest.raises(OSError, match="broken"):
            await writer.run(nothing, 3)
        with pytest.raises(OSError, match="broken"):
            await Inbox(writer, "default").accept("slack", "E1", {})
        disk.broken = False


async def test_a_long_wal_of_a_real_database_is_carried_over(tmp_path: Path) -> None:
    with Database.open(tmp_path) as database, Writer(database) as writer:
        inbox = Inbox(writer, "default")
        for number in range(12):
            await inbox.accept("slack", f"E{number}", {"text": "x" * 500_000})
        assert database.sync() > WAL_BYTES
        database.carry_over()
        carried = database.path.stat().st_size
        assert carried > WAL_BYTES
        assert (await inbox.counts()).todo == 12
