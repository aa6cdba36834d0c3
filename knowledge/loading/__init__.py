"""Read a document into headings and paragraphs: Markdown, text, PDF, DOCX, HTML."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from knowledge.errors import KnowledgeError
from knowledge.loading.blocks import Block, Contents, Limits, clean
from knowledge.loading.kinds import Kind, kind_of

__all__ = ["Block", "Contents", "Kind", "Limits", "fetch", "parse"]


def fetch(path: Path, name: str, limits: Limits) -> bytes:
    """The bytes of a regular file of at most `limits.file_bytes`; KnowledgeError otherwise.

    The size is judged before anything is read, and again by what really came: a file may grow.
    """
    try:
        # Not blocking: opening a pipe that nobody writes to would wait forever.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise KnowledgeError("{file} is no ordinary file; add a copy of it.", file=name)
            if about.st_size > limits.file_bytes:
                raise _too_large(name, about.st_size, limits)
            data = file.read(limits.file_bytes + 1)
    except FileNotFoundError:
        raise KnowledgeError("{file} is not there; check the path.", file=name) from None
    except OSError as error:
        raise KnowledgeError(
            "{file} cannot be read: {problem}. See to it that you may read it, or add a copy.",
            file=name,
            problem=error.strerror or type(error).__name__,
        ) from error
    if len(data) > limits.file_bytes:
        raise _too_large(name, len(data), limits)
    if not data.strip():
        raise KnowledgeError("{file} is empty; there is nothing in it to read.", file=name)
    return data


def parse(data: bytes, name: str, limits: Limits) -> Contents:
    """The headings and paragraphs of a document; KnowledgeError says why not and what to do."""
    kind = kind_of(data, name)
    try:
        contents = _contents(kind, data, name, limits)
    except RecursionError:
        raise KnowledgeError(
            "{file} is nested too deep to read. Save it as plain text and add that.", file=name
        ) from None
    blocks = tuple(
        Block(shown, block.level, block.page, clean(block.label))
        for block in contents.blocks
        if (shown := clean(block.text))
    )
    length = sum(len(block.text) for block in blocks)
    if length > limits.characters:
        raise KnowledgeError(
            "{file} holds {length} characters of text; at most {limit}. Split it, or add the part "
            "that matters.",
            file=name,
            length=length,
            limit=limits.characters,
        )
    if not any(any(map(str.isalnum, block.text)) for block in blocks):
        if kind is Kind.PDF:
            raise KnowledgeError(
                "{file} holds pictures of pages and no text. Run text recognition (OCR) on it first.",
                file=name,
            )
        raise KnowledgeError("{file} is empty; there is nothing in it to read.", file=name)
    return Contents(clean(contents.title), blocks)


def _contents(kind: Kind, data: bytes, name: str, limits: Limits) -> Contents:
    # Each reader's library is imported by the first document that needs it.
    if kind is Kind.PDF:
        from knowledge.loading import pdf

        return pdf.read(data, name, limits)
    if kind is Kind.DOCX:
        from knowledge.loading import docx

        return docx.read(data, name, limits)
    if kind is Kind.HTML:
        from knowledge.loading import html

        return html.read(data)
    if kind is Kind.MARKDOWN:
        from knowledge.loading import markdown

        return markdown.read(data, name)
    from knowledge.loading import text

    return text.read(data, name)


def _too_large(name: str, size: int, limits: Limits) -> KnowledgeError:
    return KnowledgeError(
        "{file} is {size} MB; a document may be at most {limit} MB. Split it, or add the part that "
        "matters.",
        file=name,
        size=-(-size // 1_000_000),
        limit=limits.file_bytes // 1_000_000,
    )
