"""How much of a question a part of a document holds: no ranker learned it, so its words must tell.

A word counts by how rare it is among all passages (idf = ln(1 + passages / passages that hold it)); one
that no passage holds counts most, so that a question about something else is covered badly. A word
that is not there as such is there in part where a word holds nearly all of its character n-grams: a
typing error, or a part of a compound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from knowledge import text as texts
from knowledge.lexical import Lexical

ENOUGH = 9.0
"""Idf a text must share with a question for all its coverage to count: two rare words, or a few."""
CONFIRMED = 8
"""Passages, the best, whose words are looked at themselves; the others are judged by stems."""
ENDING = 2
"""Letters in which two words of one stem may differ: Dutch stems `korting` and `kort` alike."""
_ASKING = frozenset(
    {
        *("zegt", "zei", "schrijft", "schreef", "staat", "vertelt", "vertel", "noemt", "volgens"),
        *("says", "said", "say", "writes", "wrote", "tells", "tell", "mentions", "according"),
        *("document", "documenten", "documents", "stuk", "tekst", "text"),
    }
)
"""Words that ask what a document says, and that it need not hold itself."""
LONG_WORD = 6
NEARLY = 0.75
IN_PART = 0.7


def covered(
    lexical: Lexical, question: str, takes_part: np.ndarray, text_of: Callable[[int], str]
) -> list[tuple[int, float]]:
    """Passages and how well they cover a question, 0 to 1, best first.

    takes_part: which passages may be found. text_of: the text of one of those, by number.
    """
    tokens = [t for t in dict.fromkeys(texts.words(question)) if not _says_nothing(t)]
    count = int(lexical.words.scores["num_docs"])
    weights: list[float] = []
    rough = np.zeros(count)
    for token in tokens:
        there = np.zeros(count, dtype=bool)
        for term in _terms(token):
            there[_holding(lexical.words, term)] = True
        weights.append(float(np.log1p(count / max(1, int(there.sum())))))
        if len(token) >= LONG_WORD:
            there |= _grams_share(lexical.grams, token, count) >= NEARLY
        rough += weights[-1] * there
    total = sum(weights)
    if not total:
        return []
    best = np.argsort(-np.where(takes_part, rough, 0.0), kind="stable")[:CONFIRMED]
    found = [
        (number, _score(_held(tokens, weights, text_of(number)), total))
        for number in best.tolist()
        if takes_part[number] and rough[number] > 0
    ]
    return sorted((f for f in found if f[1] > 0), key=lambda f: -f[1])


def _says_nothing(token: str) -> bool:
    return texts.is_function_word(token) or token in _ASKING


def _score(held: float, total: float) -> float:
    return held / total * min(1.0, held / ENOUGH)


def _held(tokens: Sequence[str], weights: Sequence[float], text: str) -> float:
    by_term, words = _words(text)
    held = 0.0
    for token, weight in zip(tokens, weights, strict=True):
        alike = [w for term in _terms(token) for w in by_term.get(term, ())]
        if any(abs(len(word) - len(token)) <= ENDING for word in alike):
            held += weight
        elif len(token) >= LONG_WORD:
            grams = frozenset(texts.grams(token))
            if any(len(grams & other) >= NEARLY * len(grams) for other in words):
                held += IN_PART * weight
    return held


@lru_cache(maxsize=512)
def _words(text: str) -> tuple[dict[str, tuple[str, ...]], tuple[frozenset[str], ...]]:
    """The words of a text by each of their stems, and the n-grams of each."""
    words = list(dict.fromkeys(texts.words(text)))
    by_term: dict[str, tuple[str, ...]] = {}
    for word in words:
        for term in _terms(word):
            by_term[term] = (*by_term.get(term, ()), word)
    return by_term, tuple(frozenset(texts.grams(word)) for word in words)


def _terms(word: str) -> tuple[str, str]:
    dutch, english = texts.stems([word])
    return f"n:{dutch[0]}", f"e:{english[0]}"


def _grams_share(index: Any, token: str, count: int) -> np.ndarray:
    grams = list(dict.fromkeys(texts.grams(token)))
    found = np.zeros(count)
    for gram in grams:
        found[_holding(index, gram)] += 1.0
    return found / max(1, len(grams))


def _holding(index: Any, term: str) -> np.ndarray:
    """The passages that hold a term, from the index's columns."""
    number = index.vocab_dict.get(term)
    if number is None:
        return np.zeros(0, dtype=np.int64)
    start, end = index.scores["indptr"][number], index.scores["indptr"][number + 1]
    rows: np.ndarray = index.scores["indices"][start:end].astype(np.int64)
    return rows
