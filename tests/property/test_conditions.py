"""Whatever is written as a condition is read rightly or refused in one line, never anything else."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.ballotage import expression as lang
from analytics.ballotage.conditions import Conditions
from analytics.ballotage.expression import (
    All,
    AnyOf,
    Comparison,
    Expression,
    Known,
    Literal,
    Not,
    evaluate,
    written,
)
from analytics.ballotage.grammar import ExpressionError, parse
from analytics.ballotage.nodes import ConditionsError
from analytics.ballotage.reading import defaults, read
from analytics.ballotage.soundness import satisfiable
from analytics.errors import DataError

MODEST = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NUMBERS = st.one_of(
    st.integers(-10_000, 10_000).map(float),
    st.decimals(-1_000, 1_000, places=2, allow_nan=False).map(float),
)
TEXTS = st.sampled_from(["bouw", "zorg", "it & co", "l'oreal", 'zeg "ja"', "é", "2026-13-99"])
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))
# A fact each of a type, so that a test of it can come out either way.
VALUES: dict[str, st.SearchStrategy[Literal]] = {
    "size": NUMBERS,
    "segment": TEXTS,
    "since": DAYS,
    "met": st.booleans(),
}
FACTS = st.fixed_dictionaries({n: st.one_of(st.none(), v) for n, v in VALUES.items()})


def trials(fact: str) -> st.SearchStrategy[Expression]:
    """Tests of one fact in every form."""
    ordered = fact in {"size", "since"}
    hows = list(Comparison) if ordered else [Comparison.EQUAL, Comparison.UNEQUAL]
    return st.one_of(
        st.builds(
            lambda v, how: lang.Test(fact, (v,), how),
            VALUES[fact],
            st.sampled_from(hows),
        ),
        st.builds(
            lambda vs: lang.Test(fact, tuple(vs)), st.lists(VALUES[fact], min_size=1, max_size=3)
        ),
        st.just(Known(fact)),
    )


def branches(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Expressions of expressions."""
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, parts), st.builds(All, several), st.builds(AnyOf, several))


EXPRESSIONS = st.recursive(st.sampled_from(sorted(VALUES)).flatmap(trials), branches, max_leaves=8)


def literal(value: Literal) -> str:
    """A value as it stands in an expression."""
    if isinstance(value, str):
        return f'"{value}"' if '"' not in value else f"'{value}'"
    return written(value)


def printed(expression: Expression) -> str:
    """An expression as a person writes it."""
    match expression:
        case lang.Test(fact=fact, values=values, how=None):
            return f"{fact} in ({', '.join(map(literal, values))})"
        case lang.Test(fact=fact, values=values, how=how):
            return f"{fact} {how.value if how else ''} {literal(values[0])}"
        case Known(fact=fact):
            return f"known({fact})"
        case Not(part=part):
            return f"not ({printed(part)})"
        case All(parts=parts):
            return " and ".join(f"({printed(p)})" for p in parts)
        case AnyOf(parts=parts):
            return " or ".join(f"({printed(p)})" for p in parts)


def by_hand(expression: Expression, facts: Mapping[str, Literal | None]) -> float:
    """Kleene's logic as arithmetic: 0 for no, 1 for yes, a half for unknown."""
    match expression:
        case lang.Test(fact=fact, values=values, how=how):
            value = facts[fact]
            if value is None:
                return 0.5
            if how is None:
                return float(any(value == v for v in values))
            sign = {"=": "=="}.get(how.value, how.value)
            return float(eval(f"a {sign} b", {"a": value, "b": values[0]}))  # the yardstick
        case Known(fact=fact):
            return float(facts[fact] is not None)
        case Not(part=part):
            return 1 - by_hand(part, facts)
        case All(parts=parts):
            return min(by_hand(p, facts) for p in parts)
        case AnyOf(parts=parts):
            return max(by_hand(p, facts) for p in parts)


@MODEST
@given(EXPRESSIONS, FACTS)
def test_what_is_written_means_what_it_says(
    expression: Expression, facts: dict[str, Literal | None]
) -> None:
    """Written, read again and judged, it says what arithmetic on the tree says."""
    wanted = {0.0: False, 0.5: None, 1.0: True}[by_hand(expression, facts)]
    assert evaluate(expression, facts.get) is wanted
    text = printed(expression)
    if len(text) <= 1_000:
        assert evaluate(parse(text), facts.get) is wanted


WORDS = ["met", "size", "and", "en", "or", "not", "in", "between", "tussen", "known", "yes", "(", ")",
         ",", "=", "!=", ">", "<=", "5", "-2.5", "1.000", '"bouw"', "'", "2026-01-31", "2026-02-31",
         ".", "__class__", "é", "\u202e", "\x00", "=="]  # fmt: skip
GARBAGE = st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.floats(), st.text(), DAYS, st.integers(), st.lists(st.integers())
)


@settings(MODEST, max_examples=400)
@given(GARBAGE, ANYTHING)
def test_garbage_is_refused_in_one_line(text: str, value: object) -> None:
    """What can be read can be judged, whatever the facts hold; the rest says where it goes wrong."""
    problem = None
    try:
        found = parse(text)
    except ExpressionError as error:
        problem = error
    if problem is not None:
        assert "\n" not in str(problem)
        assert 0 <= problem.at <= len(text)
    else:
        assert evaluate(found, lambda _fact: value) in {True, False, None}


LINES = defaults().text.splitlines(keepends=True)
EDITS = st.lists(
    st.tuples(
        st.integers(0, len(LINES) - 1),
        st.one_of(st.text(max_size=30), st.sampled_from(["", "  ", "&a ", "*a", "- ", "? ", "|", "%"])),
        st.sampled_from(["replace", "before", "after", "drop", "twice"]),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


@settings(MODEST, max_examples=60)
@given(EDITS)
def test_a_mangled_file_is_read_or_refused(edits: list[tuple[int, str, str]]) -> None:
    """Whatever becomes of a file, every fault has a line of its own."""
    lines = list(LINES)
    for place, text, how in edits:
        place %= len(lines)
        old = lines[place]
        lines[place : place + 1] = {
            "replace": [text + "\n"],
            "before": [text + old],
            "after": [old.rstrip("\n") + text + "\n"],
            "drop": [],
            "twice": [old, old],
        }[how]
    problems: tuple[DataError, ...] = ()
    try:
        read("".join(lines))
    except ConditionsError as error:
        problems = error.problems
    assert all(str(p).startswith("Line ") for p in problems)
    assert len({str(p) for p in problems}) == len(problems)


SMALL: dict[str, list[Literal | None]] = {
    "size": [None, *(i / 2 for i in range(-2, 9))],
    "segment": [None, "bouw", "zorg", "it", "anders"],
    "met": [None, True, False],
}


def small_tests() -> st.SearchStrategy[Expression]:
    """Tests over few values, so that musts clash now and then."""
    return st.one_of(
        st.builds(
            lambda v, how: lang.Test("size", (float(v),), how),
            st.integers(0, 3),
            st.sampled_from(list(Comparison)),
        ),
        st.builds(
            lambda vs: lang.Test("segment", tuple(vs)),
            st.lists(st.sampled_from(["bouw", "zorg", "it"]), min_size=1, max_size=2),
        ),
        st.just(lang.Test("met", (True,), Comparison.EQUAL)),
        st.sampled_from([Known("size"), Known("segment"), Known("met")]),
    )


@settings(MODEST, max_examples=100)
@given(
    st.lists(st.recursive(small_tests(), branches, max_leaves=4), min_size=1, max_size=3),
    st.booleans(),
)
def test_a_contradiction_is_exact(musts: list[Expression], miss: bool) -> None:
    """Nobody can meet them (or miss them) all exactly when no prospect that can be made up does."""
    found = any(
        all(
            evaluate(m, dict(zip(SMALL, prospect, strict=True)).get) is (not miss)
            for m in musts
        )
        for prospect in itertools.product(*SMALL.values())
    )  # fmt: skip
    assert satisfiable(Conditions((), {}, 4.0, ""), musts, miss=miss) is found
