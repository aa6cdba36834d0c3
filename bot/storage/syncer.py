"""Puts on the disk what was committed, on a thread beside the one that commits.

The writer's commits leave their rows in the WAL, in the system's memory: a killed process loses
none of them, a power cut those that were not synced yet. A sync takes from one to dozens of
milliseconds, whatever it holds; so one serves all who wait, and who need not wait does not.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("ballotage.writer")

WINDOW = 0.025
"""Seconds after which a commit is synced for which nobody waits: half the 50 ms promised."""
WAL_BYTES = 4 << 20
"""A WAL longer than this is carried over into the database; SQLite's own default of 1,000 pages."""

Told = Callable[[Exception | None], None]
"""Called once what was committed before is on the disk, or with what kept it from getting there."""


class Store(Protocol):
    """What is synced; bot.storage.database.Database is one."""

    def sync(self) -> int:
        """Put the WAL on the disk; return its length in bytes."""

    def carry_over(self) -> None:
        """Carry it over into the database, letting writers write."""


class Syncer:
    """The thread; begun at the first commit."""

    def __init__(self, store: Store, *, window: float = WINDOW) -> None:
        self._store = store
        self._window = window
        self._wake = threading.Condition()
        self._waiting: list[Told] = []
        self._sync_at: float | None = None
        self._closing = False
        self._failing = False
        self._thread: threading.Thread | None = None

    def committed(self, told: Told | None = None) -> None:
        """Have what was committed until now synced: at once for who waits, soon for nobody."""
        with self._wake:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="state-sync", daemon=True)
                self._thread.start()
            if told is not None:
                self._waiting.append(told)
            first = self._sync_at is None
            if first:
                self._sync_at = time.monotonic() + self._window
            if first or told is not None:
                self._wake.notify()

    def close(self) -> None:
        """Sync what is left and stop."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (waiting := self._next()) is not None:
            error, length = None, 0
            try:
                length = self._store.sync()
                self._failing = False
            except OSError as raised:
                error = raised
                if not self._failing:
                    log.error("writer.not_synced reason=%s", os.strerror(raised.errno or 0))
                self._failing = True
            for told in waiting:
                told(error)
            if length > WAL_BYTES:
                # Off the writer's path; busy readers or another process only put it off.
                with contextlib.suppress(Exception):
                    self._store.carry_over()

    def _next(self) -> list[Told] | None:
        """Wait until somebody waits or it is time; None at the end."""
        with self._wake:
            while not (self._waiting or self._closing):
                left = None if self._sync_at is None else self._sync_at - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._wake.wait(left)
            if self._sync_at is None:
                return None  # closing, and nothing was committed since
            waiting, self._waiting, self._sync_at = self._waiting, [], None
            return waiting
