"""The demo company's past pulse and MT time: half a year of results to look at."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from bot import people
from bot.pulse import theme_of
from bot.weeks import shifted, week_of

WEEKS = 32
"""Half a year to see, and a round of questions before it for its running mean."""
MEANS = {"leadership": 36, "culture": 39, "joy": 37, "balance": 35, "pay": 33, "recognition": 31}
"""Where each theme starts, in tenths of the scale of 1 to 5."""
DRIFTS = {"balance": -0.35, "recognition": 0.25, "leadership": 0.1}
"""What a week adds: a busy autumn eats the balance, and thank-yous are said more often."""
NOISE = 1.6
MT_STARTS, MT_STEP = (34, 52, 66, 45), (0.9, 0.3, 0.1, 0.4)
"""Percent of their week for people at the start of each MT member, and what a week adds."""


def write(home: Path, users: list[str], *, seed: int, today: dt.date) -> None:
    """Write the closed weeks before `today`, and the weeks of these MT members."""
    from bot.storage.database import Database
    from bot.storage.mt_time import MtTime
    from bot.storage.pulse import ClosedWeek, Pulse

    chance = random.Random(f"culture {seed}")  # noqa: S311 (a story, no secret)
    last = shifted(week_of(today), -1)
    weeks = [shifted(last, -back) for back in range(WEEKS - 1, -1, -1)]
    closed = []
    for place, week in enumerate(weeks):
        theme = theme_of(week).id
        drawn = MEANS[theme] + DRIFTS.get(theme, 0.0) * place + chance.gauss(0, NOISE)
        closed.append(ClosedWeek(week, theme, min(44, max(16, round(drawn))) / 10, "exact", 5))
    with Database.open(home) as database:
        Pulse(database, people.TENANT).keep(closed)
        times = MtTime(database, people.TENANT)
        for user, start, step in zip(users, MT_STARTS, MT_STEP, strict=False):
            entries = {
                week: min(95, max(5, 5 * round((start + step * place + chance.gauss(0, 6)) / 5)))
                for place, week in enumerate(weeks[:-1])  # last week's is still to be entered
            }
            times.enter(user, entries)
        times.team(WEEKS, last)
