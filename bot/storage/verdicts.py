"""The memory of the ballotage: every verdict with what it rests on, and what people said of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, select, update

from bot.core.memory import KeptVerdict
from bot.storage import models
from bot.storage.repositories import Repository


class Verdicts(Repository):
    """The verdicts of one tenant."""

    def keep(self, verdict: KeptVerdict) -> int:
        """Store a verdict and return its id.

        The same verdict on the same facts, versions and asker within a day is not stored twice:
        looking again is not judging again.
        """
        table = models.verdicts
        values = {c: getattr(verdict, c) for c in _COLUMNS}
        values["facts"], values["given"] = dict(verdict.facts), dict(verdict.given)
        with self._database.write() as connection:
            last = connection.execute(
                select(table)
                .where(table.c.tenant == self._tenant, table.c.subject == verdict.subject)
                .order_by(table.c.id.desc())
                .limit(1)
            ).first()
            if last is not None and verdict.at - last.at < dt.timedelta(days=1):
                same = all(getattr(last, c) == values[c] for c in _SAME)
                if same:
                    return int(last.id)
            made = connection.execute(insert(table).values(tenant=self._tenant, **values))
            return int(made.inserted_primary_key[0])  # type: ignore[index]

    def judge(self, verdict_id: int, feedback: str, why: str, by: str) -> bool:
        """Note that a verdict was right or wrong, and why; False when there is no such verdict."""
        table = models.verdicts
        statement = (
            update(table)
            .where(table.c.tenant == self._tenant, table.c.id == verdict_id)
            .values(feedback=feedback, why=why[:500], feedback_by=by)
        )
        with self._database.write() as connection:
            return connection.execute(statement).rowcount == 1

    def given(self, subject: str) -> dict[str, str]:
        """Return the facts people typed about a prospect, the newest of each."""
        return {k: v for kept in self.about(subject) for k, v in kept.given.items()}

    def about(self, subject: str) -> list[KeptVerdict]:
        """Return the verdicts about one prospect, oldest first."""
        return self._read(subject)

    def all(self) -> list[KeptVerdict]:
        """Return every verdict, oldest first."""
        return self._read()

    def _read(self, subject: str | None = None) -> list[KeptVerdict]:
        table = models.verdicts
        statement = select(table).where(table.c.tenant == self._tenant).order_by(table.c.id)
        if subject is not None:
            statement = statement.where(table.c.subject == subject)
        with self._database.read() as connection:
            return [
                KeptVerdict(**{c: row._mapping[c] for c in ("id", *_COLUMNS)})
                for row in connection.execute(statement)
            ]


_COLUMNS = (
    "at",
    "asked_by",
    "subject",
    "prospect",
    "deal_id",
    "customer_id",
    "verdict",
    "score",
    "facts",
    "given",
    "conditions_version",
    "snapshot_version",
    "probability",
    "feedback",
    "why",
    "feedback_by",
)
_SAME = ("asked_by", "verdict", "facts", "given", "conditions_version", "snapshot_version")
