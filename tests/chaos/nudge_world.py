"""Two processes send nudges from one database, and are killed while they do it.

A server counts what arrives. It refuses some (429, surely not delivered), is slow with others, and
now and then breaks the connection after it took the message: what a sender can only call unknown.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.reply import Reply, Section
from bot.scheduling.scheduler import Letter, Person, Scheduler
from bot.scheduling.sending import Address, NotSentError
from bot.storage.nudge_preferences import Preference
from bot.storage.outbox import NewSlot, NudgeTable, Said
from bot.storage.writer import Writer
from tests.postgres import opened

TENANT = "acme"
LEASE = dt.timedelta(seconds=2)
PROCESSES = 2


@dataclass
class Counting:
    """The server."""

    luck: random.Random
    breaks: float = 0.0
    """Share of messages taken whose sender never hears of it."""
    arrived: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    broken: int = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/send", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        nudge = (await request.json())["nudge"]
        if self.luck.random() < 0.1:
            self.refused += 1
            return web.Response(status=429, headers={"Retry-After": "0"})
        await asyncio.sleep(self.luck.uniform(0, 0.01))
        self.arrived[nudge] += 1
        if self.luck.random() < self.breaks:
            self.broken += 1
            assert request.transport is not None
            request.transport.abort()
        await asyncio.sleep(self.luck.uniform(0, 0.01))
        return web.Response()


class Posting:
    """A sender as those of the platforms are."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def reaches(self, address: Address) -> bool:
        return True

    async def send(self, address: Address, reply: Reply) -> None:
        try:
            async with self._session.post(self._url, json={"nudge": address.user}) as answer:
                status = answer.status
        except aiohttp.ClientConnectorError:
            raise NotSentError("no connection") from None
        if status == 429:
            raise NotSentError("429", 0.01)
        if status != 200:
            raise RuntimeError(str(status))


def deliver(home: str, database_url: str, url: str) -> None:
    """A process that sends until it is killed, or told to stop by SIGTERM."""
    asyncio.run(_deliver(Path(home), database_url, url))


async def _deliver(home: Path, database_url: str, url: str) -> None:
    async def nobody(known: Mapping[str, Preference]) -> list[Person]:
        return []

    async def compose(kept: object) -> Letter:
        user = kept.user  # type: ignore[attr-defined]
        return Letter(Said("s"), "test", Address(user), Reply((Section("x"),)))

    with opened(home, database_url) as database, Writer(database) as writer:
        async with aiohttp.ClientSession() as session:
            scheduler = Scheduler(
                writer,
                TENANT,
                choose=nobody,
                compose=compose,
                senders={"test": Posting(session, url)},
                poll_seconds=0.2,
                lease=LEASE,
                jitter=lambda _most: 0.05,
            )
            stopped = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
            await scheduler.start()
            await stopped.wait()
            await scheduler.stop()


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended."""

    slots: int
    kills: int
    sent: int
    unknown: int
    dead: int
    unfinished: int
    duplicates: int
    lost: int
    listed: int
    broken: int
    seconds: float


async def run(
    home: Path, slots: int, kills: int, seed: int, *, database_url: str = "", breaks: float = 0.0
) -> Report:
    """Deliver so many slots while so many processes are killed at random moments."""
    started = time.monotonic()
    luck = random.Random(seed)
    server = Counting(random.Random(seed + 1), breaks)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chaos.nudge_world"])
    with opened(home, database_url) as database, Writer(database) as writer:
        nudges = NudgeTable(database, TENANT)
        now = dt.datetime.now(dt.UTC)
        new = [NewSlot(f"user{i:04}", "weekly", "2026-W48", now) for i in range(slots)]
        assert all(await asyncio.gather(*(writer.run(nudges.plan, slot) for slot in new)))
        async with TestServer(server.app()) as at:
            url = str(at.make_url("/send"))

            def begin() -> BaseProcess:
                made = context.Process(target=deliver, args=(str(home), database_url, url))
                made.start()
                return made

            running = [begin() for _ in range(PROCESSES)]
            for number in range(kills):
                # Spread over the whole run; each kill may have kept one from arriving.
                await _until(lambda n=number: (len(server.arrived) + n) * kills >= n * slots)
                await asyncio.sleep(luck.uniform(0, 0.04))
                place = luck.randrange(PROCESSES)
                pid = running[place].pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                await asyncio.to_thread(running[place].join)
                running[place] = begin()

            def settled() -> bool:
                counts = nudges.counts(now)
                return sum(counts.get(s, 0) for s in ("sent", "unknown", "dead")) == slots

            await _until(settled, 0.2)
            for process in running:
                process.terminate()
            for process in running:
                await asyncio.to_thread(process.join)
        counts = nudges.counts(now)
        troubles = nudges.troubles(now, slots)
        reported = {kept.user for kept in troubles}
    everyone = {slot.user for slot in new}
    return Report(
        slots=slots,
        kills=kills,
        sent=counts.get("sent", 0),
        unknown=counts.get("unknown", 0),
        dead=counts.get("dead", 0),
        unfinished=slots - sum(counts.get(s, 0) for s in ("sent", "unknown", "dead")),
        duplicates=sum(count - 1 for count in server.arrived.values()),
        lost=len(everyone - set(server.arrived) - reported),
        listed=len(troubles),
        broken=server.broken,
        seconds=time.monotonic() - started,
    )


async def _until(holds: object, pause: float = 0.01) -> None:
    async with asyncio.timeout(300):
        while not holds():  # type: ignore[operator]
            await asyncio.sleep(pause)
