"""A company of which one thing can be made different: five big clients, forty small, three years."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analytics.situations.signals import Signals
from analytics.situations.view import QUARTER, SEASON, View
from tests.snapshots import make

TODAY = dt.date(2026, 11, 23)
FIRST = -1_095
BIG = tuple(f"b{i}" for i in range(1, 6))
SMALL = tuple(f"s{i:02}" for i in range(1, 41))
REP = "rep@acme.example"


def season(offset: int) -> dt.date:
    """The last day up to TODAY on which what holds all year is looked at."""
    return next(
        day
        for back in range(7 * QUARTER)
        if ((day := TODAY - dt.timedelta(days=back)).toordinal() // 7 + offset) % QUARTER < SEASON
    )


class Company:
    """Big clients are invoiced 1,000 a week, small ones 100 a month, up to `today`."""

    def __init__(self, today: dt.date = TODAY, *, upto: int = 0, source: str = "Netwerk") -> None:
        self.today = today
        self.lines: list[tuple[str, str, Any]] = []
        self.customers: dict[str, dict[str, object]] = {
            c: {"source": source, "owner": "Boss"} for c in (*BIG, *SMALL)
        }
        self.deals: list[dict[str, object]] = []
        self.notes: list[dict[str, object]] = []
        for client in BIG:
            self.invoice(client, 1_000, FIRST, upto, 7)
        for client in SMALL:
            self.invoice(client, 100, FIRST, upto, 30)

    def day(self, days: int) -> str:
        return (self.today + dt.timedelta(days=days)).isoformat()

    def invoice(self, client: str, amount: float, first: int, last: int, every: int = 7) -> Company:
        """Invoices ending on day `last` (0 is today), back to `first`."""
        for days in range(last, first - 1, -every):
            self.lines.append((client, self.day(days), amount))
        return self

    def forget(self, client: str, after: int = FIRST) -> Company:
        """No invoices of a client after a day."""
        limit = self.day(after)
        self.lines = [line for line in self.lines if line[0] != client or line[1] <= limit]
        return self

    def client(self, client: str, **facts: object) -> Company:
        self.customers.setdefault(client, {"source": "Netwerk", "owner": "Boss"}).update(facts)
        return self

    def deal(
        self, number: int, status: str = "open", created: int = -100, closed: int | None = None,
        amount: float = 1_000, source: str = "Netwerk", owner: str = REP,
    ) -> Company:  # fmt: skip
        self.deals.append(
            {
                "deal_id": f"D{number}", "status": status, "created": self.day(created),
                "closed": None if closed is None else self.day(closed), "amount": amount,
                "source": source, "prospect": f"Prospect {number}", "owner": owner,
            }
        )  # fmt: skip
        return self

    def note(
        self, days: int, kind: str = "call", minutes: float = 30, deal: str | None = None,
        client: str | None = None, user: str = REP,
    ) -> Company:  # fmt: skip
        self.notes.append(
            {"date": pd.Timestamp(self.day(days)), "user": user, "deal_id": deal,
             "customer_id": client, "minutes": minutes, "kind": kind}
        )  # fmt: skip
        return self

    def view(
        self, signals: Signals | None = None, names: Iterable[str] = (), *, past: bool = False
    ) -> View:
        snapshot = make(
            self.lines,
            customers=self.customers,
            deals=self.deals,
            people=[{"user": REP, "role": "sales", "name": "Rep"}],
        )
        columns = ["date", "user", "deal_id", "customer_id", "minutes", "kind"]
        notes = pd.DataFrame(self.notes, columns=columns)
        notes["date"] = pd.to_datetime(notes["date"])
        snapshot = dataclasses.replace(snapshot, activities=notes)
        return View(snapshot, self.today, signals or Signals(), frozenset(names), past)


def days_ago(days: int, today: dt.date = TODAY) -> dt.date:
    return today - dt.timedelta(days=days)


Facts = Mapping[str, object]
