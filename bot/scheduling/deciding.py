"""One person's nudge for one week: from the Snapshot, what people did, and what was told before.

Pure: the same data, history and week give the same nudge.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.situations.celebrate import celebration
from analytics.situations.finding import Audience, Finding, Mood
from analytics.situations.rules import RULES, findings
from analytics.situations.signals import Signals
from analytics.situations.view import View, day_of
from analytics.snapshot import Snapshot
from bot.scheduling.choice import AGAIN, Choice, Told, choose, due_for_follow_up
from bot.scheduling.telling import Message
from bot.storage.outbox import Kept, Said

UNMOVED = {"money": 0.05}
"""A figure that moved less than this part of itself (else 1 %) is called unchanged."""
NAMES = ("client", "prospect", "channel", "topic")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets it. name: as colleagues know them; zone decides what day it is."""

    user: str
    name: str
    audience: Audience

    @property
    def names(self) -> frozenset[str]:
        """How the data may call a rep; empty for the MT, who sees everything."""
        if self.audience is Audience.MT:
            return frozenset()
        return frozenset(n.strip().lower() for n in (self.user, self.name) if n.strip())


@dataclass(frozen=True, slots=True)
class Decided:
    """A nudge, with how it was chosen."""

    message: Message
    said: Said
    choice: Choice


def decide(
    snapshot: Snapshot,
    signals: Signals,
    reader: Reader,
    history: Iterable[Kept],
    day: dt.date,
    iso_week: str,
    *,
    shared: Sequence[tuple[str, Kept]] = (),
    colleagues: Sequence[tuple[str, str, str]] = (),
    nudge_id: int = 0,
    past: bool = False,
) -> Decided | None:
    """Decide for one person; None where there is no client to speak of.

    history: this person's own; shared: (who, nudge) that colleagues shared since the last one;
    colleagues: (who, situation, subject) that others of the MT got in the last two weeks.
    past: nothing after the day is known, as in a simulation.
    """
    view = View(snapshot, day, signals.until(day), reader.names, past)
    told = [Told.of(kept) for kept in history if kept.situation]
    key = ("situations", reader.audience, day, past, view.signals, reader.names)
    found: tuple[Finding, ...] = snapshot.cached(key, lambda: findings(view, reader.audience))
    others: dict[tuple[str, str], list[str]] = {}
    for name, situation, subject in colleagues if reader.audience is Audience.MT else ():
        if name not in others.setdefault((situation, subject), []):
            others[(situation, subject)].append(name)
    choice = choose(found, told, day, reader.user, RULES, others)
    recent = {(t.situation, t.subject) for t in told if day - t.at < AGAIN}
    finding = choice.finding or celebration(view, recent)
    if finding is None:
        return None
    by_id = {kept.id: kept for kept in history}
    follow_ups, followed = [], []
    for each in due_for_follow_up(told, day):
        line = _look_again(view, each, by_id[each.id])
        if line is not None:
            follow_ups.append(line)
            followed.append((each.id, line.get("now")))
    content: dict[str, Any] = {
        "figures": _plain(finding),
        "as_of": finding.as_of.isoformat(),
        "urgency": round(finding.urgency, 4),
        "reasons": [[reason.code, dict(reason.params)] for reason in choice.reasons],
    }
    if follow_ups:
        content["follow_ups"] = follow_ups
    if shared and reader.audience is Audience.MT:
        content["shared"] = [_of_colleague(name, kept) for name, kept in shared]
    measure = finding.measure if choice.finding else None
    said = Said(finding.situation, finding.subject, measure, content, tuple(followed))
    message = Message(nudge_id, iso_week, finding.situation, finding.subject, content)
    return Decided(message, said, choice)


def _plain(finding: Finding) -> dict[str, list[Any]]:
    return {name: [figure.unit, figure.value] for name, figure in finding.figures.items()}


def _look_again(view: View, told: Told, kept: Kept) -> dict[str, Any] | None:
    """The figure of an earlier nudge, then and now; None where there is none to compare."""
    rule = RULES.get(told.situation)
    if rule is None or told.figure is None or told.responded is None:
        return None
    given: Mapping[str, Any] = kept.content.get("figures", {})
    name = next((given[key] for key in NAMES if key in given), ["text", told.subject])
    line: dict[str, Any] = {
        "id": told.id,
        "situation": told.situation,
        "subject": list(name),
        "did": told.responded.isoformat(),
        "now_at": view.day.isoformat(),
    }
    ended = _ended(view, told.subject)
    if ended is not None:
        return line | ended if rule.mood is not Mood.JOY else None
    now = rule.look(view, told.subject)
    if now is None or rule.up_is_worse is None:
        return None
    moved = now - told.figure
    line |= {"unit": rule.unit, "then": told.figure, "now": now}
    if abs(moved) <= UNMOVED.get(rule.unit, 0.01) * abs(told.figure):
        return line | {"trend": "same"}
    return line | {"trend": "worse" if (moved > 0) == rule.up_is_worse else "better"}


def _ended(view: View, subject: str) -> dict[str, Any] | None:
    """How a deal ended, where it is about one that did."""
    deals = view.deals
    row = deals[deals["deal_id"] == subject] if subject and len(deals) else deals.iloc[:0]
    if not len(row) or row["status"].iat[0] == "open":
        return None
    closed = day_of(row["closed"].iat[0])
    return {"ended": str(row["status"].iat[0]), "on": (closed or view.day).isoformat()}


def _of_colleague(name: str, kept: Kept) -> dict[str, Any]:
    return {
        "by": name,
        "week": kept.iso_week,
        "situation": kept.situation,
        "subject": kept.subject,
        "content": {"figures": kept.content.get("figures", {})},
    }
