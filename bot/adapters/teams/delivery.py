"""Bringing an answer where it belongs: figures never into a group unless they are shared there."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, cast

from bot.adapters.teams.audience import TRANSIENT, Asker
from bot.adapters.teams.pace import Pace
from bot.adapters.teams.seam import InEvent, Out, Ref, SendError, TeamsPort
from bot.adapters.worker import Later
from bot.core.reply import Context, Reply, Visibility, headline, plain_text
from bot.i18n import Localizer
from bot.renderers import teams

log = logging.getLogger("ballotage.teams")

SURFACE = "teams"
PATIENCE = 5.0
"""Seconds a message may wait for its turn in a conversation before it is put off."""
RENDERED = 64
"""Rendered answers kept: the dispatcher gives the same Reply again while the data stands."""
TEXT_LIMIT = 10_000


class References(Protocol):
    """Where people and groups can be written to; bot.storage.references is one."""

    async def put(self, surface: str, key: str, reference: Mapping[str, Any]) -> None:
        """Keep a reference."""

    async def get(self, surface: str, key: str) -> dict[str, Any] | None:
        """Return a reference; None when there is none."""

    async def drop(self, surface: str, key: str) -> None:
        """Forget a reference."""


class GoneError(Exception):
    """Nobody is there any more to write to: not a reason to try again."""


class Delivery:
    """Sends answers at the conversation's pace."""

    def __init__(self, port: TeamsPort, references: References, *, targeted: bool = False) -> None:
        self._port = port
        self._references = references
        self._targeted = targeted
        self._pace = Pace()
        self._rendered: OrderedDict[int, tuple[Reply, dict[str, Any]]] = OrderedDict()

    async def remember(self, event: InEvent, asker: Asker) -> None:
        """Keep where an event came from: the person's own chat, or the group."""
        if event.conversation_type == "personal":
            key = asker.principal.user
            await self._references.put(SURFACE, key, dict(event.ref))
            return
        stored = {
            "ref": dict(event.ref) | {"conversation_id": event.base_conversation},
            "conversation_type": event.conversation_type,
            "channel_type": event.channel_type,
        }
        await self._references.put(SURFACE, group_key(event.base_conversation), stored)

    async def forget(self, event: InEvent, asker: Asker | None = None) -> None:
        """Drop the reference of a conversation that is closed to us."""
        if event.conversation_type != "personal":
            await self._references.drop(SURFACE, group_key(event.base_conversation))
            return
        for key in asker.keys if asker else (event.user_aad_id,):
            await self._references.drop(SURFACE, key)

    async def answer(self, event: InEvent, asker: Asker, reply: Reply) -> None:
        """Send a reply as its visibility says. Later: to be tried again; GoneError: never."""
        if event.conversation_type == "personal":
            await self.send(event.ref, Out(self.activity(reply)), reply)
        elif reply.visibility is Visibility.CHANNEL:
            await self.send(event.ref, Out(self.activity(shared(reply, asker))), reply)
        elif self._targeted or event.is_targeted:
            out = Out(self.activity(reply), targeted_to=event.user_id)
            await self.send(event.ref, out, reply)
        else:
            await self._privately(event, asker, reply)

    async def _privately(self, event: InEvent, asker: Asker, reply: Reply) -> None:
        """In the person's own chat, with a line in the group that gives nothing away."""
        _ = Localizer(asker.principal.locale)
        own = await self._own_chat(asker)
        if own is not None:
            key, ref = own
            body = with_origin(self.activity(reply), event.base_conversation)
            try:
                await self.send(ref, Out(body), reply)
            except GoneError:
                await self._references.drop(SURFACE, key)
            else:
                note = _("{name}, I answered you privately.", name=asker.name or "👋")
                await self.hint(event, note)
                return
        note = _(
            "{name}, I answer privately and we have no chat yet. Open one and ask again there: {link}",
            name=asker.name or "👋",
            link=chat_link(event.bot_id),
        )
        await self.say(event, note)

    async def say(self, event: InEvent, text: str) -> None:
        """Send a line where an event came from. Later; GoneError."""
        await self.send(event.ref, Out(text=text, reply_to_id=event.activity_id))

    async def hint(self, event: InEvent, text: str) -> None:
        """Send a line that nobody misses when it fails."""
        try:
            await self.say(event, text)
        except (Later, GoneError) as error:
            log.info("teams.hint_failed reason=%s", error)

    async def typing(self, event: InEvent) -> None:
        """Show that an answer is being made, where there is room for it."""
        if self._pace.delay(event.conversation_id) > 0:
            return
        self._pace.count(event.conversation_id)
        try:
            await self._port.send(event.ref, Out(typing=True))
        except SendError as error:
            log.info("teams.typing_failed status=%d", error.status)

    async def send(self, ref: Ref, out: Out, reply: Reply | None = None) -> str:
        """Send at the conversation's pace. Later: to be tried again; GoneError: never."""
        wait = await self._pace.turn(ref["conversation_id"], PATIENCE)
        if wait:
            raise Later(wait, "pace")
        try:
            return await self._port.send(ref, out)
        except SendError as error:
            if error.status in {400, 413} and reply is not None:
                # A card that this tenant does not take; its words it will.
                log.warning("teams.card_refused status=%d code=%s", error.status, error.code)
                words = plain_text(reply)[:TEXT_LIMIT] or headline(reply)
                return await self.send(ref, replace(out, activity=None, text=words))
            raise _outcome(error) from error

    def activity(self, reply: Reply) -> dict[str, Any]:
        """Return the reply rendered; not to be changed."""
        held = self._rendered.get(id(reply))
        if held is not None and held[0] is reply:
            return held[1]
        made = teams.render(reply)
        self._rendered[id(reply)] = (reply, made)
        while len(self._rendered) > RENDERED:
            self._rendered.popitem(last=False)
        return made

    async def _own_chat(self, asker: Asker) -> tuple[str, Ref] | None:
        for key in asker.keys:
            found = await self._references.get(SURFACE, key)
            if found is not None:
                return key, cast(Ref, found)
        return None


def group_key(conversation: str) -> str:
    """What a group's reference is stored under; a person's is their id."""
    return f"conversation:{conversation}"


def shared(reply: Reply, asker: Asker) -> Reply:
    """The reply with who shared it."""
    _ = Localizer(reply.locale)
    line = _("Shared by {name}", name=asker.name or asker.principal.user)
    return replace(reply, elements=(*reply.elements, Context(line)))


def with_origin(activity: dict[str, Any], conversation: str) -> dict[str, Any]:
    """The activity with the group it was asked in on its share buttons (`c`).

    Nothing rests on it: whoever presses has to be a member of that group.
    """
    copied: dict[str, Any] = json.loads(json.dumps(activity))
    _mark(copied, conversation)
    return copied


def _mark(value: Any, conversation: str) -> None:
    if isinstance(value, dict):
        data = value.get("data")
        if isinstance(data, dict) and data.get("s") is True:
            data["c"] = conversation
        for each in value.values():
            _mark(each, conversation)
    elif isinstance(value, list):
        for each in value:
            _mark(each, conversation)


def chat_link(bot_id: str) -> str:
    """Address that opens the bot's chat in Teams."""
    return f"https://teams.microsoft.com/l/chat/0/0?users={bot_id}"


def _outcome(error: SendError) -> Exception:
    if error.status in TRANSIENT:
        return Later(error.retry_after or 0.0, f"teams: {error.status}")
    return GoneError(f"{error.status} {error.code}")
