"""What people said and did, gathered from where it is kept, as the rules want it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from analytics.situations.signals import MtWeek, PulseNote, Signals, VerdictNote
from bot import pulse
from bot.weeks import monday, week_of

if TYPE_CHECKING:
    from bot.core.services import Services
    from bot.storage.database import Database

WEEKS = 26


def gathered(services: Services, tenant: str, day: dt.date) -> Signals:
    """Everything known at the end of a day; empty where nothing is kept yet. It may block."""
    if not services.state.exists():
        return Signals()
    pulse.closed_weeks(services, 1, tenant=tenant)  # closes what is over
    return read(services.state.database(), tenant, day)


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
