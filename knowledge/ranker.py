"""The ranker: which card a question is about, learned from how people ask.

Ridge regression on stems, stem pairs and character n-grams (text.features), one column a card, fitted
by conjugate gradients on the cards' texts and examples and on knowledge/vocabulary. Linear, so
that a ranking can be explained by its words; without randomness, so that the same cards always give
the same weights. It needs no sklearn, whose import alone takes longer than fitting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from knowledge import text as texts
from knowledge.cards import LANGUAGES, Card

ELSEWHERE = "elsewhere"
"""The column of what the coach is not for: it has no card."""
GENERAL = "outside-my-trade"
"""The card that refuses small talk and general knowledge: a stranger among the cards."""
VOCABULARY = Path(__file__).parent / "vocabulary"
FORMAT = 4
"""Changes with how features are made, so that weights of another making are not taken up."""

PENALTY = 2.0
ITERATIONS = 60
TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Taught:
    """One text to learn from, and the card it speaks of (or ELSEWHERE)."""

    text: str
    label: str


def vocabulary(folder: Path = VOCABULARY) -> Mapping[str, tuple[str, ...]]:
    """The phrases of each card, Dutch and English together, of all files of a folder."""
    out: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.glob("*.yaml")):
        for label, found in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            phrases = (part.strip() for lang in LANGUAGES for part in found[lang].split(";"))
            out[label] = (*out.get(label, ()), *(phrase for phrase in phrases if phrase))
    return out


def lessons(
    cards: Sequence[Card], phrases: Mapping[str, Iterable[str]] | None = None
) -> list[Taught]:
    """Everything there is to learn from about some cards."""
    known = {card.id for card in cards} | {ELSEWHERE}
    out = []
    for card in cards:
        for lang in LANGUAGES:
            said = card.text(lang)
            parts = (said.title, said.statement, said.question, *(s.text for s in said.steps))
            out += [Taught(part, card.id) for part in (*parts, *said.examples)]
    for label, found in (vocabulary() if phrases is None else phrases).items():
        if label in known:
            out += [Taught(phrase, label) for phrase in found]
    return out


def fingerprint(taught: Sequence[Taught]) -> str:
    """A short name for what was learned from: the same lessons, the same weights."""
    content = json.dumps([FORMAT, PENALTY, [(t.text, t.label) for t in taught]], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Known:
    """How well a question's own words (function words left out) are known, as shares of 0 to 1.

    all: their weight by rarity that occurs in any lesson. inside: their number in lessons about the
    principles. outside: their number only in lessons about something else. count: how many inside.
    """

    all: float = 0.0
    inside: float = 0.0
    outside: float = 0.0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Ranker:
    """Fitted weights.

    labels: n cards; index: feature to row; idf: (m,); weights: (m, n) float32; offset: (n,);
    inside, outside: (m,) whether lessons about principles, or about something else, hold a feature.
    """

    labels: tuple[str, ...]
    index: Mapping[str, int]
    idf: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    inside: np.ndarray
    outside: np.ndarray

    def score(self, text: str) -> tuple[np.ndarray, Known]:
        """Scores of all labels (about 0 for strangers, 1 for a lesson), and how well its words are known."""
        rows, values = self._row(texts.features(text))
        if not len(rows):
            return self.offset.copy(), Known()
        return values @ self.weights[rows] + self.offset, self._known(text)

    def _row(self, found: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        rows, values = [], []
        for name, weight in found.items():
            row = self.index.get(name)
            if row is not None:
                rows.append(row)
                values.append(weight * float(self.idf[row]))
        norm = float(np.linalg.norm(values)) or 1.0
        return np.array(rows, dtype=np.int64), np.array(values, dtype=np.float32) / norm

    def _known(self, text: str) -> Known:
        told = [token for token in texts.words(text) if not texts.is_function_word(token)]
        if not told:
            return Known()
        rarest = float(self.idf.max())
        weight, held, inside, outside = 0.0, 0.0, 0, 0
        for dutch, english in zip(*texts.stems(told), strict=True):
            rows = [self.index.get(f"n:{dutch}"), self.index.get(f"e:{english}")]
            found = [row for row in rows if row is not None]
            worth = max((float(self.idf[row]) for row in found), default=rarest)
            weight += worth
            held += worth if found else 0.0
            within = any(self.inside[row] for row in found)
            inside += within
            outside += not within and any(self.outside[row] for row in found)
        count = len(told)
        return Known(held / weight, inside / count, outside / count, inside)

    def save(self, path: Path) -> None:
        """Write the weights to a file."""
        with path.open("wb") as file:
            np.savez(
                file,
                labels=np.array(self.labels),
                names=np.frombuffer("\n".join(self.index).encode(), np.uint8),
                idf=self.idf,
                weights=self.weights.astype(np.float16),
                offset=self.offset,
                inside=self.inside,
                outside=self.outside,
            )

    @classmethod
    def load(cls, path: Path) -> Ranker:
        """Read weights back. OSError or ValueError for a damaged file."""
        with np.load(path, allow_pickle=False) as read:
            names = read["names"].tobytes().decode().split("\n")
            return cls(
                labels=tuple(read["labels"].tolist()),
                index={name: row for row, name in enumerate(names)},
                idf=read["idf"],
                weights=read["weights"].astype(np.float32),
                offset=read["offset"],
                inside=read["inside"],
                outside=read["outside"],
            )


def fit(taught: Sequence[Taught]) -> Ranker:
    """Learn from lessons: (X X' + penalty I) A = Y - mean, weights = X' A."""
    from scipy import sparse

    labels = tuple(dict.fromkeys(t.label for t in taught))
    strangers = {ELSEWHERE, GENERAL}
    column = {label: number for number, label in enumerate(labels)}
    found = [texts.features(t.text) for t in taught]
    counts: dict[str, int] = {}
    for each in found:
        for name in each:
            counts[name] = counts.get(name, 0) + 1
    index = {name: row for row, name in enumerate(counts)}
    total = len(taught)
    idf = np.log((total + 1) / (np.fromiter(counts.values(), float, len(counts)) + 0.5))
    indices, values, starts = [], [], [0]
    for each in found:
        rows = np.fromiter((index[name] for name in each), np.int64, len(each))
        weights = np.fromiter(each.values(), float, len(each)) * idf[rows]
        indices.append(rows)
        values.append(weights / (np.linalg.norm(weights) or 1.0))
        starts.append(starts[-1] + len(rows))
    matrix = sparse.csr_matrix(
        (np.concatenate(values), np.concatenate(indices), starts), shape=(total, len(index))
    )
    wanted = np.zeros((total, len(labels)))
    wanted[np.arange(total), [column[t.label] for t in taught]] = 1.0
    offset = wanted.mean(axis=0)
    dual = _solve(matrix, wanted - offset)
    return Ranker(
        labels=labels,
        index=index,
        idf=idf.astype(np.float32),
        weights=(matrix.T @ dual).astype(np.float32),
        offset=offset.astype(np.float32),
        inside=_held(index, taught, found, lambda label: label not in strangers),
        outside=_held(index, taught, found, lambda label: label in strangers),
    )


def _held(
    index: Mapping[str, int],
    taught: Sequence[Taught],
    found: Sequence[Mapping[str, float]],
    counts: Callable[[str], bool],
) -> np.ndarray:
    """Which features occur in lessons whose label counts."""
    out = np.zeros(len(index), dtype=bool)
    for lesson, features in zip(taught, found, strict=True):
        if counts(lesson.label):
            out[[index[name] for name in features]] = True
    return out


def _solve(matrix: object, wanted: np.ndarray) -> np.ndarray:
    """Conjugate gradients for all columns at once; the matrix X X' is never made."""
    turned = matrix.T.tocsr()  # type: ignore[attr-defined]
    found = np.zeros_like(wanted)
    rest = wanted.copy()
    direction = rest.copy()
    before = (rest**2).sum(axis=0)
    enough = TOLERANCE**2 * np.maximum(before, 1e-30)
    for _ in range(ITERATIONS):
        if (before <= enough).all():
            break
        moved = matrix @ (turned @ direction) + PENALTY * direction
        step = before / np.maximum((direction * moved).sum(axis=0), 1e-30)
        found += step * direction
        rest -= step * moved
        after = (rest**2).sum(axis=0)
        direction = rest + (after / np.maximum(before, 1e-30)) * direction
        before = after
    return found
