"""Reading a conditions file: every fault by its line and condition, and nothing taken half."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import yaml

from analytics.ballotage import soundness
from analytics.ballotage.conditions import (
    COMPUTED,
    LANGUAGES,
    SOURCES,
    Condition,
    Conditions,
    Fact,
    Level,
    OnMiss,
)
from analytics.ballotage.expression import Expression, FactType, Test, leaves, type_of
from analytics.ballotage.grammar import ExpressionError, is_name, parse
from analytics.ballotage.nodes import Nodes, compose, line_of
from analytics.errors import DataError
from analytics.winmodel.facts import canonical, fact_name

MOST = 100
"""Conditions, and facts."""
FORMAT = 1
CONTRACT: Mapping[str, FactType] = {
    "source": FactType.TEXT,
    "channel": FactType.TEXT,
    "segment": FactType.TEXT,
    "country": FactType.TEXT,
    "region": FactType.TEXT,
    "employees": FactType.NUMBER,
    "owner": FactType.TEXT,
    "amount": FactType.NUMBER,
    "stage": FactType.TEXT,
}
"""Facts every company's data may have."""
_ID = re.compile(r"[\w-]{1,60}")
_TOP = ("version", "fit_weight", "facts", "conditions")
_OF_FACT = ("type", "is", "choices", *LANGUAGES)
_OF_CONDITION = ("id", "level", "on_miss", "when", "weight", "principle", "card", *LANGUAGES)
_OF_TEXT = ("title", "ask")
PRINCIPLES = ("client-is-no-king", "pareto", "culture-first")


@lru_cache(maxsize=1)
def defaults() -> Conditions:
    """The ten conditions one starts with (read once: reading them takes longer than judging)."""
    path = files("analytics.ballotage") / "default.yaml"
    return read(path.read_text(encoding="utf-8"))


def read(text: str, known: Mapping[str, FactType] | None = None) -> Conditions:
    """Read a conditions file. known: facts of the company's own data, by name.

    Raises ConditionsError with all faults.
    """
    return _Reader(text, dict(known or {})).conditions(compose(text))


class _Reader(Nodes):
    def __init__(self, text: str, known: Mapping[str, FactType]) -> None:
        super().__init__()
        self._text = text
        self._known = {**known, **CONTRACT, **COMPUTED}
        self._facts: dict[str, Fact] = {}

    def conditions(self, root: yaml.Node | None) -> Conditions:
        top = self._mapping(root, "the file", _TOP) if root is not None else {}
        if "conditions" not in top and not self._problems:
            self._fault(
                1, "Line {line}: there is no list of conditions; begin it with 'conditions:'."
            )
        if (version := top.get("version")) is not None and self._plain(version) != str(FORMAT):
            self._fault(line_of(version), "Line {line}: only version 1 of this format is known.")
        declared = self._mapping(top.get("facts"), "facts", None)
        if len(declared) > MOST:
            self._fault(line_of(top["facts"]), "Line {line}: at most {limit} facts.", limit=MOST)
        for name, node in list(declared.items())[:MOST]:
            self._fact(name, node)
        fit_weight = self._weight(top.get("fit_weight"), "fit_weight", 4.0)
        listed = top.get("conditions")
        items: list[Condition] = []
        if listed is not None and not isinstance(listed, yaml.SequenceNode):
            self._fault(
                line_of(listed), "Line {line}: 'conditions' is a list; begin each one with '-'."
            )
        elif listed is not None:
            items = [c for node in listed.value[:MOST] if (c := self._condition(node)) is not None]
            if len(listed.value) > MOST:
                self._fault(line_of(listed), "Line {line}: at most {limit} conditions.", limit=MOST)
            if not listed.value:
                self._fault(line_of(listed), "Line {line}: the list of conditions is empty.")
        found = Conditions(tuple(items), self._facts, fit_weight, self._text)
        self._check_facts(found)
        if not self._problems:
            self._check_sense(found)
        self.raise_problems()
        return found

    # Facts

    def _fact(self, written: str, node: yaml.Node) -> None:
        name, line = fact_name(written), line_of(node)
        if name in COMPUTED:
            self._fault(
                line,
                "Line {line}: {fact} follows from your data and cannot be declared.",
                fact=name,
            )
            return
        if not is_name(name):
            self._fault(
                line,
                "Line {line}: '{fact}' cannot be the name of a fact; begin with a letter, and take no "
                "word of the language such as 'in' or 'not'.",
                fact=written[:40],
            )
            return
        if name in self._facts:
            self._fault(
                line,
                "Line {line}, fact {fact}: line {other} declares it already.",
                fact=written,
                other=self._facts[name].line,
            )
            return
        parts = self._mapping(node, written, _OF_FACT)
        is_ = self._expression(parts["is"], written) if "is" in parts else None
        kind = self._kind(parts.get("type"), written)
        if name in CONTRACT and (kind is not CONTRACT[name] or is_ is not None):
            self._fault(
                line,
                "Line {line}, fact {fact}: your data has it as {kind}; leave it out here, or take "
                "another name.",
                fact=written,
                kind=CONTRACT[name].value,
            )
        question = {t: self._plain(parts[t]).strip() for t in LANGUAGES if t in parts}
        if is_ is None:
            for language in LANGUAGES:
                if not question.get(language):
                    self._fault(
                        line,
                        "Line {line}, fact {fact}: the question in '{language}' is missing.",
                        fact=written,
                        language=language,
                    )
        choices = self._choices(parts.get("choices"), written, kind)
        self._facts[name] = Fact(name, kind, question, choices, is_, line)

    def _kind(self, node: yaml.Node | None, fact: str) -> FactType:
        if node is None:
            return FactType.YES_NO
        try:
            return FactType(self._plain(node).strip())
        except ValueError:
            self._fault(
                line_of(node),
                "Line {line}, fact {fact}: a type is yes_no, number, text or date.",
                fact=fact,
            )
            return FactType.YES_NO

    def _choices(self, node: yaml.Node | None, fact: str, kind: FactType) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode) or kind is not FactType.TEXT:
            self._fault(
                line_of(node),
                "Line {line}, fact {fact}: choices are a list, as in [small, large], of a fact with "
                "type: text.",
                fact=fact,
            )
            return ()
        return tuple(c for n in node.value if (c := canonical(self._plain(n))))

    # Conditions

    def _condition(self, node: yaml.Node) -> Condition | None:
        line = line_of(node)
        before = len(self._problems)
        parts = self._mapping(node, "a condition", _OF_CONDITION)
        name = self._plain(parts["id"]).strip() if "id" in parts else ""
        if not name:
            self._fault(line, "Line {line}: this condition has no id.")
            name = "?"
        elif not _ID.fullmatch(name):
            self._fault(
                line,
                "Line {line}, condition {id}: an id is at most 60 letters, digits and dashes.",
                id=name[:60],
            )
        for wanted in ("level", "when", "principle", *LANGUAGES):
            if wanted not in parts:
                self._fault(
                    line, "Line {line}, condition {id}: '{key}' is missing.", id=name, key=wanted
                )
        level = self._one_of(parts.get("level"), name, "level", [v.value for v in Level])
        on_miss = self._one_of(parts.get("on_miss"), name, "on_miss", [v.value for v in OnMiss])
        if level == Level.MUST.value and on_miss is None and "on_miss" not in parts:
            self._fault(
                line,
                "Line {line}, condition {id}: a must says what missing it means; add on_miss: "
                "decline or on_miss: waitlist.",
                id=name,
            )
        if level == Level.SHOULD.value and "on_miss" in parts:
            self._fault(
                line_of(parts["on_miss"]),
                "Line {line}, condition {id}: on_miss goes with a must; a should lowers the score.",
                id=name,
            )
        principle = self._one_of(parts.get("principle"), name, "principle", list(PRINCIPLES))
        weight = self._weight(parts.get("weight"), name, 1.0)
        when = self._expression(parts["when"], name) if "when" in parts else None
        texts = {t: self._mapping(parts.get(t), f"{name} {t}", _OF_TEXT) for t in LANGUAGES}
        title = {t: self._plain(p["title"]).strip() for t, p in texts.items() if "title" in p}
        ask = {t: self._plain(p["ask"]).strip() for t, p in texts.items() if "ask" in p}
        for language in LANGUAGES:
            if language in parts and not title.get(language):
                self._fault(
                    line_of(parts[language]),
                    "Line {line}, condition {id}: the title in '{language}' is missing.",
                    id=name,
                    language=language,
                )
        if len(self._problems) > before or level is None or when is None or principle is None:
            return None
        return Condition(
            id=name,
            level=Level(level),
            when=when,
            written=self._plain(parts["when"]).strip(),
            title=title,
            principle=principle,
            card=self._plain(parts["card"]).strip() if "card" in parts else "",
            on_miss=OnMiss(on_miss) if on_miss else None,
            weight=weight,
            ask=ask,
            line=line,
        )

    def _expression(self, node: yaml.Node, name: str) -> Expression | None:
        text = self._plain(node)
        try:
            return parse(text)
        except ExpressionError as error:
            self._problems.append(
                (
                    line_of(node),
                    DataError(
                        "Line {line}, {id}: in '{expression}' {problem}.",
                        line=line_of(node),
                        id=name,
                        expression=text[:80],
                        problem=error,
                    ),
                )
            )
            return None

    # What facts and conditions say together

    def _check_facts(self, found: Conditions) -> None:
        named = [(f.is_, f.name, f.line) for f in found.facts.values() if f.is_ is not None]
        named += [(c.when, c.id, c.line) for c in found.items]
        for expression, owner, line in named:
            for leaf in leaves(expression):
                self._check_leaf(leaf.fact, leaf if isinstance(leaf, Test) else None, owner, line)
        seen: dict[str, int] = {}
        for condition in found.items:
            if condition.id in seen:
                self._fault(
                    condition.line,
                    "Line {line}, condition {id}: line {other} has this id already.",
                    id=condition.id,
                    other=seen[condition.id],
                )
            seen.setdefault(condition.id, condition.line)

    def _check_leaf(self, fact: str, test: Test | None, owner: str, line: int) -> None:
        declared = self._facts.get(fact)
        if declared is None and fact not in self._known:
            near = difflib.get_close_matches(fact, [*self._facts, *self._known], 1, 0.6)
            if near:
                self._fault(
                    line,
                    "Line {line}, {id}: the fact '{fact}' is not known; did you mean '{near}'?",
                    id=owner,
                    fact=fact,
                    near=near[0],
                )
            else:
                self._fault(
                    line,
                    "Line {line}, {id}: the fact '{fact}' is not known; declare it under 'facts:'.",
                    id=owner,
                    fact=fact,
                )
            return
        if test is None:
            return
        kind = type_of(test.values[0])
        said = declared.type if declared is not None else self._known.get(fact)
        if said is not None and said is not kind:
            self._fault(
                line,
                "Line {line}, {id}: {fact} is of type {said}, and is compared as {kind}.",
                id=owner,
                fact=fact,
                said=said.value,
                kind=kind.value,
            )
        choices = declared.choices if declared is not None else ()
        for value in test.values:
            if choices and value not in choices:
                self._fault(
                    line,
                    "Line {line}, {id}: '{value}' is none of the choices of {fact}.",
                    id=owner,
                    value=value,
                    fact=fact,
                )

    def _check_sense(self, found: Conditions) -> None:
        if circle := soundness.cycle(found.facts):
            self._fault(
                found.facts[circle[0]].line,
                "Line {line}: these facts follow from each other: {circle}. Break the circle.",
                circle=" > ".join(circle),
            )
            return
        for one in found.items:
            if one.must and (sources := SOURCES & set(found.plain_facts(one.when))):
                self._fault(
                    one.line,
                    "Line {line}, condition {id}: {fact} is never a must; make it a should.",
                    id=one.id,
                    fact=min(sources),
                )
            if soundness.satisfiable(found, [one.when]) is False:
                self._fault(
                    one.line,
                    "Line {line}, condition {id}: nobody can ever meet '{expression}'.",
                    id=one.id,
                    expression=one.written[:80],
                )
            elif soundness.satisfiable(found, [one.when], miss=True) is False:
                self._fault(
                    one.line,
                    "Line {line}, condition {id}: everybody meets '{expression}', so it says nothing.",
                    id=one.id,
                    expression=one.written[:80],
                )
        if not self._problems and (clash := soundness.contradicting(found)):
            self._fault(
                clash[-1].line,
                "Line {line}: nobody can meet these musts together: {ids}. Change one of them.",
                ids=", ".join(c.id for c in clash),
            )
