"""What the coach was asked, with what it found and whether that helped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from bot.storage import models
from bot.storage.repositories import Repository

LONGEST = 1_000
"""Characters of a question that are kept."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One question. `cards` are the ids of what was found, best first."""

    id: int
    at: dt.datetime
    locale: str
    question: str
    cards: tuple[str, ...]
    band: str
    feedback: str


class CoachQuestions(Repository):
    """The questions of one tenant."""

    def keep(
        self,
        user: str,
        at: dt.datetime,
        locale: str,
        question: str,
        cards: Sequence[str],
        band: str,
    ) -> int:
        """Store a question and return its number."""
        statement = insert(models.coach_questions).values(
            tenant=self._tenant,
            user=user,
            at=at,
            locale=locale,
            question=question[:LONGEST],
            cards=list(cards),
            band=band,
            feedback="",
        )
        with self._database.write() as connection:
            made = connection.execute(statement)
            return int(made.inserted_primary_key[0])  # type: ignore[index]

    def judge(self, number: int, user: str, feedback: str) -> bool:
        """Note whether an answer helped who asked; False when it was another's question, or none."""
        table = models.coach_questions
        statement = (
            update(table)
            .where(table.c.tenant == self._tenant, table.c.id == number, table.c.user == user)
            .values(feedback=feedback)
        )
        with self._database.write() as connection:
            return connection.execute(statement).rowcount == 1

    def counts(self) -> dict[tuple[str, str], int]:
        """How many questions there were, by band and feedback."""
        table = models.coach_questions
        statement = (
            select(table.c.band, table.c.feedback, func.count())
            .where(table.c.tenant == self._tenant)
            .group_by(table.c.band, table.c.feedback)
        )
        with self._database.read() as connection:
            return {(band, said): count for band, said, count in connection.execute(statement)}

    def all(self) -> list[AskedQuestion]:
        """Every question without who asked it, oldest first."""
        table = models.coach_questions
        statement = select(table).where(table.c.tenant == self._tenant).order_by(table.c.id)
        with self._database.read() as connection:
            return [
                AskedQuestion(
                    row.id,
                    row.at,
                    row.locale,
                    row.question,
                    tuple(row.cards),
                    row.band,
                    row.feedback,
                )
                for row in connection.execute(statement)
            ]
