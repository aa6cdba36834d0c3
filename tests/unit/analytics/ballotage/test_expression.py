"""The language of conditions: what is read, what it says, and what it refuses."""

from __future__ import annotations

import datetime as dt

import pytest

from analytics.ballotage.expression import evaluate, leaves
from analytics.ballotage.grammar import LONGEST, ExpressionError, parse

FACTS = {
    "employees": "1.250",
    "segment": "Installatie",
    "met": "ja",
    "cheap": False,
    "since": dt.date(2020, 5, 1),
}


def truth(text: str, **more: object) -> bool | None:
    """Whether an expression holds for the facts."""
    known = {**FACTS, **more}
    return evaluate(parse(text), known.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("met", True),
        ("not met", False),
        ("not not met", True),
        ("met = yes and cheap = no", True),
        ("employees >= 1250", True),
        ("employees between 10 and 50", False),
        ("employees not between 10 and 50", True),
        ('segment in ("bouw", "INSTALLATIE")', True),
        ('segment not in ("bouw")', True),
        ('segment != "bouw"', True),
        ("since < 2021-01-01", True),
        ("since between 2020-05-01 and 2020-05-01", True),
        ("known(employees) and not known(revenue)", True),
        ("missing", None),
        ("missing and cheap", False),
        ("missing or met", True),
        ("missing or cheap", None),
        ("not missing", None),
        ("met or cheap and cheap", True),
        ("(met or cheap) and cheap", False),
        ("niet cheap en met", True),
        ("employees tussen 1000 en 2000", True),
        ('employees = "veel"', False),
        ("segment > 5", None),
    ],
)
def test_says(text: str, expected: bool | None) -> None:
    """Each form of test, with what is not known staying unknown."""
    assert truth(text) is expected


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("", 0, "stops too early"),
        ("met and", 7, "stops too early"),
        ("met met", 4, "goes on with"),
        ("employees >> 5", 11, "value is missing"),
        ("employees > many", 12, 'between quotes: "many"'),
        ("employees > 'many'", 10, "compares numbers or dates"),
        ("segment = 'bouw", 10, "does not end"),
        ("employees between 50 and 10", 10, "put the lower one first"),
        ("employees between 10 or 50", 21, "takes two values"),
        ("employees in (1, 'a')", 13, "different kinds"),
        ("known employees", 6, "'(' is missing"),
        ("(met", 4, "stops too early"),
        ("met not cheap", 8, "goes with 'in' or 'between'"),
        ("since < 2021-13-01", 8, "not a day"),
        ("employees > 1.000", 12, "two ways"),
        ("employees > 9999999999999999", 12, "too long"),
        ("met; import os", 3, "not understood"),
        ("__import__('os').system('x')", 16, "not understood"),
        ("x" * (LONGEST + 1), LONGEST, "at most 1000"),
        ("(" * 60 + "met" + ")" * 60, 40, "too many brackets"),
    ],
)
def test_refuses(text: str, at: int, said: str) -> None:
    """A fault is named with its place."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert said in str(caught.value)
    assert caught.value.at == at


def test_names_its_facts() -> None:
    """A fact is named as in the data, whatever its spelling."""
    found = leaves(parse("Decision_Maker or (known(b) and c > 1)"))
    assert [leaf.fact for leaf in found] == ["decision_maker", "b", "c"]
