"""The pulse as it is stored: once a person, nothing before the close, nothing that leads back."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
import statistics
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bot.pulse import THEMES, card, theme_of
from bot.storage import models
from bot.storage.database import Database
from bot.storage.pulse import FEWEST, ClosedWeek, Pulse, summary
from bot.storage.pulse_keys import WeekKey, WeekKeys
from bot.weeks import monday, number, shifted, sunday, week_of

WEEK, NEXT = "2026-W48", "2026-W49"
SCORES = (1, 4, 4, 2, 5, 3, 4)


@pytest.fixture
def pulse(database: Database) -> Pulse:
    return Pulse(database, "acme")


def fill(pulse: Pulse, scores: tuple[int, ...] = SCORES, week: str = WEEK) -> list[str]:
    users = [f"person{n}@acme.example" for n in range(len(scores))]
    for user, score in zip(users, scores, strict=True):
        assert pulse.answer(week, "pay", user, score)
    return users


def everything(home: Path) -> bytes:
    """Every byte of every file of a home."""
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def rows(home: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / "state.db")) as connection:
        return connection.execute(f"select * from {table}").fetchall()


class TestWeeks:
    def test_the_themes_take_turns_without_a_gap_over_the_years(self) -> None:
        weeks = [shifted("2026-W01", n) for n in range(60 * 6)]
        asked = [theme_of(week).id for week in weeks]
        assert asked[:6] == asked[6:12]
        assert all(len(set(asked[n : n + 6])) == 6 for n in range(len(asked) - 6))
        assert "2026-W53" in weeks

    @pytest.mark.parametrize(
        ("day", "week"),
        [("2026-01-01", "2026-W01"), ("2027-01-03", "2026-W53"), ("2027-01-04", "2027-W01")],
    )
    def test_a_week_is_an_iso_week(self, day: str, week: str) -> None:
        assert week_of(dt.date.fromisoformat(day)) == week
        assert monday(week) <= dt.date.fromisoformat(day) <= sunday(week)
        assert number(week) == int(week[-2:])

    def test_the_yardsticks_are_those_of_the_card(self) -> None:
        fact = card().facts[0]
        for theme in THEMES:
            if theme.leave_share is not None:
                assert f"{theme.leave_share * 100:.1f} %" in fact.en
        assert "Hinge" in fact.source.en


class TestVoting:
    def test_one_person_counts_once_and_the_first_answer_stays(self, pulse: Pulse) -> None:
        fill(pulse, (4, 4, 4, 4))
        assert pulse.answer(WEEK, "pay", "jan", 4)
        for again in ("jan", " JAN "):
            assert not pulse.answer(WEEK, "pay", again, 1)
        pulse.close_before(NEXT)
        assert pulse.results(9) == [ClosedWeek(WEEK, "pay", 4.0, "exact", 5)]

    def test_the_next_week_asks_everybody_again(self, pulse: Pulse) -> None:
        fill(pulse)
        assert pulse.has_answered(WEEK, "person1@acme.example")
        assert not pulse.has_answered(NEXT, "person1@acme.example")
        assert not pulse.has_answered(WEEK, "somebody@acme.example")
        fill(pulse, week=NEXT)

    def test_tenants_do_not_meet(self, database: Database, pulse: Pulse) -> None:
        fill(pulse)
        other = Pulse(database, "other")
        assert not other.has_answered(WEEK, "person1@acme.example")
        fill(other, (1, 1, 2, 2, 2))
        pulse.close_before(NEXT)
        assert other.results(9) == []
        other.close_before(NEXT)
        assert (pulse.results(9)[0].mean, other.results(9)[0].mean) == (3.3, 1.6)

    @pytest.mark.parametrize("score", [0, 6, -1])
    def test_a_score_off_the_scale_is_refused(self, pulse: Pulse, score: int) -> None:
        with pytest.raises(ValueError, match="1 to 5"):
            pulse.answer(WEEK, "pay", "jan", score)
        assert not pulse.has_answered(WEEK, "jan")

    def test_a_closed_week_takes_no_more_answers(self, pulse: Pulse) -> None:
        fill(pulse)
        pulse.close_before(NEXT)
        before = pulse.results(9)
        assert not pulse.answer(WEEK, "pay", "late", 1)
        pulse.close_before(NEXT)
        assert pulse.results(9) == before

    def test_two_processes_share_a_week(self, database: Database, tmp_path: Path) -> None:
        with Database.open(tmp_path) as second:
            one, two = Pulse(database, "acme"), Pulse(second, "acme")
            for place, score in enumerate(SCORES):
                assert (one, two)[place % 2].answer(WEEK, "pay", f"p{place}", score)
            assert not one.answer(WEEK, "pay", "p1", 1)
            assert two.close_before(NEXT) == 1
            assert one.close_before(NEXT) == 0
            assert one.results(9) == [summary(WEEK, "pay", SCORES)]


class TestClosing:
    def test_nothing_shows_before_the_close(self, pulse: Pulse) -> None:
        fill(pulse)
        pulse.close_before(WEEK)
        assert pulse.results(9) == []

    @pytest.mark.parametrize("count", range(1, FEWEST))
    def test_too_few_answers_leave_nothing_at_all(
        self, pulse: Pulse, tmp_path: Path, count: int
    ) -> None:
        fill(pulse, (3,) * count)
        pulse.close_before(NEXT)
        assert pulse.results(9) == []
        assert [rows(tmp_path, f"pulse_{t}") for t in ("weeks", "answers", "tokens")] == [[]] * 3

    def test_a_close_leaves_one_mean_and_no_key(self, pulse: Pulse, tmp_path: Path) -> None:
        fill(pulse)
        assert pulse.close_before(NEXT) == 1
        assert rows(tmp_path, "pulse_weeks") == [("acme", WEEK, "pay", "", 33, "exact", 5)]
        assert rows(tmp_path, "pulse_answers") == rows(tmp_path, "pulse_tokens") == []
        assert list((tmp_path / "pulse-keys").glob("*.key")) == []

    def test_a_server_that_was_down_for_weeks_closes_all_that_is_over(self, pulse: Pulse) -> None:
        for week in (WEEK, NEXT, "2026-W53"):
            fill(pulse, week=week)
        assert pulse.close_before("2026-W53") == 2
        assert [each.week for each in pulse.results(9)] == [WEEK, NEXT]
        assert [each.week for each in pulse.results(1)] == [NEXT]
        assert [each.week for each in pulse.results(9, last=WEEK)] == [WEEK]
        assert pulse.has_answered("2026-W53", "person1@acme.example")

    def test_a_crash_between_close_and_destruction_is_made_good(
        self, pulse: Pulse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(pulse)
        with monkeypatch.context() as patch:
            patch.setattr(WeekKeys, "destroy", lambda *_: (_ for _ in ()).throw(OSError("killed")))
            with pytest.raises(OSError, match="killed"):
                pulse.close_before(NEXT)
        assert list((tmp_path / "pulse-keys").glob("*.key"))
        pulse.close_before(NEXT)
        assert list((tmp_path / "pulse-keys").glob("*.key")) == []
        assert len(pulse.results(9)) == 1

    def test_without_its_key_a_week_starts_anew(self, pulse: Pulse, tmp_path: Path) -> None:
        fill(pulse)
        (key,) = (tmp_path / "pulse-keys").glob("*.key")
        key.unlink()
        assert pulse.answer(WEEK, "pay", "person1@acme.example", 2)
        assert len(rows(tmp_path, "pulse_answers")) == len(rows(tmp_path, "pulse_tokens")) == 1

    def test_a_week_whose_key_is_lost_closes_without_a_result(
        self, pulse: Pulse, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        fill(pulse)
        (key,) = (tmp_path / "pulse-keys").glob("*.key")
        key.unlink()
        pulse.close_before(NEXT)
        assert pulse.results(9) == []
        assert f"pulse.key_missing week={WEEK}" in caplog.text


class TestSummary:
    @pytest.mark.parametrize(
        ("scores", "mean", "bound", "least"),
        [
            ((1, 2, 3, 4, 5), 3.0, "exact", 5),
            ((3, 3, 3, 3, 4), 3.2, "exact", 5),
            ((4, 4, 4, 4, 3, 3, 3, 3), 3.5, "exact", 5),
            ((3,) * 19 + (4,), 3.1, "exact", 20),  # 3.05: half goes up
            ((5,) * 5, 4.5, "at_least", 5),
            ((5, 5, 5, 4, 4), 4.5, "at_least", 5),
            ((1,) * 14, 1.5, "at_most", 10),
            ((1, 1, 2, 2, 2), 1.6, "exact", 5),
        ],
    )
    def test_a_mean_says_no_single_answer(
        self, scores: tuple[int, ...], mean: float, bound: str, least: int
    ) -> None:
        assert summary(WEEK, "pay", scores) == ClosedWeek(WEEK, "pay", mean, bound, least)  # type: ignore[arg-type]

    def test_too_few_have_no_mean(self) -> None:
        with pytest.raises(ValueError, match="too few"):
            summary(WEEK, "pay", (1, 2, 3, 4))

    @pytest.mark.parametrize("count", [5, 6, 7])
    def test_whatever_is_shown_each_person_may_have_answered_more_than_one_thing(
        self, count: int
    ) -> None:
        """Known: that somebody answered, and the view. Not known by it: what they answered."""
        possible: dict[ClosedWeek, set[int]] = {}
        for scores in itertools.combinations_with_replacement(range(1, 6), count):
            shown = summary(WEEK, "pay", scores)
            possible.setdefault(shown, set()).update(scores)
        assert all(len(scores) > 1 for scores in possible.values())

    def test_how_many_answered_is_told_in_steps_of_five(self) -> None:
        told = {
            count: summary(WEEK, "pay", (3,) * count).answers_at_least for count in range(5, 26)
        }
        assert [told[c] for c in (5, 6, 9, 10, 14, 24, 25)] == [5, 5, 5, 10, 10, 20, 25]


class TestNoTrace:
    def test_two_copies_of_the_database_share_no_row(self, pulse: Pulse, tmp_path: Path) -> None:
        fill(pulse)
        before = {row[2:] for row in rows(tmp_path, "pulse_answers")}
        pulse.answer(WEEK, "pay", "one more", 5)
        after = {row[2:] for row in rows(tmp_path, "pulse_answers")}
        assert len(after) == len(before) + 1
        for column in (0, 1):
            assert {r[column] for r in before} & {r[column] for r in after} == set()

    def test_no_column_holds_a_moment_a_number_or_a_person(self) -> None:
        columns = {t.name: set(t.c.keys()) for t in (models.pulse_answers, models.pulse_tokens)}
        assert columns == {
            "pulse_answers": {"tenant", "week", "id", "sealed"},
            "pulse_tokens": {"tenant", "week", "token"},
        }

    @pytest.mark.parametrize("table", ["pulse_answers", "pulse_tokens", "pulse_weeks"])
    def test_there_are_no_row_numbers(self, pulse: Pulse, tmp_path: Path, table: str) -> None:
        fill(pulse)
        with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
            (made,) = connection.execute(
                "select sql from sqlite_master where name = ?", (table,)
            ).fetchone()
            assert "WITHOUT ROWID" in made
            with pytest.raises(sqlite3.OperationalError, match="rowid"):
                connection.execute(f"select rowid from {table}")

    def test_where_a_row_stands_in_the_file_does_not_tell_when_it_came(
        self, pulse: Pulse, database: Database, tmp_path: Path
    ) -> None:
        """Within a page SQLite lays rows out as they were written: who came last must not be last."""
        users = [f"p{n}" for n in range(12)]
        key = WeekKeys(tmp_path, "acme").made(WEEK)
        places = []
        for user in users:
            pulse.answer(WEEK, "pay", user, 3)
            raw = (tmp_path / "state.db").read_bytes()
            found = sorted(raw.index(row[2].encode()) for row in rows(tmp_path, "pulse_tokens"))  # type: ignore[attr-defined]
            mine = raw.index(key.token(user).encode())
            if len(found) > 3:
                places.append(found.index(mine) / (len(found) - 1))
        assert len(set(places)) > 3
        assert 0.1 < statistics.mean(places) < 0.9

    def test_a_score_looks_different_each_time_and_has_one_length(self) -> None:
        key = WeekKey(b"k" * 32)
        sealed = [key.seal(score) for score in (1, 2, 3, 4, 5) for _ in range(4)]
        assert len(set(sealed)) == 20
        assert {len(each) for each in sealed} == {58}
        assert [key.opened(each) for each in sealed[::4]] == [1, 2, 3, 4, 5]

    def test_a_key_of_another_week_opens_nothing_and_knows_nobody(self) -> None:
        one, two = WeekKey(b"1" * 32), WeekKey(b"2" * 32)
        assert one.token("jan") != two.token("jan")
        with pytest.raises(InvalidTag):
            two.opened(one.seal(3))

    def test_deleted_rows_are_gone_from_file_and_log(self, pulse: Pulse, tmp_path: Path) -> None:
        users = fill(pulse)
        key = WeekKeys(tmp_path, "acme").of(WEEK)
        assert key is not None
        (key_file,) = (tmp_path / "pulse-keys").glob("*.key")
        secret = key_file.read_bytes()
        tokens = [key.token(user).encode() for user in users]
        sealed = [str(row[3]).encode() for row in rows(tmp_path, "pulse_answers")]
        assert all(token in everything(tmp_path) for token in tokens)  # the search itself works
        pulse.close_before(NEXT)
        left = everything(tmp_path)
        assert not [each for each in (*tokens, *sealed, secret) if each in left]
        assert (tmp_path / "state.db-wal").stat().st_size == 0

    def test_an_earlier_answer_leaves_no_older_row_behind(
        self, pulse: Pulse, tmp_path: Path
    ) -> None:
        old: list[bytes] = []
        for place, score in enumerate(SCORES):
            pulse.answer(WEEK, "pay", f"p{place}", score)
            assert not [each for each in old if each in everything(tmp_path)]
            old += [str(row[2]).encode() for row in rows(tmp_path, "pulse_answers")]

    def test_the_database_alone_says_neither_who_nor_what(
        self, pulse: Pulse, tmp_path: Path
    ) -> None:
        users = fill(pulse)
        names = ("state.db", "state.db-wal")
        raw = b"".join((tmp_path / name).read_bytes() for name in names)
        assert not [user for user in users if user.encode() in raw]
        (key_file,) = (tmp_path / "pulse-keys").glob("*.key")
        assert key_file.read_bytes() not in raw
        assert key_file.read_bytes().hex().encode() not in raw

    def test_a_copy_made_during_the_week_is_noise_after_it(
        self, pulse: Pulse, tmp_path: Path
    ) -> None:
        users = fill(pulse)
        copied = rows(tmp_path, "pulse_answers"), rows(tmp_path, "pulse_tokens")
        pulse.close_before(NEXT)
        keys = WeekKeys(tmp_path, "acme")
        assert keys.of(WEEK) is None
        fresh = keys.made(WEEK)  # whatever key is made later is another one
        tokens = {row[2] for row in copied[1]}
        assert not tokens & {fresh.token(user) for user in users}
        for row in copied[0]:
            with pytest.raises(InvalidTag):
                fresh.opened(str(row[3]))

    def test_the_key_file_is_its_owners_alone(self, pulse: Pulse, tmp_path: Path) -> None:
        fill(pulse)
        folder = tmp_path / "pulse-keys"
        assert folder.stat().st_mode & 0o077 == 0
        assert all(f.stat().st_mode & 0o077 == 0 for f in folder.glob("*.key"))
        assert not list(folder.glob("*.new"))


def test_an_error_of_the_database_does_not_name_what_was_in_it(database: Database) -> None:
    from sqlalchemy import insert
    from sqlalchemy.exc import IntegrityError

    values = {"tenant": "acme", "week": WEEK, "token": "secret-token"}
    with pytest.raises(IntegrityError) as caught, database.write() as connection:
        connection.execute(insert(models.pulse_tokens), [values, values])
    assert "secret-token" not in str(caught.value)


def test_postgres_takes_the_tables_and_the_statements() -> None:
    """Compiled only: the state of this version stands in SQLite."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in (models.pulse_weeks, models.pulse_answers, models.pulse_tokens, models.mt_weeks):
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
    insert = postgresql.insert(models.pulse_weeks).values(tenant="t", week=WEEK)
    assert "ON CONFLICT DO NOTHING" in str(insert.on_conflict_do_nothing().compile(dialect=dialect))
