"""Which channels an admin cleared for figures: stored, and remembered for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.core.request import Request

if TYPE_CHECKING:
    from bot.storage.database import Database
    from bot.storage.repositories import ClearedChannels

REMEMBERED_SECONDS = 5.0
"""How long another process's change may go unnoticed; clearing is rare, asking is not."""


class StoredChannels:
    """The Channels service over the state database, opened at first use."""

    def __init__(
        self, database: Callable[[], Database], exists: Callable[[], bool] = lambda: True
    ) -> None:
        self._database = database
        self._exists = exists
        self._known: dict[str, frozenset[tuple[str, str]]] = {}
        self._read_at: dict[str, float] = {}

    def is_cleared(self, request: Request) -> bool:
        """Whether the channel of a request was cleared."""
        tenant, now = request.principal.tenant, time.monotonic()
        if now - self._read_at.get(tenant, -REMEMBERED_SECONDS) >= REMEMBERED_SECONDS:
            self._known[tenant] = self._repository(tenant).all() if self._exists() else frozenset()
            self._read_at[tenant] = now
        key = (request.surface, request.conversation.id)
        return bool(request.conversation.id) and key in self._known[tenant]

    def set_cleared(self, request: Request, cleared: bool) -> None:
        """Clear the channel of a request, or take that back."""
        principal, channel = request.principal, request.conversation.id
        repository = self._repository(principal.tenant)
        if cleared:
            repository.clear(request.surface, channel, principal.user, request.received_at)
        else:
            repository.withdraw(request.surface, channel)
        self._read_at.pop(principal.tenant, None)

    def _repository(self, tenant: str) -> ClearedChannels:
        from bot.storage.repositories import ClearedChannels

        return ClearedChannels(self._database(), tenant)
