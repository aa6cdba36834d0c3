"""One thing to celebrate in a week in which nothing else needs to be said: there always is one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from analytics.situations.clients import weight
from analytics.situations.finding import Finding, change, channel, count, date, money, text
from analytics.situations.view import View, day_of

WON, GREW, STAYED = "quiet-week-won", "quiet-week-grew", "quiet-week-stayed"


def celebration(view: View, told: Collection[tuple[str, str]] = frozenset()) -> Finding | None:
    """The largest win of four weeks; else the client that grew most; else the one longest with us.

    One that was told before, as (situation, subject), is passed over for the next. None only where
    there is no client at all.
    """
    for find in (_won, _grew):
        found = find(view)
        if found is not None and (found.situation, found.subject) not in told:
            return found
    return _stayed(view)


def _won(view: View) -> Finding | None:
    deals = view.closed(28)
    if not len(deals):
        return None
    won = deals[(deals["status"] == "won") & deals["amount"].notna() & deals["prospect"].notna()]
    if not len(won):
        return None
    best: Any = next(won.sort_values(["amount", "deal_id"], ascending=[False, True]).itertuples())
    amount = int(best.amount)
    figures = {
        "prospect": text(best.prospect),
        "amount": money(amount),
        "closed": date(day_of(best.closed) or view.day),
        "channel": channel(str(best.channel)),
    }
    return Finding(WON, str(best.deal_id), 0.0, float(amount), view.day, figures)


def _grew(view: View) -> Finding | None:
    reading = view.reading
    if reading is None or not view.reaches_back(455):
        return None
    now, then = view.revenue(91), view.revenue(455, 364)
    gained = np.where(then > 0, now - then, 0)
    mine = [code for code in np.argsort(-gained, kind="stable").tolist() if view.owns(code)]
    if not mine or gained[mine[0]] <= 0:
        return None
    code = mine[0]
    return Finding(
        GREW,
        view.snapshot.customer_id(code),
        0.0,
        float(now[code]),
        view.data_date,
        weight(view, reading, code)
        | {
            "now": money(int(now[code])),
            "then": money(int(then[code])),
            "change": change(now[code] / then[code] - 1),
        },
    )


def _stayed(view: View) -> Finding | None:
    reading = view.reading
    if reading is None:
        return None
    first: dict[int, pd.Timestamp] = {}
    for code in reading.order.tolist():
        begun = day_of(view.snapshot.cell("since", code))
        rhythm = view.rhythms.get(code)
        start = begun or (rhythm.first if rhythm else None)
        if start is not None and view.owns(code):
            first[code] = pd.Timestamp(start)
    if not first:
        return None
    code = min(first, key=lambda c: (first[c], c))
    since = first[code].date()
    years = (view.day - since).days // 365
    figures = weight(view, reading, code) | {"since": date(since), "years": count(years)}
    subject = view.snapshot.customer_id(code)
    return Finding(STAYED, subject, 0.0, float(years), view.data_date, figures)
