"""Five hundred mutated requests, rightly signed: none may break the door or show its insides."""

from __future__ import annotations

import copy
import json
import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.adapters.slack.intake import Ask, read
from bot.application import Application
from tests.contract.slack_world import BOT, CHANNEL, MT, TEAM, world

COUNT = 500
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1e308, "", " ", "\x00", "\ud83d", "x" * 20_000, "<!channel>", "💥" * 50,
    [], {}, [[]], {"": {}}, "'; DROP TABLE inbox; --", "../../etc/passwd", "{0}{x}%s", "U1", "1.1",
    '{"t": 1}', '{"t": "/topclients", "s": [1]}', "{", "/" * 300, "-" * 5_000, "=\"\"='",
)  # fmt: skip

COMMAND: dict[str, Any] = {
    "token": "old", "team_id": TEAM, "user_id": MT, "channel_id": CHANNEL, "command": "/topclients",
    "text": "5 2025", "response_url": "https://hooks.invalid/x", "trigger_id": "1.1",
}  # fmt: skip
VIEW = {
    "type": "modal", "callback_id": "ask_ballotage", "private_metadata": '{"c":"C1","t":"1.1"}',
    "state": {"values": {"f.0": {"i.question": {"type": "plain_text_input", "value": "help"}}}},
}  # fmt: skip
JSON_PAYLOADS: tuple[dict[str, Any], ...] = (
    {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event": {
        "type": "app_mention", "user": MT, "channel": CHANNEL, "ts": "1.1", "thread_ts": "1.0",
        "text": f"<@{BOT}> topclients"}},
    {"type": "event_callback", "team_id": TEAM, "event_id": "Ev2", "event": {
        "type": "message", "channel_type": "im", "user": MT, "channel": f"D{MT}", "text": "help"}},
    {"type": "event_callback", "team_id": TEAM, "event_id": "Ev3", "event": {
        "type": "app_home_opened", "tab": "home", "user": MT, "channel": f"D{MT}"}},
    {"type": "event_callback", "team_id": TEAM, "event_id": "Ev4", "event": {
        "type": "member_joined_channel", "user": BOT, "channel": CHANNEL}},
    {"type": "url_verification", "challenge": "abc", "token": "old"},
)  # fmt: skip
FORM_PAYLOADS: tuple[dict[str, Any], ...] = (
    {"type": "block_actions", "team": {"id": TEAM}, "user": {"id": MT}, "channel": {"id": CHANNEL},
     "container": {"type": "message", "thread_ts": "1.1"}, "trigger_id": "2.2",
     "state": {"values": {"f0.0": {"i.n": {"type": "plain_text_input", "value": "3"}}}},
     "actions": [{"type": "button", "action_id": "f0", "block_id": "b", "value": '{"t":"/help"}'}]},
    {"type": "message_action", "callback_id": "ask_ballotage", "team": {"id": TEAM},
     "user": {"id": MT}, "channel": {"id": CHANNEL}, "message": {"ts": "1.1", "text": "hoi"},
     "trigger_id": "3.3"},
    {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": MT}, "view": VIEW,
     "trigger_id": "4.4"},
)  # fmt: skip


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    out = []
    for key, one in inside:
        out.append((*path, key))
        if isinstance(one, dict | list):
            out += spots(one, (*path, key))
    return out


def mutate(chance: random.Random, value: Any) -> Any:
    """Change one to three things in a JSON value."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        places = spots(value)
        if not places:
            break
        *path, last = chance.choice(places)
        holder = value
        for key in path:
            holder = holder[key]
        if chance.random() < 0.25:
            del holder[last]
        else:
            holder[last] = chance.choice(ODD)
    return value


def scramble(chance: random.Random, body: str) -> str:
    """Change a few characters of the text itself, which breaks its encoding or its JSON."""
    letters = list(body)
    for _ in range(chance.randint(1, 4)):
        letters[chance.randrange(len(letters))] = chance.choice('{}[]",:=&%+\\\x00é\n9')
    return "".join(letters)[: chance.choice([len(body), len(body) // 2, len(body)])]


def bodies() -> list[str]:
    chance = random.Random(20261124)
    out = []
    for number in range(COUNT):
        kind = number % 3
        if kind == 0:
            fields = mutate(chance, COMMAND)
            body = urlencode({str(k): str(v) for k, v in fields.items()}, errors="replace")
        elif kind == 1:
            body = json.dumps(mutate(chance, chance.choice(JSON_PAYLOADS)))
        else:
            payload = json.dumps(mutate(chance, chance.choice(FORM_PAYLOADS)))
            body = urlencode({"payload": payload})
        out.append(scramble(chance, body) if chance.random() < 0.3 else body)
    return out


async def test_no_mutated_request_breaks_the_door(
    demo_application: Application, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    statuses: dict[int, int] = {}
    async with world(demo_application, tmp_path, ack_seconds=0.2) as slack:
        for body in bodies():
            status, _text = await slack.knock(body)  # asserts that no stack trace is in it
            statuses[status] = statuses.get(status, 0) + 1
        async with slack.session.get(f"{slack.url}healthz") as answer:
            assert answer.status == 200
        assert statuses == {200: COUNT}
        await slack.settle()
    # Bolt says of what it cannot read that it failed; of ours nothing may.
    ours = [r for r in caplog.records if r.name != "ballotage.slack.sdk"]
    broken = [r.getMessage() for r in ours if r.levelno >= logging.ERROR]
    assert broken == []


def test_what_is_read_survives_the_way_through_the_inbox() -> None:
    chance = random.Random(7)
    kept = 0
    mutations: list[Callable[[], Any]] = [
        lambda: mutate(chance, COMMAND),
        lambda: mutate(chance, chance.choice(JSON_PAYLOADS)),
        lambda: mutate(chance, chance.choice(FORM_PAYLOADS)),
    ]
    for number in range(COUNT):
        ask = read(mutations[number % 3](), BOT)
        if ask is None:
            continue
        kept += 1
        assert Ask.from_json(json.loads(json.dumps(ask.to_json()))) == ask
        assert len(ask.text) <= 4_100
    assert kept > COUNT // 5
