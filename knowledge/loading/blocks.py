"""What every reader gives: headings and paragraphs in reading order."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_JOINERS = "\u200c\u200d"
_LABEL = re.compile(
    r"(?P<label>(?P<number>(?:§\s*)?\d{1,3}(?:\.\d{1,3})*[.)]?\s+)?(?P<words>\S[^\n]{1,78}?))"
    r"(?:\s+[—–-]|:|(?<=[?!])\s*[—–-])\s+(?=\S)"
)
LABEL_WORDS = 6
"""Words a label ended by a colon has at most: longer ones are the start of a sentence."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a document may be: bytes, pages, characters, unpacked bytes, seconds, files."""

    file_bytes: int = 20_000_000
    pages: int = 1_000
    characters: int = 2_000_000
    unpacked_bytes: int = 100_000_000
    seconds: float = 60.0
    files: int = 2_000


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (`level` 0) or a heading (1 is the highest).

    `page` counts from 1; 0 where the file has no pages. `label`: the words a paragraph begins with
    in bold; other labels are found in the text (`label_of`).
    """

    text: str
    level: int = 0
    page: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """A document as it was read; `title` is empty where it names none."""

    title: str
    blocks: tuple[Block, ...]


def clean(text: str) -> str:
    """Text without control characters and without what nobody sees (zero width, Unicode tags).

    Blanks become one, line breaks stay: they hold lists and tables together.
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(
        c
        for c in text
        if c in "\n\t"
        or c in _JOINERS
        or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cn", "Cs")
    )
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def label_of(text: str) -> str:
    """The label a paragraph begins with, or "": `2. WAAROM PARETO NEGEREN?`, `Korting`.

    It ends at a dash or a colon, and it is numbered, in capitals, or short and before a colon.
    """
    found = _LABEL.match(text)
    if found is None:
        return ""
    words = found["words"].strip()
    if re.search(r"[.;!?,]\s", words) or not any(map(str.isalpha, words)):
        return ""
    capitals = words.upper() == words and sum(map(str.isalpha, words)) >= 3
    before_colon = text[found.end("label") : found.end("label") + 1] == ":"
    short = before_colon and words[0].isupper() and len(words.split()) <= LABEL_WORDS
    return found["label"].strip() if found["number"] or capitals or short else ""
