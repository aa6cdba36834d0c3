"""What the rules look at: the data as known on a day, and on the days before it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.errors import NoDataError
from analytics.loyalty import Rhythm, rhythms
from analytics.pareto import TopClients, top_clients
from analytics.scope import Scope
from analytics.situations.signals import Signals
from analytics.snapshot import Snapshot, to_epoch

QUARTER = 13
"""Weeks; what holds all year is looked at in three of them."""
SEASON = 3


@dataclass(frozen=True)
class View:
    """The Snapshot on a day, for the MT or for one rep (`names`: how the data calls them).

    past: nothing after the day is known, as in a simulation; else the data is taken as it stands,
    so that a figure is the one that every command shows today.
    """

    snapshot: Snapshot
    day: dt.date
    signals: Signals = field(default_factory=Signals)
    names: frozenset[str] = frozenset()
    past: bool = False

    def ago(self, weeks: int) -> View:
        """The same eyes so many weeks earlier."""
        day = self.day - dt.timedelta(weeks=weeks)
        return replace(self, day=day, signals=self.signals.until(day), past=True)

    @property
    def scope(self) -> Scope | None:
        """The last 12 months; None before the first line."""
        return self.snapshot.cached(("situation-scope", self.day, self.past), self._scope)

    def _scope(self) -> Scope | None:
        s = self.snapshot
        if not s.day_date.size or s.first_date > self.day:
            return None
        try:
            if not self.past:
                return Scope.of(s, today=self.day)
            return Scope.of(s, today=self.day, as_of=s.data_date(self.day))
        except NoDataError:
            return None

    @property
    def reading(self) -> TopClients | None:
        """The Pareto reading; None without data."""
        return top_clients(self.scope) if self.scope else None

    @property
    def rhythms(self) -> dict[int, Rhythm]:
        """The rhythm of each client by its code."""
        return rhythms(self.scope) if self.scope else {}

    @property
    def data_date(self) -> dt.date:
        """The newest line that counts; the day itself without data."""
        return self.scope.data_date if self.scope else self.day

    @property
    def deals(self) -> pd.DataFrame:
        """Deals as known on the day: what closed later is open, what was made later is not there."""
        return self.snapshot.cached(("situation-deals", self.day, self.past), self._deals)

    def _deals(self) -> pd.DataFrame:
        frame: pd.DataFrame = self.snapshot.deals
        if not len(frame):
            return frame
        out = frame.copy()
        if self.past:
            moment = pd.Timestamp(self.day)
            begun = out["created"].isna() | (out["created"] <= moment)
            later = out["closed"].notna() & (out["closed"] > moment)
            out.loc[later, "status"] = "open"
            out.loc[later, "closed"] = pd.NaT
            out = out[begun]
        return out

    @property
    def open_deals(self) -> pd.DataFrame:
        """The open ones; a rep's own where the view is a rep's."""
        return (
            self.mine(self.deals[self.deals["status"] == "open"])
            if len(self.deals)
            else (self.deals)
        )

    def closed(self, first_days_ago: int, last_days_ago: int = 0) -> pd.DataFrame:
        """Deals closed from so many days ago to so many days ago, both inclusive."""
        deals = self.deals
        if not len(deals):
            return deals
        start, end = self._days(first_days_ago, last_days_ago)
        inside = (deals["closed"] >= start) & (deals["closed"] <= end)
        return self.mine(deals[inside & deals["status"].isin(["won", "lost"])])

    def activities(self, first_days_ago: int, last_days_ago: int = 0) -> pd.DataFrame:
        """What people noted from so many days ago to so many days ago, of everybody."""
        frame: pd.DataFrame = self.snapshot.activities
        if not len(frame):
            return frame
        start, end = self._days(first_days_ago, last_days_ago)
        return frame[(frame["date"] >= start) & (frame["date"] <= end)]

    def mine(self, frame: pd.DataFrame, column: str = "owner") -> pd.DataFrame:
        """The rows of this rep; all of them for the MT."""
        if not self.names or not len(frame):
            return frame
        if column not in frame:
            return frame.iloc[:0]
        return frame[frame[column].fillna("").astype(str).str.strip().str.lower().isin(self.names)]

    def owns(self, code: int) -> bool:
        """Whether a client is this rep's; every one is the MT's."""
        if not self.names:
            return True
        owner = self.snapshot.text("owner", code)
        return owner is not None and owner.strip().lower() in self.names

    def code(self, customer_id: str) -> int | None:
        """The code of a customer; None for an unknown id."""
        found = np.flatnonzero(self.snapshot.customers["customer_id"].to_numpy() == customer_id)
        return int(found[0]) if found.size else None

    def revenue(self, first_days_ago: int, last_days_ago: int = 0) -> npt.NDArray[np.int64]:
        """Net revenue per customer code, 1/10,000 units, of those days up to the data date."""
        s, end = self.snapshot, to_epoch(self.data_date)
        inside = (
            (s.day_customer >= 0)
            & (s.day_date > end - first_days_ago)
            & (s.day_date <= end - last_days_ago)
        )
        out = np.zeros(len(s.customers), dtype=np.int64)
        np.add.at(out, s.day_customer[inside], s.day_net[inside])
        return out

    def reaches_back(self, days: int) -> bool:
        """Whether the data begins at least so many days before its newest line."""
        return bool(self.scope) and (self.data_date - self.snapshot.first_date).days >= days

    def in_season(self, offset: int) -> bool:
        """Whether what holds all year is due for a look: three weeks of each thirteen."""
        return (self.day.toordinal() // 7 + offset) % QUARTER < SEASON

    def _days(self, first_days_ago: int, last_days_ago: int) -> tuple[pd.Timestamp, pd.Timestamp]:
        one = dt.timedelta(days=1)
        return (
            pd.Timestamp(self.day - first_days_ago * one),
            pd.Timestamp(self.day - last_days_ago * one),
        )


def day_of(value: Any) -> dt.date | None:
    """A cell of a date column as a day; None when empty."""
    if value is None or pd.isna(value):
        return None
    day: dt.date = pd.Timestamp(value).date()
    return day
