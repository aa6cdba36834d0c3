"""A nudge goes out once, or is reported; whatever fails, moves or stands still."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.scheduling.sending import NotSentError, UnreachableError
from bot.scheduling.slots import IsoWeek, Rhythm
from bot.storage.nudge_preferences import PreferenceTable
from bot.storage.outbox import LEASE
from tests import postgres
from tests.unit.bot.scheduling.post import MONDAY, TENANT, Post

HOUR, MINUTE, DAY = dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=postgres.needed)])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path, url=postgres.fresh() if request.param == "postgres" else "")
    yield made
    made.close()


async def test_each_week_once_at_its_time(post: Post) -> None:
    await post.run(MONDAY + 15 * DAY, 30 * MINUTE)
    assert post.arrived == {("ann", "2026-W45"): 1, ("ann", "2026-W46"): 1, ("ann", "2026-W47"): 1}
    assert [f"{t:%a %H:%M}" for t in post.tried] == ["Mon 07:30"] * 3


async def test_many_processes_send_one(post: Post) -> None:
    post.people = {f"p{i}": Rhythm() for i in range(60)}
    await post.run(MONDAY + 3 * HOUR, 10 * MINUTE, *(post.scheduler() for _ in range(4)))
    assert set(post.arrived.values()) == {1}
    assert len(post.arrived) == 60


async def test_nobody_is_owed_what_fell_due_before_they_were_known(post: Post) -> None:
    post.now = MONDAY + 2 * DAY
    await post.run(MONDAY + 6 * DAY, HOUR)
    assert post.states() == {}


async def test_a_short_outage_is_made_up_for_a_long_one_reported(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    await post.run(MONDAY + 10 * MINUTE, 10 * MINUTE)  # known, and then nobody there
    post.now = MONDAY + 11 * HOUR
    await post.run(post.now + MINUTE, MINUTE)
    assert post.states() == {"2026-W45": "sent"}
    post.now = MONDAY + 7 * DAY + 13 * HOUR
    with caplog.at_level(logging.WARNING):
        await post.run(post.now + HOUR, MINUTE)
    assert post.states() == {"2026-W45": "sent", "2026-W46": "dead"}
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1
    (trouble,) = post.nudges.troubles(post.now)
    assert "12 hours" in trouble.reason


async def test_retry_after_is_honoured(post: Post) -> None:
    post.troubles = [NotSentError("429", 1_000), NotSentError("no connection")]
    await post.run(MONDAY + 3 * HOUR, MINUTE)
    assert post.arrived == {("ann", "2026-W45"): 1}
    first, second, third = post.tried
    assert second - first >= dt.timedelta(seconds=1_000)
    assert third - second >= dt.timedelta(seconds=60)


async def test_what_never_gets_through_is_given_up_after_twelve_hours(post: Post) -> None:
    post.troubles = [NotSentError("429", 3_000) for _ in range(99)]
    await post.run(MONDAY + 14 * HOUR, 5 * MINUTE)
    assert post.states() == {"2026-W45": "dead"}
    assert post.nudges.troubles(post.now)[0].reason == "429"
    assert post.tried[-1] <= MONDAY + 12.6 * HOUR
    assert not post.arrived


@pytest.mark.parametrize("error", [TimeoutError(), OSError("reset"), RuntimeError("500")])
async def test_any_other_failure_is_unknown_and_never_sent_again(
    post: Post, error: Exception
) -> None:
    post.troubles = [error]
    await post.run(MONDAY + 6 * DAY, HOUR)
    assert post.states() == {"2026-W45": "unknown"}
    assert len(post.tried) == 1
    assert [k.state for k in post.nudges.troubles(post.now)] == ["unknown"]


async def test_who_left_is_reported_once(post: Post) -> None:
    post.troubles = [UnreachableError("user_not_found")]
    await post.run(MONDAY + DAY, HOUR)
    assert post.nudges.troubles(post.now)[0].reason == "user_not_found"
    assert post.states() == {"2026-W45": "dead"}


async def test_a_process_that_dies_while_sending_leaves_an_unknown(post: Post) -> None:
    post.now = MONDAY
    await post.run(MONDAY + 31 * MINUTE, 31 * MINUTE)
    post.now = MONDAY + 31 * MINUTE
    first = post.scheduler()
    await first.plan()

    reached = asyncio.Event()

    async def never(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    post.send = never  # type: ignore[method-assign]
    task = asyncio.create_task(first.turn())
    await reached.wait()
    assert post.states() == {"2026-W45": "sending"}
    del post.send
    await post.scheduler().turn()
    assert post.states() == {"2026-W45": "sending"}  # its lease still runs
    post.now += LEASE + MINUTE
    await post.scheduler().turn()
    assert post.states() == {"2026-W45": "unknown"}
    assert not post.arrived
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_clock_set_back_doubles_nothing(post: Post) -> None:
    await post.run(MONDAY + 8 * DAY, HOUR)
    for back in (HOUR, DAY, 9 * DAY):
        post.now -= back
        await post.run(post.now + back, HOUR)
    assert post.arrived == {("ann", "2026-W45"): 1, ("ann", "2026-W46"): 1}


async def test_a_database_away_for_five_minutes_costs_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.run(MONDAY + 10 * MINUTE, 10 * MINUTE)
    scheduler, real = post.scheduler(), post.database.write
    away = [MONDAY + 30 * MINUTE, MONDAY + 36 * MINUTE]

    def write(**how: bool) -> object:
        if away[0] <= post.now < away[1]:
            raise OperationalError("BEGIN", {}, Exception("away"))
        return real(**how)

    monkeypatch.setattr(post.database, "write", write)
    failed = 0
    while post.now < MONDAY + 50 * MINUTE:
        try:
            await scheduler.plan()
            await scheduler.turn()
        except OperationalError:
            failed += 1
        post.now += MINUTE
    assert failed >= 5
    assert post.arrived == {("ann", "2026-W45"): 1}
    assert post.tried == [away[1]]


async def test_the_note_that_it_arrived_survives_a_short_outage(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.scheduling.scheduler.NOTE_PAUSES", (0.01, 0.01, 0.01))
    await post.run(MONDAY + 10 * MINUTE, 10 * MINUTE)
    post.now = MONDAY + HOUR
    real, left = post.database.write, [2]

    def write(**how: bool) -> object:
        if post.tried and left[0]:
            left[0] -= 1
            raise OperationalError("BEGIN", {}, Exception("away"))
        return real(**how)

    monkeypatch.setattr(post.database, "write", write)
    scheduler = post.scheduler()
    await scheduler.plan()
    await scheduler.turn()
    assert (post.states(), left) == ({"2026-W45": "sent"}, [0])


async def test_who_pauses_gets_nothing_until_then_and_is_owed_nothing(post: Post) -> None:
    preferences = PreferenceTable(post.database, TENANT)
    await post.run(MONDAY + 10 * MINUTE, 10 * MINUTE)
    preferences.change("ann", post.now, paused_until=dt.date(2026, 11, 16))
    await post.run(MONDAY + 15 * DAY, HOUR)
    assert post.states() == {
        "2026-W45": "cancelled", "2026-W46": "cancelled", "2026-W47": "sent"
    }  # fmt: skip


async def test_who_stops_and_starts_again_is_owed_nothing_in_between(post: Post) -> None:
    preferences = PreferenceTable(post.database, TENANT)
    await post.run(MONDAY + DAY, HOUR)
    preferences.change("ann", post.now, wanted=False)
    await post.run(MONDAY + 22 * DAY, HOUR)
    preferences.change("ann", post.now, wanted=True)
    await post.run(MONDAY + 29 * DAY, HOUR)
    assert post.states() == {"2026-W45": "sent", "2026-W49": "sent"}


async def test_what_may_not_be_sent_any_more_is_cancelled_with_its_reason(post: Post) -> None:
    post.withheld = "no role any more"
    await post.run(MONDAY + DAY, HOUR)
    assert post.states() == {"2026-W45": "cancelled"}
    assert not post.tried


ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Amsterdam", "America/New_York",
         "Asia/Kolkata", "Pacific/Auckland", "No/Where", "UTC")  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
async def test_who_travels_gets_each_week_once(post: Post, seed: int) -> None:
    luck = random.Random(seed)
    weeks = 9
    while post.now < MONDAY + weeks * 7 * DAY:
        if luck.random() < 0.1:
            rhythm = post.people["ann"]
            post.people["ann"] = Rhythm(
                luck.choice((rhythm.weekday, luck.randrange(7))),
                luck.choice((rhythm.time, dt.time(luck.randrange(24), 15))),
                luck.choice(ZONES),
            )
        await post.run(post.now + 5 * HOUR, 5 * HOUR)
    got = [week for _, week in post.arrived]
    assert set(post.arrived.values()) == {1}
    first, last = IsoWeek.read(min(got)), IsoWeek.read(max(got))
    assert sorted(got) == [str(week) for week in first.until(last)]
    assert len(got) >= weeks - 1
    assert set(post.states().values()) == {"sent"}
    gaps = [b - a for a, b in zip(post.tried, post.tried[1:], strict=False)]
    assert min(gaps) >= DAY
