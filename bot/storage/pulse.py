"""The pulse: answers that belong to nobody.

A score is kept sealed, under a random id, with its week and nothing else; all rows of the week are
written anew in random order, under new ids, at every answer. That a person answered is kept apart,
as a token that only the week's key can make. At the close the scores become one mean, everything
else is deleted, and the key is destroyed. What remains visible to whom: docs/pulse.md.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeVar, cast

from sqlalchemy import Connection, delete, insert, select, update

from bot.storage import models
from bot.storage.database import Database
from bot.storage.portable import insert_into
from bot.storage.pulse_keys import WeekKey, WeekKeys
from bot.storage.repositories import Repository

log = logging.getLogger("ballotage.pulse")

LOWEST, HIGHEST = 1, 5
FEWEST = 5
"""Answers below which a week shows nothing, and is forgotten."""
BAND = 5
"""The number of answers is known in steps of this: of two weeks no single answer can be told."""
LEAST_SHOWN, MOST_SHOWN = 15, 45
"""A mean (in tenths) nearer to an end of the scale would say what everybody answered."""

T = TypeVar("T")
Bound = Literal["exact", "at_most", "at_least"]


@dataclass(frozen=True, slots=True)
class ClosedWeek:
    """What is known of a closed week. `mean` is of 1 to 5, to one decimal, between 1.5 and 4.5.

    Where `bound` is not "exact", the true mean lies at or beyond that end. At least
    `answers_at_least` people answered (5, 10, 15, ...), and fewer than five more.
    """

    week: str
    theme: str
    mean: float
    bound: Bound
    answers_at_least: int


class PulseTable(Repository):
    """The queries of one tenant's pulse."""

    def has_voted(self, week: str, token: str) -> bool:
        """Tell whether a token was used in a week."""
        table = models.pulse_tokens
        statement = select(table.c.token).where(
            table.c.tenant == self._tenant, table.c.week == week, table.c.token == token
        )
        with self._database.read() as connection:
            return connection.execute(statement).first() is not None

    def vote(self, week: str, theme: str, key: WeekKey, token: str, score: int) -> bool:
        """Count a score once per token, in an open week; False where it does not count."""
        weeks = models.pulse_weeks
        with self._database.write() as connection:
            fresh = {"theme": theme, "fingerprint": key.fingerprint, "bound": "exact",
                     "answers_at_least": 0}  # fmt: skip
            connection.execute(
                insert_into(connection, weeks)
                .values(tenant=self._tenant, week=week, **fresh)
                .on_conflict_do_nothing()
            )
            # Locked on Postgres; SQLite lets one writer in at a time anyway.
            row = connection.execute(
                select(weeks)
                .where(weeks.c.tenant == self._tenant, weeks.c.week == week)
                .with_for_update()
            ).one()
            if row.mean_tenths is not None:
                return False
            if row.fingerprint != key.fingerprint:
                # The key was lost, or the database put back: nobody can read or count on what
                # stands there, so the week starts anew.
                log.warning("pulse.key_changed week=%s", week)
                self._clear(connection, week)
                mine = (weeks.c.tenant == self._tenant, weeks.c.week == week)
                connection.execute(update(weeks).where(*mine).values(fresh))
            tokens = self._tokens(connection, week)
            if token in tokens:
                return False
            scores = [key.opened(sealed) for sealed in self._sealed(connection, week)]
            self._clear(connection, week)
            self._fill(connection, week, [*tokens, token], [*scores, score], key)
            return True

    def open_weeks(self) -> list[str]:
        """The weeks that are not closed yet, oldest first."""
        table = models.pulse_weeks
        statement = (
            select(table.c.week)
            .where(table.c.tenant == self._tenant, table.c.mean_tenths.is_(None))
            .order_by(table.c.week)
        )
        with self._database.read() as connection:
            return list(connection.execute(statement).scalars())

    def close(self, week: str, key: WeekKey | None) -> None:
        """Replace the answers of a week by their mean; from too few nothing is left."""
        table = models.pulse_weeks
        mine = (table.c.tenant == self._tenant, table.c.week == week)
        with self._database.write() as connection:
            row = connection.execute(select(table).where(*mine).with_for_update()).first()
            if row is None or row.mean_tenths is not None:
                return  # another process closed it
            readable = key is not None and key.fingerprint == row.fingerprint
            sealed = self._sealed(connection, week)
            if sealed and not readable:
                log.warning("pulse.key_missing week=%s", week)
            scores = [key.opened(each) for each in sealed] if key and readable else []
            self._clear(connection, week)
            if len(scores) < FEWEST:
                connection.execute(delete(table).where(*mine))
                return
            closed = summary(week, row.theme, scores)
            connection.execute(update(table).where(*mine).values(_columns(closed)))

    def keep(self, weeks: Sequence[ClosedWeek]) -> None:
        """Store weeks that were closed elsewhere; a week that is there already stays as it is."""
        table = models.pulse_weeks
        with self._database.write() as connection:
            for each in weeks:
                values = {"week": each.week, "theme": each.theme, **_columns(each)}
                connection.execute(
                    insert_into(connection, table)
                    .values(tenant=self._tenant, **values)
                    .on_conflict_do_nothing()
                )

    def closed(self, limit: int, last: str) -> list[ClosedWeek]:
        """The newest closed weeks up to `last` that have a result, oldest first."""
        table = models.pulse_weeks
        statement = (
            select(table)
            .where(
                table.c.tenant == self._tenant,
                table.c.mean_tenths.is_not(None),
                table.c.week <= last,
            )
            .order_by(table.c.week.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return [
            ClosedWeek(
                row.week,
                row.theme,
                row.mean_tenths / 10,
                cast(Bound, row.bound),
                row.answers_at_least,
            )
            for row in reversed(rows)
        ]

    def _sealed(self, connection: Connection, week: str) -> list[str]:
        table = models.pulse_answers
        statement = select(table.c.sealed).where(
            table.c.tenant == self._tenant, table.c.week == week
        )
        return list(connection.execute(statement).scalars())

    def _tokens(self, connection: Connection, week: str) -> list[str]:
        table = models.pulse_tokens
        statement = select(table.c.token).where(
            table.c.tenant == self._tenant, table.c.week == week
        )
        return list(connection.execute(statement).scalars())

    def _clear(self, connection: Connection, week: str) -> None:
        for table in (models.pulse_answers, models.pulse_tokens):
            connection.execute(
                delete(table).where(table.c.tenant == self._tenant, table.c.week == week)
            )

    def _fill(
        self,
        connection: Connection,
        week: str,
        tokens: Iterable[str],
        scores: Iterable[int],
        key: WeekKey,
    ) -> None:
        """Write all rows in random order: within a page SQLite lays them out as they came."""
        mine = {"tenant": self._tenant, "week": week}
        answers = [
            mine | {"id": secrets.token_hex(16), "sealed": key.seal(score)}
            for score in _shuffled(scores)
        ]
        votes = [mine | {"token": token} for token in _shuffled(tokens)]
        connection.execute(insert(models.pulse_answers), answers)
        connection.execute(insert(models.pulse_tokens), votes)


class Pulse:
    """The pulse of one tenant. Blocking calls; they never log, audit or return who answered what.

    Weeks are ISO weeks as `2026-W48`. Close what is over before reading: `close_before`.
    """

    def __init__(self, database: Database, tenant: str) -> None:
        self._database = database
        self._table = PulseTable(database, tenant)
        self._keys = WeekKeys(database.path.parent, tenant)

    def has_answered(self, week: str, user: str) -> bool:
        """Tell a person whether they answered in a week that is still open."""
        key = self._keys.of(week)
        return key is not None and self._table.has_voted(week, key.token(user))

    def answer(self, week: str, theme: str, user: str, score: int) -> bool:
        """Count a score (1 to 5); False when this person answered before, or the week is closed.

        The first answer counts: to change it, it would have to be found by its person.
        """
        if not LOWEST <= score <= HIGHEST:
            raise ValueError("a score is 1 to 5")
        key = self._keys.made(week)
        counted = self._table.vote(week, theme, key, key.token(user), score)
        self._database.checkpoint()
        return counted

    def close_before(self, week: str) -> int:
        """Close every week before this one, and destroy their keys; return how many it were."""
        due = [each for each in self._table.open_weeks() if each < week]
        for each in due:
            self._table.close(each, self._keys.of(each))
        # After the commit: a crash in between leaves a key, which goes here the next time.
        spent = [each for each in self._keys.weeks() if each < week]
        for each in spent:
            self._keys.destroy(each)
        if due or spent:
            self._database.checkpoint()
        return len(due)

    def results(self, weeks: int, last: str = "9999-W53") -> list[ClosedWeek]:
        """Return the newest closed weeks, up to `last`, that have a result, oldest first.

        Weeks with fewer than five answers are not among them; nothing of those was kept.
        """
        return self._table.closed(weeks, last)

    def keep(self, weeks: Sequence[ClosedWeek]) -> None:
        """Store weeks that were closed elsewhere: a demo's past."""
        self._table.keep(weeks)


def summary(week: str, theme: str, scores: Sequence[int]) -> ClosedWeek:
    """Return what may be known of a week: its mean to one decimal, and how many at least.

    ValueError below five scores.
    """
    if len(scores) < FEWEST:
        raise ValueError("too few answers")
    tenths = int(Fraction(10 * sum(scores), len(scores)) + Fraction(1, 2))  # half goes up
    bound: Bound = "exact"
    if tenths <= LEAST_SHOWN:
        tenths, bound = LEAST_SHOWN, "at_most"
    elif tenths >= MOST_SHOWN:
        tenths, bound = MOST_SHOWN, "at_least"
    return ClosedWeek(week, theme, tenths / 10, bound, len(scores) - len(scores) % BAND)


def _columns(closed: ClosedWeek) -> dict[str, object]:
    return {
        "fingerprint": "",
        "mean_tenths": round(closed.mean * 10),
        "bound": closed.bound,
        "answers_at_least": closed.answers_at_least,
    }


def _shuffled(items: Iterable[T]) -> list[T]:
    out = list(items)
    random.SystemRandom().shuffle(out)
    return out
