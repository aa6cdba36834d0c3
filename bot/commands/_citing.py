"""Principle cards by id, as citations."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from bot.core.reply import Citation

if TYPE_CHECKING:
    from knowledge.cards import Card


@lru_cache(maxsize=1)
def cards() -> dict[str, Card]:
    """Every card by id; read once."""
    from knowledge.cards import FOLDER, load

    return {card.id: card for card in load(FOLDER)}


def citations(ids: Iterable[str], locale: str) -> tuple[Citation, ...]:
    """The cards of these ids, in order; ids that are no card's are left out."""
    language: Literal["nl", "en"] = "nl" if locale == "nl" else "en"
    found = [cards()[i] for i in dict.fromkeys(ids) if i in cards()]
    return tuple(
        Citation(
            id=card.id,
            title=card.text(language).title,
            principle=card.principle,
            topic=card.topic,
            source="; ".join(dict.fromkeys(f.source.label(language) for f in card.facts)),
        )
        for card in found
    )
