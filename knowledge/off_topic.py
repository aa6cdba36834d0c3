"""Background: what people also type to a chat bot at work, and this coach has no part in.

The examples on the cards show what is on topic; these show what is not, in the same lengths, so that
a border between the two can be learned. They are never shown and never searched in. That a card
refuses something (law, tax, IT, personal data) is another matter: those have examples on their card.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from knowledge.cards import LANGUAGES, CardError, Language, normal

PATH = Path(__file__).parent / "off_topic.yaml"


def load(path: Path = PATH) -> Mapping[Language, tuple[str, ...]]:
    """The off-topic questions of each language, in the order of the file.

    Raises CardError, with the file, the language and the remedy, where a list is missing, holds
    anything but texts, or holds a text twice.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardError(path.name, "file", error.strerror or "cannot be read") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise CardError(path.name, "file", "save it as YAML in UTF-8") from error
    return {language: _texts(path.name, found, language) for language in LANGUAGES}


def _texts(file: str, found: object, language: Language) -> tuple[str, ...]:
    listed = found.get(language) if isinstance(found, dict) else None
    if not isinstance(listed, list) or not listed:
        raise CardError(file, language, "write a list of texts here")
    seen: set[str] = set()
    for number, text in enumerate(listed, 1):
        if not isinstance(text, str) or not text.strip():
            raise CardError(file, language, f"entry {number} is no text; put it in quotes")
        if normal(text) in seen:
            raise CardError(file, language, f"'{text}' is there already; leave one out")
        seen.add(normal(text))
    return tuple(listed)
