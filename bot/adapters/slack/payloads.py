"""Rendered replies, kept while the same Reply object comes by again."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from bot.core.reply import Reply
from bot.renderers import slack
from bot.renderers.slack_text import escaped, plain

KEPT = 256


class Payloads:
    """The dispatcher answers a repeated question with the same Reply: render it once.

    A Reply is immutable and is held here with its payload, so its identity is a safe key.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[int, bool, str], tuple[Reply, Any]] = OrderedDict()

    def of(self, reply: Reply, charts: bool) -> dict[str, Any]:
        """Return the message of a reply; not to be changed."""
        found = self._get((id(reply), charts, ""))
        if found is None:
            found = slack.render(reply, charts=charts)
            self._put((id(reply), charts, ""), reply, found)
        payload: dict[str, Any] = found
        return payload

    def response(self, reply: Reply, charts: bool, response_type: str) -> str:
        """Return the JSON that answers a command's request."""
        key = (id(reply), charts, response_type)
        found = self._get(key)
        if found is None:
            body = {"response_type": response_type, **self.of(reply, charts)}
            found = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            self._put(key, reply, found)
        text: str = found
        return text

    def _get(self, key: tuple[int, bool, str]) -> Any:
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        return held[1]

    def _put(self, key: tuple[int, bool, str], reply: Reply, value: Any) -> None:
        self._held[key] = (reply, value)
        while len(self._held) > KEPT:
            self._held.popitem(last=False)


def note(text: str) -> dict[str, Any]:
    """Return a message of one line."""
    body = plain(text, slack.LIMITS["section"])
    block = {"type": "section", "text": {"type": "plain_text", "text": body, "emoji": False}}
    return {"text": escaped(text, slack.LIMITS["text"]), "blocks": [block]}


def shared_by(text: str, user: str) -> dict[str, Any]:
    """Return the line that says who shared; Slack shows the person of the id, which none can fake."""
    before, _, after = text.partition("{person}")
    parts = [
        {"type": "text", "text": before},
        {"type": "user", "user_id": user},
        {"type": "text", "text": after},
    ]
    elements = [part for part in parts if part.get("text") != ""]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": elements}],
    }
