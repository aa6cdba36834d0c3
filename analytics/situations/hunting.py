"""Situations of sources and the pipeline: where clients come from, and where the team hunts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from analytics.ars import ars
from analytics.situations.finding import (
    Audience,
    Finding,
    Mood,
    Rule,
    bounded,
    channel,
    count,
    date,
    days,
    money,
    share,
    text,
)
from analytics.situations.view import View
from analytics.snapshot import from_epoch, to_epoch
from analytics.sources import Sources, sources

LOW_ALIGNMENT = 0.5
DRIFT = 0.08
ARS_FALL = 0.05
UNKNOWN_PART = 0.25
DRY_WEEKS = 26
FEWEST_CLOSED = 20
RATE_FALL = 0.08
THIN = 0.75
OLD_FACTOR = 2.0
OLD_PART = 0.25
FEWEST_OPEN = 8
COLD_KINDS = {"trade_fair": "event", "fair": "event", "beurs": "event", "cold_call": "cold_call"}
COLD_PART, COLD_YIELD = 0.25, 0.10


def read(view: View) -> Sources | None:
    """The comparison of sources; None without data."""
    return sources(view.scope) if view.scope else None


def _alignment(view: View, _: str) -> float | None:
    found = read(view)
    return found.alignment if found else None


def _furthest(found: Sources) -> tuple[str, float, float] | None:
    """The channel hunted in most beyond what it brought: its share of pipeline and of the top."""
    rows = [r for r in found.channels if r.channel not in ("unknown", "other")]
    apart = [(row.channel, row.pipeline_share or 0.0, row.top_revenue_share or 0.0) for row in rows]
    return max(apart, key=lambda a: (a[1] - a[2], a[0]), default=None)


def _low(view: View) -> Iterator[Finding]:
    found = read(view)
    if found is None or found.alignment is None or not view.in_season(6):
        return
    apart = _furthest(found)
    if found.alignment >= LOW_ALIGNMENT or apart is None:
        return
    best = max(found.channels, key=lambda r: (r.top_revenue_share or 0.0, r.channel))
    yield Finding(
        "alignment-low",
        "",
        bounded(0.85 - found.alignment / 2),
        found.alignment,
        view.data_date,
        {
            "alignment": share(found.alignment),
            "channel": channel(apart[0]),
            "hunted": share(apart[1]),
            "brought": share(apart[2]),
            "best": channel(best.channel),
            "best_share": share(best.top_revenue_share or 0.0),
            "open": count(found.open_deals),
        },
    )


def _drifting(view: View) -> Iterator[Finding]:
    before = view.ago(13)
    found, earlier = read(view), read(before)
    if found is None or earlier is None or found.alignment is None or earlier.alignment is None:
        return
    apart = _furthest(found)
    if earlier.alignment - found.alignment < DRIFT or apart is None:
        return
    yield Finding(
        "pipeline-drifting",
        "",
        bounded(0.5 + earlier.alignment - found.alignment),
        found.alignment,
        view.data_date,
        {
            "now": share(found.alignment),
            "then": share(earlier.alignment),
            "date": date(before.data_date),
            "channel": channel(apart[0]),
            "hunted": share(apart[1]),
            "brought": share(apart[2]),
        },
    )


def _dry(view: View) -> Iterator[Finding]:
    """A channel that brought clients, and none for half a year."""
    scope, found = view.scope, read(view)
    if scope is None or found is None or not view.reaches_back(7 * DRY_WEEKS + 365):
        return
    first, end = scope.first_day(), to_epoch(view.data_date)
    names = view.snapshot.customers["channel"].to_numpy(dtype=object)
    begin = to_epoch(view.snapshot.first_date) + 90  # earlier firsts are the start of the data
    for row in found.channels:
        if row.channel in ("unknown", "other") or not row.top_revenue_share:
            continue
        firsts = np.sort(first[(names == row.channel) & (first <= end) & (first > begin)])
        if len(firsts) < 2:
            continue
        silent = end - int(firsts[-1])
        year = int(((firsts > end - 546) & (firsts <= end - 182)).sum())
        # Said when it has just run dry, not for ever after.
        if not 7 * DRY_WEEKS <= silent < 7 * (DRY_WEEKS + 6) or not year:
            continue
        yield Finding(
            "source-dried-up",
            row.channel,
            bounded(0.45 + 0.5 * row.top_revenue_share),
            float(silent),
            view.data_date,
            {
                "channel": channel(row.channel),
                "silent": days(silent),
                "last": date(from_epoch(int(firsts[-1]))),
                "top_share": share(row.top_revenue_share),
                "year": count(year),
            },
        )


def _silence_of(view: View, subject: str) -> float | None:
    if view.scope is None:
        return None
    first, end = view.scope.first_day(), to_epoch(view.data_date)
    names = view.snapshot.customers["channel"].to_numpy(dtype=object)
    firsts = first[(names == subject) & (first <= end)]
    return float(end - int(firsts.max())) if firsts.size else None


def _ars_falls(view: View) -> Iterator[Finding]:
    before = view.ago(26)
    if view.scope is None or before.scope is None or not view.reaches_back(540):
        return
    now, then = ars(view.scope).all, ars(before.scope).all
    if now.known is None or then.known is None or not (now.point_allowed and then.point_allowed):
        return
    if then.known - now.known < ARS_FALL:
        return
    yield Finding(
        "ars-falling",
        "",
        bounded(0.45 + then.known - now.known),
        now.known,
        view.data_date,
        {
            "now": share(now.known),
            "then": share(then.known),
            "date": date(before.data_date),
            "sales": money(now.sales),
            "total": money(now.total),
        },
    )


def _ars_of(view: View, _: str) -> float | None:
    return ars(view.scope).all.known if view.scope else None


def _blank(view: View) -> Iterator[Finding]:
    part = _unknown_of(view, "")
    if view.scope is None or part is None or part <= UNKNOWN_PART or not view.in_season(9):
        return
    found = ars(view.scope).all
    names = view.snapshot.customers["channel"].to_numpy(dtype=object)
    reading = view.reading
    active = reading.revenue.active if reading else np.zeros(len(names), dtype=bool)
    yield Finding(
        "unknown-sources",
        "",
        bounded(0.3 + part / 2),
        part,
        view.data_date,
        {
            "part": share(part),
            "amount": money(found.unknown),
            "clients": count(int(((names == "unknown") & active).sum())),
        },
    )


def _unknown_of(view: View, _: str) -> float | None:
    if view.scope is None:
        return None
    found = ars(view.scope).all
    return found.unknown / found.total if found.total > 0 else None


def _value(deals: pd.DataFrame) -> int:
    return int(deals["amount"].fillna(0).clip(lower=0).sum()) if len(deals) else 0


def _thin(view: View) -> Iterator[Finding]:
    before = view.ago(13)
    now, then = view.open_deals, before.open_deals
    value, was = _value(now), _value(then)
    if len(then) < FEWEST_OPEN or was <= 0 or value > THIN * was:
        return
    yield Finding(
        "pipeline-thin",
        "",
        bounded(0.45 + 0.5 * (1 - value / was)),
        float(value),
        view.day,
        {
            "now": money(value),
            "then": money(was),
            "open": count(len(now)),
            "open_then": count(len(then)),
            "date": date(before.day),
        },
    )


def _pipeline_of(view: View, _: str) -> float | None:
    return float(_value(view.open_deals))


def usual_days(view: View) -> float | None:
    """Median days from creation to won, over all deals won in a year; None under ten."""
    deals = view.deals
    if not len(deals):
        return None
    won = deals[(deals["status"] == "won") & deals["closed"].notna() & deals["created"].notna()]
    won = won[won["closed"] >= pd.Timestamp(view.day) - pd.Timedelta(days=365)]
    if len(won) < 10:
        return None
    return float((won["closed"] - won["created"]).dt.days.median())


def _old(view: View) -> Iterator[Finding]:
    usual, deals = usual_days(view), view.open_deals
    if usual is None or len(deals) < FEWEST_OPEN or not view.in_season(11):
        return
    old = deals[_age_in_days(view, deals) > OLD_FACTOR * usual]
    if len(old) / len(deals) < OLD_PART:
        return
    yield Finding(
        "pipeline-old",
        "",
        bounded(0.35 + 0.3 * len(old) / len(deals)),
        len(old) / len(deals),
        view.day,
        {
            "old": count(len(old)),
            "open": count(len(deals)),
            "part": share(len(old) / len(deals)),
            "usual": days(usual),
            "limit": days(OLD_FACTOR * usual),
            "value": money(_value(old)),
        },
    )


def _age_in_days(view: View, deals: pd.DataFrame) -> pd.Series[float]:
    ages: pd.Series[float] = (pd.Timestamp(view.day) - deals["created"]).dt.days.fillna(0)
    return ages


def _old_of(view: View, _: str) -> float | None:
    usual, deals = usual_days(view), view.open_deals
    if usual is None or not len(deals):
        return None
    return float((_age_in_days(view, deals) > OLD_FACTOR * usual).mean())


def _rates(view: View) -> Iterator[Finding]:
    now, then = view.closed(182), view.closed(364, 183)
    if len(now) < FEWEST_CLOSED or len(then) < FEWEST_CLOSED or not view.in_season(3):
        return
    rate, was = float((now["status"] == "won").mean()), float((then["status"] == "won").mean())
    if was - rate < RATE_FALL:
        return
    yield Finding(
        "win-rate-dropping",
        "",
        bounded(0.45 + was - rate),
        rate,
        view.day,
        {
            "now": share(rate),
            "then": share(was),
            "won": count(int((now["status"] == "won").sum())),
            "closed": count(len(now)),
            "won_then": count(int((then["status"] == "won").sum())),
            "closed_then": count(len(then)),
        },
    )


def _rate_of(view: View, _: str) -> float | None:
    now = view.closed(182)
    return float((now["status"] == "won").mean()) if len(now) else None


def _win(view: View) -> Iterator[Finding]:
    """The largest deal won in the last week, if it is a large one."""
    won, year = view.closed(7), view.closed(364)
    won = won[(won["status"] == "won") & won["amount"].notna()] if len(won) else won
    if not len(won):
        return
    wins = year[(year["status"] == "won") & year["amount"].notna()]["amount"].astype("int64")
    best: Any = next(won.sort_values(["amount", "deal_id"], ascending=[False, True]).itertuples())
    amount = int(best.amount)
    if len(wins) < 4 or amount < float(wins.quantile(0.75)):
        return
    yield Finding(
        "own-win" if view.names else "win-to-celebrate",
        str(best.deal_id),
        bounded(0.35 + 0.25 * (amount >= int(wins.max()))),
        float(amount),
        view.day,
        {
            "prospect": text(best.prospect if best.prospect == best.prospect else "?"),
            "amount": money(amount),
            "closed": date(best.closed.date()),
            "channel": channel(str(best.channel)),
            "owner": text(_name_of(view, best.owner)),
            "wins": count(len(wins)),
        },
    )


def _name_of(view: View, owner: Any) -> str:
    """The name of somebody the deals call by their address."""
    wanted = str(owner).strip().lower() if isinstance(owner, str) else ""
    people = view.snapshot.people
    found = people.loc[people["user"].astype(str).str.lower() == wanted, "name"]
    name = found.iat[0] if len(found) else None
    return name if isinstance(name, str) and name else wanted or "?"


def _no_measure(view: View, subject: str) -> float | None:
    """What a won deal is worth does not change afterwards."""
    return None


def _cold(view: View) -> Iterator[Finding]:
    notes, found = view.activities(91), read(view)
    if found is None or not len(notes) or not view.in_season(12):
        return
    minutes = notes["minutes"].fillna(0)
    kinds = notes["kind"].fillna("").astype(str).str.lower().map(COLD_KINDS)
    total, cold = float(minutes.sum()), float(minutes[kinds.notna()].sum())
    if total < 600 or cold / total < COLD_PART:
        return
    names = sorted(set(kinds.dropna()))
    brought = sum(r.top_revenue_share or 0.0 for r in found.channels if r.channel in names)
    if brought >= COLD_YIELD:
        return
    yield Finding(
        "hours-cold",
        "",
        bounded(0.4 + 0.5 * cold / total),
        cold / total,
        view.day,
        {
            "part": share(cold / total),
            "hours": count(round(cold / 60)),
            "channel": channel(names[0]),
            "brought": share(brought),
        },
    )


def _cold_of(view: View, _: str) -> float | None:
    notes = view.activities(91)
    if not len(notes):
        return None
    minutes = notes["minutes"].fillna(0)
    kinds = notes["kind"].fillna("").astype(str).str.lower().map(COLD_KINDS)
    total = float(minutes.sum())
    return float(minutes[kinds.notna()].sum()) / total if total else None


MT, SALES = Audience.MT, Audience.SALES
RULES = (
    Rule("alignment-low", MT, Mood.RISK, "share", False, _low, _alignment),
    Rule("pipeline-drifting", MT, Mood.RISK, "share", False, _drifting, _alignment),
    Rule("source-dried-up", MT, Mood.RISK, "days", True, _dry, _silence_of),
    Rule("ars-falling", MT, Mood.RISK, "share", False, _ars_falls, _ars_of),
    Rule("unknown-sources", MT, Mood.RISK, "share", True, _blank, _unknown_of),
    Rule("pipeline-thin", MT, Mood.RISK, "money", False, _thin, _pipeline_of),
    Rule("pipeline-old", MT, Mood.RISK, "share", True, _old, _old_of),
    Rule("win-rate-dropping", MT, Mood.RISK, "share", False, _rates, _rate_of),
    Rule("win-to-celebrate", MT, Mood.JOY, "money", None, _win, _no_measure),
    Rule("own-win", SALES, Mood.JOY, "money", None, _win, _no_measure),
    Rule("hours-cold", MT, Mood.RISK, "share", True, _cold, _cold_of),
)
