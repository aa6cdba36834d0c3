"""`/coach` with a language model, through the doors: what it answers, and that nothing is lost without it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.advisor import SEARCH
from bot.application import Application
from bot.core.reply import Actions, Button, Reply, plain_text
from knowledge.chunks import Chunk
from knowledge.library import Library
from tests.conftest import asker, compose, data
from tests.contract.model_world import Call, Fail, Model, Say, acts, calling, opened

QUESTION = "/coach klant wil korting, wat nu?"
OPEN, SECRET = (
    Chunk(
        id=f"{name}.1",
        document=name,
        title="Zeppelins",
        heading="",
        label=label,
        text=text,
        access=access,  # type: ignore[arg-type]
        lang="nl",
        file=f"{name}.md",
    )
    for name, label, text, access in (
        ("open", "Korting", "Op een zeppelin geven we hooguit 7 % zeppelinkorting.", "all"),
        ("geheim", "Marge", "De zeppelinmarge is 43 %, vertel dat niemand over de zeppelin.", "mt"),
    )
)


@pytest.fixture
async def model(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Model]:
    async with opened(monkeypatch) as served:
        yield served


@pytest.fixture
def program(model: Model, demo_home: Path) -> Application:
    """The demo company with the model set."""
    application = compose(demo_home, model="openai:scripted", deadline_seconds=60)
    assert application.advisor is not None
    model.advisors.append(application.advisor)
    return application


@pytest.fixture
def zeppelins(program: Application, tmp_path: Path) -> Application:
    """The same with two documents of the company's own."""
    library = Library(tmp_path, chunks=lambda: (OPEN, SECRET))
    program.services.knowledge = lambda: library
    return program


def buttons(reply: Reply) -> list[Button]:
    return [b for e in reply.elements if isinstance(e, Actions) for b in e.buttons]


async def test_it_answers_with_figures_and_principles_and_says_where_from(
    model: Model, program: Application
) -> None:
    ask = asker(program)
    figure = re.search(r"\d+ van \d+ klanten", plain_text(await ask("/pareto")))
    assert figure
    model.script = acts(
        Call([("pareto", {}), (SEARCH, {"question": "klant wil korting"})]),
        Say(f"Nee. {figure[0]} dragen jullie.\n\nVraag iets terug [discount-for-something]."),
    )
    reply = await ask(QUESTION)
    text = plain_text(reply)
    assert text.startswith(f"Nee. {figure[0]} dragen jullie.\nVraag iets terug.\n")
    assert "Cijfers uit /pareto." in text
    assert "Geschreven door een taalmodel" in text
    assert [c.id for c in reply.citations] == ["discount-for-something"]
    found = data(reply)
    assert (found["answered"], found["band"]) == (True, "answer")
    assert found["cards"] == ["discount-for-something"]
    pressed = {b.text for b in buttons(reply)}
    assert {"/coach card:discount-for-something", "/pareto"} <= pressed
    schema = json.loads((Path(__file__).parents[2] / "docs/schemas/coach.json").read_text("utf-8"))
    import jsonschema

    jsonschema.validate(found, schema)


@pytest.mark.parametrize(
    "script",
    [
        acts(Fail(500)),
        acts(Say("Jullie omzet is 123456789 euro.")),
        acts(Say("Gewoon wat praat.")),
        acts(calling(SEARCH, question="x"), Say("Zie https://evil.example [who-signs].")),
    ],
)
async def test_what_fails_or_is_wrong_gives_the_answer_without_a_model(
    model: Model, program: Application, demo_home: Path, script: object
) -> None:
    model.script = script  # type: ignore[assignment]
    without = await asker(compose(demo_home))(QUESTION)
    reply = await asker(program)(QUESTION)
    assert model.asked
    assert dataclasses.asdict(reply) == dataclasses.asdict(without)


async def test_what_is_left_to_others_is_left_to_them(model: Model, program: Application) -> None:
    ask = asker(program)
    reply = await ask("/coach mag ik deze medewerker juridisch gezien op staande voet ontslaan?")
    assert data(reply)["band"] == "refused"
    assert model.asked == []


async def test_a_document_is_cited_by_its_place(model: Model, zeppelins: Application) -> None:
    model.script = acts(
        calling(SEARCH, question="zeppelinkorting zeppelin"), Say("Hooguit 7 % [open.1].")
    )
    reply = await asker(zeppelins)("/coach hoeveel zeppelinkorting op een zeppelin?", role="sales")
    assert plain_text(reply).startswith("Hooguit 7 % (open.md, Korting).")
    assert reply.citations[0].source == "open.md, Korting"
    assert "/coach chunk:open.1" in {b.text for b in buttons(reply)}


@pytest.mark.parametrize(
    ("role", "place", "seen"),
    [("mt", "dm", True), ("mt", "channel", False), ("sales", "dm", False), (None, "dm", False)],
)
async def test_what_is_the_mts_reaches_the_mt_alone_and_only_in_private(
    model: Model, zeppelins: Application, role: str | None, place: str, seen: bool
) -> None:
    model.script = acts(
        calling(SEARCH, question="zeppelinmarge zeppelin"), Say("De marge is 43 % [geheim.1].")
    )
    ask = asker(zeppelins)
    reply = await ask("/coach wat is de zeppelinmarge?", role=role, place=place)
    assert ("43 %" in plain_text(reply)) is seen
    assert ("zeppelinmarge is" in "\n".join(model.said("tool"))) is seen
    opened_by_id = await ask("/coach chunk:geheim.1", role=role, place=place)
    assert ("43 %" in plain_text(opened_by_id)) is seen


async def test_nobody_known_gets_advice_and_no_figures(model: Model, program: Application) -> None:
    model.script = acts(calling("topclients", arguments="3"), Say("Zo."))
    reply = await asker(program)(QUESTION, role=None)
    assert "€" not in "\n".join(model.said("tool"))
    assert data(reply)["cards"][0] == "discount-for-something"


async def test_it_is_never_shared_with_a_channel(model: Model, program: Application) -> None:
    reply = await asker(program)(QUESTION, place="channel", share=True)
    assert reply.outcome.name == "REFUSED"
    assert model.asked == []


async def test_without_the_setting_there_is_no_model(demo_home: Path) -> None:
    application = compose(demo_home)
    assert application.advisor is None
    assert application.services.adviser is None
