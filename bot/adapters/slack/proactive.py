"""Writing first in Slack: once, and saying exactly whether it arrived."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.api import TOKEN, Api
from bot.adapters.slack.delivery import ABSENT, References
from bot.adapters.slack.directory import SURFACE
from bot.core.reply import Reply
from bot.renderers import slack
from bot.scheduling.sending import Address, NotSentError, UnreachableError

log = logging.getLogger("ballotage.slack")

POST = "chat.postMessage"
OPEN = "conversations.open"
LOOK_UP = "users.lookupByEmail"
GONE = ABSENT | TOKEN | frozenset({
    "user_disabled", "user_not_visible", "users_not_found", "cannot_dm_bot", "missing_scope",
    "account_inactive", "not_allowed_token_type", "ekm_access_denied", "channel_is_archived",
})  # fmt: skip
"""Refusals for good: Slack has looked at the message and did not take it."""
_ID = re.compile(r"[UW][A-Z0-9]{4,20}")

Send = Callable[[AsyncWebClient], Awaitable[Any]]


class SlackSender:
    """Sends nudges. Nothing is repeated here, and nothing that may have arrived is called unsent."""

    def __init__(self, api: Api, references: References) -> None:
        self._api = api
        self._references = references

    async def reaches(self, address: Address) -> bool:
        """Whether Slack knows the person; their chat is found, not opened."""
        if address.conversation or _ID.fullmatch(address.user):
            return True
        if await self._held(address.user):
            return True
        return "@" in address.user and bool(await self._member(address.user))

    async def send(self, address: Address, reply: Reply) -> None:
        """Post once; in the person's own chat where their channel does not take it any more."""
        payload = slack.render(reply, charts=False)
        if address.conversation:
            try:
                await self._post(address.conversation, payload)
            except UnreachableError as error:
                log.warning(
                    "slack.nudge_channel_gone channel=%s code=%s",
                    address.conversation,
                    error.reason,
                )
            else:
                return
        await self._post(await self._own_chat(address.user), payload)

    async def _post(self, channel: str, payload: Mapping[str, Any]) -> None:
        await self._once(
            POST,
            lambda client: client.chat_postMessage(
                channel=channel,
                text=payload["text"],
                blocks=payload["blocks"],
                unfurl_links=False,
                unfurl_media=False,
            ),
        )

    async def _own_chat(self, user: str) -> str:
        held = await self._held(user)
        if held:
            return held
        member = user if _ID.fullmatch(user) else await self._member(user)
        if not member:
            raise UnreachableError("users_not_found")
        answer = await self._before(OPEN, lambda client: client.conversations_open(users=member))
        channel = answer.get("channel")
        found = str(channel.get("id") or "") if isinstance(channel, Mapping) else ""
        if not found:
            raise UnreachableError("no_channel")
        await self._references.put(SURFACE, user, {"channel": found})
        return found

    async def _held(self, user: str) -> str:
        held = await self._references.get(SURFACE, user)
        return str(held.get("channel") or "") if held else ""

    async def _member(self, email: str) -> str:
        """The id of somebody by their address; empty for nobody. NotSentError: not to be known."""
        try:
            answer = await self._before(
                LOOK_UP, lambda client: client.users_lookupByEmail(email=email)
            )
        except UnreachableError as error:
            log.info("slack.nudge_unknown code=%s", error.reason)
            return ""
        user = answer.get("user")
        return str(user.get("id") or "") if isinstance(user, Mapping) else ""

    async def _before(self, method: str, send: Send) -> Mapping[str, Any]:
        """A call that delivers nothing: whatever goes wrong with it, the nudge was not sent."""
        try:
            return await self._once(method, send)
        except RuntimeError as error:
            raise NotSentError(str(error)) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotSentError(f"{method}: {type(error).__name__}") from None

    async def _once(self, method: str, send: Send) -> Mapping[str, Any]:
        left = self._api.held_for(method)
        if left > 0:
            raise NotSentError(f"{method}: held after 429", left)
        try:
            answer = await send(self._api.client)
        except SlackApiError as error:
            raise self._outcome(method, error) from None
        except aiohttp.ClientConnectorError as error:
            raise NotSentError(f"{method}: {type(error).__name__}") from None
        data = getattr(answer, "data", answer)
        return data if isinstance(data, Mapping) else {}

    def _outcome(self, method: str, error: SlackApiError) -> Exception:
        status, code, after = self._api.read(error)
        if status == 429 or code in ("ratelimited", "rate_limited"):
            return NotSentError(f"{method}: 429", self._api.hold(method, after))
        if status == 412:
            return NotSentError(f"{method}: 412")
        if code in GONE:
            return UnreachableError(code)
        # Even an error Slack names (internal_error and the like) can come after delivery.
        return RuntimeError(f"{method}: {code or status}")
