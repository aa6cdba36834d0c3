"""Which texts the code shows and which of them a language lacks: `python -m tests.translations`."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir

from bot.i18n import catalogue

ROOT = Path(__file__).parents[1]
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "N_": None,
    "n": (1, 2),
    "UserError": None,
    "DataError": None,
    "ExpressionError": None,
    "_error": None,
    "_unexpected": None,
    "_fault": (2,),
    "NoDataError": None,
    "RefusedError": None,
    "SettingsError": None,
    "KnowledgeError": None,
    "Note": None,
    "mark": (2,),
    "fault": (2,),
}
"""Calls whose first argument is a text for people."""


def shown() -> dict[str, str]:
    """Every message id (of a plural its singular) and the place it was first found."""
    found: dict[str, str] = {}
    for folder in ("bot", "analytics", "knowledge"):
        messages = extract_from_dir(ROOT / folder, keywords=KEYWORDS)
        for name, line, text, _comments, _context in messages:
            key = text[0] if isinstance(text, tuple) else text
            if key and not key.startswith("/"):
                found.setdefault(key, f"{folder}/{name}:{line}")
    return found


def missing(locale: str) -> dict[str, str]:
    """Message ids without a translation."""
    have = catalogue(locale)
    return {key: place for key, place in shown().items() if key not in have}


if __name__ == "__main__":
    for key, place in missing("nl").items():
        print(f"#: {place}\nmsgid {key!r}\n")
