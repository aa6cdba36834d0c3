"""Who was welcomed already: a greeting comes once in a person's life with us."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from bot.storage import models
from bot.storage.repositories import Repository
from bot.storage.writer import Writer

REMEMBERED = 10_000
"""People known in memory to have been welcomed; more costs a write, never a second welcome."""


class WelcomedTable(Repository):
    """The queries of one tenant, as operations of a `Writer`."""

    def note(self, connection: Connection, items: Sequence[tuple[str, str]]) -> list[bool]:
        """Note (surface, user); False for each that was noted before."""
        return [
            connection.execute(
                insert(models.welcomed)
                .values(tenant=self._tenant, surface=surface, user=user)
                .on_conflict_do_nothing()
            ).rowcount
            == 1
            for surface, user in items
        ]


class Welcomed:
    """Who was welcomed, of one tenant, for the event loop."""

    def __init__(self, writer: Writer, tenant: str) -> None:
        self._writer = writer
        self._table = WelcomedTable(writer.database, tenant)
        self._known: set[tuple[str, str]] = set()

    async def first_time(self, surface: str, user: str) -> bool:
        """Tell whether this person is new, and note it: True exactly once, whoever asks.

        The note is kept before the greeting is sent: a crash in between costs the greeting.
        """
        person = (surface, user)
        if person in self._known:
            return False
        first = await self._writer.run(self._table.note, person)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known.add(person)
        return first
