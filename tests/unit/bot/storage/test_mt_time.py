from __future__ import annotations

import pytest

from bot.storage.database import Database
from bot.storage.mt_time import MtTime, TeamWeek
from bot.storage.repositories import PersonData

WEEK, LAST = "2026-W47", "2026-W52"


@pytest.fixture
def times(database: Database) -> MtTime:
    return MtTime(database, "acme")


def team(times: MtTime) -> list[TeamWeek]:
    return times.team(26, LAST)


def test_a_figure_is_kept_and_replaced(times: MtTime, database: Database) -> None:
    times.enter("jan", {WEEK: 60, "2026-W46": 0})
    times.enter("jan", {WEEK: 100})
    assert list(times.own("jan", 26, LAST).items()) == [("2026-W46", 0), (WEEK, 100)]
    assert times.own("jan", 1, LAST) == {WEEK: 100}
    assert times.own("jan", 26, "2026-W46") == {"2026-W46": 0}
    assert times.own("piet", 26, LAST) == MtTime(database, "other").own("jan", 26, LAST) == {}


@pytest.mark.parametrize("percent", [-1, 101])
def test_what_is_no_percentage_is_refused_with_all_that_came_along(
    times: MtTime, percent: int
) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        times.enter("jan", {"2026-W46": 10, WEEK: percent})
    assert times.own("jan", 26, LAST) == {}


def test_the_team_sees_an_average_from_three_up(times: MtTime, database: Database) -> None:
    for user, percent in (("a", 60), ("b", 70)):
        times.enter(user, {WEEK: percent})
        assert team(times) == []
    MtTime(database, "other").enter("c", {WEEK: 0})
    assert team(times) == []
    times.enter("c", {WEEK: 81})
    assert team(times) == [TeamWeek(WEEK, 3, 211 / 3)]


def test_who_enters_before_anybody_looks_is_counted(times: MtTime) -> None:
    for user, percent in (("a", 60), ("b", 70), ("c", 80)):
        times.enter(user, {WEEK: percent})
    assert times.team(26, LAST, fresh=False) == []
    times.enter("d", {WEEK: 10})
    assert team(times) == [TeamWeek(WEEK, 4, 55.0)]


def test_looking_before_and_after_does_not_tell_the_figure_of_one(times: MtTime) -> None:
    for user, percent in (("a", 60), ("b", 70), ("c", 80)):
        times.enter(user, {WEEK: percent})
    seen = team(times)
    times.enter("d", {WEEK: 13})
    times.enter("b", {WEEK: 20})
    times.enter("b", {WEEK: 25})  # the same member again is not one more
    assert team(times) == seen
    times.enter("e", {WEEK: 42})
    assert team(times) == [TeamWeek(WEEK, 5, (60 + 25 + 80 + 13 + 42) / 5)]


def test_entering_the_same_figure_again_is_nothing_new(times: MtTime) -> None:
    for user in "abc":
        times.enter(user, {WEEK: 50})
    seen = team(times)
    for user in "abc":
        times.enter(user, {WEEK: 50})
    times.enter("d", {WEEK: 90})
    assert team(times) == seen


def test_a_person_takes_their_figures_along(times: MtTime, database: Database) -> None:
    for user in ("a", "b", "jan"):
        times.enter(user, {WEEK: 50})
    people = PersonData(database, "acme")
    (row,) = people.export_person("jan")["mt_time"]  # type: ignore[misc]
    assert (row["week"], row["percent"]) == (WEEK, 50)
    assert people.erase_person("jan")["mt_time"] == 1
    assert times.own("jan", 26, LAST) == {}
    assert team(times) == []
