"""The queries of the inbox: each an operation of a `Writer`, over what many callers gave at once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    update,
)  # fmt: skip

from bot.storage import models
from bot.storage.repositories import Repository
from bot.storage.rows import MOST, insert_rows, one_json, parts, places, written

KEPT = dt.timedelta(hours=24)
"""Slack sends its last copy after 5 minutes; a day also covers a platform that catches up."""
DEAD_KEPT = dt.timedelta(days=7)
"""Long enough for an admin to see after a holiday week; without its payload."""
TRIES = 8
HOURS = dt.timedelta(hours=12)
"""An answer later than this helps nobody."""
FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 4.0, 4.0, 3600.0
"""Pauses (s) of at most 4, 16, 64, 256, 1024, 3600, 3600: a blip is over at once, an outage of an
hour is survived."""

TODO: Final = "todo"
DONE: Final = "done"
DEAD: Final = "dead"


@dataclass(frozen=True, slots=True)
class Work:
    """One event to answer. `attempts` counts this try too; `received_at` is UTC.

    `payload` is JSON: all that is needed to answer later, in another process.
    """

    id: int
    surface: str
    event_id: str
    payload: Mapping[str, Any]
    attempts: int
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is not yet answered (being worked on included), and how much never will be."""

    todo: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeadWork:
    """Work that was given up: of its content nothing is left."""

    id: int
    surface: str
    attempts: int
    received_at: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True)
class New:
    """An event to store."""

    surface: str
    event: str
    payload: str
    now: dt.datetime
    lease_until: dt.datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Again:
    """Work to try again."""

    id: int
    seconds: float
    jitter: Callable[[float], float]
    reason: str
    now: dt.datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Take:
    """A wish for work that is due."""

    limit: int
    surfaces: tuple[str, ...] | None
    now: dt.datetime
    lease_until: dt.datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Leases to keep or to give back."""

    ids: tuple[int, ...]
    until: dt.datetime
    owner: str

    def held(self) -> tuple[ColumnElement[bool], ...]:
        """What of these is still the owner's to do."""
        table = models.inbox
        return (table.c.state == TODO, table.c.owner == self.owner, table.c.id.in_(self.ids))


class InboxTable(Repository):
    """The queries of one tenant's inbox, as operations of a `Writer`."""

    def accept(self, connection: Connection, items: Sequence[New]) -> list[int | None]:
        """Store events that are new, held by their owner; None for each that is a copy."""
        # Of copies in one batch the first is the event.
        first: dict[tuple[str, str], New] = {}
        for item in items:
            first.setdefault((item.surface, item.event), item)
        keys = list(first)
        next_id, known = self._known(connection, keys, items[0].now - KEPT)
        # A key that should have been purged must not keep a new event out.
        self._forget(connection, [row_id for row_id, is_old in known.values() if is_old])
        stored: dict[tuple[str, str], int] = {}
        for place, key in enumerate(keys):
            if place not in known or known[place][1]:
                stored[key] = next_id + len(stored)
        self._store(connection, [(row_id, first[key]) for key, row_id in stored.items()])
        return [stored.pop((item.surface, item.event), None) for item in items]

    def _known(
        self, connection: Connection, keys: Sequence[tuple[str, str]], old: dt.datetime
    ) -> tuple[int, dict[int, tuple[int, bool]]]:
        """The next free id; and of keys that are stored, by place: id, and whether it is too old."""
        before = written(models.inbox, "received_at", old)
        known: dict[int, tuple[int, bool]] = {}
        next_id = 1
        for number, part in enumerate(parts(keys)):
            asked = [x for place, key in enumerate(part, number * MOST) for x in (place, *key)]
            next_id, found = one_json(
                connection,
                _KNOWN.format(places(3, len(part))),
                [*asked, DEAD, DONE, before, self._tenant],
            )
            known |= {place: (row_id, bool(is_old)) for place, row_id, is_old in found}
        return next_id, known

    def _forget(self, connection: Connection, ids: Sequence[int]) -> None:
        if ids:
            table = models.inbox
            connection.execute(
                delete(table).where(table.c.tenant == self._tenant, table.c.id.in_(ids))
            )

    def _store(self, connection: Connection, new: Sequence[tuple[int, New]]) -> None:
        rows = [
            {
                "id": row_id,
                "tenant": self._tenant,
                "surface": item.surface,
                "event": item.event,
                "payload": item.payload,
                "state": TODO,
                "attempts": 1,
                "received_at": item.now,
                "due_at": item.lease_until,
                "owner": item.owner,
                "reason": "",
            }
            for row_id, item in new
        ]
        insert_rows(connection, models.inbox, rows)

    def done(self, connection: Connection, items: Sequence[tuple[int, ...]]) -> list[None]:
        """Wipe the content; the key stays. Also when the lease was lost: it was answered."""
        for part in parts([row_id for ids in items for row_id in ids]):
            connection.exec_driver_sql(_FINISH.format(places(1, len(part))), (*part, self._tenant))
        return [None] * len(items)

    def later(self, connection: Connection, items: Sequence[Again]) -> list[DeadWork | None]:
        """Put off what its owner holds; what is given up is returned."""
        table = models.inbox
        found = connection.execute(
            select(table).where(
                table.c.tenant == self._tenant,
                table.c.state == TODO,
                table.c.id.in_([item.id for item in items]),
            )
        )
        rows: dict[int, Row[Any]] = {row.id: row for row in found}
        given_up: list[DeadWork | None] = []
        for item in items:
            row = rows.get(item.id)
            given_up.append(None)
            if row is None or row.owner != item.owner:
                continue  # the lease was lost: another process works on it
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** (row.attempts - 1))
            due = item.now + dt.timedelta(seconds=max(0.0, item.seconds) + item.jitter(pause))
            dead = row.attempts >= TRIES or due > row.received_at + HOURS
            change: dict[str, Any] = {"owner": "", "reason": item.reason[:200]}
            if dead:
                given_up[-1] = _dead(row, item.reason)
                change |= {"state": DEAD, "payload": ""}
            else:
                change |= {"due_at": due}
            connection.execute(
                update(table)
                .where(table.c.tenant == self._tenant, table.c.id == item.id)
                .values(change)
            )
        return given_up

    def due(
        self, connection: Connection, items: Sequence[Take]
    ) -> list[tuple[list[Work], list[DeadWork]]]:
        """Lease what is due, the longest waiting first; give up what was tried too often."""
        table = models.inbox
        taken = []
        for item in items:
            here = [
                table.c.tenant == self._tenant,
                table.c.state == TODO,
                table.c.due_at <= item.now,
            ]
            # A process that dies of a piece of work never says `later`.
            hopeless = connection.execute(
                update(table)
                .where(
                    *here,
                    or_(table.c.attempts >= TRIES, table.c.received_at < item.now - HOURS),
                )
                .values(
                    state=DEAD,
                    payload="",
                    owner="",
                    reason=case((table.c.reason == "", _UNFINISHED), else_=table.c.reason),
                )
                .returning(table)
            ).all()
            if item.surfaces is not None:
                here.append(table.c.surface.in_(item.surfaces))
            first = select(table.c.id).where(*here).order_by(table.c.due_at).limit(item.limit)
            rows = connection.execute(
                update(table)
                .where(table.c.tenant == self._tenant, table.c.id.in_(first.scalar_subquery()))
                .values(due_at=item.lease_until, owner=item.owner, attempts=table.c.attempts + 1)
                .returning(table)
            ).all()
            taken.append(
                (
                    sorted((_work(row) for row in rows), key=lambda work: work.id),
                    [_dead(row, row.reason) for row in hopeless],
                )
            )
        return taken

    def hold(self, connection: Connection, items: Sequence[Hold]) -> list[frozenset[int]]:
        """Move the end of leases; return those that are still their owner's."""
        table = models.inbox
        mine = table.c.tenant == self._tenant
        return [
            frozenset(
                connection.execute(
                    update(table)
                    .where(mine, *item.held())
                    .values(due_at=item.until)
                    .returning(table.c.id)
                ).scalars()
            )
            for item in items
        ]

    def release(self, connection: Connection, items: Sequence[Hold]) -> list[None]:
        """Give leases back as if the try had not been made."""
        table = models.inbox
        for item in items:
            connection.execute(
                update(table)
                .where(table.c.tenant == self._tenant, *item.held())
                .values(due_at=item.until, owner="", attempts=table.c.attempts - 1)
            )
        return [None] * len(items)

    def purge(self, connection: Connection, items: Sequence[dt.datetime]) -> list[int]:
        """Forget keys older than a day, and what was given up a week ago; return how many."""
        table = models.inbox
        counts = []
        for now in items:
            old = or_(
                and_(table.c.state == DONE, table.c.received_at < now - KEPT),
                and_(table.c.state == DEAD, table.c.received_at < now - DEAD_KEPT),
            )
            statement = delete(table).where(table.c.tenant == self._tenant, old)
            counts.append(connection.execute(statement).rowcount)
        return counts

    def counts(self) -> Counts:
        """Count what is not finished and what was given up."""
        table = models.inbox
        statement = (
            select(table.c.state, func.count().label("rows"))
            .where(table.c.tenant == self._tenant, table.c.state.in_([TODO, DEAD]))
            .group_by(table.c.state)
        )
        with self._database.read() as connection:
            found = {row.state: row.rows for row in connection.execute(statement)}
        return Counts(found.get(TODO, 0), found.get(DEAD, 0))

    def dead(self, limit: int) -> list[DeadWork]:
        """Return what was given up, the newest first."""
        table = models.inbox
        statement = (
            select(table)
            .where(table.c.tenant == self._tenant, table.c.state == DEAD)
            .order_by(table.c.received_at.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_dead(row, row.reason) for row in connection.execute(statement)]


_KNOWN = """WITH asked (place, surface, event) AS (VALUES {0})
SELECT json_array(
  (SELECT coalesce(max(id), 0) + 1 FROM inbox),
  (SELECT json_group_array(json_array(
     asked.place, inbox.id, inbox.state IN (?, ?) AND inbox.received_at < ?))
   FROM asked JOIN inbox
     ON inbox.tenant = ? AND inbox.surface = asked.surface AND inbox.event = asked.event))
"""
# The plus keeps SQLite from the index of the tenant, with which it would read a whole day.
_FINISH = """UPDATE inbox SET state = 'done', payload = '', owner = '', reason = ''
WHERE id IN (VALUES {0}) AND +tenant = ?
"""
_UNFINISHED = "started and not finished"


def _work(row: Row[Any]) -> Work:
    return Work(
        id=row.id,
        surface=row.surface,
        event_id=row.event,
        payload=json.loads(row.payload),
        attempts=row.attempts,
        received_at=row.received_at,
    )


def _dead(row: Row[Any], reason: str) -> DeadWork:
    return DeadWork(row.id, row.surface, row.attempts, row.received_at, reason[:200])
