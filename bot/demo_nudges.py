"""The demo company's last weeks of nudges: simulated at its building, so that there is a past."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from analytics.situations.finding import Audience
from analytics.snapshot import Snapshot
from bot import people
from bot.scheduling.deciding import Reader
from bot.scheduling.signals import read
from bot.scheduling.simulating import simulated
from bot.scheduling.slots import IsoWeek

WEEKS = 6
REPS = 4


def readers(snapshot: Snapshot) -> list[Reader]:
    """The MT, its admin, and four reps."""
    table = snapshot.people
    out, reps = [], 0
    for user, name, role in zip(table["user"], table["name"], table["role"], strict=True):
        audience = Audience.SALES if role == "sales" else Audience.MT
        if audience is Audience.SALES:
            reps += 1
            if reps > REPS:
                continue
        out.append(Reader(str(user), str(name), audience))
    return out


def write(home: Path, snapshot: Snapshot, *, today: dt.date, zone: str) -> int:
    """Store the weeks up to the last one whose Monday morning has come; return how many nudges."""
    from bot.storage.database import Database
    from bot.storage.outbox import NudgeTable

    with Database.open(home) as database:
        signals = read(database, people.TENANT, today)
        last = IsoWeek.of(today - dt.timedelta(days=1))
        made = simulated(snapshot, signals, readers(snapshot), last, WEEKS, zone=zone)
        NudgeTable(database, people.TENANT).keep(made)
    return len(made)
