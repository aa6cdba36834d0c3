"""The language of conditions: a small typed expression over facts, three-valued, never `eval`.

    expression := both ("or" both)*
    both       := single ("and" single)*
    single     := "not" single | "(" expression ")" | "known" "(" FACT ")" | test
    test       := FACT
                | FACT ("=" | "!=" | "<" | "<=" | ">" | ">=") VALUE
                | FACT ["not"] "in" "(" VALUE ("," VALUE)* ")"
                | FACT ["not"] "between" VALUE "and" VALUE
    VALUE      := number | "text" | 'text' | YYYY-MM-DD | yes | no

A test of a fact that is not known is neither true nor false but unknown, and so is what hangs on it
(Kleene's logic): `unknown and no` is no, `unknown and yes` is unknown. A fact alone asks for yes.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from analytics.errors import DataError
from analytics.winmodel.facts import canonical, fact_name, number

LONGEST = 1_000
DEEPEST = 40
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


class ExpressionError(DataError):
    """What is wrong with an expression; `at` is the place in its text, from 0."""

    def __init__(self, message: str, at: int, **params: object) -> None:
        super().__init__(message, **params)
        self.at = at


_WORDS = {
    "and": "and", "en": "and", "or": "or", "of": "or", "not": "not", "niet": "not", "in": "in",
    "between": "between", "tussen": "between", "known": "known", "bekend": "known",
    "yes": "yes", "ja": "yes", "true": "yes", "no": "no", "nee": "no", "false": "no",
}  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<date>\d{4}-\d{2}-\d{2})
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<sign><=|>=|!=|<>|==|=|<|>|\(|\)|,)
      | (?P<word>[^\W\d][\w.]*)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Expression:
    """Read an expression. ExpressionError says what is wrong and where."""
    if len(text) > LONGEST:
        raise ExpressionError(
            "an expression has at most {limit} characters; split it over several conditions",
            LONGEST,
            limit=LONGEST,
        )
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    out, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            near = text[at : at + 12].split()[0]
            if text[at] in "\"'":
                raise ExpressionError(
                    "a text that begins with {sign} does not end; close it with the same quote",
                    at,
                    sign=near,
                )
            raise ExpressionError(
                "{sign} is not understood here; compare with =, !=, <, <=, > or >=", at, sign=near
            )
        kind = str(found.lastgroup)
        if kind != "space":
            word = found[0]
            if kind == "word" and word.lower() in _WORDS:
                kind, word = "key", _WORDS[word.lower()]
            out.append(_Token(kind, word, at))
        at = found.end()
    out.append(_Token("end", "", len(text)))
    return out


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._now.kind != "end":
            raise self._unexpected("an expression goes on with 'and' or 'or', near '{near}'")
        return found

    @property
    def _now(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._now
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _is(self, kind: str, text: str) -> bool:
        return self._now.kind == kind and self._now.text == text

    def _expect(self, sign: str) -> None:
        if not self._is("sign", sign):
            raise self._unexpected("here a '{wanted}' is missing, near '{near}'", wanted=sign)
        self._take()

    def _unexpected(self, message: str, **params: object) -> ExpressionError:
        token = self._now
        if token.kind == "end":
            return ExpressionError(
                "it stops too early; a fact, a value or a bracket is missing", token.at
            )
        return ExpressionError(message, token.at, near=token.text, **params)

    def _either(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError("it has too many brackets inside each other", self._now.at)
        parts = [self._both()]
        while self._is("key", "or"):
            self._take()
            parts.append(self._both())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self) -> Expression:
        parts = [self._single()]
        while self._is("key", "and"):
            self._take()
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _single(self) -> Expression:
        negations = 0
        while self._is("key", "not"):
            self._take()
            negations += 1
        found = self._plain()
        return Not(found) if negations % 2 else found

    def _plain(self) -> Expression:
        if self._is("sign", "("):
            self._take()
            found = self._either()
            self._expect(")")
            return found
        if self._is("key", "known"):
            self._take()
            self._expect("(")
            fact = self._fact()
            self._expect(")")
            return Known(fact)
        return self._test()

    def _fact(self) -> str:
        if self._now.kind != "word":
            raise self._unexpected("here the name of a fact is missing, near '{near}'")
        return fact_name(self._take().text)

    def _test(self) -> Expression:
        fact = self._fact()
        if self._now.kind == "sign" and self._now.text not in {"(", ")", ","}:
            sign = {"==": "=", "<>": "!="}.get(self._now.text, self._now.text)
            at = self._take().at
            value = self._value()
            how = Comparison(sign)
            ordered = how not in {Comparison.EQUAL, Comparison.UNEQUAL}
            if ordered and isinstance(value, str | bool):
                raise ExpressionError(
                    "{sign} compares numbers or dates; a text or yes and no take = or !=",
                    at,
                    sign=sign,
                )
            return Test(fact, (value,), how)
        opposite = False
        if self._is("key", "not"):
            self._take()
            opposite = True
            if not (self._is("key", "in") or self._is("key", "between")):
                raise self._unexpected(
                    "after a fact, 'not' goes with 'in' or 'between', near '{near}'"
                )
        found: Expression
        if self._is("key", "in"):
            self._take()
            found = Test(fact, self._list(fact))
        elif self._is("key", "between"):
            at = self._take().at
            found = self._between(fact, at)
        else:
            return Test(fact, (True,), Comparison.EQUAL)
        return Not(found) if opposite else found

    def _list(self, fact: str) -> tuple[Literal, ...]:
        at = self._now.at
        self._expect("(")
        values = [self._value()]
        while self._is("sign", ","):
            self._take()
            values.append(self._value())
        self._expect(")")
        if len({type_of(v) for v in values}) > 1:
            raise ExpressionError(
                "the values of {fact} are of different kinds; use only texts or only numbers",
                at,
                fact=fact,
            )
        return tuple(values)

    def _between(self, fact: str, at: int) -> Expression:
        low = self._value()
        if not self._is("key", "and"):
            raise self._unexpected(
                "'between' takes two values with 'and', as in between 10 and 50, near '{near}'"
            )
        self._take()
        high = self._value()
        if type_of(low) is not type_of(high) or isinstance(low, str | bool):
            raise ExpressionError("'between' takes two numbers or two dates", at)
        if low > high:  # type: ignore[operator]
            raise ExpressionError(
                "between {low} and {high} holds nothing; put the lower one first",
                at,
                low=written(low),
                high=written(high),
            )
        return All(
            (Test(fact, (low,), Comparison.AT_LEAST), Test(fact, (high,), Comparison.AT_MOST))
        )

    def _value(self) -> Literal:
        token = self._now
        if token.kind == "number":
            self._take()
            return float(token.text)
        if token.kind == "text":
            self._take()
            text = canonical(token.text[1:-1])
            if text is None:
                raise ExpressionError("an empty text; use known(fact) to ask for one", token.at)
            return text
        if token.kind == "key" and token.text in {"yes", "no"}:
            return self._take().text == "yes"
        if token.kind == "date":
            try:
                day = dt.date.fromisoformat(token.text)
            except ValueError:
                raise ExpressionError(
                    "{value} is not a day; write 2026-03-31", token.at, value=token.text
                ) from None
            self._take()
            return day
        if token.kind == "word":
            raise ExpressionError(
                '{value} is a word; put a text between quotes: "{value}"',
                token.at,
                value=token.text,
            )
        raise self._unexpected(
            "here a value is missing: a number, a text between quotes, a day, yes or no, near '{near}'"
        )


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
        return f"{value:.0f}" if value.is_integer() else f"{value:g}"
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
