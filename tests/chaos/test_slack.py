"""Slack fails, the server is killed, copies arrive: every question is answered all the same."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from slack_sdk.signature import SignatureVerifier

from bot.application import Application
from tests.contract.slack_world import MT, SECRET, TEAM, Call, Json, Slack, user

pytestmark = pytest.mark.chaos
ROOT = Path(__file__).parents[2]
QUESTIONS, KILLS, AT_ONCE = 60, 4, 4


@dataclass(slots=True)
class Stormy(Slack):
    """A Web API that fails three times in ten while the storm lasts."""

    luck: random.Random = field(default_factory=lambda: random.Random(0))
    storm: bool = True

    async def _answer(self, request: web.Request, method: str, args: Json) -> web.StreamResponse:
        if self.storm and self.luck.random() < 0.3:
            self.calls.append(Call(method, args, time.monotonic(), 599))
            match self.luck.randrange(4):
                case 0:
                    return web.json_response(
                        {"ok": False, "error": "ratelimited"},
                        status=429,
                        headers={"Retry-After": "1"},
                    )
                case 1:
                    return web.json_response({"ok": False, "error": "internal_error"}, status=500)
                case 2:
                    await asyncio.sleep(self.luck.uniform(0.5, 3))
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        # Called by name: a dataclass with slots is another class than the one `super` means.
        return await Slack._answer(self, request, method, args)


@dataclass(slots=True)
class Server:
    """`serve` as a process of its own, killed without warning."""

    home: Path
    port: int
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        arguments = ("app.py", "serve", "--home", str(self.home), "--port", str(self.port))
        with (self.home / "serve.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    async def stop(self, how: signal.Signals) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(how)
        await self.process.wait()


async def deliver(session: aiohttp.ClientSession, url: str, number: int) -> None:
    """As Slack does: again until it is accepted, and now and then a copy too many."""
    body = json.dumps(
        {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A1",
            "event_id": f"Ev{number}",
            "event": {
                "type": "message",
                "channel_type": "im",
                "user": MT,
                "channel": f"D{MT}",
                "ts": f"{number}.1",
                "text": f"topclients {number}",
            },
        }
    )
    accepted = 0
    while accepted < 1 + number % 3:
        stamp = str(int(time.time()))
        signed = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signed or "",
        }
        try:
            async with session.post(url, data=body, headers=headers) as answer:
                accepted += answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.2)


def answered(slack: Slack) -> Counter[int]:
    """How often each question got its table of so many rows."""
    return Counter(
        len(block["rows"]) - 1
        for call in slack.sent("chat.postMessage")
        for block in call.args.get("blocks", [])
        if block["type"] == "table"
    )


@pytest.mark.parametrize("seed", range(int(os.environ.get("CHAOS_RUNS", "2"))))
async def test_every_question_is_answered(
    demo_home: Path, demo_application: Application, tmp_path: Path, seed: int
) -> None:
    luck = random.Random(seed)
    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    slack = Stormy(luck=random.Random(seed + 1000))
    people = demo_application.snapshots.current().people
    slack.users[MT] = user(str(people.loc[people["role"] == "mt", "user"].iat[0]))
    slack.channels[f"D{MT}"] = {"id": f"D{MT}", "is_im": True}
    async with TestServer(slack.app()) as web_api:
        slack.url = str(web_api.make_url("")).rstrip("/")
        own = {k: v for k, v in os.environ.items() if not k.upper().startswith("BALLOTAGE_")}
        server = Server(
            home,
            unused_port(),
            own
            | {
                "SLACK_SIGNING_SECRET": SECRET,
                "SLACK_BOT_TOKEN": "xoxb-test",
                "SLACK_APP_TOKEN": "",
                "SLACK_API_URL": f"{slack.url}/api/",
            },
        )
        await server.start()
        url = f"http://127.0.0.1:{server.port}/slack/events"
        places = asyncio.Semaphore(AT_ONCE)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:

            async def one(number: int) -> None:
                async with places:
                    await asyncio.sleep(luck.uniform(0, 0.6))
                    await deliver(session, url, number)

            async def killer() -> None:
                for _ in range(KILLS):
                    await asyncio.sleep(luck.uniform(2, 5))
                    await server.stop(signal.SIGKILL)
                    await server.start()

            numbers = range(1, QUESTIONS + 1)
            try:
                await asyncio.gather(killer(), *(one(n) for n in numbers))
                slack.storm = False
                async with asyncio.timeout(180):
                    while set(answered(slack)) != set(numbers):
                        await asyncio.sleep(0.5)
                # What would come twice had time to.
                await asyncio.sleep(3)
            except TimeoutError:
                missing = sorted(set(numbers) - set(answered(slack)))
                pytest.fail(f"never answered: {missing}")
            finally:
                await server.stop(signal.SIGTERM)
    # A copy is answered once. Only who is killed between sending and noting it sends again.
    twice = sum(count - 1 for count in answered(slack).values())
    failed = sum(call.status == 599 for call in slack.calls)
    print(f"{QUESTIONS} answered, {failed} calls failed, {KILLS} kills, {twice} sent twice")
    assert twice <= KILLS * AT_ONCE
    assert "Traceback" not in (home / "serve.log").read_text()
