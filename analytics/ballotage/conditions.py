"""Conditions: what a prospect must or should meet, and the facts they ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from analytics.ballotage.expression import Expression, FactType, Test, Truth, evaluate, leaves

LANGUAGES = ("nl", "en")
ADMIT_FROM = 60.0
"""Score (0 to 100) from which a prospect is admitted."""
CLIENT, FIT, INTRODUCTION, REVENUE = "client", "fit", "introduction", "expected_revenue"
COMPUTED: Mapping[str, FactType] = {
    CLIENT: FactType.YES_NO,
    FIT: FactType.NUMBER,
    INTRODUCTION: FactType.YES_NO,
    REVENUE: FactType.NUMBER,
}
"""Facts that follow from the company's own data; nobody can type them."""
SOURCES = frozenset({"source", "channel"})
"""How a prospect came in: it may count for something, and never shuts the door."""


class Level(Enum):
    """How heavy a condition is."""

    MUST = "must"
    SHOULD = "should"


class OnMiss(Enum):
    """What missing a must means."""

    DECLINE = "decline"
    WAITLIST = "waitlist"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that conditions use. question: by language, as one asks a colleague.

    choices: values a text can take. is_: for a fact that follows from others, the expression.
    """

    name: str
    type: FactType
    question: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    is_: Expression | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. title and ask by language; ask is what to ask the prospect next.

    principle and card: what it rests on. weight: of a should, in the score.
    """

    id: str
    level: Level
    when: Expression
    written: str
    title: Mapping[str, str]
    principle: str
    card: str
    on_miss: OnMiss | None = None
    weight: float = 1.0
    ask: Mapping[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def must(self) -> bool:
        """Whether it is a must."""
        return self.level is Level.MUST


@dataclass(frozen=True)
class Conditions:
    """A whole ballotage. text: the file as it was written; fit_weight: of the fit in the score."""

    items: tuple[Condition, ...]
    facts: Mapping[str, Fact]
    fit_weight: float
    text: str

    @property
    def version(self) -> str:
        """Ten hexadecimal digits of the text's SHA-256."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:10]

    def truth(self, expression: Expression, facts: Mapping[str, object]) -> Truth:
        """Whether an expression holds for a prospect; None where that is not known."""

        def value(name: str) -> object:
            declared = self.facts.get(name)
            if declared is not None and declared.is_ is not None:
                return self.truth(declared.is_, facts)
            return facts.get(name)

        return evaluate(expression, value)

    def plain_facts(self, expression: Expression) -> tuple[str, ...]:
        """The facts an expression rests on, derived ones traced to what they follow from."""
        return tuple(dict.fromkeys(self._traced(expression)))

    def _traced(self, expression: Expression) -> Iterator[str]:
        for leaf in leaves(expression):
            declared = self.facts.get(leaf.fact)
            if declared is not None and declared.is_ is not None:
                yield from self._traced(declared.is_)
            else:
                yield leaf.fact

    def tests(self, expression: Expression) -> Iterator[Test]:
        """Every comparison an expression comes down to."""
        for leaf in leaves(expression):
            declared = self.facts.get(leaf.fact)
            if declared is not None and declared.is_ is not None:
                yield from self.tests(declared.is_)
            elif isinstance(leaf, Test):
                yield leaf

    @property
    def process_facts(self) -> frozenset[str]:
        """Yes or no questions about the deal: how it goes, not what kind of company it is with."""
        return frozenset(
            f.name for f in self.facts.values() if f.is_ is None and f.type is FactType.YES_NO
        )

    @property
    def asked(self) -> tuple[str, ...]:
        """Facts of the conditions that a person can tell, musts first, then the heaviest."""
        order = sorted(self.items, key=lambda c: (not c.must, -c.weight))
        found = [f for c in order for f in self.plain_facts(c.when) if f not in COMPUTED]
        return tuple(dict.fromkeys(found))
