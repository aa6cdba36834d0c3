"""Changing one condition in a text: what was asked for changes, every other character stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.ballotage.editing import edited
from analytics.ballotage.reading import defaults, read
from analytics.errors import DataError

FIRST = defaults().text
TEXT = """\
# ours
conditions:
  - level: should   # since March
    weight: 2
    id: size  # not the smallest
    when: >
      employees > 5
      and employees < 500
    # about growth
    principle: pareto
    nl: {title: T}
    en: {title: T}
  - {id: flow, level: must, on_miss: decline, when: known(amount), principle: pareto, nl: {title: T}, en: {title: T}}
# the end
"""  # noqa: E501


def lines(text: str) -> list[str]:
    return text.splitlines()


def test_replaces_a_value_where_it_stands() -> None:
    """One line differs."""
    after = edited(FIRST, "fits-the-profile", {"when": "fit >= 70"})
    changed = [(a, b) for a, b in zip(lines(FIRST), lines(after), strict=True) if a != b]
    assert changed == [("    when: fit >= 50", "    when: fit >= 70")]


def test_adds_below_the_level_and_takes_out_a_line() -> None:
    """Comments at other keys stay."""
    after = edited(TEXT, "size", {"level": "must", "on_miss": "waitlist", "weight": ""})
    assert after == TEXT.replace("level: should", "level: must").replace(
        "    weight: 2\n", "    on_miss: waitlist\n"
    )
    assert read(after).items[0].must


def test_replaces_a_block_of_lines() -> None:
    """And keeps the comment under it."""
    after = edited(TEXT, "size", {"when": 'segment in ("a: b", "c") and stage != "#1"'})
    assert '    when: \'segment in ("a: b", "c") and stage != "#1"\'\n    # about growth' in after
    assert read(after).items[0].written == 'segment in ("a: b", "c") and stage != "#1"'


def test_changes_a_condition_between_braces() -> None:
    """In, out and over."""
    after = edited(TEXT, "flow", {"level": "should", "on_miss": "", "weight": "3"})
    assert "{id: flow, level: should, weight: 3, when: known(amount), principle" in after
    again = edited(after, "flow", {"when": "employees in (1, 2)"})
    assert "when: 'employees in (1, 2)', principle" in again
    assert read(again).items[1].weight == 3


def test_takes_out_the_key_behind_the_dash() -> None:
    """The next one takes its place, unless a comment would be lost."""
    text = TEXT.replace(
        "  - level: should   # since March\n    weight: 2\n", "  - weight: 2\n    level: should\n"
    )
    assert "  - level: should\n    id: size" in edited(text, "size", {"weight": ""})
    with pytest.raises(DataError, match="cannot change"):
        edited(text.replace("weight: 2", "weight: 2 # why"), "size", {"weight": ""})


def test_an_unknown_condition_is_named() -> None:
    """Nothing is guessed."""
    with pytest.raises(DataError, match="no condition x"):
        edited(TEXT, "x", {"weight": "3"})


IDS = [c.id for c in defaults().items]
EXPRESSIONS = ["fit >= 70", "not price_only", 'channel in ("a", "b: c")', "known(employees)",
               "segment = '# x'", 'country = "nl" or can_grow']  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(IDS), st.sampled_from(EXPRESSIONS), st.integers(0, 100))
def test_only_that_condition_changes(name: str, when: str, weight: int) -> None:
    """In the default conditions, whichever and however."""
    after = edited(FIRST, name, {"when": when, "weight": str(weight)})
    comments = [line for line in lines(FIRST) if line.startswith("#")]
    assert [line for line in lines(after) if line.startswith("#")] == comments
    assert len(set(lines(FIRST)) - set(lines(after))) <= 2
    assert edited(after, name, {"when": when, "weight": str(weight)}) == after
