"""Which slots are owed now: pure, from somebody's rhythm and what was planned before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from bot.scheduling.slots import IsoWeek, Rhythm
from bot.storage.outbox import CANCELLED, DEAD, LATE, PENDING, NewSlot

WEEKLY = "weekly"
LOOK_BACK = 8
"""Weeks that are looked back at: after a longer absence older ones are not told of one by one."""
APART = dt.timedelta(days=1)
"""Nobody gets two nudges within a day, however they travel."""
MISSED = "nobody was there to send it within 12 hours"
PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets nudges. since: from when on slots are owed."""

    user: str
    rhythm: Rhythm
    since: dt.datetime
    paused_until: dt.date | None = None


def first_week(now: dt.datetime) -> IsoWeek:
    """The first week that planning has to know of, in any zone."""
    return IsoWeek.of(now.date()).shifted(-LOOK_BACK - 2)


def owed(
    recipient: Recipient,
    planned: Mapping[str, dt.datetime],
    now: dt.datetime,
    *,
    before: Rhythm | None = None,
    fallback: str = "UTC",
) -> list[NewSlot]:
    """The slots up to now that were not planned yet (`planned`: week to moment), oldest first.

    `before`: the rhythm so far, when it has just changed. What fell due under it is planned by it;
    a week whose slot the change moved into the past gets it now, so that nobody who moves to
    another zone misses one. What is over 12 hours late is planned as dead: reported, not sent.
    """
    out: list[NewSlot] = []
    known = dict(planned)
    for rhythm in (before, recipient.rhythm):
        if rhythm is None:
            continue
        jumped = before is not None and rhythm is recipient.rhythm
        last = rhythm.week(now, fallback)
        first = max(last.shifted(-LOOK_BACK), rhythm.week(recipient.since, fallback))
        for week in first.until(last):
            due = rhythm.slot(week, fallback)
            if str(week) in known or due > now or due < recipient.since:
                continue
            if jumped:
                due = max([now, *(moment + APART for moment in known.values())])
            known[str(week)] = due
            state, reason = PENDING, ""
            if recipient.paused_until and rhythm.local(due, fallback).date() < (
                recipient.paused_until
            ):
                state, reason = CANCELLED, PAUSED
            elif due < now - LATE:
                state, reason = DEAD, MISSED
            out.append(NewSlot(recipient.user, WEEKLY, str(week), due, state, reason))
    return out
