"""Signed `/topclients` requests to `serve`, against a bare Bolt echo, taking turns.

The load, the product and the echo are a process each. Every request has a fresh signature and a
trigger of its own; 200 people ask with mixed arguments; deduplication, audit and policy are on; each
answer is read and checked. `python -m tests.benchmarks.slack HOME` prints the figures.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.benchmarks.measure import ROOT, _environment, _free_port, _wait_until_ready
from tests.benchmarks.result import Result

SECRET = "benchmark-secret"
AT_ONCE, USERS, ROUNDS, SECONDS = 16, 200, 7, 3.0
QUESTIONS = tuple(
    (command, f"{n} {period}".strip(), n)
    for command in ("/topclients", "/topklanten")
    for n in (3, 5, 10, 20)
    for period in ("", "2025", "all", "2025-Q3")
)
Say = Callable[[str], None]


@dataclass(slots=True)
class Round:
    """What one round of load measured."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def each(self) -> float:
        """Milliseconds a request, all sixteen together."""
        return 1000 * self.seconds / len(self.latencies)

    @property
    def p99(self) -> float:
        """The slowest of a hundred, in milliseconds."""
        return 1000 * statistics.quantiles(self.latencies, n=100)[98]


def slack(home: Path, say: Say, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Result]:
    """Measure throughput and the 99th percentile at sixteen requests at once."""
    return asyncio.run(_measure(home, say, rounds, seconds))


async def _measure(home: Path, say: Say, rounds: int, seconds: float) -> list[Result]:
    async with _web_api() as api, _servers(home, api) as (ours, echo):
        say("Slack: warming up")
        product, bare = [], []
        for port in (ours, echo):  # the first answers may come after their acknowledgement
            await load(port, lambda rows, answer: None, seconds=1.5)
        await asyncio.sleep(0.5)
        for number in range(rounds):
            say(f"Slack: round {number + 1} of {rounds}")
            turns = [(ours, check_answer, product), (echo, check_echo, bare)]
            for port, check, kept in turns if number % 2 else reversed(turns):
                kept.append(await load(port, check, seconds=seconds))
    total = sum(len(one.latencies) for one in product)
    throughput = 1000 / _median(one.each for one in product)
    return [
        Result(
            "Slack, time a request at 16 at once", _median(one.each for one in product), "ms",
            "bare Bolt", _median(one.each for one in bare), 1.25,
            f"{throughput:,.0f} requests a second, {total:,} answers checked",
        ),
        Result(
            "Slack, 99th percentile", _median(one.p99 for one in product), "ms",
            "bare Bolt", _median(one.p99 for one in bare), 1.25,
        ),
    ]  # fmt: skip


def _median(values: Iterator[float]) -> float:
    return float(statistics.median(values))


def check_answer(rows: int, answer: bytes) -> None:
    """The answer holds the table asked for."""
    read = json.loads(answer)
    table = next(block for block in read["blocks"] if block["type"] == "table")
    if len(table["rows"]) != rows + 1 or read["response_type"] != "ephemeral" or not read["text"]:
        raise RuntimeError(f"A wrong answer: {answer[:300]!r}")


def check_echo(rows: int, answer: bytes) -> None:
    """The echo says what was asked."""
    if not json.loads(answer)["text"].startswith(f"echo {rows}"):
        raise RuntimeError(f"A wrong echo: {answer[:300]!r}")


_numbers = itertools.count(1)


def request(port: int, number: int) -> tuple[bytes, int]:
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


async def load(port: int, check: Callable[[int, bytes], None], *, seconds: float) -> Round:
    """Keep sixteen requests under way for so long."""
    measured = Round()
    start = time.perf_counter()
    await asyncio.gather(*(_client(port, check, start + seconds, measured) for _ in range(AT_ONCE)))
    measured.seconds = time.perf_counter() - start
    return measured


async def _client(
    port: int, check: Callable[[int, bytes], None], until: float, measured: Round
) -> None:
    # Plain streams: a full client would take more of the machine than what is measured.
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while time.perf_counter() < until:
            content, rows = request(port, next(_numbers))
            began = time.perf_counter()
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            answer = await reader.readexactly(length)
            measured.latencies.append(time.perf_counter() - began)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"Not accepted: {head[:100]!r}")
            check(rows, answer)
    finally:
        writer.close()


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


@asynccontextmanager
async def _servers(home: Path, api: str) -> AsyncIterator[tuple[int, int]]:
    """Start `serve` and the echo; yield their ports."""
    ours, echo = _free_port(), _free_port()
    environment = _environment() | {
        "SLACK_SIGNING_SECRET": SECRET, "SLACK_BOT_TOKEN": "xoxb-bench", "SLACK_APP_TOKEN": "",
        "SLACK_API_URL": api, "BALLOTAGE_ADMINS": ",".join(f"U{n}" for n in range(USERS)),
    }  # fmt: skip
    serve = [sys.executable, "app.py", "serve", "--home", str(home), "--port", str(ours)]
    bare = [sys.executable, "-m", "tests.benchmarks.slack", "--echo", str(echo)]
    quiet: dict[str, Any] = {"cwd": ROOT, "stdout": subprocess.DEVNULL}
    started = [
        subprocess.Popen(serve, env=environment, stderr=subprocess.DEVNULL, **quiet),
        subprocess.Popen(bare, env=environment, **quiet),
    ]
    try:
        for port, process in zip((ours, echo), started, strict=True):
            # In a thread: meanwhile they ask our Web API.
            await asyncio.to_thread(_wait_until_ready, f"http://127.0.0.1:{port}/readyz", process)
        yield ours, echo
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            await asyncio.to_thread(process.wait, 20)


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
        for row in slack(Path(sys.argv[1]), lambda text: print(text, file=sys.stderr)):
            print(f"{row.name}: {row.value:.2f} ms, {row.reference_name} {row.reference:.2f} ms, "
                  f"ratio {row.ratio:.2f} (goal {row.limit}) {row.note}")  # fmt: skip
