from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from bot.adapters.slack.directory import Identity
from bot.adapters.slack.door import Company, create_slack
from bot.adapters.slack.settings import SlackSettings
from bot.application import Application
from tests.conftest import compose
from tests.contract.slack_world import (
    ADMIN,
    BOT,
    CHANNEL,
    GUEST,
    MT,
    PRIVATE,
    SALES,
    SHARED,
    STRANGER,
    TEAM,
    World,
    texts,
    world,
)


@pytest.fixture
async def slack(demo_application: Application, tmp_path: Path) -> AsyncIterator[World]:
    async with world(demo_application, tmp_path) as made:
        yield made


@pytest.fixture
async def cleared(demo_home: Path, tmp_path: Path) -> AsyncIterator[World]:
    """The same, with CHANNEL cleared for figures."""
    async with world(compose(demo_home, cleared={CHANNEL, PRIVATE}), tmp_path / "2") as made:
        yield made


async def test_a_slash_command_is_answered_in_the_reply_to_its_request(slack: World) -> None:
    answer = await slack.command("/topklanten 5")
    assert answer["response_type"] == "ephemeral"
    (table,) = [b for b in answer["blocks"] if b["type"] == "table"]
    assert len(table["rows"]) == 6
    assert slack.slack.sent() == []
    await slack.settle()
    assert (await slack.inbox.counts()).todo == 0


async def test_house_command_and_arguments(slack: World) -> None:
    assert "topk" in texts(await slack.command("/ballotage help")).lower()
    assert "Bedoel je" in texts(await slack.command("/ballotage topklantn"))


async def test_an_answer_with_a_chart_goes_to_the_address_where_a_refusal_is_heard(
    slack: World,
) -> None:
    answer = await slack.command("/pareto")
    assert any(b["type"] == "data_visualization" for b in answer["blocks"])
    (call,) = slack.slack.sent()
    assert call.method == "response_url"
    assert call.args["replace_original"] is False


async def test_a_workspace_without_charts_gets_words_and_is_not_tried_at_each_answer(
    slack: World,
) -> None:
    slack.slack.charts = False
    answer = await slack.command("/pareto")
    assert not any(b["type"] == "data_visualization" for b in answer["blocks"])
    before = len(slack.slack.calls)
    again = await slack.command("/pareto 2025")
    assert again["response_type"] == "ephemeral"
    assert not [c for c in slack.slack.calls[before:] if c.error]


async def test_in_the_own_chat_a_refused_chart_becomes_a_picture(slack: World) -> None:
    slack.slack.charts = False
    assert await slack.dm("pareto") == 200
    (call, _welcome) = await slack.slack.wait_for(2)
    (image,) = [b for b in call.args["blocks"] if b["type"] == "image"]
    assert image["slack_file"]["id"].startswith("F")
    assert image["alt_text"]


async def test_a_mention_in_a_thread_is_answered_there_for_the_asker_alone(slack: World) -> None:
    call = await slack.mention("bronnen", thread_ts="1.1")
    assert call.method == "chat.postEphemeral"
    assert (call.args["channel"], call.args["user"]) == (CHANNEL, MT)
    assert call.args["thread_ts"] == "1.1"
    assert "netwerk" in texts(call.args).lower()


async def test_a_mention_outside_a_thread_begins_none(slack: World) -> None:
    call = await slack.mention("help")
    assert call.method == "chat.postEphemeral"
    assert "thread_ts" not in call.args


async def test_a_direct_message_is_answered_in_the_chat_and_welcomes_once(slack: World) -> None:
    assert await slack.dm("topklanten") == 200
    first, welcome = await slack.slack.wait_for(2)
    assert (first.method, first.args["channel"]) == ("chat.postMessage", f"D{MT}")
    buttons = next(b for b in welcome.args["blocks"] if b["type"] == "actions")["elements"]
    assert len(buttons) == 3
    assert await slack.dm("topklanten") == 200
    await slack.slack.wait_for(3)
    await slack.settle()
    assert len(slack.slack.sent()) == 3


@pytest.mark.parametrize("hello", ["help", "hoi", "hi"])
async def test_a_greeting_is_answered(slack: World, hello: str) -> None:
    assert await slack.dm(hello) == 200
    (call, *_) = await slack.slack.wait_for(1)
    assert call.args["blocks"]


async def test_every_button_of_the_welcome_works(slack: World) -> None:
    assert await slack.dm("/ballotage welcome") == 200
    (call,) = await slack.slack.wait_for(1)
    values = [
        element["value"]
        for block in call.args["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]
    for count, value in enumerate(values, start=2):
        assert await slack.press(value, channel=f"D{MT}") == 200
        answer = (await slack.slack.wait_for(count))[-1].args
        assert len(answer["blocks"]) > 2
        assert "ken /" not in texts(answer)  # no unknown command


async def test_a_pressed_button_is_a_new_question_of_who_presses_it(slack: World) -> None:
    assert await slack.press({"t": "/topclients 3"}) == 200
    (call,) = await slack.slack.wait_for(1)
    assert call.method == "response_url"
    assert call.args["response_type"] == "ephemeral"
    assert await slack.press({"t": "/topclients 3", "user": MT}, STRANGER) == 200
    refused = (await slack.slack.wait_for(2))[1]
    assert "ken je" in texts(refused.args)


async def test_a_button_in_a_thread_answers_in_the_thread(slack: World) -> None:
    where = {"type": "message", "channel_id": CHANNEL, "thread_ts": "1.1", "message_ts": "1.2"}
    assert await slack.press({"t": "/topclients"}, container=where) == 200
    (call,) = await slack.slack.wait_for(1)
    assert call.args["thread_ts"] == "1.1"


async def test_the_answers_of_a_form_come_with_its_button(slack: World) -> None:
    state = {"values": {
        "f0.0": {"i.n": {"type": "plain_text_input", "value": "3"}},
        "other": {"i.x": {"type": "plain_text_input", "value": "never"}},
    }}  # fmt: skip
    action = {"type": "button", "action_id": "f0", "block_id": "x",
              "value": '{"t":"/topclients"}'}  # fmt: skip
    assert await slack.press("", actions=[action], state=state) == 200
    (call,) = await slack.slack.wait_for(1)
    # /topclients takes no facts: that it names this one shows what arrived.
    assert "n=3" in texts(call.args)
    assert "never" not in texts(call.args)


async def test_sharing_is_refused_where_no_admin_cleared_the_channel(slack: World) -> None:
    assert await slack.press({"t": "/topclients", "s": 1}) == 200
    (call,) = await slack.slack.wait_for(1)
    assert call.method == "response_url"
    assert call.args["response_type"] == "ephemeral"
    assert "vrijgegeven" in texts(call.args)
    assert not slack.slack.sent("chat.postMessage")


async def test_a_share_button_stands_only_in_a_cleared_channel_and_names_who_shared(
    cleared: World, slack: World
) -> None:
    assert '"s":1' not in texts(await slack.command("/topclients")).replace("\\", "")
    answer = await cleared.command("/topclients 3", SALES)
    assert '"s":1' in texts(answer).replace("\\", "")
    assert await cleared.press({"t": "/topclients 3", "s": 1}, SALES) == 200
    (call,) = await cleared.slack.wait_for(1, "chat.postMessage")
    assert call.args["channel"] == CHANNEL
    people = [e for e in call.args["blocks"][-1]["elements"][0]["elements"] if e["type"] == "user"]
    assert people == [{"type": "user", "user_id": SALES}]


async def test_a_share_presses_own_rights_count_not_those_of_who_asked(cleared: World) -> None:
    for who in (STRANGER, GUEST):
        assert await cleared.press({"t": "/topclients", "s": 1}, who) == 200
    await cleared.slack.wait_for(2)
    assert not cleared.slack.sent("chat.postMessage")


async def test_nothing_is_shared_in_a_channel_that_was_just_opened_to_outsiders(
    cleared: World,
) -> None:
    assert "€" in texts(await cleared.command("/topclients 3", SALES))
    cleared.slack.channels[CHANNEL]["is_ext_shared"] = True
    assert await cleared.press({"t": "/topclients 3", "s": 1}, SALES) == 200
    (call,) = await cleared.slack.wait_for(1)
    assert call.method == "response_url"
    assert "van buiten" in texts(call.args)


async def test_a_share_where_the_bot_is_not_says_how_to_mend_it(cleared: World) -> None:
    cleared.slack.channels[PRIVATE] = {"id": PRIVATE, "is_private": True}
    assert await cleared.press({"t": "/topclients", "s": 1}, channel=PRIVATE) == 200
    (call,) = await cleared.slack.wait_for(1)
    assert call.method == "response_url"
    assert "/invite" in texts(call.args)


async def test_a_stranger_is_refused_without_figures_and_told_whom_to_ask(slack: World) -> None:
    answer = texts(await slack.command("/topklanten", STRANGER))
    assert "ken je" in answer
    assert "€" not in answer
    assert "table" not in answer
    assert "facturen" in texts(await slack.command("/ballotage help", STRANGER))


@pytest.mark.parametrize(
    ("who", "where", "said"),
    [
        (MT, SHARED, "van buiten"),
        (GUEST, CHANNEL, "te gast"),
        (GUEST, f"D{GUEST}", "te gast"),
        (MT, "CUNKNOWN", "/invite @Ballotage"),  # a private channel that the bot is not in
        (MT, "DUNKNOWN", "van buiten"),  # a chat of two others, to which nobody can be added
    ],
)
async def test_guests_and_channels_that_outsiders_may_read_are_refused(
    slack: World, who: str, where: str, said: str
) -> None:
    answer = texts(await slack.command("/topklanten", who, where))
    assert said in answer
    assert "€" not in answer


@pytest.mark.parametrize(
    ("theirs", "is_colleague"),
    [({"enterprise_user": {"enterprise_id": "E1"}}, True), ({}, False),
     ({"enterprise_user": {"enterprise_id": "EOTHER"}}, False)],
)  # fmt: skip
async def test_in_an_organisation_only_its_own_members_are_colleagues(
    slack: World, theirs: dict[str, object], is_colleague: bool
) -> None:
    """Another company chooses the addresses of its people, ours among them."""
    slack.door._directory._identity = Identity("T1", "E1", BOT, "BBOT")
    slack.slack.users["UOTHER"] = slack.slack.users[MT] | {"team_id": "T2"} | theirs
    answer = texts(await slack.command("/topklanten", "UOTHER"))
    assert ("€" in answer) is is_colleague
    assert ("te gast" in answer) is not is_colleague


async def test_a_role_taken_away_counts_for_buttons_that_stand_there(
    demo_home: Path, tmp_path: Path
) -> None:
    application = compose(demo_home)
    async with world(application, tmp_path) as slack:
        assert "€" in texts(await slack.command("/topklanten"))
        held = application.snapshots.current()
        remaining = held.people[held.people["role"] != "mt"]
        meta = replace(held.meta, version=held.meta.version + 1)
        application.snapshots._snapshot = replace(held, people=remaining, meta=meta)  # type: ignore[attr-defined]
        assert await slack.press({"t": "/topclients"}) == 200
        assert await slack.press({"t": "/topclients", "s": 1}) == 200
        for call in await slack.slack.wait_for(2):
            assert "€" not in texts(call.args)
            assert "ken je nog niet" in texts(call.args)


@pytest.mark.parametrize("hello", ["hoi", "Hi!", "hallo Ballotage"])
async def test_who_begins_with_a_greeting_is_welcomed_once(slack: World, hello: str) -> None:
    assert await slack.dm(hello) == 200
    (welcome,) = await slack.slack.wait_for(1)
    assert "Wie zijn onze topklanten?" in texts(welcome.args)
    assert await slack.dm(hello) == 200
    _, help_ = await slack.slack.wait_for(2)
    assert "/ballotage hulp" in texts(help_.args)
    await slack.settle()
    assert len(slack.slack.sent()) == 2


async def test_an_unconfirmed_address_makes_nobody_known(slack: World) -> None:
    slack.slack.users["UFAKE"] = slack.slack.users[MT] | {"is_email_confirmed": False}
    slack.slack.users["UFOREIGN"] = slack.slack.users[MT] | {"team_id": "TOTHER"}
    assert "ken je" in texts(await slack.command("/topklanten", "UFAKE"))
    assert "€" not in texts(await slack.command("/topklanten", "UFOREIGN"))


async def test_the_language_is_slacks_where_the_people_table_has_none(slack: World) -> None:
    slack.slack.users[STRANGER]["locale"] = "en-GB"
    assert "I do not know you" in texts(await slack.command("/topclients", STRANGER))


async def test_in_a_private_channel_without_the_bot_the_answer_comes_in_the_chat(
    slack: World,
) -> None:
    slack.slack.channels[PRIVATE] = {"id": PRIVATE, "is_private": True}
    event = {"type": "app_mention", "user": MT, "channel": PRIVATE, "ts": "5.5",
             "text": f"<@{BOT}> help"}  # fmt: skip
    assert await slack.event(event) == 200
    (call,) = await slack.slack.wait_for(1)
    assert (call.method, call.args["channel"]) == ("chat.postMessage", f"D{MT}")


async def test_the_message_shortcut_opens_a_modal_with_the_message_and_answers_in_the_thread(
    slack: World,
) -> None:
    status = await slack.interact({
        "type": "message_action", "callback_id": "ask_ballotage", "user": {"id": MT},
        "channel": {"id": CHANNEL}, "message": {"ts": "9.9", "text": "topklanten 3 &amp; meer"},
    })  # fmt: skip
    assert status == 200
    (opened,) = await slack.slack.wait_for(1, "views.open")
    view = opened.args["view"]
    element = view["blocks"][0]["element"]
    assert element["initial_value"] == "topklanten 3 & meer"
    state = {"values": {"f.0": {element["action_id"]: {"type": "plain_text_input",
                                                       "value": "topklanten 3"}}}}  # fmt: skip
    status = await slack.interact(
        {"type": "view_submission", "user": {"id": MT}, "view": view | {"state": state}}
    )
    assert status == 200
    (answer,) = await slack.slack.wait_for(1)
    assert answer.method == "chat.postEphemeral"
    assert answer.args["thread_ts"] == "9.9"
    assert "table" in texts(answer.args)


async def test_the_global_shortcut_answers_in_the_own_chat(slack: World) -> None:
    await slack.interact({"type": "shortcut", "callback_id": "ask_ballotage", "user": {"id": MT}})
    (opened,) = await slack.slack.wait_for(1, "views.open")
    view = opened.args["view"]
    action = view["blocks"][0]["element"]["action_id"]
    state = {"values": {"f.0": {action: {"value": "help"}}}}
    await slack.interact(
        {"type": "view_submission", "user": {"id": MT}, "view": view | {"state": state}}
    )
    (answer,) = await slack.slack.wait_for(1)
    assert (answer.method, answer.args["channel"]) == ("chat.postMessage", f"D{MT}")


async def test_opening_the_app_fills_home_and_greets_once(slack: World) -> None:
    def opened(tab: str) -> dict[str, str]:
        return {"type": "app_home_opened", "user": MT, "channel": f"D{MT}", "tab": tab}

    await slack.event(opened("home"))
    (home,) = await slack.slack.wait_for(1, "views.publish")
    assert home.args["view"]["type"] == "home"
    for _ in range(3):
        await slack.event(opened("messages"))
    await slack.slack.wait_for(1)
    await slack.settle()
    assert len(slack.slack.sent()) == 1


async def test_a_button_on_the_home_tab_answers_in_the_own_chat(slack: World) -> None:
    assert await slack.press(
        {"t": "/topclients"}, channel="", container={"type": "view"}, response_url=""
    ) == 200  # fmt: skip
    (call,) = await slack.slack.wait_for(1)
    assert (call.method, call.args["channel"]) == ("chat.postMessage", f"D{MT}")


async def test_invited_to_a_channel_it_says_one_line_and_nothing_among_outsiders(
    slack: World,
) -> None:
    def joined(channel: str, user: str) -> dict[str, str]:
        return {"type": "member_joined_channel", "user": user, "channel": channel}

    await slack.event(joined(SHARED, BOT))
    await slack.event(joined(CHANNEL, MT))
    await slack.event(joined(CHANNEL, BOT))
    await slack.slack.wait_for(1)
    await slack.settle()
    (call,) = slack.slack.sent()
    assert call.args["channel"] == CHANNEL


async def test_a_private_channel_is_answered_as_soon_as_the_bot_is_invited(slack: World) -> None:
    assert "/invite" in texts(await slack.command("/topklanten", channel=PRIVATE))
    slack.slack.channels[PRIVATE] = {"id": PRIVATE, "is_private": True}
    slack.slack.members.add(PRIVATE)
    await slack.event({"type": "member_joined_channel", "user": BOT, "channel": PRIVATE})
    (greeting,) = await slack.slack.wait_for(1)
    assert greeting.args["channel"] == PRIVATE
    answer = await slack.command("/topklanten", channel=PRIVATE)
    assert any(block["type"] == "table" for block in answer["blocks"])


async def test_who_leaves_while_waiting_for_company_keeps_nobody_waiting() -> None:
    company = Company(seconds=3_600)
    async with company:
        waiting = asyncio.create_task(company.__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(20), company:
        pass


async def test_a_door_without_a_bot_token_says_what_to_set(
    slack: World, demo_application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    env = {"SLACK_SIGNING_SECRET": "s", "SLACK_API_URL": f"{slack.slack.url}/api"}
    settings = SlackSettings(_env_file=None, SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="", **env)
    door = create_slack(demo_application, slack.inbox, AsyncMock(), AsyncMock(), settings)
    await door.start()
    await door.stop()
    assert "SLACK_BOT_TOKEN" in caplog.text


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel_type": "im", "user": BOT, "channel": "D1", "text": "help"},
        {"type": "message", "channel_type": "im", "user": MT, "bot_id": "B2", "channel": "D1",
         "text": "help"},
        {"type": "message", "channel_type": "im", "subtype": "message_changed", "channel": "D1"},
        {"type": "message", "channel_type": "channel", "user": MT, "channel": CHANNEL,
         "text": "topklanten"},
        {"type": "reaction_added", "user": MT},
        {"type": "never_heard_of"},
    ],
)  # fmt: skip
async def test_what_is_not_for_us_is_acknowledged_and_left(
    slack: World, event: dict[str, str]
) -> None:
    before = len(slack.slack.calls)
    assert await slack.event(event) == 200
    await slack.settle()
    assert len(slack.slack.calls) == before


async def test_url_verification_and_ssl_check(slack: World) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc", "token": "x"})
    status, text = await slack.knock(body)
    assert status == 200
    assert "abc" in text
    assert (await slack.knock("ssl_check=1&token=x"))[0] == 200


async def test_a_slow_answer_is_acknowledged_first_and_comes_to_the_address(
    demo_application: Application, tmp_path: Path
) -> None:
    async with world(demo_application, tmp_path, ack_seconds=0.0) as slack:
        status, text = await slack.knock(slack.command_body("/topklanten"))
        assert (status, text) == (200, "")
        (call,) = await slack.slack.wait_for(1)
        assert call.method == "response_url"
        assert call.args["response_type"] == "ephemeral"


async def test_an_address_outside_slack_is_never_called(slack: World) -> None:
    # Even signed: what it is sent would hold the company's figures.
    assert await slack.press({"t": "/topclients"}, response_url="http://evil.example/x") == 200
    (call,) = await slack.slack.wait_for(1)
    assert call.method == "chat.postEphemeral"


async def test_a_used_up_address_falls_back_to_a_message(slack: World) -> None:
    slack.slack.failures["response_url"] = [(404, {}, "used_url")]
    assert await slack.press({"t": "/topclients"}) == 200
    (call,) = await slack.slack.wait_for(1)
    assert call.method == "chat.postEphemeral"
    assert call.args["user"] == MT


async def test_an_admin_is_known_by_chat_id_too(demo_home: Path, tmp_path: Path) -> None:
    application = compose(demo_home, admins="UBOSS")
    async with world(application, tmp_path) as slack:
        slack.slack.users["UBOSS"] = {"team_id": TEAM, "profile": {}}
        assert "ken je" not in texts(await slack.command("/topklanten", "UBOSS"))
        assert ADMIN in slack.slack.users
