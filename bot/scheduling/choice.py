"""Which of all findings a person gets this week: pure, and the same for the same history.

Urgency comes first; then what is new to this person, and what they did with earlier ones. Nothing
comes twice within six weeks unless it got worse, and then the nudge says by how much.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analytics.situations.finding import Audience, Finding, Mood, Rule

if TYPE_CHECKING:
    from bot.storage.outbox import Kept

AGAIN = dt.timedelta(days=42)
"""The same situation of the same subject does not come back within six weeks."""
NEAR = dt.timedelta(days=20)
"""Another subject of the same situation waits three weeks, unless it is urgent."""
UNWANTED = dt.timedelta(days=182)
"""What was not useful stays away for half a year."""
FOLLOW_AFTER = dt.timedelta(days=28)
FOLLOW_UNTIL = dt.timedelta(days=84)
MOST_FOLLOWED = 2
URGENT = 0.7
WORTH = 0.30
"""Under this score a week is quiet: silence is better than noise."""
NEW, DONE, DISLIKED, NEARBY, ASKED = 0.08, 0.04, 0.2, 0.12, 0.4
RECENTLY = dt.timedelta(days=14)
SHARED_BURDEN = 0.15
"""What a colleague was told within two weeks is theirs first: three directors need not all call."""
SPREAD = 0.06
"""A fixed preference a person and situation, so that colleagues do not all hear the same."""

WORSE = {"days": (10.0, 0.15), "share": (0.03, 0.0), "change": (0.1, 0.0), "number": (0.2, 0.0)}
"""By how much a measure must worsen to count, per unit: at least so much, and this part of it."""
DEFAULT_WORSE = (0.0, 0.1)

DID, LATER, NOT_USEFUL = "done", "later", "not_useful"


@dataclass(frozen=True, slots=True)
class Told:
    """One earlier nudge of this person, and what came of it."""

    id: int
    situation: str
    subject: str
    figure: float | None
    at: dt.date
    response: str = ""
    responded: dt.date | None = None
    followed: bool = False

    @classmethod
    def of(cls, kept: Kept) -> Told:
        """From what is stored; dated by the day it was sent."""
        at = (kept.sent_at or kept.due_at).date()
        responded = kept.responded_at.date() if kept.responded_at else None
        return cls(
            kept.id,
            kept.situation,
            kept.subject,
            kept.figure,
            at,
            kept.response,
            responded,
            kept.followed_at is not None,
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why this, or why not; `params` are figures as (unit, value), or plain numbers."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A finding that was not chosen."""

    finding: Finding
    reason: Reason
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person gets: a finding with the reasons, or none with the reason for that."""

    finding: Finding | None
    reasons: tuple[Reason, ...]
    passed: tuple[PassedOver, ...] = ()
    score: float = 0.0


def choose(
    findings: Sequence[Finding],
    told: Iterable[Told],
    day: dt.date,
    user: str,
    rules: Mapping[str, Rule],
    colleagues: Mapping[tuple[str, str], Sequence[str]] | None = None,
) -> Choice:
    """Choose for one person; `findings` are of this person's audience, `told` in any order.

    colleagues: (situation, subject) to the names of those who were told it in the last two weeks.
    """
    history = sorted((t for t in told if t.at <= day), key=lambda t: (t.at, t.id))
    scored: list[tuple[float, Finding, tuple[Reason, ...]]] = []
    passed: list[PassedOver] = []
    for finding in findings:
        rule = rules[finding.situation]
        verdict = _judge(finding, rule, history, day, user)
        others = (colleagues or {}).get((finding.situation, finding.subject), ())
        if others and not isinstance(verdict, Reason):
            also = Reason("colleagues", {"names": list(others)})
            burden = SHARED_BURDEN * min(2, len(others))
            verdict = (verdict[0] - burden, (*verdict[1], also))
        if isinstance(verdict, Reason):
            passed.append(PassedOver(finding, verdict))
        else:
            scored.append((verdict[0], finding, verdict[1]))
    scored.sort(key=lambda each: (-each[0], each[1].situation, each[1].subject))
    worth = [each for each in scored if each[0] >= WORTH]
    for score, finding, _ in scored[1:] if worth else scored:
        code = "less" if score >= WORTH else "little"
        passed.append(PassedOver(finding, Reason(code), score))
    if not worth:
        reason = Reason("nothing") if not findings else Reason("all_told", {"n": len(findings)})
        return Choice(None, (reason,), tuple(passed))
    score, finding, reasons = worth[0]
    first = Reason("urgent" if rules[finding.situation].mood is Mood.RISK else "best",
                   {"n": len(findings)})  # fmt: skip
    audience = rules[finding.situation].audience
    why_me = Reason("mt" if audience is Audience.MT else "own")
    return Choice(finding, (first, *reasons, why_me), tuple(passed), score)


def _judge(
    finding: Finding, rule: Rule, history: Sequence[Told], day: dt.date, user: str
) -> tuple[float, tuple[Reason, ...]] | Reason:
    """The score with its reasons; or one reason why it cannot be."""
    alike = [t for t in history if t.situation == finding.situation]
    same = [t for t in alike if t.subject == finding.subject]
    reasons: list[Reason] = []
    score = finding.urgency + SPREAD * _taste(user, finding.situation)
    last = same[-1] if same else None
    if last is not None:
        age = day - last.at
        if last.response == NOT_USEFUL and age < UNWANTED:
            return Reason("unwanted", {"date": last.at.isoformat()})
        if last.response == LATER and age < AGAIN:
            score += ASKED
            reasons.append(Reason("asked", {"date": last.at.isoformat()}))
        elif age < AGAIN:
            if last.figure is None or not worsened(rule, last.figure, finding.measure):
                return Reason("told", {"date": last.at.isoformat()})
            reasons.append(
                Reason(
                    "worse",
                    {
                        "date": last.at.isoformat(),
                        "then": (rule.unit, last.figure),
                        "now": (rule.unit, finding.measure),
                    },
                )
            )
    elif alike and day - alike[-1].at < NEAR and finding.urgency < URGENT:
        return Reason("near", {"date": alike[-1].at.isoformat()})
    if not alike:
        score += NEW
        reasons.append(Reason("new"))
    elif day - alike[-1].at < AGAIN and not reasons:
        score -= NEARBY
    done = sum(t.response == DID for t in alike)
    disliked = sum(t.response == NOT_USEFUL and day - t.at < UNWANTED for t in alike)
    score += min(2, done) * DONE - min(2, disliked) * DISLIKED
    if done:
        reasons.append(Reason("did", {"n": done}))
    return score, tuple(reasons)


def worsened(rule: Rule, then: float, now: float) -> bool:
    """Whether a measure got worse enough to speak of again."""
    if rule.up_is_worse is None:
        return False
    difference = now - then if rule.up_is_worse else then - now
    least, part = WORSE.get(rule.unit, DEFAULT_WORSE)
    return difference > 0 and difference >= max(least, part * abs(then))


def due_for_follow_up(told: Iterable[Told], day: dt.date) -> tuple[Told, ...]:
    """What the person said they did four weeks ago or longer, and was not yet looked at again."""
    waiting = [
        t
        for t in told
        if t.response == DID
        and not t.followed
        and t.responded is not None
        and FOLLOW_AFTER <= day - t.responded < FOLLOW_UNTIL
    ]
    return tuple(sorted(waiting, key=lambda t: (t.responded or t.at, t.id))[:MOST_FOLLOWED])


def _taste(user: str, situation: str) -> float:
    """A fixed number in 0..1 for a person and a situation."""
    made = hashlib.sha256(f"{user.lower()}|{situation}".encode()).digest()
    return int.from_bytes(made[:4]) / 2**32
