"""What is shown of Slack: each scene is played in the workspace, then drawn.

`python -m tests.e2e.slack.shows FOLDER` draws them all into a folder.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bot import demo
from tests.e2e.slack.painter import paint
from tests.e2e.slack.workspace import Workspace, workspace

Json = dict[str, Any]
PRIVATE = "Alleen zichtbaar voor jou"


def said(who: str, text: str) -> Json:
    """What a person typed."""
    element = {"type": "text", "text": text}
    block = {"type": "rich_text",
             "elements": [{"type": "rich_text_section", "elements": [element]}]}  # fmt: skip
    return {"name": who.title(), "time": 1795511400000, "blocks": [block]}


def answered(message: Json, *, private: bool = True) -> Json:
    """What the bot sent."""
    note = PRIVATE if private else ""
    return {"name": "Ballotage", "time": 1795511400000, "blocks": message["blocks"], "note": note}


async def scenes(slack: Workspace) -> dict[str, list[Json]]:
    """Play every scene; returns the messages of each by its name."""
    out: dict[str, list[Json]] = {}
    top = await slack.command("mt", "/topklanten 5")
    out["topclients"] = [said("mt", "/topklanten 5"), answered(top)]

    thread = await slack.say("sales", "Acme BV wil 50 licenties. Waar komen zulke klanten vandaan?")
    sources = await slack.mention("sales", "bronnen", thread=thread)
    assert sources["thread_ts"] == thread
    out["thread"] = [
        said("sales", "Acme BV wil 50 licenties. Waar komen zulke klanten vandaan?"),
        said("sales", "@Ballotage bronnen"),
        answered(sources),
    ]

    curve = await slack.press("mt", top, "Curve")
    out["chart"] = [said("mt", "Knop: Curve"), answered(curve)]

    refused = await slack.command("stranger", "/topklanten")
    share = {"blocks": [{"type": "actions", "elements": [
        {"type": "button", "action_id": "b0", "text": {"type": "plain_text", "text": "Delen"},
         "value": '{"t":"/topklanten 5","s":1}'}]}]}  # fmt: skip
    not_shared = await slack.press("mt", share, "Delen")
    out["refusals"] = [
        said("stranger", "/topklanten"), answered(refused),
        said("mt", "Knop: Delen in kanaal"), answered(not_shared),
    ]  # fmt: skip

    cleared = await slack.command("boss", "/ballotage vrijgeven")
    await asyncio.sleep(5.5)  # how long a change may go unnoticed
    again = await slack.command("mt", "/topklanten 3")
    await slack.press("mt", again, "Delen in kanaal")
    shared = (await slack.messages(slack.channel))[-1]
    out["shared"] = [
        said("boss", "/ballotage vrijgeven"), answered(cleared),
        answered(shared, private=False),
    ]  # fmt: skip

    chat = await slack.ask("conversations.open", "xoxp-sales", users=[slack.people["ballotage"]])
    before = len(slack.calls)
    await slack.say("sales", "hoi", channel=chat["channel"]["id"])
    _method, hello = await slack.next_call(before, "chat.postMessage")
    out["welcome"] = [said("sales", "hoi"), answered(hello, private=False)]
    return out


def people_of(home: Path) -> dict[str, str]:
    """Names in the workspace and the addresses of the demo company's people behind them."""
    from bot.live import LiveSnapshots

    table = LiveSnapshots(home).current().people
    out = {
        name: str(table.loc[table["role"] == role, "user"].iat[0])
        for name, role in (("mt", "mt"), ("sales", "sales"), ("boss", "admin"))
    }
    return out | {"stranger": "nobody@elsewhere.example"}


async def draw(home: Path, target: Path) -> dict[str, str]:
    """Play and draw every scene; returns the words in each picture."""
    people = people_of(home)
    words = {}
    async with workspace(home, people, admins="") as slack:
        played = await scenes(slack)
        names = {id_: name.title() for name, id_ in slack.people.items()}
        with tempfile.TemporaryDirectory() as folder:
            for name, messages in played.items():
                picture = target / f"slack-{name}.png"
                words[name] = await paint(messages, names, Path(folder), picture)
    return words


if __name__ == "__main__":
    from tests.conftest import TODAY

    with tempfile.TemporaryDirectory() as made:
        where = demo.prepare(Path(made), seed=None, today=TODAY)
        start = time.monotonic()
        for scene in asyncio.run(draw(where, Path(sys.argv[1]))):
            print(scene)
        print(f"{time.monotonic() - start:.0f} s")
