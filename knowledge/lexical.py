"""Word search and n-gram search: two BM25 indexes over the same passages (bm25s)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge import text as texts

_NOTHING = "\x00"
"""A term no text holds: bm25s cannot index a corpus without any."""


@dataclass(frozen=True, slots=True)
class Lexical:
    """Both indexes, opened."""

    words: Any
    grams: Any

    def scores(self, question: str) -> tuple[np.ndarray, np.ndarray]:
        """BM25 of every passage, by word stems and by character n-grams, 0 where nothing is shared.

        Each is divided by what a passage that holds all of the question would get: 0 to about 1.
        """
        return (
            _scores(self.words, texts.search_terms(question)),
            _scores(self.grams, texts.grams(question)),
        )


def build(folder: Path, passages: Sequence[str]) -> None:
    """Write both indexes of some passages into `words` and `grams`."""
    import bm25s

    for name, split in (("words", texts.search_terms), ("grams", texts.grams)):
        index = bm25s.BM25(k1=1.2, b=0.5)
        index.index([split(text) or [_NOTHING] for text in passages], show_progress=False)
        index.save(str(folder / name), show_progress=False)


def load(folder: Path) -> Lexical:
    """Open what `build` wrote."""
    import bm25s

    return Lexical(*(bm25s.BM25.load(str(folder / name)) for name in ("words", "grams")))


def _scores(index: Any, terms: Sequence[str]) -> np.ndarray:
    known = [index.vocab_dict[term] for term in dict.fromkeys(terms) if term in index.vocab_dict]
    if not known:
        return np.zeros(index.scores["num_docs"], dtype=np.float32)
    found: np.ndarray = index.get_scores_from_ids(np.array(known, dtype=np.int32))
    return found / (len(set(terms)) * 4.0)
