"""Microsoft as the Teams door sees it: keys, tokens, a connector; and the door over the demo.

Real HTTP on loopback on both sides, real RS256 signatures. Only our own outbound token is made up.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import io
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.adapters.http import create_server
from bot.adapters.teams.door import TeamsDoor, create_teams
from bot.adapters.teams.sdk import BotbuilderPort
from bot.adapters.teams.settings import TeamsSettings
from bot.adapters.worker import Later
from bot.application import Application
from bot.observability import Metrics
from bot.renderers.teams import CARD
from bot.storage.inbox import Work

APP = "11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
BOT = f"28:{APP}"
ISSUER = "https://api.botframework.com"
STRANGER = "nobody@elsewhere.example"

Json = dict[str, Any]


@lru_cache(maxsize=2)
def key(number: int) -> rsa.RSAPrivateKey:
    """A signing key; making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(slots=True)
class Call:
    """What the connector was asked."""

    method: str
    path: str
    query: dict[str, str]
    body: Json
    authorization: str
    status: int


@dataclass(slots=True)
class Microsoft:
    """The key server and the connector."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    failures: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    """Answers to the next sends: (status, headers); status 0 cuts the connection."""
    people: dict[str, Json] = field(default_factory=dict)
    """Members by account id."""
    rosters: dict[str, list[str]] = field(default_factory=dict)
    """Account ids by conversation; empty: whoever is in `people`."""
    lookup_status: int = 200
    key_fetches: int = 0
    keys_status: int = 200
    key_delay: float = 0.0
    targeted_supported: bool = True
    new_call: asyncio.Event = field(default_factory=asyncio.Event)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def service_url(self) -> str:
        return f"{self.url}connector/"

    def token(self, *, signer: int = 0, algorithm: str = "RS256", **claims: Any) -> str:
        """A token as Teams sends one; a claim of None is left out."""
        now = int(time.time())
        content = {
            "iss": ISSUER,
            "aud": APP,
            "iat": now,
            "nbf": now - 10,
            "exp": now + 600,
            "serviceurl": self.service_url,
        } | claims
        content = {name: value for name, value in content.items() if value is not None}
        if algorithm == "none":
            return jwt.encode(content, None, algorithm="none", headers={"kid": "k0"})
        return jwt.encode(content, key(signer), algorithm=algorithm, headers={"kid": "k0"})

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_get("/v1/.well-known/openidconfiguration", self._describe)
        app.router.add_get("/v1/.well-known/keys", self._keys)
        app.router.add_route("*", "/connector/v3/conversations/{rest:.*}", self._connector)
        return app

    def sent(self, kind: str = "message") -> list[Json]:
        """Activities that were taken, without signs of typing."""
        return [
            c.body for c in self.calls
            if c.method == "POST" and c.status < 300 and c.body.get("type") == kind
        ]  # fmt: skip

    async def wait_for(self, count: int, kind: str = "message", seconds: float = 10) -> list[Json]:
        """Wait until that many activities were taken."""
        async with asyncio.timeout(seconds):
            while len(self.sent(kind)) < count:
                self.new_call.clear()
                await self.new_call.wait()
        return self.sent(kind)

    async def _describe(self, _request: web.Request) -> web.Response:
        self.key_fetches += 1
        await asyncio.sleep(self.key_delay)
        if self.keys_status != 200:
            return web.Response(status=self.keys_status)
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.url}v1/.well-known/keys"})

    async def _keys(self, _request: web.Request) -> web.Response:
        public = json.loads(RSAAlgorithm.to_jwk(key(0).public_key()))
        public |= {"kid": "k0", "use": "sig", "endorsements": ["msteams"]}
        return web.json_response({"keys": [public]})

    async def _connector(self, request: web.Request) -> web.StreamResponse:
        rest = request.match_info["rest"].split("/")
        body: Json = await request.json() if request.can_read_body else {}
        call = Call(
            request.method, request.path, dict(request.query), body,
            request.headers.get("Authorization", ""), 200,
        )  # fmt: skip
        try:
            return await self._answer(request, rest, call)
        finally:
            self.calls.append(call)
            self.new_call.set()

    async def _answer(
        self, request: web.Request, rest: list[str], call: Call
    ) -> web.StreamResponse:
        if request.method == "GET":
            call.status = self.lookup_status
            return self._lookup(rest)
        if self.failures and call.body.get("type") == "message":
            status, headers = self.failures.pop(0)
            call.status = status or 599
            if status == 0:
                assert request.transport is not None
                request.transport.abort()
            error = {"error": {"code": "Broken", "message": "made to fail"}}
            return web.json_response(error, status=status or 500, headers=dict(headers))
        if call.query.get("isTargetedActivity") and not self.targeted_supported:
            call.status = 400
            return web.json_response({"error": {"code": "BadArgument"}}, status=400)
        call.status = 201
        return web.json_response({"id": f"sent-{next(self._ids)}"}, status=201)

    def _lookup(self, rest: list[str]) -> web.Response:
        if self.lookup_status != 200:
            return web.json_response({"error": {"code": "X"}}, status=self.lookup_status)
        conversation = rest[0]
        there = self.rosters.get(conversation) or list(self.people)
        if rest[1] == "pagedmembers":
            members = [self.people[user] for user in there if user in self.people]
            return web.json_response({"members": members})
        found = self.people.get(rest[2]) if rest[2] in there else None
        if found is None:
            return web.json_response({"error": {"code": "MemberNotFound"}}, status=404)
        return web.json_response(found)


@dataclass(slots=True)
class Store:
    """Inbox, references and welcomed in memory, with the promises of bot.storage."""

    items: dict[int, Json] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    references: dict[tuple[str, str], Json] = field(default_factory=dict)
    welcomed: set[tuple[str, str]] = field(default_factory=set)

    async def accept(self, surface: str, event_id: str, payload: Mapping[str, Any]) -> int | None:
        if (surface, event_id) in self.seen:
            return None
        self.seen.add((surface, event_id))
        number = len(self.items) + 1
        self.items[number] = {
            "state": "todo", "event": event_id, "payload": json.dumps(payload), "attempts": 1,
            "reason": "", "seconds": 0.0,
        }  # fmt: skip
        return number

    async def done(self, work_id: int) -> None:
        self.items[work_id] |= {"state": "done", "payload": ""}

    async def later(self, work_id: int, seconds: float, reason: str) -> None:
        self.items[work_id] |= {"state": "later", "seconds": seconds, "reason": reason}

    async def put(self, surface: str, key: str, reference: Mapping[str, Any]) -> None:
        self.references[surface, key] = json.loads(json.dumps(reference))

    async def get(self, surface: str, key: str) -> Json | None:
        return self.references.get((surface, key))

    async def drop(self, surface: str, key: str) -> None:
        self.references.pop((surface, key), None)

    async def first_time(self, surface: str, user: str) -> bool:
        new = (surface, user) not in self.welcomed
        self.welcomed.add((surface, user))
        return new

    def states(self) -> list[str]:
        return [item["state"] for item in self.items.values()]


@dataclass(slots=True)
class World:
    """The door with Microsoft around it."""

    microsoft: Microsoft
    store: Store
    door: TeamsDoor
    url: str
    session: aiohttp.ClientSession
    app_id: str = APP
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def person(self, user: str, *, role: str = "user", tenant: str = TENANT, name: str = "") -> str:
        """Make somebody known to Teams by their address; returns the account id."""
        account = f"29:{user}"
        self.microsoft.people[account] = {
            "id": account, "name": name or user.partition("@")[0], "aadObjectId": f"aad-{user}",
            "email": user, "userPrincipalName": user, "tenantId": tenant, "userRole": role,
        }  # fmt: skip
        return account

    def activity(
        self, user: str, *, group: str = "", kind: str = "message", locale: str = "nl-NL",
        tenant: str = TENANT, **more: Any,
    ) -> Json:  # fmt: skip
        """An activity of that person, in their own chat or in a group or channel."""
        account = f"29:{user}"
        if account not in self.microsoft.people:
            self.person(user, tenant=tenant)
        conversation: Json = {"id": f"a:{user}", "conversationType": "personal"}
        if group:
            where = "channel" if "thread" in group else "groupChat"
            conversation = {"id": group, "conversationType": where, "isGroup": True}
        return {
            "type": kind,
            "id": f"act-{next(self._ids)}",
            "timestamp": "2026-11-24T09:30:00.000Z",
            "serviceUrl": self.microsoft.service_url,
            "channelId": "msteams",
            "locale": locale,
            "from": {
                "id": account,
                "name": self.microsoft.people[account]["name"],
                "aadObjectId": self.microsoft.people[account]["aadObjectId"],
            },
            "conversation": conversation | {"tenantId": tenant},
            "recipient": {"id": BOT, "name": "Ballotage"},
            "channelData": {"tenant": {"id": tenant}},
        } | more

    async def post(
        self, activity: object, *, token: str | None = "", raw: bytes | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Knock; returns the status and the JSON of the answer ('' without one)."""
        bearer = self.microsoft.token() if token == "" else token
        given = {"Content-Type": "application/json"} | headers
        if bearer is not None and self.app_id:
            given["Authorization"] = f"Bearer {bearer}"
        body = json.dumps(activity).encode() if raw is None else raw
        async with self.session.post(
            f"{self.url}api/messages", data=io.BytesIO(body), headers=given
        ) as response:
            text = await response.text()
            assert "Traceback" not in text
            assert 'File "' not in text
            return response.status, json.loads(text) if text else ""

    def welcome(self, user: str) -> None:
        """Have somebody welcomed already."""
        self.store.welcomed |= {("teams", user), ("teams", f"aad-{user}")}

    async def say(self, text: str, user: str, *, settled: bool = True, **more: Any) -> list[Json]:
        """Say something and return what was sent because of it, typing left out."""
        before = len(self.microsoft.sent())
        self.welcome(user)
        status, _ = await self.post(self.activity(user, text=text, **more))
        assert status in {200, 201, 202}
        if settled:
            await self.settle()
        return self.microsoft.sent()[before:]

    async def mention(self, text: str, user: str, group: str, **more: Any) -> list[Json]:
        """Say something to the bot in a group."""
        said = "<at>Ballotage</at>"
        entity = {"type": "mention", "text": said, "mentioned": {"id": BOT, "name": "Ballotage"}}
        return await self.say(f"{said} {text}", user, group=group, entities=[entity], **more)

    async def press(self, user: str, data: Json, **more: Any) -> Json:
        """Press a button by Action.Execute; returns the body of the answer."""
        action = {"type": "Action.Execute", "verb": "ballotage", "data": data}
        value = {"action": action, "trigger": "manual"}
        self.welcome(user)
        activity = self.activity(
            user, kind="invoke", name="adaptiveCard/action", value=value, replyToId="sent-0", **more
        )
        status, body = await self.post(activity)
        assert status == 200
        await self.settle()
        assert isinstance(body, dict)
        return body

    async def settle(self) -> None:
        """Wait until nothing is being answered."""
        async with asyncio.timeout(20):
            while self.door._tasks:
                await asyncio.wait(set(self.door._tasks))

    async def work_off(self) -> None:
        """Be the Worker once: try everything that was put off."""
        for number, item in list(self.store.items.items()):
            if item["state"] != "later":
                continue
            item["attempts"] += 1
            work = Work(
                number, "teams", item["event"], json.loads(item["payload"]), item["attempts"],
                dt.datetime.now(dt.UTC),
            )  # fmt: skip
            try:
                await self.door.handle(work)
            except Later as later:
                await self.store.later(number, later.seconds, later.reason)
            else:
                await self.store.done(number)


async def made_up_token() -> str:
    """Our own token: shaped like one."""
    claims = {"appid": APP, "exp": int(time.time()) + 3600}
    return jwt.encode(claims, "k" * 32, algorithm="HS256")


@contextlib.asynccontextmanager
async def world(
    application: Application,
    *,
    prepare: Callable[[Microsoft], None] = lambda microsoft: None,
    stand_in: str = "",
    **settings: str,
) -> AsyncIterator[World]:
    """Open the door; `settings` by their environment names."""
    microsoft = Microsoft()
    server = TestServer(microsoft.app())
    await server.start_server()
    microsoft.url = str(server.make_url("/"))
    prepare(microsoft)
    given = {
        "MicrosoftAppId": APP,
        "MicrosoftAppPassword": "secret",
        "MicrosoftAppTenantId": TENANT,
        "MicrosoftAppType": "SingleTenant",
        "BALLOTAGE_TEAMS_OPENID_URL": f"{microsoft.url}v1/.well-known/openidconfiguration",
    } | settings
    chosen = TeamsSettings(_env_file=None, **given)  # type: ignore[call-arg,arg-type]
    store = Store()
    port = BotbuilderPort(chosen, token=made_up_token if chosen.app_id else None)
    door = create_teams(application, store, store, store, chosen, port=port, stand_in=stand_in)

    async def ready() -> dict[str, tuple[bool, str]]:
        return {}

    ours = TestServer(create_server(ready=ready, metrics=Metrics(), routes=door.routes))
    await ours.start_server()
    async with aiohttp.ClientSession() as session:
        found = World(microsoft, store, door, str(ours.make_url("/")), session, chosen.app_id)
        try:
            yield found
        finally:
            await door.stop()
            await ours.close()
            await server.close()


def card_of(sent: Mapping[str, Any]) -> Json:
    """The card of an activity."""
    attachment = sent["attachments"][0]
    assert attachment["contentType"] == CARD
    card: Json = attachment["content"]
    return card


def words(value: object) -> str:
    """Every text in a card, an activity or an answer."""
    found: list[str] = []

    def walk(each: object) -> None:
        if isinstance(each, dict):
            for name, inner in each.items():
                if name in {"text", "title", "value", "label"} and isinstance(inner, str):
                    found.append(inner)
                elif name not in {"fallback", "data"}:
                    walk(inner)
        elif isinstance(each, list):
            for inner in each:
                walk(inner)

    walk(value)
    return " ".join(found).replace("\u00a0", " ")


def buttons(value: object) -> list[Json]:
    """Every action of a card."""
    found: list[Json] = []

    def walk(each: object) -> None:
        if isinstance(each, dict):
            if str(each.get("type", "")).startswith("Action."):
                found.append(each)
                return
            for inner in each.values():
                walk(inner)
        elif isinstance(each, list):
            for inner in each:
                walk(inner)

    walk(value)
    return found
