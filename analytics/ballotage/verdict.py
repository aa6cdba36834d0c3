"""The verdict on a prospect: declined, on the waiting list or admitted, and what would change it.

Decline: a must with on_miss decline is missed. Waiting list: a must with on_miss waitlist is
missed, a must is not known, or the score is under 60. Admit otherwise. The score is

    100 x (sum of weight x met + fit_weight x fit) / (sum of weights + fit_weight)

over the shoulds, where met is 1, 0, or a half while not known, and fit is 0 to 1, a half where the
data cannot tell. The chance of winning plays no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from analytics.ballotage.conditions import (
    ADMIT_FROM,
    CLIENT,
    COMPUTED,
    FIT,
    INTRODUCTION,
    REVENUE,
    SOURCES,
    Condition,
    Conditions,
    OnMiss,
)
from analytics.ballotage.expression import FactType, Literal, Truth, as_type, type_of, written
from analytics.ballotage.soundness import candidates
from analytics.winmodel.facts import canonical

HALF = 0.5
MOST_CHANGES = 6
Facts = Mapping[str, object]
Computed = Callable[[Facts], Mapping[str, object]]
"""From the facts told of a prospect to those that follow from the company's data."""


class Verdict(Enum):
    """What becomes of a prospect, the worst first."""

    DECLINE = "decline"
    WAITLIST = "waitlist"
    ADMIT = "admit"

    @property
    def rank(self) -> int:
        """0 for decline, 1 for the waiting list, 2 for admit."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition, and whether the prospect meets it; None where that is not known."""

    condition: Condition
    met: Truth


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict with what it rests on. score: 0 to 100. facts: all, the computed ones included."""

    verdict: Verdict
    score: float
    findings: tuple[Finding, ...]
    facts: Mapping[str, object]

    @property
    def decided(self) -> float:
        """Share of the conditions that is known to be met or missed, by weight; a must weighs 4."""
        weights = [(_heaviness(f.condition), f.met is not None) for f in self.findings]
        total = sum(w for w, _known in weights)
        return sum(w for w, known in weights if known) / total if total else 1.0

    def of(self, met: Truth, *, must: bool | None = None) -> tuple[Condition, ...]:
        """The conditions that are met, missed or not known, musts or shoulds only if asked."""
        return tuple(
            f.condition
            for f in self.findings
            if f.met is met and (must is None or f.condition.must is must)
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A fact with a value, and the verdict that follows once it is so."""

    fact: str
    value: Literal
    verdict: Verdict


def _heaviness(condition: Condition) -> float:
    return 4.0 if condition.must else condition.weight


def judge(conditions: Conditions, facts: Facts, computed: Computed) -> Judgement:
    """Judge a prospect by the facts told of it."""
    full = {**facts, **computed(facts)}
    findings = tuple(Finding(c, conditions.truth(c.when, full)) for c in conditions.items)
    score = _score(conditions, findings, full.get(FIT))
    return Judgement(_verdict(findings, score), score, findings, full)


def _score(conditions: Conditions, findings: tuple[Finding, ...], fit: object) -> float:
    total = reached = 0.0
    for finding in findings:
        if finding.condition.must:
            continue
        total += finding.condition.weight
        reached += finding.condition.weight * (HALF if finding.met is None else float(finding.met))
    share = fit / 100 if isinstance(fit, int | float) else HALF
    total += conditions.fit_weight
    reached += conditions.fit_weight * share
    return 100.0 * reached / total if total else 100.0


def _verdict(findings: tuple[Finding, ...], score: float) -> Verdict:
    musts = [f for f in findings if f.condition.must]
    if any(f.met is False and f.condition.on_miss is OnMiss.DECLINE for f in musts):
        return Verdict.DECLINE
    if any(f.met is not True for f in musts) or score < ADMIT_FROM:
        return Verdict.WAITLIST
    return Verdict.ADMIT


def would_change(
    conditions: Conditions,
    judged: Judgement,
    facts: Facts,
    computed: Computed,
    also: Mapping[str, tuple[Literal, ...]] | None = None,
) -> tuple[Change, ...]:
    """Single facts that would give another verdict, each tried; improvements first, then by name.

    Only what can still turn out so: facts not known, and yes or no questions, since whom one has
    spoken to can change and how many people work there cannot. also: further facts to try with
    their values, for what they do to the fit.
    """
    tries = _tries(conditions, facts, also or {})
    found: list[Change] = []
    for fact, values in tries.items():
        best: dict[Verdict, Change] = {}
        for value in values:
            verdict = judge(conditions, {**facts, fact: value}, computed).verdict
            if verdict is not judged.verdict:
                best.setdefault(verdict, Change(fact, value, verdict))
        up = [c for v, c in best.items() if v.rank > judged.verdict.rank]
        down = [c for v, c in best.items() if v.rank < judged.verdict.rank]
        found += [max(up, key=lambda c: c.verdict.rank)] if up else []
        found += [min(down, key=lambda c: c.verdict.rank)] if down else []
    place = {fact: i for i, fact in enumerate(conditions.asked)}
    found.sort(
        key=lambda c: (
            c.verdict.rank <= judged.verdict.rank,
            -c.verdict.rank,
            place.get(c.fact, len(place)),
            c.fact,
        )
    )
    return tuple(found[:MOST_CHANGES])


def _tries(
    conditions: Conditions, facts: Facts, also: Mapping[str, tuple[Literal, ...]]
) -> dict[str, tuple[Literal, ...]]:
    possible = candidates(conditions, [c.when for c in conditions.items])
    out: dict[str, tuple[Literal, ...]] = {}
    for fact, tried in possible.items():
        kind = type_of(tried[0])
        now = as_type(facts.get(fact), kind)
        if fact in COMPUTED or (now is not None and kind is not FactType.YES_NO):
            continue
        out[fact] = tuple(
            v for v in tried if v != now and not (isinstance(v, str) and v.startswith("\x00"))
        )
    for fact, values in also.items():
        if fact not in COMPUTED and fact not in SOURCES and canonical(facts.get(fact)) is None:
            out[fact] = tuple(dict.fromkeys((*out.get(fact, ()), *values)))
    return out


def way_in(
    conditions: Conditions, judged: Judgement, facts: Facts, computed: Computed
) -> tuple[Change, ...] | None:
    """The fewest answers that together would admit, musts first; None where they cannot.

    Each Change carries the verdict once it and those before it are so.
    """
    if judged.verdict is Verdict.ADMIT:
        return ()
    now, told, taken = judged, dict(facts), []
    tries = _tries(conditions, facts, {})
    wanted = [f.condition for f in judged.findings if f.condition.must and f.met is not True]
    weakest = sorted(
        (f.condition for f in judged.findings if not f.condition.must and f.met is not True),
        key=lambda c: -c.weight,
    )
    for condition in [*wanted, *weakest]:
        if now.verdict is Verdict.ADMIT:
            break
        if not condition.must and any(f.met is not True for f in now.findings if f.condition.must):
            return None
        for fact in conditions.plain_facts(condition.when):
            better = [
                (j, v)
                for v in tries.get(fact, ())
                if (j := judge(conditions, {**told, fact: v}, computed)) is not None
                and conditions.truth(condition.when, j.facts) is True
            ]
            if better:
                now, value = max(better, key=lambda b: (b[0].verdict.rank, b[0].score))
                told[fact] = value
                taken.append(Change(fact, value, now.verdict))
                break
    return tuple(taken) if now.verdict is Verdict.ADMIT else None


def text_of(value: object) -> str:
    """A fact's value as a person types it in `fact=value`."""
    if isinstance(value, bool | float | str):
        return written(value)
    return str(value)


__all__ = [
    "CLIENT",
    "FIT",
    "INTRODUCTION",
    "REVENUE",
    "Change",
    "Finding",
    "Judgement",
    "Verdict",
    "judge",
    "text_of",
    "way_in",
    "would_change",
]
