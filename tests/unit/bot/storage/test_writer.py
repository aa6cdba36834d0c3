from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from bot.storage import writer as module
from bot.storage.audit import AuditLog
from bot.storage.database import Database
from bot.storage.repositories import PersonData
from bot.storage.writer import BehindError, BufferedAudit, Writer
from tests.unit.bot.storage.conftest import event


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with Writer(database) as made:
        yield made


class Notes:
    """An operation that keeps people's languages, and tells how it was called."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.broken = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def note(self, connection: Connection, items: Sequence[str]) -> list[str]:
        self.calls.append(list(items))
        if self.broken:
            self.broken -= 1
            self.meanwhile()
            raise OperationalError("insert", {}, Exception("disk is full"))
        for item in items:
            connection.execute(
                text("insert into person_settings values ('acme', :user, 'nl')"), {"user": item}
            )
            if item.startswith("bad"):
                raise ValueError(item)
        return [item.upper() for item in items]


def users(database: Database) -> list[str]:
    with database.read() as connection:
        return list(
            connection.execute(text('select "user" from person_settings order by rowid')).scalars()
        )


class Gate:
    """An operation that keeps the writer busy until it is opened."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def hold(self, connection: Connection, items: Sequence[None]) -> Sequence[None]:
        self.entered.set()
        assert self.opened.wait(30)
        return items

    async def close(self, writer: Writer) -> asyncio.Task[None]:
        task = asyncio.ensure_future(writer.run(self.hold, None))
        await asyncio.to_thread(self.entered.wait, 30)
        return task


async def test_a_write_is_committed_when_it_returns(database: Database, writer: Writer) -> None:
    assert await writer.run(Notes().note, "jan") == "JAN"
    assert users(database) == ["jan"]


async def test_what_waits_goes_in_one_call_and_each_hears_its_own_result(writer: Writer) -> None:
    notes, gate = Notes(), Gate()
    held = await gate.close(writer)
    waiting = [asyncio.ensure_future(writer.run(notes.note, f"u{i}")) for i in range(20)]
    await asyncio.sleep(0)
    gate.opened.set()
    assert await asyncio.gather(*waiting) == [f"U{i}" for i in range(20)]
    await held
    assert notes.calls == [[f"u{i}" for i in range(20)]]


async def test_one_wrong_item_takes_no_other_down(database: Database, writer: Writer) -> None:
    notes, gate = Notes(), Gate()
    held = await gate.close(writer)
    waiting = [
        asyncio.ensure_future(writer.run(notes.note, name)) for name in ("jan", "bad", "piet")
    ]
    await asyncio.sleep(0)
    gate.opened.set()
    first, wrong, last = await asyncio.gather(*waiting, return_exceptions=True)
    await held
    assert (first, last) == ("JAN", "PIET")
    assert isinstance(wrong, ValueError)
    assert users(database) == ["jan", "piet"]


async def test_a_database_that_cannot_be_written_is_told_to_all_who_wait(
    database: Database, writer: Writer
) -> None:
    notes = Notes()
    notes.broken = 1
    with pytest.raises(OperationalError):
        await writer.run(notes.note, "jan")
    assert await writer.run(notes.note, "piet") == "PIET"
    assert users(database) == ["piet"]


async def test_someone_who_leaves_disturbs_nobody(database: Database, writer: Writer) -> None:
    notes, gate = Notes(), Gate()
    held = await gate.close(writer)
    leaving = asyncio.ensure_future(writer.run(notes.note, "jan"))
    staying = asyncio.ensure_future(writer.run(notes.note, "piet"))
    await asyncio.sleep(0)
    leaving.cancel()
    gate.opened.set()
    assert await staying == "PIET"
    await held
    assert users(database) == ["jan", "piet"]


def test_a_loop_that_is_gone_does_not_stop_the_writer(database: Database, writer: Writer) -> None:
    notes, gate = Notes(), Gate()

    async def leave() -> None:
        await gate.close(writer)
        asyncio.ensure_future(writer.run(notes.note, "jan"))  # noqa: RUF006
        await asyncio.sleep(0)

    asyncio.run(leave())
    gate.opened.set()
    assert asyncio.run(writer.run(notes.note, "piet")) == "PIET"
    assert users(database) == ["jan", "piet"]


def test_soon_is_written_in_order_without_anyone_waiting(
    database: Database, writer: Writer
) -> None:
    notes = Notes()
    for number in range(50):
        writer.soon(notes.note, f"u{number}")
    writer.flush()
    assert users(database) == [f"u{number}" for number in range(50)]
    assert len(notes.calls) < 50


def test_soon_comes_by_itself(database: Database, writer: Writer) -> None:
    written = threading.Event()

    def tell(connection: Connection, items: Sequence[None]) -> Sequence[None]:
        written.set()
        return items

    writer.soon(tell, None)
    assert written.wait(30)


@pytest.mark.parametrize("waiting", [1, module.BATCH * 2 + 1])
def test_closing_writes_what_waits_and_refuses_more(database: Database, waiting: int) -> None:
    writer, notes = Writer(database, window=3600), Notes()
    for number in range(waiting):
        writer.soon(notes.note, f"u{number}")
    writer.close()
    assert len(users(database)) == waiting
    with pytest.raises(RuntimeError, match="closed"):
        writer.soon(notes.note, "late")


def test_soon_survives_an_outage_in_its_order(
    database: Database,
    writer: Writer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    notes = Notes()
    notes.broken = 3
    notes.meanwhile = lambda: writer.soon(notes.note, f"late{notes.broken}")
    for number in range(5):
        writer.soon(notes.note, f"u{number}")
    with pytest.raises(OperationalError):
        writer.flush()
    while notes.broken:
        threading.Event().wait(0.005)
    writer.flush()
    assert users(database) == ["u0", "u1", "u2", "u3", "u4", "late2", "late1", "late0"]
    assert [r.message for r in caplog.records if "failing" in r.message] == [
        "writer.failing reason=OperationalError: disk is full"
    ]


def test_an_item_nobody_waits_for_is_dropped_alone_and_said(
    database: Database, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    notes = Notes()
    for name in ("jan", "bad secret", "piet"):
        writer.soon(notes.note, name)
    writer.flush()
    assert users(database) == ["jan", "piet"]
    assert "writer.dropped" in caplog.text
    assert "secret" not in caplog.text


def test_memory_is_bounded_while_nothing_can_be_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKLOG", 3)
    with Writer(database, window=3600) as writer:
        for number in range(3):
            writer.soon(Notes().note, f"u{number}")
        with pytest.raises(BehindError):
            writer.soon(Notes().note, "more")


def test_buffered_audit_keeps_one_chain_a_tenant_from_many_threads(database: Database) -> None:
    with Writer(database) as writer:
        audit = BufferedAudit(writer)

        def record(number: int) -> None:
            tenant = ("acme", "other")[number % 2]
            audit.record(event(f"u{number % 7}", tenant=tenant, milliseconds=number))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(record, range(200)))
        audit.close()
        for tenant in ("acme", "other"):
            check = AuditLog(database, tenant).verify_chain()
            assert (check.ok, check.events) == (True, 100)


def test_buffered_audit_shares_the_trail_with_other_writers(database: Database) -> None:
    trail = AuditLog(database, "acme")
    with Writer(database) as writer:
        audit = BufferedAudit(writer)
        for number in range(6):
            (audit if number % 2 else trail).record(event(milliseconds=number))
            audit.close()
    assert [row["milliseconds"] for row in trail.latest(10)] == [5, 4, 3, 2, 1, 0]
    assert trail.verify_chain().ok


def test_an_erased_person_gets_another_pseudonym(database: Database) -> None:
    trail = AuditLog(database, "acme")
    with Writer(database) as writer:
        audit = BufferedAudit(writer)
        audit.record(event("jan"))
        audit.record(event("jan"))
        audit.close()
        PersonData(database, "acme").erase_person("jan")
        audit.record(event("jan"))
    after, second, first = (row["person"] for row in trail.latest(3))
    assert first == second != after
    assert trail.verify_chain().ok


def test_closing_the_writer_loses_no_event(tmp_path: Path) -> None:
    with Database.open(tmp_path) as database, Writer(database, window=3600) as writer:
        BufferedAudit(writer).record(event())
    with Database.open(tmp_path) as database:
        assert AuditLog(database, "acme").verify_chain().events == 1
