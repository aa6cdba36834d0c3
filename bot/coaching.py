"""The knowledge behind the coach, composed from the settings; nothing is opened before it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot import people
from bot.core.advice import Passage
from bot.core.request import Request
from bot.core.services import Services
from bot.settings import Settings
from knowledge.documents import Documents
from knowledge.library import Library

if TYPE_CHECKING:
    from knowledge.cards import Card, Language

FOLDER = ("knowledge", "documents")
LOOKED_FOR = 4
"""Passages a language model gets for one search."""


def library(settings: Settings, home: Path) -> Library:
    """The library of a home: principle cards, the company's own documents, one index over both."""
    return Library(home, people.TENANT, settings.embeddings, documents(home).chunks)


def documents(home: Path) -> Documents:
    """The company's own documents."""
    return Documents(home.joinpath(*FOLDER))


def finder(services: Services) -> Callable[[Request, str], Awaitable[Sequence[Passage]]]:
    """A search for a language model: what this asker may read here, and nothing that is a mere guess."""

    async def find(request: Request, question: str) -> Sequence[Passage]:
        return await services.run(_passages, services, request, question)

    return find


def _passages(services: Services, request: Request, question: str) -> Sequence[Passage]:
    from bot.commands._coach_words import reader, source_of
    from knowledge.retriever import Band

    knowledge, access = services.knowledge(), reader(request)
    found = knowledge.search(question, request.locale, limit=LOOKED_FOR, access=access)
    out: list[Passage] = []
    for hit in found.results if found.band is not Band.UNKNOWN else ():
        if hit.kind == "card":
            out.append(_of_card(knowledge.cards[hit.id], "nl" if request.locale == "nl" else "en"))
        elif chunk := knowledge.chunk(hit.id, access):
            title = " · ".join(part for part in (chunk.title, chunk.part) if part)
            out.append(Passage(chunk.id, title, chunk.text, source_of(chunk), document=True))
    return out


def _of_card(card: Card, lang: Language) -> Passage:
    said = card.text(lang)
    lines = [
        said.statement,
        *(step.text for step in said.steps),
        said.question,
        *(f"{fact.text(lang)} ({fact.source.label(lang)})" for fact in card.facts),
    ]
    return Passage(
        card.id, said.title, "\n".join(lines), card.source.label(lang) if card.source else ""
    )
