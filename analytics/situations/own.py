"""Situations of a rep's own pipeline; they see the rep's own deals and nobody else's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analytics.situations.finding import (
    Audience,
    Figure,
    Finding,
    Mood,
    Rule,
    bounded,
    count,
    date,
    days,
    money,
    text,
)
from analytics.situations.hunting import OLD_FACTOR, usual_days
from analytics.situations.view import View, day_of

SILENT_DAYS = 21
FRESH = (7, 20)
"""A deal is worth a verdict in its second and third week: earlier little is known."""
FEWEST_BEFORE = 3
DEALS_SHOWN = 3


def _deal(created: dt.date, row: Any) -> dict[str, Figure]:
    known = {"prospect": text(row.prospect), "created": date(created)}
    return known if pd.isna(row.amount) else known | {"amount": money(int(row.amount))}


def _largest(deals: pd.DataFrame) -> list[tuple[dt.date, Any]]:
    """Deals with a name and a date of creation, with that date; largest first, ties by id."""
    usable = deals[deals["prospect"].notna() & deals["created"].notna()]
    ordered = usable.assign(size_=usable["amount"].fillna(0)).sort_values(
        ["size_", "deal_id"], ascending=[False, True]
    )
    rows: list[Any] = list(ordered.itertuples())
    return [(made, row) for row in rows if (made := day_of(row.created))]


def _last_touch(view: View) -> dict[str, dt.date]:
    return view.snapshot.cached(("situation-touch", view.day), lambda: _touches(view))


def _touches(view: View) -> dict[str, dt.date]:
    notes = view.activities(730)
    if not len(notes):
        return {}
    last = notes[notes["deal_id"].notna()].groupby("deal_id")["date"].max()
    days = {str(deal): day_of(when) for deal, when in zip(last.index, last, strict=True)}
    return {deal: day for deal, day in days.items() if day}


def _silent(view: View) -> Iterator[Finding]:
    touched = _last_touch(view)
    if not touched or not len(view.open_deals):
        return
    made, deals = 0, view.open_deals
    least = float(deals["amount"].median()) if deals["amount"].notna().any() else 0.0
    for created, row in _largest(deals):
        if not pd.isna(row.amount) and int(row.amount) < least:
            continue  # the smaller half can wait
        last = touched.get(str(row.deal_id), created)
        gap = (view.day - last).days
        # When it falls silent, and not each week after.
        if not SILENT_DAYS <= gap < SILENT_DAYS + 14:
            continue
        made += 1
        yield Finding(
            "own-deal-silent",
            str(row.deal_id),
            bounded(0.5 - 0.04 * made + gap / 400),
            float(gap),
            view.day,
            _deal(created, row) | {"gap": days(gap), "last": date(last)},
        )
        if made == DEALS_SHOWN:
            return


def _silence_of(view: View, subject: str) -> float | None:
    deals = view.open_deals
    row = deals[deals["deal_id"] == subject] if len(deals) else deals
    if not len(row):
        return None
    last = _last_touch(view).get(subject) or day_of(row["created"].iat[0])
    return float((view.day - last).days) if last else None


def _unjudged(view: View) -> Iterator[Finding]:
    deals, verdicts = view.open_deals, view.signals.latest_verdicts()
    if not len(deals):
        return
    made = 0
    for created, row in _largest(deals):
        age = (view.day - created).days
        if str(row.deal_id) in verdicts or not FRESH[0] <= age <= FRESH[1]:
            continue
        if int(row.customer) >= 0:
            continue  # a client was let in already
        made += 1
        yield Finding(
            "own-deal-unjudged",
            str(row.deal_id),
            bounded(0.46 - 0.04 * made),
            float(age),
            view.day,
            _deal(created, row) | {"age": days(age)},
        )
        if made == DEALS_SHOWN:
            return


def _age_of(view: View, subject: str) -> float | None:
    deals = view.open_deals
    row = deals[deals["deal_id"] == subject] if len(deals) else deals
    created = day_of(row["created"].iat[0]) if len(row) else None
    return float((view.day - created).days) if created else None


def _old(view: View) -> Iterator[Finding]:
    usual, deals = usual_days(view), view.open_deals
    if usual is None or not len(deals):
        return
    made = 0
    for created, row in _largest(deals):
        age = (view.day - created).days
        # When it passes the limit, and not each week after.
        if not OLD_FACTOR * usual < age <= OLD_FACTOR * usual + 14:
            continue
        made += 1
        yield Finding(
            "own-deal-old",
            str(row.deal_id),
            bounded(0.52 - 0.04 * made),
            float(age),
            view.day,
            _deal(created, row) | {"age": days(age), "usual": days(usual)},
        )
        if made == DEALS_SHOWN:
            return


def _none_new(view: View) -> Iterator[Finding]:
    deals = view.mine(view.deals)
    if not len(deals):
        return
    created = deals["created"].dropna()
    age = (pd.Timestamp(view.day) - created).dt.days
    recent, before = int((age <= 28).sum()), int(((age > 28) & (age <= 119)).sum())
    if recent or before < FEWEST_BEFORE:
        return
    last = day_of(created.max()) or view.day
    yield Finding(
        "own-nothing-new",
        "",
        0.48,
        float((view.day - last).days),
        view.day,
        {"last": date(last), "gap": days((view.day - last).days), "before": count(before)},
    )


def _newest_of(view: View, _: str) -> float | None:
    deals = view.mine(view.deals)
    newest = day_of(deals["created"].max()) if len(deals) else None
    return float((view.day - newest).days) if newest else None


def _focus(view: View) -> Iterator[Finding]:
    """Many open deals at once: more than can be called in a week."""
    deals = view.open_deals
    if len(deals) < 15 or not view.in_season(4):
        return
    value = int(deals["amount"].fillna(0).clip(lower=0).sum())
    sizes = deals["amount"].fillna(0).clip(lower=0)
    first5 = int(sizes.nlargest(5).sum())
    yield Finding(
        "own-too-many",
        "",
        0.4,
        float(len(deals)),
        view.day,
        {
            "open": count(len(deals)),
            "value": money(value),
            "first5": money(first5),
        },
    )


def _open_of(view: View, _: str) -> float | None:
    return float(len(view.open_deals))


SALES = Audience.SALES
RULES = (
    Rule("own-deal-silent", SALES, Mood.RISK, "days", True, _silent, _silence_of),
    Rule("own-deal-unjudged", SALES, Mood.CHANCE, "days", None, _unjudged, _age_of),
    Rule("own-deal-old", SALES, Mood.RISK, "days", None, _old, _age_of),
    Rule("own-nothing-new", SALES, Mood.RISK, "days", True, _none_new, _newest_of),
    Rule("own-too-many", SALES, Mood.RISK, "count", True, _focus, _open_of),
)
