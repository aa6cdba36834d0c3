from __future__ import annotations

from bot.storage.database import Database
from bot.storage.questions import LONGEST, CoachQuestions
from bot.storage.repositories import PersonData
from tests.unit.bot.storage.conftest import NOW


def test_a_question_is_kept_with_what_was_found_and_judged_by_its_asker_alone(
    database: Database,
) -> None:
    questions = CoachQuestions(database, "acme")
    number = questions.keep("jan", NOW, "nl", "korting?", ["discount-for-something"], "answer")
    assert not questions.judge(number, "piet", "helpful")
    assert not CoachQuestions(database, "other").judge(number, "jan", "helpful")
    assert questions.judge(number, "jan", "helpful")
    [kept] = questions.all()
    assert (kept.question, kept.cards, kept.band, kept.feedback) == (
        "korting?", ("discount-for-something",), "answer", "helpful"
    )  # fmt: skip
    assert kept.at == NOW
    assert questions.counts() == {("answer", "helpful"): 1}
    assert CoachQuestions(database, "other").all() == []


def test_a_very_long_question_is_kept_in_part(database: Database) -> None:
    questions = CoachQuestions(database, "acme")
    questions.keep("jan", NOW, "nl", "x" * 5_000, [], "unknown")
    assert len(questions.all()[0].question) == LONGEST


def test_a_person_gets_and_erases_their_questions(database: Database) -> None:
    questions = CoachQuestions(database, "acme")
    questions.keep("jan", NOW, "nl", "mijn vraag", [], "unknown")
    questions.keep("piet", NOW, "nl", "zijn vraag", [], "unknown")
    people = PersonData(database, "acme")
    [mine] = people.export_person("jan")["coach_questions"]  # type: ignore[misc]
    assert mine["question"] == "mijn vraag"
    assert people.erase_person("jan")["coach_questions"] == 1
    assert [q.question for q in questions.all()] == ["zijn vraag"]
