"""Scope: one Snapshot seen through a period, an as-of date, net or gross, single or in groups."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics import period as periods
from analytics.errors import NoDataError
from analytics.period import Period
from analytics.snapshot import Codes, Ints, Snapshot, from_epoch, to_epoch

START_SLACK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Revenue:
    """Revenue of one period.

    amount: int64 per customer code, 1/10,000 of the currency unit. active: whether the customer has
    any line. unattributed: revenue of lines without a customer; lines: all lines counted.
    """

    period: Period
    amount: Ints
    active: npt.NDArray[np.bool_]
    unattributed: int
    unattributed_lines: int
    lines: int

    @property
    def total(self) -> int:
        """Revenue of known customers."""
        return int(self.amount.sum())


@dataclass(frozen=True)
class Scope:
    """What an analysis looks at. `end` is the data date, or the as-of date when one was given."""

    snapshot: Snapshot
    period: Period
    end: dt.date
    today: dt.date
    as_of: dt.date | None = None
    group: bool = False
    gross: bool = False

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        *,
        today: dt.date,
        period: str = periods.LAST_12_MONTHS,
        as_of: dt.date | None = None,
        group: bool = False,
        gross: bool = False,
    ) -> Scope:
        """Resolve a canonical period word on this snapshot.

        With an as-of date, lines after it do not exist. Raises NoDataError where no line is left.
        """
        snapshot.require_lines()
        first, last = snapshot.first_date, snapshot.last_date
        if as_of is not None:
            if as_of < first:
                raise NoDataError(
                    "The data starts on {first}; ask for a date from then on.",
                    first=first.isoformat(),
                )
            within = snapshot.day_date[snapshot.day_date <= to_epoch(as_of)]
            last = from_epoch(int(within.max()))
        end = as_of or snapshot.data_date(today)
        resolved = periods.resolve(period, end=end, first=first, last=last)
        return cls(snapshot, resolved, end, today, as_of, group, gross)

    @property
    def key(self) -> tuple[object, ...]:
        """What makes this scope differ from another on the same snapshot."""
        return (self.period.start, self.period.end, self.end, self.as_of, self.group, self.gross)

    @property
    def entity(self) -> Codes:
        """Customer code to the code that its revenue counts for."""
        if self.group:
            return self.snapshot.roots()
        return np.arange(len(self.snapshot.customers), dtype=np.int32)

    @property
    def data_date(self) -> dt.date:
        """The newest line that counts here: silence is measured to it, never to an empty day."""
        return self.snapshot.data_date(self.end) if self.as_of else self.end

    @property
    def comparison(self) -> Period:
        """The period to compare with: the one before, up to the same point where ours still runs."""
        before, now = self.period.previous, self.data_date
        if not self.period.start <= now < self.period.end:
            return before
        if months := self.period.whole_months:
            return Period(before.start, periods.add_months(now, -months), "")
        return Period(before.start, before.start + (now - self.period.start), "")

    def revenue(self, period: Period | None = None) -> Revenue:
        """Revenue per customer in a period, default this scope's own."""
        wanted = period or self.period
        return self.snapshot.cached(
            ("revenue", wanted.start, wanted.end, *self.key), lambda: self._revenue(wanted)
        )

    def _revenue(self, period: Period) -> Revenue:
        s = self.snapshot
        stop = to_epoch(min(period.end, self.as_of) if self.as_of else period.end)
        inside = (s.day_date >= to_epoch(period.start)) & (s.day_date <= stop)
        codes = s.day_customer[inside]
        amounts = (s.day_gross if self.gross else s.day_net)[inside]
        lines = s.day_lines[inside]
        known = codes >= 0
        owner = self.entity[codes[known]]
        size = len(s.customers)
        amount = np.zeros(size, dtype=np.int64)
        np.add.at(amount, owner, amounts[known])
        active = np.zeros(size, dtype=np.bool_)
        active[owner] = True
        return Revenue(
            period,
            amount,
            active,
            int(amounts[~known].sum()),
            int(lines[~known].sum()),
            int(lines.sum()),
        )

    def line_counts(self, period: Period | None = None) -> Ints:
        """Lines per customer in a period, default this scope's own."""
        s, wanted = self.snapshot, period or self.period
        stop = to_epoch(min(wanted.end, self.as_of) if self.as_of else wanted.end)
        inside = (s.day_date >= to_epoch(wanted.start)) & (s.day_date <= stop)
        inside &= s.day_customer >= 0
        out = np.zeros(len(s.customers), dtype=np.int64)
        np.add.at(out, self.entity[s.day_customer[inside]], s.day_lines[inside].astype(np.int64))
        return out

    def covers(self, period: Period) -> bool:
        """Whether the data covers a period, so that comparing is fair.

        A first invoice some days into a period is a quiet start, not a gap.
        """
        return self.snapshot.first_date <= period.start + START_SLACK

    def first_day(self) -> Ints:
        """For each customer (or group) its first line as days since 1970-01-01; int64 max if none."""
        return self.snapshot.cached(("first_day", *self.key), self._first_day)

    def _first_day(self) -> Ints:
        s = self.snapshot
        keep = s.day_customer >= 0
        if self.as_of is not None:
            keep &= s.day_date <= to_epoch(self.as_of)
        out = np.full(len(s.customers), np.iinfo(np.int64).max, dtype=np.int64)
        np.minimum.at(out, self.entity[s.day_customer[keep]], s.day_date[keep].astype(np.int64))
        return out
