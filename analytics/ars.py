"""The ARS-indicator: how much of revenue the sales team itself brought in.

The blog behind the principles names the indicator without a formula, and its author's definition
could not be found; this definition is Ballotage's own. The mapping of channels is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.pareto import top_clients
from analytics.period import add_months
from analytics.scope import Scope
from analytics.sources import active_between

SALES_CHANNELS = frozenset({"outbound", "cold_call", "event", "tender", "social"})
"""Channels through which a sales team wins a client by itself."""
UNKNOWN_LIMIT = 0.25
HISTORY_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Ars:
    """Share of revenue won by sales (amounts in 1/10,000 units).

    With S sales, T total and U unknown: lower S/T, known S/(T-U), upper (S+U)/T. point_allowed is
    False where U exceeds a quarter of T: then only the interval may be shown.
    """

    total: int
    sales: int
    unknown: int

    @property
    def lower(self) -> float | None:
        """No revenue of unknown source came through sales."""
        return self.sales / self.total if self.total > 0 else None

    @property
    def known(self) -> float | None:
        """Among revenue of known source; None where none is known."""
        rest = self.total - self.unknown
        return self.sales / rest if self.total > 0 and rest > 0 else None

    @property
    def upper(self) -> float | None:
        """All revenue of unknown source came through sales."""
        return (self.sales + self.unknown) / self.total if self.total > 0 else None

    @property
    def point_allowed(self) -> bool:
        """Whether one figure may stand for the interval."""
        return self.known is not None and self.unknown <= UNKNOWN_LIMIT * self.total


@dataclass(frozen=True, slots=True)
class Contribution:
    """The indicator over all customers and over top clients, and introductions beside it."""

    all: Ars
    top: Ars
    introductions: int | None
    active_clients: int
    introductions_per_100: float | None


def ars(scope: Scope) -> Contribution:
    """Compute the indicator on a scope (cached on its snapshot)."""
    return scope.snapshot.cached(("ars", *scope.key), lambda: _ars(scope))


def _ars(scope: Scope) -> Contribution:
    reading = top_clients(scope)
    amount = reading.revenue.amount
    channel = scope.snapshot.customers["channel"].to_numpy(dtype=object)
    everyone = reading.revenue.active
    top = np.zeros(len(channel), dtype=np.bool_)
    top[reading.top] = True
    introduced = introductions(scope)
    count = None if introduced is None else int(introduced.sum())
    active = reading.customers
    return Contribution(
        all=_split(amount, channel, everyone),
        top=_split(amount, channel, top),
        introductions=count,
        active_clients=active,
        introductions_per_100=100 * count / active if count is not None and active else None,
    )


def introductions(scope: Scope) -> npt.NDArray[np.bool_] | None:
    """Which new customers of the period were introduced by a customer who was there before them.

    None unless at least 12 months of history precede the period: without it nobody can tell who is
    new.
    """
    if scope.snapshot.first_date > add_months(scope.period.start, -HISTORY_MONTHS):
        return None
    first = scope.first_day()
    referrer = scope.snapshot.customers["referrer"].to_numpy(dtype=np.int64)
    new = active_between(scope)
    known = referrer >= 0
    earlier = np.zeros(len(new), dtype=np.bool_)
    at = scope.entity[referrer[known]]
    earlier[known] = first[at] < first[known]
    since = scope.snapshot.customers["since"]
    longer = since.notna() & (since < np.datetime64(scope.period.start))
    return new & earlier & ~longer.to_numpy(dtype=np.bool_)


def _split(
    amount: npt.NDArray[np.int64],
    channel: npt.NDArray[np.object_],
    members: npt.NDArray[np.bool_],
) -> Ars:
    sales = members & np.isin(channel, list(SALES_CHANNELS))
    unknown = members & (channel == "unknown")
    return Ars(
        total=int(amount[members].sum()),
        sales=int(amount[sales].sum()),
        unknown=int(amount[unknown].sum()),
    )
