"""All knowledge of one home: cards, own documents, and the index over both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge import cards as principle_cards
from knowledge.cards import Card
from knowledge.chunks import Chunk
from knowledge.passages import Reader, readable

if TYPE_CHECKING:
    from knowledge.index import Where
    from knowledge.opened import LiveIndex, Opened
    from knowledge.retriever import Retrieved


class Library:
    """Cards at once, the rest when first asked for: importing this module costs nothing.

    home: the folder of all data; embeddings: the setting, see embeddings.py.
    """

    def __init__(
        self,
        home: Path,
        tenant: str = "default",
        embeddings: str = "local",
        chunks: Callable[[], Sequence[Chunk]] | None = None,
    ) -> None:
        self._home = home
        self._tenant = tenant
        self._embeddings = embeddings
        self._chunks = chunks or (lambda: ())

    @cached_property
    def cards(self) -> Mapping[str, Card]:
        """All principle cards by id."""
        return {card.id: card for card in principle_cards.load()}

    @cached_property
    def _live(self) -> LiveIndex:
        from knowledge.opened import LiveIndex

        return LiveIndex(self._where, lambda: tuple(self.cards.values()), self._chunks)

    @cached_property
    def _where(self) -> Where:
        from knowledge.embeddings import embedder
        from knowledge.index import Where

        return Where(self._home, self._tenant, embedder(self._embeddings))

    def search(
        self, text: str, locale: str = "nl", *, limit: int = 3, access: Reader = "all"
    ) -> Retrieved:
        """Search cards and chunks; see Retriever.search. The first call opens the index."""
        from knowledge.retriever import Retriever

        held = self._live.current()
        try:
            return Retriever(held).search(text, locale, limit=limit, access=access)
        except Exception:
            # A version is removed as soon as a newer one is in force; Chroma reads files late.
            newer = self._live.current(look=True)
            if newer is held:
                raise
            return Retriever(newer).search(text, locale, limit=limit, access=access)

    def opened(self) -> Opened:
        """The version of the index in force."""
        return self._live.current()

    def chunk(self, chunk_id: str, access: Reader = "all") -> Chunk | None:
        """A chunk of the version in force, where somebody with this access may read it."""
        for chunk in self._live.current().chunks:
            if chunk.id == chunk_id:
                return chunk if chunk.access in readable(access) else None
        return None

    def rebuild(self) -> str:
        """Bring the index up to date with cards and documents; return the version in force."""
        from knowledge import index

        return index.ensure(self._where, tuple(self.cards.values()), tuple(self._chunks()))

    def close(self) -> None:
        """Close what is open; a later search opens it again."""
        if "_live" in self.__dict__:
            self._live.close()
