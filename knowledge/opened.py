"""One version of the index, read into memory; and the one in force, picked up as it changes."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge import index as indexes
from knowledge.cards import REFUSALS, Card
from knowledge.chunks import Chunk
from knowledge.lexical import Lexical
from knowledge.lexical import load as load_lexical
from knowledge.passages import Reader, told
from knowledge.ranker import Ranker
from knowledge.vectors import Vectors, open_store

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

log = logging.getLogger("ballotage.index")

LOOK_SECONDS = 2.0
"""How often the pointer is looked at, at most: within 10 s a new version must be in use."""


@dataclass(frozen=True)
class Opened:
    """Everything a search needs of one version. Passages of cards come before those of chunks."""

    where: indexes.Where
    version: str
    passages: Sequence[tuple[str, str, str, str]]  # item, kind, lang, access
    topics: dict[str, str]  # of cards
    chunks: Sequence[Chunk]
    chunk_topics: Sequence[str]
    ranker: Ranker
    lexical: Lexical
    vectors: Vectors
    embedding: Embeddings = field(repr=False)

    @cached_property
    def cards(self) -> tuple[str, ...]:
        """The ids of all cards."""
        return tuple(self.topics)

    @cached_property
    def refusing(self) -> np.ndarray:
        """Which of the cards refuse."""
        return np.isin([self.topics[card] for card in self.cards], REFUSALS)

    @cached_property
    def first_chunk(self) -> int:
        """The place of the first passage of a chunk; chunks have one passage each."""
        return sum(kind == "card" for _item, kind, _lang, _access in self.passages)

    @cached_property
    def _card_of(self) -> np.ndarray:
        place = {card: number for number, card in enumerate(self.cards)}
        return np.array([place[p[0]] for p in self.passages[: self.first_chunk]], dtype=np.int64)

    def told(self, number: int) -> str:
        """The text that a chunk, by its place among the chunks, is found by."""
        return told(self.chunks[number])

    def best_by_card(self, scores: np.ndarray) -> np.ndarray:
        """Each card's best passage, from one score a passage."""
        out = np.zeros(len(self.cards))
        np.maximum.at(out, self._card_of, scores[: self.first_chunk])
        return out

    @cached_property
    def _access(self) -> np.ndarray:
        return np.array([access for _item, _kind, _lang, access in self.passages])

    def visible(self, allowed: Sequence[Reader]) -> np.ndarray:
        """Which passages may be read."""
        return np.isin(self._access, allowed)

    def calibrated(self, cosine: float) -> float:
        """A cosine on a scale that embedders share: 0 for strangers, about 1 for the same text."""
        low = self.where.embedder.floor
        return max(0.0, (cosine - low) / (1.0 - low))

    def close(self) -> None:
        """Give the files back."""
        self.vectors.close()


def read(where: indexes.Where, version: str) -> Opened:
    """Read a version from disk. OSError or ValueError where it is damaged."""
    folder = where.folder / version
    items = _json(folder / "items.json")
    chunks, topics = [], []
    for each in items["chunks"]:
        topics.append(str(each.pop("topic")))
        chunks.append(Chunk(**each))
    return Opened(
        where=where,
        version=version,
        passages=[tuple(p) for p in _json(folder / "passages.json")],
        topics=items["topics"],
        chunks=chunks,
        chunk_topics=topics,
        ranker=Ranker.load(folder / "ranker.npz"),
        lexical=load_lexical(folder),
        vectors=open_store(folder / "chroma", where.collection),
        embedding=where.embedder.make(),
    )


class LiveIndex:
    """The index in force of one home and tenant: opened when first asked for, by one owner a process.

    A process that was forked opens its own. Older versions are closed once a newer one is held for
    LOOK_SECONDS, so that a search that still reads one can end.
    """

    def __init__(
        self,
        where: indexes.Where,
        cards: Callable[[], Sequence[Card]],
        chunks: Callable[[], Sequence[Chunk]],
    ) -> None:
        self._where = where
        self._cards = cards
        self._chunks = chunks
        self._lock = threading.Lock()
        self._held: Opened | None = None
        self._left: list[tuple[float, Opened]] = []
        self._looked = 0.0
        self._owner = 0

    def current(self, *, look: bool = False) -> Opened:
        """The version in force, built where there is none yet or where it is of other cards.

        look: look at the pointer now, however short ago that was.
        """
        with self._lock:
            if self._owner != os.getpid():
                self._held, self._left, self._owner = None, [], os.getpid()
            now = time.monotonic()
            if self._held is None:
                self._held, self._looked = self._open(), now
            elif look or now - self._looked >= LOOK_SECONDS:
                self._looked = now
                self._follow(now)
            return self._held

    def _open(self) -> Opened:
        """Make sure of an index and read it; once more where it was replaced in between."""
        for last in (False, True):
            version = indexes.ensure(self._where, self._cards(), self._chunks())
            try:
                return read(self._where, version)
            except (OSError, ValueError, KeyError):
                if last or version == self._where.version():
                    raise
        raise AssertionError("not reached")

    def _follow(self, now: float) -> None:
        for since, old in list(self._left):
            if now - since >= LOOK_SECONDS:
                old.close()
                self._left.remove((since, old))
        version = self._where.version()
        if version is None or self._held is None or version == self._held.version:
            return
        try:
            fresh = read(self._where, version)
        except (OSError, ValueError, KeyError):
            log.exception("index.refused version=%s", version)
            return
        log.info("index.swapped version=%s", version)
        self._left.append((now, self._held))
        self._held = fresh

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            if self._owner == os.getpid():
                for opened in [old for _since, old in self._left] + [self._held]:
                    if opened is not None:
                        opened.close()
            self._held, self._left = None, []


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
