"""`/qualify` in the Slack server: each verdict, a form, an introduction."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import compose
from tests.e2e.prospects import by_verdict
from tests.e2e.slack.test_slack_server import (
    Draw,
    answered,
    company,
    draw,
    labels,
    running,
    said,
    slack,
    studio,
    text_of,
)
from tests.e2e.slack.workspace import Workspace

__all__ = ["company", "draw", "running", "slack", "studio"]
pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]
WORDS = {"admit": "toelaten", "waitlist": "wachtlijst", "decline": "afwijzen"}


@pytest.mark.parametrize("verdict", list(WORDS))
async def test_each_verdict(slack: Workspace, draw: Draw, company: Path, verdict: str) -> None:
    name = by_verdict(compose(company))[verdict]
    answer = await slack.command("mt", f"/kwalificeer {name}")
    assert answer["response_type"] == "ephemeral"
    assert WORDS[verdict] in text_of(answer)
    words = await draw(
        f"qualify-{verdict}-nl", said(slack, "mt", f"/kwalificeer {name}"), answered(answer)
    )
    assert WORDS[verdict] in words


async def test_an_unknown_prospect_gets_a_form(slack: Workspace, draw: Draw) -> None:
    answer = await slack.command("mt", "/kwalificeer Nieuw Bedrijf BV")
    assert any(block["type"] == "input" for block in answer["blocks"])
    assert "Klopt niet" in labels(answer)
    words = await draw(
        "qualify-form-nl", said(slack, "mt", "/kwalificeer Nieuw Bedrijf BV"), answered(answer)
    )
    assert "voorlopig" in words
