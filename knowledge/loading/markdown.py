"""Markdown: headings, paragraphs, lists, tables; what a reader of the page would not see is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import yaml

from knowledge.loading.blocks import Block, Contents
from knowledge.loading.text import decode

if TYPE_CHECKING:
    from markdown_it.token import Token

NESTING = 60
"""Lists and quotes in each other, so deep that the library leaves out what stands deeper."""
_FRONT = re.compile(r"\A---\n(?P<front>.*?\n)---\n(?P<body>.*)\Z", re.DOTALL)


def read(data: bytes, name: str) -> Contents:
    """Read a Markdown file; its title is that of the front matter, else the first heading.

    RecursionError where it is nested too deep to be read whole.
    """
    from markdown_it import MarkdownIt

    text, title = decode(data, name), ""
    if front := _FRONT.match(text):
        text, title = front["body"], _title(front["front"])
    # HTML inside is dropped: it is markup or hidden, and its text is no part of the page's Markdown.
    tokens = MarkdownIt("commonmark", {"maxNesting": NESTING}).enable("table").parse(text)
    if any(token.level >= NESTING - 1 for token in tokens):
        raise RecursionError(name)
    blocks = tuple(_blocks(tokens))
    first = next((block.text for block in blocks if block.level), "")
    return Contents(title or first, blocks)


def _title(front: str) -> str:
    try:
        found = yaml.safe_load(front)
    except yaml.YAMLError:
        return ""
    title = found.get("title") if isinstance(found, dict) else None
    return title if isinstance(title, str) else ""


def _blocks(tokens: Sequence[Token]) -> list[Block]:
    out: list[Block] = []
    items: list[str] = []  # of the list or table being read
    depth, row, level = 0, False, 0
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open", "table_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close", "table_close"):
            depth -= 1
            if depth == 0 and items:
                out.append(Block("\n".join(items)))
                items = []
        elif token.type == "tr_open":
            row = True
            items.append("")
        elif token.type == "tr_close":
            row = False
        elif token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type in ("fence", "code_block"):
            if depth:
                items.append(token.content)
            else:
                out.append(Block(token.content))
        elif token.type == "inline":
            text, label = _inline(token.children or ())
            if row:
                items[-1] = f"{items[-1]} | {text}" if items[-1] else text
            elif depth:
                items.append(f"- {text}")
            elif text.strip():
                out.append(Block(text, level, label=label))
    return out


def _inline(tokens: Sequence[Token]) -> tuple[str, str]:
    """The text of a line, and the words it begins with in bold."""
    text, label, strong = "", "", False
    for token in tokens:
        if token.type in ("text", "code_inline"):
            text += token.content
        elif token.type in ("softbreak", "hardbreak"):
            text += "\n"
        elif token.type == "image":
            text += token.content
        elif token.type == "strong_open":
            strong = not text.strip()
        elif token.type == "strong_close" and strong:
            label, strong = text.strip().rstrip(":.—– "), False
    return text, label if len(label) < len(text.strip()) else ""
