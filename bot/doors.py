"""The doors to chat platforms: opened where their settings are present, closed in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from bot import people
from bot.application import Application

if TYPE_CHECKING:
    from aiohttp import web

    from bot.adapters.slack.settings import SlackSettings
    from bot.adapters.teams.settings import TeamsSettings
    from bot.observability import Metrics
    from bot.scheduling.sending import Sender
    from bot.storage.inbox import Counts, Work

log = logging.getLogger("ballotage.doors")


class Door(Protocol):
    """What every door is to the program."""

    @property
    def routes(self) -> Sequence[web.RouteDef]:
        """Where it listens."""

    @property
    def sender(self) -> Sender | None:
        """Writes first to people there."""

    async def handle(self, work: Work) -> Any:
        """Answer kept work."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """Finish."""


@contextlib.asynccontextmanager
async def opened(
    application: Application,
    *,
    slack: SlackSettings | None = None,
    teams: TeamsSettings | None = None,
    stand_in: str = "",
    metrics: Metrics | None = None,
    nudges: bool = False,
) -> AsyncIterator[list[web.RouteDef]]:
    """Open the doors whose settings are given; yields their routes.

    With a door come the inbox, whose work survives a restart, and an audit that rides along in the
    same commits. `stand_in`: who an unknown person counts as at a Teams door without an app id.
    `nudges`: whether the weekly nudges are sent through these doors.
    """
    if slack is None and teams is None:
        yield []
        return
    from bot.adapters.worker import Worker
    from bot.storage.inbox import Inbox
    from bot.storage.references import References
    from bot.storage.sink import StoredAudit
    from bot.storage.welcomed import Welcomed
    from bot.storage.writer import BufferedAudit, Writer

    stored = StoredAudit(application.home)
    database = await asyncio.to_thread(stored.database)
    writer = Writer(database)
    inbox = Inbox(writer, people.TENANT)
    shared = (
        application,
        inbox,
        References(writer, people.TENANT),
        Welcomed(writer, people.TENANT),
    )
    observe = metrics.observe_inbound if metrics else None
    doors: dict[str, Door] = {}
    if slack is not None:
        from bot.adapters.slack.door import create_slack

        doors["slack"] = create_slack(*shared, slack, observe=observe)
    if teams is not None:
        from bot.adapters.teams.door import create_teams

        doors["teams"] = create_teams(*shared, teams, stand_in=stand_in, observe=observe)

    def counted(counts: Counts) -> None:
        application.services.inbox = {"waiting": counts.todo, "dead": counts.dead}
        if metrics:
            metrics.observe_inbox(counts.todo, counts.dead)

    handlers = {name: door.handle for name, door in doors.items()}
    worker = Worker(inbox, handlers, observe=counted)
    application.dispatcher.audit = BufferedAudit(writer)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(stored.close)
        stack.push_async_callback(asyncio.to_thread, writer.close)
        for name, door in doors.items():
            await door.start()
            stack.push_async_callback(door.stop)
            log.info("door.opened platform=%s", name)
        await worker.start()
        stack.push_async_callback(worker.stop)
        if nudges:
            from bot.scheduling.serving import scheduler_of

            senders = {name: door.sender for name, door in doors.items() if door.sender}
            told = metrics.observe_nudges if metrics else None
            scheduler = scheduler_of(application.services, writer, senders, observe=told)
            await scheduler.start()
            stack.push_async_callback(scheduler.stop)
        yield [route for door in doors.values() for route in door.routes]
