"""The profile: what sets top clients apart from other clients, and how well a prospect fits it.

Each value of a fact (numbers in bands) is compared: its share of the top clients against its share
of the others, their ratio being the lift, with Katz's log interval (Katz et al. 1978). Facts that
are known only after a deal closed, that name somebody, or whose texts hardly repeat are left out.
"""

from __future__ import annotations

import math
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics.channels import channel_of
from analytics.pareto import TopClients, top_clients
from analytics.scope import Scope
from analytics.snapshot import Codes
from analytics.winmodel import evaluation, leakage
from analytics.winmodel.evaluation import Z95, sigmoid
from analytics.winmodel.facts import (
    Bools,
    FactColumn,
    FactTable,
    Floats,
    Kind,
    Texts,
    canonical,
    customer_facts,
    fact_name,
    number,
    one,
    plain,
)
from analytics.winmodel.kept import model_of

BANDS = 4
FEWEST_OF_VALUE = 4
"""Clients that must share a value for it to be compared."""
MOST_VALUES = 40
LONG_TAIL = 0.5
"""Share of clients with a rare value from which a text is a name rather than a fact."""
FEWEST_TOP = 5
FEWEST_TOP_FOR_CHANCE = 10
FALSE_SHARE = 0.10
"""Share of the traits called clear that may be chance (Benjamini and Hochberg 1995)."""
MOST_LOG_ODDS = 4.0
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Trait:
    """One value of a fact, or one band of a number: low < value <= high (None: no bound).

    top of top_known top clients have it, others of others_known other clients. lift: ratio of those
    shares with its 95 % interval; None where either side knows nobody's. clear: more than chance,
    all traits taken together.
    """

    fact: str
    value: str | None
    low: float | None
    high: float | None
    top: int
    top_known: int
    others: int
    others_known: int
    lift: float | None
    lift_ci: tuple[float, float] | None
    clear: bool


@dataclass(frozen=True, slots=True)
class MiddleHalf:
    """The middle half of the top clients on a number: from the 25th to the 75th percentile."""

    fact: str
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Chance:
    """Chance of becoming a top client, once a client; n clients it rests on, top of them top."""

    probability: float
    n: int
    top: int


@dataclass(frozen=True, slots=True)
class Grouping:
    """How a fact divides clients: text levels, or a number's bands between edges."""

    fact: str
    kind: Kind
    levels: tuple[str, ...]
    edges: tuple[float, ...]
    codes: Codes
    """Group of each client of the profile's base; -1 where not known or too rare."""

    @property
    def size(self) -> int:
        """Number of groups."""
        return len(self.levels) if self.kind is Kind.TEXT else len(self.edges) + 1

    def place(self, value: object) -> int:
        """The group of one value, as a person types it or a file has it; -1 where it has none.

        The same as `group` of a column with that value alone, many times as fast.
        """
        if self.kind is Kind.TEXT:
            text = canonical(plain(value))
            return self.levels.index(text) if text in self.levels else -1
        read = number(value)
        return -1 if math.isnan(read) else bisect_left(self.edges, read)

    def group(self, column: FactColumn) -> Codes:
        """The groups of a column's rows."""
        if isinstance(column, Texts):
            place = {v: i for i, v in enumerate(self.levels)}
            to = np.array([place.get(v, -1) for v in column.values] + [-1], dtype=np.int32)
            return to[column.codes]
        found = np.searchsorted(np.array(self.edges), column, side="left")
        return np.where(np.isnan(column), -1, found).astype(np.int32)


@dataclass(frozen=True)
class Profile:
    """What sets top clients apart, on one scope.

    traits: strongest first, clear ones before the rest. weights: for each grouping the shrunk
    log-lift of its groups; calibration: intercept and slope that make them a chance, or None where
    the data cannot tell who becomes a top client.
    """

    base: Codes
    is_top: Bools
    facts: FactTable
    groupings: tuple[Grouping, ...]
    weights: tuple[Floats, ...]
    traits: tuple[Trait, ...]
    middle: tuple[MiddleHalf, ...]
    calibration: tuple[float, float] | None
    auc: float | None
    auc_ci: tuple[float, float] | None

    @property
    def top(self) -> int:
        """Top clients in the base."""
        return int(self.is_top.sum())

    def row(self, facts: Mapping[str, Any]) -> FactTable:
        """A prospect's facts as one row; a source without a channel gets its usual one."""
        return one(_with_channel(facts), self.facts.kinds)

    def score(self, facts: Mapping[str, Any]) -> float | None:
        """Log-odds for being like top clients rather than others; None where no fact compares."""
        given = {fact_name(name): value for name, value in _with_channel(facts).items()}
        found = [
            float(weights[group])
            for grouping, weights in zip(self.groupings, self.weights, strict=True)
            if grouping.fact in given and (group := grouping.place(given[grouping.fact])) >= 0
        ]
        if not found or self.top < FEWEST_TOP:
            return None
        return max(-MOST_LOG_ODDS, min(MOST_LOG_ODDS, math.fsum(found)))

    def fit(self, facts: Mapping[str, Any]) -> float | None:
        """How well a prospect fits, 0 to 1; 0.5 is as much like top clients as like others."""
        score = self.score(facts)
        return None if score is None else float(sigmoid(np.array(score)))

    def chance(self, facts: Mapping[str, Any]) -> Chance | None:
        """Chance of becoming a top client; None where the data cannot tell."""
        score = self.score(facts)
        if score is None or self.calibration is None:
            return None
        intercept, slope = self.calibration
        value = float(sigmoid(np.array(intercept + slope * score)))
        return Chance(value, n=len(self.base), top=self.top)

    def traits_of(self, facts: Mapping[str, Any]) -> tuple[Trait, ...]:
        """The traits a prospect has, strongest first."""
        row = self.row(facts)
        groups = {g.fact: int(g.group(row.columns[g.fact])[0]) for g in self.groupings}
        by_fact = {g.fact: g for g in self.groupings}
        return tuple(
            t for t in self.traits if groups[t.fact] == _place(by_fact[t.fact], t.value, t.high)
        )


def _with_channel(facts: Mapping[str, Any]) -> dict[str, Any]:
    full = dict(facts)
    source = canonical(full.get("source"))
    if source is not None and full.get("channel") is None:
        full["channel"] = channel_of(source)
    return full


def profile(scope: Scope) -> Profile:
    """The profile of a scope's top clients against its other clients (cached)."""
    return scope.snapshot.cached(("profile", *scope.key), lambda: _profile(scope))


def _profile(scope: Scope) -> Profile:
    reading: TopClients = top_clients(scope)
    base = np.sort(reading.order).astype(np.int32)
    is_top = np.isin(base, reading.top)
    table = customer_facts(scope.snapshot).take(base.astype(np.int64))
    left_out = {n for n, why in model_of(scope.snapshot).dropped.items() if why != leakage.CONSTANT}
    groupings = []
    for name in sorted(table.columns):
        column, kind = table.columns[name], table.kinds[name]
        if name in left_out or name in leakage.IDENTITIES or kind is Kind.DATE:
            continue
        grouping = _grouping(name, kind, column)
        if grouping is None or leakage.decides(column, is_top, ~is_top):
            continue
        groupings.append(grouping)
    names = {g.fact for g in groupings}
    counted = [g for g in groupings if not (g.fact == "source" and "channel" in names)]
    weights = tuple(_weights(g.codes, g.size, is_top) for g in counted)
    ids = [scope.snapshot.customer_id(int(code)) for code in base]
    calibration, found = _calibrated(counted, is_top, ids)
    return Profile(
        base=base,
        is_top=is_top,
        facts=table,
        groupings=tuple(counted),
        weights=weights,
        traits=_clear([t for g in counted for t in _traits(g, is_top)]),
        middle=tuple(m for g in counted if (m := _middle(g, table, is_top)) is not None),
        calibration=calibration,
        auc=found[0] if found else None,
        auc_ci=found[1] if found else None,
    )


def _grouping(name: str, kind: Kind, column: FactColumn) -> Grouping | None:
    """How a fact divides the clients; None where it does not, or is a name rather than a fact."""
    if isinstance(column, Texts):
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
        kept = [i for i in np.argsort(-counts, kind="stable") if counts[i] >= FEWEST_OF_VALUE]
        kept = kept[:MOST_VALUES]
        total = int(counts.sum())
        if not kept or int(counts[kept].sum()) < (1 - LONG_TAIL) * total:
            return None
        if len(np.unique(column.codes)) < 2:
            return None
        levels = tuple(sorted(column.values[i] for i in kept))
        draft = Grouping(name, Kind.TEXT, levels, (), np.zeros(0, dtype=np.int32))
        return Grouping(name, Kind.TEXT, levels, (), draft.group(column))
    there = column[~np.isnan(column)]
    if there.size < BANDS * FEWEST_OF_VALUE or float(np.ptp(there)) == 0.0:
        return None
    cuts = np.unique(np.quantile(there, np.linspace(0, 1, BANDS + 1)[1:-1], method="lower"))
    edges = tuple(float(c) for c in cuts if c < there.max())
    draft = Grouping(name, kind, (), edges, np.zeros(0, dtype=np.int32))
    return Grouping(name, kind, (), edges, draft.group(column)) if edges else None


def _counts(codes: Codes, size: int, is_top: Bools) -> tuple[Floats, Floats]:
    known = codes >= 0
    a = np.bincount(codes[known & is_top], minlength=size).astype(np.float64)
    b = np.bincount(codes[known & ~is_top], minlength=size).astype(np.float64)
    return a, b


def _log_lift(a: Floats, b: Floats, extra: Floats) -> tuple[Floats, Floats]:
    """Log of the ratio of shares and its standard error; `extra` is added to each count."""
    n, m = a.sum() + 2 * extra, b.sum() + 2 * extra
    a, b = a + extra, b + extra
    lift = np.log((a / n) / (b / m))
    error = np.sqrt(np.maximum(1 / a - 1 / n + 1 / b - 1 / m, 1e-12))
    return lift, error


def _weights(codes: Codes, size: int, is_top: Bools) -> Floats:
    """Log-lifts shrunk to nothing where they are no more than noise (positive-part, 1 - 1/z²)."""
    a, b = _counts(codes, size, is_top)
    if not a.sum() or not b.sum():
        return np.zeros(size)
    lift, error = _log_lift(a, b, np.full(size, 0.5))
    z = lift / error
    shrunk: Floats = lift * np.maximum(0.0, 1 - 1 / np.maximum(z * z, 1e-12))
    return shrunk


def _traits(grouping: Grouping, is_top: Bools) -> list[tuple[Trait, float]]:
    """The traits of one fact, each with the z of its lift."""
    a, b = _counts(grouping.codes, grouping.size, is_top)
    both = bool(a.sum() and b.sum())
    # None or all of a side leave no spread to measure: a half is added, as is usual.
    edge = (a == 0) | (b == 0) | (a == a.sum()) | (b == b.sum())
    logs, errors = _log_lift(a, b, np.where(edge, 0.5, 0.0)) if both else (a, b)
    out = []
    for group in range(grouping.size):
        lift = ci = None
        z = 0.0
        if both:
            at, error = float(logs[group]), float(errors[group])
            lift = math.exp(at)
            ci = (math.exp(at - Z95 * error), math.exp(at + Z95 * error))
            z = at / error
        is_text = grouping.kind is Kind.TEXT
        trait = Trait(
            fact=grouping.fact,
            value=grouping.levels[group] if is_text else None,
            low=grouping.edges[group - 1] if not is_text and group else None,
            high=grouping.edges[group] if not is_text and group < len(grouping.edges) else None,
            top=int(a[group]),
            top_known=int(a.sum()),
            others=int(b[group]),
            others_known=int(b.sum()),
            lift=lift,
            lift_ci=ci,
            clear=False,
        )
        out.append((trait, z))
    return out


def _clear(found: list[tuple[Trait, float]]) -> tuple[Trait, ...]:
    chance = [math.erfc(abs(z) / math.sqrt(2)) for _, z in found]
    limit = 0.0
    for rank, p in enumerate(sorted(chance), start=1):
        if p <= FALSE_SHARE * rank / len(chance):
            limit = p
    marked = [
        (replace(t, clear=p <= limit and p <= 0.05), z)
        for (t, z), p in zip(found, chance, strict=True)
    ]
    marked.sort(
        key=lambda i: (not i[0].clear, -abs(i[1]), i[0].fact, i[0].value or "", i[0].low or 0)
    )
    return tuple(t for t, _ in marked)


def _middle(grouping: Grouping, table: FactTable, is_top: Bools) -> MiddleHalf | None:
    column = table.columns[grouping.fact]
    if isinstance(column, Texts):
        return None
    there = column[is_top & ~np.isnan(column)]
    if there.size < FEWEST_TOP:
        return None
    low, high = (float(q) for q in np.quantile(there, [0.25, 0.75]))
    return MiddleHalf(grouping.fact, low, high, int(there.size))


def _calibrated(
    groupings: list[Grouping], is_top: Bools, ids: list[str]
) -> tuple[tuple[float, float] | None, tuple[float, tuple[float, float]] | None]:
    """Judge the score on clients left out of it; its calibration where it may be called a chance.

    As for the win model: the lower bound of the AUC at least 0.55 and Brier skill above 0.
    """
    if int(is_top.sum()) < FEWEST_TOP_FOR_CHANCE or int((~is_top).sum()) < FEWEST_TOP_FOR_CHANCE:
        return None, None
    # By id: which fold a client is in must not hang on the order of the rows.
    fold = np.array([zlib.crc32(i.encode()) % FOLDS for i in ids])
    score = np.zeros(len(ids))
    for left_out in range(FOLDS):
        out, learn = fold == left_out, fold != left_out
        for g in groupings:
            weights = _weights(g.codes[learn], g.size, is_top[learn])
            score[out] += np.append(weights, 0.0)[g.codes[out]]
    score = np.clip(score, -MOST_LOG_ODDS, MOST_LOG_ODDS)
    found = evaluation.auc(score, is_top)
    if found is None or found[1][0] < evaluation.TRUSTED_AUC:
        return None, found
    fitted = evaluation.recalibrate(score, is_top.astype(np.float64))
    if fitted is None or fitted[1] <= 0:
        return None, found
    skill = evaluation.brier_skill(sigmoid(fitted[0] + fitted[1] * score), is_top)
    return (fitted if skill is not None and skill > 0 else None), found


def _place(grouping: Grouping, value: str | None, high: float | None) -> int:
    if grouping.kind is Kind.TEXT:
        return grouping.levels.index(value) if value is not None else -1
    return grouping.edges.index(high) if high is not None else len(grouping.edges)
