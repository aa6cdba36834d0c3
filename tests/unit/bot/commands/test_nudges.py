"""`/nudges`: what a person chooses, says of a nudge and sees of the weeks gone by."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.application import Application
from bot.core.reply import Outcome, Reply, plain_text
from bot.core.request import Conversation, Place, Principal, Request, Role
from bot.people import TENANT
from bot.storage.outbox import NewSlot, NudgeTable
from tests.conftest import NOW, compose, data

Say = Callable[..., Awaitable[Reply]]


@pytest.fixture
def application(demo_home: Path, tmp_path: Path) -> Application:
    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    return compose(home, cleared={"C1"})


@pytest.fixture
def mt(application: Application) -> str:
    people = application.snapshots.current().people
    return str(people.loc[people["role"] == "mt", "user"].iat[0])


@pytest.fixture
def rep(application: Application) -> str:
    people = application.snapshots.current().people
    return str(people.loc[people["role"] == "sales", "user"].iat[0])


@pytest.fixture
def say(application: Application) -> Say:
    async def say(
        text: str, user: str, role: str = "mt", locale: str = "en", **where: Any
    ) -> Reply:
        principal = Principal(TENANT, user, frozenset({Role(role)}), locale)
        place = Place(where.get("place", "dm"))
        request = Request(
            principal, Conversation(place, where.get("channel", "C1")), text,
            where.get("surface", "slack"), as_of=where.get("as_of"),
        )  # fmt: skip
        return await application.answer(request)

    return say


async def test_the_mt_gets_one_by_default_a_rep_only_when_asked(
    say: Say, mt: str, rep: str
) -> None:
    found = data(await say("/nudges", mt))["preferences"]
    assert (found["wanted"], found["weekday"], found["time"]) == (True, 1, "08:30")
    assert found["next_at"] == "2026-11-30T07:30:00+00:00"
    assert data(await say("/nudges", rep, "sales"))["preferences"]["wanted"] is False
    assert data(await say("/nudges start", rep, "sales"))["preferences"]["wanted"] is True
    assert data(await say("/nudges", rep, "sales"))["preferences"]["wanted"] is True


async def test_day_time_zone_language_and_channel_are_ones_own(say: Say, mt: str) -> None:
    for text in ("dag vrijdag", "tijd 9u", "zone america/new_york", "taal en", "channel teams"):
        reply = await say(f"/nudges {text}", mt)
        assert reply.outcome is Outcome.ANSWERED
    found = data(await say("/nudges", mt))["preferences"]
    assert found == found | {
        "weekday": 5, "time": "09:00", "zone": "America/New_York", "language": "en",
        "channel": "teams", "next_at": "2026-11-27T14:00:00+00:00",
    }  # fmt: skip
    assert data(await say("/nudges", "somebody.else@x.example"))["preferences"]["weekday"] == 1


@pytest.mark.parametrize(
    "text", ["dag ooit", "tijd 25:00", "zone", "taal fr", "kanaal fax", "pauze 99", "done", "done 9x",
             "done 999999", "evidence 0", "dans"],
)  # fmt: skip
async def test_what_cannot_be_is_said_in_one_line(say: Say, mt: str, text: str) -> None:
    reply = await say(f"/nudges {text}", mt)
    assert reply.outcome is Outcome.WRONG_REQUEST
    assert "/nudges" in plain_text(reply)


async def test_a_zone_that_does_not_exist_is_told_with_the_nearest(say: Say, mt: str) -> None:
    assert "Europe/Amsterdam" in plain_text(await say("/nudges zone Amsterdm", mt))


async def test_pause_and_stop_take_one_press(say: Say, mt: str) -> None:
    found = data(await say("/nudges pause", mt))["preferences"]
    assert (found["paused_until"], found["next_at"]) == ("2026-12-08", "2026-12-14T07:30:00+00:00")
    assert data(await say("/nudges stop", mt))["preferences"]["next_at"] is None
    found = data(await say("/nudges start", mt))["preferences"]
    assert (found["wanted"], found["paused_until"]) == (True, None)


async def test_history_shows_what_was_said_done_and_changed(say: Say, mt: str) -> None:
    reply = await say("/nudges history", mt)
    found = data(reply)["nudges"]
    assert len(found) == 6
    assert [n["week"] for n in found] == [f"2026-W{w}" for w in range(48, 42, -1)]
    assert len({(n["situation"], n["subject"]) for n in found}) >= 5
    assert any(n["follow_ups"] for n in found)
    assert "Looked at again" in plain_text(reply)
    assert all(n["action"] in plain_text(reply).replace("\u00a0", " ") for n in found)


async def test_done_later_not_useful_and_share_are_kept(
    say: Say, mt: str, application: Application
) -> None:
    newest = data(await say("/nudges history", mt))["nudges"][0]
    n = newest["id"]
    assert data(await say(f"/nudges done {n}", mt))["nudges"][0]["response"] == "done"
    assert data(await say(f"/nudges later {n}", mt))["nudges"][0]["response"] == "later"
    asked = await say(f"/nudges not-useful {n}", mt)
    assert "What was the matter?" in plain_text(asked)
    await say(f"/nudges not-useful {n} figures are a mess", mt)
    assert data(await say(f"/nudges share {n}", mt))["nudges"][0]["shared"] is True
    kept = NudgeTable(application.services.state.database(), TENANT).get(n)
    assert kept is not None
    assert (kept.response, kept.why) == ("not_useful", "figures are a mess")
    assert kept.responded_at == NOW


async def test_nobody_answers_or_reads_anothers_nudge(say: Say, mt: str, rep: str) -> None:
    n = data(await say("/nudges history", mt))["nudges"][0]["id"]
    for text in (f"done {n}", f"evidence {n}", f"share {n}"):
        reply = await say(f"/nudges {text}", rep, "sales")
        assert reply.outcome is Outcome.WRONG_REQUEST
        assert "of yours" in plain_text(reply)


async def test_the_evidence_names_every_figure_and_the_command_that_shows_it(
    say: Say, mt: str
) -> None:
    for nudge in data(await say("/nudges history", mt))["nudges"]:
        reply = await say(f"/nudges evidence {nudge['id']}", mt)
        text = plain_text(reply)
        assert nudge["evidence"] in text.replace("\u00a0", " ")
        buttons = [b for e in reply.elements for b in getattr(e, "buttons", ())]
        again = await say(buttons[0].text, mt)
        assert again.outcome is Outcome.ANSWERED, buttons[0].text


async def test_only_the_mt_sees_how_others_fare_and_never_what_they_read(
    say: Say, mt: str, rep: str
) -> None:
    assert (await say("/nudges all", rep, "sales")).outcome is Outcome.REFUSED
    reply = await say("/nudges all", mt)
    assert {p["state"] for p in data(reply)["people"]} >= {"sent"}
    theirs = data(await say("/nudges history", rep, "sales"))["nudges"][0]
    assert theirs["headline"] not in plain_text(reply)


async def test_what_did_not_surely_arrive_is_listed_for_an_admin(
    say: Say, mt: str, rep: str, application: Application
) -> None:
    table = NudgeTable(application.services.state.database(), TENANT)
    with application.services.state.database().write() as connection:
        table.plan(connection, [NewSlot(rep, "weekly", "2026-W40", NOW, "unknown", "reset")])
        table.plan(connection, [NewSlot(rep, "weekly", "2026-W41", NOW, "dead", "user_not_found")])
    found = data(await say("/nudges all", mt))["troubles"]
    assert {(t["state"], t["reason"]) for t in found} == {
        ("unknown", "reset"), ("dead", "user_not_found")
    }  # fmt: skip
    status = await say("/ballotage status", mt, "admin")
    assert data(status)["nudges"] == data(status)["nudges"] | {"unknown": 1, "dead": 1}
    assert "user_not_found" in plain_text(status)
    for_rep = await say("/ballotage status", rep, "sales")
    assert "2 weekly nudges" in plain_text(for_rep)
    assert "user_not_found" not in plain_text(for_rep)


async def test_a_channel_must_be_cleared_and_only_for_the_mt(say: Say, mt: str, rep: str) -> None:
    there = {"place": "channel", "channel": "C1"}
    assert data(await say("/nudges channel here", mt, **there))["preferences"]["in_channel"]
    elsewhere = await say("/nudges channel here", mt, place="channel", channel="C9")
    assert elsewhere.outcome is Outcome.REFUSED
    assert (await say("/nudges channel here", rep, "sales", **there)).outcome is Outcome.REFUSED


async def test_as_of_an_earlier_day_shows_the_nudges_until_then(say: Say, mt: str) -> None:
    found = data(await say("/nudges history", mt, as_of=dt.date(2026, 11, 8)))["nudges"]
    assert [n["week"] for n in found] == ["2026-W45", "2026-W44", "2026-W43"]


async def test_every_page_is_one_that_slack_and_teams_take(say: Say, mt: str) -> None:
    from bot.renderers import slack, teams
    from tests.golden.slack.check import faults as slack_faults
    from tests.golden.teams.check import faults as teams_faults

    newest = data(await say("/nudges history", mt))["nudges"]
    pages = ["", "history", "all", "stop", "start", *(f"evidence {n['id']}" for n in newest)]
    pages += [f"{word} {newest[0]['id']}" for word in ("done", "later", "not-useful", "share")]
    for page in pages:
        for locale in ("nl", "en"):
            reply = await say(f"/nudges {page}", mt, locale=locale)
            assert reply.outcome is Outcome.ANSWERED
            assert slack_faults(slack.render(reply)) == []
            assert teams_faults(teams.render(reply)) == []
