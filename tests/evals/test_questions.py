"""The evaluation sets are whole, varied, fair in length, and independent of the cards."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz, utils

from knowledge import cards, off_topic
from knowledge.ranker import vocabulary

FOLDER = Path(__file__).parent
KINDS = {"plain", "typo", "jargon", "situation", "indirect", "short", "long"}
OFF_KINDS = {"near-miss", "world", "everyday", "homework", "gossip", "nonsense", "language"}
RUN = 4


@dataclass(frozen=True, slots=True)
class Asked:
    question: str
    locale: str
    topics: tuple[str, ...]
    kind: str


def read(name: str) -> list[Asked]:
    rows = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert all(set(row) == {"question", "locale", "topics", "kind"} for row in rows)
    return [
        Asked(row["question"], row["locale"], tuple(row["topics"]), row["kind"]) for row in rows
    ]


ON = read("questions.json")
OFF = read("off_topic.json")


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + RUN]) for at in range(len(found) - RUN + 1)}


def test_every_question_has_known_fields() -> None:
    topics = set(cards.TOPICS) | set(cards.REFUSALS)
    for row in ON:
        assert row.topics, row
        assert set(row.topics) <= topics, row
        assert len(set(row.topics)) == len(row.topics), row
        assert row.kind in KINDS, row
    for row in OFF:
        assert row.topics == (), row
        assert row.kind in OFF_KINDS, row
    for row in ON + OFF:
        assert row.locale in cards.LANGUAGES, row
        assert row.question == " ".join(row.question.split()), row
        assert row.question, row


def test_a_question_is_either_refused_or_answered() -> None:
    for row in ON:
        refused = [topic in cards.REFUSALS for topic in row.topics]
        assert all(refused) or not any(refused), row


def test_each_topic_is_asked_often_enough_in_each_language() -> None:
    count = Counter((topic, row.locale) for row in ON for topic in row.topics)
    for language in cards.LANGUAGES:
        for topic in cards.TOPICS:
            assert count[topic, language] >= 4, (topic, language)
        for topic in cards.REFUSALS:
            assert count[topic, language] >= 5, (topic, language)
    assert sum(row.topics[0] in cards.TOPICS for row in ON) >= 260
    assert len(OFF) >= 80


def test_the_languages_and_kinds_are_in_balance() -> None:
    for rows in (ON, OFF):
        assert 0.4 <= sum(row.locale == "nl" for row in rows) / len(rows) <= 0.6
    count = Counter((row.kind, row.locale) for row in ON)
    for language in cards.LANGUAGES:
        for kind in KINDS - {"long"}:
            assert count[kind, language] >= 20, (kind, language)
        assert count["long", language] >= 5


def test_no_two_questions_are_alike() -> None:
    rows = [(row.question, utils.default_process(row.question)) for row in ON + OFF]
    alike = [
        (first, second)
        for (first, one), (second, other) in combinations(rows, 2)
        if one == other or fuzz.token_sort_ratio(one, other) > 80
    ]
    assert alike == []


def test_no_template_opens_the_questions() -> None:
    openings = Counter(tuple(words(row.question)[:4]) for row in ON + OFF)
    assert [opening for opening, times in openings.items() if len(opening) == 4 and times > 2] == []


@pytest.mark.parametrize("language", [*cards.LANGUAGES, "both"])
def test_both_sets_have_the_same_lengths(language: str) -> None:
    """Quantiles in characters: within a fifth of each other, or six where the questions are short."""
    quantiles = (0.1, 0.25, 0.5, 0.75, 0.9)
    lengths = [
        [len(row.question) for row in rows if language in (row.locale, "both")]
        for rows in (ON, OFF)
    ]
    on, off = (np.quantile(sample, quantiles) for sample in lengths)
    for level, one, other in zip(quantiles, on, off, strict=True):
        assert abs(one - other) <= max(6, one / 5), (level, one, other)


def test_no_question_borrows_a_cards_words() -> None:
    """Only the question is told: who rewords it should not come to see the card."""
    examples: set[tuple[str, ...]] = set()
    for card in cards.load():
        for language in cards.LANGUAGES:
            for example in card.text(language).examples:
                examples |= runs(example)
    for phrases in vocabulary().values():
        for phrase in phrases:
            examples |= runs(phrase)
    for texts in off_topic.load().values():
        for text in texts:
            examples |= runs(text)
    borrowed = [row.question for row in ON + OFF if runs(row.question) & examples]
    assert borrowed == []
