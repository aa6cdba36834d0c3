from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.audit import argument_shape
from bot.core.request import Place
from bot.storage.audit import AuditLog
from bot.storage.database import Database
from bot.storage.repositories import PersonData
from bot.storage.sink import StoredAudit
from tests.unit.bot.storage.conftest import event

DISARM = "drop trigger audit_events_no_update; drop trigger audit_events_no_delete;"


def tamper(database: Database, sql: str) -> None:
    """Change the file as someone with full access to it would."""
    with closing(sqlite3.connect(database.path)) as connection:
        connection.executescript(DISARM + sql)


@pytest.fixture
def log(database: Database) -> AuditLog:
    log = AuditLog(database, "acme")
    for user in ("jan", "piet", "jan"):
        log.record(event(user))
    return log


def test_a_recorded_event_comes_back_as_it_was(log: AuditLog) -> None:
    newest = log.latest(1)[0]
    assert newest["sequence"] == 3
    assert newest["at"] == event().at
    assert newest["roles"] == "mt,sales"
    assert newest["arguments"] == {"n": "10"}
    assert (newest["decision"], newest["outcome"]) == ("allowed", "ANSWERED")


def test_the_same_person_keeps_one_pseudonym_that_does_not_hold_the_user(log: AuditLog) -> None:
    third, second, first = log.latest(3)
    assert first["person"] == third["person"] != second["person"]
    assert "jan" not in str(third)


def test_an_untouched_chain_verifies(log: AuditLog) -> None:
    assert log.verify_chain().ok
    assert log.verify_chain().events == 3


def test_an_empty_chain_verifies(database: Database) -> None:
    assert AuditLog(database, "acme").verify_chain().ok


@pytest.mark.parametrize(
    ("sql", "broken_at"),
    [
        ("update audit_events set decision = 'refused' where sequence = 2", 2),
        ("update audit_events set at = '2020-01-01 00:00:00.000000' where sequence = 1", 1),
        ("update audit_events set person = 'p-0' where sequence = 3", 3),
        ("delete from audit_events where sequence = 2", 2),
        ("delete from audit_events where sequence = 3", 3),
        ("delete from audit_events", 1),
        ("update audit_events set previous_hash = hash where sequence = 2", 2),
    ],
)
def test_tampering_is_found_where_it_happened(
    log: AuditLog, database: Database, sql: str, broken_at: int
) -> None:
    tamper(database, sql)
    check = log.verify_chain()
    assert not check.ok
    assert check.broken_at == broken_at
    assert check.reason


@pytest.mark.parametrize(
    "sql", ["update audit_events set reason = 'x'", "delete from audit_events"]
)
def test_the_database_itself_refuses_to_change_an_event(
    log: AuditLog, database: Database, sql: str
) -> None:
    with (
        closing(sqlite3.connect(database.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(sql)


def test_each_tenant_has_a_chain_of_its_own(database: Database) -> None:
    acme, other = AuditLog(database, "acme"), AuditLog(database, "other")
    acme.record(event())
    other.record(event(tenant="other"))
    acme.record(event())
    assert (acme.verify_chain().events, other.verify_chain().events) == (2, 1)
    assert acme.latest(1)[0]["person"] != other.latest(1)[0]["person"]


def test_an_event_of_another_tenant_is_not_taken(database: Database) -> None:
    with pytest.raises(ValueError, match="tenant"):
        AuditLog(database, "acme").record(event(tenant="other"))


def test_a_direct_chat_is_not_named(database: Database) -> None:
    log = AuditLog(database, "acme")
    log.record(event(place=Place.DM, conversation="D-of-jan"))
    assert log.latest(1)[0]["conversation"] == ""


def test_erasing_a_person_leaves_a_chain_that_verifies_and_no_name(
    log: AuditLog, database: Database
) -> None:
    counts = PersonData(database, "acme").erase_person("jan")
    assert counts["requests"] == 2
    assert log.verify_chain().ok
    with closing(sqlite3.connect(database.path)) as connection:
        dump = "\n".join(connection.iterdump())
    assert "jan" not in dump
    assert "piet" in dump


def test_an_erased_person_who_returns_is_a_new_one(log: AuditLog, database: Database) -> None:
    before = log.latest(1)[0]["person"]
    PersonData(database, "acme").erase_person("jan")
    log.record(event("jan"))
    assert log.latest(1)[0]["person"] != before
    assert len(PersonData(database, "acme").export_person("jan")["requests"]) == 1  # type: ignore[arg-type]


def _append(home: str, user: str, count: int) -> None:
    with Database.open(Path(home)) as database:
        log = AuditLog(database, "acme")
        for _ in range(count):
            log.record(event(user))


def test_processes_that_append_together_keep_one_chain(tmp_path: Path) -> None:
    """Also the first opening: all four find no file and want to make it."""
    spawn = multiprocessing.get_context("spawn")
    workers = [
        spawn.Process(target=_append, args=(str(tmp_path), f"user{i}", 15)) for i in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    with Database.open(tmp_path) as database:
        check = AuditLog(database, "acme").verify_chain()
    assert check.ok
    assert check.events == 60


def test_the_sink_opens_the_database_at_the_first_event(tmp_path: Path) -> None:
    sink = StoredAudit(tmp_path)
    assert not (tmp_path / "state.db").exists()
    sink.record(event(tenant="a"))
    sink.record(event(tenant="b"))
    assert AuditLog(sink.database(), "b").verify_chain().events == 1
    sink.close()
    sink.record(event(tenant="a"))
    assert AuditLog(sink.database(), "a").verify_chain().events == 2
    sink.close()


def test_importing_the_sink_does_not_load_sqlalchemy() -> None:
    code = "import sys, bot.storage.sink; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_harmless_arguments_keep_their_value() -> None:
    shape = argument_shape({"n": 10, "name": "Van Dijk", "period": "2025", "source": "", "x": None})
    assert shape == {"n": "10", "name": "given", "period": "2025"}
