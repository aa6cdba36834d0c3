"""Pareto: who brings 80 % of revenue, and how much hangs on a few.

Yardstick: between 3 and 30 % of the customer base, 12 % on average over 27 years of field work
(the sales blog behind the principles). HHI thresholds follow the usual 0 to 10,000 scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.scope import Revenue, Scope
from analytics.snapshot import Codes, Ints

CUTOFF = 0.8
YARDSTICK_LOW, YARDSTICK_MEAN, YARDSTICK_HIGH = 0.03, 0.12, 0.30
NO_CONCENTRATION_FROM = 0.50
FEWEST_TO_JUDGE = 30
DEPENDENT_SHARE = 0.20
DEPENDENT_HHI = 1_500.0


@dataclass(frozen=True)
class TopClients:
    """The Pareto reading of one scope.

    order: codes of customers invoiced in the period, by revenue descending, ties by customer id.
    top: the leading codes that reach the cutoff. Shares are of the revenue of known customers; None
    where that is not positive. entered and left compare with the period before; None where the data
    does not reach back that far.
    """

    revenue: Revenue
    previous: Revenue | None
    order: Codes
    cumulative: Ints
    top_count: int
    customers: int
    positive_customers: int
    gini: float | None
    hhi: float | None
    entered: Codes | None
    left: Codes | None

    @property
    def total(self) -> int:
        """Revenue of known customers, 1/10,000 units."""
        return self.revenue.total

    @property
    def top(self) -> Codes:
        """Codes of the top clients, best first."""
        return self.order[: self.top_count]

    @property
    def top_revenue(self) -> int:
        """Revenue of the top clients together."""
        return int(self.cumulative[self.top_count - 1]) if self.top_count else 0

    @property
    def top_share_of_base(self) -> float | None:
        """Top clients as a share of everyone invoiced in the period."""
        return self.top_count / self.customers if self.customers else None

    @property
    def largest_share(self) -> float | None:
        """Share of the largest client."""
        return self.share_of_first(1)

    @property
    def top5_share(self) -> float | None:
        """Share of the five largest together."""
        return self.share_of_first(5)

    def share_of_first(self, count: int) -> float | None:
        """Share of the first `count` customers together."""
        if self.total <= 0 or not len(self.order):
            return None
        return int(self.cumulative[min(count, len(self.order)) - 1]) / self.total

    @property
    def reading(self) -> str:
        """CONCENTRATED up to 30 % of the base, NO_CONCENTRATION from 50 %, ABOVE_BAND between.

        TOO_FEW under 30 positive customers, NO_REVENUE where the total is not positive.
        """
        share = self.top_share_of_base
        if self.total <= 0 or share is None:
            return "NO_REVENUE"
        if self.positive_customers < FEWEST_TO_JUDGE:
            return "TOO_FEW"
        if share <= YARDSTICK_HIGH:
            return "CONCENTRATED"
        return "NO_CONCENTRATION" if share >= NO_CONCENTRATION_FROM else "ABOVE_BAND"

    @property
    def concentrated(self) -> bool | None:
        """True or False where the yardstick says so, None between its bounds or on too few."""
        return {"CONCENTRATED": True, "NO_CONCENTRATION": False}.get(self.reading)

    @property
    def dependent(self) -> bool:
        """Whether one client or a few carry so much that this is the headline."""
        largest, hhi = self.largest_share, self.hhi
        return (largest is not None and largest >= DEPENDENT_SHARE) or (
            hhi is not None and hhi >= DEPENDENT_HHI
        )

    def share(self, code: int) -> float | None:
        """A customer's share of the revenue of known customers."""
        return int(self.revenue.amount[code]) / self.total if self.total > 0 else None

    def trend(self, code: int) -> float | None:
        """Change against the period before; None where that one is missing or not positive."""
        if self.previous is None:
            return None
        before = int(self.previous.amount[code])
        return int(self.revenue.amount[code]) / before - 1 if before > 0 else None

    def rank(self, code: int) -> int | None:
        """Place from 1; None when not invoiced in the period."""
        found = np.flatnonzero(self.order == code)
        return int(found[0]) + 1 if found.size else None


def top_clients(scope: Scope) -> TopClients:
    """Read Pareto on a scope (cached on its snapshot)."""
    return scope.snapshot.cached(("pareto", *scope.key), lambda: _top_clients(scope))


def _top_clients(scope: Scope) -> TopClients:
    revenue = scope.revenue()
    order, cumulative, count = rank(revenue)
    positive = revenue.amount[revenue.amount > 0]
    before = scope.comparison
    previous = scope.revenue(before) if scope.covers(before) else None
    entered = left = None
    if previous is not None:
        earlier, _, earlier_count = rank(previous)
        now, then = order[:count], earlier[:earlier_count]
        entered = now[~np.isin(now, then)]
        left = then[~np.isin(then, now)]
    return TopClients(
        revenue=revenue,
        previous=previous,
        order=order,
        cumulative=cumulative,
        top_count=count,
        customers=int(revenue.active.sum()),
        positive_customers=int(positive.size),
        gini=gini(positive),
        hhi=hhi(positive),
        entered=entered,
        left=left,
    )


def rank(revenue: Revenue) -> tuple[Codes, Ints, int]:
    """Order active customers by revenue; return codes, cumulative amounts and the size of the top.

    The top is the smallest leading group that reaches 80 % of the total, compared in whole numbers;
    0 where the total is not positive. Customers at or below zero are never in it.
    """
    codes = np.flatnonzero(revenue.active).astype(np.int32)
    amounts = revenue.amount[codes]
    order = np.argsort(-amounts, kind="stable")  # codes ascend by customer id, so ties do too
    codes, amounts = codes[order], amounts[order]
    cumulative = np.cumsum(amounts, dtype=np.int64)
    total = revenue.total
    if total <= 0:
        return codes, cumulative, 0
    threshold = -(-total * 4 // 5)  # ceiling of 80 %, exact
    return codes, cumulative, int(np.argmax(cumulative >= threshold)) + 1


def gini(positive: Ints) -> float | None:
    """Gini coefficient of positive amounts: 2 * sum(i * x_i) / (n * sum(x)) - (n + 1) / n."""
    if not positive.size:
        return None
    values = np.sort(positive).astype(np.float64)
    n = values.size
    return float(2 * (np.arange(1, n + 1) * values).sum() / (n * values.sum()) - (n + 1) / n)


def hhi(positive: Ints) -> float | None:
    """Herfindahl-Hirschman index of positive amounts, 0 to 10,000."""
    if not positive.size:
        return None
    shares = positive / positive.sum()
    return float(10_000 * (shares**2).sum())
