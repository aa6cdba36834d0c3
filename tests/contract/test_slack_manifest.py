from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.adapters.slack.intake import ASK_CALLBACK
from bot.core.command import Registry
from bot.manifests.slack import EVENTS, LIMITS, RESERVED, SCOPES, install_link, slack_manifest
from tests.golden.slack.check import manifest_errors

ROOT = Path(__file__).parents[2]


@pytest.fixture
def registry(demo_application: object) -> Registry:
    found: Registry = demo_application.registry  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("url", ["https://bot.example", ""])
@pytest.mark.parametrize("locale", ["nl", "en"])
def test_it_is_what_slack_publishes_as_a_manifest(
    registry: Registry, url: str, locale: str
) -> None:
    manifest = slack_manifest(registry, url, locale=locale)
    assert manifest_errors(manifest) == []
    assert manifest_errors(manifest | {"settings": {"socket_mode_enabled": "yes"}})


def test_every_command_can_be_reached_and_no_name_is_slacks_own(registry: Registry) -> None:
    commands = slack_manifest(registry, "https://bot.example")["features"]["slash_commands"]
    names = [c["command"] for c in commands]
    assert len(names) == len(set(names)) <= LIMITS["commands"]
    assert not {n.lstrip("/") for n in names} & RESERVED
    assert {"status", "help", "topic", "remind", "who", "search"} <= RESERVED
    assert "/ballotage" in names
    for command in registry:
        for name in (command.name, command.name_in("nl")):
            direct = f"/{name}" in names
            assert direct != (command.under_ballotage or name in RESERVED), name
    for command in commands:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert command["url"] == "https://bot.example/slack/events"
        assert command["description"]


def test_hints_are_those_of_the_registry_in_the_language_of_the_name(registry: Registry) -> None:
    commands = {
        c["command"]: c
        for c in slack_manifest(registry, "https://x.example")["features"]["slash_commands"]
    }
    assert commands["/topclients"]["usage_hint"].startswith("[N]")
    assert commands["/topclients"]["description"] != commands["/topklanten"]["description"]


def test_a_reserved_name_stays_under_the_house_command(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.manifests.slack.RESERVED", RESERVED | {"topclients"})
    names = [
        c["command"]
        for c in slack_manifest(registry, "https://x.example")["features"]["slash_commands"]
    ]
    assert "/topclients" not in names
    assert "/topklanten" in names


def test_the_link_carries_the_whole_manifest(registry: Registry) -> None:
    manifest = slack_manifest(registry, "https://ballotage.your-company.example")
    link = install_link(manifest)
    assert len(link) < 8_000
    (text,) = parse_qs(urlsplit(link).query)["manifest_json"]
    assert json.loads(text) == manifest


def test_socket_mode_names_no_address(registry: Registry) -> None:
    manifest = slack_manifest(registry)
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "url" not in json.dumps(manifest)


def test_shortcuts_are_those_the_door_knows(registry: Registry) -> None:
    shortcuts = slack_manifest(registry)["features"]["shortcuts"]
    assert {s["type"] for s in shortcuts} == {"message", "global"}
    assert {s["callback_id"] for s in shortcuts} == {ASK_CALLBACK}
    assert all(len(s["name"]) <= 24 for s in shortcuts)


def test_scopes_are_those_that_the_calls_we_make_need() -> None:
    needs = {
        "auth.test": set(),
        "users.info": {"users:read", "users:read.email"},
        "conversations.info": {"channels:read", "groups:read", "im:read", "mpim:read"},
        "conversations.open": {"im:write"},
        "chat.postMessage": {"chat:write"},
        "chat.postEphemeral": {"chat:write"},
        "views.publish": set(),
        "views.open": set(),
        "files.upload": {"files:write"},
    }
    events = {"app_mention": {"app_mentions:read"}, "message.im": {"im:history"},
              "member_joined_channel": {"channels:read", "groups:read"},
              "app_home_opened": set()}  # fmt: skip
    called = set()
    for file in (ROOT / "bot" / "adapters" / "slack").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "call":
                assert isinstance(node.args[0], ast.Constant)
                called.add(node.args[0].value)
    assert called == set(needs)
    assert set(EVENTS) == set(events)
    wanted = set().union(*needs.values(), *events.values(), {"commands"})
    assert wanted == set(SCOPES)
