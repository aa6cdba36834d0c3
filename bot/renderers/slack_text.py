"""Texts for Slack: cleaned, escaped, and measured as Slack measures them."""

from __future__ import annotations

import re

# Control characters, lone surrogates, and those that turn the direction of the text after them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What would notify people, should a client ever read it.
_MENTION = re.compile(r"(<(?=[!@#])|@(?=(?:everyone|channel|here)\b))", re.IGNORECASE)
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_JOINER = "\u2060"


def plain(text: str, limit: int) -> str:
    """Clean a text for a place that Slack does not read for markup, cut to `limit` characters."""
    return cut(clean(text), limit)


def escaped(text: str, limit: int) -> str:
    """Escape a text for mrkdwn, cut to `limit` characters as Slack counts them."""
    kept = clean(text)
    while True:
        out = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        excess = size(out) - limit
        if excess <= 0:
            return out
        # An escape is at most five characters for one, so this ends soon and cuts little too much.
        kept = kept[: max(0, len(kept) - max(2, excess // 5 + 1))].rstrip("…") + "…"


def clean(text: str) -> str:
    """Drop what no reader should get, and break up what could notify people."""
    out = _CONTROL.sub("", text)
    if "<" in out or "@" in out:
        out = _MENTION.sub(lambda found: found[0] + _JOINER, out)
    return out


def size(text: str) -> int:
    """Characters as Slack counts them: those beyond the first 65,536 are two."""
    return len(text) if text.isascii() else len(text) + len(_ASTRAL.findall(text))


def cut(text: str, limit: int) -> str:
    """Cut a text to `limit` characters, with an ellipsis in the last place."""
    if size(text) <= limit:
        return text
    kept = text[: max(0, limit - 1)]
    while size(kept) > limit - 1:
        kept = kept[: -max(1, (size(kept) - limit + 1) // 2)]
    return kept.rstrip("\u200d") + "…"
