"""Pressed buttons: an invoke wants its answer at once, and gets it in the place of the card.

What a button carries came back from a client that can put anything in it. So it is read as if it
had been typed by whoever pressed: who that is, where, and what they may see is found out anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from bot.adapters.teams.audience import TRANSIENT, Audience
from bot.adapters.teams.delivery import SURFACE, Delivery, GoneError, References, group_key
from bot.adapters.teams.seam import InEvent, Out, SendError, TeamsPort
from bot.adapters.teams.texts import foreign_text, texts
from bot.adapters.worker import Later
from bot.core.reply import Outcome, Reply, Visibility, headline
from bot.core.request import Request
from bot.renderers import teams

log = logging.getLogger("ballotage.teams")

WAIT_SECONDS = 3.0
"""How long a press waits for its answer; Teams wants one within 5 s."""
REMEMBERED_SECONDS = 60.0
"""For how long the same press gets the same answer; Teams asks again after 10 to 15 s."""
CARD_BODY = "application/vnd.microsoft.card.adaptive"
MESSAGE_BODY = "application/vnd.microsoft.activity.message"


class Inbox(Protocol):
    """Where work is kept; bot.storage.inbox is one."""

    async def accept(self, surface: str, event_id: str, payload: Mapping[str, Any]) -> int | None:
        """Store an event; None when it came before."""

    async def done(self, work_id: int) -> None:
        """Note that it was answered."""

    async def later(self, work_id: int, seconds: float, reason: str) -> None:
        """Try it again."""


@dataclass(slots=True)
class Presses:
    """Answers pressed buttons."""

    answer: Callable[[Request], Awaitable[Reply]]
    inbox: Inbox
    references: References
    port: TeamsPort
    audience: Audience
    delivery: Delivery
    locale: str
    is_foreign: Callable[[InEvent], bool]
    spawn: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]
    running: dict[str, asyncio.Task[Out]] = field(default_factory=dict)

    async def first(self, work_id: int, event: InEvent) -> Out:
        """Answer a press; an answer that takes long follows."""
        task: asyncio.Task[Out] = self.spawn(self._pressed(event))
        self.running[event.key] = task
        asyncio.get_running_loop().call_later(REMEMBERED_SECONDS, self.running.pop, event.key, None)
        done, _waiting = await asyncio.wait({task}, timeout=WAIT_SECONDS)
        if done:
            return await self._settle(work_id, event, task)
        self.spawn(self._settle(work_id, event, task, late=True))
        _ = texts(event, self.locale)
        return toast(_("One moment, the answer is on its way."))

    async def again(self, event: InEvent) -> Out:
        """Answer a copy of a press as the first one was, while that is known."""
        task = self.running.get(event.key)
        if task is not None:
            await asyncio.wait({task}, timeout=WAIT_SECONDS)
            if task.done() and not task.cancelled() and task.exception() is None:
                return task.result()
        _ = texts(event, self.locale)
        return toast(_("One moment, the answer is on its way."))

    async def origin(self, event: InEvent) -> InEvent | None:
        """Where a press counts: where the card is, or the group that a private answer is for.

        None: whoever presses is not a member of that group. Later: Teams does not say.
        """
        group = event.value.get("c")
        if not isinstance(group, str) or not group or event.value.get("s") is not True:
            return event
        if event.conversation_type != "personal":
            return event
        stored = await self.references.get(SURFACE, group_key(group))
        if stored is None:
            return None
        ref = stored["ref"]
        try:
            await self.port.member(ref, event.user_id)
        except SendError as error:
            if error.status in TRANSIENT:
                raise Later(error.retry_after or 0.0, f"member: {error.status}") from error
            return None
        return replace(
            event,
            conversation_id=ref["conversation_id"],
            conversation_type=stored["conversation_type"],
            channel_type=stored["channel_type"],
            service_url=ref["service_url"],
        )

    async def _pressed(self, event: InEvent) -> Out:
        _ = texts(event, self.locale)
        if self.is_foreign(event):
            return toast(foreign_text(_))
        where = await self.origin(event)
        if where is None:
            return toast(no_member_text(_))
        asker = await self.audience.of(where)
        if event.conversation_type == "personal":
            await self.delivery.remember(event, asker)
        reply = await self.answer(asker.request(where, *read(event)))
        if reply.visibility is Visibility.CHANNEL:
            await self.delivery.answer(where, asker, reply)
            return toast(_("Shared with the channel"))
        if reply.outcome is Outcome.REFUSED and event.value.get("s") is True:
            return toast(headline(reply))  # the card that was to be shared stays
        if event.conversation_type == "personal" or event.is_targeted:
            return Out(invoke_body=_body(CARD_BODY, teams.card(reply)))
        # Everybody in the group may see that card, so its place is not for one person's figures.
        await self.delivery.answer(event, asker, reply)
        return toast(_("I answered you privately."))

    async def _settle(
        self, work_id: int, event: InEvent, task: asyncio.Task[Out], *, late: bool = False
    ) -> Out:
        """Tell the inbox how a press went; a late card takes its place by an update."""
        _ = texts(event, self.locale)
        try:
            out = await asyncio.shield(task)
            body = out.invoke_body or {}
            if late and body.get("type") == CARD_BODY:
                await self._replace(event, body["value"])
        except GoneError:
            await self.inbox.done(work_id)
            return toast(_("I cannot write there any more."))
        except Later as later:
            log.info("teams.later id=%d reason=%s", work_id, later.reason)
            await self.inbox.later(work_id, later.seconds, later.reason)
        except Exception as error:
            log.exception("teams.press_failed id=%d", work_id)
            await self.inbox.later(work_id, 0.0, type(error).__name__)
        else:
            await self.inbox.done(work_id)
            return out
        return toast(_("Teams is slow right now; the answer follows."))

    async def _replace(self, event: InEvent, card: Mapping[str, Any]) -> None:
        attachment = {"contentType": teams.CARD, "content": card}
        out = Out({"type": "message", "attachments": [attachment]})
        if event.reply_to_id and not event.is_targeted:
            with contextlib.suppress(SendError):
                await self.port.update(event.ref, event.reply_to_id, out)
                return
        targeted = event.user_id if event.is_targeted else None
        await self.delivery.send(event.ref, replace(out, targeted_to=targeted))


def read(event: InEvent) -> tuple[str, bool]:
    """What an event asks for: its command line, and whether the answer is to be shared."""
    if event.kind in {"submit", "execute"}:
        return command_line(event.value), event.value.get("s") is True
    return event.text, False


def command_line(value: Mapping[str, Any]) -> str:
    """The command line of a pressed button, with the inputs of its form as `name=value`."""
    parts = [str(value.get("t", ""))]
    for name, given in value.items():
        if not name.startswith(teams.INPUT) or given in ("", None):
            continue
        text = ("yes" if given else "no") if isinstance(given, bool) else str(given)
        text = " ".join(text.replace('"', "'").split())
        label = re.sub(r"[^\w.-]", "", name.removeprefix(teams.INPUT))
        parts.append(f'{label}="{text}"' if " " in text else f"{label}={text}")
    return " ".join(parts)


def without_answer(event: InEvent, recordable: Callable[[str], str]) -> InEvent:
    """What the inbox may keep of an event: an answer to the pulse is held in memory alone."""
    line, _share = read(event)
    kept = recordable(line)
    if kept == line:
        return event
    if event.kind in {"submit", "execute"}:
        where = {name: event.value[name] for name in ("s", "c") if name in event.value}
        return replace(event, value={"t": kept, **where})
    return replace(event, text=kept)


def no_member_text(_: Callable[[str], str]) -> str:
    """Refuse to write into a group that is not the asker's."""
    return _("I cannot share there: you are not in that conversation, or I am not.")


def toast(text: str) -> Out:
    """A line that Teams shows to whoever pressed."""
    return Out(invoke_body=_body(MESSAGE_BODY, text))


def _body(kind: str, value: object) -> dict[str, Any]:
    return {"statusCode": 200, "type": kind, "value": value}
