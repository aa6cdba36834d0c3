"""What is chosen for a person: the same for the same history, and never the same twice too soon."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

import pytest

from analytics.situations.finding import Audience, Finding, Mood, Rule
from bot.scheduling.choice import Told, choose, due_for_follow_up, worsened

DAY = dt.date(2026, 11, 23)


def rule(situation: str, unit: str = "days", up_is_worse: bool | None = True) -> Rule:
    return Rule(
        situation, Audience.MT, Mood.RISK, unit, up_is_worse,  # type: ignore[arg-type]
        lambda view: (), lambda view, subject: None,
    )  # fmt: skip


RULES = {name: rule(name) for name in ("quiet", "drift", "old")}


def finding(
    situation: str, subject: str = "", urgency: float = 0.5, measure: float = 60
) -> Finding:
    return Finding(situation, subject, urgency, measure, DAY)


def told(situation: str, subject: str = "", days: int = 7, **more: object) -> Told:
    values: dict[str, object] = {"id": 1, "figure": 60.0, "at": DAY - dt.timedelta(days=days)}
    return Told(situation=situation, subject=subject, **(values | more))  # type: ignore[arg-type]


def chosen(findings: Sequence[Finding], history: Sequence[Told] = (), user: str = "ann") -> str:
    found = choose(findings, history, DAY, user, RULES).finding
    return f"{found.situation} {found.subject}".strip() if found else "nothing"


def test_the_most_urgent_is_chosen_whatever_the_order() -> None:
    findings = [finding("drift", urgency=0.3), finding("quiet", "K1", 0.9), finding("old")]
    for seed in range(5):
        random.Random(seed).shuffle(findings)
        assert chosen(findings) == "quiet K1"


def test_the_same_does_not_come_back_within_six_weeks() -> None:
    only = [finding("quiet", "K1", 0.9)]
    assert chosen(only, [told("quiet", "K1", days=41)]) == "nothing"
    assert chosen(only, [told("quiet", "K1", days=42)]) == "quiet K1"


def test_unless_it_got_worse_and_then_it_says_by_how_much() -> None:
    worse = [finding("quiet", "K1", 0.9, measure=75)]
    choice = choose(worse, [told("quiet", "K1", days=14)], DAY, "ann", RULES)
    assert choice.finding is not None
    (reason,) = [r for r in choice.reasons if r.code == "worse"]
    assert (reason.params["then"], reason.params["now"]) == (("days", 60.0), ("days", 75))
    a_little = [finding("quiet", "K1", 0.9, measure=66)]
    assert chosen(a_little, [told("quiet", "K1", days=14)]) == "nothing"


@pytest.mark.parametrize(
    ("unit", "up", "then", "now", "holds"),
    [
        ("days", True, 60, 70, True),
        ("days", True, 60, 69, False),
        ("share", True, 0.20, 0.23, True),
        ("share", True, 0.20, 0.22, False),
        ("share", False, 0.50, 0.46, True),
        ("share", False, 0.50, 0.54, False),
        ("money", False, 1_000, 899, True),
        ("money", False, 1_000, 950, False),
        ("count", None, 1, 100, False),
    ],
)
def test_worse_enough(unit: str, up: bool | None, then: float, now: float, holds: bool) -> None:
    assert worsened(rule("x", unit, up), then, now) is holds


def test_who_asked_for_it_again_gets_it_again() -> None:
    history = [told("quiet", "K1", response="later")]
    assert (
        chosen([finding("quiet", "K1", 0.4), finding("drift", urgency=0.6)], history) == "quiet K1"
    )


def test_what_was_not_useful_stays_away_for_half_a_year_and_its_kind_comes_less() -> None:
    history = [told("quiet", "K1", days=100, response="not_useful")]
    assert chosen([finding("quiet", "K1", 0.95)], history) == "nothing"
    assert chosen([finding("quiet", "K1", 0.95)], [told("quiet", "K1", 182, response="not_useful")])
    both = [finding("quiet", "K2", 0.6), finding("drift", urgency=0.55)]
    assert chosen(both) == "quiet K2"
    assert chosen(both, history) == "drift"


def test_another_subject_of_the_same_kind_waits_unless_it_is_urgent() -> None:
    history = [told("quiet", "K1", days=14)]
    assert chosen([finding("quiet", "K2", 0.6)], history) == "nothing"
    assert chosen([finding("quiet", "K2", 0.7)], history) == "quiet K2"


def test_what_a_colleague_was_told_is_theirs_first() -> None:
    findings = [finding("quiet", "K1", 0.6), finding("drift", urgency=0.55)]
    assert chosen(findings) == "quiet K1"
    choice = choose(findings, (), DAY, "ann", RULES, {("quiet", "K1"): ["Bo"]})
    assert choice.finding is not None
    assert choice.finding.situation == "drift"
    alone = choose(findings[:1], (), DAY, "ann", RULES, {("quiet", "K1"): ["Bo"]})
    assert [r.params["names"] for r in alone.reasons if r.code == "colleagues"] == [["Bo"]]


def test_what_is_too_small_is_left_unsaid_and_the_reason_told() -> None:
    choice = choose([finding("drift", urgency=0.1)], (), DAY, "ann", RULES)
    assert choice.finding is None
    assert [r.code for r in choice.reasons] == ["all_told"]
    assert [r.code for r in choose((), (), DAY, "ann", RULES).reasons] == ["nothing"]


def test_what_comes_after_the_day_is_not_known_on_it() -> None:
    assert chosen([finding("quiet", "K1", 0.9)], [told("quiet", "K1", days=-3)]) == "quiet K1"


def test_what_was_done_is_looked_at_again_after_four_weeks_and_once() -> None:
    def done(days: int, followed: bool = False) -> list[int]:
        at = DAY - dt.timedelta(days=days)
        each = told("quiet", "K1", days, response="done", responded=at, followed=followed)
        return [t.id for t in due_for_follow_up([each], DAY)]

    assert (done(27), done(28), done(60), done(84)) == ([], [1], [1], [])
    assert done(30, followed=True) == []
