"""A year of the demo company, week by week: much happens, and nothing happens every week."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from analytics.situations.finding import Audience
from analytics.situations.rules import findings
from analytics.situations.view import View
from bot.application import Application
from tests.conftest import TODAY

WEEKS = 52


def test_at_least_twelve_situations_and_none_of_them_every_week(
    demo_application: Application,
) -> None:
    snapshot = demo_application.snapshots.current()
    people = snapshot.people
    rep = str(people.loc[people["role"] == "sales", "user"].iat[0]).lower()
    seen: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for week in range(WEEKS):
        day = TODAY - dt.timedelta(days=1, weeks=week)
        seen.update({f.situation for f in findings(View(snapshot, day, past=True), Audience.MT)})
        mine = View(snapshot, day, names=frozenset([rep]), past=True)
        own.update({f.situation for f in findings(mine, Audience.SALES)})
    assert len(seen) >= 12, seen
    assert max(seen.values()) < WEEKS, seen
    assert len(own) >= 5, own
    assert max(own.values()) < WEEKS, own
