"""The sales team's deals: facts known before closing, and outcomes that depend on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.demo.firms import Customer, Firm, Market, choose
from analytics.demo.names import pick
from analytics.demo.story import Plan, blend

HISTORY = 1085
"""Days of deals and invoices before the data date: just under three years."""
_NOW = 300

_EVEN = {
    "network": 0.18, "referral": 0.17, "partner": 0.10, "inbound": 0.17, "outbound": 0.10,
    "cold_call": 0.10, "event": 0.10, "tender": 0.04, "social": 0.04,
}  # fmt: skip
_CHANNEL_EFFECT = {
    "network": 0.8, "referral": 1.1, "partner": 0.5, "inbound": 0.1, "outbound": -0.4,
    "cold_call": -0.6, "event": -0.3, "tender": -0.3, "social": -0.4,
}  # fmt: skip
_FACT_CHANCES = {
    "decision_maker_met": (0.48, 0.16),  # chance of yes, chance that nobody filled it in
    "budget_known": (0.42, 0.22),
    "price_only": (0.34, 0.18),
    "delivery_fit": (0.68, 0.12),
}
_FACT_EFFECT = {
    "decision_maker_met": (0.75, -0.6),  # yes, no
    "budget_known": (0.45, -0.2),
    "price_only": (-0.8, 0.2),
    "delivery_fit": (0.3, -0.5),
}
_STAGES = ("eerste gesprek", "inventarisatie", "offerte", "onderhandeling")


@dataclass(slots=True)
class Deal:
    """A deal; ages are days before the data date, `closed_age` is None while it is open."""

    firm: Firm
    channel: str
    owner: str
    created_age: int
    closed_age: int | None
    status: str
    amount: float | None
    facts: dict[str, str]
    stage: str = ""
    customer: Customer | None = None
    id: str = ""


class Desk:
    """Draws deals for one plan and its reps."""

    def __init__(
        self, rng: np.random.Generator, plan: Plan, market: Market, reps: Sequence[str]
    ) -> None:
        self._rng = rng
        self._plan = plan
        self._market = market
        self._reps = tuple(reps)
        self._past = blend(plan.hunting_mix, _EVEN, 0.62)

    def hunt(self, count: int) -> list[Deal]:
        """Deals with companies that are no customer yet, over the whole history."""
        ages = self._rng.integers(3, HISTORY, count).tolist()
        return [self._new(choose(self._rng, self._mix(age)), age) for age in ages]

    def prospect(self, count: int) -> list[Deal]:
        """Open deals of the last half year, found where the team hunts now."""
        rng = self._rng
        return [
            self._new(
                choose(rng, self._plan.hunting_mix), int(rng.integers(3, 200)), still_open=True
            )
            for _ in range(count)
        ]

    def grow(self, customers: Sequence[Customer], count: int) -> list[Deal]:
        """Deals with existing customers, more of them with the larger ones."""
        rng = self._rng
        weights = np.sqrt([max(c.yearly) + 3000.0 for c in customers])
        chosen = rng.choice(len(customers), size=count, p=weights / weights.sum())
        deals = []
        for customer in (customers[int(i)] for i in chosen):
            oldest = min(HISTORY, customer.since_age - 30)
            youngest = customer.end_age + 5
            if oldest <= youngest:
                continue
            age = int(rng.integers(youngest, oldest + 1))
            deal = self._deal(customer.firm, customer.channel, age, existing=True)
            deal.customer, deal.owner = customer, customer.owner
            deals.append(deal)
        return deals

    def _mix(self, age: int) -> Mapping[str, float]:
        """Where the team found its deals then: it hunted more evenly in the past than now."""
        return self._plan.hunting_mix if age < _NOW else self._past

    def _new(self, channel: str, age: int, *, still_open: bool = False) -> Deal:
        # Warm channels bring companies that look like the best clients more often.
        warm = _CHANNEL_EFFECT[channel] > 0
        firm = self._market.firm(ideal=bool(self._rng.random() < (0.5 if warm else 0.25)))
        return self._deal(firm, channel, age, existing=False, still_open=still_open)

    def _deal(
        self, firm: Firm, channel: str, age: int, *, existing: bool, still_open: bool = False
    ) -> Deal:
        rng = self._rng
        facts = self._facts()
        won = rng.random() < self._chance(firm, channel, facts, existing=existing)
        # A no takes longer than a yes, so young deals know more wins than losses.
        cycle = max(4, int(rng.lognormal(np.log(48 if won else 74), 0.55)))
        is_open = still_open or cycle > age
        amount = rng.lognormal(np.log(900 * firm.employees**0.75 + 5000), 0.55)
        return Deal(
            firm=firm,
            channel=channel,
            owner=pick(rng, self._reps),
            created_age=age,
            closed_age=None if is_open else age - cycle,
            status="open" if is_open else "won" if won else "lost",
            amount=round(amount / 50) * 50.0 if not is_open or rng.random() < 0.93 else None,
            facts=facts,
            stage=pick(rng, _STAGES) if is_open else "",
        )

    def _facts(self) -> dict[str, str]:
        facts = {}
        for fact, (yes, empty) in _FACT_CHANCES.items():
            draw = self._rng.random(2)
            facts[fact] = "" if draw[0] < empty else "ja" if draw[1] < yes else "nee"
        return facts

    def _chance(self, firm: Firm, channel: str, facts: dict[str, str], *, existing: bool) -> float:
        logit = _CHANNEL_EFFECT[channel] + (1.0 if existing else 0.0)
        logit += 0.5 if firm.segment in self._plan.sector.segments else -0.15
        logit += 0.35 if 30 <= firm.employees <= 150 else -0.1
        for fact, value in facts.items():
            yes, no = _FACT_EFFECT[fact]
            logit += {"ja": yes, "nee": no, "": 0.0}[value]
        logit = 0.8 * logit - 1.35 + self._rng.normal(0.0, 0.8)  # the noise: what no file tells
        return float(1 / (1 + np.exp(-logit)))
