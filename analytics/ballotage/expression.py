"""Conditions as expressions over facts: what they are made of and whether they hold.

Three-valued: a test of a fact that is not known is neither true nor false but unknown, and so is
what hangs on it (Kleene's logic): `unknown and no` is no, `unknown and yes` is unknown. How an
expression is written and read is in `grammar`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from analytics.winmodel.facts import canonical, number

Literal: TypeAlias = float | str | bool | dt.date
Truth: TypeAlias = bool | None


class FactType(Enum):
    """What kind of value a fact has; the value is how a conditions file writes it."""

    YES_NO = "yes_no"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"


class Comparison(Enum):
    """How a fact is compared; the value is how it is written."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Test:
    """A fact against values: one for a comparison, two for `between`, any number for `in`."""

    fact: str
    values: tuple[Literal, ...]
    how: Comparison | None = None
    """None for `in`."""


@dataclass(frozen=True, slots=True)
class Known:
    """Whether a fact is known; never itself unknown."""

    fact: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of unknown unknown."""

    part: Expression


@dataclass(frozen=True, slots=True)
class All:
    """Every part; one that is not met settles it."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part; one that is met settles it."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Test | Known | Not | All | AnyOf


def type_of(value: Literal) -> FactType:
    """The type a literal stands for."""
    if isinstance(value, bool):
        return FactType.YES_NO
    if isinstance(value, float):
        return FactType.NUMBER
    return FactType.TEXT if isinstance(value, str) else FactType.DATE


def written(value: Literal) -> str:
    """A literal as a person types it: `45`, `yes`, `2026-03-31`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)


def as_type(value: object, kind: FactType) -> Literal | None:
    """A fact's value as a type, None where it is empty or cannot be read as one."""
    text = canonical(value)
    if text is None:
        return None
    if kind is FactType.TEXT:
        return text
    if kind is FactType.YES_NO:
        return {"yes": True, "1": True, "1.0": True, "no": False, "0": False, "0.0": False}.get(
            text
        )
    if kind is FactType.NUMBER:
        read = number(value)
        return None if math.isnan(read) else read
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


_COMPARE: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: lambda a, b: bool(a == b),
    Comparison.UNEQUAL: lambda a, b: bool(a != b),
    Comparison.LESS: lambda a, b: bool(a < b),
    Comparison.AT_MOST: lambda a, b: bool(a <= b),
    Comparison.MORE: lambda a, b: bool(a > b),
    Comparison.AT_LEAST: lambda a, b: bool(a >= b),
}


def evaluate(expression: Expression, facts: Callable[[str], object]) -> Truth:
    """Whether an expression holds; None where that is not known. `facts` gives None for unknown."""
    match expression:
        case Test(fact=fact, values=values, how=how):
            value = as_type(facts(fact), type_of(values[0]))
            if value is None:
                return None
            return value in values if how is None else _COMPARE[how](value, values[0])
        case Known(fact=fact):
            return canonical(facts(fact)) is not None
        case Not(part=part):
            found = evaluate(part, facts)
            return None if found is None else not found
        case All(parts=parts):
            truths = [evaluate(p, facts) for p in parts]
            return False if False in truths else None if None in truths else True
        case AnyOf(parts=parts):
            truths = [evaluate(p, facts) for p in parts]
            return True if True in truths else None if None in truths else False


def leaves(expression: Expression) -> Iterator[Test | Known]:
    """Every test in an expression, from left to right."""
    match expression:
        case Test() | Known():
            yield expression
        case Not(part=part):
            yield from leaves(part)
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from leaves(part)
