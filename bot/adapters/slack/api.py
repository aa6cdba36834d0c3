"""Calls to Slack, each ending in an answer, a refusal, or "later"."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.logs import redacting_logger
from bot.adapters.slack.settings import SlackSettings
from bot.adapters.worker import Later

log = logging.getLogger("ballotage.slack")

TIMEOUT_SECONDS = 10
LONGEST_HOLD = 3_600.0
TOKEN_PAUSE = 60.0
"""Pause (s) after a refused token: an admin has to mend it, and the work is worth keeping."""
PASSING = frozenset({
    "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org",
    "ratelimited", "rate_limited", "message_limit_exceeded",
})  # fmt: skip
TOKEN = frozenset({
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
})  # fmt: skip
SLACK_HOSTS = (".slack.com", ".slack-gov.com")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class CallError(Exception):
    """Slack refused a call for good; `code` is its word for it."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"{method}: {code}")
        self.method = method
        self.code = code


class Api:
    """The Web API with one token, and the addresses for later answers to commands.

    Nothing is repeated here: what may succeed later is raised as Later, for the inbox to repeat.
    After a 429 its method is not called again before the time that Slack named.
    """

    def __init__(
        self, settings: SlackSettings, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._now = now
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None
        self._held: dict[str, float] = {}

    @property
    def client(self) -> AsyncWebClient:
        """The SDK's client; made in the running loop at first use."""
        if self._client is None or self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            )
            self._client = AsyncWebClient(
                token=self._settings.bot_token.get_secret_value(),
                base_url=self._settings.api_url,
                timeout=TIMEOUT_SECONDS,
                session=self._session,
                logger=redacting_logger(),
                retry_handlers=[],
            )
        return self._client

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()

    async def call(
        self, method: str, send: Callable[[AsyncWebClient], Awaitable[Any]]
    ) -> Mapping[str, Any]:
        """Call a method; Later: try again after that, CallError: do not."""
        self._wait(method)
        try:
            answer = await send(self.client)
        except SlackApiError as error:
            raise self._problem(method, error) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Later(0.0, f"{method}: {type(error).__name__}") from None
        data = getattr(answer, "data", answer)
        return data if isinstance(data, Mapping) else {}

    async def respond(self, url: str, body: str) -> None:
        """Post JSON to an address that came with a command or a press. As for `call`."""
        method = "answer_url"  # the logs hide what follows the name that Slack gives it
        if not self._may_post(url):
            raise CallError(method, "foreign_address")
        self._wait(method)
        session = self.client.session
        assert session is not None  # noqa: S101 (made by `client`)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            async with session.post(
                url, data=body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                said = (await answer.content.read(2_000)).decode("utf-8", "replace").strip()
                status, after = answer.status, answer.headers.get("Retry-After", "")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Later(0.0, f"{method}: {type(error).__name__}") from None
        if said.startswith("{"):
            try:
                read = json.loads(said)
                said = "ok" if read.get("ok", True) else str(read.get("error", ""))
            except ValueError:
                said = ""
        if status == 429:
            raise Later(self.hold(method, after), f"{method}: 429")
        if "invalid_blocks" in said:
            raise CallError(method, "invalid_blocks")
        if status >= 500:
            raise Later(0.0, f"{method}: {status}")
        if status >= 300 or said not in ("ok", ""):
            raise CallError(method, said[:60] or str(status))

    def _may_post(self, url: str) -> bool:
        """Whether an address is Slack's, or stands beside the Web API that was set."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        ours = urlsplit(self._settings.api_url).hostname or ""
        if parts.scheme == "https" and host.endswith(SLACK_HOSTS):
            return True
        same = host == ours or {host, ours} <= LOOPBACK
        return parts.scheme in ("http", "https") and same and not ours.endswith("slack.com")

    @staticmethod
    def read(error: SlackApiError) -> tuple[int, str, str]:
        """The status, the code and the Retry-After of a refusal."""
        answer = error.response
        status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0) or 0)
        headers = getattr(answer, "headers", None) or {}
        data = getattr(answer, "data", None)
        code = str(data.get("error", "")) if isinstance(data, Mapping) else ""
        after = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
        return status, code, str(after)

    def _problem(self, method: str, error: SlackApiError) -> Exception:
        status, code, after = self.read(error)
        if status == 429 or code in ("ratelimited", "rate_limited"):
            return Later(self.hold(method, after), f"{method}: 429")
        if code in TOKEN:
            log.error("slack.token code=%s", code)
            return Later(TOKEN_PAUSE, f"{method}: {code}")
        if status >= 500 or code in PASSING or not code:
            return Later(0.0, f"{method}: {code or status}")
        return CallError(method, code)

    def held_for(self, method: str) -> float:
        """Seconds for which a method must not be called after a 429."""
        return max(0.0, self._held.get(method, 0.0) - self._now())

    def _wait(self, method: str) -> None:
        left = self.held_for(method)
        if left > 0:
            raise Later(left, f"{method}: held after 429")

    def hold(self, method: str, after: str) -> float:
        """Call a method no more before its Retry-After; return the seconds."""
        try:
            seconds = min(LONGEST_HOLD, max(1.0, float(after)))
        except ValueError:
            seconds = 30.0
        self._held[method] = self._now() + seconds
        return seconds


class Pace:
    """About one message a second in a channel, a few at once where it was quiet."""

    BURST, SECONDS, KEPT = 3, 1.0, 10_000

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._free_at: dict[str, float] = {}

    def delay(self, channel: str) -> float:
        """Take the next turn in a channel; return the seconds until it comes."""
        now = self._now()
        free = max(self._free_at.get(channel, 0.0), now - self.BURST * self.SECONDS + 1e-9)
        self._free_at[channel] = free + self.SECONDS
        if len(self._free_at) > self.KEPT:
            self._free_at = {c: t for c, t in self._free_at.items() if t > now - 60}
        return max(0.0, free + self.SECONDS - now - 1e-6)

    async def turn(self, channel: str, most: float) -> None:
        """Wait for a turn. Later: it would take over `most` seconds."""
        delay = self.delay(channel)
        if delay > most:
            self._free_at[channel] -= self.SECONDS  # not taken after all
            raise Later(delay, "pace of the channel")
        if delay > 0:
            await asyncio.sleep(delay)
