"""Signed messages to `/api/messages` of `serve`, against a bare botbuilder echo, taking turns.

The load, the product and the echo are a process each; the load's process also is the key server,
the source of their own tokens and the connector. Every message is a new one of 200 people, with
mixed arguments and a token whose signature both check; each answer arrives at the connector before
the message is acknowledged, and is read and checked there. `python -m tests.benchmarks.teams HOME`
prints the figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.benchmarks.load import (
    AT_ONCE,
    ROUNDS,
    SECONDS,
    USERS,
    Say,
    Side,
    compare,
    running,
    shown,
)
from tests.benchmarks.measure import _environment, _free_port
from tests.benchmarks.result import Result

APP = "11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
ISSUER = "https://api.botframework.com"
OPENID = "v1/.well-known/openidconfiguration"
QUESTIONS = tuple(
    (f"{command} {n} {period}".strip(), n)
    for command in ("topclients", "/topklanten")
    for n in (3, 5, 8, 10)  # of more rows a card shows as many as fit
    for period in ("", "2025", "all", "2025-Q3")
)
Json = dict[str, Any]


def teams(home: Path, say: Say, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Result]:
    """Measure throughput and the 99th percentile at sixteen messages at once."""
    return asyncio.run(_measure(home, say, rounds, seconds))


async def _measure(home: Path, say: Say, rounds: int, seconds: float) -> list[Result]:
    async with Microsoft() as microsoft:
        ours, bare = _free_port(), _free_port()
        environment = _environment() | {
            "MicrosoftAppId": APP, "MicrosoftAppTenantId": TENANT, "MicrosoftAppPassword": "",
            # The one kind of app whose tokens come from this machine.
            "MicrosoftAppType": "UserAssignedMSI",
            "IDENTITY_ENDPOINT": f"{microsoft.url}token", "IDENTITY_HEADER": "benchmark",
            "BALLOTAGE_TEAMS_OPENID_URL": microsoft.url + OPENID,
            "BALLOTAGE_ADMINS": ",".join(f"aad-{n}" for n in range(USERS)),
        }  # fmt: skip
        serve = [sys.executable, "app.py", "serve", "--home", str(home), "--port", str(ours)]
        echoes = [sys.executable, "-m", "tests.benchmarks.teams", "--echo", str(bare)]
        async with running([(ours, serve), (bare, echoes)], environment) as servers:
            product, reference = (
                Side(server, partial(microsoft.question, server.port), check)
                for server, check in zip(
                    servers, (microsoft.check_answer, microsoft.check_echo), strict=True
                )
            )
            name = "bare botbuilder"
            return await compare("Teams", name, product, reference, say, rounds, seconds)


class Microsoft:
    """The key server, the source of the bot's own tokens, and the connector."""

    def __init__(self) -> None:
        self.url = ""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._arrived: dict[str, list[Json]] = {}
        self._tokens: list[str] = []
        self._asked = [0] * AT_ONCE

    async def __aenter__(self) -> Microsoft:
        app = web.Application()
        app.router.add_get(f"/{OPENID}", self._describe)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/token", self._token)
        path = "/connector/v3/conversations/{conversation}"
        app.router.add_post(f"{path}/activities", self._take)
        app.router.add_post(f"{path}/activities/{{activity}}", self._take)
        app.router.add_get(f"{path}/members/{{member}}", self._member)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        self._tokens = [self._signed(client) for client in range(AT_ONCE)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def question(self, port: int, client: int, number: int) -> tuple[bytes, tuple[str, int]]:
        """A message as bytes; the conversation its answer arrives in and the rows asked for.

        A client speaks for people of its own, so that one question is open in a conversation.
        """
        text, rows = QUESTIONS[number % len(QUESTIONS)]
        self._asked[client] += 1
        people = range(client, USERS, AT_ONCE)
        user = people[self._asked[client] % len(people)]
        conversation = f"a:{port}-{user}"
        self._arrived[conversation] = []
        body = json.dumps({
            "type": "message", "id": f"{os.getpid()}.{number}", "text": text,
            "timestamp": "2026-11-24T09:30:00.000Z", "serviceUrl": f"{self.url}connector/",
            "channelId": "msteams", "locale": "nl-NL",
            "from": {"id": f"29:{user}", "name": "Rep", "aadObjectId": f"aad-{user}"},
            "conversation": {
                "id": conversation, "conversationType": "personal", "tenantId": TENANT,
            },
            "recipient": {"id": f"28:{APP}", "name": "Ballotage"},
            "channelData": {"tenant": {"id": TENANT}},
        }).encode()  # fmt: skip
        head = (
            f"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: Bearer {self._tokens[client]}\r\n\r\n"
        )
        return head.encode() + body, (conversation, rows)

    def check_answer(self, asked: object, _answer: bytes) -> None:
        """One card has arrived, whose table has the rows asked for."""
        rows, card = self._only(asked)
        content = card["attachments"][0]["content"]
        table = next(each for each in content["body"] if each["type"] == "Table")
        if len(table["rows"]) - 1 != rows:
            raise RuntimeError(f"A wrong answer: {str(card)[:300]}")

    def check_echo(self, asked: object, _answer: bytes) -> None:
        """The echo has said what was asked."""
        rows, said = self._only(asked)
        if f" {rows}" not in said["text"] or not said["text"].startswith("echo "):
            raise RuntimeError(f"A wrong echo: {str(said)[:300]}")

    def _only(self, asked: object) -> tuple[int, Json]:
        assert isinstance(asked, tuple)
        conversation, rows = asked
        arrived = self._arrived[conversation]
        if len(arrived) != 1:
            raise RuntimeError(f"{len(arrived)} answers in {conversation}")
        return rows, arrived[0]

    def _signed(self, client: int) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": APP, "iat": now, "nbf": now - 10, "exp": now + 3600,
            "serviceurl": f"{self.url}connector/", "jti": str(client),
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "k0"})

    async def _describe(self, _request: web.Request) -> web.Response:
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.url}keys"})

    async def _keys(self, _request: web.Request) -> web.Response:
        public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        public |= {"kid": "k0", "use": "sig", "endorsements": ["msteams"]}
        return web.json_response({"keys": [public]})

    async def _token(self, _request: web.Request) -> web.Response:
        ends = int(time.time()) + 7200
        token = jwt.encode({"appid": APP, "exp": ends}, "k" * 32, algorithm="HS256")
        return web.json_response({
            "access_token": token, "expires_on": str(ends), "token_type": "Bearer",
            "resource": ISSUER,
        })  # fmt: skip

    async def _take(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return web.json_response({"error": {"code": "Unauthorized"}}, status=401)
        if body["type"] == "message":
            self._arrived[request.match_info["conversation"]].append(body)
        return web.json_response({"id": "sent"}, status=201)

    async def _member(self, request: web.Request) -> web.Response:
        user = request.match_info["member"]
        return web.json_response({
            "id": user, "name": "Rep", "aadObjectId": user.replace("29:", "aad-"),
            "tenantId": TENANT, "userRole": "user",
        })  # fmt: skip


def echo(port: int) -> None:
    """Botbuilder as its own samples show it: a bot that says what was said."""
    from botbuilder.core import ActivityHandler, TurnContext  # type: ignore[import-untyped]
    from botbuilder.integration.aiohttp import (  # type: ignore[import-untyped]
        CloudAdapter,
        ConfigurationBotFrameworkAuthentication,
    )

    class Configuration:
        APP_ID, APP_PASSWORD, APP_TENANTID, APP_TYPE = APP, "", TENANT, "UserAssignedMSI"
        TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = os.environ["BALLOTAGE_TEAMS_OPENID_URL"]
        TO_BOT_FROM_CHANNEL_TOKEN_ISSUER = ISSUER
        TO_CHANNEL_FROM_BOT_LOGIN_URL = "https://login.microsoftonline.com/"
        TO_CHANNEL_FROM_BOT_OAUTH_SCOPE = OAUTH_URL = ISSUER
        VALIDATE_AUTHORITY = True

    class Echo(ActivityHandler):  # type: ignore[misc]
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            await turn_context.send_activity(f"echo {turn_context.activity.text}")

    adapter, bot = CloudAdapter(ConfigurationBotFrameworkAuthentication(Configuration())), Echo()

    async def messages(request: web.Request) -> web.Response:
        answer: web.Response = await adapter.process(request, bot)
        return answer

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    web_app = web.Application()
    web_app.router.add_post("/api/messages", messages)
    web_app.router.add_get("/readyz", ready)
    web.run_app(web_app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    if sys.argv[1] == "--echo":
        echo(int(sys.argv[2]))
    else:
        print(shown(teams(Path(sys.argv[1]), lambda text: print(text, file=sys.stderr))), end="")
