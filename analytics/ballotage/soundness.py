"""Whether conditions make sense together: no contradiction, none that is always met, no cycle.

Tests compare one fact with values, so a fact needs to be tried only at its values and between them:
within the bound on combinations the answer is exact.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from analytics.ballotage.conditions import Condition, Conditions, Fact
from analytics.ballotage.expression import (
    Expression,
    FactType,
    Known,
    Literal,
    leaves,
    type_of,
)

MOST_COMBINATIONS = 20_000
_OTHER = "\x00other"


def cycle(facts: Mapping[str, Fact]) -> tuple[str, ...] | None:
    """Names of derived facts that follow from each other, the first one again at the end."""
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> tuple[str, ...] | None:
        if name in path:
            return (*path[path.index(name) :], name)
        declared = facts.get(name)
        if name in done or declared is None or declared.is_ is None:
            return None
        for leaf in leaves(declared.is_):
            if found := walk(leaf.fact, (*path, name)):
                return found
        done.add(name)
        return None

    for name in facts:
        if found := walk(name, ()):
            return found
    return None


def candidates(
    conditions: Conditions, expressions: Iterable[Expression]
) -> dict[str, list[Literal]]:
    """For each fact the values that can make a difference: its own, those between and beyond."""
    given: dict[str, set[Literal]] = {}
    for expression in expressions:
        for test in conditions.tests(expression):
            given.setdefault(test.fact, set()).update(test.values)
    return {fact: _around(values) for fact, values in given.items()}


def _around(values: set[Literal]) -> list[Literal]:
    kind = type_of(next(iter(values)))
    if kind is FactType.YES_NO:
        return [True, False]
    if kind is FactType.TEXT:
        return [*sorted(str(v) for v in values), _OTHER]
    if kind is FactType.DATE:
        days = sorted(v for v in values if isinstance(v, dt.date))
        one = dt.timedelta(days=1)
        # No day lies between neighbours, so the days before and after each are enough.
        around = {d for day in days for d in (_moved(day, -one), day, _moved(day, one))}
        return sorted(around)
    numbers = sorted(v for v in values if isinstance(v, float))
    middles = [(a + b) / 2 for a, b in itertools.pairwise(numbers)]
    return [*sorted({*numbers, *middles, numbers[0] - 1, numbers[-1] + 1})]


def _moved(day: dt.date, by: dt.timedelta) -> dt.date:
    try:
        return day + by
    except OverflowError:
        return day


def satisfiable(
    conditions: Conditions, expressions: Sequence[Expression], *, miss: bool = False
) -> bool | None:
    """Whether one prospect can meet them all (miss: miss them all); None where that is too much."""
    values: dict[str, list[Literal | None]] = {
        f: list(v) for f, v in candidates(conditions, expressions).items()
    }
    for name in _asked_for(conditions, expressions):
        values[name] = [*values.get(name, ["something"]), None]
    if math.prod(len(v) for v in values.values()) > MOST_COMBINATIONS:
        return None
    wanted = not miss
    return any(
        all(
            conditions.truth(e, dict(zip(values, combination, strict=True))) is wanted
            for e in expressions
        )
        for combination in itertools.product(*values.values())
    )


def _asked_for(conditions: Conditions, expressions: Iterable[Expression]) -> set[str]:
    """Facts that `known(...)` asks for: not knowing them makes a difference."""
    found: set[str] = set()
    for expression in expressions:
        for leaf in leaves(expression):
            declared = conditions.facts.get(leaf.fact)
            if declared is not None and declared.is_ is not None:
                found |= _asked_for(conditions, [declared.is_])
                if isinstance(leaf, Known):
                    found |= set(conditions.plain_facts(declared.is_))
            elif isinstance(leaf, Known):
                found.add(leaf.fact)
    return found


def contradicting(conditions: Conditions) -> tuple[Condition, ...]:
    """The fewest musts that nobody can meet together; empty where there are none."""
    musts = [c for c in conditions.items if c.must]
    for pair in itertools.combinations(musts, 2):
        if satisfiable(conditions, [c.when for c in pair]) is False:
            return pair
    for group in _tied(conditions, musts):
        if len(group) > 2 and satisfiable(conditions, [c.when for c in group]) is False:
            return _fewest(conditions, group)
    return ()


def _fewest(conditions: Conditions, group: Sequence[Condition]) -> tuple[Condition, ...]:
    kept = list(group)
    for one in group:
        rest = [c for c in kept if c is not one]
        if len(rest) > 1 and satisfiable(conditions, [c.when for c in rest]) is False:
            kept = rest
    return tuple(kept)


def _tied(conditions: Conditions, musts: Sequence[Condition]) -> list[list[Condition]]:
    """Groups of musts that share facts."""
    groups: list[tuple[set[str], list[Condition]]] = []
    for must in musts:
        facts, members = set(conditions.plain_facts(must.when)), [must]
        apart = []
        for other_facts, others in groups:
            if facts & other_facts:
                facts |= other_facts
                members = [*others, *members]
            else:
                apart.append((other_facts, others))
        groups = [*apart, (facts, members)]
    return [members for _facts, members in groups]
