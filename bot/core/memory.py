"""The memory of the ballotage: what a verdict was, on which facts, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class KeptVerdict:
    """One verdict as it was given. `given` are the facts people told, of all `facts`."""

    at: dt.datetime
    asked_by: str
    subject: str
    prospect: str
    verdict: str
    score: float
    facts: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    deal_id: str = ""
    """Empty where it was about no deal, or only tried what would be if."""
    customer_id: str = ""
    conditions_version: str = ""
    snapshot_version: str = ""
    probability: float | None = None
    id: int = 0
    feedback: str = ""
    """Empty, "right" or "wrong"."""
    why: str = ""
    feedback_by: str = ""


class VerdictMemory(Protocol):
    """Keeps verdicts, a tenant apart from the others. Calls block: run them off the event loop."""

    def keep(self, tenant: str, verdict: KeptVerdict) -> int:
        """Store a verdict and return its id."""

    def judge(self, tenant: str, verdict_id: int, feedback: str, why: str, by: str) -> bool:
        """Note that a verdict was right or wrong; False when there is no such verdict."""

    def told(self, tenant: str, subject: str) -> dict[str, str]:
        """Facts people told of a prospect to be remembered, the newest of each."""

    def all(self, tenant: str) -> list[KeptVerdict]:
        """Every verdict, oldest first."""


class NoMemory:
    """Remembers nothing: where no state is kept."""

    def keep(self, tenant: str, verdict: KeptVerdict) -> int:
        """Forget it."""
        return 0

    def judge(self, tenant: str, verdict_id: int, feedback: str, why: str, by: str) -> bool:
        """There is no verdict."""
        return False

    def told(self, tenant: str, subject: str) -> dict[str, str]:
        """Nobody told anything."""
        return {}

    def all(self, tenant: str) -> list[KeptVerdict]:
        """There are none."""
        return []
