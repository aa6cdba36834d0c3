"""Who is let in, what is stored before it counts, and what a bad day at Slack does to an answer."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.slack import SlackSettings
from bot.application import Application
from bot.storage.database import Database
from tests.contract.slack_world import CHANNEL, MT, SECRET, STACK, World, texts, world

STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


@pytest.fixture
async def slack(demo_application: Application, tmp_path: Path) -> AsyncIterator[World]:
    async with world(demo_application, tmp_path) as made:
        yield made


async def nothing_happened(slack: World) -> None:
    await slack.settle()
    assert slack.slack.sent() == []
    assert (await slack.inbox.counts()).todo == 0


@pytest.mark.parametrize("seconds", [-301, 301, -100_000, 100_000])
async def test_stale_and_future_requests_are_refused(slack: World, seconds: int) -> None:
    body = slack.command_body("/topclients")
    # A second more on the future side: the clock goes on between signing and checking.
    at = time.time() + seconds + (1 if seconds > 0 else 0)
    assert (await slack.knock(body, slack.signed(body, at=at)))[0] == 401
    await nothing_happened(slack)


@pytest.mark.parametrize("seconds", [-290, 290])
async def test_within_300_seconds_is_taken(slack: World, seconds: int) -> None:
    body = slack.command_body("/topclients")
    assert (await slack.knock(body, slack.signed(body, at=time.time() + seconds)))[0] == 200


async def test_forged_altered_and_headerless_requests_are_refused(slack: World) -> None:
    body = slack.command_body("/topclients 5")
    good = slack.signed(body)
    forms: list[tuple[str, dict[str, str]]] = [
        (body, good | {SIGNATURE: "v0=" + "0" * 64}),
        (body, good | {SIGNATURE: ""}),
        (body, good | {SIGNATURE: "v0=é"}),
        (body, good | {SIGNATURE: good[SIGNATURE].upper()}),
        (body.replace("5", "6"), good),
        (body, {k: v for k, v in good.items() if k != SIGNATURE}),
        (body, {k: v for k, v in good.items() if k != STAMP}),
        (body, {"Content-Type": "application/x-www-form-urlencoded"}),
        ("", {}),
        *((body, good | {STAMP: bad}) for bad in ("", "abc", "-1", "1e9", "٣", "9" * 40, "0x10")),
    ]
    for altered, headers in forms:
        status, text = await slack.knock(altered, headers)
        assert status == 401, headers
        assert "invalid" in text
    await nothing_happened(slack)


async def test_a_doubled_header_is_refused(slack: World) -> None:
    body = slack.command_body("/topclients")
    good = slack.signed(body)
    for name in (STAMP, SIGNATURE):
        assert (await slack.knock(body, [*good.items(), (name, good[name])]))[0] == 401
    await nothing_happened(slack)


async def test_a_body_of_ten_megabytes_is_refused(slack: World) -> None:
    body = b"payload=" + b"x" * 10_000_000
    given = {"Content-Type": "application/x-www-form-urlencoded"}
    async with slack.session.post(
        f"{slack.url}slack/events", data=io.BytesIO(body), headers=given
    ) as answer:
        assert answer.status == 413
    await nothing_happened(slack)


@pytest.mark.parametrize("team", ["TOTHER", "", "'; drop table"])
async def test_another_workspace_is_acknowledged_and_left(slack: World, team: str) -> None:
    status, text = await slack.knock(slack.command_body("/topclients", team=team))
    assert (status, text) == (200, "")
    event = {"type": "app_mention", "user": MT, "channel": CHANNEL, "text": "topclients"}
    assert await slack.event(event, team=team) == 200
    await nothing_happened(slack)


async def test_the_same_event_four_times_has_one_effect(slack: World) -> None:
    event = {"type": "message", "channel_type": "im", "user": MT, "channel": f"D{MT}",
             "ts": "1.1", "text": "help"}  # fmt: skip
    statuses = await asyncio.gather(*(slack.event(event, event_id="Ev7") for _ in range(4)))
    assert statuses == [200] * 4
    await slack.slack.wait_for(1)
    await slack.settle()
    assert len(slack.slack.sent()) == 1


async def test_the_same_trigger_twice_has_one_effect(slack: World) -> None:
    body = slack.command_body("/topclients", trigger="1.2.same")
    first, second = [await slack.knock(body) for _ in range(2)]
    assert first[1]
    assert second == (200, "")
    await slack.settle()
    assert slack.slack.sent() == []


async def test_an_event_is_stored_before_it_is_acknowledged(
    demo_application: Application, tmp_path: Path
) -> None:
    async with world(demo_application, tmp_path) as slack:
        await slack.worker.stop()
        slack.slack.failures["*"] = [(500, {}, "")] * 50
        assert await slack.dm("help") == 200
        assert (await slack.inbox.counts()).todo == 1
    async with world(demo_application, tmp_path) as after:  # another process takes it up
        (call, *_) = await after.slack.wait_for(1)
        assert call.args["channel"] == f"D{MT}"


async def test_what_cannot_be_stored_is_not_acknowledged(
    slack: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(slack.inbox, "accept", broken)
    body = slack.command_body("/topclients")
    status, text = await slack.knock(body)
    assert status == 503
    assert "disk" not in text


@pytest.mark.parametrize("failure", [(500, {}, ""), (503, {}, ""), (0, {}, ""),
                                     (200, {}, "internal_error"), (200, {}, "invalid_auth")])  # fmt: skip
async def test_a_failing_slack_gets_the_answer_when_it_is_back(
    slack: World, monkeypatch: pytest.MonkeyPatch, failure: tuple[int, dict[str, str], str]
) -> None:
    monkeypatch.setattr("bot.adapters.slack.api.TOKEN_PAUSE", 0.05)
    slack.slack.failures["chat.postEphemeral"] = [failure] * 3
    call = await slack.mention("bronnen")
    assert call.method == "chat.postEphemeral"
    await slack.settle()
    tries = [c for c in slack.slack.calls if c.method == "chat.postEphemeral"]
    assert [c.ok for c in tries] == [False, False, False, True]


async def test_a_slack_that_was_down_at_the_start_is_found_later(
    demo_application: Application, tmp_path: Path
) -> None:
    async with world(demo_application, tmp_path, start=False) as slack:
        slack.slack.failures["auth.test"] = [(0, {}, ""), (500, {}, ""), (502, {}, "")]
        await slack.door.start()
        await slack.settle()
        status, text = await slack.knock(slack.command_body("/topclients"))
        assert (status, text) == (200, "")  # whose workspace it is, nobody knows yet
        (call,) = await slack.slack.wait_for(1)
        assert "table" in texts(call.args)


async def test_retry_after_is_kept_and_nobody_calls_earlier(slack: World) -> None:
    slack.slack.failures["chat.postEphemeral"] = [(429, {"Retry-After": "1"}, "ratelimited")]
    await slack.mention("help")
    # Another question meanwhile waits too: the limit is the method's, not the message's.
    first, second = [c for c in slack.slack.calls if c.method == "chat.postEphemeral"]
    assert second.at - first.at >= 1.0
    await slack.mention("help")
    assert len(slack.slack.sent()) == 2


async def test_two_questions_wait_out_one_retry_after(slack: World) -> None:
    slack.slack.failures["chat.postEphemeral"] = [(429, {"Retry-After": "1"}, "ratelimited")]
    event = {"type": "app_mention", "user": MT, "channel": CHANNEL, "ts": "1.1", "text": "help"}
    for _ in range(2):
        assert await slack.event(event) == 200
        await slack.settle()
    await slack.slack.wait_for(2)
    calls = [c for c in slack.slack.calls if c.method == "chat.postEphemeral"]
    assert len(calls) == 3
    assert calls[1].at - calls[0].at >= 1.0


async def test_more_than_a_few_messages_keep_the_pace_of_the_channel(slack: World) -> None:
    event = {"type": "app_mention", "user": MT, "channel": CHANNEL, "ts": "1.1", "text": "help"}
    await asyncio.gather(*(slack.event(event) for _ in range(5)))
    calls = await slack.slack.wait_for(5)
    assert calls[4].at - calls[0].at >= 1.9  # three at once, then one a second


async def test_a_refusal_for_good_is_not_repeated(slack: World) -> None:
    slack.slack.failures["chat.postEphemeral"] = [(200, {}, "messages_too_long")] * 9
    event = {"type": "app_mention", "user": MT, "channel": CHANNEL, "ts": "1.1", "text": "help"}
    assert await slack.event(event) == 200
    await asyncio.sleep(0.2)
    await slack.settle()
    assert len([c for c in slack.slack.calls if c.method == "chat.postEphemeral"]) == 1
    assert (await slack.inbox.counts()).todo == 0


async def test_a_lookup_that_fails_is_tried_again_rather_than_guessed(slack: World) -> None:
    slack.slack.failures["conversations.info"] = [(500, {}, "")] * 2
    answer = await slack.command("/topklanten")
    assert "table" in texts(answer)


async def test_neither_bodies_nor_tokens_are_logged(
    slack: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await slack.command("/topklanten geheimwoord")
    body = slack.command_body("/topklanten geheimwoord")
    await slack.knock(body, slack.signed(body) | {SIGNATURE: "v0=geheimsignatuur"})
    await slack.knock('{"type": "geheimwoord", "event": [[]]}')
    await slack.knock("payload=%7Bgeheimwoord")
    slack.slack.failures["chat.postEphemeral"] = [(200, {}, "geheim_fout")]
    await slack.event(
        {"type": "app_mention", "user": MT, "channel": CHANNEL, "text": "geheimwoord"}
    )
    await slack.settle()
    ours = [r for r in caplog.records if not r.name.startswith(("asyncio", "aiohttp"))]
    said = "\n".join(logging.Formatter().format(record) for record in ours)
    for secret in ("geheimwoord", "geheimsignatuur", "xoxb-test", SECRET):
        assert secret not in said
    assert not any(word in said for word in STACK)


def test_settings_keep_their_secrets() -> None:
    made = SlackSettings(
        _env_file=None, SLACK_SIGNING_SECRET=SECRET, SLACK_BOT_TOKEN="xoxb-1",
        SLACK_APP_TOKEN="xapp-1",
    )  # type: ignore[call-arg]  # fmt: skip
    for secret in (SECRET, "xoxb-1", "xapp-1"):
        assert secret not in repr(made) + str(made) + made.model_dump_json()
    assert made.is_set
    assert made.socket_mode
    empty = SlackSettings(
        _env_file=None, SLACK_SIGNING_SECRET="", SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN=""
    )  # type: ignore[call-arg]  # fmt: skip
    assert not empty.is_set


async def test_json_of_any_shape_is_acknowledged(slack: World) -> None:
    for value in ([], {}, 1, None, "x", {"type": "event_callback"}, {"payload": 1},
                  {"type": "event_callback", "event": {"type": ["x"]}}):  # fmt: skip
        body = json.dumps(value)
        assert (await slack.knock(body, slack.signed(body)))[0] == 200
    await nothing_happened(slack)


async def test_bolt_leaves_the_loggers_of_the_program_alone(slack: World) -> None:
    await slack.command("/topklanten 5")
    for name in ("ballotage", "ballotage.slack", "ballotage.core"):
        logger = logging.getLogger(name)
        assert (logger.level, logger.filters) == (logging.NOTSET, []), name


async def test_only_what_is_acknowledged_unanswered_waits_for_the_disk(
    demo_application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    free.set()

    def sync(self: Database) -> int:
        assert free.wait(20)
        return 0

    monkeypatch.setattr(Database, "sync", sync)
    async with world(demo_application, tmp_path) as slack:
        event = {"type": "app_mention", "user": MT, "channel": CHANNEL, "ts": "5.5", "text": "help"}
        try:
            free.clear()
            assert texts(await slack.command("/topclients 3"))
            mention = asyncio.create_task(slack.event(event))
            slack.door._ack_seconds = 0.0
            late = asyncio.create_task(slack.knock(slack.command_body("/topclients 4")))
            done, _ = await asyncio.wait({mention, late}, timeout=0.3)
            assert not done
        finally:
            free.set()
        assert await mention == 200
        assert (await late)[0] == 200
