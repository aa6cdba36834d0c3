"""Introductions: which clients could open the door to a prospect, and why they."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from analytics.loyalty import rhythms
from analytics.pareto import top_clients
from analytics.scope import Scope
from analytics.snapshot import Codes, Ints
from analytics.winmodel.facts import Bools, FactTable, Texts, canonical, customer_facts, fact_name

LOYAL_YEARS = 3


class Why(Enum):
    """Why a client could introduce us, the best reason first.

    Group, region and segment tie it to this very prospect; the others make it a good introducer.
    """

    SAME_GROUP = "same_group"
    SAME_REGION = "same_region"
    REFERRED_BEFORE = "referred_before"
    SAME_SEGMENT = "same_segment"
    TOP_CLIENT = "top_client"
    LOYAL = "loyal"


_WEIGHTS = {
    Why.SAME_GROUP: 5.0,
    Why.SAME_REGION: 2.5,
    Why.REFERRED_BEFORE: 2.0,
    Why.SAME_SEGMENT: 2.0,
    Why.TOP_CLIENT: 0.5,
    Why.LOYAL: 0.5,
}


@dataclass(frozen=True, slots=True)
class Introducer:
    """A client that could introduce us. referred: clients it brought in; years: of being one."""

    code: int
    why: tuple[Why, ...]
    referred: int
    years: int
    score: float


def introducers(
    scope: Scope,
    facts: Mapping[str, Any],
    *,
    parent: int | None = None,
    leave_out: frozenset[int] = frozenset(),
    limit: int = 3,
) -> tuple[Introducer, ...]:
    """Return who could introduce us to a prospect, best first; may be none.

    Only clients invoiced in the period that are not silent, and that have a tie to it: the same
    group (parent: the customer it belongs to), region or segment, or have referred others before.
    Ties by revenue, then by id.
    """
    standing = _standing(scope)
    order, size = standing.order, len(scope.snapshot.customers)
    given = {fact_name(n): canonical(v) for n, v in facts.items()}
    table = customer_facts(scope.snapshot)
    group = np.zeros(size, dtype=bool)
    if parent is not None:
        roots = scope.snapshot.roots()
        group = roots == roots[parent]
    holds: dict[Why, Bools] = {
        Why.SAME_GROUP: group,
        Why.SAME_REGION: _alike(table, "region", given.get("region")),
        Why.REFERRED_BEFORE: standing.referred > 0,
        Why.SAME_SEGMENT: _alike(table, "segment", given.get("segment")),
    }
    tied = np.logical_or.reduce(list(holds.values())) & ~standing.quiet
    tied[list(leave_out)] = False
    holds |= {Why.TOP_CLIENT: standing.top, Why.LOYAL: standing.years >= LOYAL_YEARS}
    score = np.sum([weight * holds[why] for why, weight in _WEIGHTS.items()], axis=0)
    score += 0.25 * np.log1p(np.maximum(0, standing.referred - 1))
    candidates = order[tied[order]]  # by revenue and then id, which is kept among equals
    best = candidates[np.argsort(-np.round(score[candidates], 9), kind="stable")][:limit]
    return tuple(
        Introducer(
            code=code,
            why=tuple(why for why in Why if holds[why][code]),
            referred=int(standing.referred[code]),
            years=int(standing.years[code]),
            score=float(score[code]),
        )
        for code in best.tolist()
    )


@dataclass(frozen=True)
class _Standing:
    """What does not depend on the prospect: clients by revenue, and an entry a customer."""

    order: Codes
    top: Bools
    quiet: Bools
    referred: Ints
    years: Ints


def _standing(scope: Scope) -> _Standing:
    return scope.snapshot.cached(("introducers", *scope.key), lambda: _read_standing(scope))


def _read_standing(scope: Scope) -> _Standing:
    reading = top_clients(scope)
    size = len(scope.snapshot.customers)
    referrer = scope.snapshot.customers["referrer"].to_numpy(dtype=np.int64)
    top, quiet = np.zeros(size, dtype=bool), np.ones(size, dtype=bool)
    top[reading.top] = True
    years = np.zeros(size, dtype=np.int64)
    for code, rhythm in rhythms(scope).items():
        quiet[code], years[code] = rhythm.quiet, rhythm.years
    brought = np.bincount(referrer[referrer >= 0], minlength=size)
    return _Standing(reading.order, top, quiet, brought.astype(np.int64), years)


def _alike(table: FactTable, name: str, value: str | None) -> Bools:
    """Which customers have this value of a text fact."""
    column = table.columns.get(name)
    if value is None or not isinstance(column, Texts) or value not in column.values:
        return np.zeros(table.size, dtype=bool)
    return np.asarray(column.codes == column.values.index(value))
