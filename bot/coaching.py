"""The knowledge behind the coach, composed from the settings; nothing is opened before it is asked."""

from __future__ import annotations

from pathlib import Path

from bot import people
from bot.settings import Settings
from knowledge.documents import Documents
from knowledge.library import Library

FOLDER = ("knowledge", "documents")


def library(settings: Settings, home: Path) -> Library:
    """The library of a home: principle cards, the company's own documents, one index over both."""
    return Library(home, people.TENANT, settings.embeddings, documents(home).chunks)


def documents(home: Path) -> Documents:
    """The company's own documents."""
    return Documents(home.joinpath(*FOLDER))
