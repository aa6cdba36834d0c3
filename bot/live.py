"""The Snapshot in force, kept in memory and replaced when a newer one is put on disk."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from analytics.errors import NoDataError
from analytics.proof import prove
from analytics.snapshot import Snapshot, SnapshotStore

log = logging.getLogger("ballotage.snapshot")


class LiveSnapshots:
    """Holds the Snapshot in force. Readers take it as it is and never wait for a newer one."""

    def __init__(self, home: Path) -> None:
        self._store = SnapshotStore(home)
        self._name: str | None = None
        self._snapshot: Snapshot | None = None
        self._refused: str | None = None

    @property
    def held(self) -> Snapshot | None:
        """The Snapshot in memory, if one was read already."""
        return self._snapshot

    def current(self) -> Snapshot:
        """Return the Snapshot in force, reading it the first time. NoDataError without one."""
        if self._snapshot is None:
            name = self._store.current_version
            self._snapshot, self._name = self._store.load(), name
        return self._snapshot

    def poll(self) -> bool:
        """Look for a newer snapshot; read it, run its analyses, then swap. True when swapped.

        One that cannot be read is logged once and left; the one in force stays.
        """
        name = self._store.current_version
        if name is None or name in (self._name, self._refused):
            return False
        try:
            fresh = self._store.load()
            prove(fresh)
        except NoDataError:
            return False
        except Exception:
            self._refused = name
            log.exception("snapshot.refused name=%s", name)
            return False
        self._snapshot, self._name = fresh, name
        log.info("snapshot.swapped version=%s", fresh.meta.version)
        return True


def warm(snapshot: Snapshot, today: dt.date) -> None:
    """Compute what the first `/qualify` would otherwise wait for; the results are kept with it.

    Never raises: what cannot be computed is told by the command that needs it.
    """
    from analytics.directory import directory
    from analytics.introductions import introducers
    from analytics.lookalikes import expected_revenue, look_alikes
    from analytics.profile import profile
    from analytics.scope import Scope
    from analytics.winmodel.facts import deal_columns
    from analytics.winmodel.kept import model_of

    started = time.monotonic()
    try:
        directory(snapshot)
        deal_columns(snapshot)
        model = model_of(snapshot)
        scope = Scope.of(snapshot, today=today)
        found = profile(scope)
        # As if a client were the prospect: what is prepared on the way serves every question.
        facts = found.facts.row(0) if len(found.base) else {}
        model.influences(facts, today)
        look_alikes(scope, facts)
        expected_revenue(scope, facts)
        introducers(scope, facts)
    except NoDataError:
        return
    except Exception:
        log.exception("snapshot.not_warm version=%s", snapshot.meta.version)
        return
    seconds = time.monotonic() - started
    log.info("snapshot.warm version=%s seconds=%.2f", snapshot.meta.version, seconds)


async def watch(
    live: LiveSnapshots,
    seconds: float,
    swapped: Callable[[Snapshot], None] | None = None,
    today: Callable[[], dt.date] | None = None,
) -> None:
    """Poll until cancelled, off the event loop. With `today` each snapshot is warmed up as well."""
    if today and live.held is not None:
        await asyncio.to_thread(warm, live.held, today())
    while True:
        await asyncio.sleep(seconds)
        if not await asyncio.to_thread(live.poll):
            continue
        fresh = live.current()
        if swapped:
            swapped(fresh)
        if today:
            await asyncio.to_thread(warm, fresh, today())


async def refresh_on_timer(
    home: Path, minutes: float, observe: Callable[[float, bool], None] | None = None
) -> None:
    """Refresh in a child process every so many minutes, so that heavy libraries stay out of here."""
    while minutes > 0:
        await asyncio.sleep(minutes * 60)
        if not (home / "warehouse.duckdb").exists():
            continue
        started = time.monotonic()
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).parents[1] / "app.py"),
            "refresh",
            "--home",
            str(home),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, errors = await child.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            raise
        if child.returncode:
            line = errors.decode(errors="replace").strip().splitlines()[-1:]
            log.warning("snapshot.refresh_failed code=%s %s", child.returncode, *line)
        if observe:
            observe(time.monotonic() - started, child.returncode == 0)
