"""Pressed answers to the pulse, signed, through Slack and Teams: counted, and left nowhere."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot import pulse
from bot.application import Application
from bot.storage.database import Database
from bot.storage.inbox import Inbox
from bot.storage.sink import StoredAudit
from bot.storage.writer import BufferedAudit, Writer
from tests.conftest import compose
from tests.contract import slack_world, teams_world
from tests.contract.slack_world import CHANNEL, MT, SALES, STRANGER, texts
from tests.contract.teams_world import buttons, card_of, words


@pytest.fixture
def application(demo_home: Path, tmp_path: Path) -> Iterator[Application]:
    """The demo company, with what people say kept in a home of this test's own."""
    made = compose(demo_home, cleared={CHANNEL})
    state = StoredAudit(tmp_path / "slack")
    made.services.state = state
    yield made
    state.close()


@pytest.fixture
async def slack(application: Application, tmp_path: Path) -> AsyncIterator[slack_world.World]:
    async with slack_world.world(application, tmp_path / "slack") as made:
        yield made


@pytest.fixture
async def teams(application: Application) -> AsyncIterator[teams_world.World]:
    async with teams_world.world(application) as made:
        yield made


def stored(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """What the inbox is given to keep from now on."""
    found: list[Mapping[str, Any]] = []
    accept = Inbox.accept

    async def watched(
        self: Inbox, surface: str, event_id: str, payload: Mapping[str, Any], **how: Any
    ) -> int | None:
        found.append(payload)
        return await accept(self, surface, event_id, payload, **how)

    monkeypatch.setattr(Inbox, "accept", watched)
    return found


def tokens(home: Path) -> int:
    with closing(sqlite3.connect(home / "state.db")) as connection:
        return int(connection.execute("select count(*) from pulse_tokens").fetchone()[0])


def everything(home: Path) -> bytes:
    return b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


def values(message: Mapping[str, Any]) -> list[str]:
    return [
        element["value"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]


class TestSlack:
    async def test_question_press_thanks(
        self, slack: slack_world.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = stored(monkeypatch)
        question = await slack.command("/pulse", SALES)
        assert question["response_type"] == "ephemeral"
        scores = [v for v in values(question) if json.loads(v)["t"].startswith("/pulse ")]
        assert len(scores) == 5
        assert await slack.press(scores[3], SALES) == 200
        (call,) = await slack.slack.wait_for(1)
        assert "telt mee" in texts(call.args)
        # In the place of the question, so that nobody presses twice.
        assert (call.method, call.args["replace_original"]) == ("response_url", True)
        await slack.settle()
        assert [payload["text"] for payload in kept] == ["/pulse", "/pulse"]
        assert tokens(tmp_path / "slack") == 1
        assert (await slack.inbox.counts()).todo == 0

    @pytest.mark.parametrize(
        "said",
        ["/pulse 4", "pulse 4", "Puls: 4", "/ballotage pulse 4", "pulse\u200b 4", "polsslag 4"],
    )
    async def test_however_it_is_typed_the_score_is_not_stored(
        self, slack: slack_world.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
    ) -> None:
        kept = stored(monkeypatch)
        assert await slack.dm(said, SALES) == 200
        await slack.slack.wait_for(1)
        await slack.settle()
        assert [payload["text"] for payload in kept] == ["/pulse"]
        assert tokens(tmp_path / "slack") == 1

    async def test_what_is_not_the_pulse_is_kept_whole(
        self, slack: slack_world.World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = stored(monkeypatch)
        for said in ("/topklanten 5", "/mtweek 60", "/pulse uitslag"):
            await slack.command(said)
        await slack.settle()
        assert [payload["text"] for payload in kept] == [
            "/topklanten 5", "/mtweek 60", "/pulse uitslag",
        ]  # fmt: skip

    async def test_nothing_is_left_in_any_file(
        self, slack: slack_world.World, application: Application, tmp_path: Path
    ) -> None:
        for user, score in ((SALES, 1), (MT, 5)):
            await slack.press({"t": f"/pulse {score}"}, user, f"D{user}")
        await slack.slack.wait_for(2)
        await slack.settle()
        left = everything(tmp_path / "slack")
        assert b"/pulse 1" not in left
        assert b"/pulse 5" not in left
        pulse.tidy(application.services)  # what a server does every minute
        assert b"/pulse" not in everything(tmp_path / "slack")

    async def test_a_crash_asks_again_instead_of_keeping_the_score(
        self, application: Application, tmp_path: Path
    ) -> None:
        """Accepted and acknowledged, then the process dies: the next one has the question only."""
        home = tmp_path / "slack"
        async with slack_world.world(application, home) as first:
            never = asyncio.Event()

            async def hang(*_: object) -> None:
                await never.wait()

            first.door._responder.respond = hang  # type: ignore[method-assign]
            assert await first.press({"t": "/pulse 4"}, SALES, f"D{SALES}") == 200
            for task in list(first.door._tasks):
                task.cancel()
        with closing(sqlite3.connect(home / "state.db")) as connection:
            (payload,) = connection.execute("select payload from inbox").fetchone()
            assert json.loads(payload)["text"] == "/pulse"
            connection.execute("update inbox set due_at = '2020-01-01 00:00:00.000000'")
            connection.commit()
        async with slack_world.world(application, home) as second:
            (call,) = await second.slack.wait_for(1)
            assert len([v for v in values(call.args) if "/pulse" in v]) >= 5
        assert tokens(home) == 0

    async def test_slack_failing_does_not_count_twice_nor_keep_the_score(
        self, slack: slack_world.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = stored(monkeypatch)
        slack.slack.failures["response_url"] = [(500, {}, "")]
        await slack.press({"t": "/pulse 4"}, SALES, f"D{SALES}")
        (call,) = await slack.slack.wait_for(1)
        assert "beantwoord" in texts(call.args)
        assert [payload["text"] for payload in kept] == ["/pulse"]
        assert tokens(tmp_path / "slack") == 1

    async def test_a_copy_counts_once_and_a_stranger_not_at_all(
        self, slack: slack_world.World, tmp_path: Path
    ) -> None:
        body = slack.command_body("/pulse 4", SALES, trigger="T.1")
        for _ in range(4):
            assert (await slack.knock(body))[0] == 200
        await slack.command("/pulse 4", STRANGER)
        await slack.settle()
        assert tokens(tmp_path / "slack") == 1

    async def test_results_are_refused_to_a_rep_and_given_to_the_mt(
        self, slack: slack_world.World
    ) -> None:
        assert "zien hoe het met het team gaat" in texts(
            await slack.command("/pulse uitslag", SALES)
        )
        assert "58,3" in texts(await slack.command("/pulse uitslag", MT))

    async def test_the_audit_of_the_doors_knows_of_no_answer(
        self, application: Application, tmp_path: Path
    ) -> None:
        home = tmp_path / "slack"
        async with slack_world.world(application, home) as made:
            with Database.open(home) as database, Writer(database) as writer:
                application.dispatcher.audit = BufferedAudit(writer)
                await made.command("/pulse", MT)
                await made.command("/pulse 4", MT)
                await made.command("/pulse uitslag", MT)
                await made.settle()
                writer.flush()
        with closing(sqlite3.connect(home / "state.db")) as connection:
            found = connection.execute("select command, arguments from audit_events").fetchall()
        assert found == [("pulse", '{"results": "given"}')]


class TestTeams:
    @pytest.fixture
    def sales(self, application: Application) -> str:
        people = application.snapshots.current().people
        found = people[(people["role"] == "sales") & (people["locale"] == "nl")]
        return str(found["user"].iat[0])

    async def test_question_press_thanks_in_the_place_of_the_card(
        self, teams: teams_world.World, sales: str, tmp_path: Path
    ) -> None:
        payloads: list[str] = []
        accept = teams.store.accept

        async def watched(surface: str, event: str, payload: Mapping[str, Any]) -> int | None:
            payloads.append(json.dumps(payload))
            return await accept(surface, event, payload)

        teams.door._inbox = teams.door._presses.inbox = _With(teams.store, watched)  # type: ignore[assignment]
        (sent,) = await teams.say("/pulse", sales)
        scores = [b["data"] for b in buttons(card_of(sent)) if b["data"]["t"].startswith("/pulse ")]
        assert [data["t"] for data in scores] == [f"/pulse {n}" for n in range(1, 6)]
        answer = await teams.press(sales, scores[3])
        assert "telt mee" in words(answer)
        again = await teams.press(sales, scores[0])
        assert "eerste antwoord telt" in words(again)
        assert tokens(tmp_path / "slack") == 1
        assert len(payloads) == 3
        assert not [p for p in payloads if "/pulse 4" in p or "/pulse 1" in p]

    async def test_typed_in_a_group_it_is_answered_privately_and_not_kept(
        self, teams: teams_world.World, sales: str, tmp_path: Path
    ) -> None:
        await teams.say("hoi", sales)  # the own chat is known from here on
        seen = len(teams.store.items)
        sent = await teams.mention("pulse 4", sales, "19:group@thread.v2")
        assert any("telt mee" in words(each) for each in sent)
        for each in sent:
            if each["conversation"]["id"] == "19:group@thread.v2":
                assert "telt mee" not in words(each)
        assert tokens(tmp_path / "slack") == 1
        assert len(teams.store.items) == seen + 1


class _With:
    """A store whose `accept` is watched."""

    def __init__(self, store: teams_world.Store, accept: Any) -> None:
        self._store = store
        self.accept = accept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
