"""Where people can be written to: a platform's address of a conversation, as plain JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from bot.storage import models
from bot.storage.repositories import Repository
from bot.storage.writer import Writer


class ReferenceTable(Repository):
    """The queries of one tenant's references; writing ones are operations of a `Writer`."""

    def put(self, connection: Connection, items: Sequence[tuple[str, str, str]]) -> list[None]:
        """Store (surface, key, JSON), each in place of the one before."""
        table = models.conversation_references
        for surface, key, text in items:
            statement = insert(table).values(
                tenant=self._tenant, surface=surface, key=key, reference=text
            )
            # Platforms repeat it in every message: the same again costs no page of the disk.
            changed = table.c.reference != statement.excluded.reference
            connection.execute(
                statement.on_conflict_do_update(set_={"reference": text}, where=changed)
            )
        return [None] * len(items)

    def drop(self, connection: Connection, items: Sequence[tuple[str, str]]) -> list[None]:
        """Remove (surface, key); none there is fine."""
        table = models.conversation_references
        for surface, key in items:
            connection.execute(
                delete(table).where(
                    table.c.tenant == self._tenant, table.c.surface == surface, table.c.key == key
                )
            )
        return [None] * len(items)

    def get(self, surface: str, key: str) -> str | None:
        """Return the JSON of one."""
        table = models.conversation_references
        statement = select(table.c.reference).where(
            table.c.tenant == self._tenant, table.c.surface == surface, table.c.key == key
        )
        with self._database.read() as connection:
            return connection.execute(statement).scalar()

    def all(self, surface: str) -> dict[str, str]:
        """Return the JSON of every one by its key."""
        table = models.conversation_references
        statement = (
            select(table.c.key, table.c.reference)
            .where(table.c.tenant == self._tenant, table.c.surface == surface)
            .order_by(table.c.key)
        )
        with self._database.read() as connection:
            return {row.key: row.reference for row in connection.execute(statement)}


class References:
    """The references of one tenant, for the event loop.

    Key those of a direct chat by the person's id: erasing a person removes them by it.
    """

    def __init__(self, writer: Writer, tenant: str) -> None:
        self._writer = writer
        self._table = ReferenceTable(writer.database, tenant)

    async def put(self, surface: str, key: str, reference: Mapping[str, Any]) -> None:
        """Keep a reference, in place of the one before. TypeError: not JSON."""
        text = json.dumps(reference, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        await self._writer.run(self._table.put, (surface, key, text))

    async def get(self, surface: str, key: str) -> dict[str, Any] | None:
        """Return a reference; None when there is none."""
        text = await asyncio.to_thread(self._table.get, surface, key)
        return None if text is None else _object(text)

    async def drop(self, surface: str, key: str) -> None:
        """Forget a reference; one that is not there is fine."""
        await self._writer.run(self._table.drop, (surface, key))

    async def all(self, surface: str) -> dict[str, dict[str, Any]]:
        """Return every reference of a surface by its key."""
        found = await asyncio.to_thread(self._table.all, surface)
        return {key: _object(text) for key, text in found.items()}


def _object(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value
