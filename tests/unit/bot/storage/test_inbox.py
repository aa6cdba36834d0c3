from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

from bot.storage.database import Database, migrate
from bot.storage.inbox import Counts, Inbox
from bot.storage.repositories import PersonData
from bot.storage.writer import Writer
from tests.unit.bot.storage.conftest import NOW

PAYLOAD = {"text": "/topclients 10", "user": "jän", "nested": [1, None, {"a": True}]}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += dt.timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with Writer(database) as made:
        yield made


@pytest.fixture
def inbox(writer: Writer, clock: Clock) -> Inbox:
    return Inbox(writer, "acme", clock=clock, jitter=lambda most: most)


async def accepted(inbox: Inbox, event: str = "E1", surface: str = "slack") -> int:
    work_id = await inbox.accept(surface, event, PAYLOAD)
    assert work_id is not None
    return work_id


def payloads(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(text("select payload from inbox order by id")).scalars())


async def test_an_event_is_accepted_once_per_surface_and_tenant(
    inbox: Inbox, writer: Writer, clock: Clock
) -> None:
    first = await accepted(inbox)
    assert await inbox.accept("slack", "E1", {"other": "content"}) is None
    other = Inbox(writer, "other", clock=clock)
    ids = {first, await accepted(inbox, surface="teams"), await accepted(other)}
    assert len(ids) == 3
    await inbox.done(first)
    assert await inbox.accept("slack", "E1", PAYLOAD) is None


async def test_of_many_copies_at_once_one_is_accepted(inbox: Inbox) -> None:
    found = await asyncio.gather(
        *(inbox.accept("slack", f"E{number % 3}", PAYLOAD) for number in range(30))
    )
    assert len([work_id for work_id in found if work_id is not None]) == 3


@pytest.mark.parametrize(("hours", "again"), [(24, False), (24.1, True)])
async def test_a_key_is_known_for_a_day_purged_or_not(
    inbox: Inbox, clock: Clock, hours: float, again: bool
) -> None:
    await inbox.done(await accepted(inbox))
    clock.forward(hours=hours)
    work_id = await inbox.accept("slack", "E1", {"n": 2})
    assert (work_id is not None) is again
    if again:
        clock.forward(seconds=61)
        (work,) = await inbox.due()
        assert (work.id, dict(work.payload), work.attempts) == (work_id, {"n": 2}, 2)


async def test_a_payload_that_is_not_json_is_refused_and_leaves_nothing(inbox: Inbox) -> None:
    with pytest.raises(TypeError):
        await inbox.accept("slack", "E1", {"text": object()})
    assert await inbox.counts() == Counts(0, 0)


async def test_what_was_accepted_is_nobody_elses_until_the_lease_ends(
    inbox: Inbox, writer: Writer, clock: Clock
) -> None:
    work_id = await accepted(inbox)
    other = Inbox(writer, "acme", clock=clock)
    clock.forward(seconds=59)
    assert await other.due() == []
    clock.forward(seconds=1)
    (work,) = await other.due()
    assert (work.id, work.surface, work.event_id) == (work_id, "slack", "E1")
    assert (work.payload, work.attempts, work.received_at) == (PAYLOAD, 2, NOW)
    assert await inbox.due() == []
    assert await Inbox(writer, "other", clock=clock).due() == []


async def test_noting_answers_reads_their_rows_and_no_others(
    inbox: Inbox, database: Database
) -> None:
    """A day of answered work stands in the table; SQLite must not go through it each time."""
    ids = [await accepted(inbox, f"E{number}") for number in range(5)]
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        seen.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await asyncio.gather(*(inbox.done(work_id) for work_id in ids))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    updates = [(s, v) for s, v in seen if s.startswith("UPDATE inbox")]
    assert updates
    with database.read() as connection:
        for statement, values in updates:
            first = values[0] if isinstance(values, list) else values
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", first).all()
            assert "INTEGER PRIMARY KEY" in plan[0].detail
    assert await inbox.counts() == Counts(0, 0)


async def test_done_wipes_the_content_and_is_never_due_again(
    inbox: Inbox, database: Database, clock: Clock
) -> None:
    work_id = await accepted(inbox)
    assert "topclients" in payloads(database)[0]
    await inbox.done(work_id)
    clock.forward(hours=1)
    assert payloads(database) == [""]
    assert await inbox.due() == []
    assert await inbox.counts() == Counts(0, 0)


async def test_the_tenant_next_door_can_end_nothing(
    inbox: Inbox, writer: Writer, clock: Clock
) -> None:
    work_id = await accepted(inbox)
    other = Inbox(writer, "other", clock=clock)
    await other.done(work_id)
    await other.later(work_id, 0, "mine now")
    await other.release([work_id])
    assert await other.renew([work_id]) == frozenset()
    assert (await inbox.counts(), await other.counts()) == (Counts(1, 0), Counts(0, 0))
    assert await inbox.due() == []


async def test_due_takes_the_longest_waiting_of_the_surfaces_asked_for(
    inbox: Inbox, clock: Clock
) -> None:
    for number in range(5):
        await accepted(inbox, f"E{number}", "slack" if number % 2 else "teams")
        clock.forward(seconds=1)
    clock.forward(minutes=2)
    assert [w.event_id for w in await inbox.due(2, ["teams"])] == ["E0", "E2"]
    assert [w.event_id for w in await inbox.due(2)] == ["E1", "E3"]
    assert [w.event_id for w in await inbox.due()] == ["E4"]


async def test_later_waits_what_was_asked_and_a_growing_pause(inbox: Inbox, clock: Clock) -> None:
    work_id = await accepted(inbox)
    for attempt, pause in enumerate((4, 16, 64, 256, 1024, 3600, 3600), start=2):
        await inbox.later(work_id, 30, "ratelimited")
        clock.forward(seconds=30 + pause - 1)
        assert await inbox.due() == []
        clock.forward(seconds=1)
        (work,) = await inbox.due()
        assert work.attempts == attempt


async def test_the_pause_is_spread_over_its_whole_length(writer: Writer, clock: Clock) -> None:
    asked: list[float] = []

    def low(most: float) -> float:
        asked.append(most)
        return 0.0

    inbox = Inbox(writer, "acme", clock=clock, jitter=low)
    await inbox.later(await accepted(inbox), 0, "again")
    assert asked == [4.0]
    assert len(await inbox.due()) == 1


async def test_the_eighth_failure_is_the_last(
    inbox: Inbox, database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    work_id = await accepted(inbox)
    for _ in range(7):
        await inbox.later(work_id, 0, "http 500")
        clock.forward(hours=1)
        assert len(await inbox.due()) == 1
    assert await inbox.counts() == Counts(1, 0)
    await inbox.later(work_id, 0, "http 500" + "x" * 500)
    assert await inbox.counts() == Counts(0, 1)
    (dead,) = await inbox.dead()
    assert (dead.id, dead.attempts, dead.received_at) == (work_id, 8, NOW)
    assert dead.reason.startswith("http 500")
    assert payloads(database) == [""]
    assert "inbox.dead" in caplog.text
    clock.forward(hours=10)
    assert await inbox.due() == []
    assert await inbox.accept("slack", "E1", PAYLOAD) is None


async def test_nothing_is_tried_after_twelve_hours(inbox: Inbox, clock: Clock) -> None:
    patient, forgotten = await accepted(inbox), await accepted(inbox, "E2")
    await inbox.later(patient, 12 * 3600, "ratelimited")
    assert [dead.id for dead in await inbox.dead()] == [patient]
    clock.forward(hours=12, seconds=1)
    assert await inbox.due() == []
    assert {dead.id: dead.reason for dead in await inbox.dead()} == {
        patient: "ratelimited",
        forgotten: "started and not finished",
    }


async def test_work_that_kills_its_process_is_given_up(inbox: Inbox, clock: Clock) -> None:
    await accepted(inbox)
    for attempt in range(2, 9):
        clock.forward(minutes=2)
        (work,) = await inbox.due()
        assert work.attempts == attempt
    clock.forward(minutes=2)
    assert await inbox.due() == []
    assert await inbox.counts() == Counts(0, 1)


async def test_a_lease_can_be_renewed_and_given_back(
    inbox: Inbox, writer: Writer, clock: Clock
) -> None:
    work_id = await accepted(inbox)
    other = Inbox(writer, "acme", clock=clock)
    for _ in range(3):
        clock.forward(seconds=50)
        assert await inbox.renew([work_id, 12345]) == frozenset({work_id})
        assert await other.due() == []
    await other.release([work_id])
    assert await other.due() == []
    await inbox.release([work_id])
    (work,) = await other.due()
    assert work.attempts == 1
    assert await inbox.renew([work_id]) == frozenset()


async def test_who_lost_the_lease_cannot_put_the_work_off_but_can_end_it(
    inbox: Inbox, writer: Writer, clock: Clock
) -> None:
    work_id = await accepted(inbox)
    clock.forward(seconds=61)
    other = Inbox(writer, "acme", clock=clock)
    assert len(await other.due()) == 1
    await inbox.later(work_id, 0, "too late")
    clock.forward(seconds=30)
    assert await inbox.due() == []
    await inbox.done(work_id)
    clock.forward(minutes=5)
    assert await other.due() == []


async def test_purge_forgets_keys_after_a_day_and_the_dead_after_a_week(
    inbox: Inbox, clock: Clock
) -> None:
    await inbox.done(await accepted(inbox))
    await inbox.later(await accepted(inbox, "E2"), 13 * 3600, "gone")
    clock.forward(hours=24)
    assert await inbox.purge() == 0
    clock.forward(seconds=1)
    assert await inbox.purge() == 1
    assert await inbox.counts() == Counts(0, 1)
    clock.forward(days=6)
    assert await inbox.purge() == 1
    assert await inbox.counts() == Counts(0, 0)


async def test_an_erased_person_leaves_no_waiting_work(
    inbox: Inbox, database: Database, clock: Clock
) -> None:
    await accepted(inbox)
    await inbox.accept("slack", "E2", {"user": "jän2"})
    data = PersonData(database, "acme")
    (waiting,) = list(data.export_person("jän")["waiting"])  # type: ignore[call-overload]
    assert "/topclients 10" in waiting["payload"]
    assert PersonData(database, "other").erase_person("jän")["waiting"] == 0
    assert data.erase_person("jän")["waiting"] == 1
    clock.forward(minutes=2)
    assert [work.event_id for work in await inbox.due()] == ["E2"]
    assert await inbox.accept("slack", "E1", PAYLOAD) is None


def test_a_database_of_the_first_version_gets_its_inbox(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/state.db")
    with engine.begin() as connection:
        migrate(connection, "0001")
        connection.execute(text("insert into person_settings values ('acme', 'jan', 'nl')"))
    engine.dispose()
    with closing(Database.open(tmp_path)) as database:
        with Writer(database) as writer:
            assert asyncio.run(Inbox(writer, "acme").accept("slack", "E1", PAYLOAD)) is not None
        with database.read() as connection:
            assert connection.execute(text("select locale from person_settings")).scalar() == "nl"
    assert len(list((tmp_path / "backups").glob("state-0001-*.db"))) == 1
