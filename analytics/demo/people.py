"""The people of the demo company, and what its reps did in the last twelve months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.demo.customers import Base
from analytics.demo.deals import Deal
from analytics.demo.invoices import workday
from analytics.demo.names import FAMILIES, FIRST_NAMES, Person
from analytics.demo.story import Plan

_FAIR_MINUTES = 450
_MINUTES = {"call": 20, "meeting": 75, "quote": 90, "account_visit": 60, "referral_asked": 15}


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the company."""

    user: str
    name: str
    role: str
    locale: str
    time_zone: str


@dataclass(slots=True)
class Activity:
    """What a rep did on a day; minutes long."""

    date: dt.date
    user: str
    kind: str
    minutes: int
    deal: Deal | None = None
    customer_id: str = ""


def team(rng: np.random.Generator, plan: Plan) -> list[Member]:
    """Two of the MT, one of the MT who is the admin, and the reps."""
    size = 3 + plan.reps
    firsts = [FIRST_NAMES[int(i)] for i in rng.permutation(len(FIRST_NAMES))[:size]]
    families = [FAMILIES[int(i)] for i in rng.permutation(len(FAMILIES))[:size]]
    roles = ["mt", "mt", "admin", *["sales"] * plan.reps]
    english = {1, size - 1} if rng.random() < 0.5 else {size - 1}
    members = []
    for i, (first, family, role) in enumerate(zip(firsts, families, roles, strict=True)):
        person = Person(first, family)
        zone = "Europe/Brussels" if i in english and role == "sales" else "Europe/Amsterdam"
        locale = "en" if i in english else "nl"
        members.append(Member(person.address(plan.domain), person.name, role, locale, zone))
    return members


def diary(
    rng: np.random.Generator,
    plan: Plan,
    deals: Sequence[Deal],
    base: Base,
    reps: Sequence[str],
    data_date: dt.date,
) -> list[Activity]:
    """Activities of the last twelve months by date: on deals, with customers, and at fairs."""
    notes: list[tuple[int, Activity]] = []

    def note(age: int, user: str, kind: str, deal: Deal | None = None, customer: str = "") -> None:
        if not 0 <= age <= 364:
            return
        usual = _MINUTES.get(kind, _FAIR_MINUTES)
        minutes = max(5, 5 * round(usual * float(rng.lognormal(0.0, 0.35)) / 5))
        date = workday(data_date - dt.timedelta(days=age))
        notes.append((age, Activity(date, user, kind, min(minutes, 600), deal, customer)))

    for deal in deals:
        youngest = deal.closed_age or 0
        customer_id = (
            deal.customer.id if deal.customer and deal.created_age < deal.customer.since_age else ""
        )
        for age in rng.integers(youngest, deal.created_age + 1, int(rng.integers(2, 7))):
            kind = str(rng.choice(["call", "meeting", "quote"], p=[0.55, 0.3, 0.15]))
            note(int(age), deal.owner, kind, deal, customer_id)
    for customer in base.top:
        for age in rng.integers(0, 365, int(rng.integers(1, 5))):
            note(int(age), customer.owner, "account_visit", None, customer.id)
    warm = plan.hunting_mix.get("referral", 0.0) + plan.hunting_mix.get("network", 0.0)
    for i in rng.integers(0, len(base.top), round(4 + 80 * warm)):
        customer = base.top[int(i)]
        note(int(rng.integers(0, 365)), customer.owner, "referral_asked", None, customer.id)
    for first_day in rng.integers(5, 360, round(2 + 14 * plan.hunting_mix.get("event", 0.0))):
        for day in range(3):
            for user in reps:
                if rng.random() < 0.7:
                    note(int(first_day) - day, user, "trade_fair")
    # By age, not by date: the order must not hang on which days are a weekend.
    return [activity for _, activity in sorted(notes, key=lambda pair: -pair[0])]
