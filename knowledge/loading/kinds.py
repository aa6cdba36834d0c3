"""What kind of document a file is: by its content first, by its name where that says more."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePath

from knowledge.errors import KnowledgeError


class Kind(Enum):
    """The documents that can be read; the value is the name people know."""

    MARKDOWN = "Markdown"
    TEXT = "text"
    PDF = "PDF"
    DOCX = "DOCX"
    HTML = "HTML"


_BY_NAME = {
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".txt": Kind.TEXT,
    ".text": Kind.TEXT,
    "": Kind.TEXT,
    ".htm": Kind.HTML,
    ".html": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".pdf": Kind.PDF,
    ".docx": Kind.DOCX,
}
_PDF_WITHIN = 1_024
"""A PDF may begin with other bytes; readers look for its mark this far."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_CONTROLS = frozenset(range(32)) - set(b"\t\n\r\f\x1b")


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of a document; KnowledgeError where it is none that can be read.

    Text is only taken under a name of a text: a key file or a dump of a database is text too.
    """
    named = _BY_NAME.get(PurePath(name).suffix.lower())
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return Kind.PDF
    if data.startswith(_OLE):
        raise _old_or_locked(data, name)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if b"word/" in data:
            return Kind.DOCX
        raise _foreign(name)
    if named in (Kind.PDF, Kind.DOCX):
        raise KnowledgeError(
            "{file} is damaged, or no {kind} at all. Open it, save it anew, and add that.",
            file=name,
            kind=named.value,
        )
    if named is None or _is_binary(data) or data.startswith(b"{\\rtf"):
        raise _foreign(name)
    if _HTML.match(data[:4_096].removeprefix(b"\xef\xbb\xbf")):
        return Kind.HTML
    return named


def _is_binary(data: bytes) -> bool:
    """Whether bytes are no text: control characters, unless it is marked as UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    return any(byte in _CONTROLS for byte in data)


def _old_or_locked(data: bytes, name: str) -> KnowledgeError:
    if _ENCRYPTED in data:
        return KnowledgeError(
            "{file} is locked with a password. Save it without one and add it again.", file=name
        )
    return KnowledgeError(
        "{file} is in the old Office format. Save it as DOCX or PDF and add that.", file=name
    )


def _foreign(name: str) -> KnowledgeError:
    return KnowledgeError(
        "{file} is no document I can read. Save it as Markdown, text (.txt), PDF, DOCX or HTML.",
        file=name,
    )
