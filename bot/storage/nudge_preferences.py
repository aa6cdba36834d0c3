"""What each person chose for their weekly nudge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bot.storage import models
from bot.storage.portable import insert_into
from bot.storage.repositories import Repository


@dataclass(frozen=True, slots=True)
class Preference:
    """A person's choices; empty or None means the default. Moments are UTC.

    wanted: None as the role says (MT yes, others no). since: from when on slots are owed. rhythm:
    day, time and zone last planned with; empty while the person gets no nudges.
    """

    user: str
    since: dt.datetime
    wanted: bool | None = None
    weekday: int | None = None
    time: str = ""
    zone: str = ""
    locale: str = ""
    surface: str = ""
    conversation: str = ""
    paused_until: dt.date | None = None
    rhythm: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The rhythm of a person before and now; `since` where slots are owed from now on only."""

    user: str
    before: str
    now: str
    since: dt.datetime | None = None


class PreferenceTable(Repository):
    """The queries; those with a connection are operations of a `Writer`."""

    def all(self) -> dict[str, Preference]:
        """Everybody's, by user."""
        table = models.nudge_preferences
        statement = select(table).where(table.c.tenant == self._tenant)
        with self._database.read() as connection:
            return {row.user: _preference(row) for row in connection.execute(statement)}

    def of(self, user: str) -> Preference | None:
        """One person's; None when nothing is kept of them."""
        table = models.nudge_preferences
        statement = select(table).where(table.c.tenant == self._tenant, table.c.user == user)
        with self._database.read() as connection:
            row = connection.execute(statement).first()
        return _preference(row) if row is not None else None

    def first_seen(self, connection: Connection, items: Sequence[Preference]) -> list[bool]:
        """Keep people who are new; False for each that is known."""
        table = models.nudge_preferences
        return [
            connection.execute(
                insert_into(connection, table)
                .values(tenant=self._tenant, **_values(item))
                .on_conflict_do_nothing()
                .returning(table.c.user)
            ).first()
            is not None
            for item in items
        ]

    def planned_with(self, connection: Connection, items: Sequence[Seen]) -> list[bool]:
        """Note the rhythm somebody is planned with; False where another process did already."""
        table = models.nudge_preferences
        made = []
        for item in items:
            values: dict[str, Any] = {"rhythm": item.now}
            if item.since is not None:
                values["since"] = item.since
            statement = update(table).where(
                table.c.tenant == self._tenant,
                table.c.user == item.user,
                table.c.rhythm == item.before,
            )
            made.append(connection.execute(statement.values(values)).rowcount == 1)
        return made

    def change(self, user: str, now: dt.datetime, **values: Any) -> Preference:
        """Change some of a person's choices and return all of them."""
        fresh = _values(Preference(user, since=now)) | values
        with self._database.write() as connection:
            statement = insert_into(connection, models.nudge_preferences).values(
                tenant=self._tenant, **fresh
            )
            row = connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["tenant", "user"], set_=values or {"user": user}
                ).returning(models.nudge_preferences)
            ).one()
        return _preference(row)


_FIELDS = tuple(Preference.__dataclass_fields__)


def _values(preference: Preference) -> dict[str, Any]:
    return {name: getattr(preference, name) for name in _FIELDS}


def _preference(row: Row[Any]) -> Preference:
    return Preference(**{name: row._mapping[name] for name in _FIELDS})
