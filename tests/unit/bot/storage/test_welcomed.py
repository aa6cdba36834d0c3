from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bot.storage import welcomed as module
from bot.storage.database import Database
from bot.storage.repositories import PersonData
from bot.storage.welcomed import Welcomed
from bot.storage.writer import Writer


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with Writer(database) as made:
        yield made


async def test_a_person_is_new_once_per_surface_and_tenant(writer: Writer) -> None:
    welcomed = Welcomed(writer, "acme")
    assert await welcomed.first_time("slack", "U1")
    assert not await welcomed.first_time("slack", "U1")
    assert not await Welcomed(writer, "acme").first_time("slack", "U1")
    assert await welcomed.first_time("teams", "U1")
    assert await welcomed.first_time("slack", "U2")
    assert await Welcomed(writer, "other").first_time("slack", "U1")


async def test_of_many_at_once_one_is_told_yes(writer: Writer) -> None:
    both = Welcomed(writer, "acme"), Welcomed(writer, "acme")
    found = await asyncio.gather(
        *(both[number % 2].first_time("slack", "U1") for number in range(20))
    )
    assert found.count(True) == 1


async def test_a_full_memory_welcomes_nobody_twice(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    welcomed = Welcomed(writer, "acme")
    people = [f"U{number}" for number in range(5)]
    assert [await welcomed.first_time("slack", user) for user in people] == [True] * 5
    assert [await welcomed.first_time("slack", user) for user in people] == [False] * 5


async def test_who_was_erased_is_forgotten(database: Database, writer: Writer) -> None:
    await Welcomed(writer, "acme").first_time("slack", "U1")
    data = PersonData(database, "acme")
    assert data.export_person("U1")["welcomed"] == [{"surface": "slack", "user": "U1"}]
    assert data.erase_person("U1")["welcomed"] == 1
    assert await Welcomed(writer, "acme").first_time("slack", "U1")
