"""`/pulse` and `/mtweek` as people meet them, week after week."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.application import Application, build
from bot.core.audit import AuditEvent
from bot.core.reply import Actions, Chart, Form, Outcome, Reply, Visibility, plain_text
from bot.core.request import Conversation, Place, Principal, Request, Role
from bot.pulse import closed_weeks
from bot.settings import Settings
from tests.conftest import Frozen, Remembered, data
from tests.snapshots import make

TUESDAY = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC)  # week 48, about pay
A_WEEK = dt.timedelta(weeks=1)


@dataclass(slots=True)
class Trail:
    """An audit that remembers."""

    events: list[AuditEvent] = field(default_factory=list)
    waits: bool = False

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)


@dataclass(slots=True)
class Company:
    """An empty company, its clock and its audit."""

    home: Path
    now: dt.datetime = TUESDAY
    time_zone: str = "Europe/Amsterdam"
    trail: Trail = field(default_factory=Trail)
    application: Application = field(init=False)

    def start(self) -> Company:
        """Start the program; a second time it is started anew over the same home."""
        self.application = build(
            Settings(home=self.home, time_zone=self.time_zone),
            home=self.home,
            clock=lambda: self.now,
            audit=self.trail,
            channels=Remembered({"C1"}),
        )
        self.application.services.snapshots = Frozen(make([("c1", "2026-10-01", 100)]))
        return self

    async def ask(
        self,
        text: str,
        user: str = "jan",
        *,
        role: str | None = "mt",
        place: str = "dm",
        locale: str = "en",
        share: bool = False,
        as_of: dt.date | None = None,
        time_zone: str = "Europe/Amsterdam",
    ) -> Reply:
        roles = frozenset({Role(role)}) if role else frozenset[Role]()
        principal = Principal("default", user, roles, locale, time_zone)
        where = Conversation(Place(place), "C1")
        asked = Request(principal, where, text, "test", as_of=as_of, share=share)
        return await self.application.answer(asked)

    async def answers(self, *scores: int) -> None:
        for place, score in enumerate(scores):
            reply = await self.ask(f"/pulse {score}", f"p{place}", role="sales")
            assert data(reply)["counted"] is True

    async def results(self, **more: Any) -> Any:
        return data(await self.ask("/pulse results", **more))


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path / "home").start()


def pressed(reply: Reply) -> list[str]:
    return [b.text for e in reply.elements if isinstance(e, Actions) for b in e.buttons]


class TestQuestion:
    @pytest.mark.parametrize("role", ["sales", "mt", "admin"])
    async def test_everybody_with_a_role_gets_it_and_may_answer(
        self, company: Company, role: str
    ) -> None:
        asked = await company.ask("/pulse", role=role)
        assert pressed(asked)[:5] == [f"/pulse {n}" for n in range(1, 6)]
        assert ("/pulse results" in pressed(asked)) == (role != "sales")
        answered = await company.ask(pressed(asked)[3], role=role)
        assert data(answered) | {"counted": True, "answered": True} == data(answered)
        assert not [text for text in pressed(answered) if text != "/pulse results"]

    async def test_looking_makes_no_database(self, company: Company) -> None:
        assert (await company.ask("/pulse")).outcome is Outcome.ANSWERED
        assert (await company.ask("/pulse results")).outcome is Outcome.ANSWERED
        assert not (company.home / "state.db").exists()

    async def test_the_first_answer_counts(self, company: Company) -> None:
        await company.ask("/pulse 2")
        again = await company.ask("pulse 5")
        assert (again.outcome, data(again)["counted"]) == (Outcome.ANSWERED, False)
        assert "first answer counts" in plain_text(again)
        assert data(await company.ask("/pulse"))["answered"] is True
        assert data(await company.ask("/pulse", "piet"))["answered"] is False

    async def test_no_answer_says_which_score_it_was(self, company: Company) -> None:
        thanks = {
            score: plain_text(await company.ask(f"/pulse {score}", f"p{score}", role="sales"))
            for score in range(1, 6)
        }
        assert len(set(thanks.values())) == 1

    @pytest.mark.parametrize(
        "text", ["/pulse 0", "/pulse 6", "pulse 4 5", "pulse vier", "pulse 3.5"]
    )
    async def test_what_is_no_score_is_told_how_to_mend(self, company: Company, text: str) -> None:
        reply = await company.ask(text)
        assert reply.outcome is Outcome.WRONG_REQUEST
        assert "1 to 5" in plain_text(reply)
        assert text.partition(" ")[2] not in plain_text(reply).replace("1 to 5", "")

    async def test_a_past_week_takes_no_answer(self, company: Company) -> None:
        reply = await company.ask("/pulse 4", as_of=dt.date(2026, 11, 10))
        assert reply.outcome is Outcome.WRONG_REQUEST
        assert data(await company.ask("/pulse"))["answered"] is False

    async def test_who_has_no_role_and_who_is_a_guest_cannot_answer(self, company: Company) -> None:
        assert (await company.ask("/pulse 4", role=None)).outcome is Outcome.REFUSED
        assert (await company.ask("/pulse 4", place="shared")).outcome is Outcome.REFUSED
        assert not (company.home / "pulse-keys").exists()

    @pytest.mark.parametrize("text", ["/pulse", "/pulse 4", "/pulse results", "/mtweek 60"])
    async def test_it_is_private_even_in_a_cleared_channel(
        self, company: Company, text: str
    ) -> None:
        reply = await company.ask(text, place="channel")
        assert reply.visibility is Visibility.EPHEMERAL
        assert not any(b.share for e in reply.elements if isinstance(e, Actions) for b in e.buttons)
        shared = await company.ask(text, place="channel", share=True)
        assert shared.outcome is Outcome.REFUSED
        assert "for you alone" in plain_text(shared)

    async def test_the_week_is_that_of_the_company(self, tmp_path: Path) -> None:
        sunday_night = dt.datetime(2026, 11, 29, 23, 30, tzinfo=dt.UTC)
        for zone, week in (("Europe/Amsterdam", "2026-W49"), ("America/New_York", "2026-W48")):
            company = Company(tmp_path / week, sunday_night, zone).start()
            assert data(await company.ask("/pulse", time_zone="Asia/Tokyo"))["week"] == week


class TestResults:
    @pytest.mark.parametrize(("role", "may"), [("sales", False), ("mt", True), ("admin", True)])
    async def test_they_are_for_the_mt(self, company: Company, role: str, may: bool) -> None:
        for text in ("/pulse results", "puls uitslag", "/pulse 4 results"):
            refused = (await company.ask(text, role=role)).outcome is Outcome.REFUSED
            assert refused != may

    async def test_nothing_shows_before_the_close(self, company: Company) -> None:
        before = await company.ask("/pulse results")
        await company.answers(1, 2, 3, 4, 5, 5)
        company.now = dt.datetime(2026, 11, 29, 22, 59, tzinfo=dt.UTC)  # a minute to midnight
        after = await company.ask("/pulse results")
        assert (plain_text(after), data(after)) == (plain_text(before), data(before))
        assert data(after)["weeks"] == []

    async def test_they_show_when_the_week_is_over(self, company: Company) -> None:
        await company.answers(4, 4, 3, 5, 2)
        company.now = dt.datetime(2026, 11, 29, 23, 0, tzinfo=dt.UTC)
        reply = await company.ask("/pulse results")
        (week,) = data(reply)["weeks"]
        assert week == {
            "week": "2026-W48", "start": "2026-11-23", "theme": "pay", "mean": 3.6,
            "bound": "EXACT", "answers_at_least": 5,
        }  # fmt: skip
        text = plain_text(reply)
        assert "Lowest is pay: 3.6 of 5 in week 48" in text
        assert "36.7%" in text
        for share in ("58.3 %", "53.3 %", "45.0 %", "36.7 %"):
            assert share in text
        (citation,) = reply.citations
        assert "Hinge" in citation.source
        assert data(await company.ask("/pulse"))["week"] == "2026-W49"

    async def test_four_answers_show_nothing_ever(self, company: Company) -> None:
        nothing = plain_text(await company.ask("/pulse results"))
        await company.answers(4, 4, 4, 4)
        company.now += A_WEEK
        assert plain_text(await company.ask("/pulse results")) == nothing
        assert (await company.results())["weeks"] == []

    async def test_a_week_closes_at_the_next_start(self, company: Company) -> None:
        await company.answers(4, 4, 3, 5, 2)
        company.now += 3 * A_WEEK
        later = company.start()
        async with later.application.running(), asyncio.timeout(20):
            while list((company.home / "pulse-keys").glob("*.key")):
                await asyncio.sleep(0.01)
        assert [w.week for w in closed_weeks(later.application.services, 9)] == ["2026-W48"]

    async def test_an_earlier_day_shows_what_was_over_then(self, company: Company) -> None:
        await company.answers(4, 4, 3, 5, 2)
        company.now += 2 * A_WEEK
        assert (await company.results(as_of=dt.date(2026, 11, 28)))["weeks"] == []
        assert len((await company.results(as_of=dt.date(2026, 11, 29)))["weeks"]) == 1

    async def test_asking_for_a_later_day_closes_nothing(self, company: Company) -> None:
        await company.answers(4, 4, 3, 5, 2)
        assert (await company.results(as_of=dt.date(2027, 1, 1)))["weeks"] == []
        assert data(await company.ask("/pulse", "p1"))["answered"] is True

    async def test_rounds_make_a_trend(self, company: Company) -> None:
        for drop in range(12):
            top = 4 if drop < 6 else 3
            await company.answers(top, top, top, top, 2)
            company.now += A_WEEK
        reply = await company.ask("/pulse results")
        found = data(reply)
        assert len(found["weeks"]) == 12
        assert all(row["latest"] for row in found["themes"])
        assert {row["change"] for row in found["themes"]} == {-0.8}
        (chart,) = [e for e in reply.elements if isinstance(e, Chart)]
        trend = [y for _x, y in chart.series[0].points]
        assert (trend[0], trend[-1]) == (3.6, 2.8)
        assert trend == sorted(trend, reverse=True)
        assert all(1 <= y <= 5 for s in chart.series for _x, y in s.points)

    @pytest.mark.parametrize(
        ("score", "said"), [(5, "4.5 or higher"), (1, "1.5 or lower")]
    )  # fmt: skip
    async def test_a_mean_that_would_say_what_everybody_said_is_told_as_a_bound(
        self, company: Company, score: int, said: str
    ) -> None:
        await company.answers(*(score,) * 5)
        company.now += A_WEEK
        text = plain_text(await company.ask("/pulse results"))
        assert said in text
        assert f" {score}.0" not in text

    async def test_what_was_closed_never_changes(self, company: Company) -> None:
        await company.answers(4, 4, 3, 5, 2)
        company.now += A_WEEK
        before = (await company.results())["weeks"]
        company.now -= A_WEEK  # a clock set back
        late = await company.ask("/pulse 1", "late")
        assert data(late)["counted"] is False
        company.now += A_WEEK
        assert (await company.results())["weeks"] == before


class TestNoRecord:
    async def test_only_looking_at_results_is_audited(self, company: Company) -> None:
        for text in ("/pulse", "/pulse 4", "pulse 4", "/pulse 9", "/ballotage pulse 3", "puls: 2"):
            await company.ask(text)
        await company.ask("/pulse 4", "stranger", role=None)
        assert company.trail.events == []
        await company.ask("/pulse results")
        await company.ask("/pulse 4 results")
        assert [event.command for event in company.trail.events] == ["pulse", "pulse"]
        assert not any("4" in str(event.arguments) for event in company.trail.events)

    async def test_the_log_says_nothing_at_any_level(
        self, company: Company, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            await company.ask("/pulse 4", "jan.jansen")
            await company.ask("/pulse 5", "jan.jansen")
            company.now += A_WEEK
            await company.ask("/pulse results")
        assert "jan.jansen" not in caplog.text
        assert "pulse_answers" not in caplog.text

    async def test_a_database_that_fails_is_logged_without_who_or_what(
        self, company: Company, caplog: pytest.LogCaptureFixture
    ) -> None:
        await company.ask("/pulse 4", "first")
        with company.application.services.state.database().write() as connection:
            connection.exec_driver_sql("drop table pulse_answers")
        broken = await company.ask("/pulse 4", "jan.jansen")
        assert broken.outcome is Outcome.FAILED
        assert "pulse_answers" in caplog.text  # the failure itself is there
        assert "jan.jansen" not in caplog.text
        assert "hidden" in caplog.text

    async def test_no_file_of_the_home_names_who_answered(self, company: Company) -> None:
        for place in range(6):
            await company.ask(f"/pulse {place % 5 + 1}", f"somebody-{place}@acme.example")
        everything = b"".join(p.read_bytes() for p in company.home.rglob("*") if p.is_file())
        assert b"pulse_tokens" in everything
        assert b"somebody" not in everything


class TestMtWeek:
    async def test_it_is_last_week_and_for_the_mt(self, company: Company) -> None:
        found = data(await company.ask("/mtweek 60"))
        assert (found["week"], found["start"], found["end"]) == (
            "2026-W47", "2026-11-16", "2026-11-22",
        )  # fmt: skip
        assert found["entered"] == 0.6
        assert data(await company.ask("/mtweek", role="admin"))["entered"] == 0.6
        assert (await company.ask("/mtweek 60", role="sales")).outcome is Outcome.REFUSED

    @pytest.mark.parametrize(
        "text", ["/mtweek 60", "mtweek 60%", "/mtweek 60 %", "mtweek share=60"]
    )
    async def test_a_share_in_any_form(self, company: Company, text: str) -> None:
        assert data(await company.ask(text))["entered"] == 0.6

    @pytest.mark.parametrize(
        "text", ["/mtweek 101", "/mtweek -5", "/mtweek 60 70", "/mtweek veel", "/mtweek 12.5",
                 "/mtweek hours=4"]
    )  # fmt: skip
    async def test_what_is_no_share_is_told_how_to_mend(self, company: Company, text: str) -> None:
        reply = await company.ask(text)
        assert reply.outcome is Outcome.WRONG_REQUEST
        assert "/mtweek 60" in plain_text(reply)
        assert data(await company.ask("/mtweek"))["entered"] is None

    async def test_again_replaces_and_the_form_goes(self, company: Company) -> None:
        asked = await company.ask("/mtweek")
        (form,) = [e for e in asked.elements if isinstance(e, Form)]
        await company.ask(f"{form.text} {form.inputs[0].name}=40")
        reply = await company.ask("/mtweek 70")
        assert data(reply)["own"] == [{"week": "2026-W47", "start": "2026-11-16", "share": 0.7}]
        assert not [e for e in reply.elements if isinstance(e, Form)]
        assert "10 points to the 80%" in plain_text(reply)

    async def test_nobody_sees_anothers_figure(self, company: Company) -> None:
        await company.ask("/mtweek 37", "jan")
        await company.ask("/mtweek 41", "piet")
        shown = await company.ask("/mtweek", "klaas")
        assert data(shown)["own"] == data(shown)["team"] == []
        assert not [n for n in ("37", "41", "39") if n in plain_text(shown)]

    async def test_from_three_up_the_team_has_an_average(self, company: Company) -> None:
        for user, share in (("jan", 30), ("piet", 50), ("klaas", 70)):
            entered = await company.ask(f"/mtweek {share}", user)
            assert data(entered)["team"] == []
        found = data(await company.ask("/mtweek", "jan"))
        assert found["team"] == [
            {"week": "2026-W47", "start": "2026-11-16", "average": 0.5, "members": 3}
        ]
        assert found["own"][0]["share"] == 0.3

    async def test_weeks_make_a_trend_against_the_goal(self, company: Company) -> None:
        for share in (40, 55, 70):
            await company.ask(f"/mtweek {share}")
            company.now += A_WEEK
        reply = await company.ask("/mtweek")
        (chart,) = [e for e in reply.elements if isinstance(e, Chart)]
        assert [y for _x, y in chart.series[0].points] == [40, 55, 70]
        assert {y for _x, y in chart.series[1].points} == {80}

    async def test_the_week_is_that_of_the_person(self, company: Company) -> None:
        company.now = dt.datetime(2026, 11, 29, 23, 30, tzinfo=dt.UTC)
        weeks = [
            data(await company.ask("/mtweek", time_zone=zone))["week"]
            for zone in ("America/New_York", "Europe/Amsterdam")
        ]
        assert weeks == ["2026-W47", "2026-W48"]

    async def test_an_earlier_day_is_the_week_before_it_a_later_one_is_today(
        self, company: Company
    ) -> None:
        early = data(await company.ask("/mtweek 20", as_of=dt.date(2026, 11, 3)))
        assert early["week"] == "2026-W44"
        assert data(await company.ask("/mtweek", as_of=dt.date(2027, 6, 1)))["week"] == "2026-W47"

    async def test_the_audit_says_that_one_was_given_not_which(self, company: Company) -> None:
        await company.ask("/mtweek 63")
        await company.ask("/mtweek share=63")
        assert len(company.trail.events) == 2
        assert not any("63" in str(event.arguments) for event in company.trail.events)
