"""A day in Slack: `serve` on a Slack server that is not ours, over HTTP, and each scene drawn.

With BALLOTAGE_SHOTS=1 the pictures of the documentation are drawn anew on the way.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import compose
from tests.e2e.browser import chromium
from tests.e2e.slack.painter import paint
from tests.e2e.slack.workspace import Json, Person, Workspace, buttons, missing, workspace

PICTURES = Path(__file__).parents[3] / "docs" / "img"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(bool(missing()), reason=missing() or "all is there"),
    pytest.mark.skipif(
        chromium() is None,
        reason="no Chromium found: install it (Debian: apt install chromium) or set CHROMIUM",
    ),
]
HEADLINE = re.compile(r"\d+ van \d+ klanten \([\d,]+ %\) brengen 80 % van €")
PRIVATE = "Alleen zichtbaar voor jou"
SHARE = "Delen in kanaal"

Draw = Callable[..., Awaitable[str]]


def people(home: Path) -> dict[str, Person]:
    """Somebody of each role, and a stranger; the server has an `admin` of its own already."""
    table = compose(home).snapshots.current().people
    dutch = table[table["locale"] == "nl"]
    out = {}
    for who, role in (("mt", "mt"), ("sales", "sales"), ("boss", "admin")):
        row = dutch[dutch["role"] == role].iloc[0]
        out[who] = Person(str(row["name"]), str(row["user"]))
    newcomer = dutch[dutch["role"] == "sales"].iloc[1]
    out["newcomer"] = Person(str(newcomer["name"]), str(newcomer["user"]))
    return out | {"stranger": Person("Vera Vreemd", "vera@elders.example")}


@pytest.fixture(scope="module")
def company(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company, to write in."""
    return Path(shutil.copytree(demo_home, tmp_path_factory.mktemp("slack") / "home"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    company: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Workspace]:
    async with workspace(company, people(company), tmp_path_factory.mktemp("logs")) as made:
        yield made


@pytest.fixture
def slack(running: Workspace) -> Any:
    """The workspace; afterwards nothing was sent that Slack would have refused."""
    yield running
    assert running.faults == []


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the painter keeps its script between pictures."""
    return tmp_path_factory.mktemp("painter")


@pytest.fixture
def draw(slack: Workspace, studio: Path) -> Draw:
    """Draw a chat and return the words in the picture."""

    async def drawn(name: str, *messages: Json, title: str = "# deals", width: int = 720) -> str:
        wanted = PICTURES / f"slack-{name}.png" if os.environ.get("BALLOTAGE_SHOTS") else None
        words = await paint(title, list(messages), slack.names, studio, wanted, width=width)
        return plain(words)

    return drawn


def said(slack: Workspace, who: str, text: str, *, mention: bool = False) -> Json:
    """What a person typed, to be drawn."""
    bot = [{"type": "user", "user_id": slack.people["ballotage"]}] if mention else []
    elements = [*bot, {"type": "text", "text": f" {text}" if mention else text}]
    block = {"type": "rich_text",
             "elements": [{"type": "rich_text_section", "elements": elements}]}  # fmt: skip
    return {"name": slack.names[slack.people[who]], "time": 1795511400000, "blocks": [block]}


def pressed(slack: Workspace, who: str, label: str) -> Json:
    """A pressed button, to be drawn."""
    return {"event": f"{slack.names[slack.people[who]]} drukt op [ {label} ]"}


def answered(message: Json, *, private: bool = True) -> Json:
    """What the bot sent, to be drawn."""
    return {"name": "Ballotage", "time": 1795511400000, "blocks": message["blocks"], "bot": True,
            "note": PRIVATE if private else ""}  # fmt: skip


def plain(words: str) -> str:
    """Words with plain spaces."""
    return words.replace("\u00a0", " ").replace("\u202f", " ")


def text_of(message: Json) -> str:
    """Every text in a message."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.extend(v for k, v in value.items() if k in ("text", "name") and type(v) is str)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(message)
    return plain("\n".join(found))


def labels(message: Json) -> list[str]:
    return [button["text"]["text"] for button in buttons(message)]


def kinds(message: Json) -> list[str]:
    return [block["type"] for block in message["blocks"]]


async def everything_posted(slack: Workspace, channel: str = "deals") -> str:
    """What everyone in a channel can read."""
    return text_of({"all": await slack.messages(channel)})


async def test_a_slash_command_is_answered_to_the_asker_alone(slack: Workspace, draw: Draw) -> None:
    answer = await slack.command("mt", "/topklanten 5")
    assert answer["response_type"] == "ephemeral"
    (table,) = [block for block in answer["blocks"] if block["type"] == "table"]
    assert len(table["rows"]) == 6
    assert HEADLINE.search(plain(answer["text"]))
    assert "€" not in await everything_posted(slack)
    words = await draw("topclients-nl", said(slack, "mt", "/topklanten 5"), answered(answer))
    assert HEADLINE.search(words)


async def test_the_same_command_by_its_english_name(slack: Workspace) -> None:
    answer = await slack.command("mt", "/topclients")
    assert HEADLINE.search(plain(answer["text"]))


async def test_a_mention_in_a_thread_is_answered_there_to_the_asker_alone(
    slack: Workspace, draw: Draw
) -> None:
    question = "Acme BV wil 50 licenties. Waar komen zulke klanten vandaan?"
    thread = await slack.say("sales", question)
    answer = await slack.mention("sales", "bronnen", thread=thread)
    assert (answer["thread_ts"], answer["user"]) == (thread, slack.people["sales"])
    assert "data_visualization" in kinds(answer)
    assert len(await slack.messages("deals", thread)) == 2  # what people said, and no more
    words = await draw(
        "thread-nl",
        said(slack, "sales", question),
        said(slack, "sales", "bronnen", mention=True),
        answered(answer),
        title="Thread · # deals",
    )
    assert "Open pijplijn" in words


async def test_a_mention_delivered_four_times_has_one_effect(slack: Workspace) -> None:
    before = slack.answers()
    await slack.mention("sales", "help", copies=4)
    other = slack.answers()
    await slack.mention("mt", "help")  # a later one, so that a late second answer would have come
    assert (other - before, slack.answers() - other) == (1, 1)


async def test_a_pressed_button_brings_a_chart_below(slack: Workspace, draw: Draw) -> None:
    top = await slack.command("mt", "/topklanten 5")
    curve = await slack.press("mt", top, "Curve")
    assert (curve["response_type"], curve["replace_original"]) == ("ephemeral", False)
    (chart,) = [block for block in curve["blocks"] if block["type"] == "data_visualization"]
    assert chart["chart"]["type"] == "line"
    words = await draw("curve-nl", pressed(slack, "mt", "Curve"), answered(curve))
    assert "Grootste klant" in words
    assert "*Grootste" not in words


async def test_a_stranger_is_told_whom_to_ask_and_no_figure(slack: Workspace, draw: Draw) -> None:
    refused = await slack.command("stranger", "/topklanten")
    words = text_of(refused)
    assert "Ik ken je nog niet" in words
    assert people_named(slack, "boss") in words
    assert not re.search(r"€|\d", words)
    drawn = await draw(
        "refusal-nl", said(slack, "stranger", "/topklanten"), answered(refused), width=640
    )
    assert "Ik ken je nog niet" in drawn
    top = await slack.command("mt", "/topklanten 5")
    assert "Ik ken je nog niet" in text_of(await slack.press("stranger", top, "Curve"))


async def test_figures_are_shared_only_where_an_admin_cleared_the_channel(
    slack: Workspace, draw: Draw
) -> None:
    private = await slack.command("mt", "/topklanten 3", "verkoop")
    assert SHARE not in labels(private)

    not_theirs = await slack.command("sales", "/ballotage vrijgeven", "verkoop")
    assert "vrijgegeven:" not in text_of(not_theirs)
    cleared = await slack.command("boss", "/ballotage vrijgeven", "verkoop")
    offered = await answer_where(slack, lambda found: SHARE in labels(found))
    await slack.press("mt", offered, SHARE, "verkoop")
    shared = (await slack.messages("verkoop"))[-1]
    assert shared["user"] == slack.people["ballotage"]
    assert HEADLINE.search(text_of(shared))
    words = await draw(
        "shared-nl",
        said(slack, "boss", "/ballotage vrijgeven"),
        answered(cleared),
        pressed(slack, "mt", SHARE),
        answered(shared, private=False),
        title="# verkoop",
    )
    assert f"Gedeeld door @{people_named(slack, 'mt')}" in words

    # The button stands there still when the channel is no longer cleared.
    await slack.command("boss", "/ballotage vrijgeven uit", "verkoop")
    await answer_where(slack, lambda found: SHARE not in labels(found))
    posted = len(await slack.messages("verkoop"))
    refused = await slack.press("mt", offered, SHARE, "verkoop")
    assert refused["response_type"] == "ephemeral"
    assert "Dit kanaal is niet vrijgegeven" in text_of(refused)
    assert people_named(slack, "boss") in text_of(refused)
    assert "€" not in text_of(refused)
    assert len(await slack.messages("verkoop")) == posted
    words = await draw(
        "share-refused-nl", pressed(slack, "mt", SHARE), answered(refused),
        title="# verkoop", width=640,
    )  # fmt: skip
    assert "Dit kanaal is niet vrijgegeven" in words


async def test_a_newcomer_gets_three_buttons_that_work(slack: Workspace, draw: Draw) -> None:
    welcome = await slack.open_app("newcomer")
    chat = await slack.chat("newcomer")
    assert welcome["channel"] == chat
    assert len(buttons(welcome)) == 3
    words = await draw("welcome-nl", answered(welcome, private=False), title="Ballotage", width=640)
    assert "Wie zijn onze topklanten?" in words
    for label in labels(welcome):
        answer = await slack.press("newcomer", welcome, label, chat)
        assert len(answer["blocks"]) > 2
        assert re.search(r"\d+ (van|%)", text_of(answer))


@pytest.mark.parametrize("hello", ["hoi", "hi", "help"])
async def test_a_greeting_is_answered_in_the_chat(slack: Workspace, hello: str) -> None:
    chat, before = await slack.chat("sales"), len(slack.calls)
    await slack.say("sales", hello, channel=chat)  # the event of it is the server's own
    _method, answer = await slack.next_call(before, "chat.postMessage")
    assert answer["channel"] == chat
    # Help, or the welcome for who says hello first.
    assert {"/topklanten", "Wie zijn onze topklanten?"} & set(labels(answer))


async def test_where_charts_are_not_taken_a_picture_is_uploaded(
    company: Path, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(company, tmp_path / "home"))
    async with workspace(home, people(home), tmp_path, draws_charts=False) as slack:
        chat, before = await slack.chat("mt"), len(slack.calls)
        await slack.say("mt", "pareto", channel=chat)
        _method, answer = await slack.next_call(before, "chat.postMessage")
        (image,) = [block for block in answer["blocks"] if block["type"] == "image"]
        file = await slack.ask("files.info", "xoxb-bot", file=image["slack_file"]["id"])
        assert file["file"]["name"].endswith(".png")
        assert int(file["file"]["size"]) > 5_000
        assert slack.faults == []


def people_named(slack: Workspace, who: str) -> str:
    return slack.names[slack.people[who]]


async def answer_where(slack: Workspace, holds: Callable[[Json], bool]) -> Json:
    """Ask until the answer is so: a change in clearing may go unnoticed for some seconds."""
    async with asyncio.timeout(20):
        while True:
            answer = await slack.command("mt", "/topklanten 3", "verkoop")
            if holds(answer):
                return answer
            await asyncio.sleep(0.5)
