"""Loyalty: how long and how regularly clients buy, and who has fallen silent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.scope import Scope
from analytics.snapshot import from_epoch, to_epoch

FEWEST_DAYS = 5
"""Invoice days a client must have before its silence means anything."""
MEDIAN_FACTOR = 3
PERCENTILE = 0.95


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A client's invoice days up to the data date.

    gap: days between the last invoice day and the data date. usual_gap: median days between invoice
    days (None under two). quiet: at least five invoice days and a gap above both three times the
    median gap and the client's own 95th percentile.
    """

    code: int
    first: dt.date
    last: dt.date
    days: int
    years: int
    gap: int
    usual_gap: float | None
    quiet_after: float | None
    quiet: bool


def rhythms(scope: Scope) -> dict[int, Rhythm]:
    """The rhythm of every client with a line up to the scope's end, by code (cached)."""
    return scope.snapshot.cached(("rhythms", *scope.key), lambda: _rhythms(scope))


def _rhythms(scope: Scope) -> dict[int, Rhythm]:
    s = scope.snapshot
    end = to_epoch(scope.data_date)
    keep = (s.day_customer >= 0) & (s.day_date <= end)
    frame = pd.DataFrame(
        {"code": scope.entity[s.day_customer[keep]], "day": s.day_date[keep].astype(np.int64)}
    )
    if scope.group:
        frame = frame.drop_duplicates().sort_values(["code", "day"], ignore_index=True)
    frame["gap"] = frame.groupby("code")["day"].diff()
    by_code = frame.groupby("code")
    gaps = by_code["gap"]
    median, high = gaps.median(), gaps.quantile(PERCENTILE)
    first, last, days = by_code["day"].min(), by_code["day"].max(), by_code.size()
    out: dict[int, Rhythm] = {}
    for code, start, stop, count, usual, top in zip(
        first.index, first, last, days, median, high, strict=True
    ):
        gap = end - int(stop)
        limit = max(MEDIAN_FACTOR * usual, top) if count > 1 else None
        begun, ended = from_epoch(int(start)), from_epoch(int(stop))
        out[int(code)] = Rhythm(
            code=int(code),
            first=begun,
            last=ended,
            days=int(count),
            years=ended.year - begun.year + 1,
            gap=gap,
            usual_gap=float(usual) if count > 1 else None,
            quiet_after=None if limit is None else float(limit),
            quiet=limit is not None and count >= FEWEST_DAYS and gap > limit,
        )
    return out
