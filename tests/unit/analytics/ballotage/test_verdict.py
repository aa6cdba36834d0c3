"""Verdicts: the rules, the score, and what would change them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ballotage.expression import FactType
from analytics.ballotage.reading import defaults
from analytics.ballotage.verdict import Verdict, judge, way_in, would_change

BALLOTAGE = defaults()
MUSTS = {"decision_maker_met": True, "delivery_fit": True, "price_only": False}
YES_NO = st.sampled_from([True, False, None])
PROSPECTS = st.fixed_dictionaries(
    {name: YES_NO for name, fact in BALLOTAGE.facts.items() if fact.type is FactType.YES_NO}
    | {
        "years_in_business": st.one_of(st.none(), st.integers(0, 200).map(float)),
        "employees": st.one_of(st.none(), st.integers(0, 10_000).map(float)),
        "channel": st.sampled_from([None, "network", "event", "cold_call"]),
        "size": st.sampled_from([None, 1.0, 9.0]),
    }
)


def computed(facts: Mapping[str, object]) -> Mapping[str, object]:
    """A fit that follows from one fact, so that changing it moves the score."""
    return {"fit": {None: None, 1.0: 10.0, 9.0: 90.0}[facts.get("size")]}  # type: ignore[index]


def verdict(**facts: object) -> Verdict:
    """The verdict by the default conditions."""
    return judge(BALLOTAGE, facts, computed).verdict


def test_rules() -> None:
    """Each road to a verdict."""
    good = MUSTS | {"budget_known": True, "accepts_terms": True, "size": 9.0}
    assert verdict(**good) is Verdict.ADMIT
    assert verdict(**good | {"delivery_fit": False}) is Verdict.DECLINE
    assert verdict(**good | {"decision_maker_met": False}) is Verdict.WAITLIST
    assert verdict(**good | {"decision_maker_met": None}) is Verdict.WAITLIST
    assert verdict(**good | {"size": 1.0, "budget_known": False}) is Verdict.WAITLIST
    assert verdict() is Verdict.WAITLIST


def test_score_is_the_weighted_share() -> None:
    """Unknown counts half; by hand: 14 of weight 18 at 9 in 10, 8 halves."""
    known = {"accepts_terms": True, "budget_known": False, "size": 9.0}
    # fit .9 x 4, fits-the-profile 3, terms 2, budget 0, four unknown shoulds of 2, 2, 1 and 2
    assert judge(BALLOTAGE, known, computed).score == pytest.approx(
        100 * (0.9 * 4 + 3 + 2 + 0 + 0.5 * (2 + 2 + 1 + 2)) / 18
    )


@given(PROSPECTS)
def test_would_change_is_true(facts: dict[str, object]) -> None:
    """With the named fact set, the verdict really becomes that."""
    judged = judge(BALLOTAGE, facts, computed)
    for change in would_change(BALLOTAGE, judged, facts, computed, {"size": (1.0, 9.0)}):
        assert change.verdict is not judged.verdict
        assert judge(BALLOTAGE, {**facts, change.fact: change.value}, computed).verdict is (
            change.verdict
        )


@given(PROSPECTS)
def test_way_in_leads_in(facts: dict[str, object]) -> None:
    """All answers of the way in together admit."""
    judged = judge(BALLOTAGE, facts, computed)
    steps = way_in(BALLOTAGE, judged, facts, computed)
    if steps is not None:
        told = {**facts, **{s.fact: s.value for s in steps}}
        assert judge(BALLOTAGE, told, computed).verdict is Verdict.ADMIT


@given(PROSPECTS, st.sampled_from(sorted(MUSTS)))
def test_meeting_a_must_never_lowers_a_verdict(facts: dict[str, object], must: str) -> None:
    """Whatever else is known."""
    before = judge(BALLOTAGE, facts, computed).verdict
    after = judge(BALLOTAGE, {**facts, must: MUSTS[must]}, computed).verdict
    assert after.rank >= before.rank


@given(PROSPECTS, st.randoms())
def test_order_of_conditions_does_not_matter(facts: dict[str, object], random: object) -> None:
    """The same conditions in another order say the same."""
    items = list(BALLOTAGE.items)
    random.shuffle(items)  # type: ignore[attr-defined]
    from dataclasses import replace

    other = judge(replace(BALLOTAGE, items=tuple(items)), facts, computed)
    judged = judge(BALLOTAGE, facts, computed)
    assert other.verdict is judged.verdict
    assert other.score == pytest.approx(judged.score)
