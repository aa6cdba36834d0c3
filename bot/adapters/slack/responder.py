"""What each kind of request gets."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any, Protocol

from analytics.matching import named_in
from bot.adapters.first_words import INTRODUCTIONS, WELCOME, is_greeting
from bot.adapters.slack.api import CallError
from bot.adapters.slack.delivery import Delivery, Slot
from bot.adapters.slack.directory import SURFACE, Asker, Directory
from bot.adapters.slack.intake import ASK_CALLBACK, FORM_CALLBACK, MOST_TEXT, Ask
from bot.application import Application
from bot.core.reply import Form, Input, Outcome, Reply, Section
from bot.core.request import Place
from bot.i18n import N_, Localizer
from bot.renderers.slack_forms import FORM_LIMITS, modal

log = logging.getLogger("ballotage.slack")

TRIGGER_SECONDS = 2.5
"""How long after a click a modal is tried; Slack allows three seconds."""


def only_form(reply: Reply) -> Form | None:
    """The form of a reply that holds nothing but it and some lines before it."""
    forms = [e for e in reply.elements if isinstance(e, Form)]
    rest = [e for e in reply.elements if not isinstance(e, Form | Section)]
    return forms[0] if len(forms) == 1 and not rest else None


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
        if await self._in_modal(ask, asker, reply, slot, age_seconds):
            return
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

    async def _in_modal(
        self, ask: Ask, asker: Asker, reply: Reply, slot: Slot | None, age_seconds: float
    ) -> bool:
        """Show a reply that is only a form in a modal; False where that is not possible.

        Slack opens one within three seconds of a click or a slash command, and for nothing else.
        """
        form = only_form(reply)
        if form is None or not ask.trigger or age_seconds > TRIGGER_SECONDS:
            return False
        _ = Localizer(asker.principal.locale)
        where = {"c": ask.channel, "t": ask.thread, "x": form.text, "r": ask.response_url}
        metadata = json.dumps({k: v for k, v in where.items() if v})
        if len(metadata) > FORM_LIMITS["metadata"]:
            return False
        view = modal(
            form,
            title="Ballotage",
            close=_(N_("Cancel")),
            callback=FORM_CALLBACK,
            metadata=metadata,
            intro="\n".join(e.text for e in reply.elements if isinstance(e, Section)),
        )
        if slot is not None:
            slot.offer("")  # the command is acknowledged without a word of its own
        try:
            await self._delivery.open_modal(ask.trigger, view)
        except CallError as error:
            log.info("slack.modal_refused code=%s", error.code)
            return False
        return True

    def _about(self, ask: Ask, asker: Asker) -> str:
        """The question a message about a known company most likely calls for; may be empty."""
        snapshot = self._application.services.snapshots.held
        if snapshot is None or not asker.principal.roles or asker.place is Place.SHARED:
            return ""
        name = named_in(snapshot, ask.text)
        command = self._application.registry.commands["qualify"]
        return f"{command.invocation(asker.principal.locale)} {name}" if name else ""

    async def _ask_form(self, ask: Ask) -> None:
        asker = await self._directory.of(ask)
        _ = Localizer(asker.principal.locale)
        where = {"c": ask.channel, "t": ask.thread}
        question = Input(
            "question",
            _(N_("What do you want to know?")),
            value=(self._about(ask, asker) or ask.text)[: min(FORM_LIMITS["value"], MOST_TEXT)],
            required=True,
            hint=_(N_("For example: /qualify Acme BV. Only you see the answer.")),
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
