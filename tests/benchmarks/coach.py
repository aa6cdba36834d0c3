"""The coach: a warm search, a first answer, an index of 1,000 documents, memory with all of it loaded."""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import measure
from tests.benchmarks.result import Result

DOCUMENTS = 1_000
QUESTIONS = (
    "prospect wil 20 % korting voor hij de baas gesproken heeft, wat nu?",
    "hoe vraag ik om een introductie zonder opdringerig te zijn",
    "our largest customer is half of our revenue",
    "why do good people leave",
    "moet ik btw rekenen",
    "how old is the moon",
    "al drie weken niets gehoord na mijn offerte",
    "what should a management team spend its time on",
)
COMMANDS = ("/topclients 500 all", "/pareto all", "/sources all", "/ars", "/profile", "/status")


def coach(home: Path, runs: int, say: measure.Say) -> list[Result]:
    """All rows, over the demo company in `home`."""
    say("coach: warm search")
    child = measure.child
    warm = child("search", str(home), module="tests.benchmarks.coach")
    question = [sys.executable, "app.py", "ask", f"/coach {QUESTIONS[0]}", "--home", str(home)]
    first = []
    for run in range(runs):
        say(f"coach: first answer {run + 1} of {runs}")
        first.append(measure.timed(question))
    say("coach: everything loaded")
    loaded = child("loaded", str(home), module="tests.benchmarks.coach")
    say(f"coach: an index of {DOCUMENTS:,} documents")
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        index = child("documents", folder, module="tests.benchmarks.coach")
    return [
        Result(
            "Coach: search, warm, p50", warm["p50"] * 1000, "ms", limit=15,
            note=f"p95 {warm['p95'] * 1000:.1f} ms over {warm['passages']:,} passages",
        ),
        Result("Coach: first answer after start", statistics.median(first), "s", limit=3),
        Result(
            f"Coach: index of {DOCUMENTS:,} documents", index["seconds"], "s", limit=60,
            note=f"{index['chunks']:,} parts; reading the files took {index['reading']:.1f} s more",
        ),
        Result("Memory with everything loaded", loaded["rss"] / measure.MB, "MB", limit=450),
    ]  # fmt: skip


def search(home: Path) -> dict[str, Any]:
    """Time searches over an index that is open."""
    from knowledge.library import Library

    library = Library(home)
    taken = []
    for turn in range(30):
        for question in QUESTIONS:
            start = time.perf_counter()
            library.search(question, "nl")
            if turn >= 5:
                taken.append(time.perf_counter() - start)
    taken.sort()
    opened = library.opened()
    return {
        "p50": taken[len(taken) // 2],
        "p95": taken[int(len(taken) * 0.95)],
        "passages": len(opened.passages),
    }


def loaded(home: Path) -> dict[str, Any]:
    """Answer every kind of question in one process, pictures included, and look at its memory."""
    from analytics import charts
    from bot import people
    from bot.application import build
    from bot.core.reply import Chart
    from bot.core.request import Conversation, Place, Principal, Request, Role
    from bot.settings import Settings
    from tests.benchmarks.child import peak_rss

    application = build(Settings(home=home), home=home)
    asker = Principal(people.TENANT, "bench", frozenset({Role.MT}), "nl")

    async def ask() -> None:
        for text in (*COMMANDS, *QUESTIONS):
            request = Request(asker, Conversation(Place.DM), text, "bench")
            reply = await application.answer(request)
            for element in reply.elements:
                if isinstance(element, Chart):
                    import dataclasses

                    charts.png(dataclasses.asdict(element), locale="nl")

    asyncio.run(ask())
    return {"rss": peak_rss()}


def documents(folder: Path) -> dict[str, Any]:
    """Index as many documents as `DOCUMENTS`, of three headings and some 300 words each."""
    from knowledge.documents import Documents
    from knowledge.library import Library

    rng = random.Random(5)
    vocabulary = [f"{a}{b}" for a in ("ver", "be", "op", "aan", "in") for b in _STEMS]
    source = folder / "source"
    source.mkdir()
    for number in range(DOCUMENTS):
        parts = [
            f"## {' '.join(rng.choices(vocabulary, k=3))}\n\n{' '.join(rng.choices(vocabulary, k=100))}."
            for _ in range(3)
        ]
        text = f"# Document {number}\n\n" + "\n\n".join(parts)
        (source / f"{number}.md").write_text(text, encoding="utf-8")
    store = Documents(folder / "documents")
    start = time.perf_counter()
    store.add(source)
    reading = time.perf_counter() - start
    library = Library(folder, chunks=store.chunks)
    start = time.perf_counter()
    library.rebuild()
    return {
        "seconds": time.perf_counter() - start,
        "reading": reading,
        "chunks": len(library.opened().chunks),
    }


_STEMS = (
    *(
        "koop",
        "deel",
        "werk",
        "bouw",
        "zoek",
        "geld",
        "denk",
        "praat",
        "loop",
        "stuur",
        "kies",
        "meet",
    ),
    *("leid", "volg", "groei", "win", "lever", "plan", "team", "markt", "prijs", "klant", "dienst"),
)

if __name__ == "__main__":
    import json

    what = {"search": search, "loaded": loaded, "documents": documents}[sys.argv[1]]
    print(json.dumps(what(Path(sys.argv[2]))))
