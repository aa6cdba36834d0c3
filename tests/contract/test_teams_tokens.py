"""Who gets in: tokens against a local OpenID server, and bodies that are none."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest

from bot.application import Application
from tests.contract.teams_world import STRANGER, World, key, world

Json = dict[str, Any]


@pytest.fixture
async def teams(demo_application: Application) -> AsyncIterator[World]:
    async with world(demo_application) as found:
        yield found


def hello(teams: World) -> Json:
    return teams.activity(STRANGER, text="help")


async def test_a_right_token_is_answered(teams: World) -> None:
    status, _ = await teams.post(hello(teams))
    assert status in {200, 201, 202}
    sent = await teams.microsoft.wait_for(1)
    assert sent[0]["attachments"]
    assert teams.microsoft.calls[-1].authorization.startswith("Bearer eyJ")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "99999999-9999-9999-9999-999999999999"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"},  # an emulator's
        {"serviceurl": "https://evil.example/"},
        {"serviceurl": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
        {"signer": 1},
        {"algorithm": "none"},
    ],
    ids=lambda claims: "-".join(f"{k}={str(v)[:12]}" for k, v in claims.items()),
)
async def test_a_wrong_token_is_turned_away(teams: World, claims: Json) -> None:
    status, body = await teams.post(hello(teams), token=teams.microsoft.token(**claims))
    assert status == 401
    assert body == {"error": "Unauthorized", "status": 401}
    assert teams.microsoft.sent() == []
    assert teams.store.items == {}


async def test_a_token_of_an_unknown_key_is_turned_away(teams: World) -> None:
    claims = jwt.decode(teams.microsoft.token(), options={"verify_signature": False})
    token = jwt.encode(claims, key(0), algorithm="RS256", headers={"kid": "other"})
    assert (await teams.post(hello(teams), token=token))[0] == 401
    nameless = jwt.encode(claims, key(0), algorithm="RS256")
    assert (await teams.post(hello(teams), token=nameless))[0] == 401


async def test_a_shared_secret_does_not_sign(teams: World) -> None:
    """The public key as an HMAC secret: the oldest trick on RS256."""
    claims = jwt.decode(teams.microsoft.token(), options={"verify_signature": False})
    token = jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": "k0"})
    assert (await teams.post(hello(teams), token=token))[0] == 401


@pytest.mark.parametrize(
    "header",
    ["", "garbage", "Bearer", "Bearer ", "Bearer garbage", "Bearer a.b.c", "Basic dXNlcjpwYXNz",
     "bearer lower", "Bearer two words", "Bearer " + "x" * 5_000, "Bearer eyJhbGciOiJSUzI1NiJ9..",
     "Bearer bnVsbA.bnVsbA.bnVsbA", "Bearer W10.W10.W10"],
)  # fmt: skip
async def test_garbage_is_turned_away(teams: World, header: str) -> None:
    status, _ = await teams.post(hello(teams), token=None, Authorization=header)
    assert status == 401


async def test_no_header_is_turned_away(teams: World) -> None:
    assert (await teams.post(hello(teams), token=None))[0] == 401


async def test_a_token_for_another_service_does_not_carry_this_one(teams: World) -> None:
    activity = hello(teams) | {"serviceUrl": "https://smba.example/"}
    assert (await teams.post(activity))[0] == 401


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest/", "http://smba.example/", "https://user:pw@127.0.0.1/",
     "http://127.0.0.1@smba.example/", "https://smba.example\\@127.0.0.1/", "https:///v3"],
)  # fmt: skip
async def test_no_answer_goes_unencrypted_or_to_a_disguised_address(
    teams: World, address: str
) -> None:
    """Even with a token that names it: our own token would go along."""
    token = teams.microsoft.token(serviceurl=address)
    assert (await teams.post(hello(teams) | {"serviceUrl": address}, token=token))[0] == 400
    assert teams.store.items == {}


async def test_a_redirect_is_not_followed(teams: World) -> None:
    teams.microsoft.failures = [(307, {"Location": f"{teams.microsoft.url}elsewhere"})]
    await teams.post(hello(teams))
    await teams.settle()
    assert teams.microsoft.sent() == []
    assert teams.store.states() == ["done"]  # refused for good: nothing was asked elsewhere


@pytest.mark.parametrize("missing", ["type", "serviceUrl", "conversation", "from"])
async def test_a_malformed_activity_is_a_bad_request(teams: World, missing: str) -> None:
    activity = hello(teams)
    del activity[missing]
    status, body = await teams.post(activity)
    assert (status, body) == (400, {"error": "Bad Request", "status": 400})


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"1", b'"text"', b"\xff\xfe", b"[" * 50_000, b'{"type":1}',
     b'{"type":"message","serviceUrl":"ftp://x","conversation":{"id":"1"},"from":{"id":"1"}}'],
    ids=lambda raw: raw[:12].decode("latin-1"),
)  # fmt: skip
async def test_what_is_no_activity_is_a_bad_request(teams: World, raw: bytes) -> None:
    assert (await teams.post(None, raw=raw))[0] == 400


async def test_a_body_of_ten_megabytes_is_too_large(teams: World) -> None:
    raw = json.dumps(hello(teams) | {"text": "x" * 10_000_000}).encode()
    assert (await teams.post(None, raw=raw))[0] == 413


async def test_a_body_that_grows_on_arrival_is_too_large(teams: World) -> None:
    raw = gzip.compress(json.dumps(hello(teams) | {"text": "x" * 10_000_000}).encode())
    headers = {"Content-Encoding": "gzip"}
    assert (await teams.post(None, raw=raw, **headers))[0] == 413


async def test_another_kind_of_body_is_refused(teams: World) -> None:
    status, _ = await teams.post(hello(teams), **{"Content-Type": "text/plain"})
    assert status == 415


async def test_keys_are_fetched_once(teams: World) -> None:
    for _ in range(5):
        await teams.post(hello(teams))
    assert teams.microsoft.key_fetches == 1


async def test_unknown_keys_do_not_have_us_ask_each_time(teams: World) -> None:
    claims = jwt.decode(teams.microsoft.token(), options={"verify_signature": False})
    for number in range(5):
        token = jwt.encode(claims, key(0), algorithm="RS256", headers={"kid": f"made-{number}"})
        await teams.post(hello(teams), token=token)
    assert teams.microsoft.key_fetches == 1


async def test_a_slow_key_server_does_not_stop_the_others(demo_application: Application) -> None:
    def slow(microsoft: Any) -> None:
        microsoft.key_delay = 1.0

    async with world(demo_application, prepare=slow) as teams:
        waiting = asyncio.create_task(teams.post(hello(teams)))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(0.8), teams.session.get(f"{teams.url}healthz") as response:
            assert response.status == 200
        assert not waiting.done()
        assert (await waiting)[0] in {200, 201, 202}


async def test_without_keys_nobody_is_turned_away_for_good(demo_application: Application) -> None:
    def down(microsoft: Any) -> None:
        microsoft.keys_status = 500

    async with world(demo_application, prepare=down) as teams:
        assert (await teams.post(hello(teams)))[0] == 503  # Teams asks again
        teams.microsoft.keys_status = 200
        assert (await teams.post(hello(teams)))[0] in {200, 201, 202}


async def test_events_of_other_channels_are_not_answered(teams: World) -> None:
    """Web Chat is on by default in Azure, and lets anyone say who they are."""
    activity = hello(teams) | {"channelId": "webchat"}
    status, _ = await teams.post(activity)
    await teams.settle()
    assert status in {401, 202}  # keys vouch for Teams alone, or the event is passed over
    assert teams.microsoft.sent() == []


class TestTheOpenDoorOfTheDemo:
    @pytest.fixture
    async def demo(self, demo_application: Application) -> AsyncIterator[World]:
        async with world(demo_application, MicrosoftAppId="", MicrosoftAppTenantId="") as found:
            yield found

    async def test_it_answers_this_machine(self, demo: World) -> None:
        assert (await demo.post(hello(demo)))[0] == 202
        await demo.microsoft.wait_for(1)
        assert demo.microsoft.calls[-1].authorization == ""

    @pytest.mark.parametrize(
        "headers", [{"Origin": "http://127.0.0.1"}, {"Host": "evil.example"}], ids=str
    )
    async def test_a_web_page_cannot_use_it(self, demo: World, headers: dict[str, str]) -> None:
        assert (await demo.post(hello(demo), **headers))[0] == 403

    async def test_it_answers_no_other_machine(self, demo: World) -> None:
        activity = hello(demo) | {"serviceUrl": "https://evil.example/"}
        assert (await demo.post(activity))[0] == 403
        assert demo.microsoft.calls == []
