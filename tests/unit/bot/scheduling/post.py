"""A post office for tests: a clock to set, senders that fail as told, schedulers on one database."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.reply import Reply, Section
from bot.scheduling.scheduler import Letter, Person, Scheduler, Withheld
from bot.scheduling.sending import Address
from bot.scheduling.slots import Rhythm
from bot.storage.nudge_preferences import Preference
from bot.storage.outbox import Kept, NudgeTable, Said
from bot.storage.writer import Writer
from tests.postgres import opened

TENANT = "acme"
MONDAY = dt.datetime(2026, 11, 2, 7, 0, tzinfo=dt.UTC)  # 08:00 in Amsterdam, W45


@dataclass
class Post:
    """People, a clock and what arrived."""

    home: Path
    now: dt.datetime = MONDAY
    people: dict[str, Rhythm] = field(default_factory=lambda: {"ann": Rhythm()})
    arrived: Counter[tuple[str, str]] = field(default_factory=Counter)
    tried: list[dt.datetime] = field(default_factory=list)
    troubles: list[BaseException] = field(default_factory=list)
    """Raised by the next sends, one each; the message did not arrive."""
    withheld: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        self.database = opened(self.home, self.url)
        self.writer = Writer(self.database)
        self.nudges = NudgeTable(self.database, TENANT)

    def close(self) -> None:
        self.writer.close()
        self.database.close()

    def scheduler(self) -> Scheduler:
        return Scheduler(
            self.writer,
            TENANT,
            choose=self.choose,
            compose=self.compose,
            senders={"test": self},
            clock=lambda: self.now,
            jitter=lambda most: most,
        )

    async def choose(self, known: Mapping[str, Preference]) -> list[Person]:
        return [
            Person(user, rhythm)
            for user, rhythm in self.people.items()
            if user not in known or known[user].wanted is not False
        ]

    async def compose(self, kept: Kept) -> Letter | Withheld:
        if self.withheld:
            return Withheld(self.withheld)
        reply = Reply((Section(f"{kept.user} {kept.iso_week}"),))
        return Letter(Said("s", "c1", 0.5, {"a": 1}), "test", Address(kept.user), reply)

    async def reaches(self, address: Address) -> bool:
        return True

    async def send(self, address: Address, reply: Reply) -> None:
        self.tried.append(self.now)
        await asyncio.sleep(0)
        if self.troubles:
            raise self.troubles.pop(0)
        section = reply.elements[0]
        assert isinstance(section, Section)
        user, _, week = section.text.partition(" ")
        self.arrived[(user, week)] += 1

    def states(self) -> dict[str, str]:
        """Week to state of Ann."""
        with self.database.read() as connection:
            rows = connection.exec_driver_sql(
                "select iso_week, state from nudges where \"user\" = 'ann'"
            )
            return {row[0]: row[1] for row in rows}

    async def run(self, until: dt.datetime, step: dt.timedelta, *schedulers: Scheduler) -> None:
        """Let time pass in steps, each scheduler having a turn in each."""
        several = schedulers or (self.scheduler(),)
        while self.now < until:
            await asyncio.gather(*(s.plan() for s in several))
            await asyncio.gather(*(s.turn() for s in several))
            self.now += step
