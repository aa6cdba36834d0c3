"""The composed program: each object made once, no reading of the environment, no I/O."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.errors import NoDataError
from bot import people, pulse
from bot.asked import StoredQuestions
from bot.channels import StoredChannels
from bot.core.audit import AuditSink
from bot.core.command import Registry, discover
from bot.core.conditions import ConditionsSource, OnFirstUse
from bot.core.dispatcher import Dispatcher, Observer
from bot.core.parser import recordable
from bot.core.policy import Policy
from bot.core.reply import Reply
from bot.core.request import Request
from bot.core.services import Channels, Clock, Questions, Services, utc_now
from bot.i18n import zone
from bot.live import LiveSnapshots, refresh_on_timer, watch
from bot.settings import Settings
from bot.storage.sink import StoredAudit
from bot.verdicts import StoredVerdicts

if TYPE_CHECKING:
    from analytics.snapshot import Snapshot
    from bot.advisor import Advisor
    from bot.observability import Metrics
    from knowledge.library import Library

WORKERS = 4
"""Threads for analyses; more than cores only adds waiting."""


@dataclass(slots=True)
class Application:
    """Everything that answers, without a surface."""

    settings: Settings
    home: Path
    registry: Registry
    snapshots: LiveSnapshots
    services: Services
    dispatcher: Dispatcher
    audit: AuditSink
    advisor: Advisor | None = None

    async def answer(self, request: Request) -> Reply:
        """Answer one request."""
        return await self.dispatcher.answer(request)

    async def aclose(self) -> None:
        """Close what answering opened; for who answers without `running`."""
        if self.advisor is not None:
            await self.advisor.close()

    def recordable(self, text: str) -> str:
        """What of a text may be kept while it is answered, or in a history."""
        return recordable(text, self.registry)

    def _today(self) -> dt.date:
        return self.services.clock().astimezone(zone(self.settings.time_zone)).date()

    @contextlib.asynccontextmanager
    async def running(self, metrics: Metrics | None = None) -> AsyncIterator[None]:
        """Run what a server needs beside its surfaces; stop it in reverse order."""
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="analysis")
        self.services.executor = pool
        await asyncio.to_thread(self.snapshots.poll)

        def seen(snapshot: Snapshot) -> None:
            if metrics:
                metrics.observe_snapshot(snapshot.meta.version, snapshot.meta.created_at)

        with contextlib.suppress(NoDataError):
            seen(self.snapshots.current())
        jobs = [
            asyncio.create_task(
                watch(self.snapshots, self.settings.watch_seconds, seen, self._today)
            ),
            asyncio.create_task(
                refresh_on_timer(
                    self.home,
                    self.settings.refresh_minutes,
                    _observer(metrics) if metrics else None,
                )
            ),
            asyncio.create_task(pulse.close_on_time(self.services)),
        ]
        if self.advisor is not None:
            jobs.append(asyncio.create_task(self.advisor.warm()))
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await self.aclose()
            self.services.executor = None
            pool.shutdown(wait=True, cancel_futures=True)
            if isinstance(self.audit, StoredAudit):
                self.audit.close()


def _library(settings: Settings, home: Path) -> Library:
    from bot import coaching

    return coaching.library(settings, home)


def _advisor(services: Services, dispatcher: Dispatcher) -> Advisor:
    from bot import coaching
    from bot.advisor import Advisor

    return Advisor(services, dispatcher.answer, coaching.finder(services))


def _conditions(services: Services) -> ConditionsSource:
    from bot.conditions import stored

    def snapshot() -> Snapshot | None:
        try:
            return services.snapshots.current()
        except NoDataError:
            return None

    return stored(services.home, snapshot, data=services.snapshot_version, clock=services.clock)


def _observer(metrics: Metrics) -> Callable[[float, bool], None]:
    return lambda seconds, good: metrics.observe_refresh(seconds, failed=not good)


def build(
    settings: Settings,
    *,
    home: Path | None = None,
    clock: Clock = utc_now,
    audit: AuditSink | None = None,
    observe: Observer | None = None,
    channels: Channels | None = None,
    questions: Questions | None = None,
) -> Application:
    """Compose the program from settings; tests pass their own clock, audit or home."""
    where = home or settings.home
    registry = discover()
    snapshots = LiveSnapshots(where)
    services = Services(
        settings=settings, registry=registry, snapshots=snapshots, clock=clock, home=where
    )
    services.state = stored = StoredAudit(where)
    services.channels = channels or StoredChannels(stored.database, where.is_dir)
    services.conditions = OnFirstUse(partial(_conditions, services))
    services.questions = questions or StoredQuestions(stored)
    services.knowledge = lru_cache(maxsize=1)(lambda: _library(settings, where))
    services.verdicts = StoredVerdicts(stored.database, where.is_dir)
    policy = Policy(
        channel_cleared=services.channels.is_cleared,
        whom_to_ask=lambda request: people.whom_to_ask(services, request),
    )
    sink = audit or stored
    dispatcher = Dispatcher(services, policy, sink, observe)
    services.adviser = advisor = _advisor(services, dispatcher) if settings.model else None
    return Application(settings, where, registry, snapshots, services, dispatcher, sink, advisor)
