"""What people said and did, gathered from where it is kept, as the rules want it."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from analytics.situations.signals import AnsweredQuestion, MtWeek, PulseNote, Signals, VerdictNote
from bot import pulse
from bot.weeks import monday, week_of

if TYPE_CHECKING:
    from bot.core.services import Services
    from bot.storage.database import Database

log = logging.getLogger("ballotage.nudges")

WEEKS = 26
LATELY = dt.timedelta(days=14)
MOST, SHOWN = 20, 160
"""Questions that are asked again, and characters of one that are shown."""


def gathered(services: Services, tenant: str, day: dt.date) -> Signals:
    """Everything known at the end of a day; empty where nothing is kept yet. It may block."""
    if not services.state.exists():
        return Signals()
    pulse.closed_weeks(services, 1, tenant=tenant)  # closes what is over
    database = services.state.database()
    return replace(read(database, tenant, day), answered=_answered(services, database, tenant, day))


def read(database: Database, tenant: str, day: dt.date) -> Signals:
    """What a database holds that was known at the end of a day."""
    from bot.storage.mt_time import MtTime
    from bot.storage.pulse import Pulse
    from bot.storage.verdicts import Verdicts

    names = {theme.id: theme.name for theme in pulse.THEMES}
    last = week_of(day - dt.timedelta(days=6))
    return Signals(
        verdicts=tuple(
            VerdictNote(kept.at.date(), kept.deal_id, kept.prospect, kept.verdict, kept.feedback)
            for kept in Verdicts(database, tenant).all()
        ),
        pulses=tuple(
            PulseNote(
                monday(week.week),
                week.theme,
                names.get(week.theme, week.theme),
                week.mean,
                week.answers_at_least,
            )
            for week in Pulse(database, tenant).results(WEEKS, last)
            if week.bound == "exact"  # a bound is no figure to compare
        ),
        mt_weeks=tuple(
            MtWeek(monday(week.week), week.average / 100, week.members)
            for week in MtTime(database, tenant).team(WEEKS, last, fresh=False)
        ),
    ).until(day)


def _answered(
    services: Services, database: Database, tenant: str, day: dt.date
) -> tuple[AnsweredQuestion, ...]:
    """Questions of two weeks that nobody could answer when they were asked, and a card answers now."""
    from bot.storage.questions import CoachQuestions
    from knowledge.retriever import Band

    since = day - LATELY
    asked = [
        q
        for q in CoachQuestions(database, tenant).all()
        if q.band == Band.UNKNOWN.value and since <= q.at.date() <= day
    ]
    out: list[AnsweredQuestion] = []
    try:
        for question in asked[-MOST:]:
            knowledge = services.knowledge()
            found = knowledge.search(question.question, question.locale, limit=1, access="all")
            best = found.results[0] if found.answered and found.results else None
            if best is None or best.kind != "card":
                continue
            title = knowledge.cards[best.id].text("nl" if question.locale == "nl" else "en").title
            words = " ".join(question.question.split())[:SHOWN]
            out.append(AnsweredQuestion(question.at.date(), words, best.id, title))
    except Exception:  # a nudge must not fail because the index cannot be read
        log.warning("nudge.no_knowledge", exc_info=True)
    return tuple(out)
