"""What is searched: passages of cards, and chunks of the company's own documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.cards import LANGUAGES, Card
from knowledge.chunks import Chunk

Kind = Literal["card", "chunk"]
Reader = Literal["public", "all", "mt"]
"""Who asks: somebody without a role (cards only), with one, or of the management team."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One text in the index; `item` is the card or chunk it belongs to."""

    item: str
    kind: Kind
    text: str
    lang: str
    access: Reader = "public"


def of_cards(cards: Iterable[Card]) -> Iterator[Passage]:
    """Each card in both languages, and each way of asking for it."""
    for card in cards:
        for lang in LANGUAGES:
            said = card.text(lang)
            steps = " ".join(step.text for step in said.steps)
            yield Passage(card.id, "card", f"{said.title}. {said.statement} {steps}", lang)
            for example in said.examples:
                yield Passage(card.id, "card", example, lang)


def of_chunks(chunks: Iterable[Chunk]) -> Iterator[Passage]:
    """Each chunk under its title and heading, which often hold the word one looks for."""
    for chunk in chunks:
        yield Passage(chunk.id, "chunk", told(chunk), chunk.lang, chunk.access)


def told(chunk: Chunk) -> str:
    """The text a chunk is found by."""
    return " ".join(part for part in (chunk.title, chunk.heading, chunk.label, chunk.text) if part)


def readable(reader: Reader) -> tuple[Reader, ...]:
    """What somebody may read."""
    order: tuple[Reader, ...] = ("public", "all", "mt")
    return order[: order.index(reader) + 1]


def all_of(cards: Sequence[Card], chunks: Sequence[Chunk]) -> list[Passage]:
    """All passages, cards first."""
    return [*of_cards(cards), *of_chunks(chunks)]
