"""Situations of people's own words and time: verdicts, pulse, MT time, questions, introductions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analytics.situations.clients import weight
from analytics.situations.finding import (
    Audience,
    Finding,
    Mood,
    Rule,
    bounded,
    count,
    date,
    money,
    number,
    share,
    text,
    theme,
)
from analytics.situations.signals import VerdictNote
from analytics.situations.view import View, day_of

DECLINED_DAYS = 14
"""A declined deal gets two weeks to be closed in the books."""
UNFIT_PART, UNFIT_MINUTES = 0.25, 120
FEWEST_JUDGED, WRONG_PART = 5, 0.4
PULSE_FALL = 0.3
MT_SHARE = 0.8
"""The MT's share of time for people, of the principles' source."""
LOYAL_YEARS = 3
ASKED = "referral_asked"


def declined(view: View) -> list[tuple[Any, VerdictNote]]:
    """Open deals whose newest verdict is a decline, with it; largest first."""
    verdicts, deals = view.signals.latest_verdicts(), view.open_deals
    if not verdicts or not len(deals):
        return []
    found = [
        (row, verdicts[str(row.deal_id)])
        for row in deals.itertuples()
        if str(row.deal_id) in verdicts
    ]
    return sorted(
        ((row, verdict) for row, verdict in found if verdict.verdict == "decline"),
        key=lambda pair: (-_amount(pair[0].amount), str(pair[0].deal_id)),
    )


def _amount(value: Any) -> int:
    return 0 if value is None or pd.isna(value) else int(value)


def _still_open(view: View) -> Iterator[Finding]:
    limit = view.day - dt.timedelta(days=DECLINED_DAYS)
    old = [(row, verdict) for row, verdict in declined(view) if verdict.at <= limit]
    if not old:
        return
    row, verdict = old[0]
    value = sum(_amount(each.amount) for each, _ in old)
    yield Finding(
        "own-declined-open" if view.names else "declined-still-open",
        str(row.deal_id) if view.names else "",
        bounded(0.45 + 0.05 * len(old)),
        float(len(old)),
        view.day,
        {
            "deals": count(len(old)),
            "value": money(value),
            "prospect": text(row.prospect),
            "date": date(verdict.at),
        },
    )


def _declined_of(view: View, subject: str) -> float | None:
    found = declined(view)
    if subject:
        return float(any(str(row.deal_id) == subject for row, _ in found))
    return float(len(found))


def _effort(view: View) -> tuple[float, float] | None:
    """Minutes of four weeks on deals the ballotage declines, and on all deals."""
    notes, verdicts = view.activities(28), view.signals.latest_verdicts()
    if not len(notes) or not verdicts:
        return None
    on_deals = notes[notes["deal_id"].notna()]
    minutes = on_deals["minutes"].fillna(0)
    unfit = [v.deal_id for v in verdicts.values() if v.verdict == "decline"]
    total = float(minutes.sum())
    return (float(minutes[on_deals["deal_id"].isin(unfit)].sum()), total) if total > 0 else None


def _unfit(view: View) -> Iterator[Finding]:
    found = _effort(view)
    if found is None or found[0] < UNFIT_MINUTES or found[0] / found[1] < UNFIT_PART:
        return
    yield Finding(
        "effort-on-unfit-deals",
        "",
        bounded(0.45 + found[0] / found[1] / 2),
        found[0] / found[1],
        view.day,
        {
            "part": share(found[0] / found[1]),
            "hours": count(round(found[0] / 60)),
            "all_hours": count(round(found[1] / 60)),
            "start": date(view.day - dt.timedelta(days=28)),
        },
    )


def _effort_of(view: View, _: str) -> float | None:
    found = _effort(view)
    return found[0] / found[1] if found else None


def _judged(view: View) -> tuple[int, int]:
    """How many verdicts of half a year could be compared with an outcome, and how many missed."""
    deals = view.closed(182)
    outcome = dict(zip(deals["deal_id"], deals["status"], strict=True)) if len(deals) else {}
    judged = wrong = 0
    for verdict in view.signals.latest_verdicts().values():
        status = outcome.get(verdict.deal_id)
        if status is None or verdict.verdict == "waitlist":
            continue
        judged += 1
        wrong += (status == "won") != (verdict.verdict == "admit")
    return judged, wrong


def _wrong(view: View) -> Iterator[Finding]:
    judged, wrong = _judged(view)
    if judged < FEWEST_JUDGED or wrong / judged < WRONG_PART:
        return
    yield Finding(
        "verdicts-wrong",
        "",
        bounded(0.4 + 0.4 * wrong / judged),
        wrong / judged,
        view.day,
        {"wrong": count(wrong), "judged": count(judged), "part": share(wrong / judged)},
    )


def _wrong_of(view: View, _: str) -> float | None:
    judged, wrong = _judged(view)
    return wrong / judged if judged else None


def _pulse(view: View) -> Iterator[Finding]:
    """The newest closed week against the last one on the same topic."""
    pulses = view.signals.pulses
    if not pulses or (view.day - pulses[-1].week).days > 21:
        return
    now = pulses[-1]
    earlier = [p for p in pulses[:-1] if p.topic == now.topic]
    if not earlier or round(earlier[-1].average - now.average, 6) < PULSE_FALL:
        return
    yield Finding(
        "pulse-dropping",
        now.topic,
        bounded(0.55 + (earlier[-1].average - now.average) / 3),
        now.average,
        now.week,
        {
            "topic": theme(now.name),
            "now": number(now.average),
            "then": number(earlier[-1].average),
            "answers": count(now.answers),
            "week": date(now.week),
            "date": date(earlier[-1].week),
        },
    )


def _pulse_of(view: View, subject: str) -> float | None:
    found = [p.average for p in view.signals.pulses if p.topic == subject]
    return found[-1] if found else None


def _mt_time(view: View) -> Iterator[Finding]:
    weeks = view.signals.mt_weeks
    if not weeks or (view.day - weeks[-1].week).days > 21 or weeks[-1].share >= MT_SHARE:
        return
    now, before = weeks[-1], weeks[-2] if len(weeks) > 1 else None
    # Below 80 % week after week is one message, until it falls further.
    told = before is not None and before.share < MT_SHARE and now.share > before.share - 0.05
    if told and not view.in_season(5):
        return
    yield Finding(
        "mt-time-low",
        "",
        bounded(0.35 + (MT_SHARE - now.share) / 2),
        now.share,
        now.week,
        {"now": share(now.share), "people": count(now.people), "week": date(now.week)},
    )


def _mt_of(view: View, _: str) -> float | None:
    weeks = view.signals.mt_weeks
    return weeks[-1].share if weeks else None


def _answered(view: View) -> Iterator[Finding]:
    for question in view.signals.answered:
        if 0 <= (view.day - question.asked).days <= 14:
            yield Finding(
                "question-answered",
                question.card,
                0.4,
                1.0,
                question.asked,
                {
                    "question": text(question.question),
                    "title": text(question.title),
                    "date": date(question.asked),
                },
            )


def _nothing(view: View, subject: str) -> float | None:
    """There is no figure to look at again."""
    return None


def _not_asked(view: View) -> Iterator[Finding]:
    """Loyal top clients that nobody asked for an introduction in a year."""
    reading, notes = view.reading, view.snapshot.activities
    if reading is None or not len(notes) or not view.in_season(0 if view.names else 7):
        return
    asked = view.activities(365)
    told = set(asked.loc[asked["kind"].fillna("").str.lower() == ASKED, "customer_id"].dropna())
    found = []
    for code in reading.top.tolist():
        rhythm, trend = view.rhythms.get(code), reading.trend(code)
        if rhythm is None or rhythm.quiet or not view.owns(code):
            continue
        if view.snapshot.customer_id(code) in told or (trend is not None and trend < 0):
            continue
        years = _years(view, code)
        if years >= LOYAL_YEARS:
            found.append((-years, reading.rank(code) or 0, code))
    for years, _, code in sorted(found)[:3]:
        yield Finding(
            "own-introduction" if view.names else "no-introduction-asked",
            view.snapshot.customer_id(code),
            bounded(0.42 + 0.005 * -years + 0.5 * (reading.share(code) or 0.0)),
            float(len(told)),
            view.data_date,
            weight(view, reading, code) | {"years": count(-years), "asked": count(len(told))},
        )


def _years(view: View, code: int) -> int:
    """Full years as a client: since the noted day, else since the first invoice."""
    rhythm = view.rhythms.get(code)
    first = day_of(view.snapshot.cell("since", code)) or (rhythm.first if rhythm else view.day)
    return (view.day - first).days // 365


def _asked_of(view: View, subject: str) -> float | None:
    """How many clients were asked for an introduction in the last year."""
    asked = view.activities(365)
    if not len(asked):
        return None
    told = asked.loc[asked["kind"].fillna("").str.lower() == ASKED, "customer_id"].dropna()
    return float(told.nunique())


MT, SALES = Audience.MT, Audience.SALES
RULES = (
    Rule("declined-still-open", MT, Mood.RISK, "count", True, _still_open, _declined_of),
    Rule("own-declined-open", SALES, Mood.RISK, "count", True, _still_open, _declined_of),
    Rule("effort-on-unfit-deals", MT, Mood.RISK, "share", True, _unfit, _effort_of),
    Rule("verdicts-wrong", MT, Mood.RISK, "share", True, _wrong, _wrong_of),
    Rule("pulse-dropping", MT, Mood.RISK, "number", False, _pulse, _pulse_of),
    Rule("mt-time-low", MT, Mood.RISK, "share", False, _mt_time, _mt_of),
    Rule("question-answered", MT, Mood.JOY, "count", None, _answered, _nothing),
    Rule("no-introduction-asked", MT, Mood.CHANCE, "count", False, _not_asked, _asked_of),
    Rule("own-introduction", SALES, Mood.CHANCE, "count", False, _not_asked, _asked_of),
)
