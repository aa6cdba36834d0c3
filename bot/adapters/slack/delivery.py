"""Answers on their way to Slack: in the reply to the request, at its address, or as a message."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.api import Api, CallError, Pace
from bot.adapters.slack.directory import SURFACE, Asker
from bot.adapters.slack.intake import Ask
from bot.adapters.slack.payloads import Payloads, note, shared_by
from bot.core.reply import Chart, Reply, Visibility
from bot.core.services import Services
from bot.i18n import N_, Localizer
from bot.renderers import slack

log = logging.getLogger("ballotage.slack")

RESPONSE_SECONDS = 1_700.0
"""An address for answers is good for 30 minutes; the last of them are left to the clock."""
PACE_SECONDS = 10.0
"""Longest wait for a turn in a channel before the work goes back to the inbox."""
CHARTS_AGAIN_SECONDS = 3_600.0
PICTURE_TRIES, PICTURE_PAUSE = 3, 1.0
"""An uploaded picture can be shown once Slack has looked at it."""
ABSENT = frozenset({
    "not_in_channel", "channel_not_found", "user_not_in_channel", "is_archived", "no_permission",
    "restricted_action", "messages_tab_disabled", "user_not_found", "thread_not_found",
})  # fmt: skip

Send = Callable[[dict[str, Any]], Awaitable[None]]


class References(Protocol):
    """Where people can be written to; bot.storage.references is one."""

    async def put(self, surface: str, key: str, reference: dict[str, Any], /) -> None:
        """Keep a reference."""

    async def get(self, surface: str, key: str, /) -> dict[str, Any] | None:
        """Return it."""


class Slot:
    """The reply to Slack's request, while Slack still waits for it."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def offer(self, body: str) -> bool:
        """Put an answer in; False when nobody waits for it any more."""
        if self._answer.done():
            return False
        self._answer.set_result(body)
        return True

    async def taken(self, seconds: float) -> str:
        """Wait for the answer so long; then close, and return nothing."""
        try:
            async with asyncio.timeout(seconds):
                return await self._answer
        except TimeoutError:
            return ""  # the timeout has cancelled the future, which closes the slot


class Delivery:
    """Sends replies where they may go, and nowhere else."""

    def __init__(
        self,
        services: Services,
        api: Api,
        references: References,
        *,
        now: Callable[[], float] = time.monotonic,
        picture_pause: float = PICTURE_PAUSE,
    ) -> None:
        self._services = services
        self._api = api
        self._references = references
        self._now = now
        self._picture_pause = picture_pause
        self._pace = Pace(now)
        self._payloads = Payloads()
        self._charts_from = 0.0

    async def answer(
        self, ask: Ask, asker: Asker, reply: Reply, slot: Slot | None, age_seconds: float
    ) -> None:
        """Send a reply. Later: Slack would not take it now. CallError: it never will."""
        if reply.visibility is Visibility.CHANNEL:
            await self._share(ask, asker, reply)
            return
        if slot is not None and self._in_slot(asker, reply, slot):
            return
        replace = reply.in_place and ask.kind == "press"
        by_address = replace or not self._as_message(ask, asker)
        if ask.response_url and age_seconds < RESPONSE_SECONDS and by_address:
            try:
                await self._send(
                    reply, self._to_address(ask, asker, replace=replace), place="private"
                )
            except CallError as error:
                log.info("slack.response_url_unusable code=%s", error.code)
            else:
                return
        await self._message(ask, asker, reply)

    async def direct(self, user: str, reply: Reply, channel: str = "", thread: str = "") -> None:
        """Send a reply to a person's own chat with us."""
        there = channel or await self._open(user)
        await self._send(reply, self._post(there, thread), place="message")

    async def say(self, channel: str, text: str) -> None:
        """Post one line in a channel."""
        await self._post(channel, "")(note(text))

    async def publish_home(self, user: str, reply: Reply) -> None:
        """Fill the Home tab."""
        view = slack.home(reply)
        await self._api.call(
            "views.publish", lambda client: client.views_publish(user_id=user, view=view)
        )

    async def open_modal(self, trigger: str, view: dict[str, Any]) -> None:
        """Open a modal, within three seconds of the click."""
        await self._api.call(
            "views.open", lambda client: client.views_open(trigger_id=trigger, view=view)
        )

    def _in_slot(self, asker: Asker, reply: Reply, slot: Slot) -> bool:
        """Answer in the reply to the request, unless a chart could make Slack refuse it unheard."""
        if self._charts and any(isinstance(e, Chart) for e in reply.elements):
            return False
        return slot.offer(self._payloads.response(reply, self._charts, _response_type(asker)))

    @property
    def _charts(self) -> bool:
        return self._now() >= self._charts_from

    def _as_message(self, ask: Ask, asker: Asker) -> bool:
        """Whether the answer belongs in the own chat for good, as answers to a message do."""
        return asker.own_chat and ask.kind != "command"

    def _to_address(self, ask: Ask, asker: Asker, *, replace: bool = False) -> Send:
        async def send(payload: dict[str, Any]) -> None:
            body = {**payload, "response_type": _response_type(asker), "replace_original": replace}
            if ask.thread and not replace:
                body["thread_ts"] = ask.thread
            await self._api.respond(ask.response_url, json.dumps(body, ensure_ascii=False))

        return send

    async def _message(self, ask: Ask, asker: Asker, reply: Reply) -> None:
        if reply.visibility is Visibility.DIRECT:
            own = ask.channel if asker.own_chat else ""
            await self.direct(ask.user, reply, own, ask.thread if own else "")
            return
        try:
            await self._send(reply, self._ephemeral(ask), place="private")
        except CallError as error:
            if error.code not in ABSENT:
                raise
            log.info("slack.ephemeral_refused code=%s", error.code)
            await self.direct(ask.user, reply)

    async def _share(self, ask: Ask, asker: Asker, reply: Reply) -> None:
        _ = Localizer(reply.locale)
        line = shared_by(_("Shared by {person}"), ask.user)

        async def send(payload: dict[str, Any]) -> None:
            room = slack.LIMITS["blocks"] - 1
            payload = {**payload, "blocks": [*payload["blocks"][:room], line]}
            await self._post(ask.channel, ask.thread)(payload)

        try:
            await self._send(reply, send, place="message")
        except CallError as error:
            if error.code not in ABSENT:
                raise
            text = _(N_("I cannot post here. Invite me first: /invite @Ballotage"))
            refusal = note(text)
            if ask.response_url:
                await self._to_address(ask, asker)(refusal)
            else:
                await self._post(await self._open(ask.user), "")(refusal)

    async def _send(self, reply: Reply, send: Send, *, place: str) -> None:
        """Send with charts; where Slack does not take them, without, or as pictures."""
        charts = self._charts
        payload = self._payloads.of(reply, charts)
        try:
            await send(payload)
            return
        except CallError as error:
            if "invalid_blocks" not in error.code or not slack.has_charts(payload):
                raise
        log.warning("slack.charts_refused")
        self._charts_from = self._now() + CHARTS_AGAIN_SECONDS
        if place == "message" and await self._with_pictures(reply, send):
            return
        await send(self._payloads.of(reply, False))

    async def _with_pictures(self, reply: Reply, send: Send) -> bool:
        """Send with uploaded pictures in the charts' places; False where that does not work."""
        try:
            pictures = await self._upload(reply)
            payload = slack.render(reply, charts=False, pictures=pictures)
            for attempt in range(PICTURE_TRIES):
                try:
                    await send(payload)
                except CallError as error:
                    if "invalid_blocks" not in error.code or attempt == PICTURE_TRIES - 1:
                        raise
                    await asyncio.sleep(self._picture_pause)
                else:
                    return True
        except CallError as error:
            log.warning("slack.picture_refused code=%s", error.code)
        return False

    async def _upload(self, reply: Reply) -> dict[int, str]:
        from analytics.charts import png

        charts = [e for e in reply.elements if isinstance(e, Chart)]
        out: dict[int, str] = {}
        for place, chart in enumerate(charts[: slack.LIMITS["chart_charts"]]):
            plain = dataclasses.asdict(chart)
            drawn = await asyncio.to_thread(png, plain, locale=reply.locale)

            async def upload(
                client: AsyncWebClient, drawn: bytes = drawn, chart: Chart = chart
            ) -> Any:
                return await client.files_upload_v2(
                    content=drawn,
                    filename=f"{chart.kind}.png",
                    title=chart.title,
                    alt_txt=chart.alt[:1_000],
                )

            answer = await self._api.call("files.upload", upload)
            found = answer.get("file") or {}
            if not isinstance(found, dict) or not found.get("id"):
                raise CallError("files.upload", "no_file")
            out[place] = str(found["id"])
        return out

    def _post(self, channel: str, thread: str) -> Send:
        async def send(payload: dict[str, Any]) -> None:
            await self._pace.turn(channel, PACE_SECONDS)
            await self._api.call(
                "chat.postMessage",
                lambda client: client.chat_postMessage(
                    channel=channel,
                    thread_ts=thread or None,
                    text=payload["text"],
                    blocks=payload["blocks"],
                    unfurl_links=False,
                    unfurl_media=False,
                ),
            )

        return send

    def _ephemeral(self, ask: Ask) -> Send:
        async def send(payload: dict[str, Any]) -> None:
            await self._pace.turn(ask.channel, PACE_SECONDS)
            await self._api.call(
                "chat.postEphemeral",
                lambda client: client.chat_postEphemeral(
                    channel=ask.channel,
                    user=ask.user,
                    thread_ts=ask.thread or None,
                    text=payload["text"],
                    blocks=payload["blocks"],
                ),
            )

        return send

    async def _open(self, user: str) -> str:
        """Return the direct chat with somebody."""
        held = await self._references.get(SURFACE, user)
        if held and held.get("channel"):
            return str(held["channel"])
        data = await self._api.call(
            "conversations.open", lambda client: client.conversations_open(users=user)
        )
        channel = data.get("channel")
        found = str(channel.get("id") or "") if isinstance(channel, dict) else ""
        if not found:
            raise CallError("conversations.open", "no_channel")
        await self._references.put(SURFACE, user, {"channel": found})
        return found


def _response_type(asker: Asker) -> str:
    """In the own chat an answer stays; anywhere else only the asker sees it."""
    return "in_channel" if asker.own_chat else "ephemeral"
