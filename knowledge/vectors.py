"""Chroma in this process, through LangChain: vectors are always passed in, nothing is downloaded.

Chroma would fetch a model where it has to embed by itself, and report its use; neither can happen
here: a collection never gets a text without its vector, and telemetry is off before it is imported.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.documents import Document

SPACE = {"hnsw:space": "cosine", "hnsw:construction_ef": 200, "hnsw:search_ef": 200}


@dataclass(slots=True)
class Vectors:
    """One collection of one folder, open."""

    store: Any
    client: Any
    name: str

    def add(self, documents: Sequence[Document], vectors: Sequence[Sequence[float]]) -> None:
        """Add documents with their vectors, under their own ids."""
        # LangChain's own `add_documents` would have the store embed; here vectors are passed in.
        held = self.client.get_collection(self.name, embedding_function=None)
        held.add(
            ids=[str(d.id) for d in documents],
            embeddings=[list(v) for v in vectors],
            documents=[d.page_content for d in documents],
            metadatas=[d.metadata for d in documents],
        )

    def nearest(
        self, vector: Sequence[float], limit: int, access: Sequence[str]
    ) -> list[tuple[Document, float]]:
        """The nearest documents somebody with this access may read, with their cosine, best first."""
        found = self.store.similarity_search_by_vector_with_relevance_scores(
            embedding=list(vector), k=limit, filter={"access": {"$in": list(access)}}
        )
        return [(document, 1.0 - float(distance)) for document, distance in found]

    def close(self) -> None:
        """Give the files back."""
        self.client.close()


def open_store(folder: Path, collection: str) -> Vectors:
    """Open a collection, made where it is missing."""
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    import chromadb
    from chromadb.config import Settings
    from langchain_chroma import Chroma

    client = chromadb.PersistentClient(
        path=str(folder), settings=Settings(anonymized_telemetry=False, allow_reset=False)
    )
    store = Chroma(
        client=client,
        collection_name=collection,
        embedding_function=None,
        collection_metadata=dict(SPACE),
    )
    return Vectors(store, client, collection)


@contextlib.contextmanager
def opened(folder: Path, collection: str) -> Iterator[Vectors]:
    """Open a collection for a while."""
    held = open_store(folder, collection)
    try:
        yield held
    finally:
        held.close()
