"""What Teams accepts of a message with a card: schema 1.5 as far as we use it, and its limits.

Written from the schema, apart from the renderer: it shares no constant with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

ELEMENT = {"type", "spacing", "separator", "fallback", "id"}
CHART = ELEMENT | {"title", "xAxisTitle", "yAxisTitle", "data", "colorSet"}
INPUT = ELEMENT | {"label", "isRequired", "errorMessage", "value"}
ACTION = {"type", "title", "data", "style", "fallback", "associatedInputs"}
KNOWN: Mapping[str, set[str]] = {
    "TextBlock": ELEMENT | {"text", "wrap", "size", "weight", "isSubtle", "style", "color"},
    "RichTextBlock": ELEMENT | {"inlines", "horizontalAlignment"},
    "TextRun": {"type", "text", "size", "weight", "isSubtle", "color", "italic"},
    "Container": ELEMENT | {"items", "style", "bleed"},
    "ColumnSet": ELEMENT | {"columns"},
    "Column": ELEMENT | {"width", "items"},
    "FactSet": ELEMENT | {"facts"},
    "Table": ELEMENT | {"columns", "rows", "firstRowAsHeaders", "showGridLines"},
    "TableRow": {"type", "cells"},
    "TableCell": {"type", "items"},
    "ActionSet": ELEMENT | {"actions"},
    "Action.Execute": ACTION | {"verb"},
    "Action.Submit": ACTION,
    "Input.Text": INPUT | {"placeholder"},
    "Input.Number": INPUT | {"placeholder"},
    "Input.ChoiceSet": INPUT | {"placeholder", "choices", "style"},
    "Input.Toggle": INPUT | {"title", "valueOn", "valueOff"},
    "Chart.Line": CHART,
    "Chart.VerticalBar.Grouped": CHART,
}
REQUIRED: Mapping[str, set[str]] = {
    "TextBlock": {"text"},
    "TextRun": {"text"},
    "RichTextBlock": {"inlines"},
    "Container": {"items"},
    "ColumnSet": {"columns"},
    "FactSet": {"facts"},
    "Table": {"columns", "rows"},
    "ActionSet": {"actions"},
    "Action.Execute": {"title", "verb", "data", "fallback"},
    "Action.Submit": {"title", "data"},
    "Input.Text": {"id", "label"},
    "Input.Number": {"id", "label"},
    "Input.ChoiceSet": {"id", "label", "choices"},
    "Input.Toggle": {"id", "label", "title"},
    "Chart.Line": {"data", "fallback", "title"},
    "Chart.VerticalBar.Grouped": {"data", "fallback", "title"},
}
MARKDOWN = re.compile(r"[*_\[\]`~\\<>|&]|\bhttps?:|^#|^\s*(?:[-+]|\d+[.)])\s|\{\{")
"""What the markdown of any client would make something of."""


def faults(activity: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with an activity; empty is good."""
    card = activity["attachments"][0]["content"]
    out: list[str] = []
    if activity["type"] != "message" or not activity["summary"].strip():
        out.append("an activity is a message with a summary")
    if len(activity["attachments"]) != 1:
        out.append("one card a message")
    if (card["type"], card["version"]) != ("AdaptiveCard", "1.5"):
        out.append("the card is not of schema 1.5")
    if not card.get("fallbackText", "").strip():
        out.append("no text for clients without cards")
    if not card["body"]:
        out.append("an empty card")
    size = len(json.dumps(card, ensure_ascii=False).encode("utf-16-le"))
    if size > 80_000:
        out.append(f"{size} bytes")
    shown = [each for each in elements(card) if each["type"].startswith("Action.")]
    if len(shown) > 6:
        out.append(f"{len(shown)} actions")
    ids = [each["id"] for each in elements(card) if each["type"].startswith("Input.")]
    if len(ids) != len(set(ids)):
        out.append("two inputs of one id")
    for each in elements(card, fallbacks=True):
        out += _element_faults(each)
    return out


def elements(value: Any, *, fallbacks: bool = False) -> Iterator[dict[str, Any]]:
    """Every element and action inside, with those of fallbacks where asked."""
    if isinstance(value, dict):
        if "type" in value and value["type"] != "AdaptiveCard":
            yield value
        for name, inner in value.items():
            if name not in {"data", "fallback"} or (name == "fallback" and fallbacks):
                yield from elements(inner, fallbacks=fallbacks)
    elif isinstance(value, list):
        for inner in value:
            yield from elements(inner, fallbacks=fallbacks)


def _element_faults(each: Mapping[str, Any]) -> list[str]:
    kind = each["type"]
    if kind not in KNOWN:
        return [f"unknown element {kind}"]
    out = [f"{kind}: unknown property {name}" for name in each.keys() - KNOWN[kind]]
    out += [f"{kind}: no {name}" for name in REQUIRED.get(kind, set()) - each.keys()]
    if out:
        return out
    match kind:
        case "TextBlock":
            if MARKDOWN.search(each["text"]) or not each["text"]:
                out.append(f"TextBlock: markdown or nothing in {each['text'][:60]!r}")
        case "FactSet":
            texts = [fact[part] for fact in each["facts"] for part in ("title", "value")]
            out += [f"FactSet: markdown in {t[:60]!r}" for t in texts if MARKDOWN.search(t)]
        case "Table":
            wide = {len(row["cells"]) for row in each["rows"]} | {len(each["columns"])}
            if len(wide) != 1:
                out.append(f"Table: rows of different widths {wide}")
        case "Input.ChoiceSet":
            if "value" in each and each["value"] not in [c["value"] for c in each["choices"]]:
                out.append("Input.ChoiceSet: a value that is no choice")
        case "Action.Execute" | "Action.Submit":
            if not each["title"].strip():
                out.append(f"{kind}: no title")
            if each["data"].keys() != {"t", "s"} or not isinstance(each["data"]["s"], bool):
                out.append(f"{kind}: data {sorted(each['data'])}")
            if kind == "Action.Execute" and each["fallback"]["type"] != "Action.Submit":
                out.append("Action.Execute: no Action.Submit for old clients")
        case "Chart.Line" | "Chart.VerticalBar.Grouped":
            if not all(series["values"] and series["legend"] for series in each["data"]):
                out.append(f"{kind}: a series without points or name")
    return out
