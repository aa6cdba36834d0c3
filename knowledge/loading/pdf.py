"""PDF: lines put together to paragraphs, headings from the bookmarks, each with its page."""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from knowledge.errors import KnowledgeError
from knowledge.loading.blocks import Block, Contents, Limits
from knowledge.loading.kinds import Kind
from knowledge.loading.text import is_heading

if TYPE_CHECKING:
    from pypdf import PdfReader

_OUTLINE_DEPTH = 6
_NEW_ITEM = re.compile(r"(?:[•·▪‣◦–*-]|\d{1,3}[.)]|[a-z]\))\s")
_MOSTLY = 0.5
"""A first or last line on more than this share of the pages is a running head, no text."""


def read(data: bytes, name: str, limits: Limits) -> Contents:
    """Read a PDF; its title is that of its properties, else its first heading."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, LimitReachedError

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        # Many PDFs are encrypted with an empty password: anybody may read those.
        if reader.is_encrypted and not reader.decrypt(""):
            raise _locked(name)
        count = len(reader.pages)
        if count > limits.pages:
            raise KnowledgeError(
                "{file} has {pages} pages; at most {limit}. Split it, or add the part that matters.",
                file=name,
                pages=count,
                limit=limits.pages,
            )
        pages = _pages(reader, name, limits)
        marks = _bookmarks(reader)
        about = reader.metadata
        title = str((about and about.title) or "")
    except KnowledgeError:
        raise
    except DependencyError as error:
        raise _locked(name) from error
    except LimitReachedError as error:
        raise KnowledgeError(
            "{file} unpacks to more than {limit} MB. Split it, or leave its pictures out.",
            file=name,
            limit=limits.unpacked_bytes // 1_000_000,
        ) from error
    except Exception as error:  # whatever a crafted file brings the library to
        raise KnowledgeError(
            "{file} is damaged, or no {kind} at all. Open it, save it anew, and add that.",
            file=name,
            kind=Kind.PDF.value,
        ) from error
    blocks = tuple(_blocks(pages, marks))
    first = next((block.text for block in blocks if block.level), "")
    return Contents(title.strip() or first, blocks)


def _locked(name: str) -> KnowledgeError:
    return KnowledgeError(
        "{file} is locked with a password. Save it without one and add it again.", file=name
    )


def _pages(reader: PdfReader, name: str, limits: Limits) -> list[list[str]]:
    """The lines of each page, within the time and the size a document may take."""
    out: list[list[str]] = []
    until, length = time.monotonic() + limits.seconds, 0
    for page in reader.pages:
        text = page.extract_text() or ""
        length += len(text)
        if length > limits.characters:
            break  # whoever called says so: the text is longer than may be
        if time.monotonic() > until:
            raise KnowledgeError(
                "Reading {file} took more than {seconds} seconds. Split it, or print it to a new PDF.",
                file=name,
                seconds=round(limits.seconds),
            )
        out.append([line.strip() for line in text.splitlines()])
    return out


def _bookmarks(reader: PdfReader) -> dict[int, list[tuple[str, int]]]:
    """By page (from 0) the bookmarks that point there: title and level (from 1)."""
    out: dict[int, list[tuple[str, int]]] = {}

    def walk(items: Sequence[Any], level: int) -> None:
        for item in items:
            if isinstance(item, list):
                if level < _OUTLINE_DEPTH:
                    walk(item, level + 1)
                continue
            number = reader.get_destination_page_number(item)
            if number is not None and number >= 0 and item.title:
                out.setdefault(number, []).append((str(item.title).strip(), level))

    try:
        walk(reader.outline, 1)
    except Exception:  # noqa: BLE001 (bookmarks are a nicety; broken ones must not cost the text)
        return {}
    return out


def _blocks(pages: Sequence[list[str]], marks: dict[int, list[tuple[str, int]]]) -> Iterator[Block]:
    running = _running_heads(pages)
    for number, lines in enumerate(pages):
        wanted = list(marks.get(number, ()))
        shown = [line for line in lines if line]
        kept = [
            line
            for place, line in enumerate(shown)
            if not (place in (0, len(shown) - 1) and _pattern(line) in running)
        ]
        # A bookmark whose words do not stand on its page begins at the top of it.
        words = {_normal(line) for line in kept}
        for mark in [m for m in wanted if _normal(m[0]) not in words]:
            wanted.remove(mark)
            yield Block(mark[0], mark[1], number + 1)
        levels = {_normal(title): level for title, level in wanted}
        paragraph: list[str] = []
        width = max((len(line) for line in kept), default=0)
        for line in [*kept, ""]:
            level = levels.pop(_normal(line), 0) if line else 0
            if not level and not marks and is_heading(line):
                level = 2
            if paragraph and (
                not line or level or _NEW_ITEM.match(line) or _ended(paragraph[-1], width)
            ):
                yield Block(_joined(paragraph), 0, number + 1)
                paragraph = []
            if level:
                yield Block(line, level, number + 1)
            elif line:
                paragraph.append(line)


def _running_heads(pages: Sequence[list[str]]) -> frozenset[str]:
    """The patterns of the first and last lines that most pages share, page numbers made alike."""
    if len(pages) < 3:
        return frozenset()
    seen: Counter[str] = Counter()
    for lines in pages:
        shown = [line for line in lines if line]
        seen.update({_pattern(line) for line in (*shown[:1], *shown[-1:])})
    return frozenset(p for p, count in seen.items() if count > _MOSTLY * len(pages))


def _pattern(line: str) -> str:
    return re.sub(r"\d+", "#", _normal(line))


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _ended(line: str, width: int) -> bool:
    """Whether a paragraph ends with this line: a full stop well before the right edge."""
    return line.endswith((".", "!", "?", ":")) and len(line) < 0.8 * width


def _joined(lines: Sequence[str]) -> str:
    """Lines as one text; a word that was broken off at the edge is whole again."""
    text = lines[0]
    for line in lines[1:]:
        if re.search(r"[a-zà-ÿ]-$", text) and re.match(r"[a-zà-ÿ]", line):
            text = text[:-1] + line
        else:
            text = f"{text} {line}"
    return text
