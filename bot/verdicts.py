"""The memory of the ballotage over the state database, opened at first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.core.memory import KeptVerdict

if TYPE_CHECKING:
    from bot.storage.database import Database
    from bot.storage.verdicts import Verdicts


class StoredVerdicts:
    """A VerdictMemory."""

    def __init__(
        self, database: Callable[[], Database], exists: Callable[[], bool] = lambda: True
    ) -> None:
        self._database = database
        self._exists = exists

    def keep(self, tenant: str, verdict: KeptVerdict) -> int:
        """Store a verdict and return its id."""
        return self._of(tenant).keep(verdict)

    def judge(self, tenant: str, verdict_id: int, feedback: str, why: str, by: str) -> bool:
        """Note that a verdict was right or wrong; False when there is no such verdict."""
        return self._exists() and self._of(tenant).judge(verdict_id, feedback, why, by)

    def told(self, tenant: str, subject: str) -> dict[str, str]:
        """Facts people told of a prospect to be remembered, the newest of each."""
        return self._of(tenant).given(subject) if self._exists() else {}

    def all(self, tenant: str) -> list[KeptVerdict]:
        """Every verdict, oldest first."""
        return self._of(tenant).all() if self._exists() else []

    def _of(self, tenant: str) -> Verdicts:
        from bot.storage.verdicts import Verdicts

        return Verdicts(self._database(), tenant)
