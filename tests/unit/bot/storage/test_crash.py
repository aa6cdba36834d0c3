"""What a killed process leaves behind is taken up by the next one, once."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.services import utc_now
from bot.storage.audit import AuditLog
from bot.storage.database import Database
from bot.storage.inbox import Counts, Inbox, Work
from bot.storage.welcomed import Welcomed
from bot.storage.writer import Writer

ROOT = Path(__file__).parents[4]

KILLED = """
import asyncio, sys, time
from pathlib import Path
from bot.storage.database import Database
from bot.storage.inbox import Inbox
from bot.storage.welcomed import Welcomed
from bot.storage.writer import BufferedAudit, Writer
from tests.unit.bot.storage.conftest import event

async def main():
    writer = Writer(Database.open(Path(sys.argv[1])))
    inbox, audit = Inbox(writer, "acme"), BufferedAudit(writer)
    audit.record(event())
    audit.close()
    await inbox.done(await inbox.accept("slack", "answered", {}))
    await inbox.accept("slack", "unanswered", {"text": "/topclients"})
    await Welcomed(writer, "acme").first_time("slack", "U1")
    audit.record(event("not committed yet"))
    print("ready", flush=True)
    time.sleep(60)

asyncio.run(main())
"""

WORKING = """
import asyncio, os, sys
from pathlib import Path
from bot.adapters.worker import Worker
from bot.storage.database import Database
from bot.storage.inbox import Inbox
from bot.storage.writer import Writer

async def main(home):
    with Database.open(home) as database, Writer(database) as writer:
        inbox = Inbox(writer, "acme")
        log = os.open(home / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

        async def handle(work):
            os.write(log, f"{work.event_id}\\n".encode())
            await asyncio.sleep(0.001)

        worker = Worker(inbox, {"slack": handle}, poll_seconds=0.01)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await worker.start()
        while (await inbox.counts()).todo:
            await asyncio.sleep(0.01)
        await worker.stop()

asyncio.run(main(Path(sys.argv[1])))
"""


def child(code: str, home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(home)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def after_the_kill(tmp_path: Path) -> Path:
    with child(KILLED, tmp_path) as process:
        process.kill()
        process.wait(30)
    return tmp_path


async def test_accepted_work_of_a_killed_process_is_done_once_after_its_lease(
    after_the_kill: Path,
) -> None:
    ahead = dt.timedelta(0)
    with Database.open(after_the_kill) as database, Writer(database) as writer:
        inboxes = [Inbox(writer, "acme", clock=lambda: utc_now() + ahead) for _ in range(3)]
        assert [await inbox.due() for inbox in inboxes] == [[], [], []]
        for event_id in ("answered", "unanswered"):
            assert await inboxes[0].accept("slack", event_id, {}) is None
        ahead = dt.timedelta(seconds=61)
        found: list[list[Work]] = await asyncio.gather(*(inbox.due() for inbox in inboxes))
        (work,) = [work for works in found for work in works]
        assert (work.event_id, work.payload) == ("unanswered", {"text": "/topclients"})
        await inboxes[0].done(work.id)
        assert await inboxes[0].counts() == Counts(0, 0)


async def test_the_trail_of_a_killed_process_is_whole_up_to_its_last_commit(
    after_the_kill: Path,
) -> None:
    with Database.open(after_the_kill) as database, Writer(database) as writer:
        check = AuditLog(database, "acme").verify_chain()
        assert check.ok
        assert check.events in (1, 2)
        assert not await Welcomed(writer, "acme").first_time("slack", "U1")


async def test_two_processes_share_the_work_and_do_none_of_it_twice(tmp_path: Path) -> None:
    events = [f"E{number}" for number in range(60)]
    with Database.open(tmp_path) as database, Writer(database) as writer:
        inbox = Inbox(writer, "acme")
        ids = await asyncio.gather(*(inbox.accept("slack", e, {"n": e}) for e in events))
        await inbox.release([work_id for work_id in ids if work_id is not None])
    with child(WORKING, tmp_path) as first, child(WORKING, tmp_path) as second:
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert (first.wait(60), second.wait(60)) == (0, 0)
    assert sorted((tmp_path / "log").read_text().split()) == sorted(events)
