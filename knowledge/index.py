"""The index on disk: built aside as a whole, then put in force by replacing one small file.

    HOME/knowledge/index/<embedder>/CURRENT            the version in force
    HOME/knowledge/index/<embedder>/<version>/         never changed once it is in force
        index.json   what it was made of          items.json  chunks; topics of all items
        ranker.npz   weights (ranker.py)          words/, grams/  BM25 (bm25s)
        chroma/      vectors and passages, one collection a tenant

A reader holds a version until it asks for another; a builder never touches one that is in force. So
nobody waits for anybody, in one process or several.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from knowledge import ranker as rankers
from knowledge.cards import Card
from knowledge.chunks import Chunk
from knowledge.embeddings import Embedder
from knowledge.passages import Passage, all_of

FORMAT = 4
"""Changes with the files above; an index of another format is built anew."""
CURRENT = "CURRENT"
BATCH = 1_000
"""Passages to one call of the embedding and of Chroma."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which index: one a home, tenant and embedder."""

    home: Path
    tenant: str
    embedder: Embedder

    @property
    def folder(self) -> Path:
        """Where its versions stand."""
        return self.home / "knowledge" / "index" / self.embedder.slug

    @property
    def collection(self) -> str:
        """The name of its collection of vectors."""
        held = hashlib.sha256(self.tenant.encode()).hexdigest()[:12]
        return f"tenant-{held}-{self.embedder.slug}"[:60].rstrip("-_.")

    def version(self) -> str | None:
        """The version in force; None before the first."""
        with contextlib.suppress(OSError):
            name = (self.folder / CURRENT).read_text(encoding="utf-8").strip()
            if name and (self.folder / name / "index.json").is_file():
                return name
        return None


def fingerprint(cards: Sequence[Card], chunks: Sequence[Chunk], tenant: str) -> str:
    """What an index is made of, as a short name: equal contents need no new version."""
    lessons = rankers.fingerprint(rankers.lessons(cards))
    told = [FORMAT, tenant, lessons, [dataclasses.astuple(chunk) for chunk in chunks]]
    told.append([(card.id, card.topic, card.nl.title, card.en.title) for card in cards])
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:16]


def made_of(where: Where) -> str | None:
    """The fingerprint of the version in force; None where there is none that can be read."""
    name = where.version()
    if name is None:
        return None
    try:
        about = json.loads((where.folder / name / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(about.get("fingerprint")) if about.get("format") == FORMAT else None


def ensure(where: Where, cards: Sequence[Card], chunks: Sequence[Chunk]) -> str:
    """Make the index say what cards and chunks say; return the version in force.

    Only one process builds at a time; whoever waited finds the work done.
    """
    wanted = fingerprint(cards, chunks, where.tenant)
    if made_of(where) == wanted and (name := where.version()):
        return name
    where.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(where.folder / "build.lock"):
        if made_of(where) == wanted and (name := where.version()):
            return name
        return _build(where, cards, chunks, wanted)


def _build(where: Where, cards: Sequence[Card], chunks: Sequence[Chunk], wanted: str) -> str:
    name = f"{wanted}-{time.time_ns():x}"
    aside = where.folder / f".{name}"
    aside.mkdir()
    try:
        passages = all_of(cards, chunks)
        ranker = _ranker(where, cards)
        ranker.save(aside / "ranker.npz")
        _words(aside, passages)
        _vectors(aside, where, passages)
        _write(aside / "items.json", _items(cards, chunks, ranker))
        _write(
            aside / "index.json", {"format": FORMAT, "fingerprint": wanted, "tenant": where.tenant}
        )
        aside.rename(where.folder / name)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    pointer = where.folder / f"{CURRENT}.{os.getpid()}"
    pointer.write_text(name, encoding="utf-8")
    os.replace(pointer, where.folder / CURRENT)
    sweep(where)
    return name


def _ranker(where: Where, cards: Sequence[Card]) -> rankers.Ranker:
    """Learn from the cards, unless the version in force learned from the same ones."""
    taught = rankers.lessons(cards)
    known = where.folder.parent / "rankers" / f"{rankers.fingerprint(taught)}.npz"
    with contextlib.suppress(OSError, ValueError, KeyError):
        return rankers.Ranker.load(known)
    made = rankers.fit(taught)
    known.parent.mkdir(parents=True, exist_ok=True)
    for old in known.parent.glob("*.npz"):
        old.unlink(missing_ok=True)
    aside = known.with_name(f".{known.name}.{os.getpid()}")
    made.save(aside)
    os.replace(aside, known)
    return rankers.Ranker.load(known)  # as every later reader will have it


def _words(folder: Path, passages: Sequence[Passage]) -> None:
    from knowledge import lexical

    lexical.build(folder, [p.text for p in passages])
    _write(
        folder / "passages.json",
        [[p.item, p.kind, p.lang, p.access] for p in passages],
    )


def _vectors(folder: Path, where: Where, passages: Sequence[Passage]) -> None:
    """Put passages and their vectors into the tenant's collection."""
    from langchain_core.documents import Document

    from knowledge import vectors

    with vectors.opened(folder / "chroma", where.collection) as store:
        embedding = where.embedder.make()
        for start in range(0, len(passages), BATCH):
            batch = passages[start : start + BATCH]
            documents = [
                Document(
                    id=str(start + number),
                    page_content=p.text,
                    metadata={"item": p.item, "kind": p.kind, "lang": p.lang, "access": p.access},
                )
                for number, p in enumerate(batch)
            ]
            store.add(documents, embedding.embed_documents([p.text for p in batch]))


def _items(
    cards: Sequence[Card], chunks: Sequence[Chunk], ranker: rankers.Ranker
) -> dict[str, Any]:
    topics = {card.id: card.topic for card in cards}
    out: list[dict[str, Any]] = []
    for chunk in chunks:
        scores, _known = ranker.score(f"{chunk.heading} {chunk.text}")
        order = scores.argsort()[::-1].tolist()
        nearest = next(ranker.labels[n] for n in order if ranker.labels[n] in topics)
        out.append(dataclasses.asdict(chunk) | {"topic": topics[nearest]})
    return {"topics": topics, "chunks": out}


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def sweep(where: Where) -> None:
    """Remove every version but the one in force, and what a killed builder left behind.

    At once, since an older version may hold what somebody removed. Who still reads one looks at the
    pointer again when a search fails (Library.search).
    """
    keep = where.version()
    for path in where.folder.iterdir():
        if path.is_dir() and path.name != keep:
            shutil.rmtree(path, ignore_errors=True)
