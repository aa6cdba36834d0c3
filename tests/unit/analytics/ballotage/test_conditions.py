"""Conditions files: the defaults, and every fault by line and condition."""

from __future__ import annotations

import pytest

from analytics.ballotage.expression import FactType
from analytics.ballotage.nodes import ConditionsError
from analytics.ballotage.reading import defaults, read

HEAD = (
    "facts:\n  met: {nl: Gesproken, en: Met}\n  size: {type: number, nl: N, en: N}\nconditions:\n"
)


def one(when: str, *, id: str = "a", level: str = "must", more: str = "on_miss: decline") -> str:
    """One condition as YAML."""
    extra = f"    {more}\n" if more else ""
    return (
        f"  - id: {id}\n    level: {level}\n{extra}    when: {when}\n"
        "    principle: pareto\n    nl: {title: T}\n    en: {title: T}\n"
    )


def problems(text: str, **known: FactType) -> list[str]:
    """The faults of a file, as lines."""
    with pytest.raises(ConditionsError) as caught:
        read(text, known)
    return [str(p) for p in caught.value.problems]


def test_defaults_are_ten_in_both_languages() -> None:
    """Ten conditions, each with its principle, its card and its words."""
    found = defaults()
    assert len(found.items) == 10
    for condition in found.items:
        assert set(condition.title) == {"nl", "en"}
        assert condition.principle
        assert condition.card
    assert {c.principle for c in found.items} == {"client-is-no-king", "pareto", "culture-first"}
    musts = [c for c in found.items if c.must]
    assert not {"source", "channel"} & {f for c in musts for f in found.plain_facts(c.when)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1: there is no list of conditions"),
        ("conditions: []", "the list of conditions is empty"),
        ("conditions: 5", "'conditions' is a list"),
        ("conditions: [", "is not YAML"),
        ("\tconditions: []", "is not YAML"),
        ("- a\n- b", "Line 1: the file is written as"),
        (HEAD + one("mett"), "Line 5, a: the fact 'mett' is not known; did you mean 'met'?"),
        (HEAD + one("zzzzzz"), "declare it under 'facts:'"),
        (HEAD + one("met >"), "in 'met >'"),
        (HEAD + one("size = 'x'"), "size is of type number, and is compared as text"),
        (HEAD + one("met and not met"), "nobody can ever meet"),
        (HEAD + one("size > 5 and size < 5"), "nobody can ever meet"),
        (HEAD + one("known(met) or not known(met)"), "so it says nothing"),
        (HEAD + one("channel = 'event'"), "channel is never a must"),
        (HEAD + one("met", more=""), "a must says what missing it means"),
        (HEAD + one("met", level="should"), "on_miss goes with a must"),
        (HEAD + one("met", level="maybe", more=""), "level is must / should, not 'maybe'"),
        (HEAD + one("met") + one("size > 1"), "has this id already"),
        (HEAD + one("met") + one("not met", id="b"), "nobody can meet these musts together: a, b"),
        (
            HEAD + one("size > 5") + one("met", id="m") + one("size < 3", id="b"),
            "nobody can meet these musts together: a, b",
        ),
        ("facts:\n  fit: {nl: a, en: b}\n" + HEAD[HEAD.index("cond") :], "follows from your data"),
        (HEAD + one("met", level="should", more="weight: heavy"), "a weight is a number"),
        (HEAD + one("met").replace("when", "wen"), "did you mean 'when'?"),
        (HEAD + one("met").replace("en: {title: T}", ""), "'en' is missing"),
        (
            HEAD.replace("size:", "Met:") + one("met"),
            "Line 3, fact Met: line 2 declares it already",
        ),
        (HEAD.replace("size:", "in:") + one("met"), "'in' cannot be the name of a fact"),
        (HEAD.replace("size:", "2024:") + one("met"), "'2024' cannot be the name of a fact"),
        (HEAD.replace("size:", "segment:") + one("met"), "your data has it as text"),
        (HEAD.replace("type: number", "choices: [a]") + one("met"), "choices are a list"),
        (HEAD.replace("type: number", "type: text, choices: a") + one("met"), "choices are a list"),
        (HEAD + one("met", id="a b"), "an id is at most 60 letters"),
        (HEAD + one("&x met") + one("*x", id="b"), "Line 15: & and * are not used here"),
        ("a: &a [*a]", "Line 1: & and * are not used here"),
        (HEAD + "\0" + one("met"), "Line 5: this is not YAML"),
        ("[" * 5_000, "is not YAML"),
        ("a: 1\n---\nb: 2", "is not YAML"),
        ("x" * 200_001, "at most 200000 characters"),
    ],
)
def test_names_the_fault(text: str, said: str) -> None:
    """Each fault is named with how to mend it."""
    assert any(said in p for p in problems(text)), problems(text)


def test_three_musts_can_clash_where_no_two_do() -> None:
    """A contradiction of three is found, and only those three are named."""
    head = HEAD.replace("size: {", "x: {nl: a, en: b}\n  y: {nl: a, en: b}\n  size: {")
    text = head + one("x or y") + one("not x", id="b") + one("not y", id="c") + one("met", id="d")
    assert any("together: a, b, c" in p for p in problems(text))


def test_derived_facts_and_their_circle() -> None:
    """A fact can follow from others, and never from itself."""
    head = "facts:\n  a: {is: b or met}\n  b: {is: %s}\n  met: {nl: a, en: b}\nconditions:\n"
    found = read(head % "employees > 5" + one("a"))
    assert found.plain_facts(found.items[0].when) == ("employees", "met")
    assert found.truth(found.items[0].when, {"employees": 10}) is True
    assert found.truth(found.items[0].when, {"employees": 1}) is None
    assert any("a > b > a" in p for p in problems(head % "a and met" + one("a")))


def test_source_is_no_must_through_a_derived_fact() -> None:
    """Nor can it hide behind another name."""
    text = 'facts:\n  warm: {is: channel = "network"}\nconditions:\n' + one("warm")
    assert any("channel is never a must" in p for p in problems(text))


def test_takes_facts_of_the_data() -> None:
    """A free column can be used once the data has it."""
    text = HEAD + one('machines > 3 and brand = "x"')
    assert len(problems(text)) == 2
    read(text, {"machines": FactType.NUMBER, "brand": FactType.TEXT})


def test_all_faults_come_at_once_in_order() -> None:
    """Whoever mends a file wants the whole list."""
    text = HEAD + one("mett") + one("met", id="b", level="maybe", more="")
    assert [p.split(",")[0].split(":")[0] for p in problems(text)] == ["Line 5", "Line 13"]


def test_version_follows_the_text() -> None:
    """Another text is another version."""
    found = defaults()
    assert found.version == defaults().version
    assert read(found.text + "\n").version != found.version
