"""What people said and did reaches the rules: verdicts, and questions that a card answers by now."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from analytics.situations.finding import Audience
from analytics.situations.rules import findings
from analytics.situations.view import View
from bot.people import TENANT
from bot.scheduling.signals import gathered
from bot.storage.questions import CoachQuestions
from bot.storage.verdicts import KeptVerdict, Verdicts
from tests.conftest import NOW, compose
from tests.snapshots import make

DAY = NOW.date()


def test_nothing_is_known_where_nothing_is_kept(tmp_path: Path) -> None:
    found = gathered(compose(tmp_path).services, TENANT, DAY)
    assert (found.verdicts, found.pulses, found.mt_weeks, found.answered) == ((), (), (), ())
    assert not (tmp_path / "state.db").exists()


def test_a_question_nobody_could_answer_is_told_once_a_card_answers_it(tmp_path: Path) -> None:
    services = compose(tmp_path).services
    questions = CoachQuestions(services.state.database(), TENANT)
    known = services.knowledge().cards["ask-for-the-introduction"].nl.examples[0]
    questions.keep("ann", NOW - dt.timedelta(days=5), "nl", known, (), "unknown")
    questions.keep("ann", NOW - dt.timedelta(days=30), "nl", known, (), "unknown")
    questions.keep("ann", NOW - dt.timedelta(days=4), "nl", known, (), "answer")
    questions.keep("ann", NOW - dt.timedelta(days=3), "nl", "qwxz vlorp bnik", (), "unknown")
    found = gathered(services, TENANT, DAY)
    assert [(a.question, a.card) for a in found.answered] == [(known, "ask-for-the-introduction")]
    view = View(make([]), DAY, found)
    (told,) = [f for f in findings(view, Audience.MT) if f.situation == "question-answered"]
    assert told.subject == "ask-for-the-introduction"


def test_verdicts_are_those_known_on_the_day(tmp_path: Path) -> None:
    services = compose(tmp_path).services
    kept = Verdicts(services.state.database(), TENANT)
    for days, deal in ((3, "D1"), (-1, "D2")):
        at = NOW - dt.timedelta(days=days)
        kept.keep(KeptVerdict(at, "ann", deal, f"Prospect {deal}", "decline", 10.0, deal_id=deal))
    assert [v.deal_id for v in gathered(services, TENANT, DAY).verdicts] == ["D1"]
