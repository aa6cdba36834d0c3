"""The scheduler of a running program: put together from its services and its open doors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from bot import people
from bot.scheduling.desk import Desk
from bot.scheduling.scheduler import Scheduler
from bot.scheduling.sending import Sender

if TYPE_CHECKING:
    from bot.core.services import Services
    from bot.storage.writer import Writer


def scheduler_of(
    services: Services,
    writer: Writer,
    senders: Mapping[str, Sender],
    *,
    tenant: str = people.TENANT,
    observe: Callable[[Mapping[str, int]], None] | None = None,
) -> Scheduler:
    """Compose the scheduler over the senders of the open doors."""
    desk = Desk(services, tenant)
    return Scheduler(
        writer,
        tenant,
        choose=desk.choose,
        compose=partial(desk.compose, senders=senders),
        senders=senders,
        clock=services.clock,
        zone=services.settings.time_zone,
        observe=observe,
    )
