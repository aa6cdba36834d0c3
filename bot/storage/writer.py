"""One thread that writes for the whole process, many writes to a commit.

A commit costs the same for one row as for fifty, and SQLite lets one writer in at a time. So what
waits is written together: under load the batches grow and the cost of each write falls.

A commit puts its rows in the WAL: a killed process loses none of them. What a power cut can lose:
nothing that `run` returned from, unless it was told not to wait (`synced=False`); see `Syncer`.
What was handed to `soon` is committed within 50 ms, and synced within 50 ms after that.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.core.audit import AuditEvent
from bot.storage.audit import AuditLog
from bot.storage.database import Database
from bot.storage.syncer import Syncer

log = logging.getLogger("ballotage.writer")

WINDOW = 0.025
"""Seconds a write given to `soon` waits for company; half the 50 ms promised, the commit has the rest."""
BATCH = 500
"""Writes to a commit at most, so that other processes get their turn."""
BACKLOG = 10_000
"""Writes given to `soon` that may wait while the database cannot be written."""
PAUSE = 1.0
"""Seconds between tries to write a backlog."""

T = TypeVar("T")
R = TypeVar("R")
Operation = Callable[[Connection, Sequence[T]], Sequence[R]]
"""Writes items within an open transaction; returns one result an item, in their order.

Touches nothing but the database: it is repeated, item by item, when one of a batch fails.
"""


class BehindError(RuntimeError):
    """The database could not be written for so long that no more can be kept in memory."""


@dataclass(slots=True)
class _Write:
    operation: Operation[Any, Any]
    item: Any
    future: Future[Any] | asyncio.Future[Any] | None = None
    synced: bool = True
    result: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        """Tell whoever waits; they may have left."""
        if self.future is None or self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """The writing thread of a process over one database. Use as a context manager, or `close`.

    Writes of one operation are carried out in the order given; between operations no order is
    promised, except that a write that is awaited is there before what follows.
    """

    def __init__(self, database: Database, *, window: float = WINDOW) -> None:
        self.database = database
        self._window = window
        self._syncer = Syncer(database)
        self._wake = threading.Condition()
        self._urgent: deque[_Write] = deque()
        self._later: deque[_Write] = deque()
        self._commit_later_at = 0.0
        self._failing = False
        self._closing = False
        self._thread: threading.Thread | None = None

    async def run(self, operation: Operation[T, R], item: T, *, synced: bool = True) -> R:
        """Write an item and return its result once it is on the disk.

        With `synced` False once it is committed: that outlives this process at once, a power cut
        within 50 ms. Raises what the operation raised, sqlalchemy's OperationalError when nothing
        can be written, or OSError when the disk fails. Cancelled while it waits, the write may
        still happen.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._add(self._urgent, _Write(operation, item, future, synced))
        return await future

    async def synced(self) -> None:
        """Return once all that was committed before is on the disk. OSError."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        write = _Write(_nothing, None, future)
        self._syncer.committed(partial(_told, [write]))
        await future

    def soon(self, operation: Operation[T, R], item: T) -> None:
        """Have an item written within 50 ms; returns at once, from any thread.

        BehindError when 10,000 wait already because the database cannot be written.
        """
        if len(self._later) >= BACKLOG:
            raise BehindError("the state database cannot be written; see the log")
        self._add(self._later, _Write(operation, item))

    def flush(self) -> None:
        """Block until what was given to `soon` before is written; raises when it cannot be."""
        future: Future[None] = Future()
        self._add(self._later, _Write(_nothing, None, future), at_once=True)
        future.result()

    def close(self) -> None:
        """Write what waits and stop; a write given afterwards is refused."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        self._syncer.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _add(self, queue: deque[_Write], write: _Write, *, at_once: bool = False) -> None:
        with self._wake:
            if self._closing:
                raise RuntimeError("the writer is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="state-writer", daemon=True)
                self._thread.start()
            if at_once:
                self._commit_later_at = 0.0
            elif queue is self._later and not queue:
                self._commit_later_at = time.monotonic() + self._window
            queue.append(write)
            # Woken once a batch, not once a write: each wake-up takes the interpreter's lock.
            if at_once or len(queue) == 1:
                self._wake.notify()

    def _work(self) -> None:
        while True:
            batch = self._next()
            if not batch:
                return
            try:
                self._commit(batch)
            except OperationalError as error:  # the database, not an item
                self._failed(batch, error)
            except Exception:  # noqa: BLE001 (found out below whose it is)
                self._commit_one_by_one(batch)
            waiting = [write for write in batch if write.synced and write.future is not None]
            waiting = [write for write in waiting if write.error is None]
            held = {id(write) for write in waiting}
            _settle(write for write in batch if id(write) not in held)
            self._syncer.committed(partial(_told, waiting) if waiting else None)

    def _commit(self, batch: list[_Write]) -> None:
        groups: defaultdict[Operation[Any, Any], list[_Write]] = defaultdict(list)
        for write in batch:
            groups[write.operation].append(write)
        with self.database.write(synced=False) as connection:
            for operation, writes in groups.items():
                results = operation(connection, [write.item for write in writes])
                for write, result in zip(writes, results, strict=True):
                    write.result = result
        self._failing = False

    def _commit_one_by_one(self, batch: list[_Write]) -> None:
        """An item that is wrong must not take the others of its batch down with it."""
        for position, write in enumerate(batch):
            try:
                self._commit([write])
            except OperationalError as error:
                self._failed(batch[position:], error)
                return
            except Exception as error:  # noqa: BLE001 (handed to whoever gave the item)
                write.error = error
                if write.future is None:
                    log.error("writer.dropped reason=%s", _short(error))

    def _next(self) -> list[_Write]:
        """Wait for something to write; empty at the end."""
        with self._wake:
            while not (self._urgent or self._closing):
                left = self._commit_later_at - time.monotonic() if self._later else None
                if left is not None and left <= 0:
                    break
                self._wake.wait(left)
            batch = [self._urgent.popleft() for _ in range(min(BATCH, len(self._urgent)))]
            # Not before their time, even where a batch leaves now: few large groups cost less.
            if self._closing or time.monotonic() >= self._commit_later_at:
                # What does not fit is due already, and goes with the next batch.
                batch += [self._later.popleft() for _ in range(min(BATCH, len(self._later)))]
            return batch

    def _failed(self, batch: list[_Write], error: Exception) -> None:
        for write in batch:
            write.error = error
        kept = [write for write in batch if write.future is None]
        with self._wake:
            if self._closing:
                if kept:
                    log.error("writer.lost writes=%d reason=%s", len(kept), _short(error))
            else:
                self._later.extendleft(reversed(kept))
                self._commit_later_at = time.monotonic() + PAUSE
        if not self._failing:
            log.error("writer.failing reason=%s", _short(error))
        self._failing = True


class BufferedAudit:
    """An AuditSink that never waits: events are committed in order within 50 ms.

    A crash may lose the last 50 ms of the trail; `close` (or closing the writer) loses nothing.
    """

    waits = False

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._logs: dict[str, AuditLog] = {}

    def record(self, event: AuditEvent) -> None:
        """Have an event appended. BehindError when the database cannot be written for long."""
        trail = self._logs.get(event.tenant)
        if trail is None:
            trail = self._logs.setdefault(
                event.tenant, AuditLog(self._writer.database, event.tenant)
            )
        self._writer.soon(trail.append, event)

    def close(self) -> None:
        """Block until every event given before is written."""
        self._writer.flush()


def _told(writes: Sequence[_Write], error: Exception | None) -> None:
    """Tell those who waited for the disk."""
    for write in writes:
        write.error = error
    _settle(writes)


def _settle(batch: Iterable[_Write]) -> None:
    """Wake those who wait, each event loop once."""
    loops: defaultdict[asyncio.AbstractEventLoop, list[_Write]] = defaultdict(list)
    for write in batch:
        if isinstance(write.future, asyncio.Future):
            loops[write.future.get_loop()].append(write)
        else:
            write.settle()
    for loop, writes in loops.items():
        try:
            loop.call_soon_threadsafe(_settle_all, writes)
        except RuntimeError:  # the loop is closed: nobody waits any more
            log.debug("writer.unheard writes=%d", len(writes))


def _settle_all(writes: Iterable[_Write]) -> None:
    for write in writes:
        write.settle()


def _nothing(connection: Connection, items: Sequence[None]) -> Sequence[None]:
    return items


def _short(error: Exception) -> str:
    """The error without the statement and its values, which may hold what people wrote."""
    return f"{type(error).__name__}: {getattr(error, 'orig', None) or ''}"
