"""Writes a demo company's five files."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.demo import customers, invoices, people
from analytics.demo.customers import Base
from analytics.demo.deals import Deal, Desk
from analytics.demo.firms import Customer, Market
from analytics.demo.names import pick, slug
from analytics.demo.story import Client, Plan, Story, draw

DEFAULT_SEED = 48957
_FACTS = ("decision_maker_met", "budget_known", "price_only", "delivery_fit")


@dataclass(frozen=True, slots=True)
class Company:
    """A written company; `data_date` is the day of its newest invoice."""

    name: str
    seed: int
    today: dt.date
    data_date: dt.date
    story: Story


def write_company(folder: Path, *, seed: int, today: dt.date) -> Company:
    """Write customers, invoices, deals, people and activities as CSV files into `folder`.

    The folder is made if need be; the same seed and day give the same bytes. Files are UTF-8 with
    semicolons, decimal commas and ISO dates; no date lies after `today`. Raises OSError when the
    folder cannot be written.
    """
    rng = np.random.default_rng(seed)
    plan = draw(rng)
    data_date = invoices.workday(today - dt.timedelta(days=1))
    team = people.team(rng, plan)
    reps = [member.user for member in team if member.role == "sales"]
    market = Market(rng, plan)
    desk = Desk(rng, plan, market, reps)
    deals = desk.hunt(round(0.66 * plan.deals))
    base = customers.build(rng, plan, market, [d for d in deals if d.status == "won"], reps)
    deals += desk.grow(base.everyone, round(0.26 * plan.deals))
    deals += desk.prospect(max(0, plan.open_deals - sum(d.status == "open" for d in deals)))
    deals.sort(key=lambda deal: -deal.created_age)
    for number, deal in enumerate(deals, 1):
        deal.id = f"D{number:04d}"
    lines = invoices.write(rng, plan, base, data_date)
    diary = people.diary(rng, plan, deals, base, reps, data_date)

    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "customers.csv", (_customer_row(c, data_date) for c in base.everyone))
    _write(folder / "invoices.csv", map(_line_row, lines))
    _write(folder / "deals.csv", (_deal_row(rng, plan, d, data_date) for d in deals))
    _write(folder / "people.csv", map(_member_row, team))
    _write(folder / "activities.csv", map(_activity_row, diary))
    return Company(plan.name, seed, today, data_date, _story(plan, base, deals))


def _write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]), delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)


def _money(amount: float) -> str:
    return f"{amount:.2f}".replace(".", ",")


def _customer_row(customer: Customer, data_date: dt.date) -> dict[str, str]:
    firm = customer.firm
    return {
        "customer_id": customer.id,
        "name": firm.name,
        "source": customer.source,
        "referred_by": customer.referred_by,
        "since": _day(data_date, customer.since_age),
        "segment": firm.segment,
        "country": firm.country,
        "region": firm.region,
        "employees": str(firm.employees),
        "parent_id": customer.parent_id,
        "domain": f"{slug(firm.name)}.example",
        "owner": customer.owner,
        "years_in_business": str(firm.years),
        "contract_type": customer.contract,
        "payment_days": str(customer.payment_days),
    }


def _line_row(line: invoices.Line) -> dict[str, str]:
    return {
        "invoice_id": line.invoice_id,
        "date": line.date.isoformat(),
        "customer_id": line.customer_id,
        "product": line.product,
        "amount": _money(line.amount),
        "margin": _money(line.margin),
        "currency": "EUR",
    }


def _deal_row(
    rng: np.random.Generator, plan: Plan, deal: Deal, data_date: dt.date
) -> dict[str, str]:
    firm = deal.firm
    channel = "unknown" if rng.random() < plan.unknown_share / 2 else deal.channel
    source = deal.customer.source if deal.customer else pick(rng, plan.sources[channel])
    return {
        "deal_id": deal.id,
        "status": deal.status,
        "created": _day(data_date, deal.created_age),
        "closed": "" if deal.closed_age is None else _day(data_date, deal.closed_age),
        "customer_id": deal.customer.id if deal.customer else "",
        "prospect": firm.name,
        "amount": "" if deal.amount is None else _money(deal.amount),
        "source": source,
        "owner": deal.owner,
        "stage": deal.stage,
        "segment": firm.segment,
        "country": firm.country,
        "region": firm.region,
        "employees": str(firm.employees),
        "years_in_business": str(firm.years),
        **{fact: deal.facts[fact] for fact in _FACTS},
    }


def _member_row(member: people.Member) -> dict[str, str]:
    return {
        "user": member.user,
        "name": member.name,
        "role": member.role,
        "locale": member.locale,
        "time_zone": member.time_zone,
    }


def _activity_row(activity: people.Activity) -> dict[str, str]:
    return {
        "date": activity.date.isoformat(),
        "user": activity.user,
        "kind": activity.kind,
        "deal_id": activity.deal.id if activity.deal else "",
        "customer_id": activity.customer_id,
        "minutes": str(activity.minutes),
    }


def _day(data_date: dt.date, age: int) -> str:
    return invoices.workday(data_date - dt.timedelta(days=age)).isoformat()


def _story(plan: Plan, base: Base, deals: Sequence[Deal]) -> Story:
    quiet = base.top[plan.quiet_rank - 1] if plan.quiet_rank else None
    brought: dict[str, int] = {}
    for customer in base.everyone:
        if customer.referred_by:
            brought[customer.referred_by] = brought.get(customer.referred_by, 0) + 1
    by_id = {customer.id: customer for customer in base.everyone}
    introducer = by_id[max(brought, key=lambda id_: (brought[id_], id_))]
    hunting = _ordered(plan.hunting_mix)
    prospects = [d for d in deals if d.status == "open" and d.customer is None and d.amount]
    example = max(prospects, key=lambda d: (d.channel == hunting[0], d.firm.ideal, d.created_age))
    return Story(
        sector=plan.sector.word,
        shape=plan.shape,
        aligned=plan.aligned,
        growth=plan.growth,
        yearly_revenue=plan.revenue,
        top_share=plan.top_share,
        largest_share=plan.largest_share,
        unknown_share=plan.unknown_share,
        top_channels=_ordered(plan.top_mix),
        hunting_channels=hunting,
        largest=_client(base.top[0]),
        quiet=_client(quiet) if quiet else None,
        quiet_rank=plan.quiet_rank,
        quiet_rhythm=plan.quiet_rhythm,
        quiet_days=plan.quiet_days,
        newcomer=_client(base.newcomer),
        leaver=_client(base.leaver),
        introducer=_client(introducer),
        prospect=example.firm.name,
    )


def _client(customer: Customer) -> Client:
    return Client(customer.id, customer.firm.name)


def _ordered(mix: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(sorted((c for c in mix if mix[c] > 0), key=lambda c: -mix[c])[:3])
