"""Invoice lines: each client's own rhythm, its yearly total met to the cent, credit notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.demo.customers import Base
from analytics.demo.deals import HISTORY
from analytics.demo.firms import Customer
from analytics.demo.names import pick
from analytics.demo.story import Plan
from analytics.period import add_months

_SEASON = (0.94, 0.97, 1.06, 1.03, 1.02, 1.06, 0.88, 0.78, 1.10, 1.10, 1.08, 0.96)


@dataclass(slots=True)
class Line:
    """One invoice line; amounts are euros without VAT."""

    date: dt.date
    customer_id: str
    document: int  # lines of one document share it
    kind: str  # F invoice, C credit note, B over the counter
    product: str
    amount: float
    margin: float
    invoice_id: str = ""


def workday(day: dt.date) -> dt.date:
    """That day, or the Friday before a weekend."""
    return day - dt.timedelta(days=max(0, day.weekday() - 4))


def write(rng: np.random.Generator, plan: Plan, base: Base, data_date: dt.date) -> list[Line]:
    """All lines by date, numbered per year."""
    biller = _Biller(rng, plan, data_date)
    lines: list[Line] = []
    for customer in base.everyone:
        lines += biller.bill(customer, last_today=customer is base.top[0])
    lines += biller.refund(base.refunded, [x for x in lines if x.customer_id == base.refunded.id])
    lines += biller.counter(sum(c.yearly[0] for c in base.everyone) * plan.unattributed_share)
    lines.sort(key=lambda line: (line.date, line.document))
    _number(lines)
    return lines


class _Biller:
    def __init__(self, rng: np.random.Generator, plan: Plan, data_date: dt.date) -> None:
        self._rng = rng
        self._plan = plan
        self._end = data_date
        self._bounds = [add_months(data_date, -12 * years) for years in (1, 2, 3)]
        self._document = 0

    def bill(self, customer: Customer, *, last_today: bool) -> list[Line]:
        rng, margin = self._rng, float(self._rng.uniform(0.16, 0.42))
        ages = self._ages(customer, last_today=last_today)
        lines: list[Line] = []
        for age, amount in zip(ages, rng.lognormal(0.0, 0.35, len(ages)), strict=True):
            date = workday(self._end - dt.timedelta(days=int(age)))
            invoice = self._invoice(customer, date, float(amount) * _SEASON[date.month - 1], margin)
            lines += invoice
            delay, share, chance = rng.random(3)
            credited = workday(date + dt.timedelta(days=4 + int(9 * delay)))
            # A credit note is an invoice day too: none after the last order or for the quiet.
            if chance < 0.025 and not customer.quiet and age > customer.end_age + 20:
                self._document += 1
                part = -(0.2 + 0.6 * float(share)) * invoice[0].amount
                lines.append(
                    self._line(customer.id, credited, "C", invoice[0].product, part, margin)
                )
        return self._scaled(customer, lines)

    def refund(self, customer: Customer, bills: list[Line]) -> list[Line]:
        """The last bill of a lost customer, credited when it was already gone."""
        last = max(bills, key=lambda line: (line.date, line.document))
        self._document += 1
        date = workday(self._bounds[0] + dt.timedelta(days=25))
        return [self._line(customer.id, date, "C", last.product, -abs(last.amount), 0.2)]

    def counter(self, yearly: float) -> list[Line]:
        """Sales over the counter, of which nobody wrote down the customer."""
        rng = self._rng
        count = 150
        amounts = rng.lognormal(0.0, 0.8, count)
        amounts *= yearly * HISTORY / 365 / amounts.sum()
        lines = []
        for age, amount in zip(rng.integers(0, HISTORY, count), amounts, strict=True):
            self._document += 1
            date = workday(self._end - dt.timedelta(days=int(age)))
            lines.append(self._line("", date, "B", "Balieverkoop", round(float(amount), 2), 0.35))
        return lines

    def _ages(self, customer: Customer, *, last_today: bool) -> list[int]:
        """Days before the data date of the invoices, backwards from the newest."""
        rng, oldest = self._rng, min(HISTORY, customer.since_age - 3)
        sigma = 0.16 if customer.rhythm < 45 else 0.32
        gaps = customer.rhythm * rng.lognormal(0.0, sigma, int(2 * HISTORY / customer.rhythm) + 9)
        first = 0.0 if last_today else float(customer.end_age or rng.random() * 0.9 * gaps[0])
        ages = [int(age) for age in first + np.cumsum([0.0, *gaps[1:]]) if age <= oldest]
        # A customer of this week has its first invoice at once.
        return ages or [max(0, min(int(first), oldest))]

    def _invoice(
        self, customer: Customer, date: dt.date, amount: float, margin: float
    ) -> list[Line]:
        rng = self._rng
        self._document += 1
        parts = rng.random(min(4, int(rng.geometric(0.55)))) + 0.15
        return [
            self._line(
                customer.id, date, "F", pick(rng, self._plan.sector.products),
                amount * float(part), margin,
            )
            for part in parts / parts.sum()
        ]  # fmt: skip

    def _line(
        self, customer_id: str, date: dt.date, kind: str, product: str, amount: float, margin: float
    ) -> Line:
        rate = margin + 0.04 * float(self._rng.standard_normal())
        return Line(date, customer_id, self._document, kind, product, amount, amount * rate)

    def _scaled(self, customer: Customer, lines: list[Line]) -> list[Line]:
        """Bring each twelve months to the customer's total; a part of a year gets its part."""
        for year, yearly in enumerate(customer.yearly):
            newest = self._end if year == 0 else self._bounds[year - 1]
            inside = [x for x in lines if self._bounds[year] < x.date <= newest]
            raw = sum(line.amount for line in inside)
            factor = yearly * customer.part_of(year) / raw if raw > 0 else 0.0
            for line in inside:
                line.amount = round(line.amount * factor, 2)
                line.margin = round(line.margin * factor, 2)
        return [line for line in lines if line.amount]


def _number(lines: Sequence[Line]) -> None:
    counts: dict[tuple[str, int], int] = {}
    numbers: dict[int, str] = {}
    for line in lines:
        if line.document not in numbers:
            key = (line.kind, line.date.year)
            counts[key] = counts.get(key, 0) + 1
            numbers[line.document] = f"{line.kind}{line.date.year}-{counts[key]:04d}"
        line.invoice_id = numbers[line.document]
