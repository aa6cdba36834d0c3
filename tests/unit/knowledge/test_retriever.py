from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge import cards, index
from knowledge.chunks import Chunk
from knowledge.embeddings import embedder
from knowledge.errors import KnowledgeError
from knowledge.library import Library
from knowledge.opened import LiveIndex
from knowledge.retriever import Band
from tests.conftest import cards_only

PLAYBOOK = Chunk(
    id="playbook:3",
    document="playbook",
    title="Playbook",
    heading="Zeppelins",
    label="",
    text="Een zeppelin verkopen we alleen met een onderhoudscontract van zeven jaar.",
    access="all",
    lang="nl",
    file="playbook.md",
)


@pytest.fixture
def library() -> Library:
    """The cards alone."""
    return cards_only()


FEW = cards.load()[:6]
"""Enough to build an index from, quickly."""


@pytest.mark.parametrize(
    ("asked", "locale", "topic"),
    [
        ("prospect wil 20 % korting, geven we die?", "nl", "discount"),
        ("how do i ask a happy client for an introduction", "en", "referrals"),
        ("waarom nemen zo veel mensen bij ons ontslag", "nl", "why-people-leave"),
        ("our largest customer is half of our revenue", "en", "concentration-risk"),
        ("introdukties vragen an klnten", "nl", "referrals"),
    ],
)
def test_it_finds_the_topic(library: Library, asked: str, locale: str, topic: str) -> None:
    found = library.search(asked, locale)
    assert topic in [hit.topic for hit in found.results]
    assert found.band is Band.ANSWER
    assert found.results[0].lang == locale


@pytest.mark.parametrize(
    "asked",
    ["hoeveel btw moet ik rekenen", "is this contract legally binding", "reset my password"],
)
def test_it_refuses_what_is_for_others(library: Library, asked: str) -> None:
    assert library.search(asked).band is Band.REFUSED


@pytest.mark.parametrize("asked", ["", "   ", "???", "\x00", "🦄🦄", "qwxz vbnm plok"])
def test_it_does_not_know_what_says_nothing(library: Library, asked: str) -> None:
    assert library.search(asked).band in (Band.UNKNOWN, Band.CLOSEST)


def test_another_language_is_told_and_answered_in_english(library: Library) -> None:
    found = library.search("Wie bekomme ich mehr Referrals von unseren Kunden?", "nl")
    assert found.language == "other"
    assert {hit.lang for hit in found.results} == {"en"}


def test_the_limit_holds(library: Library) -> None:
    for limit in (1, 3, 20, 100):
        assert len(library.search("korting", limit=limit).results) == min(limit, len(library.cards))


def test_the_best_three_are_of_three_topics(library: Library) -> None:
    topics = [hit.topic for hit in library.search("netwerk van de directie", limit=3).results]
    assert len(set(topics)) == 3


def test_the_same_question_always_gives_the_same(library: Library, tmp_path: Path) -> None:
    other = Library(tmp_path)
    asked = "hoe verdeel ik mijn tijd over klanten"
    assert library.search(asked) == library.search(asked) == other.search(asked)
    other.close()


def test_who_may_not_read_a_document_does_not_find_it(tmp_path: Path) -> None:
    for access, seen in (("all", True), ("mt", False)):
        chunk = replace(PLAYBOOK, access=access)
        library = Library(tmp_path / access, chunks=lambda chunk=chunk: (chunk,))
        asked = "zeppelin onderhoudscontract"
        found = [h.id for h in library.search(asked, access="all", limit=100).results]
        assert (chunk.id in found) is seen
        assert chunk.id in [h.id for h in library.search(asked, access="mt", limit=100).results]
        assert (library.chunk(chunk.id, "all") is not None) is seen
        assert library.chunk(chunk.id, "mt") == chunk
        library.close()


def test_a_document_answers_before_the_cards_where_it_speaks_of_it(tmp_path: Path) -> None:
    library = Library(tmp_path, chunks=lambda: (PLAYBOOK,))
    found = library.search("mogen we een zeppelin zonder onderhoudscontract verkopen")
    assert (found.results[0].id, found.results[0].kind) == (PLAYBOOK.id, "chunk")
    assert found.results[0].topic in cards.TOPICS
    assert found.band is Band.ANSWER
    library.close()


def live(
    where: index.Where, chunks: tuple[Chunk, ...], monkeypatch: pytest.MonkeyPatch
) -> LiveIndex:
    monkeypatch.setattr("knowledge.opened.LOOK_SECONDS", 0.0)
    return LiveIndex(where, lambda: FEW, lambda: chunks)


def test_a_reader_takes_up_a_new_version_and_keeps_the_old_one_till_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = index.Where(tmp_path, "default", embedder())
    reader = live(where, (), monkeypatch)
    first = reader.current()
    assert not first.chunks
    index.ensure(where, FEW, (PLAYBOOK,))  # another process would do the same
    assert first.ranker.score("korting")[1].all == 1.0  # who still holds it can go on
    second = reader.current()
    assert second.version != first.version
    assert [chunk.id for chunk in second.chunks] == [PLAYBOOK.id]
    reader.close()


def test_nothing_is_built_where_nothing_changed(tmp_path: Path) -> None:
    where = index.Where(tmp_path, "default", embedder())
    first = index.ensure(where, FEW, (PLAYBOOK,))
    assert index.ensure(where, FEW, (PLAYBOOK,)) == first
    assert index.ensure(where, FEW, ()) != first


def test_a_damaged_index_is_built_anew(tmp_path: Path) -> None:
    where = index.Where(tmp_path, "default", embedder())
    first = index.ensure(where, FEW, ())
    (where.folder / first / "index.json").write_text("{", encoding="utf-8")
    second = index.ensure(where, FEW, ())
    assert second != first
    assert where.version() == second


def test_a_build_that_fails_leaves_the_version_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = index.Where(tmp_path, "default", embedder())
    first = index.ensure(where, FEW, ())

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(index, "_vectors", broken)
    with pytest.raises(OSError, match="disk full"):
        index.ensure(where, FEW, (PLAYBOOK,))
    assert where.version() == first
    assert [p.name for p in where.folder.iterdir() if p.is_dir()] == [first]


def test_tenants_and_embedders_have_their_own_collection(tmp_path: Path) -> None:
    names = {
        index.Where(tmp_path, tenant, embedder(name)).collection
        for tenant in ("a", "b")
        for name in ("local", "openai:text-embedding-3-small")
    }
    assert len(names) == 4


@pytest.mark.parametrize("setting", ["minilm", "/no/such/folder"])
def test_a_wrong_embedding_is_told(setting: str) -> None:
    with pytest.raises(KnowledgeError, match="BALLOTAGE_EMBEDDINGS"):
        embedder(setting)


def test_the_index_holds_langchain_documents_under_a_collection(tmp_path: Path) -> None:
    from knowledge import vectors

    where = index.Where(tmp_path, "default", embedder())
    name = index.ensure(where, FEW, (PLAYBOOK,))
    with vectors.opened(where.folder / name / "chroma", where.collection) as store:
        vector = where.embedder.make().embed_query("zeppelin onderhoudscontract")
        [(document, cosine)] = store.nearest(vector, 1, ("all",))
    assert document.metadata == {
        "item": PLAYBOOK.id, "kind": "chunk", "lang": "nl", "access": "all"
    }  # fmt: skip
    assert 0.2 < cosine <= 1.0


def test_an_interval_holds_its_share(tmp_path: Path) -> None:
    from knowledge import evaluate

    share = evaluate.Share(9, 10)
    low, high = share.interval or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.5958, 0.9821)  # Wilson, by hand
    assert evaluate.Share(0, 0).interval is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no JSON"),
        ("{}", "write a list"),
        ("[1]", "question 1"),
        ('[{"question": ""}]', "question must be a text"),
        ('[{"question": "x", "locale": "de"}]', "locale"),
        ('[{"question": "x", "locale": "nl", "topics": ["nonsense"]}]', "no topic 'nonsense'"),
        ('[{"question": "x", "locale": "nl", "topics": "pay"}]', "topics"),
    ],
)
def test_a_file_of_questions_that_is_wrong_is_told(tmp_path: Path, content: str, told: str) -> None:
    from knowledge import evaluate

    path = tmp_path / "questions.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=told):
        evaluate.read([path])


def test_the_report_counts_what_was_found_and_left_alone(library: Library, tmp_path: Path) -> None:
    from knowledge import evaluate

    path = tmp_path / "questions.json"
    asked = [
        {"question": "korting geven", "locale": "nl", "topics": ["discount"]},
        {"question": "korting geven", "locale": "nl", "topics": ["crisis"]},
        {"question": "vat return", "locale": "en", "topics": ["not-tax"]},
        {"question": "qwxz vbnm", "locale": "en", "topics": []},
    ]
    path.write_text(json.dumps(asked), encoding="utf-8")
    outcomes = evaluate.ask(
        evaluate.read([path]), lambda text, lang: library.search(text, lang, limit=3)
    )
    found = evaluate.report(outcomes)
    assert found["languages"]["nl"]["recall_at_3"]["share"] == 0.5
    assert found["languages"]["en"]["recall_at_3"]["share"] == 1.0
    assert found["refused_rightly"]["share"] == 1.0
    assert found["off_topic_answered"] == found["off_topic_answered"] | {"hits": 0, "n": 1}
    assert found["goals"]["recall_at_3_nl"] is False
