"""The audit sink of a running program; the first event loads the rest, not the import."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.audit import AuditEvent

if TYPE_CHECKING:
    from bot.storage.database import Database


class StoredAudit:
    """An AuditSink over the state database of a home, opened at the first event."""

    waits = True

    def __init__(self, home: Path, url: str = "") -> None:
        self._home = home
        self._url = url
        self._database: Database | None = None
        self._lock = threading.Lock()

    def record(self, event: AuditEvent) -> None:
        """Append an event to the trail of its tenant. UserError without a database."""
        from bot.storage.audit import AuditLog

        AuditLog(self.database(), event.tenant).record(event)

    def database(self) -> Database:
        """Return the open database, which other repositories may share."""
        from bot.storage.database import Database
        from bot.storage.spool import take_up

        with self._lock:  # the dispatcher's threads share one sink
            if self._database is None:
                self._database = Database.open(self._home, self._url)
                take_up(self._home, self._database)
            return self._database

    def exists(self) -> bool:
        """Whether there is a state database already."""
        from bot.storage.database import state_path

        return state_path(self._home, self._url).exists()

    def close(self) -> None:
        """Close the database; a later event opens it again."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
