from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import DataError
from bot.core.command import discover
from bot.core.router import understand
from bot.errors import UserError

REGISTRY = discover()
CLIENTS = {"Van Dijk": "K1", "Acme": "K2"}


def mentioned(text: str) -> str | None:
    found = [code for name, code in CLIENTS.items() if name in text]
    return found[0] if len(found) == 1 else None


def read(text: str) -> tuple[str, str]:
    found = understand(text, REGISTRY, mentioned)
    return found.command.name, found.line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("wie zijn onze grootste klanten dit jaar?", "topclients this-year"),
        ("Wie zijn onze beste klanten", "topclients"),
        ("welke vijf klanten brengen de meeste omzet", "topclients 5"),
        ("top 10 klanten van 2025", "topclients 10 2025"),
        ("toon de top 3 klanten in maart 2026", "topclients 3 2026-03"),
        ("who are our biggest customers last year?", "topclients last-year"),
        ("Who brings most of our revenue?", "topclients"),
        ("show me our top clients of Q3 2025", "topclients 2025-q3"),
        ("waar komen onze beste klanten vandaan?", "sources"),
        ("waar komt onze omzet vandaan in 2025", "sources 2025"),
        ("how did our clients come in?", "sources"),
        ("where do our best customers come from", "sources"),
        ("welk kanaal brengt de meeste klanten", ""),
        ("welke bron levert de beste klanten", "sources"),
        ("hoe afhankelijk zijn we van een paar klanten", "pareto"),
        ("how many clients bring 80% of revenue", "pareto"),
        ("laat de curve zien", "pareto"),
        ("wat is onze ARS?", "ars"),
        ("hoeveel omzet haalt sales zelf binnen", "ars"),
        ("how much revenue does sales bring in", "ars"),
        ("hoeveel omzet doen we met Van Dijk dit jaar?", "client K1 this-year"),
        ("hoe gaat het met Van Dijk", "client K1"),
        ("tell me about Acme", "client K2"),
        ("wat als we Van Dijk verliezen?", "whatif lose K1"),
        ("what if Acme leaves", "whatif lose K2"),
        ("wat hebben onze topklanten gemeen", "profile"),
        ("hoe actueel zijn de cijfers", "status"),
        ("wat kun je allemaal?", "help"),
        ("what can I ask", "help"),
    ],
)
def test_a_question_that_is_a_command_becomes_it(text: str, line: str) -> None:
    assert read(text) == (line.partition(" ")[0] or "coach", line)


@pytest.mark.parametrize(
    "text",
    [
        "hoe hou ik onze beste klanten vast?",
        "how do I keep our best clients",
        "moet ik onze grootste klant korting geven",
        "waarom lopen onze beste klanten weg",
        "prospect wil 20 % korting voor hij de baas gesproken heeft, wat nu?",
        "klant wil 20% korting",
        "klant betaalt niet en ik moet hem elke week bellen",
        "client keeps asking for free work, what now",
        "top, maar hoe vraag ik om een introductie?",
        "help, mijn beste verkoper wil weg",
        "data is te slecht om iets te zeggen, wat doe ik daarmee",
        "korting",
        "te duur",
        "team futloos",
        "Wie kann ich mehr Kunden gewinnen?",
        "onze grootste klant is boos",
        "💸",
        "x " * 1_900,
    ],
)
def test_any_other_sentence_goes_to_the_coach_as_it_stands(text: str) -> None:
    found = understand(text, REGISTRY, mentioned)
    assert (found.command.name, found.line) == ("coach", "")
    assert found.args.text == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("topklanten 5 2025", "topclients"),
        ("klant Van Dijk", "client"),
        ("klant De Boer Techniek", "client"),
        ("client Acme", "client"),
        ("bronnen", "sources"),
        ("status", "status"),
        ("hoi", "help"),
        ("", "help"),
        ("/klant wil korting", "client"),
        ("/ballotage help", "help"),
        ("whatif lose Acme", "whatif"),
        ("klant Van Dijk, hoe gaat het daar mee?", "client"),
    ],
)
def test_what_is_typed_as_a_command_stays_one(text: str, command: str) -> None:
    assert read(text)[0] == command


@pytest.mark.parametrize(
    ("text", "meant"),
    [("topklantn", "/topklanten"), ("bronen 2025", "/bronnen"), ("topclinets 5 2025", "/topclients"),
     ("staus", "/status")],
)  # fmt: skip
def test_a_mistyped_command_is_guessed(text: str, meant: str) -> None:
    with pytest.raises(UserError, match=meant):
        read(text)


@pytest.mark.parametrize("text", ["/korting", "/zzzz", "/wie zijn onze grootste klanten"])
def test_a_slash_is_never_free_text(text: str) -> None:
    with pytest.raises(UserError, match="/ballotage help"):
        read(text)


def test_arguments_that_do_not_fit_are_still_told() -> None:
    with pytest.raises(UserError, match="Usage"):
        read("topklanten gisteren")


def test_a_text_that_is_too_long_says_so() -> None:
    with pytest.raises(UserError, match="4000"):
        read("korting " * 1_000)


def test_no_text_takes_long() -> None:
    # Texts made of the patterns' own words are the worst a backtracking search can get.
    started = time.process_time()
    for text in ("waar klanten " * 300, "wie grootste " * 14, "hoe klanten " * 16, "welke " * 600):
        understand(text, REGISTRY, mentioned)
    assert time.process_time() - started < 5.0


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120))
def test_whatever_is_typed_is_understood_or_one_clear_line(text: str) -> None:
    line = ""
    try:
        understand(text, REGISTRY, mentioned)
    except (UserError, DataError) as error:
        line = str(error)
    assert len(line.splitlines()) <= 1
