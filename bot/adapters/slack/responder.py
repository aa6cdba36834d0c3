"""What each kind of request gets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Protocol

from bot.adapters.first_words import INTRODUCTIONS, WELCOME, is_greeting
from bot.adapters.slack.delivery import Delivery, Slot
from bot.adapters.slack.directory import SURFACE, Asker, Directory
from bot.adapters.slack.intake import ASK_CALLBACK, MOST_TEXT, Ask
from bot.application import Application
from bot.core.reply import Form, Input, Outcome, Reply
from bot.core.request import Place
from bot.i18n import N_, Localizer
from bot.renderers.slack_forms import FORM_LIMITS, modal


class Welcomed(Protocol):
    """Who was greeted; bot.storage.welcomed is one."""

    async def first_time(self, surface: str, user: str) -> bool:
        """Tell whether a person is new, and note it."""


class Responder:
    """Answers one piece of work."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        delivery: Delivery,
        welcomed: Welcomed,
    ) -> None:
        self._application = application
        self._directory = directory
        self._delivery = delivery
        self._welcomed = welcomed

    def kept(self, ask: Ask) -> Ask:
        """What the inbox may keep of it: an answer to the pulse is held in memory alone."""
        return replace(ask, text=self._application.recordable(ask.text))

    async def respond(self, ask: Ask, attempts: int, age_seconds: float, slot: Slot | None) -> None:
        """Do what was asked. Later: Slack is not answering. CallError: it refused for good."""
        identity = await self._directory.identity()
        if not identity.is_ours(ask.team):
            return
        match ask.kind:
            case "shortcut":
                await self._ask_form(ask)
            case "home":
                await self._home(ask)
            case "joined":
                await self._joined(ask)
            case _:
                await self._answer(ask, age_seconds, slot)

    async def _answer(self, ask: Ask, age_seconds: float, slot: Slot | None) -> None:
        asker = await self._directory.of(ask)
        # To who has no role help says more: whom to ask for one.
        hello = ask.kind == "message" and is_greeting(ask.text) and asker.principal.roles
        if hello and await self._welcomed.first_time(SURFACE, ask.user):
            ask = replace(ask, text=WELCOME)
        reply = await self._application.answer(asker.request(ask))
        await self._delivery.answer(ask, asker, reply, slot, age_seconds)
        if ask.kind != "message":
            return
        # After the answer: who greets first keeps people waiting.
        first = await self._welcomed.first_time(SURFACE, ask.user)
        if first and reply.command not in INTRODUCTIONS:
            await self._welcome(ask, asker)

    async def _welcome(self, ask: Ask, asker: Asker) -> None:
        reply = await self._welcome_reply(ask, asker)
        if reply.outcome is Outcome.ANSWERED:  # guests are refused, and need no greeting for it
            await self._delivery.direct(ask.user, reply, ask.channel if asker.own_chat else "")

    async def _welcome_reply(self, ask: Ask, asker: Asker) -> Reply:
        chat = replace(asker, place=Place.DM) if asker.place is not Place.SHARED else asker
        return await self._application.answer(chat.request(replace(ask, text=WELCOME, share=False)))

    async def _home(self, ask: Ask) -> None:
        """The app was opened: fill its Home tab, or greet a newcomer in the chat beside it."""
        asker = await self._directory.of(replace(ask, channel="", thread=""))
        if ask.welcome:
            if await self._welcomed.first_time(SURFACE, ask.user):
                await self._welcome(replace(ask, channel=""), asker)
            return
        await self._delivery.publish_home(ask.user, await self._welcome_reply(ask, asker))

    async def _joined(self, ask: Ask) -> None:
        """The bot was invited to a channel: say in one line how to ask, unless outsiders read."""
        # A private channel can be looked into from now on; before, it counted as shared.
        self._directory.forget_place(ask.channel)
        if await self._directory.place(ask.channel) is not Place.CHANNEL:
            return
        _ = Localizer(self._application.settings.locale)
        text = _(
            N_(
                "I am Ballotage. Mention me with a question, also in a thread: only you see the "
                "answer. For example: @Ballotage {command}"
            ),
            command=self._application.registry.commands["topclients"].name_in(_.locale),
        )
        await self._delivery.say(ask.channel, text)

    async def _ask_form(self, ask: Ask) -> None:
        asker = await self._directory.of(ask)
        _ = Localizer(asker.principal.locale)
        where = {"c": ask.channel, "t": ask.thread}
        question = Input(
            "question",
            _(N_("What do you want to know?")),
            value=ask.text[: min(FORM_LIMITS["value"], MOST_TEXT)],
            required=True,
            hint=_(N_("For example: /topclients 5. Only you see the answer.")),
        )
        view: dict[str, Any] = modal(
            Form("", _(N_("Ask")), (question,)),
            title="Ballotage",
            close=_(N_("Cancel")),
            callback=ASK_CALLBACK,
            metadata=json.dumps({k: v for k, v in where.items() if v}),
        )
        view["blocks"][0]["element"]["multiline"] = True
        await self._delivery.open_modal(ask.trigger, view)
