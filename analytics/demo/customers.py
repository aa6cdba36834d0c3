"""The customer base: who pays the bills, how each came in, and who brought whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.demo.deals import HISTORY, Deal
from analytics.demo.firms import Customer, Firm, Market, choose
from analytics.demo.names import pick
from analytics.demo.story import Plan, Shape, blend

_OLD_MIX = {
    "network": 0.20, "referral": 0.17, "partner": 0.09, "inbound": 0.20, "outbound": 0.08,
    "cold_call": 0.10, "event": 0.12, "tender": 0.02, "social": 0.02,
}  # fmt: skip
_CUTOFF = 0.8


@dataclass(slots=True)
class Base:
    """All customers, and those the story is about; `top` is ordered by revenue, largest first."""

    everyone: list[Customer]
    top: list[Customer]
    newcomer: Customer
    leaver: Customer
    refunded: Customer
    """Stopped long ago; its last bill was credited within the last twelve months."""


def build(
    rng: np.random.Generator, plan: Plan, market: Market, won: Sequence[Deal], reps: Sequence[str]
) -> Base:
    """Make customers of the won deals, add the older ones, and share out the revenue."""
    desk = tuple(reps)
    new = []
    for deal in won:
        if deal.closed_age is None:
            raise ValueError("A won deal has a closing day.")
        customer = _customer(rng, deal.firm, deal.channel, deal.closed_age, deal.owner)
        deal.customer = customer
        new.append(customer)
    old_count = max(plan.customers - len(new), plan.customers // 2)
    churned_count = round(0.11 * old_count)
    active_count = old_count - churned_count + len(new) + 1  # and the refunded one
    top_count = max(round(plan.top_share * active_count), 4)
    newcomer = _promote(new, plan, 150, 330)
    # Old clients take the top as far as they go; a flat company needs new ones there too.
    best = min(top_count - 2, round(0.7 * (old_count - churned_count)))
    risers: list[Customer] = []
    while len(risers) < top_count - 1 - best:
        risers.append(_promote([c for c in new if c not in (newcomer, *risers)], plan, 420, 1000))
    veterans = [_old(rng, plan, market, desk, top=True) for _ in range(best + 1)]
    leaver = veterans.pop()
    tail_mix = blend(plan.top_mix, _OLD_MIX, 0.2)
    quiet_tail = [
        _old(rng, plan, market, desk, top=False, mix=tail_mix) for _ in range(old_count - best - 1)
    ]
    churned, tail = quiet_tail[:churned_count], quiet_tail[churned_count:]
    tail += [c for c in new if c is not newcomer and c not in risers]
    # By chance, but who came in this year has not been billed much yet.
    luck = rng.random(len(tail)) * np.minimum([c.since_age / 365 for c in tail], 1.0)
    tail = [tail[int(i)] for i in np.argsort(-luck, kind="stable")]
    tail.insert(len(tail) // 4, leaver)
    top = _ranked(veterans, risers, newcomer)
    top[0].channel = choose(rng, dict(list(plan.top_mix.items())[:2]))

    weights = _weights(rng, plan, top_count, len(tail))
    for customer, weight in zip([*top, *tail], weights, strict=True):
        customer.yearly = _history(rng, plan, weight * plan.revenue, steady=customer in top)
    middle = top[top_count // 3].yearly[0] / (1 + plan.growth)
    leaver.yearly = (leaver.yearly[0], middle * 1.15, middle * 1.1)
    lost = 0.5 * plan.revenue / (top_count + len(tail)) if plan.shape is Shape.FLAT else 9000.0
    for customer in churned:
        customer.end_age = int(rng.integers(385, 960))
        customer.yearly = (0.0, *rng.lognormal(np.log(lost), 0.6, 2))
    refunded = churned[0]
    refunded.end_age = 385 + int(rng.integers(0, 20))

    _grow(plan, [*top, *tail, *churned])

    everyone = sorted([*top, *tail, *churned], key=lambda c: -c.since_age)
    _number(rng, everyone)
    _rhythm(rng, plan, everyone, top)
    _introduce(rng, everyone)
    _sources(rng, plan, everyone, top)
    _group(rng, tail)
    return Base(everyone, top, newcomer, leaver, refunded)


def _customer(
    rng: np.random.Generator, firm: Firm, channel: str, since_age: int, owner: str
) -> Customer:
    contract = choose(rng, {"raamcontract": 0.5 if firm.ideal else 0.2, "project": 0.3, "los": 0.3})
    payment = int(rng.choice([14, 30, 45, 60], p=[0.3, 0.5, 0.12, 0.08]))
    return Customer(firm, channel, since_age, owner, contract, payment)


def _old(
    rng: np.random.Generator,
    plan: Plan,
    market: Market,
    reps: tuple[str, ...],
    *,
    top: bool,
    mix: dict[str, float] | None = None,
) -> Customer:
    firm = market.firm(ideal=bool(rng.random() < (0.9 if top else 0.25)))
    channel = choose(rng, mix or plan.top_mix)
    reach = plan.age - HISTORY - 60
    since_age = HISTORY + 60 + int(reach * rng.beta(1.1, 1.4))
    firm.years = max(firm.years, since_age // 365 + 1)
    return _customer(rng, firm, channel, since_age, pick(rng, reps))


def _promote(new: Sequence[Customer], plan: Plan, youngest: int, oldest: int) -> Customer:
    """The new customer fittest for a place at the top: the right age, then channel and profile."""
    middle = (youngest + oldest) / 2
    return max(
        new,
        key=lambda c: (
            youngest <= c.since_age <= oldest,
            plan.top_mix.get(c.channel, 0.0) > 0.1,
            c.firm.ideal,
            -abs(c.since_age - middle),
        ),
    )


def _ranked(veterans: list[Customer], risers: list[Customer], newcomer: Customer) -> list[Customer]:
    """Veterans on the first places, so that rank 1 to 4 have history; newer ones half way."""
    half = max(4, len(veterans) // 2)
    top = [*veterans[:half], *risers, *veterans[half:]]
    top.insert(max(4, 2 * len(top) // 3), newcomer)
    return top


def _weights(rng: np.random.Generator, plan: Plan, top: int, tail: int) -> list[float]:
    """Shares of revenue, descending, of which just the first `top` reach 80 %."""
    reach = _CUTOFF + 0.002
    rest = reach - plan.largest_share
    second = plan.largest_share * (0.4 if plan.shape is Shape.DEPENDENT else 0.83)
    # Everyone at the top has a base share, so that none of them is smaller than the tail's first.
    base = 0.45 * rest / (top - 1)
    head = [
        plan.largest_share,
        *(base + x for x in _declining(top - 1, 0.55 * rest, second - base)),
    ]
    # Small clients are small each in its own way: a part of the tail is spread by chance.
    small = np.sort(rng.lognormal(0.0, 0.6, tail))[::-1]
    small *= 0.15 * (1 - reach) / small.sum()
    first = min(0.85 * head[-1], 0.011) - float(small[0])
    slope = _declining(tail, 0.85 * (1 - reach), first)
    return [*head, *(float(a) + b for a, b in zip(small, slope, strict=True))]


def _declining(count: int, total: float, first: float) -> list[float]:
    """`count` terms of a falling geometric series with that sum, starting near `first`."""
    low, high = 0.3, 1.0
    first = max(first, 1.02 * total / count)
    for _ in range(60):
        ratio = (low + high) / 2
        if first * sum(ratio**i for i in range(count)) < total:
            low = ratio
        else:
            high = ratio
    return [first * high**i for i in range(count)]


def _history(
    rng: np.random.Generator, plan: Plan, now: float, *, steady: bool
) -> tuple[float, float, float]:
    noise = rng.normal(0.0, 0.15 if steady else 0.4, 2)
    # exp(noise) has a mean above 1: take that out, or every company would seem to shrink.
    drift = np.log1p(plan.growth) + (0.013 if steady else 0.08)
    before = now * float(np.exp(-drift + noise[0]))
    return now, before, before * float(np.exp(-drift + noise[1]))


def _grow(plan: Plan, everyone: Sequence[Customer]) -> None:
    """Scale the earlier years so that the company as a whole grew as planned."""
    factors = [1.0]
    for year in (1, 2):
        billed = sum(c.yearly[year] * c.part_of(year) for c in everyone)
        factors.append(plan.revenue / (1 + plan.growth) ** year / billed)
    for customer in everyone:
        now, before, earlier = customer.yearly
        customer.yearly = (now, before * factors[1], earlier * factors[2])


def _number(rng: np.random.Generator, everyone: Sequence[Customer]) -> None:
    number = 1000
    for customer in everyone:
        number += int(rng.integers(1, 8))
        customer.id = f"K{number}"


def _rhythm(
    rng: np.random.Generator, plan: Plan, everyone: Sequence[Customer], top: Sequence[Customer]
) -> None:
    for customer in everyone:
        usual = max(customer.yearly[0], customer.yearly[1] / 2)
        yearly = np.clip(np.sqrt(usual / 700) * rng.lognormal(0.0, 0.15), 2.0, 50.0)
        customer.rhythm = 365 / float(yearly)
    if plan.quiet_rank is not None:
        quiet = top[plan.quiet_rank - 1]
        quiet.quiet, quiet.rhythm, quiet.end_age = True, plan.quiet_rhythm, plan.quiet_days


def _introduce(rng: np.random.Generator, everyone: Sequence[Customer]) -> None:
    """Name who introduced each referred customer: an earlier customer, more likely a large one."""
    for i, customer in enumerate(everyone):
        earlier = [c for c in everyone[:i] if c.since_age > customer.since_age + 60]
        if customer.channel != "referral" or not earlier or rng.random() < 0.1:
            continue
        weights = np.array([(max(c.yearly) + 4000.0) ** 0.8 for c in earlier])
        customer.referred_by = earlier[int(rng.choice(len(earlier), p=weights / weights.sum()))].id


def _sources(
    rng: np.random.Generator, plan: Plan, everyone: Sequence[Customer], top: Sequence[Customer]
) -> None:
    for customer in everyone:
        chance = plan.unknown_share * (0.4 if customer in top else 1.0)
        # Whoever wrote down the introducer wrote down the source too.
        unknown = rng.random() < chance and not customer.referred_by
        channel = "unknown" if unknown else customer.channel
        customer.source = pick(rng, plan.sources[channel])


def _group(rng: np.random.Generator, tail: Sequence[Customer]) -> None:
    """A few customers belong to another one."""
    for i in rng.choice(len(tail) - 1, size=4, replace=False):
        tail[int(i)].parent_id = tail[-1].id
