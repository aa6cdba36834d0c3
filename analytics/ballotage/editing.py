"""Changing one condition in the text of a conditions file; every other character stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import yaml

from analytics.ballotage.nodes import compose
from analytics.errors import DataError

CHANGEABLE = ("level", "on_miss", "weight", "when")
_Plain: TypeAlias = "str | list[_Plain] | dict[str, _Plain]"
_Pair: TypeAlias = tuple[yaml.Node, yaml.Node]


def edited(text: str, condition: str, changes: Mapping[str, str]) -> str:
    """The text with keys of a condition changed; an empty value takes the key out.

    The text is one that can be read. DataError where the condition is not there, or is written in a
    way that cannot be changed without touching more; whether the result is right is for `read`.
    """
    wanted = _with(_plain(compose(text)), condition, changes)
    for key, value in changes.items():
        text = _one(text, condition, key, value)
    if _plain(compose(text)) != wanted:
        raise _by_hand(condition)
    return text


def _one(text: str, condition: str, key: str, value: str) -> str:
    item = _find(text, condition)
    pairs: list[_Pair] = item.value
    at = next((i for i, (k, _v) in enumerate(pairs) if k.value == key), None)
    if at is None:
        return _added(text, item, key, value) if value else text
    return _replaced(text, pairs[at][1], value, item) if value else _removed(text, item, at)


def _find(text: str, condition: str) -> yaml.MappingNode:
    root = compose(text)
    if isinstance(root, yaml.MappingNode):
        for name, listed in root.value:
            if name.value == "conditions" and isinstance(listed, yaml.SequenceNode):
                for item in listed.value:
                    if isinstance(item, yaml.MappingNode) and _id(item) == condition:
                        return item
    raise DataError("There is no condition {id}.", id=condition)


def _id(item: yaml.MappingNode) -> str:
    return next((str(v.value).strip() for k, v in item.value if k.value == "id"), "")


def _replaced(text: str, node: yaml.Node, value: str, item: yaml.MappingNode) -> str:
    start, end = node.start_mark.index, _end(text, node)
    return text[:start] + _scalar(value, flow=bool(item.flow_style)) + text[end:]


def _added(text: str, item: yaml.MappingNode, key: str, value: str) -> str:
    """Below the level, or at the end where the condition stands between braces."""
    pairs: list[_Pair] = item.value
    name, after = next((p for p in pairs if p[0].value == "level"), pairs[-1])
    end = _end(text, after)
    scalar = _scalar(value, flow=bool(item.flow_style))
    if item.flow_style:
        return f"{text[:end]}, {key}: {scalar}{text[end:]}"
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    indent = " " * name.start_mark.column
    return f"{text[:line_end]}\n{indent}{key}: {scalar}{text[line_end:]}"


def _removed(text: str, item: yaml.MappingNode, at: int) -> str:
    pairs: list[_Pair] = item.value
    start, end = pairs[at][0].start_mark.index, _end(text, pairs[at][1])
    if at == 0:  # it stands behind the dash or the brace: the next key takes its place
        following = pairs[1][0].start_mark.index
        if "#" in text[end:following]:
            raise _by_hand(_id(item))
        return text[:start] + text[following:]
    if item.flow_style:
        return text[: _end(text, pairs[at - 1][1])] + text[end:]
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    return text[:line_start] + (text[line_end + 1 :] if line_end >= 0 else "")


def _end(text: str, node: yaml.Node) -> int:
    """Where a value ends; a block of lines is counted with the empty lines below it."""
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    return start + len(text[start:end].rstrip())


def _scalar(value: str, *, flow: bool) -> str:
    """A value as YAML: bare where that says the same, else between single quotes."""
    try:
        bare = compose(f"{{k: {value}}}" if flow else f"k: {value}")
        if _plain(bare) == {"k": value}:
            return value
    except DataError:
        pass
    return "'" + value.replace("'", "''") + "'"


def _plain(node: yaml.Node | None) -> _Plain:
    """What a text says, without how it is written."""
    if isinstance(node, yaml.MappingNode):
        return {str(k.value): _plain(v) for k, v in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(v) for v in node.value]
    return str(node.value).strip() if node is not None else ""


def _with(root: _Plain, condition: str, changes: Mapping[str, str]) -> _Plain:
    listed = root.get("conditions") if isinstance(root, dict) else None
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and item.get("id") == condition:
            item |= {key: value for key, value in changes.items() if value}
            for key in (key for key, value in changes.items() if not value):
                item.pop(key, None)
    return root


def _by_hand(condition: str) -> DataError:
    return DataError(
        "Condition {id} is written in a way that I cannot change without touching more; change it in "
        "conditions.yaml.",
        id=condition,
    )
