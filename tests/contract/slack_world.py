"""Slack as our door sees it: a Web API, addresses for answers, signed requests; over the demo.

Real HTTP on loopback on both sides, real signatures, the real inbox in a database of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.signature import SignatureVerifier

from bot.adapters.http import create_server
from bot.adapters.slack import SlackDoor, SlackSettings, create_slack
from bot.adapters.worker import Worker
from bot.application import Application
from bot.observability import Metrics
from bot.storage.database import Database
from bot.storage.inbox import Inbox
from bot.storage.references import References
from bot.storage.welcomed import Welcomed
from bot.storage.writer import Writer
from tests.golden.slack.check import faults

SECRET = "0123456789abcdef0123456789abcdef"
TEAM, BOT = "T1", "UBOT"
MT, SALES, ADMIN, STRANGER, GUEST = "UMT", "USALES", "UADMIN", "USTRANGER", "UGUEST"
CHANNEL, SHARED, PRIVATE = "C1", "CSHARED", "CPRIVATE"
STACK = ("Traceback", 'File "', "site-packages")

Json = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One call of the Web API (`method`), or of an address for answers ("response_url")."""

    method: str
    args: Json
    at: float
    status: int = 200
    error: str = ""

    @property
    def ok(self) -> bool:
        return self.status == 200 and not self.error


@dataclass(slots=True)
class Slack:
    """The Web API."""

    calls: list[Call] = field(default_factory=list)
    failures: dict[str, list[tuple[int, dict[str, str], str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By method ("*" for all): status, headers, error of the next calls; status 0 hangs up."""
    users: dict[str, Json] = field(default_factory=dict)
    channels: dict[str, Json] = field(default_factory=dict)
    members: set[str] = field(default_factory=lambda: {CHANNEL, SHARED})
    charts: bool = True
    url: str = ""
    new_call: asyncio.Event = field(default_factory=asyncio.Event)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/respond/{id}", self._respond)
        app.router.add_post("/upload/{id}", self._upload)
        return app

    def sent(self, *methods: str) -> list[Call]:
        """Calls that were taken; of all sending methods unless named."""
        wanted = methods or ("chat.postMessage", "chat.postEphemeral", "response_url")
        return [c for c in self.calls if c.ok and c.method in wanted]

    async def wait_for(self, count: int, *methods: str, seconds: float = 15) -> list[Call]:
        async with asyncio.timeout(seconds):
            while len(self.sent(*methods)) < count:
                self.new_call.clear()
                await self.new_call.wait()
        return self.sent(*methods)

    async def _args(self, request: web.Request) -> Json:
        args: Json = dict(request.query)
        if "json" in request.content_type:
            args |= await request.json()
        else:
            args |= dict(parse_qsl(await request.text()))
        for name in ("blocks", "view", "files"):
            if isinstance(args.get(name), str):
                args[name] = json.loads(args[name])
        return args

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await self._args(request)
        if request.headers.get("Authorization") != "Bearer xoxb-test":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        return await self._answer(request, method, args)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "response_url", await request.json())

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        return web.Response(text="OK")

    async def _answer(self, request: web.Request, method: str, args: Json) -> web.StreamResponse:
        call = Call(method, args, time.monotonic())
        self.calls.append(call)
        self.new_call.set()
        queue = self.failures.get(method) or self.failures.get("*") or []
        if queue:
            call.status, headers, call.error = queue.pop(0)
            if call.status == 0:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            body = {"ok": False, "error": call.error or "internal_error"}
            return web.json_response(body, status=call.status, headers=headers)
        answer = self._take(method, args)
        call.error = str(answer.get("error", ""))
        return web.json_response(answer)

    def _take(self, method: str, args: Json) -> Json:
        if "blocks" in args and method != "views.open":
            assert faults(args) == []  # what the real one would refuse is a fault of ours
            if not self.charts and any(b["type"] == "data_visualization" for b in args["blocks"]):
                return {"ok": False, "error": "invalid_blocks"}
        match method:
            case "auth.test":
                return {"ok": True, "team_id": TEAM, "user_id": BOT, "bot_id": "BBOT"}
            case "users.info":
                found = self.users.get(args["user"])
                return {"ok": True, "user": found} if found else _error("user_not_found")
            case "conversations.info":
                found = self.channels.get(args["channel"])
                return {"ok": True, "channel": found} if found else _error("channel_not_found")
            case "conversations.open":
                return {"ok": True, "channel": {"id": f"D{args['users']}"}}
            case "chat.postMessage" | "chat.postEphemeral":
                channel = args["channel"]
                if not channel.startswith("D") and channel not in self.members:
                    return _error("not_in_channel")
                return {"ok": True, "ts": f"{next(self._ids)}.1", "channel": channel}
            case "files.getUploadURLExternal":
                number = next(self._ids)
                return {"ok": True, "upload_url": f"{self.url}/upload/{number}",
                        "file_id": f"F{number}"}  # fmt: skip
            case "files.completeUploadExternal":
                return {"ok": True, "files": args["files"]}
        return {"ok": True}


def _error(code: str) -> Json:
    return {"ok": False, "error": code}


def user(email: str, *, locale: str = "nl-NL", **more: Any) -> Json:
    """Somebody as users.info tells."""
    return {"team_id": TEAM, "locale": locale, "is_email_confirmed": True,
            "profile": {"email": email}} | more  # fmt: skip


@dataclass(slots=True)
class World:
    """The door with Slack around it."""

    slack: Slack
    door: SlackDoor
    inbox: Inbox
    worker: Worker
    url: str
    session: aiohttp.ClientSession
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def next(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids)}.x"

    def signed(self, body: str | bytes, *, at: float | None = None, **headers: str) -> Json:
        stamp = str(int(time.time() if at is None else at))
        made = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        kind = "application/json" if body[:1] in ("{", b"{") else (
            "application/x-www-form-urlencoded"
        )  # fmt: skip
        return {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": made,
        } | headers

    async def knock(self, body: str | bytes, headers: Any = None) -> tuple[int, str]:
        """Post a body, signed unless headers are given; returns status and text."""
        given = self.signed(body) if headers is None else headers
        async with self.session.post(f"{self.url}slack/events", data=body, headers=given) as answer:
            text = await answer.text()
            assert not any(word in text for word in STACK)
            return answer.status, text

    def command_body(
        self, text: str, user: str = MT, channel: str = CHANNEL, *, team: str = TEAM,
        trigger: str = "",
    ) -> str:  # fmt: skip
        name, _, rest = text.partition(" ")
        return urlencode({
            "token": "old", "team_id": team, "user_id": user, "user_name": "x",
            "channel_id": channel, "command": name, "text": rest, "api_app_id": "A1",
            "response_url": f"{self.slack.url}/respond/1",
            "trigger_id": trigger or self.next("trigger"),
        })  # fmt: skip

    async def command(self, text: str, user: str = MT, channel: str = CHANNEL) -> Json:
        """A slash command; returns what the asker sees, wherever it came."""
        before = len(self.slack.sent())
        status, answer = await self.knock(self.command_body(text, user, channel))
        assert status == 200
        if answer:
            read: Json = json.loads(answer)
            assert faults(read) == []
            return read
        return (await self.slack.wait_for(before + 1))[before].args

    async def event(self, event: Json, *, team: str = TEAM, event_id: str = "") -> int:
        body = {"type": "event_callback", "team_id": team, "api_app_id": "A1",
                "event_id": event_id or self.next("Ev"), "event": event}  # fmt: skip
        return (await self.knock(json.dumps(body)))[0]

    async def interact(self, payload: Json) -> int:
        common = {"team": {"id": TEAM}, "trigger_id": self.next("trigger"), "token": "old"}
        return (await self.knock(urlencode({"payload": json.dumps(common | payload)})))[0]

    async def press(
        self, value: Json | str, user: str = MT, channel: str = CHANNEL, **more: Any
    ) -> int:
        text = value if isinstance(value, str) else json.dumps(value)
        return await self.interact({
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "channel": {"id": channel},
            "container": {"type": "message", "channel_id": channel, "is_ephemeral": True},
            "response_url": f"{self.slack.url}/respond/2",
            "actions": [{"type": "button", "action_id": "b0", "block_id": "x", "value": text}],
        } | more)  # fmt: skip

    async def mention(self, text: str, user: str = MT, channel: str = CHANNEL, **more: Any) -> Call:
        before = len(self.slack.sent())
        event = {"type": "app_mention", "user": user, "channel": channel, "ts": "5.5",
                 "text": f"<@{BOT}> {text}"} | more  # fmt: skip
        assert await self.event(event) == 200
        return (await self.slack.wait_for(before + 1))[before]

    async def dm(self, text: str, user: str = MT, **more: Any) -> int:
        return await self.event({"type": "message", "channel_type": "im", "user": user,
                                 "channel": f"D{user}", "ts": "6.6", "text": text} | more)  # fmt: skip

    async def settle(self) -> None:
        """Wait until nothing of the door's runs any more."""
        while self.door._tasks:
            await asyncio.wait(self.door._tasks)


def texts(message: Json) -> str:
    """All words of a message."""
    return message["text"] + json.dumps(message["blocks"], ensure_ascii=False)


@contextlib.asynccontextmanager
async def world(
    application: Application, home: Path, *, ack_seconds: float = 5.0, poll: float = 0.02,
    start: bool = True,
) -> AsyncIterator[World]:  # fmt: skip
    """Open the door over an application, with a worker and a database of its own in `home`.

    The time for an answer in the acknowledgement is long, so that tests do not hang on speed.
    """
    slack = Slack()
    table = application.snapshots.current().people
    for who, role in ((MT, "mt"), (SALES, "sales"), (ADMIN, "admin")):
        slack.users[who] = user(str(table.loc[table["role"] == role, "user"].iat[0]))
    slack.users[STRANGER] = user("nobody@elsewhere.example")
    slack.users[GUEST] = user(slack.users[MT]["profile"]["email"], is_restricted=True)
    slack.channels = {
        CHANNEL: {"id": CHANNEL, "is_channel": True},
        SHARED: {"id": SHARED, "is_channel": True, "is_ext_shared": True},
        **{f"D{who}": {"id": f"D{who}", "is_im": True} for who in slack.users},
    }
    async with TestServer(slack.app()) as server:
        slack.url = str(server.make_url("")).rstrip("/")
        settings = SlackSettings(
            _env_file=None, SLACK_SIGNING_SECRET=SECRET, SLACK_BOT_TOKEN="xoxb-test",
            SLACK_APP_TOKEN="", SLACK_API_URL=f"{slack.url}/api",
        )  # type: ignore[call-arg]  # fmt: skip
        home.mkdir(parents=True, exist_ok=True)
        with Database.open(home) as database:
            writer = Writer(database)
            inbox = Inbox(writer, "default", jitter=lambda most: 0.0)
            door = create_slack(
                application, inbox, References(writer, "default"), Welcomed(writer, "default"),
                settings, ack_seconds=ack_seconds,
            )  # fmt: skip
            worker = Worker(inbox, {"slack": door.handle}, poll_seconds=poll)

            async def ready() -> dict[str, tuple[bool, str]]:
                return {}

            app = create_server(ready=ready, metrics=Metrics(), routes=door.routes)
            async with TestServer(app) as front, aiohttp.ClientSession() as session:
                url = str(front.make_url("/"))
                here = World(slack, door, inbox, worker, url, session)
                await worker.start()
                if start:
                    await door.start()
                    await here.settle()
                try:
                    yield here
                finally:
                    await worker.stop()
                    await door.stop()
                    writer.close()
