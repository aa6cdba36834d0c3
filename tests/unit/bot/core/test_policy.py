"""DESIGN's table of who may see what, cell by cell, through the dispatcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.application import Application
from bot.core.reply import Actions, Outcome, Reply, Visibility, plain_text
from tests.conftest import Ask, asker, compose, data

ROLES = ("sales", "mt", "admin")


def buttons(reply: Reply) -> list[Any]:
    return [b for e in reply.elements if isinstance(e, Actions) for b in e.buttons]


@pytest.mark.parametrize("role", ROLES)
async def test_a_known_person_is_answered_in_a_direct_message(ask: Ask, role: str) -> None:
    reply = await ask("/topclients", role=role)
    assert (reply.outcome, reply.visibility) == (Outcome.ANSWERED, Visibility.DIRECT)


@pytest.mark.parametrize("role", ROLES)
async def test_a_known_person_is_answered_privately_in_a_channel(ask: Ask, role: str) -> None:
    reply = await ask("/topclients", role=role, place="channel", channel="NEVER-CLEARED")
    assert (reply.outcome, reply.visibility) == (Outcome.ANSWERED, Visibility.EPHEMERAL)
    assert not any(b.share for b in buttons(reply))


async def test_nobody_known_gets_help_and_whom_to_ask(ask: Ask) -> None:
    for place, visibility in (("dm", Visibility.DIRECT), ("channel", Visibility.EPHEMERAL)):
        reply = await ask("help", role=None, place=place)
        assert (reply.outcome, reply.visibility) == (Outcome.ANSWERED, visibility)
        listed = {c["name"] for c in data(reply)["commands"]}
        assert listed == {"coach", "help", "welcome"}
        refused = await ask("/topclients", role=None, place=place, locale="en")
        assert refused.outcome is Outcome.REFUSED
        assert refused.visibility is visibility


async def test_a_refusal_names_an_admin_and_no_figure(ask: Ask, demo_home: Path) -> None:
    people = (demo_home / "data" / "people.csv").read_text(encoding="utf-8").splitlines()
    admins = [line.split(";") for line in people if ";admin;" in line]
    reply = await ask("/topclients", role=None)
    text = plain_text(reply)
    assert any(cell and cell in text for row in admins for cell in row if " " in cell)
    assert "€" not in text
    assert data(reply).keys() == {"error"}


async def test_sharing_needs_a_channel_that_was_cleared(demo_home: Path) -> None:
    ask = asker(compose(demo_home, cleared={"CLEARED"}))
    offered = await ask("/topclients", place="channel", channel="CLEARED")
    share = [b for b in buttons(offered) if b.share]
    assert len(share) == 1
    shared = await ask(share[0].text, place="channel", channel="CLEARED", share=True)
    assert (shared.outcome, shared.visibility) == (Outcome.ANSWERED, Visibility.CHANNEL)
    elsewhere = await ask(share[0].text, place="channel", channel="OTHER", share=True)
    assert elsewhere.outcome is Outcome.REFUSED


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("text", ["/topclients", "help", "welcome", "/nonsense"])
async def test_a_guest_is_refused_in_a_direct_message_too(
    ask: Ask, role: str | None, text: str
) -> None:
    reply = await ask(text, role=role, guest=True)
    assert (reply.outcome, reply.visibility) == (Outcome.REFUSED, Visibility.DIRECT)
    assert data(reply).keys() == {"error"}


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("text", ["", "hoi", "/topclients", "/nonsense", "/topklantn", "/client"])
async def test_whatever_is_asked_where_outsiders_read_along_is_refused(
    ask: Ask, role: str | None, text: str
) -> None:
    reply = await ask(text, role=role, place="shared")
    assert reply.outcome is Outcome.REFUSED
    assert not buttons(reply)


@pytest.mark.parametrize("text", ["help", "help client", "welcome"])
@pytest.mark.parametrize("role", [*ROLES, None])
async def test_what_holds_no_figure_is_not_for_the_channel_either(
    demo_home: Path, text: str, role: str | None
) -> None:
    ask = asker(compose(demo_home, cleared={"C1"}))
    offered = await ask(text, role=role, place="channel")
    assert offered.visibility is Visibility.EPHEMERAL
    assert not any(b.share for b in buttons(offered))
    pressed = await ask(text, role=role, place="channel", share=True)
    assert pressed.visibility is Visibility.EPHEMERAL
    assert pressed.outcome is Outcome.REFUSED


@pytest.mark.parametrize("text", ["help client", "help klant", "help whatif", "help", "welcome"])
@pytest.mark.parametrize("place", ["dm", "channel"])
async def test_help_names_no_client_to_nobody(
    ask: Ask, demo_application: Application, text: str, place: str
) -> None:
    names = [str(n) for n in demo_application.snapshots.current().customers["name"]]
    for locale in ("nl", "en"):
        reply = await ask(text, role=None, place=place, locale=locale)
        told = f"{plain_text(reply)} {data(reply)} {buttons(reply)}"
        assert [n for n in names if n in told] == []
        known = await ask(text, role="sales", place=place, locale=locale)
        told = f"{plain_text(known)} {data(known)}"
        assert any(n in told for n in names) is (text != "welcome")


async def test_pressing_share_without_a_role_is_refused(demo_home: Path) -> None:
    ask = asker(compose(demo_home, cleared={"C1"}))
    reply = await ask("/topclients", role=None, place="channel", share=True)
    assert reply.outcome is Outcome.REFUSED


REVENUE = ["/topclients 30", "/pareto", "/ars", "/sources", "/whatif lose {c}", "/client {c}"]


def exact_amounts(reply: Reply) -> set[str]:
    """Every whole amount of the exact answer, as written."""
    return {
        cell
        for e in reply.elements
        for row in getattr(e, "rows", ())
        for cell in row
        if "€" in cell
    }


@pytest.mark.parametrize("command", REVENUE)
@pytest.mark.parametrize("detail", ["bands", "none"])
async def test_a_rep_may_be_kept_from_exact_revenue(
    demo_home: Path, ask: Ask, command: str, detail: str
) -> None:
    first = data(await ask("/topclients 1"))["rows"][0]
    text = command.format(c=first["customer_id"])
    rep = asker(compose(demo_home, rep_revenue=detail))
    exact, reduced = await ask(text, role="mt"), await rep(text, role="sales")
    assert reduced.outcome is Outcome.ANSWERED
    shown = plain_text(reduced)
    for amount in exact_amounts(exact):
        if amount.replace("\u00a0", " ") not in {"€ 0"}:
            assert amount.replace("\u00a0", " ") not in shown
    assert amounts(data(reduced)) == []
    how = await rep(f"{text} how", role="sales")
    assert how.outcome is Outcome.REFUSED
    mt = await rep(text, role="mt")
    assert data(mt) == data(exact)


MONEY = {"revenue", "amount", "total", "sales", "unknown", "loss", "top_revenue", "pipeline_value",
         "unattributed_revenue", "revenue_without_largest", "sum"}  # fmt: skip


def amounts(value: Any) -> list[tuple[str, Any]]:
    """Every money field that holds something."""
    if isinstance(value, dict):
        own = [(k, v) for k, v in value.items() if k in MONEY and v is not None]
        return own + [found for v in value.values() for found in amounts(v)]
    if isinstance(value, list):
        return [found for v in value for found in amounts(v)]
    return []


async def test_an_admin_clears_a_channel_and_takes_it_back(demo_home: Path) -> None:
    ask = asker(compose(demo_home))
    rep = await ask("/ballotage clear", role="sales", place="channel", locale="en")
    assert rep.outcome is Outcome.REFUSED
    assert "manage Ballotage" in plain_text(rep)
    assert (
        await ask("/ballotage clear", role="admin", place="dm")
    ).outcome is Outcome.WRONG_REQUEST
    assert (await ask("/topclients", place="channel", share=True)).outcome is Outcome.REFUSED
    assert data(await ask("/ballotage clear", role="admin", place="channel")) == {"cleared": True}
    assert (await ask("/topclients", place="channel", share=True)).visibility is Visibility.CHANNEL
    assert data(await ask("/ballotage vrijgeven uit", role="admin", place="channel")) == {
        "cleared": False
    }
    assert (await ask("/topclients", place="channel", share=True)).outcome is Outcome.REFUSED
