"""The share of their week that MT members gave to people: own figures, and the team's average.

An average that is looked at before and after one more member enters would tell that member's
figure. So it is worked out anew only when at least three figures in it are new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, func, select, update

from bot.storage import models
from bot.storage.portable import insert_into
from bot.storage.repositories import Repository

FEWEST = 3
"""Members below which there is no average, and new figures below which it does not move."""


@dataclass(frozen=True, slots=True)
class TeamWeek:
    """The average (0 to 100) of so many members, three at least, over an ISO week."""

    week: str
    members: int
    average: float


class MtTime(Repository):
    """The weeks of one tenant's MT members."""

    def enter(self, user: str, entries: Mapping[str, int]) -> None:
        """Keep a person's percentage (0 to 100) of each week given; it replaces an earlier one.

        ValueError for a percentage that is none.
        """
        if any(not 0 <= percent <= 100 for percent in entries.values()):
            raise ValueError("a percentage is 0 to 100")
        table = models.mt_weeks
        with self._database.write() as connection:
            for week, percent in entries.items():
                values = {"percent": percent, "counted": False}
                statement = insert_into(connection, table).values(
                    tenant=self._tenant, user=user, week=week, **values
                )
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=[table.c.tenant, table.c.user, table.c.week],
                        set_=values,
                        where=table.c.percent != percent,  # the same figure is nothing new
                    )
                )

    def own(self, user: str, weeks: int, last: str) -> dict[str, int]:
        """Return a person's percentages of the newest weeks up to `last`, oldest first."""
        table = models.mt_weeks
        statement = (
            select(table.c.week, table.c.percent)
            .where(
                table.c.tenant == self._tenant, table.c.user == user, table.c.week <= last
            )
            .order_by(table.c.week.desc())
            .limit(weeks)
        )  # fmt: skip
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return {row.week: row.percent for row in reversed(rows)}

    def team(self, weeks: int, last: str, *, fresh: bool = True) -> list[TeamWeek]:
        """Return the team's average of the newest weeks up to `last`, oldest first.

        Only weeks in which three members entered a figure. Who entered after an average was first
        seen is in it once three figures are new; without `fresh` it stays as it was last seen, so
        that more members can enter before it stands.
        """
        with self._database.read() as connection:
            due = self._due(connection) if fresh else []
        if due:
            with self._database.write() as connection:
                for week in self._due(connection):
                    self._work_out(connection, week)
        table = models.mt_averages
        statement = (
            select(table)
            .where(table.c.tenant == self._tenant, table.c.week <= last)
            .order_by(table.c.week.desc())
            .limit(weeks)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return [TeamWeek(row.week, row.members, row.total / row.members) for row in reversed(rows)]

    def _due(self, connection: Connection) -> list[str]:
        """Weeks with enough that is not in their average yet."""
        table = models.mt_weeks
        fresh = func.sum(case((table.c.counted, 0), else_=1))
        statement = (
            select(table.c.week)
            .where(table.c.tenant == self._tenant)
            .group_by(table.c.week)
            .having(and_(fresh >= FEWEST, func.count() >= FEWEST))
        )
        return list(connection.execute(statement).scalars())

    def _work_out(self, connection: Connection, week: str) -> None:
        table, averages = models.mt_weeks, models.mt_averages
        here = (table.c.tenant == self._tenant, table.c.week == week)
        found = connection.execute(
            select(func.count().label("members"), func.sum(table.c.percent).label("total")).where(
                *here
            )
        ).one()
        values = {"members": found.members, "total": found.total}
        statement = insert_into(connection, averages).values(
            tenant=self._tenant, week=week, **values
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[averages.c.tenant, averages.c.week], set_=values
            )
        )
        connection.execute(update(table).where(*here).values(counted=True))
