"""ISO weeks by their label, `2026-W48`, as they are stored: so written they sort as they follow."""

from __future__ import annotations

import datetime as dt

from bot.scheduling.slots import IsoWeek


def week_of(day: dt.date) -> str:
    """The week a day lies in."""
    return str(IsoWeek.of(day))


def monday(week: str) -> dt.date:
    """The first day of a week. ValueError for what is none."""
    return IsoWeek.read(week).monday


def sunday(week: str) -> dt.date:
    """The last day of a week."""
    return monday(week) + dt.timedelta(days=6)


def shifted(week: str, weeks: int) -> str:
    """The week so many weeks later; earlier for a negative number."""
    return str(IsoWeek.read(week).shifted(weeks))


def number(week: str) -> int:
    """The number of a week within its year."""
    return IsoWeek.read(week).number
