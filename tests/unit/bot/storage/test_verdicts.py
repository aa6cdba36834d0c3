from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.memory import KeptVerdict
from bot.storage.database import Database
from bot.storage.repositories import PersonData
from bot.storage.verdicts import Verdicts

NOW = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
ACME = KeptVerdict(
    at=NOW,
    asked_by="U1",
    subject="acme",
    prospect="Acme BV",
    verdict="waitlist",
    score=55.5,
    facts={"employees": 45, "decision_maker_met": None},
    given={"employees": "45"},
    deal_id="D1",
    conditions_version="3",
    snapshot_version="7",
    probability=None,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path) as opened:
        yield opened


def test_a_verdict_is_kept_with_its_facts_and_versions(database: Database) -> None:
    verdicts = Verdicts(database, "acme")
    number = verdicts.keep(ACME)
    assert verdicts.all() == [replace(ACME, id=number)]
    assert Verdicts(database, "other").all() == []


def test_looking_again_is_not_judging_again(database: Database) -> None:
    verdicts = Verdicts(database, "acme")
    first = verdicts.keep(ACME)
    assert verdicts.keep(replace(ACME, at=NOW + dt.timedelta(hours=2))) == first
    assert verdicts.keep(replace(ACME, verdict="admit")) != first
    assert verdicts.keep(replace(ACME, verdict="admit", at=NOW + dt.timedelta(days=2))) > first + 1


def test_the_newest_of_what_people_typed_counts(database: Database) -> None:
    verdicts = Verdicts(database, "acme")
    verdicts.keep(ACME)
    verdicts.keep(replace(ACME, given={"employees": "60", "accepts_terms": "yes"}))
    verdicts.keep(replace(ACME, subject="beta", given={"employees": "1"}))
    assert verdicts.given("acme") == {"employees": "60", "accepts_terms": "yes"}
    assert verdicts.given("nobody") == {}


def test_what_people_said_of_it_is_noted_on_the_own_tenants_verdict_only(
    database: Database,
) -> None:
    verdicts = Verdicts(database, "acme")
    number = verdicts.keep(ACME)
    assert verdicts.judge(number, "wrong", "x" * 900, "U2")
    (kept,) = verdicts.all()
    assert (kept.feedback, len(kept.why), kept.feedback_by) == ("wrong", 500, "U2")
    assert not Verdicts(database, "other").judge(number, "right", "", "U3")


def test_erasing_a_person_leaves_the_verdict_without_their_name(database: Database) -> None:
    verdicts = Verdicts(database, "acme")
    verdicts.judge(verdicts.keep(ACME), "right", "", "U1")
    exported = PersonData(database, "acme").export_person("U1")
    assert [v["prospect"] for v in exported["verdicts"]] == ["Acme BV"]  # type: ignore[attr-defined]
    counts = PersonData(database, "acme").erase_person("U1")
    assert (counts["verdicts"], counts["verdicts_judged"]) == (1, 1)
    (kept,) = verdicts.all()
    assert (kept.asked_by, kept.feedback_by, kept.verdict) == ("", "", "waitlist")
