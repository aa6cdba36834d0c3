from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

from bot.core.audit import AuditEvent
from bot.core.reply import Outcome, Visibility
from bot.core.request import Place, Role
from bot.storage.audit import AuditLog
from bot.storage.database import Database
from bot.storage.sink import StoredAudit
from bot.storage.spool import FILE_NAME, SpooledAudit, take_up

EVENT = AuditEvent(
    tenant="default",
    user="anna@demo.example",
    roles=frozenset({Role.MT}),
    surface="terminal",
    place=Place.DM,
    conversation="terminal",
    command="topclients",
    visibility=Visibility.DIRECT,
    decision="allowed",
    outcome=Outcome.ANSWERED,
    arguments={"n": "10"},
    milliseconds=12,
    at=dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC),
)


def test_spooled_events_are_in_the_trail_once_it_is_opened(tmp_path: Path) -> None:
    spool = SpooledAudit(tmp_path)
    spool.record(EVENT)
    spool.record(dataclasses.replace(EVENT, command="pareto"))
    sink = StoredAudit(tmp_path)
    check = AuditLog(sink.database(), "default").verify_chain()
    sink.close()
    assert (check.ok, check.events) == (True, 2)
    assert not (tmp_path / FILE_NAME).exists()


def test_a_line_cut_short_by_a_crash_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    SpooledAudit(tmp_path).record(EVENT)
    with (tmp_path / FILE_NAME).open("a", encoding="utf-8") as spool:
        spool.write('{"tenant": "def\n')
    SpooledAudit(tmp_path).record(EVENT)
    with Database.open(tmp_path) as database:
        assert take_up(tmp_path, database) == 2
        assert take_up(tmp_path, database) == 0


def test_without_a_home_nothing_is_made(tmp_path: Path) -> None:
    SpooledAudit(tmp_path / "none").record(EVENT)
    assert not (tmp_path / "none").exists()
