"""Look-alikes: the clients a prospect resembles, and what such clients bring in a year.

Gower's distance over the facts known of the prospect: texts are alike or not, numbers differ by
their distance in rank among all clients; a fact the client lacks counts as half. Facts are those of
the profile, so neither names nor what is known only after closing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.period import LAST_12_MONTHS, Period, add_months, resolve
from analytics.profile import Profile, profile
from analytics.scope import Scope
from analytics.snapshot import Ints, to_epoch
from analytics.winmodel.facts import FactTable, Floats, Texts

UNKNOWN = 0.5
NEIGHBOURS = 25
FEWEST_NEIGHBOURS = 8
FEWEST_FACTS = 2
ALIKE = 0.5
"""Similarity from which a client says something about a prospect's revenue."""
LONG_ENOUGH = 90
"""Days a client must have been one for its revenue to be taken to a year."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A client, how alike it is (0 to 1), and which facts agree.

    revenue: of the scope's period, in 1/10,000 units.
    """

    code: int
    similarity: float
    revenue: int
    top: bool
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevenueRange:
    """Yearly revenue of the n clients most alike, in 1/10,000 units: quartiles."""

    low: int
    median: int
    high: int
    n: int


def look_alikes(
    scope: Scope,
    facts: Mapping[str, Any],
    *,
    limit: int = 3,
    top_only: bool = False,
    leave_out: frozenset[int] = frozenset(),
) -> tuple[LookAlike, ...]:
    """Return the clients most alike, ties by revenue and then by id; none where no fact compares.

    leave_out: codes that are not meant, such as the prospect itself where it is a client already.
    """
    found = profile(scope)
    measured = _similarities(scope, found, facts)
    if measured is None:
        return ()
    similarity, agrees = measured
    revenue = scope.revenue().amount[found.base]
    allowed = ~np.isin(found.base, list(leave_out))
    if top_only:
        allowed &= found.is_top
    rows = np.flatnonzero(allowed)
    order = rows[np.lexsort((found.base[rows], -revenue[rows], -np.round(similarity[rows], 9)))]
    return tuple(
        LookAlike(
            code=int(found.base[i]),
            similarity=float(similarity[i]),
            revenue=int(revenue[i]),
            top=bool(found.is_top[i]),
            shared=tuple(name for name, same in agrees.items() if same[i]),
        )
        for i in order[:limit].tolist()
    )


def expected_revenue(
    scope: Scope, facts: Mapping[str, Any], *, leave_out: frozenset[int] = frozenset()
) -> RevenueRange | None:
    """What clients like this one bring in a year; None where too few facts or clients tell.

    Of at most 25 clients at least half alike, each with revenue above zero in the twelve months up
    to the scope's end; who has been a client for less than a year is taken to a year.
    """
    found = profile(scope)
    measured = _similarities(scope, found, facts)
    if measured is None or len(measured[1]) < FEWEST_FACTS:
        return None
    similarity = measured[0]
    yearly = _yearly(scope)[found.base]
    usable = (yearly > 0) & (similarity >= ALIKE) & ~np.isin(found.base, list(leave_out))
    rows = np.flatnonzero(usable)
    order = rows[np.lexsort((found.base[rows], -np.round(similarity[rows], 9)))][:NEIGHBOURS]
    if len(order) < FEWEST_NEIGHBOURS:
        return None
    low, median, high = np.quantile(yearly[order], [0.25, 0.5, 0.75])
    return RevenueRange(round(low), round(median), round(high), len(order))


def _similarities(
    scope: Scope, found: Profile, facts: Mapping[str, Any]
) -> tuple[Floats, dict[str, np.ndarray[Any, Any]]] | None:
    """Similarity to each client of the base, and per fact which of them agree."""
    row: FactTable = found.row(facts)
    total = np.zeros(len(found.base))
    agrees: dict[str, np.ndarray[Any, Any]] = {}
    for grouping in found.groupings:
        mine, theirs = row.columns[grouping.fact], found.facts.columns[grouping.fact]
        if isinstance(mine, Texts) or isinstance(theirs, Texts):
            assert isinstance(mine, Texts)  # noqa: S101 (`row` reads facts as the table has them)
            assert isinstance(theirs, Texts)  # noqa: S101
            if mine.codes[0] < 0:
                continue
            value = mine.values[0]
            code = theirs.values.index(value) if value in theirs.values else len(theirs.values)
            alike = (theirs.codes == code).astype(np.float64)
            agrees[grouping.fact] = theirs.codes == code
            total += np.where(theirs.codes < 0, UNKNOWN, alike)
            continue
        if np.isnan(mine[0]):
            continue
        ordered, ranks = _ranks(scope, grouping.fact, theirs)
        apart = np.abs(ranks - _rank(ordered, mine)[0])
        missing = np.isnan(theirs)
        agrees[grouping.fact] = ~missing & (apart <= 0.15)
        total += np.where(missing, UNKNOWN, 1.0 - apart)
    if not agrees:
        return None
    return total / len(agrees), agrees


def _ranks(scope: Scope, fact: str, theirs: Floats) -> tuple[Floats, Floats]:
    """A number of the clients in order, and each client's place in it (cached)."""

    def ranked() -> tuple[Floats, Floats]:
        ordered = np.sort(theirs[~np.isnan(theirs)])
        return ordered, _rank(ordered, theirs)

    return scope.snapshot.cached(("ranks", fact, *scope.key), ranked)


def _rank(ordered: Floats, values: Floats) -> Floats:
    """Place of values among the ordered ones, 0 to 1, in the middle of ties."""
    left = np.searchsorted(ordered, values, side="left")
    right = np.searchsorted(ordered, values, side="right")
    middle: Floats = (left + right) / (2 * max(1, len(ordered)))
    return middle


def _yearly(scope: Scope) -> Ints:
    """Revenue of each client over the year up to the scope's end; 0 where it cannot be told."""
    return scope.snapshot.cached(("yearly", *scope.key), lambda: _to_a_year(scope))


def _to_a_year(scope: Scope) -> Ints:
    year: Period = resolve(LAST_12_MONTHS, end=scope.end, first=scope.end, last=scope.end)
    amount = scope.revenue(year).amount
    days = to_epoch(scope.end) - scope.first_day() + 1
    full = to_epoch(scope.end) - to_epoch(add_months(scope.end, -12))
    scaled = amount * (full / np.clip(days, LONG_ENOUGH, full))
    return np.where(days >= LONG_ENOUGH, np.round(scaled), 0).astype(np.int64)
