"""All queries on the state database. A repository is built for one tenant and sees no other."""

from __future__ import annotations

import datetime as dt
import json

from sqlalchemy import Column, ColumnElement, Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.core.request import Role
from bot.storage import models
from bot.storage.database import Database

PROCESSED_KEPT = dt.timedelta(hours=24)
"""Slack sends its last copy after 5 minutes; a day also covers a platform that catches up."""


class Repository:
    """What all have in common: the database and the tenant."""

    def __init__(self, database: Database, tenant: str) -> None:
        self._database = database
        self._tenant = tenant


class ClearedChannels(Repository):
    """Channels in which an admin allowed answers that everybody there can read."""

    def clear(self, surface: str, conversation: str, by: str, at: dt.datetime) -> None:
        """Allow sharing in a conversation; again is harmless and keeps who did it last."""
        values = {"cleared_by": by, "at": at}
        statement = insert(models.cleared_channels).values(
            tenant=self._tenant, surface=surface, conversation=conversation, **values
        )
        with self._database.write() as connection:
            connection.execute(statement.on_conflict_do_update(set_=values))

    def withdraw(self, surface: str, conversation: str) -> bool:
        """Take the permission back; False when there was none."""
        table = models.cleared_channels
        statement = delete(table).where(
            table.c.tenant == self._tenant,
            table.c.surface == surface,
            table.c.conversation == conversation,
        )
        with self._database.write() as connection:
            return connection.execute(statement).rowcount > 0

    def is_cleared(self, surface: str, conversation: str) -> bool:
        """Tell whether answers may be shared there. An empty id never is."""
        return bool(conversation) and (surface, conversation) in self.all()

    def all(self) -> frozenset[tuple[str, str]]:
        """Return every cleared (surface, conversation)."""
        table = models.cleared_channels
        statement = select(table.c.surface, table.c.conversation).where(
            table.c.tenant == self._tenant
        )
        with self._database.read() as connection:
            return frozenset(
                (row.surface, row.conversation) for row in connection.execute(statement)
            )


class PeopleRoles(Repository):
    """Roles set by an admin in the chat; they go before the people file."""

    def set(self, user: str, role: Role | None, by: str, at: dt.datetime) -> None:
        """Give a person this role and no other; None takes away the one the file gives."""
        values = {"role": role.value if role else "", "set_by": by, "at": at}
        statement = insert(models.people_roles).values(tenant=self._tenant, user=user, **values)
        with self._database.write() as connection:
            connection.execute(statement.on_conflict_do_update(set_=values))

    def unset(self, user: str) -> bool:
        """Let the people file decide again; False when there was nothing set."""
        table = models.people_roles
        statement = delete(table).where(table.c.tenant == self._tenant, table.c.user == user)
        with self._database.write() as connection:
            return connection.execute(statement).rowcount > 0

    def all(self) -> dict[str, frozenset[Role]]:
        """Return the roles of everyone for whom they were set; an empty set took them away."""
        table = models.people_roles
        statement = select(table.c.user, table.c.role).where(table.c.tenant == self._tenant)
        with self._database.read() as connection:
            return {
                row.user: frozenset([Role(row.role)] if row.role else [])
                for row in connection.execute(statement)
            }


class ProcessedEvents(Repository):
    """Which events of a platform were taken up, so that a second copy has no effect."""

    def first_time(self, platform: str, event: str, at: dt.datetime) -> bool:
        """Note an event; False when it was noted before. Exactly one of many callers gets True."""
        table = models.processed_events
        statement = insert(table).values(tenant=self._tenant, platform=platform, event=event, at=at)
        expired = delete(table).where(
            table.c.tenant == self._tenant, table.c.at < at - PROCESSED_KEPT
        )
        with self._database.write() as connection:
            connection.execute(expired)
            return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


class PersonSettings(Repository):
    """What a person chose for themselves."""

    def set_locale(self, user: str, locale: str) -> None:
        """Remember the language to answer this person in."""
        statement = insert(models.person_settings).values(
            tenant=self._tenant, user=user, locale=locale
        )
        with self._database.write() as connection:
            connection.execute(statement.on_conflict_do_update(set_={"locale": locale}))

    def locale_of(self, user: str) -> str | None:
        """Return the chosen language; None when the person chose none."""
        table = models.person_settings
        statement = select(table.c.locale).where(
            table.c.tenant == self._tenant, table.c.user == user
        )
        with self._database.read() as connection:
            return connection.execute(statement).scalar()


class PersonData(Repository):
    """Everything kept about one person: to hand over, or to forget."""

    def export_person(self, user: str) -> dict[str, object]:
        """Return what is kept about a person, as plain JSON values; moments are ISO text."""
        with self._database.read() as connection:
            person = _pseudonym(connection, self._tenant, user)
            events = models.audit_events
            asked = select(events).where(events.c.tenant == self._tenant, events.c.person == person)
            out: dict[str, object] = {
                "user": user,
                "requests": [
                    _plain(row._mapping, drop=("id", "tenant", "person", "previous_hash", "hash"))
                    for row in connection.execute(asked.order_by(events.c.sequence))
                ]
                if person
                else [],
            }
            for name, table, column in _PERSONAL:
                rows = select(table).where(table.c.tenant == self._tenant, table.c[column] == user)
                out[name] = [
                    _plain(row._mapping, drop=("tenant",)) for row in connection.execute(rows)
                ]
            references = models.conversation_references
            addresses = select(references).where(
                references.c.tenant == self._tenant,
                _mentions(references.c.reference, user) | (references.c.key == user),
            )
            out["references"] = [
                _plain(row._mapping, drop=("tenant",)) for row in connection.execute(addresses)
            ]
            waiting = select(models.inbox.c.payload, models.inbox.c.received_at).where(
                models.inbox.c.tenant == self._tenant, _mentions(models.inbox.c.payload, user)
            )
            out["waiting"] = [_plain(row._mapping, drop=()) for row in connection.execute(waiting)]
        return out

    def erase_person(self, user: str) -> dict[str, int]:
        """Forget a person; return how many rows of each kind were removed or made nameless.

        Audit rows stay, so that the chain still proves itself, under a random pseudonym. What
        linked it to the person is deleted here, and nothing is left to compute it from.
        """
        counts: dict[str, int] = {}
        with self._database.write() as connection:
            person = _pseudonym(connection, self._tenant, user)
            events = models.audit_events
            known = select(events.c.id).where(
                events.c.tenant == self._tenant, events.c.person == person
            )
            counts["requests"] = len(connection.execute(known).all()) if person else 0
            link = models.pseudonyms
            connection.execute(
                delete(link).where(link.c.tenant == self._tenant, link.c.user == user)
            )
            for name, table, column in _PERSONAL:
                mine = (table.c.tenant == self._tenant, table.c[column] == user)
                statement = (
                    delete(table).where(*mine)
                    if column == "user"
                    else update(table).where(*mine).values({column: ""})
                )
                counts[name] = connection.execute(statement).rowcount
            references = delete(models.conversation_references).where(
                models.conversation_references.c.tenant == self._tenant,
                _mentions(models.conversation_references.c.reference, user)
                | (models.conversation_references.c.key == user),
            )
            counts["references"] = connection.execute(references).rowcount
            # What is still to be answered loses its content, and so is not answered.
            work = (
                update(models.inbox)
                .where(
                    models.inbox.c.tenant == self._tenant, _mentions(models.inbox.c.payload, user)
                )
                .values(payload="", state="done", owner="", reason="")
            )
            counts["waiting"] = connection.execute(work).rowcount
        return counts


_PERSONAL = (
    ("coach_questions", models.coach_questions, "user"),
    ("roles", models.people_roles, "user"),
    ("settings", models.person_settings, "user"),
    ("welcomed", models.welcomed, "user"),
    ("roles_given", models.people_roles, "set_by"),
    ("channels_cleared", models.cleared_channels, "cleared_by"),
    ("verdicts", models.verdicts, "asked_by"),
    ("verdicts_judged", models.verdicts, "feedback_by"),
    ("nudge_preferences", models.nudge_preferences, "user"),
    ("nudges", models.nudges, "user"),
    ("mt_time", models.mt_weeks, "user"),
)
"""Where a person's id stands. Rows of the person go; rows about others lose the id only."""


def _mentions(text: Column[str], user: str) -> ColumnElement[bool]:
    """Whether stored JSON holds this user's id as a value of its own."""
    return func.instr(text, json.dumps(user, ensure_ascii=False)) > 0


def _pseudonym(connection: Connection, tenant: str, user: str) -> str | None:
    table = models.pseudonyms
    return connection.execute(
        select(table.c.person).where(table.c.tenant == tenant, table.c.user == user)
    ).scalar()


def _plain(row: object, drop: tuple[str, ...]) -> dict[str, object]:
    return {
        str(name): value.isoformat() if isinstance(value, dt.date) else value
        for name, value in dict(row).items()  # type: ignore[call-overload]
        if name not in drop
    }
