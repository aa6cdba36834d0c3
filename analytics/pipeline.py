"""The pipeline: every open deal with its verdict, where the effort goes, what to drop and to push.

Effort is what people noted on the deals themselves (activities with a deal_id) up to the scope's
end: minutes where nearly all notes have them, else the number of notes. It is never guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.ballotage.conditions import FIT, Condition, Conditions
from analytics.ballotage.verdict import Change, Verdict, would_change
from analytics.directory import Entity, directory
from analytics.lookalikes import RevenueRange, expected_revenue
from analytics.owners import Owner, key, owners
from analytics.pareto import top_clients
from analytics.prospect import Prospect, prospect_of
from analytics.qualify import Bench
from analytics.scope import Scope
from analytics.snapshot import from_epoch, to_epoch
from analytics.sources import ENOUGH_AMOUNTS, open_deals

ENOUGH_MINUTES = 0.8
"""Share of the notes on open deals that must have minutes for effort to be told in time."""
PATIENCE = 0.75
"""A deal waits long once it is open for longer than this share of the won deals took."""
USUAL_DAYS = 90
FEWEST_WON = 10
"""Won deals from which their own durations say what is long; below, USUAL_DAYS does."""
NAMED = 3
SHORTLIST = 25
"""Admitted deals by score whose revenue is looked at, and waiting ones that are tried."""

Told = Mapping[str, Mapping[str, object]]
"""Facts people told to be remembered, by the subject they are about."""


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """An open deal with its verdict.

    row: its position in `snapshot.deals`. askable: `/qualify` can be asked about it, since it has a
    name. amount: 1/10,000 units. fit: 0 to 1. missed, unknown: musts that are not met, or not known.
    notes: activities noted on it; effort: these, or their minutes. age: days open.
    """

    row: int
    deal_id: str
    name: str
    askable: bool
    client: bool
    owner: Owner | None
    channel: str
    age: int | None
    amount: int | None
    verdict: Verdict
    score: float
    fit: float | None
    missed: tuple[Condition, ...]
    unknown: tuple[Condition, ...]
    notes: int
    effort: int


@dataclass(frozen=True, slots=True)
class Patience:
    """Days after which an open deal waits long; won: the deals it was taken from, None: usual."""

    days: int
    won: int | None


@dataclass(frozen=True)
class Pipeline:
    """All open deals of a scope, by deal id.

    in_minutes: whether effort is told in minutes. notes: activities there are by the scope's end;
    timeless: notes on open deals without minutes, which count for nothing where minutes count.
    """

    deals: tuple[OpenDeal, ...]
    patience: Patience
    in_minutes: bool
    notes: int
    timeless: int


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """Open deals of one channel. top_share: its share of the top clients' revenue, None if none."""

    channel: str
    deals: Mapping[Verdict, int]
    effort: int
    top_share: float | None


@dataclass(frozen=True)
class Summary:
    """A selection of deals added up. value, declined: 1/10,000 units, negative amounts as nothing.

    by_value: enough amounts are known to say how much of the value is declined.
    """

    deals: Mapping[Verdict, int]
    valued: int
    value: int
    declined: int
    by_value: bool
    effort: Mapping[Verdict, int]
    worked_on: int
    ownerless: int
    channels: tuple[ChannelRow, ...]

    @property
    def total_effort(self) -> int:
        """Effort on all of them."""
        return sum(self.effort.values())


@dataclass(frozen=True, slots=True)
class DoubleDown:
    """A deal worth more of the week. change: the one answer that lets it in; None where it is in.

    stands_in_way: the condition that the answer is about.
    """

    deal: OpenDeal
    expected: RevenueRange | None
    change: Change | None = None
    stands_in_way: Condition | None = None


def pipeline(scope: Scope, conditions: Conditions, told: Told) -> Pipeline:
    """Judge every open deal (cached until the data, the conditions or what was told change)."""
    version = (conditions.version, tuple(sorted((s, *sorted(f.items())) for s, f in told.items())))
    place = ("pipeline", *scope.key)
    kept = scope.snapshot.recall(place)
    if kept is not None and kept[0] == version:
        found: Pipeline = kept[1]
        return found
    made = _pipeline(scope, conditions, told)
    scope.snapshot.remember(place, (version, made))
    return made


def _pipeline(scope: Scope, conditions: Conditions, told: Told) -> Pipeline:
    snapshot = scope.snapshot
    rows = _positions(scope)
    bench, patience = Bench(scope, conditions), _patience(scope)
    notes, minutes, timed, everything = _noted(scope, rows)
    on_open = int(notes.sum())
    in_minutes = bool(timed.sum() >= ENOUGH_MINUTES * max(on_open, 1) and minutes.sum() > 0)
    effort = minutes if in_minutes else notes
    frame = snapshot.deals.iloc[rows]
    cells = frame["owner"] if "owner" in frame else pd.Series([None] * len(frame), dtype=object)
    people, whose = owners(snapshot, cells), [key(c) for c in cells.tolist()]
    ids, channels = frame["deal_id"].astype(str).tolist(), frame["channel"].astype(str).tolist()
    amounts: list[Any] = frame["amount"].tolist()
    created = frame["created"].to_numpy().astype("datetime64[D]")
    ages = (np.datetime64(scope.end) - created).astype(object)
    entities = _entities(scope)
    deals = []
    for at, row in enumerate(rows.tolist()):
        entity = entities.get(row)
        prospect = _prospect(scope, ids[at], row, entity, told, bench.deciding)
        judged = bench.judge(prospect, _parent(scope, entity))
        age = ages[at]
        deals.append(
            OpenDeal(
                row=row,
                deal_id=ids[at],
                name=prospect.name,
                askable=entity is not None,
                client=bench.is_client(prospect),
                owner=people.get(whose[at]),
                channel=channels[at],
                age=None if np.isnat(created[at]) else max(int(getattr(age, "days", age)), 0),
                amount=None if pd.isna(amounts[at]) else int(amounts[at]),
                verdict=judged.verdict,
                score=judged.score,
                fit=_fit(judged.facts),
                missed=judged.of(False, must=True),
                unknown=judged.of(None, must=True),
                notes=int(notes[at]),
                effort=int(effort[at]),
            )
        )
    timeless = on_open - int(timed.sum())
    return Pipeline(tuple(deals), patience, in_minutes, everything, timeless)


def _fit(facts: Mapping[str, object]) -> float | None:
    """The fit a judgement rests on, 0 to 1."""
    share = facts.get(FIT)
    return share / 100 if isinstance(share, float) else None


def _positions(scope: Scope) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Positions of the open deals in `snapshot.deals`."""
    every = scope.snapshot.deals
    if not len(every):
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(every.index.isin(open_deals(scope).index)).astype(np.int64)


def _entities(scope: Scope) -> Mapping[int, Entity]:
    """Whose each deal is, by position."""
    snapshot = scope.snapshot

    def found() -> dict[int, Entity]:
        return {deal: e for e in directory(snapshot).entities for deal in e.deals}

    return snapshot.cached("entity_of_deal", found)


def _prospect(
    scope: Scope,
    deal_id: str,
    row: int,
    entity: Entity | None,
    told: Told,
    only: frozenset[str] | None = None,
) -> Prospect:
    """The prospect of one deal, as `/qualify` with its deal id would take it."""
    return prospect_of(
        scope.snapshot,
        deal_id,
        entity=entity,
        deal=row,
        told=told.get(entity.key) if entity else None,
        as_of=scope.as_of,
        only=only,
    )


def _parent(scope: Scope, entity: Entity | None) -> int | None:
    if entity is None or entity.customer < 0:
        return None
    above = int(scope.snapshot.cell("parent", entity.customer))
    return above if above >= 0 and above != entity.customer else None


def _noted(scope: Scope, rows: np.ndarray[Any, Any]) -> tuple[Any, Any, Any, int]:
    """Notes, minutes and notes with minutes of each of these deals; and all notes there are."""
    size, frame = len(rows), scope.snapshot.activities
    nothing = np.zeros(size, dtype=np.int64)
    if not len(frame):
        return nothing, nothing, nothing, 0
    frame = frame[frame["date"].notna() & (frame["date"] <= pd.Timestamp(scope.end))]
    ids = pd.Index(scope.snapshot.deals["deal_id"].astype(str).to_numpy(dtype=object)[rows])
    place = ids.get_indexer(frame["deal_id"].astype(object))
    mine = place >= 0
    at = place[mine]
    minutes = pd.to_numeric(frame["minutes"], errors="coerce").to_numpy(dtype=np.float64)[mine]
    has = ~np.isnan(minutes) & (minutes > 0)
    spent = np.bincount(at[has], weights=minutes[has], minlength=size)
    return (
        np.bincount(at, minlength=size).astype(np.int64),
        np.round(spent).astype(np.int64),
        np.bincount(at[has], minlength=size).astype(np.int64),
        len(frame),
    )


def _patience(scope: Scope) -> Patience:
    deals = scope.snapshot.deals
    if not len(deals):
        return Patience(USUAL_DAYS, None)
    won = deals[(deals["status"] == "won") & deals["created"].notna() & deals["closed"].notna()]
    won = won[won["closed"] <= pd.Timestamp(scope.end)]
    took = (won["closed"] - won["created"]).dt.days.to_numpy(dtype=np.float64)
    took = took[took >= 0]
    if len(took) < FEWEST_WON:
        return Patience(USUAL_DAYS, None)
    return Patience(max(1, int(np.quantile(took, PATIENCE, method="lower"))), len(took))


def summary(scope: Scope, deals: Sequence[OpenDeal]) -> Summary:
    """Add up a selection of open deals, beside the channel mix of top clients' revenue."""
    by_channel: dict[str, list[OpenDeal]] = {}
    for deal in deals:
        by_channel.setdefault(deal.channel, []).append(deal)
    top = _top_mix(scope)
    channels = [
        ChannelRow(c, _count(mine), sum(d.effort for d in mine), top.get(c, 0.0) if top else None)
        for c in {*by_channel, *top}
        for mine in [by_channel.get(c, [])]
    ]
    channels.sort(key=lambda r: (-sum(r.deals.values()), -(r.top_share or 0.0), r.channel))
    amounts = [d.amount for d in deals if d.amount is not None]
    value = sum(max(a, 0) for a in amounts)
    declined = sum(max(d.amount or 0, 0) for d in deals if d.verdict is Verdict.DECLINE)
    return Summary(
        deals=_count(deals),
        valued=len(amounts),
        value=value,
        declined=declined,
        by_value=bool(deals) and len(amounts) >= ENOUGH_AMOUNTS * len(deals) and value > 0,
        effort={v: sum(d.effort for d in deals if d.verdict is v) for v in Verdict},
        worked_on=sum(d.notes > 0 for d in deals),
        ownerless=sum(d.owner is None for d in deals),
        channels=tuple(channels),
    )


def _count(deals: Iterable[OpenDeal]) -> dict[Verdict, int]:
    out = dict.fromkeys(Verdict, 0)
    for deal in deals:
        out[deal.verdict] += 1
    return out


def _top_mix(scope: Scope) -> dict[str, float]:
    """Share of the top clients' revenue by the channel they came in by; empty without any."""
    reading = top_clients(scope)
    if reading.top_revenue <= 0:
        return {}
    names = scope.snapshot.customers["channel"].to_numpy(dtype=object)[reading.top]
    amounts = reading.revenue.amount[reading.top]
    return {
        str(c): int(amounts[names == c].sum()) / reading.top_revenue for c in dict.fromkeys(names)
    }


def to_drop(found: Pipeline, deals: Sequence[OpenDeal], limit: int = NAMED) -> list[OpenDeal]:
    """Deals to let go: declined, else waiting long with a must that is missed.

    Those with most effort first, then the oldest; there may be none.
    """
    candidates = [d for d in deals if d.verdict is Verdict.DECLINE or waits_long(found, d)]
    candidates.sort(
        key=lambda d: (d.verdict.rank, -d.effort, -(d.age if d.age is not None else -1), d.deal_id)
    )
    return candidates[:limit]


def waits_long(found: Pipeline, deal: OpenDeal) -> bool:
    """Whether it is on the waiting list for long with a must that is missed, not merely unknown."""
    if deal.verdict is not Verdict.WAITLIST or not deal.missed or deal.age is None:
        return False
    return deal.age > found.patience.days


def to_double_down(
    scope: Scope,
    conditions: Conditions,
    told: Told,
    deals: Sequence[OpenDeal],
    limit: int = NAMED,
) -> list[DoubleDown]:
    """Deals worth more of the week: admitted, else one answer away from it; there may be none.

    Of the admitted ones with the highest scores those first with most score x yearly revenue of
    the clients they look like (the deal's own amount where no client compares).
    """
    bench, entities = Bench(scope, conditions), _entities(scope)
    admitted = sorted(
        (d for d in deals if d.verdict is Verdict.ADMIT), key=lambda d: (-d.score, d.deal_id)
    )
    out = [DoubleDown(d, _expected(scope, told, d, entities)) for d in admitted[:SHORTLIST]]
    out.sort(key=lambda p: (-p.deal.score * _worth(p), -p.deal.score, p.deal.deal_id))
    del out[limit:]
    nearly = [
        d for d in deals
        if d.verdict is Verdict.WAITLIST and len(d.missed) + len(d.unknown) <= 1
    ]  # fmt: skip
    nearly.sort(key=lambda d: (len(d.missed), -d.score, d.deal_id))
    for deal in nearly[:SHORTLIST]:
        if len(out) >= limit:
            break
        found = _one_answer(scope, bench, told, deal, entities)
        if found is not None:
            out.append(found)
    return out


def _worth(one: DoubleDown) -> float:
    if one.expected is not None:
        return float(max(one.expected.median, 0))
    return float(max(one.deal.amount or 0, 0))


def _expected(
    scope: Scope, told: Told, deal: OpenDeal, entities: Mapping[int, Entity]
) -> RevenueRange | None:
    prospect = _prospect(scope, deal.deal_id, deal.row, entities.get(deal.row), told)
    apart = frozenset({prospect.customer} - {-1})
    return expected_revenue(scope, prospect.facts, leave_out=apart)


def _one_answer(
    scope: Scope, bench: Bench, told: Told, deal: OpenDeal, entities: Mapping[int, Entity]
) -> DoubleDown | None:
    """The deal with the one answer that would let it in; None where there is no such answer."""
    entity, conditions = entities.get(deal.row), bench.conditions
    prospect = _prospect(scope, deal.deal_id, deal.row, entity, told)
    parent = _parent(scope, entity)
    judged, computed = bench.judge(prospect, parent), bench.computed(prospect, parent)
    changes = would_change(conditions, judged, prospect.facts, computed)
    change = next((c for c in changes if c.verdict is Verdict.ADMIT), None)
    if change is None:
        return None
    unmet = [f.condition for f in judged.findings if f.met is not True]
    unmet.sort(key=lambda c: not c.must)
    about = [c for c in unmet if change.fact in conditions.plain_facts(c.when)]
    expected = _expected(scope, told, deal, entities)
    return DoubleDown(deal, expected, change, about[0] if about else None)


def since(scope: Scope, deal: OpenDeal) -> dt.date | None:
    """The day a deal began; None where that is not known."""
    return None if deal.age is None else from_epoch(to_epoch(scope.end) - deal.age)
