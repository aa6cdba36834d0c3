"""The language of conditions: a small typed expression over facts, read without `eval`.

    expression := both ("or" both)*
    both       := single ("and" single)*
    single     := "not" single | "(" expression ")" | "known" "(" FACT ")" | test
    test       := FACT
                | FACT ("=" | "!=" | "<" | "<=" | ">" | ">=") VALUE
                | FACT ["not"] "in" "(" VALUE ("," VALUE)* ")"
                | FACT ["not"] "between" VALUE "and" VALUE
    VALUE      := number | "text" | 'text' | YYYY-MM-DD | yes | no

A fact alone asks for yes. The Dutch words (en, of, niet, tussen, bekend, ja, nee) are read as well.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from analytics.ballotage.expression import (
    All,
    AnyOf,
    Comparison,
    Expression,
    Known,
    Literal,
    Not,
    Test,
    type_of,
    written,
)
from analytics.errors import DataError
from analytics.winmodel.facts import canonical, fact_name

LONGEST = 1_000
"""Characters of an expression."""
DEEPEST = 40
"""Brackets inside each other."""


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
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,9})?")
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+")
"""1.000 is one in English and a thousand in Dutch."""


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


def is_name(name: str) -> bool:
    """Whether a fact of this name can be used in an expression."""
    found = _TOKEN.fullmatch(name)
    return found is not None and found.lastgroup == "word" and name.lower() not in _WORDS


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
            if not _PLAIN_NUMBER.fullmatch(token.text) or _THOUSANDS.fullmatch(token.text):
                raise ExpressionError(
                    "{value} can be read in two ways or is too long; write a number as 1000 or 2.5",
                    token.at,
                    value=token.text[:40],
                )
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
