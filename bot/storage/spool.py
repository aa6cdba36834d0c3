"""An audit sink for short-lived processes: one line now, into the chained trail later.

Opening the state database costs a fresh process about as much as answering does. So `ask` appends
its event to a file in one write, and whoever opens the trail next takes the lines up first.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from bot.core.audit import AuditEvent
from bot.core.reply import Outcome, Visibility
from bot.core.request import Place, Role

if TYPE_CHECKING:
    from bot.storage.database import Database

log = logging.getLogger("ballotage.audit")
FILE_NAME = "audit-spool.jsonl"


class SpooledAudit:
    """An AuditSink that appends to the spool of a home."""

    waits = True

    def __init__(self, home: Path) -> None:
        self._home = home

    def record(self, event: AuditEvent) -> None:
        """Append one event; where the home cannot be written that is logged."""
        if not self._home.is_dir():
            return  # nothing was ever loaded here: there is no trail to add to
        line = json.dumps(_to_object(event), ensure_ascii=False) + "\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        try:
            with _alone(self._home):
                file = os.open(self._home / FILE_NAME, flags, 0o600)
                try:
                    os.write(file, line.encode())
                finally:
                    os.close(file)
        except OSError:  # a home that is read-only can still be asked
            log.warning("audit.not_written file=%s", self._home / FILE_NAME)


def take_up(home: Path, database: Database) -> int:
    """Move spooled events into the trail; return how many.

    A crash on the way leaves the spool: its events may then be in the trail twice, never lost. A
    line that a crash cut short is logged and left out.
    """
    from bot.storage.audit import AuditLog

    spool = home / FILE_NAME
    if not spool.exists():
        return 0
    count = 0
    with _alone(home):
        if not spool.exists():
            return 0
        for line in spool.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                event = _from_object(json.loads(line))
            except (ValueError, KeyError, TypeError):
                log.warning("audit.line_unreadable file=%s", spool)
                continue
            AuditLog(database, event.tenant).record(event)
            count += 1
        spool.unlink()
    return count


def _alone(home: Path) -> FileLock:
    """Held by who appends and by who takes up: neither sees the other's half."""
    return FileLock(home / f"{FILE_NAME}.lock", timeout=30)


def _to_object(event: AuditEvent) -> dict[str, object]:
    return {
        "tenant": event.tenant,
        "user": event.user,
        "roles": sorted(role.value for role in event.roles),
        "surface": event.surface,
        "place": event.place.value,
        "conversation": event.conversation,
        "command": event.command,
        "visibility": event.visibility.value,
        "decision": event.decision,
        "outcome": event.outcome.value,
        "reason": event.reason,
        "arguments": dict(event.arguments),
        "milliseconds": event.milliseconds,
        "snapshot_version": event.snapshot_version,
        "at": event.at.isoformat(),
    }


def _from_object(raw: dict[str, object]) -> AuditEvent:
    fields = dict(raw)
    fields["roles"] = frozenset(Role(r) for r in raw["roles"])  # type: ignore[attr-defined]
    fields["place"] = Place(raw["place"])
    fields["visibility"] = Visibility(raw["visibility"])
    fields["outcome"] = Outcome(raw["outcome"])
    fields["at"] = dt.datetime.fromisoformat(str(raw["at"]))
    return AuditEvent(**fields)  # type: ignore[arg-type]
