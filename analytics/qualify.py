"""Qualifying a prospect: the verdict, whom it looks like, who can introduce us, what to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics.ballotage.conditions import (
    CLIENT,
    COMPUTED,
    FIT,
    INTRODUCTION,
    REVENUE,
    SOURCES,
    Conditions,
)
from analytics.ballotage.expression import Literal
from analytics.ballotage.verdict import Change, Computed, Judgement, judge, way_in, would_change
from analytics.introductions import Introducer, introducers
from analytics.lookalikes import LookAlike, RevenueRange, expected_revenue, look_alikes
from analytics.profile import Chance, Grouping, Profile, Trait, profile
from analytics.prospect import Prospect
from analytics.schema import AMOUNT_SCALE
from analytics.scope import Scope
from analytics.snapshot import to_epoch
from analytics.winmodel.facts import Bools, Floats, Kind, canonical
from analytics.winmodel.kept import model_of
from analytics.winmodel.model import WinModel

MOST_MISSING = 6
PROFILE_QUESTIONS = 2
"""Of the missing facts, at most so many that are there for the fit alone."""
_TIES = frozenset({"region", "segment"})
"""Facts by which a client can be tied to a prospect, so that it could introduce us."""
LEAST_WEIGHT = 0.2
"""Spread of a fact's log-lifts from which it is worth asking for."""


@dataclass(frozen=True)
class Assessment:
    """What there is to say of a prospect.

    fit: 0 to 1; None where the data cannot tell. win: chance of winning its deal, chance: of its
    becoming a top client; both None where the data cannot tell, the second also for who is a client
    already. way: the fewest answers that would
    admit it, None where they cannot. missing: facts to ask for, the most telling first.
    """

    prospect: Prospect
    conditions: Conditions
    judgement: Judgement
    fit: float | None
    traits: tuple[Trait, ...]
    lookalikes: tuple[LookAlike, ...]
    introducers: tuple[Introducer, ...]
    model: WinModel
    win: float | None
    chance: Chance | None
    expected: RevenueRange | None
    changes: tuple[Change, ...]
    way: tuple[Change, ...] | None
    missing: tuple[str, ...]


class Bench:
    """Judges prospects of one scope by one set of conditions."""

    def __init__(self, scope: Scope, conditions: Conditions) -> None:
        self.scope = scope
        self.conditions = conditions
        self.profile: Profile = profile(scope)
        self._compared = {g.fact for g in self.profile.groupings} | {"source"}
        self._ordered = sorted(self._compared)
        self._fits: dict[tuple[object, ...], float | None] = {}
        used = {f for c in conditions.items for f in conditions.plain_facts(c.when)}
        self._uses = used & set(COMPUTED)
        self._introduced: dict[tuple[object, ...], bool] = {}
        self._expected: dict[tuple[object, ...], float | None] = {}
        self.deciding: frozenset[str] = frozenset(used | self._compared | SOURCES | _TIES)
        """Facts that a verdict hangs on; no other fact can change it."""

    def computed(self, prospect: Prospect, parent: int | None = None) -> Computed:
        """The facts of a prospect that follow from the company's data, as a function of the rest."""
        client = self.is_client(prospect)
        apart = frozenset({prospect.customer} - {-1})

        def follow(facts: Mapping[str, object]) -> Mapping[str, object]:
            fit = self.fit(facts)
            out: dict[str, object] = {
                CLIENT: "yes" if client else "no",
                FIT: None if fit is None else 100 * fit,
            }
            if INTRODUCTION in self._uses:
                out[INTRODUCTION] = "yes" if self._introduction(facts, parent, apart) else "no"
            if REVENUE in self._uses:
                out[REVENUE] = self._revenue(facts, apart)
            return out

        return follow

    def _introduction(
        self, facts: Mapping[str, object], parent: int | None, apart: frozenset[int]
    ) -> bool:
        """Whether a client could introduce us; kept, since many prospects share what it rests on."""
        key = (parent, apart, *((n, canonical(facts.get(n))) for n in sorted(_TIES)))
        if key not in self._introduced:
            found = introducers(self.scope, facts, parent=parent, leave_out=apart, limit=1)
            self._introduced[key] = bool(found)
        return self._introduced[key]

    def _revenue(self, facts: Mapping[str, object], apart: frozenset[int]) -> float | None:
        compared = ((n, canonical(v)) for n, v in sorted(facts.items()) if n in self._compared)
        key = (apart, *compared)
        if key not in self._expected:
            found = expected_revenue(self.scope, facts, leave_out=apart)
            self._expected[key] = None if found is None else found.median / AMOUNT_SCALE
        return self._expected[key]

    def is_client(self, prospect: Prospect) -> bool:
        """Whether it was invoiced by the scope's end."""
        return prospect.customer >= 0 and bool(self._clients()[prospect.customer])

    def _clients(self) -> Bools:
        """Which customers were invoiced by the scope's end."""
        snapshot, end = self.scope.snapshot, to_epoch(self.scope.end)

        def invoiced() -> Bools:
            out = np.zeros(len(snapshot.customers), dtype=np.bool_)
            out[
                snapshot.day_customer[(snapshot.day_customer >= 0) & (snapshot.day_date <= end)]
            ] = True
            return out

        return snapshot.cached(("invoiced-by", end), invoiced)

    def fit(self, facts: Mapping[str, object]) -> float | None:
        """How well facts fit the profile of the top clients, 0 to 1.

        How the deal goes is left out: the conditions weigh that, and what was filled in at some
        client's first deal says little of what kind of company it is.
        """
        process = self.conditions.process_facts
        kept = {n: v for n, v in facts.items() if n not in process}
        key = tuple((n, kept[n]) for n in self._ordered if n in kept)
        if key not in self._fits:
            self._fits[key] = self.profile.fit(kept)
        return self._fits[key]

    def judge(self, prospect: Prospect, parent: int | None = None) -> Judgement:
        """The verdict alone."""
        return judge(self.conditions, prospect.facts, self.computed(prospect, parent))

    def assess(self, prospect: Prospect, parent: int | None = None) -> Assessment:
        """The verdict with everything that goes with it."""
        computed = self.computed(prospect, parent)
        facts = prospect.facts
        judged = judge(self.conditions, facts, computed)
        model = model_of(self.scope.snapshot)
        apart = frozenset({prospect.customer} - {-1})
        client = self.is_client(prospect)
        on = prospect.created(self.scope.snapshot) or self.scope.end
        # The model has seen the whole of the data: of an earlier day it would tell the future.
        may_tell = self.scope.as_of is None and bool(facts)
        return Assessment(
            prospect=prospect,
            conditions=self.conditions,
            judgement=judged,
            fit=self.fit(facts),
            traits=self.profile.traits_of(facts),
            lookalikes=look_alikes(self.scope, facts, leave_out=apart, top_only=True),
            introducers=introducers(self.scope, facts, parent=parent, leave_out=apart),
            model=model,
            win=model.probability({**facts, CLIENT: "yes" if client else "no"}, on)
            if may_tell
            else None,
            chance=None if client or not self._has_top() else self.profile.chance(facts),
            expected=expected_revenue(self.scope, facts, leave_out=apart),
            changes=would_change(self.conditions, judged, facts, computed, self._telling(facts)),
            way=way_in(self.conditions, judged, facts, computed),
            missing=self._missing(judged, facts),
        )

    def _has_top(self) -> bool:
        """Whether there is a top to belong to: where half the clients are in it, there is none."""
        return 2 * self.profile.top <= len(self.profile.base)

    def _kinds(self) -> list[tuple[Grouping, Floats]]:
        """The groupings that say what kind of company it is, with their weights."""
        process = self.conditions.process_facts
        pairs = zip(self.profile.groupings, self.profile.weights, strict=True)
        return [(g, w) for g, w in pairs if g.fact not in process]

    def _spread(self) -> list[tuple[str, float]]:
        """Facts of the profile by how far apart their values are in log-odds, largest first."""
        found = [(g.fact, float(w.max() - w.min()) if len(w) else 0.0) for g, w in self._kinds()]
        return sorted(found, key=lambda f: (-f[1], f[0]))

    def _missing(self, judged: Judgement, facts: Mapping[str, object]) -> tuple[str, ...]:
        def unknown(fact: str) -> bool:
            return fact not in COMPUTED and canonical(facts.get(fact)) is None

        open_ones = sorted(judged.of(None), key=lambda c: (not c.must, -c.weight))
        plain = self.conditions.plain_facts
        musts = [f for c in open_ones if c.must for f in plain(c.when) if unknown(f)]
        # Of an "or" the first fact that is not known is asked: it is the question as it was meant.
        shoulds = [
            f for c in open_ones if not c.must for f in [g for g in plain(c.when) if unknown(g)][:1]
        ]
        by_fit = [f for f, spread in self._spread() if spread >= LEAST_WEIGHT and unknown(f)]
        by_fit = ["source" if f in SOURCES else f for f in by_fit if f != "owner"]
        shoulds = ["source" if f in SOURCES else f for f in shoulds]
        wanted = [*musts, *by_fit[:PROFILE_QUESTIONS], *shoulds]
        return tuple(dict.fromkeys(wanted))[:MOST_MISSING]

    def _telling(self, facts: Mapping[str, object]) -> dict[str, tuple[Literal, ...]]:
        """For each unknown fact of the profile its best and its worst value for the fit."""
        out: dict[str, tuple[Literal, ...]] = {}
        for grouping, weights in self._kinds():
            name = grouping.fact
            if not len(weights) or name == "owner" or canonical(facts.get(name)) is not None:
                continue
            values: list[Literal] = []
            for group in (int(weights.argmax()), int(weights.argmin())):
                if grouping.kind is Kind.TEXT:
                    values.append(grouping.levels[group])
                elif grouping.edges:
                    values.append(_inside(grouping.edges, group))
            out[name] = tuple(dict.fromkeys(values))
        return out


def _inside(edges: tuple[float, ...], group: int) -> float:
    """A round value in a band; bands are low < value <= high."""
    if group == 0:
        return edges[0]
    if group == len(edges):
        return float(int(edges[-1]) + 1)
    return edges[group]
