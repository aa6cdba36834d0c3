from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.adapters import worker as module
from bot.adapters.worker import Later, Worker
from bot.core.services import utc_now
from bot.storage.database import Database
from bot.storage.inbox import Counts, Inbox, Work
from bot.storage.writer import Writer


class Clock:
    def __init__(self) -> None:
        self.ahead = dt.timedelta(0)

    def __call__(self) -> dt.datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with Database.open(tmp_path) as database, Writer(database) as made:
        yield made


@pytest.fixture
def inbox(writer: Writer, clock: Clock) -> Inbox:
    return Inbox(writer, "acme", clock=clock, jitter=lambda most: 0.0)


class Desk:
    """A handler that remembers what it was given, and does as it is told."""

    def __init__(self) -> None:
        self.seen: list[Work] = []
        self.ended: list[str] = []
        self.at_once = self.most = 0
        self.open = asyncio.Event()
        self.open.set()
        self.troubles: list[Exception | type[BaseException]] = []

    async def __call__(self, work: Work) -> None:
        self.seen.append(work)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.open.wait()
        finally:
            self.at_once -= 1
        if self.troubles:
            raise self.troubles.pop(0)
        self.ended.append(work.event_id)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.002)


async def settled(inbox: Inbox, todo: int = 0, dead: int = 0) -> None:
    async with asyncio.timeout(30):
        while await inbox.counts() != Counts(todo, dead):
            await asyncio.sleep(0.002)


def hired(inbox: Inbox, desk: Desk, **options: float) -> Worker:
    return Worker(inbox, {"slack": desk}, **{"poll_seconds": 0.01, **options})  # type: ignore[arg-type]


async def left_behind(inbox: Inbox, *events: str, surface: str = "slack") -> None:
    for event in events:
        work_id = await inbox.accept(surface, event, {"text": event})
        assert work_id is not None
        await inbox.release([work_id])


async def test_what_was_left_behind_is_done_at_the_start(inbox: Inbox) -> None:
    await left_behind(inbox, "E1", "E2")
    await left_behind(inbox, "E3", surface="unknown")
    desk = Desk()
    worker = hired(inbox, desk)
    await worker.start()
    await settled(inbox, todo=1)
    await worker.stop()
    assert sorted(desk.ended) == ["E1", "E2"]
    assert [work.attempts for work in desk.seen] == [1, 1]


async def test_what_is_submitted_is_done_once(inbox: Inbox) -> None:
    desk = Desk()
    worker = hired(inbox, desk, poll_seconds=30)
    await worker.start()
    assert await worker.submit("slack", "E1", {"text": "/ars"})
    assert not await worker.submit("slack", "E1", {"text": "/ars"})
    await settled(inbox)
    assert not await worker.submit("slack", "E1", {"text": "/ars"})
    await worker.stop()
    (work,) = desk.seen
    assert (work.event_id, work.payload, work.attempts) == ("E1", {"text": "/ars"}, 1)


async def test_no_more_than_so_many_run_at_once(inbox: Inbox) -> None:
    await left_behind(inbox, *(f"old{number}" for number in range(10)))
    desk = Desk()
    desk.open.clear()
    worker = hired(inbox, desk, at_once=3)
    await worker.start()
    await asyncio.gather(*(worker.submit("slack", f"new{n}", {}) for n in range(10)))
    await until(lambda: desk.at_once == 3)
    desk.open.set()
    await settled(inbox)
    await worker.stop()
    assert desk.most == 3
    assert len(desk.ended) == len(set(desk.ended)) == 20


async def test_a_backlog_is_worked_off_without_waiting_for_the_next_poll(inbox: Inbox) -> None:
    events = [f"E{number}" for number in range(7)]
    await left_behind(inbox, *events)
    desk = Desk()
    worker = hired(inbox, desk, at_once=2, poll_seconds=3600)
    await worker.start()
    await settled(inbox)
    await worker.stop()
    assert sorted(desk.ended) == events


async def test_what_does_not_fit_in_memory_waits_in_the_database(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELD", 2)
    desk = Desk()
    desk.open.clear()
    worker = hired(inbox, desk, at_once=1)
    await worker.start()
    for number in range(6):
        assert await worker.submit("slack", f"E{number}", {})
    desk.open.set()
    await settled(inbox)
    await worker.stop()
    assert len(desk.ended) == len(set(desk.ended)) == 6


async def test_later_is_tried_again_after_the_time_asked(inbox: Inbox, clock: Clock) -> None:
    desk = Desk()
    desk.troubles = [Later(3600, "ratelimited")]
    worker = hired(inbox, desk)
    await worker.start()
    await worker.submit("slack", "E1", {})
    await until(lambda: not desk.troubles)
    clock.ahead = dt.timedelta(seconds=3500)
    await asyncio.sleep(0.05)
    assert len(desk.seen) == 1
    clock.ahead = dt.timedelta(seconds=3700)
    await settled(inbox)
    await worker.stop()
    assert [work.attempts for work in desk.seen] == [1, 2]
    assert desk.ended == ["E1"]


@pytest.mark.parametrize("trouble", [ValueError("secret"), asyncio.CancelledError])
async def test_any_other_failure_is_tried_again(
    inbox: Inbox, trouble: Exception | type[BaseException]
) -> None:
    desk = Desk()
    desk.troubles = [trouble] * 3
    worker = hired(inbox, desk)
    await worker.start()
    await worker.submit("slack", "E1", {})
    await settled(inbox)
    await worker.stop()
    assert [work.attempts for work in desk.seen] == [1, 2, 3, 4]


async def test_what_always_fails_is_given_up_without_telling_its_content(inbox: Inbox) -> None:
    desk = Desk()
    desk.troubles = [ValueError("secret")] * 20
    worker = hired(inbox, desk)
    await worker.start()
    await worker.submit("slack", "E1", {})
    await settled(inbox, dead=1)
    await worker.stop()
    assert len(desk.seen) == 8
    (dead,) = await inbox.dead()
    assert dead.reason == "ValueError"


async def test_an_outage_is_logged_once_and_its_end(
    inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ballotage.worker")
    desk = Desk()
    desk.troubles = [Later(0, "slack is down")] * 12
    worker = hired(inbox, desk)
    await worker.start()
    await asyncio.gather(*(worker.submit("slack", f"E{number}", {}) for number in range(6)))
    await settled(inbox)
    desk.troubles = [Later(0, "slack is down")]
    await worker.submit("slack", "again", {})
    await settled(inbox)
    await worker.stop()
    assert [record.message for record in caplog.records] == [
        "worker.failing surface=slack reason=slack is down",
        "worker.recovered surface=slack",
    ] * 2


async def test_a_handler_longer_than_the_lease_keeps_its_work(
    writer: Writer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = dt.timedelta(seconds=0.3)
    mine = Inbox(writer, "acme", clock=clock, lease=lease)
    other = Inbox(writer, "acme", clock=clock, lease=lease)
    frozen = utc_now()
    monkeypatch.setattr(Clock, "__call__", lambda self: frozen + self.ahead)
    renewed: list[frozenset[int]] = []
    renew = mine.renew

    async def watched(ids: list[int]) -> frozenset[int]:
        renewed.append(await renew(ids))
        return renewed[-1]

    monkeypatch.setattr(mine, "renew", watched)
    desk = Desk()
    desk.open.clear()
    worker = hired(mine, desk)
    await worker.start()
    await worker.submit("slack", "E1", {})
    for _ in range(4):
        clock.ahead += lease * 0.8
        seen = len(renewed)
        assert await other.due() == []
        await until(lambda seen=seen: len(renewed) > seen + 1)  # type: ignore[misc]
    desk.open.set()
    await settled(mine)
    await worker.stop()
    assert desk.ended == ["E1"]


async def test_a_lost_lease_ends_the_work_here(
    writer: Writer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    mine = Inbox(writer, "acme", clock=clock, lease=dt.timedelta(seconds=0.3))
    other = Inbox(writer, "acme", clock=clock)
    desk = Desk()
    desk.open.clear()
    worker = hired(mine, desk)
    await worker.start()
    await worker.submit("slack", "E1", {})
    await until(lambda: desk.at_once == 1)
    late = Clock()
    late.ahead = dt.timedelta(minutes=5)
    (work,) = await Inbox(writer, "acme", clock=late).due()
    await until(lambda: desk.at_once == 0)
    await worker.stop()
    assert desk.ended == []
    assert "worker.lost_lease" in caplog.text
    await other.done(work.id)
    assert await other.counts() == Counts(0, 0)


async def test_stopping_finishes_what_runs_and_gives_back_what_waits(
    inbox: Inbox, writer: Writer, clock: Clock
) -> None:
    desk = Desk()
    desk.open.clear()
    worker = hired(inbox, desk, at_once=1)
    await worker.start()
    for event in ("E1", "E2", "E3"):
        await worker.submit("slack", event, {})
    await until(lambda: desk.at_once == 1)
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0.02)
    desk.open.set()
    await stopping
    assert desk.ended == ["E1"]
    next_process = Inbox(writer, "acme", clock=clock)
    assert [(w.event_id, w.attempts) for w in await next_process.due()] == [("E2", 1), ("E3", 1)]


async def test_what_does_not_finish_in_time_is_given_back_at_once(
    inbox: Inbox, writer: Writer, clock: Clock
) -> None:
    desk = Desk()
    desk.open.clear()
    worker = hired(inbox, desk, grace_seconds=0.02)
    await worker.start()
    await worker.submit("slack", "E1", {})
    await until(lambda: desk.at_once == 1)
    await worker.stop()
    assert desk.at_once == 0
    assert await worker.submit("slack", "E2", {})
    found = await Inbox(writer, "acme", clock=clock).due()
    assert [(work.event_id, work.attempts) for work in found] == [("E1", 1), ("E2", 1)]


async def test_an_answer_that_cannot_be_noted_is_noted_a_moment_later(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NOTE_PAUSES", (0.0, 0.0))
    done, failures = inbox.done, [OSError(), OSError()]

    async def failing(work_id: int) -> None:
        if failures:
            raise failures.pop()
        await done(work_id)

    monkeypatch.setattr(inbox, "done", failing)
    desk = Desk()
    worker = hired(inbox, desk)
    await worker.start()
    await worker.submit("slack", "E1", {})
    await settled(inbox)
    await worker.stop()
    assert desk.ended == ["E1"]


async def test_an_inbox_that_cannot_be_read_is_told_once_and_tried_on(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await left_behind(inbox, "E1")
    due, failures = inbox.due, [OSError() for _ in range(5)]

    async def failing(limit: int = 20, surfaces: list[str] | None = None) -> list[Work]:
        if failures:
            raise failures.pop()
        return await due(limit, surfaces)

    monkeypatch.setattr(inbox, "due", failing)
    worker = hired(inbox, Desk())
    await worker.start()
    await settled(inbox)
    await worker.stop()
    assert [r.message for r in caplog.records] == ["worker.no_inbox reason=OSError"]


async def test_the_counts_are_told_and_old_keys_purged(inbox: Inbox, clock: Clock) -> None:
    work_id = await inbox.accept("slack", "old", {})
    assert work_id is not None
    await inbox.done(work_id)
    clock.ahead = dt.timedelta(hours=25)
    told: list[Counts] = []
    worker = Worker(inbox, {}, poll_seconds=0.01, observe=told.append)
    await left_behind(inbox, "waiting")
    await worker.start()
    await until(lambda: len(told) > 2)
    await worker.stop()
    assert told[0] == Counts(todo=1, dead=0)
    assert await inbox.purge() == 0


async def test_a_worker_starts_once(inbox: Inbox) -> None:
    worker = hired(inbox, Desk())
    await worker.stop()
    worker = hired(inbox, Desk())
    await worker.start()
    with pytest.raises(RuntimeError):
        await worker.start()
    await worker.stop()
