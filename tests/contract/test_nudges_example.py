"""Six weeks of nudges for seven people: they differ, they end in something to do, they come back."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bot.people import TENANT
from bot.storage.database import Database
from bot.storage.outbox import Kept, NudgeTable
from tests.conftest import NOW
from tests.nudge_example import PAGE, printed


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Path:
    where = tmp_path / "home"
    shutil.copytree(demo_home, where)
    return where


@pytest.fixture
def weeks(home: Path) -> dict[str, list[Kept]]:
    with Database.open(home) as database:
        found: dict[str, list[Kept]] = defaultdict(list)
        for kept in sorted(NudgeTable(database, TENANT).recent(NOW.replace(year=2025)),
                           key=lambda k: k.due_at):  # fmt: skip
            found[kept.user].append(kept)
    return found


def test_the_printed_example_is_what_the_program_says(home: Path) -> None:
    assert PAGE.read_text(encoding="utf-8") == printed(home), (
        "write it anew: python -m tests.nudge_example"
    )


def test_seven_people_get_six_each_and_they_differ(weeks: dict[str, list[Kept]]) -> None:
    assert {len(each) for each in weeks.values()} == {6}
    assert len(weeks) == 7
    for each in weeks.values():
        told = Counter((kept.situation, kept.subject) for kept in each)
        asked_again = sum(kept.response == "later" for kept in each)
        worse = sum("worse" in str(kept.content["reasons"]) for kept in each)
        assert sum(n - 1 for n in told.values()) <= asked_again + worse
        assert len({kept.situation for kept in each}) >= 3


def test_what_was_done_is_looked_at_again_four_weeks_later(weeks: dict[str, list[Kept]]) -> None:
    followed = [f for each in weeks.values() for kept in each
                for f in kept.content.get("follow_ups", ())]  # fmt: skip
    assert len(followed) >= 3
    for each in weeks.values():
        ids = {kept.id: kept for kept in each}
        for kept in each:
            for follow in kept.content.get("follow_ups", ()):
                earlier = ids[follow["id"]]
                assert earlier.response == "done"
                assert (kept.due_at - earlier.due_at).days >= 28
                assert earlier.followed_at == kept.due_at
