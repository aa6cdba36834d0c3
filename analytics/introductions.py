"""Introductions: which clients could open the door to a prospect, and why they."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from analytics.loyalty import rhythms
from analytics.pareto import top_clients
from analytics.scope import Scope
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
    snapshot = scope.snapshot
    reading = top_clients(scope)
    size = len(snapshot.customers)
    given = {fact_name(n): canonical(v) for n, v in facts.items()}
    table = customer_facts(snapshot)
    referrer = snapshot.customers["referrer"].to_numpy(dtype=np.int64)
    brought = np.bincount(referrer[referrer >= 0], minlength=size)
    is_top = np.zeros(size, dtype=bool)
    is_top[reading.top] = True
    roots = snapshot.roots()
    rhythm = rhythms(scope)
    same = {
        why: _alike(table, name, given.get(name))
        for name, why in (("region", Why.SAME_REGION), ("segment", Why.SAME_SEGMENT))
    }
    found = []
    for code in reading.order.tolist():
        days = rhythm.get(code)
        if code in leave_out or days is None or days.quiet:
            continue
        referred = int(brought[code])
        holds = {
            Why.SAME_GROUP: parent is not None and bool(roots[code] == roots[parent]),
            Why.SAME_REGION: bool(same[Why.SAME_REGION][code]),
            Why.REFERRED_BEFORE: referred > 0,
            Why.SAME_SEGMENT: bool(same[Why.SAME_SEGMENT][code]),
        }
        if not any(holds.values()):
            continue
        holds |= {Why.TOP_CLIENT: bool(is_top[code]), Why.LOYAL: days.years >= LOYAL_YEARS}
        ordered = tuple(why for why in Why if holds[why])
        score = sum(_WEIGHTS[w] for w in ordered) + 0.25 * math.log1p(max(0, referred - 1))
        found.append((score, Introducer(code, ordered, referred, days.years, score)))
    # Clients are looked at by revenue and then id, and sorting keeps that order among equals.
    found.sort(key=lambda f: -round(f[0], 9))
    return tuple(introducer for _, introducer in found[:limit])


def _alike(table: FactTable, name: str, value: str | None) -> Bools:
    """Which customers have this value of a text fact."""
    column = table.columns.get(name)
    if value is None or not isinstance(column, Texts) or value not in column.values:
        return np.zeros(table.size, dtype=bool)
    return np.asarray(column.codes == column.values.index(value))
