"""What is searched: passages of cards, and chunks of the company's own documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.cards import LANGUAGES, Card

Access = Literal["all", "mt"]
"""Who may read a document: everybody with a role, or the management team and admins."""
Kind = Literal["card", "chunk"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document of the company's own, small enough to quote.

    `heading` is where it stands (heading, or the label a paragraph begins with); `source` is how it
    is cited, file and heading. `lang` may be empty.
    """

    id: str
    document: str
    title: str
    heading: str
    text: str
    source: str
    access: Access = "all"
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """One text in the index; `item` is the card or chunk it belongs to."""

    item: str
    kind: Kind
    text: str
    lang: str
    access: Access = "all"


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
        told = " ".join(part for part in (chunk.title, chunk.heading, chunk.text) if part)
        yield Passage(chunk.id, "chunk", told, chunk.lang, chunk.access)


def readable(access: Access) -> tuple[Access, ...]:
    """What somebody with this access may read."""
    return ("all", "mt") if access == "mt" else ("all",)


def all_of(cards: Sequence[Card], chunks: Sequence[Chunk]) -> list[Passage]:
    """All passages, cards first."""
    return [*of_cards(cards), *of_chunks(chunks)]
