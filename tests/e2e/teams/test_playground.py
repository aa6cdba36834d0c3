"""The Teams client pressed through in Chromium: chats, group, buttons, refusals.

With BALLOTAGE_SHOTS=1 the pictures of the documentation are taken anew on the way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import compose
from tests.e2e.browser import chromium, launch
from tests.e2e.prospects import by_verdict
from tests.e2e.teams.playground import CLIENT, GROUP, NODE, Client, Person, playground, served

PICTURES = Path(__file__).parents[3] / "docs" / "img"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        NODE is None or not CLIENT.is_file(),
        reason="install the client: npm ci --prefix tests/e2e/teams",
    ),
    pytest.mark.skipif(
        chromium() is None,
        reason="no Chromium found: install it (Debian: apt install chromium) or set CHROMIUM",
    ),
]
HEADLINE = re.compile(r"\d+ van \d+ klanten \([\d,]+ %\) brengen 80 % van €")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as running:
        found = launch(running)
        yield found
        found.close()


def person(demo_home: Path, role: str) -> Person:
    people = compose(demo_home).snapshots.current().people
    row = people[(people["role"] == role) & (people["locale"] == "nl")].iloc[0]
    return Person(str(row["name"]), str(row["user"]))


@pytest.fixture
def client(
    request: pytest.FixtureRequest, demo_home: Path, tmp_path: Path, browser: Browser
) -> Iterator[Client]:
    """The client with somebody at it: a role's person, or a stranger; and cleared groups."""
    role, cleared = request.param
    who = person(demo_home, role) if role else Person("Vera Vreemd", "vera@elders.example")
    application = compose(demo_home, cleared=cleared)
    with (
        served(application, tmp_path / "state") as door,
        playground(door, who, tmp_path / "client") as url,
    ):
        found = Client(browser, url)
        yield found
        found.close()


def shot(client: Client, name: str) -> None:
    if os.environ.get("BALLOTAGE_SHOTS"):
        PICTURES.mkdir(parents=True, exist_ok=True)
        client.picture(PICTURES / f"teams-{name}.png")


@pytest.mark.parametrize("client", [("mt", frozenset[str]())], indirect=True)
def test_the_personal_chat(client: Client) -> None:
    client.see("Wie zijn onze topklanten?")  # the welcome, unasked and once
    shot(client, "welcome-nl")
    client.press("Wie zijn onze topklanten?")  # in place of the welcome
    client.see("brengen 80 % van €")
    assert HEADLINE.search(client.words())
    assert "Wie zijn onze topklanten?" not in client.words()
    client.say("/topklanten 5")
    client.see("brengen 80 % van €", count=2)
    shot(client, "topclients-nl")
    client.press("Curve")
    client.see("HHI (0 tot 10.000)")
    assert client.words().count("brengen 80 % van €") == 2  # in place, not below
    assert client.charts() == 1
    shot(client, "curve-in-place-nl")
    client.say("topklanten")  # without the slash
    client.see("brengen 80 % van €", count=3)


@pytest.mark.parametrize("client", [("sales", frozenset({GROUP}))], indirect=True)
def test_a_group_sees_no_figures_until_they_are_shared(client: Client) -> None:
    client.see("Wie zijn onze topklanten?")
    client.open("Verkoop")
    client.mention("topklanten 5")
    client.see("ik heb je privé geantwoord")
    assert "€" not in client.words()
    shot(client, "group-private-nl")
    client.open("Personal Chat")
    client.see("brengen 80 % van €")
    client.press("Delen in kanaal")
    client.open("Verkoop")
    client.see("Gedeeld door")
    assert HEADLINE.search(client.words())
    shot(client, "group-shared-nl")


@pytest.mark.parametrize("client", [("sales", frozenset[str]())], indirect=True)
def test_a_group_that_was_not_cleared_has_nothing_to_share(client: Client) -> None:
    client.see("Wie zijn onze topklanten?")
    client.open("Verkoop")
    client.mention("topklanten 5")
    client.see("ik heb je privé geantwoord")
    client.open("Personal Chat")
    client.see("brengen 80 % van €")
    assert "Delen in kanaal" not in client.words()


@pytest.mark.parametrize("client", [("", frozenset[str]())], indirect=True)
def test_a_stranger_is_refused(client: Client) -> None:
    client.say("/topclients")
    client.see("I do not know you yet")
    assert "€" not in client.words()
    shot(client, "refusal-en")
    client.say("hoi")
    client.see("/ballotage help")


@pytest.mark.parametrize("client", [("mt", frozenset[str]())], indirect=True)
def test_the_ballotage_of_three_prospects(client: Client, demo_home: Path) -> None:
    client.see("Wie zijn onze topklanten?")
    names = by_verdict(compose(demo_home))
    words = {"admit": "toelaten", "waitlist": "wachtlijst", "decline": "afwijzen"}
    for verdict, word in words.items():
        client.say(f"kwalificeer {names[verdict]}")
        client.see(f"· {word},")
        shot(client, f"qualify-{verdict}-nl")
    client.say("kwalificeer Nieuw Bedrijf BV")
    client.see("Gaat het deze prospect alleen om de prijs?")
    shot(client, "qualify-form-nl")
