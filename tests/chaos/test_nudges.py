"""Killed while sending, two processes on one database: nothing comes twice, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import postgres
from tests.chaos.nudge_world import Report, run


def held(report: Report) -> None:
    print(report)
    assert report.duplicates == 0
    assert report.lost == 0
    assert report.unfinished == 0
    assert report.unknown <= report.kills + report.broken
    assert report.listed == report.unknown + report.dead
    assert report.sent + report.unknown + report.dead == report.slots


async def test_twenty_kills(tmp_path: Path) -> None:
    report = await run(tmp_path, slots=200, kills=20, seed=6)
    held(report)
    assert report.dead == 0


async def test_what_the_sender_never_hears_of_is_listed_and_not_sent_again(tmp_path: Path) -> None:
    report = await run(tmp_path, slots=60, kills=2, seed=7, breaks=0.2)
    held(report)
    assert report.broken <= report.unknown


@pytest.mark.chaos
@pytest.mark.parametrize("seed", [1])
async def test_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    held(await run(tmp_path, slots=1_000, kills=200, seed=seed))


@postgres.needed
async def test_twenty_kills_on_postgres(tmp_path: Path) -> None:
    held(await run(tmp_path, slots=200, kills=20, seed=8, database_url=postgres.fresh()))


@postgres.needed
@pytest.mark.chaos
async def test_two_hundred_kills_on_postgres(tmp_path: Path) -> None:
    held(await run(tmp_path, slots=1_000, kills=200, seed=9, database_url=postgres.fresh()))
