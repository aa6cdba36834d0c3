"""A document in pieces small enough to be found and cited: each under its heading or label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.loading.blocks import Contents, label_of

Access = Literal["all", "mt"]
"""Who may see a document: everybody with a role, or the management team alone."""

JOINED = 900
"""Characters up to which paragraphs under one heading are put together."""
WHOLE = 1_500
"""Characters up to which a paragraph is left in one piece."""
PIECE = 1_000
"""Characters of the pieces a longer one is cut into, between sentences."""
HEADING = 160

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n")
_WORD = re.compile(r"[a-zà-ÿ']+")
_COMMON = {
    "nl": re.compile(
        r"(?:de|het|een|en|van|is|dat|niet|op|te|in|met|voor|zijn|aan|je|als|er|maar|om|die|ook|wat"
        r"|we|wij|jullie|naar|bij|dan|nog|geen|door|deze|dit|wordt|klant|klanten|heeft|uit|over)"
    ),
    "en": re.compile(
        r"(?:the|a|an|and|of|is|that|not|on|to|in|with|for|are|you|as|it|but|if|this|they|we|our"
        r"|your|from|by|be|or|have|has|was|will|what|which|who|clients?|at|their|can|no|do)"
    ),
}
"""The commonest words of a text on sales, those of both languages in both lists."""
_ENOUGH_WORDS = 12


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, as it is searched and cited.

    `id` is that of the document and the piece's number in it, from 1. `heading` is the path of
    headings it stands under, `label` the words its paragraph begins with; either may be empty.
    `page` counts from 1, 0 where there are none. `lang` is "" where it is neither nl nor en.
    `text` is data that somebody wrote: it is shown and cited, and never followed.
    """

    id: str
    document: str
    title: str
    heading: str
    label: str
    text: str
    access: Access
    lang: str
    file: str
    page: int = 0

    @property
    def part(self) -> str:
        """What a citation names beside the file: the label, else the heading; may be empty."""
        return self.label or self.heading


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk before it belongs to a document."""

    heading: str
    label: str
    text: str
    page: int


def pieces(contents: Contents) -> tuple[Piece, ...]:
    """Cut a document: a heading or a label begins a new piece, short paragraphs go together."""
    return tuple(_pieces(contents))


def language(texts: Iterable[str]) -> str:
    """Whether texts are Dutch or English, by their commonest words; "" if it does not show."""
    words = _WORD.findall(" ".join(texts).lower())
    if len(words) < _ENOUGH_WORDS:
        return ""
    counts = {
        lang: sum(map(bool, map(common.fullmatch, words))) for lang, common in _COMMON.items()
    }
    best = max(counts, key=counts.__getitem__)
    other = min(counts.values())
    return best if counts[best] >= 0.1 * len(words) and counts[best] > 1.3 * other else ""


def _pieces(contents: Contents) -> Iterator[Piece]:
    path: list[tuple[int, str]] = []
    held: list[str] = []
    label, page, unread = "", 0, False

    def heading() -> str:
        titles = [title for _, title in path]
        if titles and titles[0] == contents.title:
            titles = titles[1:]
        return " › ".join(titles)[-HEADING:]

    def flush() -> Iterator[Piece]:
        nonlocal held
        for text in _cut("\n".join(held)):
            yield Piece(heading(), label, text, page)
        held = []

    for block in contents.blocks:
        if block.level:
            yield from flush()
            while path and path[-1][0] >= block.level:
                path.pop()
            path.append((block.level, " ".join(block.text.split())[:HEADING]))
            label, unread = "", True
            continue
        own = (block.label or label_of(block.text))[:HEADING]
        full = sum(map(len, held)) + len(block.text) > JOINED
        if own or full:
            yield from flush()
        if not held:
            page = block.page
            # A paragraph that goes on where the one before was full is no part of its label.
            label = own
        held.append(block.text)
        unread = False
    yield from flush()
    if unread and path:  # it ends with headings: a list of titles can be looked for too
        yield Piece(heading(), "", path[-1][1], 0)


def _cut(text: str) -> Iterator[str]:
    """A text as it is, or in pieces of about PIECE characters that end where a sentence does."""
    if len(text) <= WHOLE:
        if text:
            yield text
        return
    held = ""
    for sentence in _sentences(text):
        if held and len(held) + len(sentence) > PIECE:
            yield held.strip()
            held = ""
        held += sentence
    if held.strip():
        yield held.strip()


def _sentences(text: str) -> Sequence[str]:
    out: list[str] = []
    start = 0
    for end in [*(m.end() for m in _SENTENCE.finditer(text)), len(text)]:
        # A "sentence" without an end (a data dump, a table) is cut where it gets too long.
        while end - start > WHOLE:
            space = text.rfind(" ", start, start + PIECE)
            stop = space + 1 if space > start else start + PIECE
            out.append(text[start:stop])
            start = stop
        out.append(text[start:end])
        start = end
    return out
