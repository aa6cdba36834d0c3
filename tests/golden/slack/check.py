"""What Slack accepts: its published types as a schema, and the limits that types cannot say."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMAS = Path(__file__).parent / "schema"
MESSAGE_BLOCKS = {
    "actions", "context", "data_visualization", "header", "image", "input", "rich_text", "section",
    "table",
}  # fmt: skip


@lru_cache
def _schema(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return read


@lru_cache
def _block_validator(kind: str) -> jsonschema.Draft7Validator:
    schema = _schema("knownblock")
    name = next(
        name
        for name, one in schema["definitions"].items()
        if name.endswith("Block")
        and any(
            form.get("properties", {}).get("type", {}).get("const") == kind
            for form in one.get("anyOf", [one])
        )
    )
    return jsonschema.Draft7Validator({**schema, "$ref": f"#/definitions/{name}"})


def manifest_errors(manifest: dict[str, Any]) -> list[str]:
    """Faults of an app manifest against Slack's published type."""
    validator = jsonschema.Draft7Validator(_schema("manifest"))
    return [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator.iter_errors(manifest)]


def faults(payload: dict[str, Any], *, most_blocks: int = 50) -> list[str]:
    """Everything about a message that Slack would refuse; empty where all is well."""
    blocks = payload["blocks"]
    out: list[str] = []

    def limit(what: str, value: int, most: int, least: int = 1) -> None:
        if not least <= value <= most:
            out.append(f"{what}: {value} is not in {least}..{most}")

    if "text" in payload:
        limit("text", units(payload["text"]), 3000)
    limit("blocks", len(blocks), most_blocks, 0)
    limit("tables", sum(b["type"] == "table" for b in blocks), 1, 0)
    limit("charts", sum(b["type"] == "data_visualization" for b in blocks), 2, 0)
    limit("characters", sum(map(_characters, blocks)), 11_000, 0)
    for key, holders in (("action_id", "actions"), ("block_id", "input")):
        ids = [i for b in blocks if b["type"] == holders for i in _values(b, key)]
        if len(ids) != len(set(ids)):
            out.append(f"a {key} twice")
    for place, block in enumerate(blocks):
        kind, where = block["type"], f"block {place} ({block['type']})"
        if kind not in MESSAGE_BLOCKS:
            out.append(f"{where}: unknown type")
            continue
        if kind == "data_visualization":
            out += [f"{where}: {fault}" for fault in _chart_faults(block)]
            continue
        errors = _block_validator(kind).iter_errors(block)
        out += [f"{where} {list(e.absolute_path)}: {e.message[:200]}" for e in errors]
        match kind:
            case "header":
                limit(where, units(block["text"]["text"]), 150)
            case "section":
                if "text" in block:
                    limit(where, units(block["text"]["text"]), 3000)
                limit(f"{where} fields", len(block.get("fields", [])), 10, 0)
                for field in block.get("fields", []):
                    limit(f"{where} field", units(field["text"]), 2000)
            case "context":
                limit(f"{where} elements", len(block["elements"]), 10)
                for element in block["elements"]:
                    limit(f"{where} element", units(element["text"]), 2000)
            case "actions":
                limit(f"{where} elements", len(block["elements"]), 25)
                for button in block["elements"]:
                    limit(f"{where} label", units(button["text"]["text"]), 75)
                    limit(f"{where} value", units(button["value"]), 2000)
                    limit(f"{where} action_id", len(button["action_id"]), 255)
            case "table":
                limit(f"{where} rows", len(block["rows"]), 100)
                cells = [cell for row in block["rows"] for cell in row]
                limit(f"{where} characters", sum(units(c["text"]) for c in cells), 10_000)
                for row in block["rows"]:
                    limit(f"{where} columns", len(row), 20)
                if any(not cell["text"] for cell in cells):
                    out.append(f"{where}: an empty cell")
            case "rich_text":
                for text in _values(block, "text"):
                    limit(where, units(text), 3000)
            case "image":
                limit(f"{where} alt", units(block["alt_text"]), 2000)
            case "input":
                limit(f"{where} label", units(block["label"]["text"]), 2000)
                limit(f"{where} block_id", len(block.get("block_id", "x")), 255)
                limit(f"{where} options", len(block["element"].get("options", [])), 100, 0)
                for option in block["element"].get("options", []):
                    limit(f"{where} option", units(option["text"]["text"]), 75)
                    limit(f"{where} option value", units(option["value"]), 150)
    return out


def _chart_faults(block: dict[str, Any]) -> list[str]:
    """The published contract of the block, which the types do not know yet."""
    out = []
    if set(block) != {"type", "title", "chart"} or not 1 <= units(block["title"]) <= 50:
        out.append("title")
    chart = block["chart"]
    if chart["type"] not in {"bar", "line", "area"} or not 1 <= len(chart["series"]) <= 6:
        out.append("series")
    categories = chart["axis_config"]["categories"]
    if not 1 <= len(categories) <= 20 or len(set(categories)) != len(categories):
        out.append("categories")
    if any(not 1 <= units(c) <= 20 for c in categories):
        out.append("category length")
    axes = ("x_label", "y_label")
    out += [key for key in axes if units(chart["axis_config"].get(key, "x")) > 50]
    names = [s["name"] for s in chart["series"]]
    if len(set(names)) != len(names) or any(not 1 <= units(n) <= 20 for n in names):
        out.append("series names")
    for one in chart["series"]:
        if [p["label"] for p in one["data"]] != categories:
            out.append("points do not match the categories")
        if not all(isinstance(p["value"], int | float) and p["value"] == p["value"]
                   for p in one["data"]):  # fmt: skip
            out.append("a value is no number")
    return out


def units(text: str) -> int:
    """Characters as UTF-16 counts them, the stricter of the ways to count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _characters(value: object) -> int:
    return sum(units(text) for text in _values(value, "text"))


def _values(value: object, key: str) -> list[str]:
    if isinstance(value, dict):
        own = [value[key]] if isinstance(value.get(key), str) else []
        return own + [text for one in value.values() for text in _values(one, key)]
    if isinstance(value, list):
        return [text for one in value for text in _values(one, key)]
    return []
