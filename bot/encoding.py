"""A Reply as the JSON object that DESIGN's command line promises."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from decimal import Decimal
from enum import Enum
from typing import Any

from bot.core.reply import Reply, plain_text


def to_object(reply: Reply) -> dict[str, Any]:
    """The reply's fields; figures unrounded, dates ISO."""
    return {
        "command": reply.command,
        "locale": reply.locale,
        "visibility": reply.visibility.value,
        "text": plain_text(reply),
        "data": reply.data,
        "citations": [dataclasses.asdict(c) for c in reply.citations],
        "as_of": reply.as_of,
    }


def to_json(value: Any, indent: int | None = None) -> str:
    """Serialise: Decimal to a number, dates to ISO text, an Enum to its value, NaN to null."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=indent, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        # A float holds 15 digits: more than any amount has, and what a JSON reader makes of it.
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "item"):  # a numpy scalar
        return _plain(value.item())
    raise TypeError(f"{type(value).__name__} has no JSON form")
