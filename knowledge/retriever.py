"""From a question to the cards and chunks it is about, and how sure that is.

Four scores are fused: the ranker's (ranker.py), BM25 over stems, BM25 over character n-grams, and
the vectors' cosine. What the asker may not read is left out before anything is ranked. The best
score is then judged: answered, closest principles, unknown, or refused (bands.json).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from knowledge import text as texts
from knowledge.cards import REFUSALS
from knowledge.coverage import covered
from knowledge.opened import Opened
from knowledge.passages import Kind, Reader, readable
from knowledge.ranker import ELSEWHERE, GENERAL, Known

BANDS = Path(__file__).parent / "bands.json"
LIMIT = 3
MAX_LIMIT = 100
SURE = 0.6
"""Score from which a card that answers is not put behind a document: it was fitted, a document not."""
CLEAR = 0.7
"""Score from which a document answers what was about to be refused, where that was not sure."""
NEIGHBOURS = 40
"""Passages the vectors are asked for."""


class Band(Enum):
    """How sure an answer is; the value is what `data` says."""

    ANSWER = "answer"
    CLOSEST = "closest"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Hit:
    """A card or chunk that was found; `lang` is the language it is best shown in."""

    id: str
    topic: str
    score: float
    lang: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found, best first. `language`: that of the question, see text.language."""

    band: Band
    results: tuple[Hit, ...]
    language: str = ""

    @property
    def answered(self) -> bool:
        """Whether this is an answer, and no more or less than that."""
        return self.band is Band.ANSWER


@dataclass(frozen=True, slots=True)
class Evidence:
    """All scores of one question. Arrays are one value a card, in the order of `Opened.cards`."""

    ranker: np.ndarray
    words: np.ndarray
    grams: np.ndarray
    vectors: np.ndarray
    elsewhere: float
    known: Known
    length: int
    chunks: tuple[tuple[int, float], ...]

    def fused(self, weights: Mapping[str, float]) -> np.ndarray:
        """The weighted sum, one value a card."""
        return (
            weights["ranker"] * self.ranker
            + weights["words"] * self.words
            + weights["grams"] * self.grams
            + weights["vectors"] * self.vectors
        )


@lru_cache(maxsize=1)
def bands() -> Mapping[str, Any]:
    """The fitted weights and borders."""
    return json.loads(BANDS.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


class Retriever:
    """Searches one opened version of the index; safe to use from several threads."""

    def __init__(self, opened: Opened, fitted: Mapping[str, Any] | None = None) -> None:
        self.opened = opened
        self.fitted = bands() if fitted is None else fitted

    @property
    def weights(self) -> Mapping[str, float]:
        """How the four scores are summed with this embedder."""
        kind = "semantic" if self.opened.where.embedder.semantic else "local"
        return self.fitted[kind]  # type: ignore[no-any-return]

    def search(
        self, text: str, locale: str = "nl", *, limit: int = LIMIT, access: Reader = "all"
    ) -> Retrieved:
        """The best cards and chunks for a question, at most `limit`, and the band.

        Cards of the same topic step back behind the best one of another: three answers that say
        the same are no choice.
        """
        spoken = texts.language(text)
        if not texts.words(text):
            return Retrieved(Band.UNKNOWN, (), spoken)
        found = self.evidence(text, access)
        fused = found.fused(self.weights)
        order = np.argsort(-fused, kind="stable")
        lang = locale if locale in ("nl", "en") else "en"
        if spoken == "other":
            lang = "en"
        opened = self.opened
        cards = [
            Hit(opened.cards[n], opened.topics[opened.cards[n]], float(fused[n]), lang, "card")
            for n in order.tolist()
        ]
        band = self._band(found, fused, order)
        chunks = [
            Hit(chunk.id, opened.chunk_topics[number], score, chunk.lang or lang, "chunk")
            for number, score in found.chunks
            if score >= self.fitted["chunk"]
            for chunk in (opened.chunks[number],)
        ]
        sure = band is Band.ANSWER and float(fused[order[0]]) >= SURE
        if chunks and band is Band.REFUSED:
            # A document that plainly speaks of it outweighs a refusal that is a mere likeness.
            clear = chunks[0].score >= CLEAR and float(fused[order[0]]) < SURE
            chunks = chunks if clear else []
        if chunks:
            band = Band.ANSWER
        hits = _merged(_spread(cards), chunks, sure=sure)
        return Retrieved(band, tuple(hits[: max(1, min(limit, MAX_LIMIT))]), spoken)

    def evidence(self, text: str, access: Reader = "all") -> Evidence:
        """All scores of a question, what may not be read left out."""
        opened, allowed = self.opened, readable(access)
        scores, known = opened.ranker.score(text)
        ranked = {label: float(s) for label, s in zip(opened.ranker.labels, scores, strict=True)}
        visible = opened.visible(allowed)
        words, grams = opened.lexical.scores(text)
        words, grams = np.where(visible, words, 0.0), np.where(visible, grams, 0.0)
        near = np.zeros(len(opened.passages), dtype=np.float32)
        vector = opened.embedding.embed_query(text)
        for document, cosine in opened.vectors.nearest(vector, NEIGHBOURS, allowed):
            near[int(str(document.id))] = opened.calibrated(cosine)
        return Evidence(
            ranker=np.array([ranked.get(card, 0.0) for card in opened.cards]),
            words=opened.best_by_card(words),
            grams=opened.best_by_card(grams),
            vectors=opened.best_by_card(near),
            elsewhere=ranked.get(ELSEWHERE, 0.0),
            known=known,
            length=len(texts.words(text)),
            chunks=self._chunks(text, visible, near),
        )

    def _chunks(
        self, text: str, visible: np.ndarray, near: np.ndarray
    ) -> tuple[tuple[int, float], ...]:
        """Chunks with their scores, best first: by the words they share, and by sense if known."""
        opened = self.opened
        first = opened.first_chunk
        if first >= len(opened.passages):
            return ()
        takes_part = visible.copy()
        takes_part[:first] = False
        found = covered(opened.lexical, text, takes_part, lambda n: opened.told(n - first))
        scores = {n - first: score for n, score in found}
        if opened.where.embedder.semantic:
            for n in np.argsort(-near[first:], kind="stable")[:MAX_LIMIT].tolist():
                scores[n] = max(scores.get(n, 0.0), float(near[first + n]))
        best = sorted(scores.items(), key=lambda found: (-found[1], found[0]))[:MAX_LIMIT]
        return tuple((n, score) for n, score in best if score > 0)

    def _band(self, found: Evidence, fused: np.ndarray, order: np.ndarray) -> Band:
        if found.known.all < self.fitted["known"]:
            return Band.UNKNOWN  # n-grams alone find something in every word
        best = int(order[0])
        if self.opened.topics[self.opened.cards[best]] in REFUSALS:
            sure = float(fused[best]) >= self.fitted["refused"]
            return Band.REFUSED if sure else Band.UNKNOWN
        chance = self.chance(found, fused)
        if chance >= self.fitted["answer"]:
            return Band.ANSWER
        return Band.CLOSEST if chance >= self.fitted["closest"] else Band.UNKNOWN

    def chance(self, found: Evidence, fused: np.ndarray) -> float:
        """The chance, 0 to 1, that the best principle is about the question."""
        judge = self.fitted["judge"]
        total = judge["bias"] + sum(
            judge[name] * value for name, value in self.judged(found, fused).items()
        )
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))

    def judged(self, found: Evidence, fused: np.ndarray) -> dict[str, float]:
        """What the judgement rests on; its weights are fitted by tests/evals/fit.py."""
        refusing = self.opened.refusing
        best = np.sort(fused[~refusing])[::-1]
        general = self.opened.cards.index(GENERAL) if GENERAL in self.opened.topics else None
        return {
            "top": float(best[0]),
            "margin": float(best[0] - best[1]) if len(best) > 1 else float(best[0]),
            "top_3": float(best[:3].sum()),
            "refusal": float(fused[refusing].max()) if refusing.any() else 0.0,
            "general": 0.0 if general is None else float(fused[general]),
            "elsewhere": found.elsewhere,
            "known": found.known.all,
            "inside": found.known.inside,
            "outside": found.known.outside,
            "count": math.log1p(found.known.count),
            "length": math.log1p(found.length),
        }


def _spread(cards: Sequence[Hit]) -> list[Hit]:
    """The best card of each topic first, the others behind, each in their own order."""
    seen: set[str] = set()
    first: list[Hit] = []
    later: list[Hit] = []
    for hit in cards:
        (later if hit.topic in seen else first).append(hit)
        seen.add(hit.topic)
    return [*first, *later]


def _merged(cards: Sequence[Hit], chunks: Sequence[Hit], *, sure: bool) -> list[Hit]:
    """Chunks before the cards they beat; the order among cards stays. A sure card stays first."""
    out: list[Hit] = list(cards[:1]) if sure else []
    waiting = list(chunks)
    for hit in cards[len(out) :]:
        while waiting and waiting[0].score >= hit.score:
            out.append(waiting.pop(0))
        out.append(hit)
    return [*out, *waiting]
