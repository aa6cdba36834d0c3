from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.audit import AuditEvent
from bot.core.command import discover
from bot.core.reply import Actions, Outcome, plain_text
from tests.conftest import Ask, asker, compose

STATUS = replace(discover().commands["status"], dutch="", aliases=())


class Kept:
    """An audit sink that keeps events in a list."""

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
    application.dispatcher._audit = kept
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
