"""Signed `/topclients` requests to `serve`, against a bare Bolt echo, taking turns.

The load, the product and the echo are a process each. Every request has a fresh signature and a
trigger of its own; 200 people ask with mixed arguments; deduplication, audit and policy are on; each
answer is read and checked. `python -m tests.benchmarks.slack HOME` prints the figures.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.benchmarks.load import ROUNDS, SECONDS, USERS, Say, Side, compare, running, shown
from tests.benchmarks.measure import _environment, _free_port
from tests.benchmarks.result import Result

SECRET = "benchmark-secret"
QUESTIONS = tuple(
    (command, f"{n} {period}".strip(), n)
    for command in ("/topclients", "/topklanten")
    for n in (3, 5, 10, 20)
    for period in ("", "2025", "all", "2025-Q3")
)


def slack(home: Path, say: Say, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Result]:
    """Measure throughput and the 99th percentile at sixteen requests at once."""
    return asyncio.run(_measure(home, say, rounds, seconds))


async def _measure(home: Path, say: Say, rounds: int, seconds: float) -> list[Result]:
    async with _web_api() as api:
        ours, bare = _free_port(), _free_port()
        environment = _environment() | {
            "SLACK_SIGNING_SECRET": SECRET, "SLACK_BOT_TOKEN": "xoxb-bench", "SLACK_APP_TOKEN": "",
            "SLACK_API_URL": api, "BALLOTAGE_ADMINS": ",".join(f"U{n}" for n in range(USERS)),
        }  # fmt: skip
        serve = [sys.executable, "app.py", "serve", "--home", str(home), "--port", str(ours)]
        echoes = [sys.executable, "-m", "tests.benchmarks.slack", "--echo", str(bare)]
        async with running([(ours, serve), (bare, echoes)], environment) as servers:
            product, reference = (
                Side(server, partial(question, server.port), check)
                for server, check in zip(servers, (check_answer, check_echo), strict=True)
            )
            return await compare("Slack", "bare Bolt", product, reference, say, rounds, seconds)


def check_answer(rows: object, answer: bytes) -> None:
    """The answer holds the table asked for."""
    read = json.loads(answer)
    table = next(block for block in read["blocks"] if block["type"] == "table")
    if len(table["rows"]) - 1 != rows or read["response_type"] != "ephemeral" or not read["text"]:
        raise RuntimeError(f"A wrong answer: {answer[:300]!r}")


def check_echo(rows: object, answer: bytes) -> None:
    """The echo says what was asked."""
    if not json.loads(answer)["text"].startswith(f"echo {rows}"):
        raise RuntimeError(f"A wrong echo: {answer[:300]!r}")


def question(port: int, _client: int, number: int) -> tuple[bytes, int]:
    """A signed request as bytes, and the rows it asks for."""
    command, text, rows = QUESTIONS[number % len(QUESTIONS)]
    body = urlencode({
        "token": "old", "team_id": "T1", "team_domain": "bench", "channel_id": "C1",
        "channel_name": "deals", "user_id": f"U{number * 7 % USERS}", "user_name": "rep",
        "command": command, "text": text, "api_app_id": "A1",
        "response_url": f"http://127.0.0.1:{port}/none", "trigger_id": f"{os.getpid()}.{number}",
    })  # fmt: skip
    stamp = str(int(time.time()))
    signed = hmac.new(SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    head = (
        f"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nX-Slack-Request-Timestamp: {stamp}\r\n"
        f"X-Slack-Signature: v0={signed}\r\n\r\n"
    )
    return (head + body).encode(), rows


class _web_api:  # noqa: N801 (used as a function)
    """A Web API that knows everybody; asked in the warm-up, hardly afterwards."""

    async def __aenter__(self) -> str:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        answers: dict[str, dict[str, Any]] = {
            "auth.test": {"team_id": "T1", "user_id": "UBOT", "bot_id": "B1"},
            "users.info": {"user": {"team_id": "T1", "locale": "nl-NL", "profile": {}}},
            "conversations.info": {"channel": {"id": "C1", "is_channel": True}},
        }
        return web.json_response({"ok": True, **answers.get(request.match_info["method"], {})})


def echo(port: int) -> None:
    """Bolt as its own guide shows it: a command that says what was typed."""
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    app = AsyncApp(
        signing_secret=SECRET,
        client=AsyncWebClient(token="xoxb-bench", base_url=os.environ["SLACK_API_URL"]),
    )

    async def answer(ack: Any, command: dict[str, Any]) -> None:
        await ack(text=f"echo {command['text']}", response_type="ephemeral")

    for name in ("/topclients", "/topklanten"):
        app.command(name)(answer)
    web_app = app.web_app(path="/slack/events")

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    web_app.router.add_get("/readyz", ready)
    web.run_app(web_app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    if sys.argv[1] == "--echo":
        echo(int(sys.argv[2]))
    else:
        print(shown(slack(Path(sys.argv[1]), lambda text: print(text, file=sys.stderr))), end="")
