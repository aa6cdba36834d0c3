"""A nudge on its way to Slack and Teams: sent once, and what went wrong is called by its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer, unused_port
from pydantic import SecretStr

from bot.adapters.slack.api import Api
from bot.adapters.slack.proactive import SlackSender
from bot.adapters.slack.settings import SlackSettings
from bot.adapters.teams.proactive import TeamsSender
from bot.adapters.teams.seam import Out, Ref, SendError
from bot.application import Application
from bot.core.reply import Reply, Section
from bot.doors import opened
from bot.scheduling.desk import Desk
from bot.scheduling.scheduler import Scheduler
from bot.scheduling.sending import Address, NotSentError, UnreachableError
from bot.scheduling.serving import scheduler_of
from bot.storage.database import Database
from bot.storage.nudge_preferences import PreferenceTable
from bot.storage.outbox import NudgeTable
from bot.storage.writer import Writer
from tests.conftest import compose
from tests.contract.slack_world import Slack

REPLY = Reply((Section("Call them."),))
ANN = Address("ann@demo.example")


class Held:
    """References in memory."""

    def __init__(self, **held: dict[str, Any]) -> None:
        self.held: dict[str, dict[str, Any]] = dict(held)

    async def put(self, surface: str, key: str, reference: Any) -> None:
        self.held[key] = dict(reference)

    async def get(self, surface: str, key: str) -> dict[str, Any] | None:
        return self.held.get(key)

    async def drop(self, surface: str, key: str) -> None:
        self.held.pop(key, None)


class Workspace(Slack):
    """A Slack that finds people by their address."""

    def _take(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        if method == "users.lookupByEmail":
            if args["email"].startswith("nobody"):
                return {"ok": False, "error": "users_not_found"}
            return {"ok": True, "user": {"id": "UANN"}}
        return Slack._take(self, method, args)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    made = Workspace()
    async with TestServer(made.app()) as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made


def settings(url: str) -> SlackSettings:
    return SlackSettings.model_construct(
        bot_token=SecretStr("xoxb-test"), signing_secret=SecretStr("s" * 32),
        app_token=SecretStr(""), api_url=f"{url}/api/",
    )  # fmt: skip


@pytest.fixture
async def sender(slack: Slack) -> AsyncIterator[SlackSender]:
    api = Api(settings(slack.url))
    yield SlackSender(api, Held())
    await api.close()


async def test_slack_finds_the_person_opens_the_chat_and_posts_once(
    slack: Slack, sender: SlackSender
) -> None:
    assert await sender.reaches(ANN)
    await sender.send(ANN, REPLY)
    await sender.send(ANN, REPLY)
    posts = slack.sent("chat.postMessage")
    assert [call.args["channel"] for call in posts] == ["DUANN", "DUANN"]
    assert "Call them." in posts[0].args["text"]
    assert len(slack.sent("conversations.open")) == 1
    assert not await sender.reaches(Address("nobody@demo.example"))
    assert await sender.reaches(Address("U0123456"))


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        ((429, {"Retry-After": "7"}, "ratelimited"), NotSentError),
        ((412, {}, "precondition"), NotSentError),
        ((200, {}, "user_not_found"), UnreachableError),
        ((200, {}, "is_archived"), UnreachableError),
        ((200, {}, "account_inactive"), UnreachableError),
        ((500, {}, "internal_error"), RuntimeError),
        ((200, {}, "fatal_error"), RuntimeError),
        ((0, {}, ""), Exception),  # hung up after the message was read
    ],
)
async def test_what_slack_says_is_called_by_its_name(
    slack: Slack, sender: SlackSender, failure: Any, outcome: type[Exception]
) -> None:
    await sender.send(ANN, REPLY)
    slack.failures["chat.postMessage"].append(failure)
    before = len(slack.calls)
    with pytest.raises(outcome) as caught:
        await sender.send(ANN, REPLY)
    if outcome is Exception:
        assert not isinstance(caught.value, NotSentError | UnreachableError)
    if isinstance(caught.value, NotSentError) and failure[0] == 429:
        assert caught.value.seconds == 7
        with pytest.raises(NotSentError):  # not a call earlier than Slack named
            await sender.send(ANN, REPLY)
    assert len(slack.calls) == before + 1


async def test_no_connection_to_slack_is_surely_not_sent() -> None:
    api = Api(settings(f"http://127.0.0.1:{unused_port()}"))
    with pytest.raises(NotSentError):
        await SlackSender(api, Held(**{ANN.user: {"channel": "D1"}})).send(ANN, REPLY)
    await api.close()


async def test_what_fails_before_the_message_is_surely_not_sent(
    slack: Slack, sender: SlackSender
) -> None:
    slack.failures["conversations.open"].append((500, {}, "internal_error"))
    with pytest.raises(NotSentError):
        await sender.send(ANN, REPLY)
    assert not slack.sent("chat.postMessage")


async def test_an_archived_channel_sends_it_to_the_own_chat(
    slack: Slack, sender: SlackSender
) -> None:
    await sender.send(Address(ANN.user, "CGONE"), REPLY)
    assert [call.args["channel"] for call in slack.sent("chat.postMessage")] == ["DUANN"]


class Port:
    """A TeamsPort that fails as told."""

    def __init__(self, *errors: SendError) -> None:
        self.errors = list(errors)
        self.outs: list[Out] = []

    async def send(self, ref: Ref, out: Out) -> str:
        self.outs.append(out)
        if self.errors:
            raise self.errors.pop(0)
        return "1"


def teams(*errors: SendError) -> tuple[Port, TeamsSender]:
    port = Port(*errors)
    ref = {"conversation_id": "a:1", "service_url": "https://x.example", "bot_id": "28:b",
           "user_id": "29:u", "tenant": "t", "channel": "msteams"}  # fmt: skip
    return port, TeamsSender(port, Held(**{ANN.user: ref}))  # type: ignore[arg-type]


async def test_teams_posts_a_card_once_to_whom_it_knows() -> None:
    port, sender = teams()
    assert await sender.reaches(ANN)
    assert not await sender.reaches(Address("stranger"))
    await sender.send(ANN, REPLY)
    assert len(port.outs) == 1
    assert port.outs[0].activity is not None


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (SendError(429, 9.0), NotSentError),
        (SendError(412), NotSentError),
        (SendError(0, code="ClientConnectorError"), NotSentError),
        (SendError(401, code="token: HTTPError"), NotSentError),
        (SendError(403, code="BotNotInConversationRoster"), UnreachableError),
        (SendError(404), UnreachableError),
        (SendError(0, code="TimeoutError"), RuntimeError),
        (SendError(500), RuntimeError),
        (SendError(502), RuntimeError),
    ],
)
async def test_what_teams_says_is_called_by_its_name(
    error: SendError, outcome: type[Exception]
) -> None:
    port, sender = teams(error)
    with pytest.raises(outcome):
        await sender.send(ANN, REPLY)
    assert len(port.outs) == 1


async def test_a_card_that_teams_refuses_goes_as_words() -> None:
    port, sender = teams(SendError(413))
    await sender.send(ANN, REPLY)
    assert port.outs[-1].text == "Call them."


MONDAY = dt.datetime(2026, 11, 23, 7, 20, tzinfo=dt.UTC)


@pytest.fixture
def application(demo_home: Path, tmp_path: Path) -> Application:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("snapshots", "data"):
        (home / name).symlink_to(demo_home / name)
    return compose(home)


def scheduler(application: Application, writer: Writer, **senders: Any) -> Scheduler:
    return scheduler_of(application.services, writer, senders)


async def test_the_mt_of_the_demo_company_gets_its_nudges_in_slack(
    slack: Slack, sender: SlackSender, application: Application
) -> None:
    now = [MONDAY]
    application.services.clock = lambda: now[0]
    with Database.open(application.home) as database, Writer(database) as writer:
        running = scheduler(application, writer, slack=sender)
        await running.plan()
        now[0] = MONDAY + dt.timedelta(minutes=11)
        for _ in range(3):
            await running.plan()
            await running.turn()
        posts = slack.sent("chat.postMessage")
        people = application.snapshots.current().people
        wanted = people.loc[people["role"] == "mt", "user"].tolist()
        assert len(posts) == len(wanted) >= 2
        assert len({call.args["text"] for call in posts}) == len(posts)
        for call in posts:
            assert "/nudges done" in str(call.args["blocks"])
        for user in wanted:
            (kept,) = NudgeTable(database, "default").history(user)
            assert (kept.state, kept.iso_week, kept.surface) == ("sent", "2026-W48", "slack")


async def test_who_has_no_chat_a_zone_that_is_none_and_no_role_are_told_apart(
    slack: Slack, sender: SlackSender, application: Application
) -> None:
    now = [MONDAY]
    application.services.clock = lambda: now[0]
    people = application.snapshots.current().people
    users = people.loc[people["role"] == "mt", "user"].tolist()
    with Database.open(application.home) as database, Writer(database) as writer:
        preferences = PreferenceTable(database, "default")
        preferences.change(users[0], MONDAY, zone="Mars/Olympus")
        preferences.change("left@demo.example", MONDAY, wanted=True)
        running = scheduler(application, writer, teams=teams()[1])  # knows neither of them
        await running.plan()
        now[0] = MONDAY + dt.timedelta(minutes=11)
        await running.plan()
        await running.turn()
        nudges = NudgeTable(database, "default")
        assert {k.user: k.reason for k in nudges.troubles(now[0])} == dict.fromkeys(
            users, "no chat with this person yet"
        )
    assert Desk(application.services).zone_problems() == ["Mars/Olympus"]


async def test_serve_opens_the_scheduler_with_its_doors(
    slack: Slack, application: Application
) -> None:
    async with opened(application, slack=settings(slack.url), nudges=True):
        pass
    assert (application.home / "state.db").exists()
