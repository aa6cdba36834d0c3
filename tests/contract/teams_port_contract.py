"""What any TeamsPort has to do: the suite that a successor of today's SDK is held to.

Each function takes a Rig over the port to test. A port's own test file makes the rig and calls
every function of CONTRACT; see test_teams_port.py.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.teams.seam import InEvent, Out, Ref, SendError, TeamsPort
from bot.adapters.teams.settings import TeamsSettings
from tests.contract.teams_world import APP, BOT, TENANT, Microsoft

Json = dict[str, Any]


@dataclass(slots=True)
class Rig:
    """A port, mounted, with Microsoft around it; `out` is what events are answered with."""

    port: TeamsPort
    microsoft: Microsoft
    url: str
    session: aiohttp.ClientSession
    events: list[InEvent] = field(default_factory=list)
    out: Out | None = None

    async def on_event(self, event: InEvent) -> Out | None:
        self.events.append(event)
        return self.out

    async def post(self, body: object, token: str | None = "") -> tuple[int, Any]:
        bearer = self.microsoft.token() if token == "" else token
        headers = {"Content-Type": "application/json"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        data = io.BytesIO(json.dumps(body).encode())
        async with self.session.post(
            f"{self.url}api/messages", data=data, headers=headers
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else ""

    @property
    def ref(self) -> Ref:
        return Ref(
            tenant=TENANT,
            conversation_id="19:x@thread.tacv2;messageid=1",
            service_url=self.microsoft.service_url,
            bot_id=BOT,
            user_id="29:u",
            channel="msteams",
        )

    def activity(self, **more: Any) -> Json:
        return {
            "type": "message",
            "id": "a1",
            "serviceUrl": self.microsoft.service_url,
            "channelId": "msteams",
            "text": "hi",
            "conversation": {"id": "c1", "conversationType": "personal", "tenantId": TENANT},
            "from": {"id": "29:u", "name": "U", "aadObjectId": "aad-u"},
            "recipient": {"id": BOT},
        } | more


Make = Callable[[TeamsSettings], TeamsPort]


@contextlib.asynccontextmanager
async def rig(make: Make) -> AsyncIterator[Rig]:
    """Mount the port that `make` gives for settings with an app id."""
    microsoft = Microsoft()
    outside = TestServer(microsoft.app())
    await outside.start_server()
    microsoft.url = str(outside.make_url("/"))
    settings = TeamsSettings(
        _env_file=None,  # type: ignore[call-arg]
        MicrosoftAppId=APP,
        MicrosoftAppTenantId=TENANT,
        BALLOTAGE_TEAMS_OPENID_URL=f"{microsoft.url}v1/.well-known/openidconfiguration",
    )
    port = make(settings)
    app = web.Application()
    async with aiohttp.ClientSession() as session:
        found = Rig(port, microsoft, "", session)
        app.router.add_routes(port.routes(found.on_event))
        inside = TestServer(app)
        await inside.start_server()
        found.url = str(inside.make_url("/"))
        try:
            yield found
        finally:
            await port.close()
            await inside.close()
            await outside.close()


async def a_verified_message_becomes_an_event(rig: Rig) -> None:
    status, _ = await rig.post(rig.activity(locale="nl-NL", replyToId="r"))
    assert status in {200, 201, 202}
    (event,) = rig.events
    assert event == InEvent(
        kind="message", activity_id="a1", tenant_id=TENANT, conversation_id="c1",
        conversation_type="personal", service_url=rig.microsoft.service_url, bot_id=BOT,
        user_id="29:u", user_aad_id="aad-u", user_name="U", text="hi", locale="nl-NL",
        reply_to_id="r",
    )  # fmt: skip


async def a_targeted_message_is_known(rig: Rig) -> None:
    await rig.post(rig.activity(recipient={"id": BOT, "isTargeted": True}))
    assert rig.events[0].is_targeted


async def the_kinds_are_told_apart(rig: Rig) -> None:
    action = {"verb": "v", "data": {"t": "/x"}}
    for body in (
        rig.activity(text=None, value={"t": "/x", "s": False}),
        rig.activity(type="invoke", name="adaptiveCard/action", value={"action": action}),
        rig.activity(type="installationUpdate", action="add"),
        rig.activity(type="installationUpdate", action="remove"),
        rig.activity(type="conversationUpdate", membersAdded=[{"id": BOT}]),
        rig.activity(type="conversationUpdate", membersAdded=[{"id": "29:v"}]),
        rig.activity(type="typing"),
    ):
        assert (await rig.post(body))[0] < 300
    kinds = [event.kind for event in rig.events]
    assert kinds == ["submit", "execute", "install", "uninstall", "install", "members", "other"]
    assert rig.events[0].value == {"t": "/x", "s": False}
    assert (rig.events[1].verb, rig.events[1].value) == ("v", {"t": "/x"})


async def an_invoke_gets_its_body(rig: Rig) -> None:
    body = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": {"a": 1}}
    rig.out = Out(invoke_body=body)
    action = {"verb": "v", "data": {}}
    given = rig.activity(type="invoke", name="adaptiveCard/action", value={"action": action})
    assert await rig.post(given) == (200, body)
    rig.out = None
    assert await rig.post(given) == (200, {})


async def nobody_else_gets_in(rig: Rig) -> None:
    mint = rig.microsoft.token
    for token in (
        None, "garbage", "a.b.c", mint(aud="x"), mint(iss="https://evil.example"),
        mint(serviceurl="https://evil.example/"), mint(exp=1), mint(exp=None), mint(signer=1),
        mint(algorithm="none"),
    ):  # fmt: skip
        assert (await rig.post(rig.activity(), token))[0] == 401, token
    assert rig.events == []


async def what_is_no_activity_is_refused(rig: Rig) -> None:
    for body in (None, [], {}, rig.activity(type=None), rig.activity(conversation=None)):
        assert (await rig.post(body))[0] == 400, body
    assert (await rig.post(rig.activity(text="x" * 10_000_000)))[0] == 413
    assert rig.events == []


async def a_card_is_sent(rig: Rig) -> None:
    card = {"type": "message", "attachments": [{"contentType": "x", "content": {"a": "é"}}]}
    activity_id = await rig.port.send(rig.ref, Out(card, reply_to_id="r1"))
    (call,) = rig.microsoft.calls
    assert activity_id == "sent-1"
    assert call.path.endswith("/v3/conversations/19:x@thread.tacv2;messageid=1/activities")
    assert call.body["attachments"] == card["attachments"]
    assert call.body["replyToId"] == "r1"
    assert call.authorization.startswith("Bearer ")
    assert card == {
        "type": "message",
        "attachments": [{"contentType": "x", "content": {"a": "é"}}],
    }


async def text_and_typing_are_sent(rig: Rig) -> None:
    await rig.port.send(rig.ref, Out(text="*plain*"))
    await rig.port.send(rig.ref, Out(typing=True))
    text, typing = (call.body for call in rig.microsoft.calls)
    assert (text["type"], text["text"], text["textFormat"]) == ("message", "*plain*", "plain")
    assert typing["type"] == "typing"


async def a_targeted_message_is_seen_by_one(rig: Rig) -> None:
    await rig.port.send(rig.ref, Out(text="x", targeted_to="29:v"))
    (call,) = rig.microsoft.calls
    assert call.query == {"isTargetedActivity": "true"}
    assert call.body["recipient"] == {"id": "29:v", "isTargeted": True}


async def a_message_is_replaced(rig: Rig) -> None:
    await rig.port.update(rig.ref, "sent-9", Out(text="new"))
    (call,) = rig.microsoft.calls
    assert (call.method, call.body["id"], call.body["text"]) == ("PUT", "sent-9", "new")
    assert call.path.endswith("/activities/sent-9")


async def a_refusal_is_told_with_its_status(rig: Rig) -> None:
    for status, headers, after in (
        (429, {"Retry-After": "7"}, 7.0), (412, {}, None), (403, {}, None), (502, {}, None),
        (0, {}, None),
    ):  # fmt: skip
        rig.microsoft.failures = [(status, headers)]
        with pytest.raises(SendError) as caught:
            await rig.port.send(rig.ref, Out(text="x"))
        assert (caught.value.status, caught.value.retry_after) == (status, after)
    assert len(rig.microsoft.calls) == 5  # the port itself never tries again


async def members_are_looked_up(rig: Rig) -> None:
    rig.microsoft.people = {
        "29:u": {
            "id": "29:u", "aadObjectId": "a", "email": "u@x.example", "userRole": "guest",
            "userPrincipalName": "u@y.example", "tenantId": "t", "name": "U",
        }
    }  # fmt: skip
    found = await rig.port.member(rig.ref, "29:u")
    assert (found.aad_id, found.email, found.upn, found.role, found.tenant_id) == (
        "a", "u@x.example", "u@y.example", "guest", "t",
    )  # fmt: skip
    assert [member.id for member in await rig.port.members(rig.ref)] == ["29:u"]
    with pytest.raises(SendError) as caught:
        await rig.port.member(rig.ref, "29:nobody")
    assert caught.value.status == 404


CONTRACT: tuple[Callable[[Rig], Awaitable[None]], ...] = (
    a_verified_message_becomes_an_event,
    a_targeted_message_is_known,
    the_kinds_are_told_apart,
    an_invoke_gets_its_body,
    nobody_else_gets_in,
    what_is_no_activity_is_refused,
    a_card_is_sent,
    text_and_typing_are_sent,
    a_targeted_message_is_seen_by_one,
    a_message_is_replaced,
    a_refusal_is_told_with_its_status,
    members_are_looked_up,
)
