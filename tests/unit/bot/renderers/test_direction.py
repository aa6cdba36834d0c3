"""A name that turns the direction of what follows it is shown without its power, everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Citation,
    Context,
    Fields,
    Form,
    Input,
    Reply,
    Section,
    Series,
    Table,
    TableColumn,
    Tone,
)
from bot.renderers import html, slack, teams, terminal

NAME = "\u202eVB drawkcaB\u202c \u2066x\u2069"
TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
COMMAND = f"/client {NAME}"
REPLY = Reply(
    (
        *(Section(NAME, tone) for tone in Tone),
        Fields(((NAME, NAME),)),
        Table((TableColumn(NAME), TableColumn("x", "right")), ((NAME, NAME),), caption=NAME),
        *(
            Chart(kind, NAME, NAME, NAME, NAME, (Series(NAME, ((x, 0.5),)),), ((NAME, x, 0.5),))
            for kind, x in (("bars", NAME), ("history", "2026-01-01"), ("pareto", 0.5))
        ),  # type: ignore[arg-type]
        Actions((Button(NAME, COMMAND),)),
        Form("/x", NAME, (Input("a", NAME, hint=NAME), Input("b", NAME, "choice"))),
        Context(NAME),
    ),
    citations=(Citation("c", NAME, source=NAME),),
)


def shown(value: Any) -> list[str]:
    """All texts but those a button brings back."""
    if isinstance(value, dict):
        return [t for k, each in value.items() if k not in {"value", "data"} for t in shown(each)] + [
            t for k in ("value", "data") if k in value and not isinstance(value[k], str | dict)
            for t in shown(value[k])
        ]  # fmt: skip
    if isinstance(value, list):
        return [t for each in value for t in shown(each)]
    return [value] if isinstance(value, str) else []


def of_facts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [f["value"] for f in value.get("facts", [])]
        return own + [t for each in value.values() for t in of_facts(each)]
    return [t for each in value for t in of_facts(each)] if isinstance(value, list) else []


def of_html(reply: Reply) -> list[str]:
    return [re.sub(r'data-command="[^"]*"', "", html.render(reply))]


RENDERERS: dict[str, Callable[[Reply], list[str]]] = {
    "slack": lambda reply: shown(slack.render(reply)) + shown(slack.home(reply)),
    "teams": lambda reply: shown(made := teams.render(reply)) + of_facts(made),
    "html": of_html,
    "terminal": lambda reply: [terminal.render(reply, width=90, plain=False, colour=False)],
}


@pytest.mark.parametrize("surface", RENDERERS)
def test_what_turns_the_direction_is_not_shown(surface: str) -> None:
    texts = RENDERERS[surface](REPLY)
    assert any("drawkcaB" in text for text in texts)
    assert [text for text in texts if TURNING.search(text)] == []


def test_a_button_still_brings_back_the_very_name() -> None:
    for payload in (slack.render(REPLY), teams.render(REPLY)):
        assert COMMAND in json.dumps(payload, ensure_ascii=False)
    assert f'data-command="{COMMAND}"' in html.render(REPLY)
