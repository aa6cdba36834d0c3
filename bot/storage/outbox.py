"""The nudges of a tenant: each week's slot, its way out, and what the person did with it.

A slot is a row that exists once for person, kind and ISO week, whoever plans it. The promise is
"at most once": `sending` is committed before the first byte leaves, and only what surely did not
arrive is tried again. A process that dies while sending leaves `sending` behind, which becomes
`unknown` when its lease ends: listed for an admin, never sent again by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from bot.storage import models
from bot.storage.portable import insert_into
from bot.storage.repositories import Repository

PENDING: Final = "pending"
LEASED: Final = "leased"
SENDING: Final = "sending"
SENT: Final = "sent"
RETRY: Final = "retry"
DEAD: Final = "dead"
UNKNOWN: Final = "unknown"
CANCELLED: Final = "cancelled"

LEASE = dt.timedelta(seconds=120)
LATE = dt.timedelta(hours=12)
"""A nudge that could not leave within this time of its slot is reported instead."""
TRIES = 8
REPORTED = dt.timedelta(days=35)
"""How long what went wrong stays in the list for admins."""
STOPPED = "the process stopped while sending"
TOO_LATE = "could not be sent within 12 hours"


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A slot to be planned. `state` other than pending tells why nothing will be sent."""

    user: str
    kind: str
    iso_week: str
    due_at: dt.datetime
    state: str = PENDING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a nudge says: enough to show it again, and to follow it up. JSON only in `content`.

    followed: earlier nudges it looks at again, each with its figure now.
    """

    situation: str = ""
    subject: str = ""
    figure: float | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    followed: tuple[tuple[int, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """One nudge as it stands. Moments are UTC; `response` is "", done, later or not_useful."""

    id: int
    user: str
    kind: str
    iso_week: str
    due_at: dt.datetime
    state: str
    attempts: int
    reason: str
    surface: str
    sent_at: dt.datetime | None
    situation: str
    subject: str
    figure: float | None
    content: Mapping[str, Any]
    response: str
    responded_at: dt.datetime | None
    why: str
    shared_at: dt.datetime | None
    evidence_at: dt.datetime | None
    follow_figure: float | None
    followed_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Take what is due."""

    owner: str
    now: dt.datetime
    lease: dt.timedelta
    limit: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What was taken, and what could not be waited for any longer."""

    held: tuple[Kept, ...]
    given_up: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Move one nudge on, if it is still `owner`'s and in one of the states `before`.

    followed: earlier nudges that are thereby looked at again (`at`), each with its figure.
    """

    id: int
    owner: str
    before: tuple[str, ...]
    values: Mapping[str, Any]
    followed: tuple[tuple[int, float | None], ...] = ()
    at: dt.datetime | None = None


class NudgeTable(Repository):
    """The queries; those with a connection are operations of a `Writer`."""

    def plan(self, connection: Connection, items: Sequence[NewSlot]) -> list[bool]:
        """Insert slots; False for each that was there already. Many may try, one gets True."""
        table = models.nudges
        made = []
        for item in items:
            statement = insert_into(connection, table).values(
                tenant=self._tenant,
                user=item.user,
                kind=item.kind,
                iso_week=item.iso_week,
                due_at=item.due_at,
                state=item.state,
                attempts=0,
                next_at=item.due_at,
                reason=item.reason[:200],
                **_EMPTY,
            )
            # The row itself: what Postgres' driver counts of an insert says nothing here.
            new = statement.on_conflict_do_nothing().returning(table.c.id)
            made.append(connection.execute(new).first() is not None)
        return made

    def planned(self, kind: str, first: str) -> dict[str, dict[str, dt.datetime]]:
        """For each person the ISO weeks from `first` on that have a slot, with its moment."""
        table = models.nudges
        statement = select(table.c.user, table.c.iso_week, table.c.due_at).where(
            table.c.tenant == self._tenant, table.c.kind == kind, table.c.iso_week >= first
        )
        out: dict[str, dict[str, dt.datetime]] = {}
        with self._database.read() as connection:
            for row in connection.execute(statement):
                out.setdefault(row.user, {})[row.iso_week] = row.due_at
        return out

    def claim(self, connection: Connection, items: Sequence[Claim]) -> list[Claimed]:
        """Lease what is due, the longest waiting first; settle what was left behind."""
        return [self._claim(connection, item) for item in items]

    def _claim(self, connection: Connection, item: Claim) -> Claimed:
        table, now = models.nudges, item.now
        ours = table.c.tenant == self._tenant
        ended = table.c.next_at <= now
        given_up: list[Row[Any]] = []
        given_up += connection.execute(
            update(table)
            .where(ours, table.c.state == SENDING, ended)
            .values(state=UNKNOWN, reason=STOPPED)  # the owner stays: it may yet report
            .returning(table)
        ).all()
        # Nothing left before `sending`, so what was only leased may be taken anew.
        connection.execute(
            update(table)
            .where(ours, table.c.state == LEASED, ended)
            .values(state=PENDING, owner="", attempts=table.c.attempts - 1)
        )
        waiting = and_(ours, table.c.state.in_((PENDING, RETRY)))
        given_up += connection.execute(
            update(table)
            .where(waiting, or_(table.c.due_at < now - LATE, table.c.attempts >= TRIES))
            .values(state=DEAD, owner="", reason=_reason_or(table.c.reason, TOO_LATE))
            .returning(table)
        ).all()
        if item.limit <= 0:
            return Claimed((), tuple(map(_kept, given_up)))
        first = (
            select(table.c.id)
            .where(waiting, ended)
            .order_by(table.c.next_at, table.c.id)
            .limit(item.limit)
            .with_for_update(skip_locked=True)  # SQLite has one writer, and leaves this out
        )
        rows = connection.execute(
            update(table)
            .where(waiting, table.c.id.in_(first.scalar_subquery()))
            .values(
                state=LEASED,
                owner=item.owner,
                next_at=now + item.lease,
                attempts=table.c.attempts + 1,
            )
            .returning(table)
        ).all()
        held = sorted(map(_kept, rows), key=lambda kept: kept.id)
        return Claimed(tuple(held), tuple(map(_kept, given_up)))

    def step(self, connection: Connection, items: Sequence[Step]) -> list[bool]:
        """Move nudges on; False for each that was somebody else's by then."""
        return [self._step(connection, item) for item in items]

    def _step(self, connection: Connection, item: Step) -> bool:
        table = models.nudges
        ours = table.c.tenant == self._tenant
        moved = connection.execute(
            update(table)
            .where(
                ours,
                table.c.id == item.id,
                table.c.owner == item.owner,
                table.c.state.in_(item.before),
            )
            .values(dict(item.values))
        ).rowcount
        for earlier, figure in item.followed if moved else ():
            connection.execute(
                update(table)
                .where(ours, table.c.id == earlier)
                .values(follow_figure=figure, followed_at=item.at)
            )
        return moved == 1

    def respond(self, nudge_id: int, user: str, values: Mapping[str, Any]) -> Kept | None:
        """Note what a person did with a nudge of their own; None when it is not theirs."""
        table = models.nudges
        with self._database.write() as connection:
            row = connection.execute(
                update(table)
                .where(table.c.tenant == self._tenant, table.c.id == nudge_id, table.c.user == user)
                .values(dict(values))
                .returning(table)
            ).first()
        return _kept(row) if row is not None else None

    def keep(self, past: Sequence[Kept]) -> None:
        """Store nudges of weeks gone by: a demo's past. A week that is there stays as it is."""
        table = models.nudges
        with self._database.write() as connection:
            for each in past:
                values = {name: getattr(each, name) for name in _FIELDS}
                values |= {"content": dict(each.content), "next_at": each.due_at, "owner": ""}
                connection.execute(
                    insert_into(connection, table)
                    .values(tenant=self._tenant, **values)
                    .on_conflict_do_nothing()
                )

    def get(self, nudge_id: int) -> Kept | None:
        """Return one nudge."""
        found = self._read(_NUDGES.c.id == nudge_id, 1)
        return found[0] if found else None

    def history(self, user: str, limit: int = 60) -> list[Kept]:
        """What a person was sent (or may have been), the newest first."""
        return self._read(
            and_(_NUDGES.c.user == user, _NUDGES.c.state.in_((SENT, UNKNOWN, SENDING))), limit
        )

    def recent(self, since: dt.datetime) -> list[Kept]:
        """What was sent to anybody from a moment on, the newest week first."""
        states = (SENT, UNKNOWN, SENDING)
        return self._read(and_(_NUDGES.c.due_at >= since, _NUDGES.c.state.in_(states)), 5_000)

    def of_week(self, iso_week: str) -> list[Kept]:
        """Everybody's nudge of a week, in whatever state."""
        return self._read(_NUDGES.c.iso_week == iso_week, 5_000)

    def shared(self, since: dt.datetime, limit: int = 20) -> list[Kept]:
        """What people shared with the MT from a moment on, the newest week first."""
        return self._read(_NUDGES.c.shared_at >= since, limit)

    def troubles(self, now: dt.datetime, limit: int = 50) -> list[Kept]:
        """What was given up or is unknown in the last five weeks, the newest first."""
        return self._read(
            and_(_NUDGES.c.state.in_((DEAD, UNKNOWN)), _NUDGES.c.due_at >= now - REPORTED), limit
        )

    def counts(self, now: dt.datetime) -> dict[str, int]:
        """How many are in each state, of the last five weeks."""
        table = models.nudges
        statement = (
            select(table.c.state, func.count().label("rows"))
            .where(table.c.tenant == self._tenant, table.c.due_at >= now - REPORTED)
            .group_by(table.c.state)
        )
        with self._database.read() as connection:
            return {row.state: row.rows for row in connection.execute(statement)}

    def _read(self, condition: ColumnElement[bool], limit: int) -> list[Kept]:
        table = models.nudges
        statement = (
            select(table)
            .where(table.c.tenant == self._tenant, condition)
            .order_by(table.c.iso_week.desc(), table.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_kept(row) for row in connection.execute(statement)]


_NUDGES = models.nudges
_EMPTY: dict[str, Any] = {
    "owner": "",
    "surface": "",
    "situation": "",
    "subject": "",
    "content": {},
    "response": "",
    "why": "",
}
_FIELDS = tuple(Kept.__dataclass_fields__)


def _kept(row: Row[Any]) -> Kept:
    return Kept(**{name: row._mapping[name] for name in _FIELDS})


def _reason_or(column: Any, text: str) -> Any:
    """The last failure where there was one, else this."""
    return func.coalesce(func.nullif(column, ""), text)
