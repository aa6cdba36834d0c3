from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from knowledge.cards import (
    LANGUAGES,
    PRINCIPLES,
    REFUSALS,
    TOPICS,
    Card,
    CardError,
    Language,
    load,
    normal,
)

CARDS = load()
EACH = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
IN_BOTH = pytest.mark.parametrize("language", LANGUAGES)

SITUATIONS = {
    *("top-client-quiet", "concentration-rising", "largest-client-heavy", "alignment-low"),
    *("ars-falling", "unknown-sources", "effort-on-unfit-deals", "declined-still-open"),
    *("no-introduction-asked", "source-dried-up", "top-client-without-owner", "new-top-client"),
    *("verdicts-wrong", "pulse-dropping", "mt-time-low", "win-to-celebrate"),
}
FIGURES = {"3", "12", "25", "27", "30", "40", "80", "36,7", "45,0", "53,3", "58,3", "2020"}
"""Every figure the source gives; a fact on a card may name no other."""


# --- the cards that come with it ----------------------------------------------------------------


def test_there_are_at_least_forty_principle_cards() -> None:
    assert sum(not card.refusal for card in CARDS) >= 40


def test_every_topic_has_a_card() -> None:
    assert {card.topic for card in CARDS} == {*TOPICS, *REFUSALS}


def test_every_principle_has_cards() -> None:
    counts = Counter(card.principle for card in CARDS if not card.refusal)
    assert set(counts) == set(PRINCIPLES)
    assert min(counts.values()) >= 10


def test_every_situation_has_one_card() -> None:
    found = Counter(card.situation for card in CARDS if card.situation)
    assert set(found) == SITUATIONS
    assert set(found.values()) == {1}


def test_ids_are_unique_whatever_their_case() -> None:
    assert len({card.id.casefold() for card in CARDS}) == len(CARDS)


@IN_BOTH
def test_titles_statements_and_examples_are_unique(language: Language) -> None:
    texts = [card.text(language) for card in CARDS]
    for field in (
        [text.title for text in texts],
        [text.statement for text in texts],
        [normal(example) for text in texts for example in text.examples],
    ):
        assert [text for text, count in Counter(field).items() if count > 1] == []


@EACH
@IN_BOTH
def test_it_is_complete(card: Card, language: Language) -> None:
    text = card.text(language)
    assert 5 < len(text.title) <= 75  # also the label of a Slack button
    assert 60 < len(text.statement) <= 400
    assert 2 <= len(text.steps) <= 5
    assert all(15 < len(step.text) <= 300 for step in text.steps)
    assert text.question.endswith("?")
    assert len(text.examples) >= 8
    assert all(fact.text(language).endswith((".", "?")) for fact in card.facts)


@EACH
def test_its_two_languages_differ(card: Card) -> None:
    assert card.nl.title != card.en.title
    assert card.nl.statement != card.en.statement
    assert len(card.nl.steps) == len(card.en.steps)
    assert not {normal(e) for e in card.nl.examples} & {normal(e) for e in card.en.examples}


@EACH
def test_it_leads_to_two_other_cards(card: Card) -> None:
    assert len(set(card.related)) == 2
    assert set(card.related) <= {other.id for other in CARDS} - {card.id}


@EACH
@IN_BOTH
def test_some_examples_share_no_word_with_the_statement(card: Card, language: Language) -> None:
    def words(text: str) -> set[str]:
        return {word for word in normal(text).split() if len(word) > 3}

    text = card.text(language)
    said = words(text.statement)
    apart = [example for example in text.examples if not words(example) & said]
    assert len(apart) >= 3


@EACH
def test_its_facts_have_a_source_and_only_the_figures_of_it(card: Card) -> None:
    for fact in card.facts:
        for language in LANGUAGES:
            assert "Klant is geen Koning" in fact.source.label(language)
            found = re.findall(r"\d+(?:[.,]\d+)?", fact.text(language))
            assert {number.replace(".", ",") for number in found} <= FIGURES
        nl, en = (sorted(re.findall(r"\d+", fact.text(language))) for language in LANGUAGES)
        assert nl == en


@EACH
def test_what_goes_beyond_the_source_says_so(card: Card) -> None:
    if not card.coaching:
        assert card.facts, "a statement of the source shows what it rests on"
    if card.refusal:
        assert card.coaching
        assert not card.facts
        assert not card.situation
    assert card.refusal == (card.source is None) == (not card.principle)


@EACH
def test_it_cites_the_source_of_its_principle(card: Card) -> None:
    if card.source is not None:
        assert card.source.id == card.principle


@pytest.mark.parametrize("topic", REFUSALS)
@IN_BOTH
def test_a_refusal_says_where_to_go_instead(topic: str, language: Language) -> None:
    elsewhere = {
        "not-legal": ("advocaat", "lawyer"),
        "not-tax": ("accountant", "accountant"),
        "not-it": ("IT-afdeling", "IT department"),
        "not-personal-data": ("HR", "HR"),
        "not-general": ("zoekmachine", "search engine"),
    }[topic][LANGUAGES.index(language)]
    (card,) = (card for card in CARDS if card.topic == topic)
    assert any(elsewhere in step.text for step in card.text(language).steps)


@EACH
def test_the_dutch_says_je(card: Card) -> None:
    spoken = [card.nl.title, card.nl.statement, card.nl.question, *(s.text for s in card.nl.steps)]
    assert not re.search(r"\b(u|uw|uzelf)\b", " ".join(spoken), re.IGNORECASE)


# --- the loader ---------------------------------------------------------------------------------

LIST = "".join(f"- vraag {number}\n" for number in range(8))
GOOD = f"""---
id: {{id}}
principle: pareto
topic: top-clients
situation: new-top-client
related: [{{related}}]
coaching: [step-2]
facts:
  - nl: "Het is
      12 %."
    en: It is 12 %.
    source: pareto
---
# nl: Een titel

De stelling loopt
door op de volgende regel.

1. Eerst dit.
2. Dan dat,
   en nog iets.

> Waarom niet?

{LIST}
# en: A title

The statement.

1. First this.
2. Then that.

> Why not?

{LIST.replace("vraag", "question")}"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good cards, a, b and c, and their sources."""
    (tmp_path / "sources.yaml").write_text("pareto: {nl: de blog, en: the blog}\n", "utf-8")
    for id, related in (("a", "b, c"), ("b", "a, c"), ("c", "a, b")):
        text = GOOD.replace("{id}", id).replace("{related}", related)
        text = re.sub(r"^- (\w+) ", rf"- \1 {id}", text, flags=re.MULTILINE)
        (tmp_path / f"{id}.md").write_text(text, "utf-8")
    return tmp_path


def change(folder: Path, old: str, new: str, name: str = "a.md") -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_it_reads_a_card_as_written(folder: Path) -> None:
    card = load(folder)[0]
    assert (card.id, card.principle, card.topic) == ("a", "pareto", "top-clients")
    assert card.situation == "new-top-client"
    assert card.related == ("b", "c")
    assert card.nl.statement == "De stelling loopt door op de volgende regel."
    assert [step.text for step in card.nl.steps] == ["Eerst dit.", "Dan dat, en nog iets."]
    assert [step.coaching for step in card.en.steps] == [False, True]
    assert not card.coaching
    assert card.en.question == "Why not?"
    assert card.en.examples[:2] == ("question a0", "question a1")
    assert card.facts[0].text("nl") == "Het is 12 %."
    assert card.facts[0].source.label("en") == "the blog"
    assert not card.refusal


def test_cards_come_in_the_order_of_their_ids(folder: Path) -> None:
    assert [card.id for card in load(folder)] == ["a", "b", "c"]


def test_coaching_true_marks_the_statement_and_every_step(folder: Path) -> None:
    change(folder, "coaching: [step-2]", "coaching: true")
    card = load(folder)[0]
    assert card.coaching
    assert all(step.coaching for step in (*card.nl.steps, *card.en.steps))


def test_coaching_may_be_left_out(folder: Path) -> None:
    change(folder, "coaching: [step-2]\n", "")
    card = load(folder)[0]
    assert not card.coaching
    assert not any(step.coaching for step in card.nl.steps)


def test_a_refusal_rests_on_no_principle(folder: Path) -> None:
    change(folder, "principle: pareto\ntopic: top-clients", "topic: not-tax")
    card = load(folder)[0]
    assert card.refusal
    assert (card.principle, card.source) == ("", None)


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("id: a\n", "id: z\n", "id", "'a'"),
        ("principle: pareto", "principle: golf", "principle", "client-is-no-king, pareto"),
        ("principle: pareto", "principle: culture-first", "principle", "sources.yaml"),
        ("principle: pareto\n", "", "principle", "'None' is none of"),
        ("topic: top-clients", "topic: golf", "topic", "admission"),
        ("topic: top-clients", "topic: not-it", "principle", "leave it out"),
        ("topic: top-clients", "topik: top-clients", "topik", "unknown field"),
        ("situation: new-top-client", "situation: New client", "situation", "hyphens"),
        ("related: [b, c]", "related: [b]", "related", "2 other cards"),
        ("related: [b, c]", "related: [b, b]", "related", "2 other cards"),
        ("related: [b, c]", "related: [a, b]", "related", "2 other cards"),
        ("related: [b, c]", "related: b", "related", "2 other cards"),
        ("related: [b, c]", "related: [b, x]", "related", "no card 'x'"),
        ("coaching: [step-2]", "coaching: [step-3]", "coaching", "step-1 to step-2"),
        ("coaching: [step-2]", "coaching: maybe", "coaching", "'maybe'"),
        ("    en: It is 12 %.\n", "", "facts.1.en", "write a text"),
        ("    source: pareto\n", "", "facts.1.source", "write a text"),
        ("source: pareto", "source: hearsay", "facts.1.source", "'hearsay' is none of pareto"),
        ("# nl: Een titel", "# Een titel", "title", "'# nl: '"),
        ("# en: A title", "# de: Ein Titel", "title", "'de' is none of nl, en"),
        ("# en: A title", "# nl: Nog een", "nl.title", "twice"),
        ("The statement.\n", "", "en.statement", "one paragraph"),
        ("The statement.\n", "One.\n\nTwo.\n", "en.statement", "one paragraph"),
        ("2. Then that.\n", "", "en.steps", "2 to 5"),
        ("2. Then that.\n", "2. Then.\n3. That.\n", "steps", "as many in Dutch"),
        ("> Why not?\n", "", "en.question", "'> '"),
        ("> Why not?\n", "> Why?\n\n> When?\n", "en.question", "'> '"),
        ("- question a7\n", "", "en.examples", "at least 8"),
        ("- question a7\n", "- Question a6?\n- question 8\n", "en.examples", "no two the same"),
        ("- question a7\n", "- Question b7!\n", "en.examples", "already an example of 'a'"),
        ("---\nid", "id", "front matter", "'---'"),
        ("related: [b, c]", "related: [b, c", "front matter", "no valid YAML at line"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, old: str, new: str, field: str, says: str) -> None:
    change(folder, old, new)
    with pytest.raises(CardError) as caught:
        load(folder)
    error = caught.value
    assert error.field == field
    assert says in error.problem
    assert str(error) == f"{error.file}: {field}: {error.problem}"
    assert "\n" not in str(error)
    expected = "b.md" if "already" in says else "a.md"  # the later of two is the one to change
    assert error.file == expected


def test_facts_that_are_no_list_are_named(folder: Path) -> None:
    path = folder / "a.md"
    text = re.sub(r"facts:\n(  .*\n)+", "facts: many\n", path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    with pytest.raises(CardError, match=r"a\.md: facts: write a list"):
        load(folder)


def test_front_matter_that_is_no_mapping_is_named(folder: Path) -> None:
    (folder / "a.md").write_text("---\njust words\n---\n", "utf-8")
    with pytest.raises(CardError, match=r"a\.md: front matter: write 'name: value' lines"):
        load(folder)


def test_other_encodings_are_named(folder: Path) -> None:
    (folder / "a.md").write_bytes("één".encode("cp1252"))
    with pytest.raises(CardError, match=r"a\.md: file: save it as UTF-8"):
        load(folder)


def test_a_folder_without_sources_is_named(folder: Path) -> None:
    (folder / "sources.yaml").unlink()
    with pytest.raises(CardError, match=r"sources\.yaml: file: No such file"):
        load(folder)


def test_a_folder_without_cards_is_named(folder: Path) -> None:
    for path in folder.glob("*.md"):
        path.unlink()
    with pytest.raises(CardError, match=r"there is no \.md file"):
        load(folder)


def test_a_name_with_capitals_is_refused(folder: Path) -> None:
    (folder / "a.md").rename(folder / "Aa.md")
    with pytest.raises(CardError, match=r"Aa\.md: id: must be the file's name in lower case: 'aa'"):
        load(folder)
