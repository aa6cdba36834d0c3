"""Plain text: paragraphs between empty lines, and lines that can only be headings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.errors import KnowledgeError
from knowledge.loading.blocks import Block, Contents, label_of

_TITLE = 100
_UNDERLINE = re.compile(r"(?:={3,}|-{3,}|~{3,})")
_NUMBERED = re.compile(r"\d{1,3}(?:\.\d{1,3})*[.)]?\s+\S")
_ENDS = tuple(".,;:…")


def read(data: bytes, name: str) -> Contents:
    """Read a text file; its first line is its title where it stands alone and is short."""
    blocks = list(paragraphs(decode(data, name)))
    title = ""
    if blocks and "\n" not in blocks[0].text and _could_be_title(blocks[0].text):
        title = blocks[0].text
        blocks[0] = Block(title, 1)
    return Contents(title, tuple(blocks))


def decode(data: bytes, name: str) -> str:
    """The text of bytes in UTF-8, UTF-16 with its mark, or cp1252."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                break
            return text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise KnowledgeError(
            "{file} is in an unknown encoding. Save it as UTF-8 and add it again.", file=name
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def paragraphs(text: str) -> Iterator[Block]:
    """Blocks of a text; a line of its own that is underlined, numbered or in capitals is a heading."""
    for part in re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.strip("\n")):
        lines = [line for line in part.splitlines() if line.strip()]
        if not lines:
            continue
        if len(lines) >= 2 and _UNDERLINE.fullmatch(lines[1].strip()) and _could_be_title(lines[0]):
            yield Block(lines[0].strip(), 1 if lines[1].strip()[0] == "=" else 2)
            lines = lines[2:]
        elif len(lines) == 1 and is_heading(lines[0].strip()):
            yield Block(lines[0].strip(), 2)
            lines = []
        if lines:
            yield Block("\n".join(lines))


def is_heading(line: str) -> bool:
    """Whether a line that stands alone can only be a heading."""
    if not _could_be_title(line) or label_of(line):
        return False
    letters = [c for c in line if c.isalpha()]
    capitals = len(letters) >= 3 and all(not c.islower() for c in letters)
    return capitals or bool(_NUMBERED.match(line))


def _could_be_title(line: str) -> bool:
    line = line.strip()
    return 2 <= len(line) <= _TITLE and not line.endswith(_ENDS) and any(map(str.isalpha, line))
