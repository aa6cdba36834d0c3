"""The values of a YAML file with the lines they stand on; every fault is kept with its line."""

from __future__ import annotations

import difflib
from typing import Any

import yaml

from analytics.errors import DataError

LARGEST = 200_000
"""Characters of a file."""


class ConditionsError(DataError):
    """A conditions file that cannot be used; `problems` holds every fault, in order of line."""

    def __init__(self, problems: list[DataError]) -> None:
        first = problems[0]
        super().__init__(first.message, **first.params)
        self.problems = tuple(problems)


class _AliasError(yaml.MarkedYAMLError):
    """A value that stands in for another."""


class _Loader(yaml.SafeLoader):
    """Refuses aliases: what stands twice cannot be changed once, and they can grow without end."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            raise _AliasError(problem_mark=event.start_mark)
        found: yaml.Node | None = super().compose_node(parent, index)
        return found


def compose(text: str) -> yaml.Node | None:
    """The root of a YAML text, None where it is empty. ConditionsError where it is no YAML."""
    if len(text) > LARGEST:
        raise _error("A conditions file has at most {limit} characters.", limit=LARGEST)
    try:
        found: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except _AliasError as error:
        mark = error.problem_mark
        raise _error(
            "Line {line}: & and * are not used here; write the value out.",
            line=mark.line + 1 if mark else 1,
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _error(
            "Line {line}: this is not YAML ({problem}). Check the indentation and the quotes there.",
            line=_line_of(error, text),
            problem=str(getattr(error, "problem", None) or "unreadable")[:120],
        ) from None
    return found


def line_of(node: yaml.Node) -> int:
    """The line a value begins on, from 1."""
    return int(node.start_mark.line) + 1


def _line_of(error: Exception, text: str) -> int:
    if mark := getattr(error, "problem_mark", None):
        return int(mark.line) + 1
    # A character that YAML does not take has a position and no mark.
    position = getattr(error, "position", 0)
    return text.count("\n", 0, position if isinstance(position, int) else 0) + 1


def _error(message: str, **params: object) -> ConditionsError:
    return ConditionsError([DataError(message, **params)])


class Nodes:
    """Reads nodes and keeps what is wrong with them."""

    def __init__(self) -> None:
        self._problems: list[tuple[int, DataError]] = []

    def raise_problems(self) -> None:
        """ConditionsError with all faults, where there are any."""
        if self._problems:
            ordered = sorted(self._problems, key=lambda p: p[0])
            raise ConditionsError([problem for _line, problem in ordered])

    def _unknown_key(self, line: int, where: str, key: str, allowed: tuple[str, ...]) -> None:
        if near := difflib.get_close_matches(key, allowed, 1, 0.6):
            self._fault(
                line,
                "Line {line}, {where}: '{key}' is not known; did you mean '{near}'?",
                where=where,
                key=key,
                near=near[0],
            )
        else:
            self._fault(
                line,
                "Line {line}, {where}: '{key}' is not known; use {allowed}.",
                where=where,
                key=key,
                allowed=", ".join(allowed),
            )

    def _fault(self, line: int, message: str, **params: object) -> None:
        self._problems.append((line, DataError(message, line=line, **params)))

    def _plain(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self._fault(line_of(node), "Line {line}: here one value is expected, not a list.")
        return ""

    def _mapping(
        self, node: yaml.Node | None, where: str, allowed: tuple[str, ...] | None
    ) -> dict[str, yaml.Node]:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value == ""):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._fault(
                line_of(node), "Line {line}: {where} is written as 'key: value' lines.", where=where
            )
            return {}
        out: dict[str, Any] = {}
        for key_node, value in node.value:
            key = self._plain(key_node).strip()
            if key in out:
                self._fault(
                    line_of(key_node),
                    "Line {line}, {where}: '{key}' is there twice.",
                    where=where,
                    key=key,
                )
            elif allowed is not None and key not in allowed:
                self._unknown_key(line_of(key_node), where, key[:40], allowed)
            else:
                out[key] = value
        return out

    def _one_of(
        self, node: yaml.Node | None, name: str, key: str, allowed: list[str]
    ) -> str | None:
        if node is None:
            return None
        value = self._plain(node).strip().lower()
        if value not in allowed:
            self._fault(
                line_of(node),
                "Line {line}, condition {id}: {key} is {allowed}, not '{value}'.",
                id=name,
                key=key,
                allowed=" / ".join(allowed),
                value=value[:40],
            )
            return None
        return value

    def _weight(self, node: yaml.Node | None, name: str, usual: float) -> float:
        if node is None:
            return usual
        try:
            weight = float(self._plain(node))
        except ValueError:
            weight = -1.0
        if not 0 <= weight <= 100:
            self._fault(
                line_of(node),
                "Line {line}, {id}: a weight is a number from 0 to 100, not '{value}'.",
                id=name,
                value=self._plain(node)[:40],
            )
            return usual
        return weight
