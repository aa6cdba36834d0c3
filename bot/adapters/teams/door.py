"""The Teams door: what happens with an event, whatever SDK brought it.

An event is stored before it has an effect. Its answer is awaited for as long as Teams likes to
wait, and finished afterwards where that was not long enough. What Teams would not take is tried
again by the Worker, from what was stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

from aiohttp import web

from bot.adapters.first_words import INTRODUCTIONS, WELCOME, is_greeting
from bot.adapters.teams.audience import Asker, Audience
from bot.adapters.teams.delivery import SURFACE, Delivery, GoneError, References, group_key
from bot.adapters.teams.presses import Inbox, Presses, no_member_text, read, without_answer
from bot.adapters.teams.proactive import TeamsSender
from bot.adapters.teams.seam import InEvent, Out, TeamsPort
from bot.adapters.teams.settings import TeamsSettings
from bot.adapters.teams.texts import foreign_text, hello_text, texts
from bot.adapters.worker import Later
from bot.application import Application
from bot.core.reply import Outcome
from bot.i18n import Localizer
from bot.storage.inbox import Work

log = logging.getLogger("ballotage.teams")

INLINE_SECONDS = 3.0
"""How long a message's request waits for its answer; Teams wants one within 5 s."""
TYPING_AFTER, TYPING_EVERY = 2.0, 3.0
"""A sign of typing lasts about three seconds."""
TRY_SECONDS = 45.0
"""Longest one try may take: within the 60 s for which accepted work is held."""
STOP_SECONDS = 10.0
Observer = Callable[[str, str, str], None]
"""Called with platform, kind and outcome for every event."""


class Welcomed(Protocol):
    """Who was greeted; bot.storage.welcomed is one."""

    async def first_time(self, surface: str, user: str) -> bool:
        """Tell whether a person is new, and note it."""


def create_teams(
    application: Application,
    inbox: Inbox,
    references: References,
    welcomed: Welcomed,
    settings: TeamsSettings,
    *,
    port: TeamsPort | None = None,
    stand_in: str = "",
    observe: Observer | None = None,
) -> TeamsDoor:
    """Compose the door; `routes` go to the server, `handle` to the Worker as surface "teams".

    Without an app id in the settings nothing is verified and only this machine is let in: for
    `demo` alone, where `stand_in` is who an unknown person counts as. `port` is the SDK's unless
    given.
    """
    if port is None:
        from bot.adapters.teams.sdk import BotbuilderPort

        port = BotbuilderPort(settings)
    if settings.app_id and not settings.tenant_id:
        log.warning("teams.any_tenant people=aad_ids_only set=MicrosoftAppTenantId")
    audience = Audience(
        application.services,
        port,
        tenant_id=settings.tenant_id,
        stand_in="" if settings.app_id else stand_in,
        verified=bool(settings.app_id),
    )
    delivery = Delivery(port, references, targeted=settings.targeted == "always")
    door = TeamsDoor(
        application, inbox, references, welcomed, settings, port, audience, delivery, observe
    )
    door.sender = TeamsSender(port, references)
    return door


class TeamsDoor:
    """Answers events of Teams."""

    def __init__(
        self,
        application: Application,
        inbox: Inbox,
        references: References,
        welcomed: Welcomed,
        settings: TeamsSettings,
        port: TeamsPort,
        audience: Audience,
        delivery: Delivery,
        observe: Observer | None = None,
    ) -> None:
        self._application = application
        self._inbox = inbox
        self._welcomed = welcomed
        self._settings = settings
        self._locale = application.settings.locale
        self._port = port
        self._audience = audience
        self._delivery = delivery
        self._observe = observe or (lambda platform, kind, outcome: None)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.sender: TeamsSender | None = None
        self._presses = Presses(
            application.answer,
            inbox,
            references,
            port,
            audience,
            delivery,
            self._locale,
            self._is_foreign,
            self._spawn,
        )
        self.routes: list[web.RouteDef] = port.routes(self.on_event)

    async def start(self) -> None:
        """Nothing has to be warm; here for its pair."""

    async def stop(self) -> None:
        """Let running answers finish for a while, then close connections."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._port.close()

    async def on_event(self, event: InEvent) -> Out | None:
        """Take an event; returns within five seconds."""
        if event.kind == "members":
            self._audience.forget(event)
        if event.kind in {"members", "other", "file_consent"}:
            self._observe(SURFACE, event.kind, "ignored")
            return None
        kept = without_answer(event, self._application.recordable).to_json()
        work_id = await self._inbox.accept(SURFACE, event.key, kept)
        if work_id is None:
            self._observe(SURFACE, event.kind, "repeated")
            return await self._presses.again(event) if event.kind == "execute" else None
        self._observe(SURFACE, event.kind, "accepted")
        if event.kind == "execute":
            return await self._presses.first(work_id, event)
        task = self._spawn(self._try(work_id, event))
        await asyncio.wait({task}, timeout=INLINE_SECONDS)
        return None

    async def handle(self, work: Work) -> None:
        """Answer stored work, for the Worker. Later: to be tried again."""
        with contextlib.suppress(GoneError):
            await self._respond(InEvent.from_json(work.payload), work.attempts)

    async def _try(self, work_id: int, event: InEvent) -> None:
        """Make the first try at work we hold, and tell the inbox how it went."""
        try:
            async with asyncio.timeout(TRY_SECONDS):
                await self._respond(event, 1)
        except Later as later:
            log.info("teams.later id=%d reason=%s", work_id, later.reason)
            await self._inbox.later(work_id, later.seconds, later.reason)
        except GoneError as error:
            log.info("teams.gone id=%d reason=%s", work_id, error)
            await self._inbox.done(work_id)
        except Exception as error:
            log.exception("teams.try_failed id=%d", work_id)
            await self._inbox.later(work_id, 0.0, type(error).__name__)
        else:
            await self._inbox.done(work_id)

    async def _respond(self, event: InEvent, attempts: int) -> None:
        _ = texts(event, self._locale)
        if self._is_foreign(event):
            if event.kind != "uninstall":
                await self._delivery.say(event, foreign_text(_))
        elif event.kind == "uninstall":
            await self._uninstall(event)
        elif event.kind == "install":
            await self._install(event, attempts)
        else:
            async with self._typing(event):
                where = await self._presses.origin(event)
                if where is None:
                    await self._delivery.say(event, no_member_text(_))
                    return
                await self._answer(event, where, attempts)

    async def _answer(self, event: InEvent, where: InEvent, attempts: int) -> None:
        """Answer what was asked in `event`, where it counts."""
        asker = await self._audience.of(where, attempts)
        await self._delivery.remember(event, asker)
        text, share = read(event)
        own_chat = event.kind == "message" and event.conversation_type == "personal"
        # To who has no role help says more: whom to ask for one.
        hello = own_chat and is_greeting(text) and asker.principal.roles
        if hello and await self._welcomed.first_time(SURFACE, asker.principal.user):
            text = WELCOME
        reply = await self._application.answer(asker.request(where, text, share))
        try:
            await self._delivery.answer(where, asker, reply)
        except GoneError:
            await self._delivery.forget(where, asker)
            raise
        if event.conversation_type == "personal" and reply.outcome is Outcome.ANSWERED:
            await self._greet(event, asker, reply.command)

    async def _install(self, event: InEvent, attempts: int) -> None:
        personal = event.conversation_type == "personal"
        # A group is greeted in the language of whoever installs it, or of the installation: what
        # the event says is that of a device, if anything.
        spoken = event if personal else replace(event, locale="")
        asker = await self._audience.of(spoken, attempts)
        await self._delivery.remember(event, asker)
        if personal:
            await self._greet(event, asker, "")
        elif await self._welcomed.first_time(SURFACE, group_key(event.base_conversation)):
            await self._delivery.hint(event, hello_text(Localizer(asker.principal.locale)))

    async def _uninstall(self, event: InEvent) -> None:
        try:
            asker = await self._audience.of(event)
        except Later:
            asker = None
        await self._delivery.forget(event, asker)

    async def _greet(self, event: InEvent, asker: Asker, answered: str) -> None:
        """Welcome a person once in their life."""
        if not await self._welcomed.first_time(SURFACE, asker.principal.user):
            return
        if answered in INTRODUCTIONS:
            return
        reply = await self._application.answer(asker.request(event, WELCOME, share=False))
        with contextlib.suppress(GoneError, Later):  # a lost greeting is not worth a second answer
            await self._delivery.answer(event, asker, reply)

    def _is_foreign(self, event: InEvent) -> bool:
        wanted = self._settings.tenant_id
        return bool(wanted and event.tenant_id and event.tenant_id != wanted)

    @contextlib.asynccontextmanager
    async def _typing(self, event: InEvent) -> AsyncIterator[None]:
        """Show typing while it takes long; not in a group for what only one person sees."""
        if event.is_targeted:
            yield
            return

        async def show() -> None:
            await asyncio.sleep(TYPING_AFTER)
            while True:
                await self._delivery.typing(event)
                await asyncio.sleep(TYPING_EVERY)

        task = asyncio.create_task(show())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
