"""Signed activities end to end over the demo company: what whom is told, and where."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.teams import door as door_module
from bot.application import Application
from bot.core.request import Request
from tests.conftest import compose
from tests.contract.teams_world import (
    BOT,
    STRANGER,
    TENANT,
    World,
    buttons,
    card_of,
    words,
    world,
)

GROUP = "19:group@thread.v2"
CARD = "application/vnd.microsoft.card.adaptive"
TOAST = "application/vnd.microsoft.activity.message"
FIGURES = "brengen 80 % van €"


def user_of(application: Application, role: str, locale: str = "nl") -> str:
    people = application.snapshots.current().people
    found = people[(people["role"] == role) & (people["locale"] == locale)]
    return str(found["user"].iat[0])


@pytest.fixture
def mt(demo_application: Application) -> str:
    return user_of(demo_application, "mt")


@pytest.fixture
def sales(demo_application: Application) -> str:
    return user_of(demo_application, "sales")


@pytest.fixture
async def teams(demo_application: Application) -> AsyncIterator[World]:
    async with world(demo_application) as found:
        yield found


@pytest.fixture
async def cleared(demo_home: Path) -> AsyncIterator[World]:
    async with world(compose(demo_home, cleared={GROUP})) as found:
        yield found


class TestPersonalChat:
    @pytest.mark.parametrize("text", ["/topklanten", "topklanten", "Topklanten 5", "topclients"])
    async def test_with_or_without_the_slash(self, teams: World, mt: str, text: str) -> None:
        (sent,) = await teams.say(text, mt)
        assert FIGURES in words(card_of(sent))
        assert sent["conversation"] == {"id": f"a:{mt}"}
        assert (sent["from"], sent["recipient"]) == ({"id": BOT}, {"id": f"29:{mt}"})

    async def test_the_people_table_knows_the_language_best(
        self, teams: World, demo_application: Application
    ) -> None:
        english = user_of(demo_application, "mt", "en")
        (sent,) = await teams.say("topclients", english, locale="nl-NL")
        assert "customers" in words(card_of(sent))

    @pytest.mark.parametrize(
        ("locale", "said"), [("nl-NL", "Ik ken je nog niet"), ("en-GB", "I do not know you yet"),
                             ("de-DE", "I do not know you yet"), ("", "Ik ken je nog niet")]
    )  # fmt: skip
    async def test_a_stranger_is_refused_in_their_language(
        self, teams: World, locale: str, said: str
    ) -> None:
        (sent,) = await teams.say("/topklanten", STRANGER, locale=locale)
        assert said in words(sent)
        assert "€" not in words(sent)

    @pytest.mark.parametrize("text", ["hoi", "hi", "help", "hulp", "", "   ", "<at>Ballotage</at>"])
    async def test_greetings_get_help(self, teams: World, text: str) -> None:
        (sent,) = await teams.say(text, STRANGER)
        assert "/ballotage hulp" in words(sent)

    async def test_a_wrong_question_is_told_how_to_mend(self, teams: World, mt: str) -> None:
        (sent,) = await teams.say("topklantne", mt)
        assert "topklantne" in words(sent)
        assert any(b["data"]["t"] == "/topklanten" for b in buttons(sent))

    async def test_a_guest_is_refused_even_with_a_role(self, teams: World, mt: str) -> None:
        teams.person(mt, role="guest")
        (sent,) = await teams.say("topklanten", mt)
        assert "te gast" in words(sent)
        assert "€" not in words(sent)

    async def test_somebody_of_another_organisation_in_our_tenant_is_a_guest(
        self, teams: World, mt: str
    ) -> None:
        teams.person(mt, tenant="33333333-3333-3333-3333-333333333333")
        (sent,) = await teams.say("topklanten", mt)
        assert "€" not in words(sent)

    async def test_without_an_organisations_id_one_is_a_guest(self, teams: World, mt: str) -> None:
        account = teams.person(mt)
        teams.microsoft.people[account] |= {"aadObjectId": ""}
        (sent,) = await teams.say("topklanten", mt)
        assert "€" not in words(sent)

    async def test_another_tenant_is_turned_away_politely(self, teams: World, mt: str) -> None:
        other = "33333333-3333-3333-3333-333333333333"
        (sent,) = await teams.say("topklanten", mt, tenant=other)
        assert (
            "alleen mensen van één organisatie" in sent["text"]
            or "one organisation" in sent["text"]
        )

    async def test_its_own_messages_are_not_answered(self, teams: World) -> None:
        activity = teams.activity(STRANGER, text="help") | {"from": {"id": BOT, "role": "bot"}}
        assert (await teams.post(activity))[0] == 202
        await teams.settle()
        assert teams.microsoft.sent() == []


class TestAnyTenant:
    """Without MicrosoftAppTenantId an address proves nothing: its tenant's admin chose it."""

    async def test_an_address_gives_no_role(self, demo_application: Application, mt: str) -> None:
        async with world(demo_application, MicrosoftAppTenantId="") as teams:
            (sent,) = await teams.say("topklanten", mt, tenant="attackers-tenant")
            assert "Ik ken je nog niet" in words(sent)


class TestGroups:
    async def test_the_answer_comes_in_the_own_chat(self, teams: World, sales: str) -> None:
        await teams.say("help", sales)
        private, note = await teams.mention("topklanten 5", sales, GROUP)
        assert private["conversation"] == {"id": f"a:{sales}"}
        assert FIGURES in words(card_of(private))
        assert note["conversation"] == {"id": GROUP}
        assert "€" not in note["text"]
        assert "attachments" not in note

    async def test_without_an_own_chat_it_says_how_to_open_one(
        self, teams: World, sales: str
    ) -> None:
        (note,) = await teams.mention("topklanten", sales, GROUP)
        assert f"https://teams.microsoft.com/l/chat/0/0?users={BOT}" in note["text"]
        assert note["conversation"] == {"id": GROUP}

    async def test_a_targeted_question_gets_a_targeted_answer(
        self, teams: World, sales: str
    ) -> None:
        recipient = {"id": BOT, "name": "Ballotage", "isTargeted": True}
        (sent,) = await teams.say("/topklanten", sales, group=GROUP, recipient=recipient)
        assert sent["recipient"] == {"id": f"29:{sales}", "isTargeted": True}
        assert sent["conversation"] == {"id": GROUP}
        assert teams.microsoft.calls[-1].query == {"isTargetedActivity": "true"}
        assert FIGURES in words(card_of(sent))

    async def test_the_setting_makes_every_private_answer_targeted(
        self, demo_application: Application, sales: str
    ) -> None:
        async with world(demo_application, BALLOTAGE_TEAMS_TARGETED="always") as teams:
            (sent,) = await teams.mention("topklanten", sales, GROUP)
            assert sent["recipient"]["isTargeted"] is True

    async def test_a_refused_targeted_message_is_never_sent_openly(
        self, teams: World, sales: str
    ) -> None:
        teams.microsoft.targeted_supported = False
        recipient = {"id": BOT, "isTargeted": True}
        await teams.say("/topklanten", sales, group=GROUP, recipient=recipient)
        posts = [c for c in teams.microsoft.calls if c.method == "POST"]
        assert posts
        assert all(c.query == {"isTargetedActivity": "true"} for c in posts)

    async def test_a_guest_in_the_group_can_read_along(self, teams: World, sales: str) -> None:
        teams.person("visitor@other.example", role="guest")
        await teams.say("help", sales)
        private, _note = await teams.mention("topklanten", sales, GROUP)
        assert "van buiten" in words(private)
        assert "€" not in words(private)

    async def test_a_guest_who_joins_is_noticed(self, teams: World, sales: str) -> None:
        await teams.say("help", sales)
        private, _ = await teams.mention("topklanten", sales, GROUP)
        assert "€" in words(private)
        visitor = teams.person("visitor@other.example", role="guest")
        joined = teams.activity(
            sales, group=GROUP, kind="conversationUpdate", membersAdded=[{"id": visitor}]
        )
        await teams.post(joined)
        private, _ = await teams.mention("topklanten", sales, GROUP)
        assert "€" not in words(private)

    async def test_a_shared_channel_is_for_outsiders(self, teams: World, sales: str) -> None:
        await teams.say("help", sales)
        data = {"tenant": {"id": TENANT}, "team": {"id": "t"}, "channel": {"type": "shared"}}
        where = "19:channel@thread.tacv2;messageid=17"
        private, note = await teams.mention("topklanten", sales, where, channelData=data)
        assert "€" not in words(private)
        assert note["conversation"] == {"id": where}  # in its thread

    async def test_what_cannot_be_found_out_is_refused(self, teams: World, sales: str) -> None:
        await teams.say("help", sales)
        teams.microsoft.lookup_status = 403
        private, _ = await teams.mention("topklanten", sales, GROUP)
        assert "€" not in words(private)

    async def test_names_of_others_stay_in_the_text(self, teams: World, mt: str) -> None:
        await teams.say("help", mt)
        entities = [
            {"type": "mention", "text": "<at>Ballotage</at>", "mentioned": {"id": BOT}},
            {"type": "mention", "text": "<at>Jan</at>", "mentioned": {"id": "29:jan"}},
        ]
        text = "<p><at>Ballotage</at>&nbsp;/client <at>Jan</at> &amp; Zn</p>"
        private, _ = await teams.say(text, mt, group=GROUP, entities=entities)
        assert "Jan & Zn" in words(private)


class TestButtons:
    async def test_execute_is_answered_in_place(self, teams: World, mt: str) -> None:
        body = await teams.press(mt, {"t": "/pareto", "s": False})
        assert (body["statusCode"], body["type"]) == (200, CARD)
        assert body["value"]["version"] == "1.5"
        assert teams.microsoft.sent() == []

    async def test_submit_is_answered_as_a_message(self, teams: World, mt: str) -> None:
        (sent,) = await teams.say("", mt, value={"t": "/topklanten 5", "s": False})
        assert FIGURES in words(card_of(sent))

    async def test_who_presses_is_asked_anew(self, teams: World, mt: str) -> None:
        forged = {"t": "/topklanten", "s": False, "user": mt, "role": "mt"}
        body = await teams.press(STRANGER, forged)
        assert "Ik ken je nog niet" in words(body)
        assert "€" not in words(body)

    async def test_a_form_adds_its_inputs(self) -> None:
        from bot.adapters.teams.presses import command_line

        value = {
            "t": "/qualify Acme BV", "s": False, "i.employees": 45, "i.source": "", "i.ok": True,
            "i.note": 'said "yes"\nmaybe', "x": "ignored",
        }  # fmt: skip
        assert command_line(value) == (
            "/qualify Acme BV employees=45 ok=yes note=\"said 'yes' maybe\""
        )

    async def test_sharing_is_refused_where_not_cleared(self, teams: World, sales: str) -> None:
        recipient = {"id": BOT, "isTargeted": True}
        body = await teams.press(
            sales, {"t": "/topklanten", "s": True}, group=GROUP, recipient=recipient
        )
        assert body["type"] == TOAST
        assert "niet vrijgegeven" in body["value"] or "cleared" in body["value"]
        assert teams.microsoft.sent() == []

    async def test_nothing_is_shared_in_a_group_that_a_guest_has_just_joined(
        self, cleared: World, sales: str
    ) -> None:
        """Also where Teams has not told of them yet."""
        await cleared.say("help", sales)
        private, _note = await cleared.mention("topklanten", sales, GROUP)
        (share,) = [b for b in buttons(private) if b["data"].get("s") is True]
        cleared.person("visitor@other.example", role="guest")
        before = len(cleared.microsoft.sent())
        body = await cleared.press(sales, share["data"])
        assert "van buiten" in body["value"]
        assert len(cleared.microsoft.sent()) == before

    async def test_a_cleared_group_has_a_share_button_that_names_who_shared(
        self, cleared: World, sales: str
    ) -> None:
        await cleared.say("help", sales)
        private, _note = await cleared.mention("topklanten", sales, GROUP)
        (share,) = [b for b in buttons(private) if b["data"]["s"]]
        assert share["data"]["c"] == GROUP
        before = len(cleared.microsoft.sent())
        body = await cleared.press(sales, share["data"])
        assert body["type"] == TOAST
        (shared,) = cleared.microsoft.sent()[before:]
        assert shared["conversation"] == {"id": GROUP}
        assert FIGURES in words(shared)
        assert sales.partition("@")[0] in words(shared)
        assert not [b for b in buttons(shared) if b["data"]["s"]]

    async def test_one_cannot_share_into_a_group_of_others(
        self, cleared: World, sales: str, mt: str
    ) -> None:
        await cleared.say("help", sales)
        await cleared.mention("topklanten", sales, GROUP)
        cleared.person(mt)
        cleared.microsoft.rosters[GROUP] = [f"29:{sales}"]
        before = len(cleared.microsoft.sent())
        data = {"t": "/topklanten", "s": True, "c": GROUP}
        body = await cleared.press(mt, data)
        assert body["type"] == TOAST
        body = await cleared.press(mt, data | {"c": "19:unheard-of"})
        assert body["type"] == TOAST
        assert cleared.microsoft.sent()[before:] == []

    async def test_a_press_on_a_shared_card_is_answered_privately(
        self, cleared: World, sales: str
    ) -> None:
        await cleared.say("help", sales)
        before = len(cleared.microsoft.sent())
        body = await cleared.press(sales, {"t": "/pareto", "s": False}, group=GROUP)
        assert body["type"] == TOAST
        assert "€" not in words(body)
        private, note = cleared.microsoft.sent()[before:]
        assert private["conversation"] == {"id": f"a:{sales}"}
        assert "attachments" not in note

    async def test_the_same_press_twice_is_one_answer(self, teams: World, mt: str) -> None:
        action = {"type": "Action.Execute", "verb": "x", "data": {"t": "/pareto", "s": False}}
        activity = teams.activity(
            mt, kind="invoke", name="adaptiveCard/action", value={"action": action}
        )
        first, second = [await teams.post(activity) for _ in range(2)]
        assert first == second
        assert first[1]["type"] == CARD
        assert len(teams.store.items) == 1

    @pytest.mark.parametrize("name", ["composeExtension/query", "task/fetch", "", None])
    async def test_an_invoke_nobody_handles_is_fine(self, teams: World, name: object) -> None:
        activity = teams.activity(STRANGER, kind="invoke", name=name, value={})
        assert await teams.post(activity) == (200, {})

    async def test_a_slow_answer_takes_the_cards_place_later(
        self, demo_home: Path, mt: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from bot.adapters.teams import presses

        monkeypatch.setattr(presses, "WAIT_SECONDS", 0.05)
        application = compose(demo_home)
        release = slow_down(application, monkeypatch)
        async with world(application) as teams:
            teams.welcome(mt)
            action = {"type": "Action.Execute", "data": {"t": "/pareto", "s": False}}
            activity = teams.activity(
                mt, kind="invoke", name="adaptiveCard/action", value={"action": action},
                replyToId="sent-7",
            )  # fmt: skip
            _, body = await teams.post(activity)
            assert body["type"] == TOAST
            release.set()
            await teams.settle()
            (put,) = [c for c in teams.microsoft.calls if c.method == "PUT"]
            assert put.path.endswith("/activities/sent-7")
            assert card_of(put.body)["version"] == "1.5"


def slow_down(application: Application, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let answers wait until the event is set."""
    release = asyncio.Event()
    answer = application.dispatcher.answer

    async def slow(request: Request) -> Any:
        await release.wait()
        return await answer(request)

    monkeypatch.setattr(application.dispatcher, "answer", slow)
    return release


class TestFirstContact:
    async def test_install_welcomes_once(self, teams: World, mt: str) -> None:
        installed = teams.activity(mt, kind="installationUpdate", action="add")
        added = teams.activity(
            mt, kind="conversationUpdate", membersAdded=[{"id": BOT}, {"id": f"29:{mt}"}]
        )
        for activity in (installed, added, installed | {"id": "another"}):
            assert (await teams.post(activity))[0] == 202
        await teams.settle()
        (sent,) = teams.microsoft.sent()
        assert len(buttons(sent)) == 3
        for button in buttons(sent):
            body = await teams.press(mt, button["data"])
            assert body["type"] == CARD
            assert "Let op" not in words(body)[:20]

    async def test_the_first_message_is_followed_by_the_welcome(
        self, teams: World, mt: str
    ) -> None:
        for text in ("topklanten", "bronnen"):
            await teams.post(teams.activity(mt, text=text))
            await teams.settle()
        answer, welcome, second = teams.microsoft.sent()
        assert FIGURES in words(answer)
        assert len(buttons(welcome)) == 3
        assert "bronnen" in words(second).lower()

    async def test_whoever_is_refused_is_not_welcomed_on_top(self, teams: World) -> None:
        await teams.post(teams.activity(STRANGER, text="topklanten"))
        await teams.settle()
        (sent,) = teams.microsoft.sent()
        assert "Ik ken je nog niet" in words(sent)

    async def test_after_help_no_welcome_follows(self, teams: World, mt: str) -> None:
        await teams.post(teams.activity(mt, text="help"))
        await teams.settle()
        assert len(teams.microsoft.sent()) == 1

    @pytest.mark.parametrize("hello", ["hoi", "Hi!", "Goedemorgen Ballotage"])
    async def test_who_begins_with_a_greeting_is_welcomed_once(
        self, teams: World, mt: str, hello: str
    ) -> None:
        for text in (hello, "hoi"):
            await teams.post(teams.activity(mt, text=text))
            await teams.settle()
        welcome, help_ = teams.microsoft.sent()
        assert len(buttons(welcome)) == 3
        assert "Wie zijn onze topklanten?" in words(welcome)
        assert "/ballotage hulp" in words(help_)

    async def test_a_group_is_greeted_in_the_language_of_the_installation(
        self, teams: World
    ) -> None:
        added = {"kind": "conversationUpdate", "membersAdded": [{"id": BOT}], "locale": "en-US"}
        await teams.post(teams.activity(STRANGER, group=GROUP, **added))
        await teams.settle()
        (sent,) = teams.microsoft.sent()
        assert "Hallo" in sent["text"]

    async def test_a_group_is_greeted_once_without_figures(self, teams: World, mt: str) -> None:
        added = {"kind": "conversationUpdate", "membersAdded": [{"id": BOT}]}
        for _ in range(2):
            await teams.post(teams.activity(mt, group=GROUP, **added))
        await teams.settle()
        (sent,) = teams.microsoft.sent()
        assert "Ballotage" in sent["text"]
        assert "€" not in sent["text"]

    async def test_install_keeps_where_to_write_and_removal_forgets_it(
        self, teams: World, mt: str
    ) -> None:
        await teams.post(teams.activity(mt, kind="installationUpdate", action="add"))
        await teams.settle()
        reference = teams.store.references["teams", mt]
        assert reference == {
            "tenant": TENANT, "conversation_id": f"a:{mt}", "user_id": f"29:{mt}", "bot_id": BOT,
            "service_url": teams.microsoft.service_url, "channel": "msteams",
        }  # fmt: skip
        await teams.post(teams.activity(mt, kind="installationUpdate", action="remove"))
        await teams.settle()
        assert teams.store.references == {}


class TestAgainAndLater:
    async def test_the_same_event_four_times_has_one_effect(self, teams: World, mt: str) -> None:
        teams.welcome(mt)
        activity = teams.activity(mt, text="topklanten")
        answers = await asyncio.gather(*(teams.post(activity) for _ in range(4)))
        await teams.settle()
        assert {status for status, _ in answers} <= {200, 201, 202}
        assert len(teams.microsoft.sent()) == 1

    async def test_the_same_id_elsewhere_is_another_event(self, teams: World, mt: str) -> None:
        await teams.say("topklanten", mt, id="one")
        assert len(await teams.say("topklanten", STRANGER, id="one")) == 1

    @pytest.mark.parametrize(
        ("failure", "seconds"),
        [((429, {"Retry-After": "17"}), 17.0), ((412, {}), 0.0), ((500, {}), 0.0),
         ((502, {}), 0.0), ((503, {"Retry-After": "x"}), 0.0), ((504, {}), 0.0), ((0, {}), 0.0)],
        ids=lambda f: str(f[0]) if isinstance(f, tuple) else "",
    )  # fmt: skip
    async def test_what_teams_does_not_take_is_kept_and_finished_later(
        self, teams: World, mt: str, failure: tuple[int, dict[str, str]], seconds: float
    ) -> None:
        teams.microsoft.failures = [failure, failure]
        assert await teams.say("topklanten", mt) == []
        (item,) = teams.store.items.values()
        assert (item["state"], item["seconds"]) == ("later", seconds)
        assert "€" not in item["payload"]
        await teams.work_off()
        assert teams.store.states() == ["later"]
        await teams.work_off()
        assert teams.store.states() == ["done"]
        (sent,) = teams.microsoft.sent()
        assert FIGURES in words(sent)

    async def test_a_pressed_button_is_finished_later_too(self, cleared: World, sales: str) -> None:
        await cleared.say("help", sales)
        cleared.microsoft.failures = [(503, {})]
        body = await cleared.press(sales, {"t": "/pareto", "s": False}, group=GROUP)
        assert body["type"] == TOAST
        assert "later" in cleared.store.states()
        await cleared.work_off()
        private = cleared.microsoft.sent()[-2]
        assert private["conversation"] == {"id": f"a:{sales}"}

    async def test_a_lookup_that_fails_is_tried_again_then_refused(
        self, teams: World, mt: str
    ) -> None:
        teams.microsoft.lookup_status = 503
        assert await teams.say("topklanten", mt) == []
        await teams.work_off()
        assert teams.microsoft.sent() == []
        await teams.work_off()
        (sent,) = teams.microsoft.sent()
        assert "€" not in words(sent)
        teams.microsoft.lookup_status = 200
        (sent,) = await teams.say("topklanten", mt)
        assert "€" in words(sent)

    async def test_a_blocked_bot_forgets_the_chat_and_does_not_insist(
        self, teams: World, mt: str
    ) -> None:
        await teams.say("help", mt)
        assert ("teams", mt) in teams.store.references
        teams.microsoft.failures = [(403, {})]
        await teams.say("topklanten", mt)
        assert teams.store.states() == ["done", "done"]
        assert teams.store.references == {}

    async def test_a_card_that_is_refused_is_sent_as_words(self, teams: World, mt: str) -> None:
        teams.microsoft.failures = [(413, {})]
        (sent,) = await teams.say("topklanten", mt)
        assert "attachments" not in sent
        assert "brengen 80 % van" in sent["text"].replace("\u00a0", " ")

    async def test_a_slow_answer_shows_typing_and_comes_after_the_request(
        self, demo_home: Path, mt: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(door_module, "INLINE_SECONDS", 0.2)
        monkeypatch.setattr(door_module, "TYPING_AFTER", 0.05)
        monkeypatch.setattr(door_module, "TYPING_EVERY", 0.05)
        application = compose(demo_home)
        release = slow_down(application, monkeypatch)
        async with world(application) as teams:
            assert await teams.say("topklanten", mt, settled=False) == []
            await teams.microsoft.wait_for(2, "typing")
            release.set()
            (sent,) = await teams.microsoft.wait_for(1)
            assert FIGURES in words(sent)
            await teams.settle()
            assert teams.store.states() == ["done"]
