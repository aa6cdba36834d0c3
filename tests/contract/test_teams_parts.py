"""The parts of the Teams door by themselves: pace, settings, reading activities."""

from __future__ import annotations

from typing import Any

import pytest

from bot.adapters.teams import activities
from bot.adapters.teams.pace import Pace
from bot.adapters.teams.seam import InEvent, Member
from bot.adapters.teams.settings import TeamsSettings


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def send(pace: Pace, clock: Clock, seconds: float) -> list[float]:
    """Send as fast as it lets, until that time; return the moments."""
    moments = []
    while clock.now < seconds:
        delay = pace.delay("c")
        if delay > 0:
            clock.now += delay
            continue
        moments.append(clock.now)
        pace.count("c")
    return moments


def test_no_window_is_ever_exceeded() -> None:
    clock = Clock()
    moments = send(Pace(clock), clock, 7_300)
    for count, seconds in ((7, 1), (8, 2), (60, 30), (1800, 3600)):
        for first, one_too_many in zip(moments, moments[count:], strict=False):
            assert one_too_many - first >= seconds - 1e-6
    assert len(moments) >= 3_600  # and none is kept waiting for nothing


def test_conversations_do_not_wait_for_each_other() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(7):
        pace.count("a")
    assert pace.delay("a") == pytest.approx(1.0)
    assert pace.delay("b") == 0.0


async def test_whoever_would_wait_too_long_is_told_how_long() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(60):
        clock.now += 0.3
        pace.count("a")
    assert await pace.turn("a", 5.0) == pytest.approx(30 + 0.3 - 18.0, abs=0.01)


def test_settings_have_microsofts_names_and_hide_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MicrosoftAppId", "app")
    monkeypatch.setenv("MicrosoftAppPassword", "hush-hush")
    found = TeamsSettings(_env_file=None)  # type: ignore[call-arg]
    assert found.app_id == "app"
    assert found.app_password.get_secret_value() == "hush-hush"
    assert "hush-hush" not in repr(found)


def activity(**more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "id": "1",
        "serviceUrl": "https://smba.example/",
        "channelId": "msteams",
        "conversation": {"id": "19:x@thread.tacv2;messageid=5", "conversationType": "channel"},
        "from": {"id": "29:u"},
        "recipient": {"id": "28:b"},
    } | more


def test_a_thread_belongs_to_its_channel() -> None:
    event = activities.to_event(activity())
    assert event.conversation_id == "19:x@thread.tacv2;messageid=5"
    assert event.base_conversation == "19:x@thread.tacv2"


def test_an_event_survives_being_stored() -> None:
    event = activities.to_event(activity(value={"t": "/pareto", "s": True, "i.n": 4}))
    assert event.kind == "submit"
    stored = event.to_json() | {"of_a_later_version": 1}
    assert InEvent.from_json(stored) == event


def test_an_event_without_an_id_is_known_by_its_content() -> None:
    first, same, other = (
        activities.to_event(activity(id=None, text=text)) for text in ("a", "a", "b")
    )
    assert first.key == same.key
    assert first.key != other.key


@pytest.mark.parametrize(
    ("conversation", "kind"),
    [
        ({"conversationType": "personal"}, "personal"),
        ({}, "personal"),
        ({"conversationType": "groupChat"}, "groupChat"),
        ({"isGroup": True}, "groupChat"),
        ({"conversationType": "channel"}, "channel"),
        ({"conversationType": "somethingNew"}, "groupChat"),
    ],
)
def test_an_unknown_kind_of_conversation_is_no_private_one(
    conversation: dict[str, Any], kind: str
) -> None:
    event = activities.to_event(activity(conversation={"id": "c"} | conversation))
    assert event.conversation_type == kind


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"type": "conversationUpdate", "membersAdded": [{"id": "28:b"}]}, "install"),
        ({"type": "conversationUpdate", "membersRemoved": [{"id": "28:b"}]}, "uninstall"),
        ({"type": "conversationUpdate", "membersAdded": [{"id": "29:v"}]}, "members"),
        ({"type": "installationUpdate", "action": "add-upgrade"}, "install"),
        ({"type": "installationUpdate", "action": "remove-upgrade"}, "uninstall"),
        ({"type": "messageReaction"}, "other"),
        ({"type": "invoke", "name": "fileConsent/invoke"}, "file_consent"),
        ({"channelId": "directline"}, "other"),
        ({"from": {"id": "28:b"}}, "other"),
    ],
)
def test_kinds_of_events(more: dict[str, Any], kind: str) -> None:
    assert activities.to_event(activity(**more)).kind == kind


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("<at>Bot</at> topklanten", "topklanten"),
        ("<at id='0'>Bot</at>&nbsp;/client Jansen &amp; Zn", "/client Jansen & Zn"),
        ("<p>topklanten</p>", "topklanten"),
        ("  a\n b ", "a b"),
        ("1 < 2", "1 < 2"),
        ("half \ud83d pair", "half pair"),
    ],
)
def test_what_was_typed(text: str, typed: str) -> None:
    assert activities.to_event(activity(text=text)).text == typed


@pytest.mark.parametrize(
    ("member", "outsider"),
    [
        (Member("1", role="user", tenant_id="T"), False),
        (Member("1", role="guest", tenant_id="T"), True),
        (Member("1", role="Anonymous"), True),
        (Member("1", role="user", tenant_id="other"), True),
        (Member("1"), False),
    ],
)
def test_outsiders(member: Member, outsider: bool) -> None:
    assert member.is_outsider("T") is outsider
