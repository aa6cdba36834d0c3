"""How verdicts did: each closed deal against the last verdict that was given before it closed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.snapshot import Snapshot

Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict as it was given on a deal."""

    deal_id: str
    verdict: str
    at: dt.date


@dataclass(frozen=True, slots=True)
class Record:
    """Deals by one verdict. rate: won of closed, with Wilson's 95 % interval; None without any."""

    verdict: str
    won: int
    lost: int
    still_open: int

    @property
    def closed(self) -> int:
        """How many closed."""
        return self.won + self.lost

    @property
    def rate(self) -> float | None:
        """Share won of those closed."""
        return self.won / self.closed if self.closed else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of the rate (Wilson 1927)."""
        if not self.closed:
            return None
        n, p = self.closed, self.won / self.closed
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


def records(snapshot: Snapshot, given: Iterable[Given]) -> tuple[Record, ...]:
    """Count outcomes by verdict: admit, waitlist, decline.

    Of each deal the last verdict counts that was given before the day it closed; a deal whose only
    verdicts came later counts nowhere, since judging afterwards is no feat.
    """
    frame = snapshot.deals
    by_id = {str(d): i for i, d in enumerate(frame["deal_id"].astype(str).tolist())}
    status = frame["status"].tolist()
    closed = frame["closed"].to_numpy().astype("datetime64[D]")
    last: dict[str, Given] = {}
    for one in given:
        row = by_id.get(one.deal_id)
        if row is None:
            continue
        day = closed[row]
        done = status[row] in {"won", "lost"}
        if done and (pd.isna(day) or np.datetime64(one.at, "D") >= day):
            continue
        if one.deal_id not in last or one.at >= last[one.deal_id].at:
            last[one.deal_id] = one
    out = []
    for verdict in ("admit", "waitlist", "decline"):
        found = [status[by_id[d]] for d, g in last.items() if g.verdict == verdict]
        out.append(Record(verdict, found.count("won"), found.count("lost"), found.count("open")))
    return tuple(out)
