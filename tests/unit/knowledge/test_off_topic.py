from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge import cards, off_topic
from knowledge.cards import LANGUAGES, CardError, Language, normal
from knowledge.ranker import ELSEWHERE, vocabulary

FOUND = off_topic.load()
IN_BOTH = pytest.mark.parametrize("language", LANGUAGES)
LEAST = 250


def examples(language: Language) -> list[str]:
    return [text for card in cards.load() for text in card.text(language).examples]


@IN_BOTH
def test_there_are_enough(language: Language) -> None:
    assert len(FOUND[language]) >= LEAST


def test_no_text_is_in_both_languages() -> None:
    nl, en = ({normal(text) for text in FOUND[language]} for language in LANGUAGES)
    assert nl & en <= {""}  # signs without a word say the same in any language


def test_no_card_has_one_as_an_example() -> None:
    taken = {normal(text) for language in LANGUAGES for text in examples(language)}
    for label, phrases in vocabulary().items():
        if label != ELSEWHERE:
            taken |= {normal(phrase) for phrase in phrases}
    mine = {normal(text) for language in LANGUAGES for text in FOUND[language]}
    assert mine & taken == set()


@IN_BOTH
def test_they_are_as_long_as_the_examples_of_the_cards(language: Language) -> None:
    """Or their length would tell on-topic from off-topic, which it does not outside these files."""
    quantiles = (0.1, 0.25, 0.5, 0.75, 0.9)
    mine = np.quantile([len(text) for text in FOUND[language]], quantiles)
    theirs = np.quantile([len(text) for text in examples(language)], quantiles)
    assert np.all(np.abs(mine - theirs) <= np.maximum(6, theirs / 5)), (mine, theirs)


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ("nl: [kaas]\n", "en", "write a list"),
        ("nl: []\nen: [cheese]\n", "nl", "write a list"),
        ("nl: kaas\nen: [cheese]\n", "nl", "write a list"),
        ("- kaas\n", "nl", "write a list"),
        ("nl: [kaas, 7]\nen: [cheese]\n", "nl", "entry 2"),
        ("nl: [kaas, '  ']\nen: [cheese]\n", "nl", "entry 2"),
        ("nl: [kaas]\nen: [cheese, 'Cheese!']\n", "en", "'Cheese!'"),
        ("nl: [kaas\n", "file", "YAML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, field: str, says: str) -> None:
    path = tmp_path / "off_topic.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(CardError) as caught:
        off_topic.load(path)
    assert (caught.value.file, caught.value.field) == (path.name, field)
    assert says in caught.value.problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"gone\.yaml: file: No such file"):
        off_topic.load(tmp_path / "gone.yaml")


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "off_topic.yaml"
    path.write_bytes("nl: [één]\n".encode("cp1252"))
    with pytest.raises(CardError, match="UTF-8"):
        off_topic.load(path)
