"""Own documents are found by what they say, beside the cards and not instead of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from knowledge.documents import Documents
from knowledge.library import Library
from knowledge.retriever import Band

BLOG = """Klant is geen Koning

Dit is deel een van twee blogs met drie vragen die ik mezelf al een paar decennia stel.

1. WAAROM IS DE KLANT KONING? — Een Ferrari mag je bestellen als je door een strikte ballotage komt. De
levertijd kan oplopen tot 3 jaar en betaling vindt plaats bij bestelling. Kort en goed: jij kiest.

2. WAAROM PARETO NEGEREN? — Topklanten vertegenwoordigen 80% van de omzet. Gemiddelde in 27 jaar veldwerk
is 12%.

De foto in de header is de enige echte Bernhard bij zijn Ferrari 500 Superfast. Lees ook Ray Dalio.
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    home = tmp_path_factory.mktemp("knowledge")
    (home / "blog.txt").write_text(BLOG, encoding="utf-8")
    (home / "mt.md").write_text("# Plan\n\nDe zeppelinfabriek gaat dicht in mei.", encoding="utf-8")
    documents = Documents(home / "documents")
    documents.add(home / "blog.txt")
    documents.add(home / "mt.md", access="mt")
    held = Library(home, chunks=documents.chunks)
    yield held
    held.close()


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("hoe lang is de levertijd van een Ferrari", "1. WAAROM IS DE KLANT KONING?"),
        ("wat is het gemiddelde in 27 jaar veldwerk", "2. WAAROM PARETO NEGEREN?"),
        ("wie staat bij de Ferrari 500 Superfast", "2. WAAROM PARETO NEGEREN?"),
        ("wat zegt het stuk over Ray Dalio", "2. WAAROM PARETO NEGEREN?"),
    ],
)
def test_what_only_a_document_tells_is_found_in_it(
    library: Library, question: str, part: str
) -> None:
    found = library.search(question)
    assert found.band is Band.ANSWER
    assert found.results[0].kind == "chunk"
    chunk = library.chunk(found.results[0].id)
    assert chunk is not None
    assert (chunk.file, chunk.part) == ("blog.txt", part)


@pytest.mark.parametrize(
    "question",
    [
        "klant wil korting, wat nu?",
        "prospect wil 20 % korting voor hij de baas gesproken heeft",
        "waarom lopen goede mensen weg?",
        "wat is een klant?",
    ],
)
def test_a_card_stays_the_answer_where_a_document_merely_shares_words(
    library: Library, question: str
) -> None:
    assert library.search(question).results[0].kind == "card"


@pytest.mark.parametrize(
    "question", ["wanneer is pasen in 2027", "recept voor pannenkoeken", "zeppelin"]
)
def test_what_no_document_tells_is_not_found_in_one(library: Library, question: str) -> None:
    assert not [hit for hit in library.search(question).results if hit.kind == "chunk"]


def test_the_mts_own_is_found_by_the_mt_alone(library: Library) -> None:
    question = "wanneer gaat de zeppelinfabriek dicht"
    for reader in ("public", "all"):
        found = library.search(question, access=reader)  # type: ignore[arg-type]
        assert not [hit for hit in found.results if hit.kind == "chunk"]
    assert library.search(question, access="mt").results[0].kind == "chunk"
    assert (
        library.search("hoe lang is de levertijd van een Ferrari", access="public").results[0].kind
        == "card"
    )
