"""The audit trail: append-only rows, each carrying the hash of the one before it, per tenant.

Who asked stands there as a random pseudonym. The table `pseudonyms` links it to the user and loses
that row when the person is erased; a keyed hash would not do, since whoever holds the key can
compute it again from the user's id. A direct chat's id names its person too, so it is not kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from bot.core.audit import AuditEvent
from bot.core.request import Place
from bot.storage import models
from bot.storage.repositories import Repository
from bot.storage.rows import insert_rows, one_json, parts, places

FIRST = "0" * 64
"""What the first event of a tenant names as its predecessor."""


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Whether the trail is whole; `broken_at` is the sequence number of the first wrong event."""

    ok: bool
    events: int
    broken_at: int | None = None
    reason: str = ""


class AuditLog(Repository):
    """The trail of one tenant."""

    def record(self, event: AuditEvent) -> None:
        """Append an event. ValueError for one of another tenant."""
        with self._database.write() as connection:
            self.append(connection, [event])

    def append(self, connection: Connection, events: Sequence[AuditEvent]) -> list[None]:
        """Append events in their order, within a write transaction of the caller.

        ValueError for one of another tenant. One None an event: an operation of a `Writer`.
        """
        if any(event.tenant != self._tenant for event in events):
            raise ValueError("the event belongs to another tenant")
        last, previous, people = self._before(connection, {event.user for event in events})
        rows = []
        for event in events:
            last += 1
            row = _row(event) | {
                "sequence": last,
                "person": people[event.user],
                "previous_hash": previous,
            }
            row["hash"] = previous = _digest(row)
            rows.append(row)
        insert_rows(connection, models.audit_events, rows)
        connection.exec_driver_sql(_HEAD, (self._tenant, last, previous))
        return [None] * len(events)

    def verify_chain(self) -> ChainCheck:
        """Recompute every hash: finds a changed, inserted, missing or cut-off event."""
        with self._database.read() as connection:
            head_sequence, head_hash = self._head(connection)
            count, previous = 0, FIRST
            for row in self._rows(connection):
                count += 1
                sequence = int(row["sequence"])
                if sequence != count:
                    return ChainCheck(False, count, count, "an event is missing")
                if row["previous_hash"] != previous:
                    return ChainCheck(
                        False, count, count, "an event does not follow the one before"
                    )
                if _digest(dict(row)) != row["hash"]:
                    return ChainCheck(False, count, count, "an event was changed")
                previous = row["hash"]
        if (count, previous) != (head_sequence, head_hash):
            return ChainCheck(False, count, count + 1, "the newest events are missing")
        return ChainCheck(True, count)

    def count(self) -> int:
        """Return how many events there should be, without reading them."""
        with self._database.read() as connection:
            return self._head(connection)[0]

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest events, newest first, as stored (with pseudonyms)."""
        table = models.audit_events
        statement = (
            select(table)
            .where(table.c.tenant == self._tenant)
            .order_by(table.c.sequence.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [dict(row._mapping) for row in connection.execute(statement)]

    def _head(self, connection: Connection) -> tuple[int, str]:
        table = models.audit_heads
        row = connection.execute(
            select(table.c.sequence, table.c.hash).where(table.c.tenant == self._tenant)
        ).one_or_none()
        return (row.sequence, row.hash) if row else (0, FIRST)

    def _rows(self, connection: Connection) -> Iterator[RowMapping]:
        table = models.audit_events
        statement = select(table).where(table.c.tenant == self._tenant).order_by(table.c.sequence)
        return iter(connection.execute(statement).mappings())

    def _before(
        self, connection: Connection, users: Collection[str]
    ) -> tuple[int, str, dict[str, str]]:
        """The newest sequence and hash, and each user's pseudonym, made where there is none.

        Looked up anew each time: an erased person must not live on in a cache.
        """
        asked = sorted(users)
        head: tuple[int, str] = (0, FIRST)
        people: dict[str, str] = {}
        for part in parts(asked):
            values = [each for pair in enumerate(part) for each in pair]
            found, known = one_json(
                connection,
                _BEFORE.format(places(2, len(part))),
                [*values, self._tenant, self._tenant],
            )
            head = (int(found[0]), str(found[1])) if found else head
            people |= {part[place]: person for place, person in known}
        new = {user: f"p-{secrets.token_hex(16)}" for user in asked if user not in people}
        rows = [{"tenant": self._tenant, "user": u, "person": p} for u, p in new.items()]
        insert_rows(connection, models.pseudonyms, rows)
        return (*head, people | new)


_BEFORE = """WITH asked (place, user) AS (VALUES {0})
SELECT json_array(
  (SELECT json_array(sequence, hash) FROM audit_heads WHERE tenant = ?),
  (SELECT json_group_array(json_array(asked.place, pseudonyms.person))
   FROM asked JOIN pseudonyms ON pseudonyms.tenant = ? AND pseudonyms.user = asked.user))
"""
_HEAD = """INSERT INTO audit_heads (tenant, sequence, hash) VALUES (?, ?, ?)
ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash
"""


def _row(event: AuditEvent) -> dict[str, Any]:
    return {
        "tenant": event.tenant,
        "at": event.at.astimezone(dt.UTC),
        "roles": ",".join(sorted(role.value for role in event.roles)),
        "surface": event.surface,
        "place": event.place.value,
        "conversation": "" if event.place is Place.DM else event.conversation,
        "command": event.command,
        "arguments": dict(event.arguments),
        "visibility": event.visibility.value,
        "decision": event.decision,
        "reason": event.reason[:200],
        "outcome": event.outcome.name,
        "milliseconds": event.milliseconds,
        "snapshot_version": event.snapshot_version,
    }


def _digest(row: Mapping[str, Any]) -> str:
    """SHA-256 over every column but the row's number and the hash itself, in one fixed form."""
    content = {
        name: value.astimezone(dt.UTC).isoformat(timespec="microseconds")
        if isinstance(value, dt.datetime)
        else value
        for name, value in row.items()
        if name not in ("id", "hash")
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
