from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import app
from bot.asked import StoredQuestions
from bot.core.reply import Actions, Button, Outcome, Reply, plain_text
from bot.storage.sink import StoredAudit
from knowledge.chunks import Chunk
from knowledge.library import Library
from tests.conftest import Ask, asker, compose, data

SECRET = Chunk(
    id="abc123-1",
    document="abc123",
    title="Zeppelins",
    heading="Prijzen",
    label="",
    text="Een zeppelin kost bij ons nooit minder dan het onderhoudscontract van zeven jaar.",
    access="mt",
    lang="nl",
    file="zeppelins.md",
)


def buttons(reply: Reply) -> list[Button]:
    return [b for e in reply.elements if isinstance(e, Actions) for b in e.buttons]


async def test_it_answers_with_a_card_its_steps_and_its_source(ask: Ask) -> None:
    reply = await ask("/coach prospect wil 20 % korting, geven we die?")
    found = data(reply)
    assert (found["answered"], found["band"]) == (True, "answer")
    assert found["cards"][0] == "discount-for-something"
    assert found["principle"] == "client-is-no-king"
    [citation] = reply.citations
    assert (citation.id, citation.topic) == ("discount-for-something", "discount")
    assert "vraag 1" in citation.source
    text = plain_text(reply)
    assert "Geen korting zonder wederdienst" in text
    assert "1. Leg van tevoren vast" in text
    assert "Vraag jezelf:" in text


async def test_it_answers_in_the_askers_language(ask: Ask) -> None:
    reply = await ask("/coach prospect wil 20 % korting, geven we die?", locale="en")
    assert "No discount without something in return" in plain_text(reply)


async def test_what_is_coaching_is_marked(ask: Ask) -> None:
    assert "coaching: ons eigen advies" in plain_text(
        await ask("/coach card:ask-for-the-introduction")
    )
    assert "Coaching van onszelf" in plain_text(await ask("/coach card:one-client-too-heavy"))


async def test_facts_stand_verbatim_with_their_source(ask: Ask) -> None:
    text = plain_text(await ask("/coach waarom nemen mensen ontslag"))
    assert "leiderschap 58,3 %, cultuur 53,3 %" in text
    assert "Hinge Research Institute" in text


async def test_buttons_open_the_source_and_two_related_cards(ask: Ask) -> None:
    found = buttons(await ask("/coach waarom nemen mensen ontslag"))
    opens = [b.text for b in found if b.text.startswith("/coach card:")]
    assert opens[0] == "/coach card:why-they-leave"
    assert len(opens) == 3
    for line in opens:
        reply = await ask(line)
        assert data(reply)["cards"] == [line.removeprefix("/coach card:")]


@pytest.mark.parametrize(
    ("question", "figure"),
    [
        ("hoeveel topklanten is normaal", "brengen 80 % van de omzet"),
        ("waar komen onze beste klanten vandaan", "topklanten kwamen binnen via"),
        ("wat is ars en hoe bereken je het", "van de omzet"),
        ("klant is stil en bestelt niet meer", "topklant"),
    ],
)
async def test_own_figures_stand_beside_a_card_for_who_may_see_them(
    ask: Ask, question: str, figure: str
) -> None:
    shown = plain_text(await ask(f"/coach {question}"))
    assert "Bij jullie, 12 maanden" in shown
    assert figure in shown
    assert "Bij jullie" not in plain_text(await ask(f"/coach {question}", role=None))


async def test_no_figure_is_shown_where_the_role_may_see_none(
    demo_home: Path,
) -> None:
    ask = asker(compose(demo_home, rep_revenue="none"))
    text = plain_text(await ask("/coach hoeveel topklanten is normaal", role="sales"))
    assert "Bij jullie" not in text


async def test_it_works_before_any_data(tmp_path: Path) -> None:
    ask = asker(compose(tmp_path))
    reply = await ask("/coach hoeveel topklanten is normaal")
    assert data(reply)["answered"] is True
    assert "Bij jullie" not in plain_text(reply)


async def test_it_says_when_it_does_not_know(ask: Ask) -> None:
    reply = await ask("/coach qwxz vbnm plok")
    assert data(reply) == {"answered": False, "band": "unknown", "principle": None, "cards": []}
    assert "Dat weet ik niet" in plain_text(reply)
    assert reply.outcome is Outcome.ANSWERED
    assert not reply.citations


async def test_it_sends_elsewhere_what_is_not_its_own(ask: Ask) -> None:
    reply = await ask("/coach hoeveel btw moet ik rekenen voor een Belgische klant")
    assert data(reply)["band"] == "refused"
    assert data(reply)["answered"] is False
    assert reply.citations[0].topic == "not-tax"
    assert "accountant" in plain_text(reply)


async def test_an_empty_question_gets_examples_that_work(ask: Ask) -> None:
    reply = await ask("/coach")
    assert len(buttons(reply)) == 3
    for button in buttons(reply):
        assert data(await ask(button.text))["answered"] is True


async def test_a_question_that_is_too_long_is_told(ask: Ask) -> None:
    reply = await ask("/coach " + "korting " * 1_500, locale="en")
    assert reply.outcome is Outcome.WRONG_REQUEST
    assert "4000" in plain_text(reply)


async def test_another_language_is_answered_in_english_and_said(ask: Ask) -> None:
    reply = await ask("/coach Wie bekomme ich mehr Referrals von unseren Kunden?")
    text = plain_text(reply)
    assert "I speak Dutch and English" in text
    assert "Vraag jezelf" not in text


async def test_periods_in_a_question_stay_words(ask: Ask) -> None:
    assert data(await ask("/coach prijsverhoging vorig jaar, klant boos over te duur"))["answered"]


@pytest.fixture
def keeping(demo_home: Path, tmp_path: Path) -> Ask:
    """The demo company's coach, with its questions kept elsewhere."""
    return asker(compose(demo_home, questions=StoredQuestions(StoredAudit(tmp_path))))


async def test_feedback_is_kept_and_counted(keeping: Ask) -> None:
    reply = await keeping("/coach korting geven?")
    helpful, unhelpful = (b.text for b in buttons(reply) if "helpful:" in b.text)
    assert "Dank je" in plain_text(await keeping(helpful))
    second = await keeping("/coach klant wil korting")
    judged = next(b.text for b in buttons(second) if "unhelpful:" in b.text)
    await keeping(judged)
    await keeping("/coach qwxz vbnm")
    stats: Any = data(await keeping("/coach stats"))["stats"]
    assert stats == {
        "questions": 3,
        "bands": {"answer": 2, "closest": 0, "unknown": 1, "refused": 0},
        "helpful": 1,
        "unhelpful": 1,
    }
    assert unhelpful != helpful


async def test_stats_are_for_the_mt_and_admins(keeping: Ask) -> None:
    assert (await keeping("/coach stats", role="sales")).outcome is Outcome.REFUSED
    assert (await keeping("/coach stats", role="admin")).outcome is Outcome.ANSWERED


@pytest.mark.parametrize("line", ["helpful:999", "unhelpful:x", "card:nonsense", "chunk:zz-1"])
async def test_a_button_of_something_gone_says_what_to_do(keeping: Ask, line: str) -> None:
    reply = await keeping(f"/coach {line}")
    assert reply.outcome is Outcome.WRONG_REQUEST
    assert len(plain_text(reply)) > 20


async def test_a_document_answers_with_its_place_and_only_for_who_may_read_it(
    demo_home: Path, tmp_path: Path
) -> None:
    application = compose(demo_home)
    library = Library(tmp_path, chunks=lambda: (SECRET,))
    application.services.knowledge = lambda: library
    ask = asker(application)
    question = "/coach wat kost een zeppelin zonder onderhoudscontract"
    reply = await ask(question, role="mt")
    assert "nooit minder dan het onderhoudscontract" in plain_text(reply)
    assert reply.citations[0].source == "zeppelins.md, Prijzen"
    for role in ("sales", None):
        other = await ask(question, role=role)
        assert "onderhoudscontract van zeven" not in plain_text(other)
        refused = await ask("/coach chunk:abc123-1", role=role)
        assert refused.outcome is Outcome.WRONG_REQUEST
    library.close()


async def test_what_went_unanswered_is_grouped(demo_home: Path, tmp_path: Path) -> None:
    ask = asker(compose(demo_home, questions=StoredQuestions(StoredAudit(tmp_path))))
    for question in ("qwxz vbnm plok", "qwxz vbnm plokken", "zjjk wwqq", "klant wil korting"):
        await ask(f"/coach {question}")
    told = await ask("/coach korting geven?")
    await ask(next(b.text for b in buttons(told) if "unhelpful:" in b.text))
    run = CliRunner().invoke(
        app.app, ["knowledge", "gaps", "--home", str(tmp_path), "--format", "json"]
    )
    gaps = json.loads(run.stdout)["gaps"]
    assert [gap["count"] for gap in gaps] == [2, 1, 1]
    assert set(gaps[0]["questions"]) == {"qwxz vbnm plok", "qwxz vbnm plokken"}
    judged = next(gap for gap in gaps if gap["questions"] == ["korting geven?"])
    assert judged["card"] == "discount-for-something"
    shown = CliRunner().invoke(app.app, ["knowledge", "gaps", "--home", str(tmp_path)])
    assert shown.stdout.startswith("2x  ")
    empty = CliRunner().invoke(app.app, ["knowledge", "gaps", "--home", str(tmp_path / "none")])
    assert empty.exit_code == 0
