"""Word documents (DOCX): paragraphs by style, tables; hidden and deleted text is left out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from knowledge.errors import KnowledgeError
from knowledge.loading.blocks import Block, Contents, Limits
from knowledge.loading.kinds import Kind

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_ENTRIES = 10_000
_CHUNK = 1 << 20
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_HEADING = re.compile(r"heading\s*(\d)", re.I)
_LEFT_OUT = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_MC}Fallback"})


def read(data: bytes, name: str, limits: Limits) -> Contents:
    """Read a Word document; its title is its first title or heading, else that of its properties."""
    damaged = KnowledgeError(
        "{file} is damaged, or no {kind} at all. Open it, save it anew, and add that.",
        file=name,
        kind=Kind.DOCX.value,
    )
    _check_size(data, name, limits, damaged)
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        blocks = tuple(_blocks(document.iter_inner_content()))
        kept = str(document.core_properties.title or "")
    except Exception as error:  # whatever a crafted file brings the library to
        raise damaged from error
    first = next((block.text for block in blocks if block.level), "")
    return Contents(first or kept, blocks)


def _check_size(data: bytes, name: str, limits: Limits, damaged: KnowledgeError) -> None:
    """Refuse an archive that unpacks to too much, by what really comes out, before it is parsed."""
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if any(entry.flag_bits & 0x1 for entry in entries):
                raise KnowledgeError(
                    "{file} is locked with a password. Save it without one and add it again.",
                    file=name,
                )
            too_many = len(entries) > _ENTRIES
            for entry in () if too_many else entries:
                with archive.open(entry) as packed:
                    while piece := packed.read(_CHUNK):
                        total += len(piece)
                        if total > limits.unpacked_bytes:
                            break
                if total > limits.unpacked_bytes:
                    break
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise damaged from error
    except Exception as error:
        if isinstance(error, KnowledgeError):
            raise
        raise damaged from error  # zlib.error and the like
    if too_many or total > limits.unpacked_bytes:
        raise KnowledgeError(
            "{file} unpacks to more than {limit} MB. Split it, or leave its pictures out.",
            file=name,
            limit=limits.unpacked_bytes // 1_000_000,
        )


def _blocks(contents: Any) -> Iterator[Block]:
    items: list[str] = []  # of the list being read
    for part in contents:
        if hasattr(part, "rows"):
            if items:
                yield Block("\n".join(items))
                items = []
            yield Block("\n".join(_rows(part)))
            continue
        text, label = _text(part)
        if not text.strip():
            continue
        style = str(getattr(part.style, "name", "") or "")
        if style.lower().startswith("list"):
            items.append(f"- {text}")
            continue
        if items:
            yield Block("\n".join(items))
            items = []
        heading = _HEADING.match(style)
        level = 1 if style == "Title" else int(heading[1]) if heading else 0
        yield Block(text, level, label=label)
    if items:
        yield Block("\n".join(items))


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        cells: list[str] = []
        last = None
        for cell in row.cells:
            if cell._tc is last:  # merged cells come once for each column they span
                continue
            last = cell._tc
            cells.append(" ".join(_text(p)[0] for p in cell.paragraphs).strip())
        yield " | ".join(cells)


def _text(paragraph: Paragraph) -> tuple[str, str]:
    """The text of a paragraph as a reader sees it, and the words it begins with in bold."""
    text, label, bold = "", "", True
    for run in _runs(paragraph._p):
        if _on(run, "vanish") or _on(run, "webHidden"):
            continue
        piece = ""
        for node in run:
            if node.tag == f"{_W}t":
                piece += node.text or ""
            elif node.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
                piece += " "
        text += piece
        if piece.strip():
            bold = bold and _on(run, "b")
            if bold:
                label = text.strip()
    label = label.rstrip(":.—– ")
    return text, label if len(label) < len(text.strip()) else ""


def _runs(node: Any) -> Iterator[Any]:
    """The runs below an XML element, those that were deleted or stand there twice left out."""
    for child in node:
        if child.tag in _LEFT_OUT:
            continue
        if child.tag == f"{_W}r":
            yield child
        yield from _runs(child)


def _on(run: Any, name: str) -> bool:
    """Whether a property of a run is switched on."""
    found = run.find(f"{_W}rPr/{_W}{name}")
    return found is not None and found.get(f"{_W}val", "true") not in ("0", "false", "off")
