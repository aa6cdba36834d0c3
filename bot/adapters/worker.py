"""Carries out what the inbox holds: some at once, the rest in turn, again after a failure."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.storage.inbox import Counts, Inbox, Work

log = logging.getLogger("ballotage.worker")

AT_ONCE = 8
POLL_SECONDS = 2.0
GRACE_SECONDS = 20.0
"""What is running may take this long to finish at the stop; under the 30 s a container gets."""
HELD = 500
"""Accepted work kept in memory to be carried out; more waits in the database for its turn."""
PURGE_SECONDS = 600.0
NOTE_PAUSES = (0.5, 2.0)
"""Seconds between tries to note how a piece of work ended; if all fail, it is done once more."""

Handler = Callable[["Work"], Awaitable[None]]
"""Answers one piece of work; raises `Later` to have it tried again, as does any other exception."""


class Later(Exception):  # noqa: N818 (it is no error: the platform asks to come back later)
    """The platform cannot take it now: try again after `seconds` at least.

    `reason` is logged and kept: no content, no secret.
    """

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.reason = reason


@dataclass(slots=True, eq=False)
class _Entry:
    """Work this process holds. In turn: waiting for a slot, begun, ended (to be noted)."""

    polled: bool
    task: asyncio.Task[None] | None = None
    begun: bool = False
    ended: bool = False


class Worker:
    """Carries out the work of one tenant's inbox, some at once; polls for what comes due.

    `handlers` by surface; work of another surface is left alone. `observe` hears the counts of the
    inbox at each poll, for metrics and readiness.
    """

    def __init__(
        self,
        inbox: Inbox,
        handlers: Mapping[str, Handler],
        *,
        at_once: int = AT_ONCE,
        poll_seconds: float = POLL_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
        observe: Callable[[Counts], None] | None = None,
    ) -> None:
        self._inbox = inbox
        self._handlers = dict(handlers)
        self._at_once = at_once
        self._slots = asyncio.Semaphore(at_once)
        self._poll_seconds = poll_seconds
        self._grace_seconds = grace_seconds
        self._observe = observe
        self._held: dict[int, _Entry] = {}
        self._jobs: tuple[asyncio.Task[None], ...] = ()
        self._wake = asyncio.Event()
        self._more = False
        self._stopping = False
        self._told: dict[str, set[str]] = {}

    async def start(self) -> None:
        """Begin: first with what an earlier process left behind."""
        if self._jobs:
            raise RuntimeError("the worker was started already")
        self._jobs = (asyncio.create_task(self._poll()), asyncio.create_task(self._renew()))

    async def stop(self) -> None:
        """Finish what runs (20 s at most) and give the rest back, for the next process at once."""
        self._stopping = True
        self._wake.set()
        begun = [entry.task for entry in self._held.values() if entry.begun and entry.task]
        for entry in self._held.values():
            if entry.task and not entry.begun:
                entry.task.cancel()
        try:
            # The poll ends by itself: cut short, it would forget what it had just leased.
            if wanted := (*self._jobs[:1], *begun):
                await asyncio.wait(wanted, timeout=self._grace_seconds)
        finally:
            tasks = [entry.task for entry in self._held.values() if entry.task]
            for task in (*tasks, *self._jobs):
                task.cancel()
            await asyncio.gather(*tasks, *self._jobs, return_exceptions=True)
            self._jobs = ()
            if unfinished := list(self._held):
                self._held.clear()
                log.info("worker.released works=%d", len(unfinished))
                await self._note(partial(self._inbox.release, unfinished))

    async def submit(self, surface: str, event_id: str, payload: Mapping[str, Any]) -> bool:
        """Store an event and have it answered soon; False for a copy of one that came before.

        Returns once it is stored, so the platform may be told that it arrived.
        """
        from bot.core.services import utc_now
        from bot.storage.inbox import Work

        work_id = await self._inbox.accept(surface, event_id, payload)
        if work_id is None:
            return False
        ready = self._jobs and not self._stopping and surface in self._handlers
        if ready and len(self._held) < HELD:
            self._begin(Work(work_id, surface, event_id, payload, 1, utc_now()), polled=False)
        else:
            await self._inbox.release([work_id])
        return True

    def _begin(self, work: Work, *, polled: bool) -> None:
        entry = self._held[work.id] = _Entry(polled)
        entry.task = asyncio.create_task(self._carry_out(work, entry))

    async def _carry_out(self, work: Work, entry: _Entry) -> None:
        async with self._slots:
            entry.begun = True
            note = await self._try(work)
            entry.ended = True
        await self._note(note)
        self._held.pop(work.id, None)
        if self._more:
            self._wake.set()

    async def _try(self, work: Work) -> Callable[[], Awaitable[None]]:
        """Run the handler; return what is to be noted in the inbox."""
        seconds = 0.0
        try:
            await self._handlers[work.surface](work)
        except Later as later:
            seconds, reason = later.seconds, later.reason
            self._tell(work.surface, reason, None)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            reason = "the handler was cancelled from within"
            self._tell(work.surface, reason, error)
        except Exception as error:  # noqa: BLE001 (whatever it is, the work is tried again)
            reason = type(error).__name__
            self._tell(work.surface, reason, error)
        else:
            if self._told.pop(work.surface, None):
                log.info("worker.recovered surface=%s", work.surface)
            return partial(self._inbox.done, work.id)
        return partial(self._inbox.later, work.id, seconds, reason)

    def _tell(self, surface: str, reason: str, error: BaseException | None) -> None:
        """Log the first failure of its kind; the next after something went well in between."""
        told = self._told.setdefault(surface, set())
        level = logging.DEBUG if reason in told else logging.WARNING
        told.add(reason)
        log.log(level, "worker.failing surface=%s reason=%s", surface, reason, exc_info=error)

    async def _note(self, note: Callable[[], Awaitable[None]]) -> None:
        for pause in (*NOTE_PAUSES, None):
            try:
                return await note()
            except Exception as error:  # noqa: BLE001 (the lease ends, and it is done once more)
                if pause is None:
                    log.error("worker.unnoted reason=%s", type(error).__name__)
                    return None
                await asyncio.sleep(pause)
        return None

    async def _poll(self) -> None:
        clock = asyncio.get_running_loop().time
        count_at = purge_at = clock()
        failing = False
        while not self._stopping:
            self._wake.clear()
            try:
                await self._take()
                if self._observe and clock() >= count_at:
                    count_at = clock() + self._poll_seconds
                    self._observe(await self._inbox.counts())
                if clock() >= purge_at:
                    purge_at = clock() + PURGE_SECONDS
                    await self._inbox.purge()
                failing = False
            except Exception as error:  # noqa: BLE001 (the next poll may find it mended)
                if not failing:
                    log.error("worker.no_inbox reason=%s", type(error).__name__)
                failing = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake.wait()

    async def _take(self) -> None:
        free = self._at_once - sum(entry.polled for entry in self._held.values())
        works = await self._inbox.due(free, list(self._handlers)) if free > 0 else []
        self._more = len(works) == max(free, 0)
        if self._stopping:
            if works:
                await self._inbox.release([work.id for work in works])
            return
        for work in works:
            self._begin(work, polled=True)

    async def _renew(self) -> None:
        """Keep the leases of what is held, so that no other process begins it too."""
        while True:
            await asyncio.sleep(self._inbox.lease.total_seconds() / 3)
            held = [id_ for id_, entry in self._held.items() if not entry.ended]
            if not held:
                continue
            try:
                ours = await self._inbox.renew(held)
            except Exception as error:  # noqa: BLE001 (two more tries before the lease ends)
                log.warning("worker.not_renewed reason=%s", type(error).__name__)
                continue
            for id_ in held:
                entry = self._held.get(id_)
                if id_ in ours or entry is None or entry.ended:
                    continue
                # This process stood still for longer than a lease: another one works on it.
                log.warning("worker.lost_lease id=%d", id_)
                del self._held[id_]
                if entry.task:
                    entry.task.cancel()
