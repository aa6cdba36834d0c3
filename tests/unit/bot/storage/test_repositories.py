from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.core.request import Role
from bot.storage.audit import AuditLog
from bot.storage.database import Database
from bot.storage.repositories import (
    ClearedChannels,
    PeopleRoles,
    PersonData,
    PersonSettings,
    ProcessedEvents,
)
from tests.unit.bot.storage.conftest import NOW, event


def test_a_cleared_channel_is_cleared_there_only(database: Database) -> None:
    acme, other = ClearedChannels(database, "acme"), ClearedChannels(database, "other")
    acme.clear("slack", "C1", "admin", NOW)
    acme.clear("slack", "C1", "admin2", NOW)
    assert acme.is_cleared("slack", "C1")
    assert not acme.is_cleared("teams", "C1")
    assert not acme.is_cleared("slack", "C2")
    assert not other.is_cleared("slack", "C1")


def test_a_conversation_without_an_id_is_never_cleared(database: Database) -> None:
    channels = ClearedChannels(database, "acme")
    channels.clear("slack", "", "admin", NOW)
    assert not channels.is_cleared("slack", "")


def test_a_withdrawn_channel_is_cleared_no_more(database: Database) -> None:
    channels = ClearedChannels(database, "acme")
    channels.clear("slack", "C1", "admin", NOW)
    assert not ClearedChannels(database, "other").withdraw("slack", "C1")
    assert channels.withdraw("slack", "C1")
    assert not channels.withdraw("slack", "C1")
    assert not channels.is_cleared("slack", "C1")


def test_a_role_replaces_the_one_before_and_can_be_taken_away(database: Database) -> None:
    roles = PeopleRoles(database, "acme")
    roles.set("jan", Role.SALES, "admin", NOW)
    roles.set("jan", Role.MT, "admin", NOW)
    roles.set("piet", None, "admin", NOW)
    assert roles.all() == {"jan": frozenset({Role.MT}), "piet": frozenset()}
    assert PeopleRoles(database, "other").all() == {}
    assert not PeopleRoles(database, "other").unset("jan")
    assert roles.unset("jan")
    assert "jan" not in roles.all()


def test_an_event_is_new_once_per_platform_and_tenant(database: Database) -> None:
    events = ProcessedEvents(database, "acme")
    assert events.first_time("slack", "E1", NOW)
    assert not events.first_time("slack", "E1", NOW + dt.timedelta(minutes=5))
    assert events.first_time("teams", "E1", NOW)
    assert ProcessedEvents(database, "other").first_time("slack", "E1", NOW)


@pytest.mark.parametrize(("hours", "again"), [(24, False), (24.1, True)])
def test_an_event_is_remembered_for_a_day(database: Database, hours: float, again: bool) -> None:
    events = ProcessedEvents(database, "acme")
    events.first_time("slack", "E1", NOW)
    assert events.first_time("slack", "E1", NOW + dt.timedelta(hours=hours)) is again


def test_of_many_copies_at_once_one_is_the_first(database: Database) -> None:
    events = ProcessedEvents(database, "acme")
    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(lambda _: events.first_time("slack", "E1", NOW), range(24)))
    assert firsts.count(True) == 1


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="time zone"):
        ProcessedEvents(database, "acme").first_time("slack", "E1", NOW.replace(tzinfo=None))


def test_a_chosen_language_is_remembered(database: Database) -> None:
    settings = PersonSettings(database, "acme")
    assert settings.locale_of("jan") is None
    settings.set_locale("jan", "nl")
    settings.set_locale("jan", "en")
    assert settings.locale_of("jan") == "en"
    assert PersonSettings(database, "other").locale_of("jan") is None


def fill(database: Database, tenant: str) -> None:
    AuditLog(database, tenant).record(event("jan", tenant=tenant))
    PeopleRoles(database, tenant).set("jan", Role.ADMIN, "boss", NOW)
    PeopleRoles(database, tenant).set("piet", Role.SALES, "jan", NOW)
    ClearedChannels(database, tenant).clear("slack", "C1", "jan", NOW)
    PersonSettings(database, tenant).set_locale("jan", "en")


def test_an_export_holds_everything_about_one_person_as_plain_values(database: Database) -> None:
    fill(database, "acme")
    fill(database, "other")
    export = PersonData(database, "acme").export_person("jan")
    (request,) = export["requests"]  # type: ignore[misc]
    assert request["command"] == "topclients"
    assert request["at"] == NOW.isoformat()
    assert export["roles"] == [
        {"user": "jan", "role": "admin", "set_by": "boss", "at": NOW.isoformat()}
    ]
    assert export["settings"] == [{"user": "jan", "locale": "en"}]
    assert len(export["roles_given"]) == 1  # type: ignore[arg-type]
    assert len(export["channels_cleared"]) == 1  # type: ignore[arg-type]


def test_an_export_of_a_stranger_is_empty(database: Database) -> None:
    fill(database, "acme")
    export = PersonData(database, "acme").export_person("nobody")
    assert {name: rows for name, rows in export.items() if rows} == {"user": "nobody"}


def test_erasing_takes_the_person_and_leaves_what_is_about_others(database: Database) -> None:
    fill(database, "acme")
    fill(database, "other")
    before = PersonData(database, "other").export_person("jan")
    counts = PersonData(database, "acme").erase_person("jan")
    assert counts == {
        "requests": 1, "coach_questions": 0, "roles": 1, "settings": 1, "welcomed": 0, "roles_given": 1,
        "channels_cleared": 1, "verdicts": 0, "verdicts_judged": 0, "nudge_preferences": 0, "nudges": 0,
        "mt_time": 0,
        "references": 0, "waiting": 0
    }  # fmt: skip
    assert PeopleRoles(database, "acme").all() == {"piet": frozenset({Role.SALES})}
    assert ClearedChannels(database, "acme").is_cleared("slack", "C1")
    left = PersonData(database, "acme").export_person("jan")
    assert {name: rows for name, rows in left.items() if rows} == {"user": "jan"}
    assert PersonData(database, "other").export_person("jan") == before
