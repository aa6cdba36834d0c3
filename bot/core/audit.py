"""What was asked, by whom and what policy decided: never the answer, never a client's name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.core.reply import Outcome, Visibility
from bot.core.request import Place, Role

KEPT_ARGUMENTS = frozenset({"n", "period", "as_of", "locale", "group", "gross", "split_at"})
"""Arguments that say nothing about a client or a person; of all others only the name is kept."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One handled request. `at` is UTC; `milliseconds` is the time to the reply.

    `arguments` comes from `argument_shape`. `snapshot_version` is empty before the first load.
    """

    tenant: str
    user: str
    roles: frozenset[Role]
    surface: str
    place: Place
    conversation: str
    command: str
    visibility: Visibility
    decision: Literal["allowed", "refused"]
    outcome: Outcome
    reason: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    milliseconds: int = 0
    snapshot_version: str = ""
    at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


class AuditSink(Protocol):
    """Where events go. Where `waits`, `record` blocks a while: call it off the event loop."""

    waits: bool

    def record(self, event: AuditEvent) -> None:
        """Append one event."""


class NoAudit:
    """Forgets every event: for tests and for looking around without a home."""

    waits = False

    def record(self, event: AuditEvent) -> None:
        """Do nothing."""


def argument_shape(arguments: Mapping[str, object]) -> dict[str, str]:
    """Return which arguments were given, with the value of the harmless ones only."""
    return {
        name: str(value) if name in KEPT_ARGUMENTS else "given"
        for name, value in sorted(arguments.items())
        if value is not None and value != ""
    }
