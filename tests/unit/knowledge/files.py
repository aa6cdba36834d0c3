"""Documents of every kind, made in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import docx
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    bookmarks: Sequence[tuple[str, int]] = (),
    password: str | None = None,
    title: str = "",
) -> bytes:
    """A PDF whose pages hold lines of text; `bookmarks` are titles and pages from 0."""
    writer = PdfWriter()
    for lines in pages:
        page = writer.add_blank_page(595, 842)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        shown = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 11 Tf 50 780 Td {shown}ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(content)
    for name, number in bookmarks:
        writer.add_outline_item(name, number)
    if title:
        writer.add_metadata({"/Title": title})
    if password is not None:
        writer.encrypt(password, owner_password="owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(*paragraphs: tuple[str, str]) -> bytes:
    """A Word document of (style, text)."""
    document = docx.Document()
    for style, text in paragraphs:
        document.add_paragraph(text, style=style)
    return saved(document)


def saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def bomb(size: int) -> bytes:
    """A Word document that is small and unpacks to `size` bytes."""
    out = io.BytesIO(word(("Normal", "klein")))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/image1.bmp", b"0" * size)
    return out.getvalue()
