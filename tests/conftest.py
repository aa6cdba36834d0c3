"""The doors tests knock on: `ask` over the demo company, `company` for one's own data."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import pytest
from filelock import FileLock

from analytics.snapshot import Snapshot
from bot import demo
from bot.application import Application, build
from bot.core.audit import NoAudit
from bot.core.memory import KeptVerdict
from bot.core.reply import Reply
from bot.core.request import Conversation, Place, Principal, Request, Role
from bot.core.services import NoQuestions
from bot.encoding import to_json, to_object
from bot.settings import Settings
from knowledge.library import Library

TODAY = dt.date(2026, 11, 24)
NOW = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC)


class Ask(Protocol):
    """Asks one thing and returns the Reply."""

    def __call__(
        self,
        text: str,
        *,
        role: str | None = "mt",
        locale: str = "nl",
        place: str = "dm",
        share: bool = False,
        guest: bool = False,
        as_of: dt.date | None = None,
        channel: str = "C1",
        user: str = "tester@demo.example",
    ) -> Awaitable[Reply]: ...


def asker(application: Application) -> Ask:
    """An `ask` over an application."""

    async def ask(
        text: str,
        *,
        role: str | None = "mt",
        locale: str = "nl",
        place: str = "dm",
        share: bool = False,
        guest: bool = False,
        as_of: dt.date | None = None,
        channel: str = "C1",
        user: str = "tester@demo.example",
    ) -> Reply:
        roles = frozenset({Role(role)}) if role else frozenset[Role]()
        return await application.answer(
            Request(
                principal=Principal("default", user, roles, locale, guest=guest),
                conversation=Conversation(Place(place), channel),
                text=text,
                surface="test",
                as_of=as_of,
                share=share,
            )
        )

    return ask


class Remembered:
    """Cleared channels kept in memory."""

    def __init__(self, cleared: Iterable[str] = ()) -> None:
        self.cleared = set(cleared)

    def is_cleared(self, request: Request) -> bool:
        return request.conversation.id in self.cleared

    def set_cleared(self, request: Request, cleared: bool) -> None:
        (self.cleared.add if cleared else self.cleared.discard)(request.conversation.id)


class Memory:
    """Verdicts kept in memory."""

    def __init__(self) -> None:
        self.kept: list[KeptVerdict] = []

    def keep(self, tenant: str, verdict: KeptVerdict) -> int:
        self.kept.append(replace(verdict, id=len(self.kept) + 1))
        return len(self.kept)

    def judge(self, tenant: str, verdict_id: int, feedback: str, why: str, by: str) -> bool:
        if not 1 <= verdict_id <= len(self.kept):
            return False
        changed = replace(self.kept[verdict_id - 1], feedback=feedback, why=why, feedback_by=by)
        self.kept[verdict_id - 1] = changed
        return True

    def told(self, tenant: str, subject: str) -> dict[str, str]:
        return {n: v for k in self.kept if k.subject == subject for n, v in k.given.items()}

    def all(self, tenant: str) -> list[KeptVerdict]:
        return list(self.kept)


def compose(home: Path, **changes: Any) -> Application:
    """An application over a home, with the clock standing still and nothing audited."""
    cleared = changes.pop("cleared", frozenset())
    questions = changes.pop("questions", None) or NoQuestions()
    settings = Settings(home=home, **changes)
    application = build(
        settings,
        home=home,
        clock=lambda: NOW,
        audit=NoAudit(),
        channels=Remembered(cleared),
        questions=questions,
    )
    application.services.knowledge = cards_only
    application.services.verdicts = Memory()
    return application


@lru_cache(maxsize=1)
def cards_only() -> Library:
    """The principle cards, indexed once for this checkout: building takes seconds."""
    return Library(Path(__file__).parents[1] / ".pytest_cache" / "coach")


def data(reply: Reply) -> Any:
    """The data of a reply as a reader of the JSON gets it."""
    return json.loads(to_json(to_object(reply)))["data"]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Give every test the logging a fresh process has: a command may have set it up before."""
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    level, handlers = root.level, list(root.handlers)
    logging.disable(logging.NOTSET)
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.startswith("ballotage"):
            logger.disabled = False
    yield
    root.setLevel(level)
    for handler in [h for h in root.handlers if h not in handlers]:
        root.removeHandler(handler)
    logging.setLogRecordFactory(factory)


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company of TODAY, built once for all workers. Nobody writes in it."""
    shared = tmp_path_factory.getbasetemp().parent
    if shared.name.startswith("pytest-of-"):  # one process: the base is this run's own
        shared = tmp_path_factory.getbasetemp()
    where = shared / "demo-company"
    with FileLock(shared / "demo-company.lock"):
        if not (where / "snapshots" / "CURRENT").exists():
            from analytics.demo import DEFAULT_SEED

            demo.build(where, seed=DEFAULT_SEED, today=TODAY)
    return where


@pytest.fixture(scope="session")
def _demo_program(demo_home: Path) -> Application:
    return compose(demo_home)


@pytest.fixture
def demo_application(_demo_program: Application) -> Application:
    """The program over the demo company: no channel is cleared, no verdict was given."""
    channels = _demo_program.services.channels
    assert isinstance(channels, Remembered)
    channels.cleared.clear()
    _demo_program.services.verdicts = Memory()
    return _demo_program


@pytest.fixture
def ask(demo_application: Application) -> Ask:
    """Ask the demo company."""
    return asker(demo_application)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Callable[..., Ask]]:
    """Make a company of one's own: `company(invoices="date;amount;...")` gives its `ask`."""
    from bot.loading import load_files

    number = itertools.count()

    def make(mapping: str = "", settings: dict[str, Any] | None = None, **tables: str) -> Ask:
        files = []
        for table, text in tables.items():
            path = tmp_path / f"{table}.csv"
            path.write_text(text, encoding="utf-8")
            files.append((table, path))
        map_file = tmp_path / "map.yaml"
        if mapping:
            map_file.write_text(mapping, encoding="utf-8")
        home = tmp_path / f"home{next(number)}"
        load_files(home, files, mapping=map_file if mapping else None, today=TODAY)
        return asker(compose(home, **(settings or {})))

    return make


class Frozen:
    """A SnapshotSource over one Snapshot made in memory."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = self.held = snapshot

    def current(self) -> Snapshot:
        return self.snapshot


def over(snapshot: Snapshot, home: Path, **changes: Any) -> Ask:
    """An `ask` over a Snapshot made in memory."""
    application = compose(home, **changes)
    application.services.snapshots = Frozen(snapshot)
    return asker(application)
