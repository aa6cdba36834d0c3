"""What a command may use: built once in app.py and passed in."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from bot.core.advice import Adviser
from bot.core.command import Registry
from bot.core.conditions import ConditionsSource, DefaultConditions
from bot.core.figures import Figures
from bot.core.memory import NoMemory, VerdictMemory
from bot.core.request import Request, Role
from bot.errors import UserError
from bot.i18n import Localizer
from bot.settings import Settings

if TYPE_CHECKING:
    from analytics.snapshot import Snapshot
    from bot.storage.database import Database
    from knowledge.cards import Card
    from knowledge.chunks import Chunk
    from knowledge.passages import Reader
    from knowledge.retriever import Retrieved

P = ParamSpec("P")
T = TypeVar("T")


class SnapshotSource(Protocol):
    """Gives the Snapshot in force; NoDataError before the first load."""

    @property
    def held(self) -> Snapshot | None:
        """The Snapshot in memory, if one was read already."""

    def current(self) -> Snapshot:
        """Return the Snapshot in force, reading it where none is held."""


class Channels(Protocol):
    """Which channels an admin cleared for figures."""

    def is_cleared(self, request: Request) -> bool:
        """Whether the channel of a request was cleared."""

    def set_cleared(self, request: Request, cleared: bool) -> None:
        """Clear the channel of a request, or take that back."""


class NoChannels:
    """Channels where nothing can be cleared."""

    def is_cleared(self, request: Request) -> bool:
        """No channel is."""
        return False

    def set_cleared(self, request: Request, cleared: bool) -> None:
        """Forget it."""


class State(Protocol):
    """The state database, opened at first use."""

    def exists(self) -> bool:
        """Whether there is one: who only reads need not make it."""

    def database(self) -> Database:
        """Return it open, made where there is none. UserError where that cannot be."""


class NoState:
    """Where nothing can be kept."""

    def exists(self) -> bool:
        """There is none."""
        return False

    def database(self) -> Database:
        """Refuse."""
        raise UserError("Nothing can be kept here: there is no home folder.")


class Knowledge(Protocol):
    """The principle cards, and a search over them and the company's own documents."""

    @property
    def cards(self) -> Mapping[str, Card]:
        """All cards by id."""

    def search(self, text: str, locale: str, *, limit: int, access: Reader) -> Retrieved:
        """The best cards and chunks for a question, and how sure that is; blocks."""

    def chunk(self, chunk_id: str, access: Reader) -> Chunk | None:
        """A piece of a document, where this access may read it; blocks."""


class Questions(Protocol):
    """What the coach was asked, kept so that it can get better."""

    def keep(self, request: Request, question: str, cards: Sequence[str], band: str) -> int | None:
        """Keep a question with what was found; its number, None where nothing can be kept."""

    def judge(self, request: Request, number: int, feedback: str) -> bool:
        """Note whether the answer to a question of the asker's own helped; False if there is none."""

    def counts(self, request: Request) -> Mapping[tuple[str, str], int]:
        """How many questions there were, by band and feedback."""


class NoQuestions:
    """Where no question is kept."""

    def keep(self, request: Request, question: str, cards: Sequence[str], band: str) -> int | None:
        """Forget it."""
        return None

    def judge(self, request: Request, number: int, feedback: str) -> bool:
        """There is none."""
        return False

    def counts(self, request: Request) -> Mapping[tuple[str, str], int]:
        """None."""
        return {}


def no_knowledge() -> Knowledge:
    """Refuse: a program composed without a library has no coach."""
    raise UserError("The coach is not set up here.")


class Clock(Protocol):
    """The time, so that tests can set it."""

    def __call__(self) -> dt.datetime:
        """Return now, in UTC."""


def utc_now() -> dt.datetime:
    """The clock of the machine."""
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True)
class Services:
    """Everything a command may touch; no command reaches around it."""

    settings: Settings
    registry: Registry
    snapshots: SnapshotSource
    clock: Clock = utc_now
    executor: Executor | None = None
    home: Path = Path(".ballotage")
    inbox: Mapping[str, int] = field(default_factory=dict)
    """Work of chat platforms that waits or was given up; empty where no door is open."""
    channels: Channels = field(default_factory=lambda: NoChannels())
    conditions: ConditionsSource = field(default_factory=lambda: DefaultConditions())
    state: State = field(default_factory=lambda: NoState())
    knowledge: Callable[[], Knowledge] = no_knowledge
    """Gives the library; made when first asked for, since few questions need it."""
    questions: Questions = field(default_factory=lambda: NoQuestions())
    adviser: Adviser | None = None
    """A language model; None where none is set, and everything stays on this machine."""
    verdicts: VerdictMemory = field(default_factory=lambda: NoMemory())

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work off the event loop, in the bounded pool where there is one."""
        if self.executor is None:
            return function(*args, **kwargs)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, partial(function, *args, **kwargs))

    async def snapshot(self) -> Snapshot:
        """The Snapshot in force; read off the event loop the first time."""
        held = self.snapshots.held
        return held if held is not None else await self.run(self.snapshots.current)

    def snapshot_version(self) -> str:
        """Version of the Snapshot in memory; empty before one was read.

        It never reads one: who only wants to note the version must not fail on a damaged one.
        """
        held = self.snapshots.held
        return "" if held is None else str(held.meta.version)

    def today(self, request: Request) -> dt.date:
        """Today where the asker is."""
        from bot.i18n import zone

        return self.clock().astimezone(zone(request.principal.time_zone)).date()

    def localizer(self, request: Request) -> Localizer:
        """Texts and numbers in the asker's language and the data's currency."""
        from analytics.errors import NoDataError

        try:
            currency = self.snapshots.current().meta.home_currency
        except NoDataError:
            currency = self.settings.currency or "EUR"
        return Localizer(request.locale, currency)

    def figures(self, request: Request) -> Figures:
        """How this asker may see revenue."""
        roles = request.principal.roles
        reduced = roles == frozenset({Role.SALES})
        return Figures(self.localizer(request), self.settings.rep_revenue if reduced else "exact")
