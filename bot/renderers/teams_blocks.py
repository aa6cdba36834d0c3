"""The blocks of text a card is made of: what stands in them is shown, never read as markdown."""

from __future__ import annotations

import re
from typing import Any

Block = dict[str, Any]
SMALL: Block = {"size": "Small", "isSubtle": True}

# Control characters, and those that turn the direction of the text that follows.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# What markdown, an automatic link or a date function could make something of. A plain "@" is in
# it because clients look names up behind it.
SPECIAL = re.compile(
    r"[*_\[\]`~\\<>|&@#]|https?:|www\.|\{\{|^\s*(?:[-+=]|\d{1,9}[.)])(?:\s|$)|^\s{4}|\n"
)


def block(text: str, **how: Any) -> Block:
    """A paragraph that shows `text` and nothing else."""
    text = clean(text) or "–"
    if not SPECIAL.search(text):
        return {"type": "TextBlock", "text": text, "wrap": True, **how}
    layout: Block = {key: how.pop(key) for key in ("spacing", "separator") if key in how}
    how.pop("style", None)
    run: Any = {"type": "TextRun", "text": text, **how}
    return {"type": "RichTextBlock", "inlines": [run], **layout}


def clean(text: str) -> str:
    """The text without characters that do something instead of showing."""
    # A zero-width space keeps "{{DATE(...)}}" from being read as a function.
    kept = CONTROL.sub("", text)
    return kept.replace("{{", "{\u200b{")


def cut(text: str, limit: int) -> str:
    """At most that many characters, the last one telling that there were more."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
