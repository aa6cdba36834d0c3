"""Weeks that never were: what people would have got, had they been there. For demos and docs.

The same decisions as in earnest, with a clock that stands still each Monday, and people who answer
by a fixed pattern.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from analytics.situations.finding import Audience
from analytics.situations.signals import Signals
from analytics.snapshot import Snapshot
from bot.scheduling.choice import DID, LATER, NOT_USEFUL, RECENTLY
from bot.scheduling.deciding import Reader, decide
from bot.scheduling.planner import WEEKLY
from bot.scheduling.slots import IsoWeek, Rhythm
from bot.storage.outbox import SENT, Kept

HABITS = (
    (DID, "", LATER, DID, NOT_USEFUL, DID, "", DID),
    ("", DID, DID, "", LATER, DID, NOT_USEFUL, ""),
    (DID, NOT_USEFUL, DID, LATER, "", DID, DID, ""),
)
"""What simulated people do with their nudges, week by week; the next person has the next habit."""
SIMULATED = "simulated"


def simulated(
    snapshot: Snapshot,
    signals: Signals,
    readers: Sequence[Reader],
    last: IsoWeek,
    weeks: int,
    *,
    zone: str = "Europe/Amsterdam",
) -> list[Kept]:
    """The nudges of so many weeks up to `last`, in the order in which they would be sent."""
    rhythm = Rhythm(zone=zone)
    out: list[Kept] = []
    names = {r.user: r.name for r in readers if r.audience is Audience.MT}
    for position, week in enumerate(last.shifted(1 - weeks).until(last)):
        due = rhythm.slot(week)
        for number, reader in enumerate(readers):
            own = [kept for kept in out if kept.user == reader.user]
            recent = [
                (names[kept.user], kept.situation, kept.subject)
                for kept in out
                if kept.user in names and kept.user != reader.user and due - kept.due_at <= RECENTLY
            ]
            made = decide(
                snapshot,
                signals,
                reader,
                own,
                rhythm.local(due).date(),
                str(week),
                colleagues=recent,
                nudge_id=len(out) + 1,
                past=True,
            )
            if made is None:
                continue
            for earlier, figure in made.said.followed:
                place = next(i for i, kept in enumerate(out) if kept.id == earlier)
                out[place] = replace(out[place], follow_figure=figure, followed_at=due)
            habits = HABITS[number % len(HABITS)]
            # The newest one is still to be answered, by whoever looks at it.
            answers = made.choice.finding is not None and position < weeks - 1
            response = habits[position % len(habits)] if answers else ""
            out.append(
                Kept(
                    id=len(out) + 1,
                    user=reader.user,
                    kind=WEEKLY,
                    iso_week=str(week),
                    due_at=due,
                    state=SENT,
                    attempts=1,
                    reason="",
                    surface=SIMULATED,
                    sent_at=due,
                    situation=made.said.situation,
                    subject=made.said.subject,
                    figure=made.said.figure,
                    content=made.said.content,
                    response=response,
                    responded_at=due + dt.timedelta(hours=2) if response else None,
                    why="",
                    shared_at=None,
                    evidence_at=None,
                    follow_figure=None,
                    followed_at=None,
                )
            )
    return out
