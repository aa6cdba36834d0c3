from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.audit import AuditEvent
from bot.core.command import discover
from bot.core.reply import Actions, Outcome, plain_text
from tests.conftest import Ask, asker, compose, data

STATUS = replace(discover().commands["status"], dutch="", aliases=())


class Kept:
    """An audit sink that keeps events in a list."""

    waits = False

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)


async def test_an_unknown_command_offers_the_nearest_as_buttons(ask: Ask) -> None:
    reply = await ask("/topklantn", locale="nl")
    assert reply.outcome is Outcome.WRONG_REQUEST
    labels = [b.text for e in reply.elements if isinstance(e, Actions) for b in e.buttons]
    assert "/topklanten" in labels


async def test_a_slow_command_is_cut_off_at_the_deadline(demo_home: Path) -> None:
    application = compose(demo_home, deadline_seconds=0.05)

    async def never(*_args: Any) -> None:
        await asyncio.sleep(60)

    application.registry.add(replace(STATUS, name="slow", run=never))
    reply = await asker(application)("/slow", locale="en")
    assert reply.outcome is Outcome.FAILED
    assert "longer than 0.05 seconds" in plain_text(reply)


async def test_a_bug_is_one_line_with_an_error_id_and_goes_to_the_log(
    demo_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    application = compose(demo_home)

    async def broken(*_args: Any) -> None:
        raise ZeroDivisionError("secret detail")

    application.registry.add(replace(STATUS, name="broken", run=broken))
    with caplog.at_level(logging.ERROR):
        reply = await asker(application)("/broken", locale="en")
    assert reply.outcome is Outcome.FAILED
    assert "secret detail" not in plain_text(reply)
    error_id = plain_text(reply).split("(error ")[1].split(")")[0]
    assert error_id in caplog.text


async def test_every_request_is_audited_without_names_or_values(demo_home: Path) -> None:
    kept = Kept()
    application = compose(demo_home)
    application.dispatcher.audit = kept
    ask = asker(application)
    await ask("/client Van Dijk 2025", role="sales")
    await ask("/topclients 7", role=None, place="channel")
    await ask("/nonsense")
    first, second, third = kept.events
    assert (first.command, first.decision) == ("client", "allowed")
    assert first.arguments["period"] == "2025"
    assert "Van Dijk" not in repr(first)
    assert (second.decision, second.outcome) == ("refused", Outcome.REFUSED)
    assert third.command == "unknown"
    assert first.snapshot_version == "1"


async def test_no_data_is_one_line_that_says_how_to_start(tmp_path: Path) -> None:
    reply = await asker(compose(tmp_path))("/topklanten")
    assert reply.outcome is Outcome.WRONG_REQUEST
    assert "load invoices=" in plain_text(reply)


async def test_a_kept_answer_is_never_given_to_who_may_not_have_it(demo_home: Path) -> None:
    application = compose(demo_home, rep_revenue="none", cleared={"C1"})
    ask = asker(application)
    first = await ask("/topclients", role="mt", place="channel")
    assert await ask("/topclients", role="mt", place="channel") is first
    assert "€" not in plain_text(await ask("/topclients", role="sales", place="channel"))
    assert (await ask("/topclients", role=None, place="channel")).outcome is Outcome.REFUSED
    assert (await ask("/topclients", role="mt", locale="en", place="channel")).locale == "en"
    shared = await ask("/topclients", role="mt", place="channel", share=True)
    assert not [b for e in shared.elements if isinstance(e, Actions) for b in e.buttons if b.share]


async def test_a_kept_answer_goes_with_its_snapshot(company: Callable[..., Ask]) -> None:
    before = company(invoices="date,customer_id,amount\n2026-01-01,a,5\n")
    after = company(invoices="date,customer_id,amount\n2026-01-01,a,7\n")
    assert data(await before("/topclients"))["revenue"] == 5
    assert data(await after("/topclients"))["revenue"] == 7


@pytest.mark.parametrize("text", ["/topclients", "/status", "help", "welcome", "/nonsense"])
async def test_a_damaged_snapshot_is_still_a_reply_and_audited(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "snapshots" / "000001-abc"
    folder.mkdir(parents=True)
    (tmp_path / "snapshots" / "CURRENT").write_text(folder.name)
    (folder / "meta.json").write_text('{"created_at": "2026-01-01", "loads": []}')
    kept = Kept()
    application = compose(tmp_path)
    application.dispatcher.audit = kept
    with caplog.at_level(logging.CRITICAL, logger="ballotage"):
        reply = await asker(application)(text, locale="en")
    assert reply.outcome in {Outcome.FAILED, Outcome.WRONG_REQUEST}
    assert [e.outcome for e in kept.events] == [reply.outcome]
    assert kept.events[0].snapshot_version == ""
