"""The Slack door: what happens with a request, whichever way it came.

Bolt reads and routes it; we store it before it has an effect, acknowledge, and answer. What Slack
would not take is tried again by the Worker, from what was stored.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.api import Api, CallError
from bot.adapters.slack.delivery import Delivery, References, Slot
from bot.adapters.slack.directory import SURFACE, Directory
from bot.adapters.slack.intake import Ask, read
from bot.adapters.slack.logs import redacting_logger
from bot.adapters.slack.proactive import SlackSender
from bot.adapters.slack.responder import Responder, Welcomed
from bot.adapters.slack.settings import SlackSettings
from bot.adapters.slack.signature import Signatures
from bot.adapters.slack.socket import Socket
from bot.adapters.worker import Later
from bot.application import Application
from bot.storage.inbox import Work

log = logging.getLogger("ballotage.slack")

PATH = "/slack/events"
ACK_SECONDS = 0.4
"""How long a command's request waits for its answer; Slack wants a reply within 3 s."""
TRY_SECONDS = 45.0
"""Longest one try may take: within the 60 s for which accepted work is held."""
NOTE_SECONDS = 0.05
"""How long the note that work is answered waits for others; a crash meanwhile answers it twice."""
COMPANY_SECONDS = 0.003
"""How long a request waits for others to be stored with, while one is being stored."""
STOP_SECONDS = 10.0

Observer = Callable[[str, str, str], None]
"""Called with platform, kind and outcome for every request."""


class Inbox(Protocol):
    """Where work is kept; bot.storage.inbox is one."""

    async def accept(
        self, surface: str, event_id: str, payload: Mapping[str, Any], *, synced: bool = True
    ) -> int | None:
        """Store an event, on the disk unless `synced` is False; None for a copy."""

    async def synced(self) -> None:
        """Return once what was stored before is on the disk."""

    async def done(self, *work_ids: int) -> None:
        """Note that they are answered."""

    async def later(self, work_id: int, seconds: float, reason: str) -> None:
        """Try it again."""


def create_slack(
    application: Application,
    inbox: Inbox,
    references: References,
    welcomed: Welcomed,
    settings: SlackSettings,
    *,
    observe: Observer | None = None,
    ack_seconds: float = ACK_SECONDS,
) -> SlackDoor:
    """Compose the door; `routes` go to the server, `handle` to the Worker as surface "slack"."""
    api = Api(settings)
    directory = Directory(application.services, api)
    delivery = Delivery(application.services, api, references)
    responder = Responder(application, directory, delivery, welcomed)
    door = SlackDoor(inbox, settings, api, directory, responder, observe, ack_seconds)
    door.sender = SlackSender(api, references)
    return door


class SlackDoor:
    """Takes requests of Slack, over HTTP or a socket, and sees to their answers."""

    def __init__(
        self,
        inbox: Inbox,
        settings: SlackSettings,
        api: Api,
        directory: Directory,
        responder: Responder,
        observe: Observer | None = None,
        ack_seconds: float = ACK_SECONDS,
    ) -> None:
        self._inbox = inbox
        self._settings = settings
        self._api = api
        self._directory = directory
        self._responder = responder
        self._observe = observe or (lambda platform, kind, outcome: None)
        self._ack_seconds = ack_seconds
        self._tasks: set[asyncio.Task[Any]] = set()
        self._answered: list[int] = []
        self._company = Company()
        self._bolt = self._bolt_app()
        self._socket = Socket(self._bolt, settings) if settings.socket_mode else None
        self._signatures: Signatures | None = None
        self.sender: SlackSender | None = None
        self.routes: list[web.RouteDef] = []
        if settings.opens_door:
            self._signatures = Signatures(settings.signing_secret.get_secret_value())
            self.routes.append(web.post(PATH, self._on_request))

    async def start(self) -> None:
        """Ask Slack who we are, and connect where that is the way; neither has to succeed now."""
        if not self._settings.is_set:
            log.error("slack.no_bot_token mend='set SLACK_BOT_TOKEN (xoxb-...) and start again'")
        self._spawn(self._introduce())
        if self._socket is not None:
            await self._socket.start()

    async def stop(self) -> None:
        """Let running answers finish for a while, then close connections."""
        if self._socket is not None:
            await self._socket.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._api.close()

    async def handle(self, work: Work) -> None:
        """Answer stored work, for the Worker. Later: to be tried again."""
        age = (dt.datetime.now(dt.UTC) - work.received_at).total_seconds()
        try:
            await self._responder.respond(Ask.from_json(work.payload), work.attempts, age, None)
        except CallError as error:
            log.warning("slack.gone id=%d method=%s code=%s", work.id, error.method, error.code)

    async def _introduce(self) -> None:
        try:
            await self._directory.identity()
        except (Later, CallError) as error:
            log.warning("slack.no_identity reason=%s", error)

    def _bolt_app(self) -> AsyncApp:
        logger = redacting_logger()
        app = AsyncApp(
            # Bolt gives the logger of this name the level and filters of the one below.
            name="ballotage.slack.app",
            logger=logger,
            client=AsyncWebClient(base_url=self._settings.api_url, logger=logger),
            authorize=_Authorize(self._directory, self._settings),
            # Checked before the body is read, in `_on_request`; a socket has none.
            request_verification_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.use(_Intake(self._take))
        return app

    async def _on_request(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            body = raw.decode("utf-8")
        except UnicodeDecodeError:
            return _json(401, '{"error":"invalid request"}')
        assert self._signatures is not None  # noqa: S101 (the route exists only then)
        if not self._signatures.is_valid(request.headers, body):
            self._observe(SURFACE, "request", "forged")
            return _json(401, '{"error":"invalid request"}')
        kind = request.headers.get("Content-Type", "")
        try:
            asked = AsyncBoltRequest(body=body, headers={"content-type": kind})
            answer = await self._bolt.async_dispatch(asked)
        except Exception as error:  # noqa: BLE001 (Bolt reads bodies without checking their shape)
            log.info("slack.unreadable error=%s", type(error).__name__)
            return web.Response()
        if answer.status == 503:
            return web.Response(status=503, headers={"Retry-After": "5"})
        if answer.status != 200:  # nothing here listens to it, or Bolt could not read it
            self._observe(SURFACE, "request", "unhandled")
            return web.Response()
        if answer.body.startswith("{"):
            return _json(200, answer.body)
        return web.Response(text=answer.body)

    async def _take(self, body: dict[str, Any]) -> BoltResponse:
        """Store, acknowledge, and begin to answer: for every kind of request."""
        known = self._directory.known
        ask = read(body, known.bot_user if known else "")
        if ask is None or not ask.user or (known and not known.is_ours(ask.team)):
            self._observe(SURFACE, ask.kind if ask else "other", "ignored")
            return BoltResponse(status=200)
        # Until Slack has told who we are, another workspace's command could be answered here.
        at_once = ask.kind == "command" and known is not None
        try:
            async with self._company:
                kept = self._responder.kept(ask).to_json()
                # Answered in its own request, it needs no disk: there is no promise to keep.
                work_id = await self._inbox.accept(SURFACE, ask.key, kept, synced=not at_once)
        except Exception as error:  # noqa: BLE001 (unstored, it must not be acknowledged)
            log.error("slack.not_stored error=%s", type(error).__name__)
            return BoltResponse(status=503)
        if work_id is None:
            self._observe(SURFACE, ask.kind, "repeated")
            return BoltResponse(status=200)
        self._observe(SURFACE, ask.kind, "accepted")
        slot = Slot() if at_once else None
        self._spawn(self._try(work_id, ask, slot))
        if slot is None:
            return BoltResponse(status=200)
        answer = await slot.taken(self._ack_seconds)
        if not answer:  # acknowledged before it is answered: from here on it is promised
            try:
                await self._inbox.synced()
            except OSError as error:
                log.error("slack.not_stored error=%s", type(error).__name__)
                return BoltResponse(status=503)
        return BoltResponse(status=200, body=answer)

    async def _try(self, work_id: int, ask: Ask, slot: Slot | None) -> None:
        """Make the first try at work we hold, and tell the inbox how it went."""
        try:
            async with asyncio.timeout(TRY_SECONDS):
                await self._responder.respond(ask, 1, 0.0, slot)
        except Later as later:
            log.info("slack.later id=%d reason=%s", work_id, later.reason)
            await self._inbox.later(work_id, later.seconds, later.reason)
        except CallError as error:
            log.warning("slack.gone id=%d method=%s code=%s", work_id, error.method, error.code)
            self._done(work_id)
        except Exception as error:
            log.exception("slack.try_failed id=%d", work_id)
            await self._inbox.later(work_id, 0.0, type(error).__name__)
        else:
            self._done(work_id)
        finally:
            if slot is not None:
                slot.offer("")  # nobody need wait for what comes later

    def _done(self, work_id: int) -> None:
        """Have it noted soon that work is answered: many in one commit."""
        self._answered.append(work_id)
        if len(self._answered) == 1:
            self._spawn(self._note_answered())

    async def _note_answered(self) -> None:
        await asyncio.sleep(NOTE_SECONDS)
        answered, self._answered = self._answered, []
        try:
            await self._inbox.done(*answered)
        except Exception as error:  # noqa: BLE001 (the leases end, and the Worker answers once more)
            log.error("slack.not_noted error=%s", type(error).__name__)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Company:
    """Lets requests that come close together go on together, so that one commit stores them.

    Who is alone does not wait.
    """

    def __init__(self, seconds: float = COMPANY_SECONDS) -> None:
        self._seconds = seconds
        self._inside = 0
        self._gate: asyncio.Event | None = None

    async def __aenter__(self) -> None:
        self._inside += 1
        if self._inside == 1:
            return
        if self._gate is None:
            self._gate = asyncio.Event()
            asyncio.get_running_loop().call_later(self._seconds, self._open)
        try:
            await self._gate.wait()
        except asyncio.CancelledError:
            self._inside -= 1  # who does not enter does not leave either
            raise

    async def __aexit__(self, *_: object) -> None:
        self._inside -= 1

    def _open(self) -> None:
        if self._gate is not None:
            self._gate.set()
            self._gate = None


class _Authorize(AsyncAuthorize):
    """Tells Bolt who the bot is, from what Slack has told us; asks nobody."""

    def __init__(self, directory: Directory, settings: SlackSettings) -> None:
        self._directory = directory
        self._token = settings.bot_token.get_secret_value()

    async def __call__(self, **_: Any) -> AuthorizeResult:
        known = self._directory.known
        return AuthorizeResult(
            enterprise_id=known.enterprise if known else None,
            team_id=known.team if known else None,
            bot_id=known.bot_id if known else None,
            bot_user_id=known.bot_user if known else None,
            bot_token=self._token,
        )


class _Intake(AsyncMiddleware):
    """The end of Bolt's chain, in place of listeners.

    Bolt acknowledges an event before its listener runs, and looks every 10 ms whether a command's
    has acknowledged. Here the answer to Slack goes out when we return: once the event is stored.
    """

    def __init__(self, take: Callable[[dict[str, Any]], Awaitable[BoltResponse]]) -> None:
        self._take = take

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        """Answer the request; nothing comes after."""
        return await self._take(req.body)


def _json(status: int, text: str) -> web.Response:
    return web.Response(
        status=status, body=text.encode(), content_type="application/json", charset="utf-8"
    )
