"""An assessment as `data`: what docs/schemas/qualify.json says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from bot.commands._framing import Frame
from bot.commands._model_words import model_data
from bot.commands._qualify_facts import value_data
from bot.commands._qualify_outlook import why_introducer
from bot.commands._qualify_words import why_met

if TYPE_CHECKING:
    from analytics.ballotage.verdict import Change
    from analytics.matching import Match
    from analytics.qualify import Assessment


def assessment_data(frame: Frame, match: Match, found: Assessment) -> dict[str, Any]:
    """Everything of an assessment; amounts null where the asker may not see them."""
    _, snapshot, figures = frame._, frame.snapshot, frame.figures
    prospect, judged, expected = found.prospect, found.judgement, found.expected
    return {
        "prospect": prospect.name,
        "match": match.outcome.value,
        "customer_id": snapshot.customer_id(prospect.customer) if prospect.customer >= 0 else None,
        "deal_id": prospect.deal_id(snapshot) or None,
        "parent": None if match.parent is None else snapshot.customer_id(match.parent),
        "duplicates": [c.entity.name for c in match.duplicates],
        "client": _client(frame, found),
        "verdict": judged.verdict.value,
        "score": judged.score,
        "fit": found.fit,
        "facts": {
            n: _plain(value_data(figures, n, v)) for n, v in judged.facts.items() if v is not None
        },
        "origins": {n: o.value for n, o in prospect.origins.items()},
        "win_probability": found.win,
        "top_client_probability": found.chance.probability if found.chance else None,
        "expected_revenue": None
        if expected is None or not figures.exact
        else {
            "low": figures.value(expected.low),
            "median": figures.value(expected.median),
            "high": figures.value(expected.high),
            "n": expected.n,
        },
        "model": model_data(found.model),
        "conditions": [
            {
                "id": f.condition.id,
                "level": f.condition.level.value,
                "on_miss": f.condition.on_miss.value if f.condition.on_miss else None,
                "met": f.met,
                "why": why_met(frame, found, f.condition),
            }
            for f in judged.findings
        ],
        "conditions_version": found.conditions.version,
        "lookalikes": [
            {
                "customer_id": snapshot.customer_id(a.code),
                "name": snapshot.name(a.code),
                "revenue": figures.value(a.revenue),
                "source": snapshot.text("source", a.code),
            }
            for a in found.lookalikes
        ],
        "introductions": [
            {
                "customer_id": snapshot.customer_id(i.code),
                "name": snapshot.name(i.code),
                "why": why_introducer(_, i),
            }
            for i in found.introducers
        ],
        "missing": list(found.missing),
        "would_change": [change_data(c) for c in found.changes],
        "way_in": None if found.way is None else [change_data(c) for c in found.way],
    }


def _client(frame: Frame, found: Assessment) -> dict[str, Any] | None:
    """Its place among the clients; None where it is none yet."""
    if found.judgement.facts.get("client") != "yes":
        return None
    code = found.prospect.customer
    return {
        "rank": frame.reading.rank(code),
        "customers": frame.reading.customers,
        "revenue": frame.figures.value(int(frame.reading.revenue.amount[code])),
    }


def change_data(change: Change) -> dict[str, Any]:
    """A fact, its value as one types it, and the verdict that follows."""
    value = change.value
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return {"fact": change.fact, "value": _plain(value), "verdict": change.verdict.value}


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def choices(frame: Frame, match: Match) -> list[tuple[str, str]]:
    """For each candidate its label and what to type for it."""
    out = []
    for one in match.candidates:
        entity = one.entity
        if entity.customer >= 0:
            key = frame.snapshot.customer_id(entity.customer)
            out.append((f"{entity.name} ({key})", key))
        else:
            key = str(frame.snapshot.deals["deal_id"].iat[entity.deals[-1]])
            out.append((f"{entity.name} ({key})", key))
    return out
