from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.storage.database import Database
from bot.storage.references import References
from bot.storage.repositories import PersonData
from bot.storage.writer import Writer

REFERENCE = {"serviceUrl": "https://example.test/", "user": {"id": "29:jan", "name": "Jän"}}


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with Writer(database) as made:
        yield made


async def test_a_reference_comes_back_as_it_was_put(writer: Writer) -> None:
    references = References(writer, "acme")
    assert await references.get("teams", "jan") is None
    await references.put("teams", "jan", REFERENCE)
    assert await references.get("teams", "jan") == REFERENCE
    assert await References(writer, "acme").get("teams", "jan") == REFERENCE


async def test_the_newest_reference_counts(writer: Writer) -> None:
    references = References(writer, "acme")
    for number in (1, 2, 2):
        await references.put("slack", "U1", {"channel": f"D{number}"})
    assert await references.all("slack") == {"U1": {"channel": "D2"}}


async def test_references_are_apart_per_surface_and_tenant(writer: Writer) -> None:
    acme, other = References(writer, "acme"), References(writer, "other")
    await acme.put("slack", "U1", {"n": 1})
    await acme.put("slack", "U2", {"n": 2})
    await acme.put("teams", "U1", {"n": 3})
    await other.put("slack", "U1", {"n": 4})
    assert await acme.all("slack") == {"U1": {"n": 1}, "U2": {"n": 2}}
    await other.drop("slack", "U2")
    await acme.drop("slack", "U1")
    await acme.drop("slack", "nobody")
    assert await acme.all("slack") == {"U2": {"n": 2}}
    assert await acme.get("teams", "U1") == {"n": 3}
    assert await other.get("slack", "U1") == {"n": 4}


async def test_a_reference_must_be_json(writer: Writer) -> None:
    with pytest.raises(TypeError):
        await References(writer, "acme").put("slack", "U1", {"n": object()})


async def test_erasing_a_person_takes_their_references_by_key_or_content(
    database: Database, writer: Writer
) -> None:
    references, other = References(writer, "acme"), References(writer, "other")
    for place in (references, other):
        await place.put("slack", "29:jan", {"channel": "D1"})
        await place.put("teams", "a:chat", REFERENCE)
        await place.put("teams", "a:else", {"user": {"id": "29:janneke"}})
    data = PersonData(database, "acme")
    assert len(data.export_person("29:jan")["references"]) == 2  # type: ignore[arg-type]
    assert data.erase_person("29:jan")["references"] == 2
    assert list(await references.all("teams")) == ["a:else"]
    assert await references.all("slack") == {}
    assert list(await other.all("teams")) == ["a:chat", "a:else"]
