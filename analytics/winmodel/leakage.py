"""Which facts may not be learned from: known only after closing, constant, or names of somebody."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.schema import CUSTOMERS
from analytics.snapshot import Ints
from analytics.winmodel.facts import Bools, FactColumn, FactTable, Floats, Kind, Texts, fact_name

AFTER_CLOSING = "AFTER_CLOSING"
CONSTANT = "CONSTANT"
IDENTITY = "IDENTITY"
"""Reasons for which a fact is dropped."""

FEWEST_EXPECTED = 5.0
"""Open deals that should have the fact, were it filled as often as for closed ones, to judge by."""
RARE_IN_OPEN = 0.1
"""Filled for open deals at most this often, relative to closed ones: filled only after closing."""
RARE_IN_CLASS = 0.05
FEWEST_IN_CLASS = 20
FEWEST_FILLED = 0.2
TELLS_ALL = 0.97
"""AUC of one fact alone from which it is the outcome in other words."""
PURE = 0.95
SAME_DAY = 0.2
MOST_MONTHS = 120
"""Values a fact may have to be the month of closing."""

IDENTITIES = frozenset(
    fact_name(word)
    for column in ("kvk", "vat_id", "domain")
    for word in (column, *CUSTOMERS.column(column).synonyms)
)


def dropped(
    facts: FactTable, created: Ints, closed: Ints, done: Bools, won: Bools
) -> dict[str, str]:
    """Facts that may not be used, with the reason. All arrays have one entry a deal.

    After closing: filled for closed deals but hardly for open ones; filled (or other than zero) in
    one outcome and hardly in the other; a date on or after the closing day; a number of days from
    creation to closing; another way to write the closing day; or deciding the outcome on its own.
    """
    out: dict[str, str] = {}
    wins, losses = done & won, done & ~won
    for name, column in facts.columns.items():
        if name in IDENTITIES:
            out[name] = IDENTITY
        elif _constant(column, done):
            out[name] = CONSTANT
        elif (
            _only_closed(column, done, wins, losses)
            or (facts.kinds[name] is Kind.DATE and _at_closing(column, closed, done))
            or _duration(column, created, closed, done)
            or _closing_day(column, created, closed, done)
            or decides(column, wins, losses)
        ):
            out[name] = AFTER_CLOSING
    return out


def _constant(column: FactColumn, rows: Bools) -> bool:
    """One value for all rows, or none at all. Known for some only is a difference too."""
    if isinstance(column, Texts):
        seen = np.unique(column.codes[rows])
        return len(seen) <= 1 or not (seen >= 0).any()
    values = column[rows]
    there = values[~np.isnan(values)]
    return not there.size or (there.size == values.size and float(np.ptp(there)) == 0.0)


def _only_closed(column: FactColumn, done: Bools, wins: Bools, losses: Bools) -> bool:
    filled = (
        column.codes >= 0
        if isinstance(column, Texts)
        else ~np.isnan(column) & (column != 0)  # exports write 0 where there is no amount
    )
    still_open = ~done
    if done.any() and still_open.any():
        rate = float(filled[done].mean())
        if rate * int(still_open.sum()) >= FEWEST_EXPECTED and (
            float(filled[still_open].mean()) <= RARE_IN_OPEN * rate
        ):
            return True
    if min(int(wins.sum()), int(losses.sum())) < FEWEST_IN_CLASS:
        return False
    low, high = sorted((float(filled[wins].mean()), float(filled[losses].mean())))
    return high >= FEWEST_FILLED and low <= RARE_IN_CLASS * high


def _at_closing(column: FactColumn, closed: Ints, done: Bools) -> bool:
    assert not isinstance(column, Texts)  # noqa: S101 (dates are numbers)
    there = done & ~np.isnan(column)
    return bool(there.any()) and float((column[there] >= closed[there]).mean()) > SAME_DAY


def _duration(column: FactColumn, created: Ints, closed: Ints, done: Bools) -> bool:
    if isinstance(column, Texts):
        return False
    there = done & ~np.isnan(column)
    if int(there.sum()) < FEWEST_IN_CLASS:
        return False
    took = (closed - created)[there]
    if float(took.std()) <= 5.0:  # so even that any small number would fit
        return False
    units = (took, took / 7, took * 24)  # days, weeks, hours
    return any(float((np.abs(column[there] - u) <= 1.0).mean()) > 0.5 for u in units)


def _closing_day(column: FactColumn, created: Ints, closed: Ints, done: Bools) -> bool:
    """Whether it names the year, quarter or month of closing (and not that of creation)."""
    there = done & (column.codes >= 0 if isinstance(column, Texts) else ~np.isnan(column))
    if int(there.sum()) < FEWEST_IN_CLASS:
        return False
    values = column.codes[there] if isinstance(column, Texts) else column[there]
    distinct = np.unique(values).size
    if not 2 <= distinct <= MOST_MONTHS:
        return False
    for part in ("Y", "Q", "M"):
        ends, starts = _part(closed[there], part), _part(created[there], part)
        common = float(np.unique(values, return_counts=True)[1].max()) / values.size
        pure = _purity(values, ends)
        if (
            pure >= PURE
            and pure - common > (1 - common) / 2
            and _purity(values, starts) < pure - 0.02
        ):
            return True
    return False


def _part(days: Ints, part: str) -> Ints:
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months // {"Y": 12, "Q": 3, "M": 1}[part]


def _purity(values: np.ndarray, groups: Ints) -> float:
    counts = pd.DataFrame({"g": groups, "v": values}).value_counts()
    return float(counts.groupby("g").max().sum()) / len(values)


def decides(column: FactColumn, wins: Bools, losses: Bools) -> bool:
    """Whether a fact on its own tells the two groups apart almost without fault."""
    if min(int(wins.sum()), int(losses.sum())) < FEWEST_IN_CLASS:
        return False
    if isinstance(column, Texts):
        groups = column.codes.astype(np.int64) + 1
        counts = np.bincount(groups[wins | losses], minlength=int(groups.max()) + 1)
        groups = np.where(counts[groups] >= 5, groups, 0)  # few deals of a kind always look pure
    else:
        groups = _bands(column, wins | losses)
    size = int(groups.max()) + 1
    a = np.bincount(groups[wins], minlength=size).astype(np.float64)
    b = np.bincount(groups[losses], minlength=size).astype(np.float64)
    order = np.argsort(a / np.maximum(a + b, 1), kind="stable")
    below = np.cumsum(b[order]) - b[order]
    auc = float((a[order] * (below + b[order] / 2)).sum() / (a.sum() * b.sum()))
    return auc >= TELLS_ALL


def _bands(values: Floats, rows: Bools) -> Ints:
    there = values[rows & ~np.isnan(values)]
    edges = np.unique(np.quantile(there, np.linspace(0, 1, 21))) if there.size else np.array([0.0])
    placed = np.searchsorted(edges, np.nan_to_num(values), side="right") + 1
    return np.where(np.isnan(values), 0, placed).astype(np.int64)
