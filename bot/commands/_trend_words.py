"""Since when a client is one, and how it moves."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from analytics.snapshot import from_epoch
from bot.commands._framing import Frame

UNSURE_DAYS = 90
"""A first invoice this close to the start of the data says nothing about since when."""


def since_of(frame: Frame, code: int) -> dt.date | None:
    """The day the customers file names, else the first invoice where the data could have told."""
    given = frame.snapshot.cell("since", code)
    if pd.notna(given):
        return pd.Timestamp(given).date()
    first = int(frame.scope.first_day()[code])
    if int(frame.snapshot.day_date.min()) + UNSURE_DAYS < first < np.iinfo(np.int64).max:
        return from_epoch(first)
    return None


def trend_words(frame: Frame, code: int) -> str:
    """The change against the period before: `▲ +14 %`, `new` where there was nothing, or empty.

    Empty too where the asker sees no revenue at all: a change of it is a figure like any other.
    """
    _, reading = frame._, frame.reading
    trend = reading.trend(code)
    if trend is None:
        previous = reading.previous
        is_new = previous is not None and reading.revenue.active[code] and not previous.active[code]
        return _("new") if is_new else ""
    if frame.figures.detail == "none":
        return ""
    sign = "▲" if trend >= 0.005 else "▼" if trend <= -0.005 else "="
    return f"{sign}\u00a0{_.signed_percent(trend)}"  # never broken over two lines
