"""Forms in Slack: as modals where Slack allows one, in the message where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from bot.application import Application
from bot.core.memory import KeptVerdict
from tests.conftest import Memory
from tests.contract.slack_world import CHANNEL, MT, World, texts
from tests.contract.test_slack_door import slack

__all__ = ["slack"]


async def test_the_shortcut_on_a_message_about_a_company_qualifies_it(
    slack: World, demo_application: Application
) -> None:
    snapshot = demo_application.snapshots.current()
    name = snapshot.name(0)
    await slack.interact({
        "type": "message_action", "callback_id": "ask_ballotage", "user": {"id": MT},
        "channel": {"id": CHANNEL}, "message": {"ts": "9.9", "text": f"Morgen naar {name}, iemand tips?"},
    })  # fmt: skip
    (opened,) = await slack.slack.wait_for(1, "views.open")
    element = opened.args["view"]["blocks"][0]["element"]
    assert element["initial_value"] == f"/kwalificeer {name}"


def filled(view: Any, **answers: str) -> Any:
    """A form's modal as Slack sends it back."""
    values = {}
    for block in view["blocks"]:
        if block["type"] == "input" and (name := block["element"]["action_id"][2:]) in answers:
            given = {"value": answers[name]}
            if block["element"]["type"] == "static_select":
                given = {"selected_option": {"value": answers[name]}}  # type: ignore[dict-item]
            values[block["block_id"]] = {block["element"]["action_id"]: given}
    return {
        "type": "view_submission",
        "user": {"id": MT},
        "view": view | {"state": {"values": values}},
    }


async def test_a_form_opens_as_a_modal_and_is_answered_where_it_was_asked(
    slack: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[KeptVerdict] = []
    monkeypatch.setattr(Memory, "keep", lambda _self, _tenant, verdict: kept.append(verdict) or 1)
    body = slack.command_body("/qualify", MT, CHANNEL)
    status, answer = await slack.knock(body)
    assert (status, answer) == (200, "")
    (opened,) = await slack.slack.wait_for(1, "views.open")
    view = opened.args["view"]
    assert view["callback_id"] == "form_ballotage"
    assert view["blocks"][0]["type"] == "section"
    said = {"name": "Nieuw \u201cBV\u201d 🚀", "decision_maker_met": "yes", "employees": "45"}
    before = len(slack.slack.sent())
    assert await slack.interact(filled(view, **said)) == 200
    call = (await slack.slack.wait_for(before + 1))[before]
    assert "Nieuw" in texts(call.args)
    assert kept[-1].prospect.startswith("Nieuw 'BV' 🚀")
    assert (kept[-1].given["employees"], kept[-1].given["decision_maker_met"]) == ("45", "yes")


async def test_facts_are_added_in_a_modal_from_a_button(slack: World) -> None:
    await slack.press({"t": "/qualify Nieuw BV add-facts"})
    (opened,) = await slack.slack.wait_for(1, "views.open")
    view = opened.args["view"]
    musts = {"decision_maker_met": "yes", "delivery_fit": "yes", "price_only": "no"}
    before = len(slack.slack.sent())
    await slack.interact(filled(view, **musts))
    call = (await slack.slack.wait_for(before + 1))[before]
    assert "3 gehaald" in texts(call.args)


async def test_a_mention_gets_the_form_in_the_message(slack: World) -> None:
    call = await slack.mention("qualify")
    assert slack.slack.sent("views.open") == []
    assert any(b["type"] == "input" for b in call.args["blocks"])


async def test_a_modal_that_slack_refuses_becomes_a_message(slack: World) -> None:
    slack.slack.failures["views.open"].append((200, {}, "expired_trigger_id"))
    await slack.press({"t": "/qualify Nieuw BV add-facts"})
    (call,) = await slack.slack.wait_for(1)
    assert any(b["type"] == "input" for b in call.args["blocks"])
