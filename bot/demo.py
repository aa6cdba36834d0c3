"""The demo company: built once a day in a home of its own, through the ordinary load."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from analytics.errors import DataError
from bot.version import VERSION

TABLES = ("customers", "invoices", "deals", "people", "activities")


def demo_home(home: Path, seed: int | None = None) -> Path:
    """Where a demo company lives; `load` never writes there unless told to.

    Another seed has a folder of its own, so that one demo does not change another that runs.
    """
    return home / ("demo" if seed is None else f"demo-{seed}")


def prepare(
    home: Path,
    *,
    seed: int | None,
    today: dt.date,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Make sure the demo company of that seed and day stands in `home/demo`; return that folder."""
    from analytics.demo import DEFAULT_SEED

    where = demo_home(home, None if seed == DEFAULT_SEED else seed)
    wanted = {"seed": seed or DEFAULT_SEED, "today": today.isoformat(), "version": VERSION}
    note = where / "demo.json"
    try:
        have = json.loads(note.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        have = {}
    if {key: have.get(key) for key in wanted} == wanted and (where / "snapshots/CURRENT").exists():
        return where
    if where.exists() and not have and any(where.iterdir()):
        raise DataError(
            "{folder} holds something that is not the demo company; move it away or use --home.",
            folder=str(where),
        )
    shutil.rmtree(where, ignore_errors=True)
    build(where, seed=wanted["seed"], today=today, note=wanted, progress=progress)  # type: ignore[arg-type]
    return where


def build(
    where: Path,
    *,
    seed: int,
    today: dt.date,
    note: dict[str, object] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Write the company's files and load them."""
    from analytics.demo import write_company
    from bot.loading import load_files

    company = write_company(where / "data", seed=seed, today=today)
    files = [(table, where / "data" / f"{table}.csv") for table in TABLES]
    where.joinpath("demo.json").write_text(
        json.dumps({**(note or {}), "company": company.name}, ensure_ascii=False), encoding="utf-8"
    )
    load_files(where, files, today=today, progress=progress)
    from analytics.snapshot import SnapshotStore
    from bot import demo_culture, demo_nudges

    snapshot = SnapshotStore(where).load()
    people = snapshot.people
    team = [str(user) for user in people.loc[people["role"].isin(["mt", "admin"]), "user"]]
    demo_culture.write(where, team, seed=seed, today=today)
    demo_nudges.write(where, snapshot, today=today, zone="Europe/Amsterdam")


def company_name(where: Path) -> str:
    """The demo company's name."""
    try:
        return str(json.loads((where / "demo.json").read_text(encoding="utf-8"))["company"])
    except (FileNotFoundError, ValueError, KeyError):
        return ""
