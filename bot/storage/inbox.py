"""The inbox: what came in from outside, kept until it was answered, and known for a day after.

An event is stored before it has any effect; a copy of it is told from the first by its id. Who
accepted a piece of work holds it for the length of a lease; what a crash left behind comes due
when the lease ends. A try that fails is repeated with growing pauses, until 8 tries or 12 hours.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.core.services import Clock, utc_now
from bot.storage.inbox_table import Again, Counts, DeadWork, Hold, InboxTable, New, Take, Work
from bot.storage.writer import Writer

__all__ = ["Counts", "DeadWork", "Inbox", "Work"]

log = logging.getLogger("ballotage.inbox")

LEASE = dt.timedelta(seconds=60)


class Inbox:
    """The inbox of one tenant, for the event loop. One object a process: it owns its leases."""

    def __init__(
        self,
        writer: Writer,
        tenant: str,
        *,
        clock: Clock = utc_now,
        lease: dt.timedelta = LEASE,
        jitter: Callable[[float], float] | None = None,
    ) -> None:
        self.lease = lease
        self._writer = writer
        self._table = InboxTable(writer.database, tenant)
        self._clock = clock
        self._owner = secrets.token_hex(16)
        # Full jitter: those who failed together must not come back together.
        self._jitter = jitter or (lambda most: random.SystemRandom().uniform(0.0, most))

    async def accept(
        self, surface: str, event_id: str, payload: Mapping[str, Any], *, synced: bool = True
    ) -> int | None:
        """Store an event and hold it for a lease; None when it came before in the last 24 hours.

        Returns after the commit, so what follows may have effects; with `synced` False without
        waiting for the disk: then call `synced` before telling anyone that it arrived. Call `done`
        or `later` within the lease (60 s), or give the work to a `Worker`, which renews it.
        TypeError: a payload that is not JSON.
        """
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        now = self._clock()
        new = New(surface, event_id, text, now, now + self.lease, self._owner)
        return await self._writer.run(self._table.accept, new, synced=synced)

    async def synced(self) -> None:
        """Return once all that was accepted before is on the disk. OSError when the disk fails."""
        await self._writer.synced()

    async def done(self, *work_ids: int) -> None:
        """Note that work is answered: its content goes, its key stays for 24 hours.

        Does not wait for the disk: a power cut within 50 ms has it answered once more.
        """
        await self._writer.run(self._table.done, work_ids, synced=False)

    async def later(self, work_id: int, seconds: float, reason: str) -> None:
        """Try again after at least `seconds` and a growing pause; the 8th failure is the last.

        `reason` is kept and shown to admins: no content, no secret. Without effect once the lease
        was lost.
        """
        again = Again(work_id, seconds, self._jitter, reason, self._clock(), self._owner)
        self._mourn([await self._writer.run(self._table.later, again)])

    async def due(self, limit: int = 20, surfaces: Sequence[str] | None = None) -> list[Work]:
        """Take what is due, of these surfaces (None: all), and hold it for a lease.

        What a crash left behind is among it once its lease ended.
        """
        now = self._clock()
        wanted = None if surfaces is None else tuple(surfaces)
        take = Take(limit, wanted, now, now + self.lease, self._owner)
        works, dead = await self._writer.run(self._table.due, take)
        self._mourn(dead)
        return works

    async def renew(self, work_ids: Sequence[int]) -> frozenset[int]:
        """Hold work for another lease; return which of it is still ours."""
        hold = Hold(tuple(work_ids), self._clock() + self.lease, self._owner)
        return await self._writer.run(self._table.hold, hold)

    async def release(self, work_ids: Sequence[int]) -> None:
        """Give work back untried: it is due at once, for whoever comes first."""
        hold = Hold(tuple(work_ids), self._clock(), self._owner)
        await self._writer.run(self._table.release, hold)

    async def purge(self) -> int:
        """Forget what is older than it need be; return how many rows."""
        return await self._writer.run(self._table.purge, self._clock())

    async def counts(self) -> Counts:
        """Count what is not answered yet and what never will be."""
        return await asyncio.to_thread(self._table.counts)

    async def dead(self, limit: int = 20) -> list[DeadWork]:
        """Return what was given up in the last week, the newest first."""
        return await asyncio.to_thread(self._table.dead, limit)

    def _mourn(self, dead: Sequence[DeadWork | None]) -> None:
        for work in dead:
            if work is not None:
                log.error(
                    "inbox.dead id=%d surface=%s attempts=%d reason=%s",
                    work.id, work.surface, work.attempts, work.reason,
                )  # fmt: skip
