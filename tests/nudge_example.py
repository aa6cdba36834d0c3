"""The printed example of docs/nudges-example.md: `python -m tests.nudge_example` writes it anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

from analytics.demo import DEFAULT_SEED
from analytics.situations.finding import Audience
from bot import demo, demo_nudges
from bot.core.reply import plain_text
from bot.people import TENANT
from bot.scheduling.desk import Desk
from bot.storage.database import Database
from bot.storage.outbox import NudgeTable
from tests.conftest import TODAY, compose

PAGE = Path(__file__).parents[1] / "docs" / "nudges-example.md"
HEAD = """# Six weeks of nudges

What three people of the MT and four reps of the demo company would have got, each in their own
language, had they been there: six simulated Mondays up to 23 November 2026, nothing known before
its day, with people who answer by a fixed pattern. The same is in the demo under `/nudges history`.
Written by `python -m tests.nudge_example`; a test holds it to what the program says.
"""
SAID = {"done": "pressed: done", "later": "pressed: next week", "not_useful": "pressed: not useful"}


def printed(home: Path) -> str:
    """The page, from the nudges that are kept in a demo's home."""
    application = compose(home)
    desk = Desk(application.services)
    out = [HEAD]
    with Database.open(home) as database:
        table = NudgeTable(database, TENANT)
        for reader in demo_nudges.readers(application.snapshots.current()):
            role = "MT" if reader.audience is Audience.MT else "sales"
            out.append(f"\n## {reader.name}, {role}\n")
            telling = desk.telling(desk.known(reader.user, None))
            for kept in sorted(table.history(reader.user), key=lambda k: k.iso_week):
                text = plain_text(telling.reply(desk.message(kept), buttons=False))
                pressed = SAID.get(kept.response, "")
                out.append(f"**{kept.iso_week}**{f' · {pressed}' if pressed else ''}\n")
                out.append(f"```\n{text}\n```\n")
    return "\n".join(out)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        demo.build(Path(folder), seed=DEFAULT_SEED, today=TODAY)
        PAGE.write_text(printed(Path(folder)), encoding="utf-8")
