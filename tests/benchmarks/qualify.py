"""`/qualify` in process, and learning what wins, on 10,000 customers and 50,000 deals of 30 facts.

Prospects are typed as people do: half of them known by another spelling, half of them new. A plain
scan of all names with RapidFuzz, and one plain fit with scikit-learn on the same columns, stand
beside them. `python -m tests.benchmarks.qualify` prints the figures.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import pipeline
from tests.benchmarks.result import Result

CUSTOMERS, DEALS, QUESTIONS = 10_000, 50_000, 400
TODAY = dt.date(2026, 11, 24)
MS = 1000.0
Say = Callable[[str], None]


def qualify(runs: int, say: Say, *, customers: int = CUSTOMERS, deals: int = DEALS) -> list[Result]:
    """Measure the parts of the answer, the answer itself, and learning."""
    from tests.benchmarks.measure import child

    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        say("qualify: generating")
        child("generate_pipeline", folder, str(customers), str(deals))
        child("refresh", folder)
        learned = []
        for run in range(min(runs, 3)):
            say(f"qualify: learning what wins, {run + 1} of {min(runs, 3)}")
            learned.append(child("learn", folder))
        say("qualify: answering")
        asked = child("qualify", folder)
    seconds, plain = (_median([one[key] for one in learned]) for key in ("seconds", "plain"))
    what = f"{learned[0]['deals']:,} deals with {learned[0]['facts']} facts"
    size = f"{customers:,} customers and {deals:,} deals"
    return [
        Result(f"Learning what wins, {what}", seconds, "s", limit=10.0,
               note=f"facts read, kept apart, {learned[0]['fits']} fits judged; AUC "
                    f"{learned[0]['auc']:.2f}; peak memory {learned[0]['rss'] / 1e6:.0f} MB"),
        Result("The same beside one plain fit", seconds, "s", "scikit-learn, same columns", plain),
        Result(f"Parts of `/qualify`, {size}, median", asked["p50"], "ms", limit=20.0,
               note="who is it, fit, chances, look-alikes, yearly revenue, introductions"),
        Result("Parts of `/qualify`, 99th percentile", asked["p99"], "ms"),
        Result("Who is it, of all names, median", asked["match"], "ms", "RapidFuzz over all names",
               asked["scan"]),
        Result("`/qualify` in process, median", asked["answer_p50"], "ms", limit=20.0,
               note="the whole answer: judged, put into words, kept"),
        Result("`/qualify` in process, 99th percentile", asked["answer_p99"], "ms"),
        Result(f"`/pipeline`, {int(asked['open'])} open deals, first", asked["pipeline"], "ms",
               note="every open deal judged; kept until the data or the conditions change"),
        Result("The same, asked again, median", asked["pipeline_again"], "ms"),
    ]  # fmt: skip


def prospects(names: list[str], count: int) -> list[tuple[str, dict[str, Any]]]:
    """What people type: a name and what they know of it."""
    rng = np.random.default_rng(11)
    out = []
    for number in range(count):
        known = str(rng.choice(names))
        typed = known.removesuffix(" BV") if number % 2 else f"Nieuwe {known[:9]} {number} BV"
        facts = {
            "segment": str(rng.choice(pipeline.SEGMENTS)),
            "region": str(rng.choice(pipeline.REGIONS)),
            "source": str(rng.choice(pipeline.SOURCES)),
            "employees": str(int(rng.integers(2, 400))),
            "vraag_0": str(rng.choice(["ja", "nee"])),
        }
        out.append((typed, facts))
    return out


def learn(home: Path) -> dict[str, Any]:
    """Fit and judge the win model; and fit scikit-learn once, plainly, on the same columns."""
    from sklearn.linear_model import LogisticRegression

    from analytics.snapshot import SnapshotStore
    from analytics.winmodel import model as module
    from analytics.winmodel.deals import deals_of
    from analytics.winmodel.features import encode, plan

    snapshot = SnapshotStore(home).load()
    fits = 0
    regress = module._regress

    def counted(columns: Any, won: Any, weight: Any, strengths: tuple[float, ...]) -> Any:
        nonlocal fits
        fits += len(strengths)
        return regress(columns, won, weight, strengths)

    module._regress = counted
    start = time.perf_counter()
    found = module.win_model(snapshot, TODAY)
    seconds = time.perf_counter() - start
    if not found.trusted or found.quality.auc is None:
        raise RuntimeError(f"The planted signal was not found: {found.quality}")
    deals = deals_of(snapshot)
    rows = np.flatnonzero(deals.labelled())
    facts, created, won = deals.facts.take(rows), deals.created[rows], deals.won[rows]
    columns = encode(plan(facts, created), facts, created)
    start = time.perf_counter()
    LogisticRegression(max_iter=1000).fit(columns, won)
    return {
        "seconds": seconds, "plain": time.perf_counter() - start, "fits": fits,
        "auc": found.quality.auc, "deals": len(snapshot.deals), "facts": len(deals.facts.columns),
    }  # fmt: skip


def answer(home: Path, questions: int = QUESTIONS) -> dict[str, Any]:
    """Ask about many prospects, one after the other, as a running server does: warmed up."""
    from rapidfuzz import fuzz, process

    from analytics.introductions import introducers
    from analytics.lookalikes import expected_revenue, look_alikes
    from analytics.matching import match
    from analytics.profile import profile
    from analytics.scope import Scope
    from analytics.snapshot import SnapshotStore
    from analytics.winmodel.kept import model_of, saved
    from bot.live import warm

    snapshot = SnapshotStore(home).load()
    if saved(snapshot.folder) is None:
        raise RuntimeError("The refresh kept no win model")
    warm(snapshot, TODAY)
    scope = Scope.of(snapshot, today=TODAY)
    names = [str(n) for n in snapshot.customers["name"]]
    every = [*names, *{str(p) for p in snapshot.deals["prospect"].dropna()}]
    whole, who, scan = [], [], []
    for number, (typed, facts) in enumerate(prospects(names, questions)):
        start = time.perf_counter()
        match(snapshot, typed, facts)
        who.append(time.perf_counter() - start)
        found, model = profile(scope), model_of(snapshot)
        found.fit(facts)
        found.chance(facts)
        found.traits_of(facts)
        model.probability(facts, TODAY)
        model.influences(facts, TODAY)
        look_alikes(scope, facts)
        expected_revenue(scope, facts)
        introducers(scope, facts)
        whole.append(time.perf_counter() - start)
        if number % 10 == 0:
            start = time.perf_counter()
            process.extract(typed, every, scorer=fuzz.WRatio, limit=5)
            scan.append(time.perf_counter() - start)
    out = {
        "p50": MS * _median(whole), "p99": MS * _p99(whole), "match": MS * _median(who),
        "scan": MS * _median(scan),
    }  # fmt: skip
    return out | asyncio.run(_command(home, names, questions))


async def _command(home: Path, names: list[str], questions: int) -> dict[str, float]:
    from bot.application import build
    from bot.core.audit import NoAudit
    from bot.core.reply import Outcome
    from bot.core.request import Conversation, Place, Principal, Request, Role
    from bot.live import warm
    from bot.settings import Settings

    noon = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
    application = build(Settings(home=home), home=home, clock=lambda: noon, audit=NoAudit())
    warm(application.snapshots.current(), TODAY)
    asker = Principal("default", "bench@example", frozenset({Role.MT}), "nl")
    times = []
    for typed, facts in prospects(names, questions + 20):
        known = " ".join(f"{k}={v}" for k, v in facts.items())
        request = Request(asker, Conversation(Place.DM, "D1"), f"/qualify {typed} {known}", "bench")
        start = time.perf_counter()
        reply = await application.answer(request)
        times.append(time.perf_counter() - start)
        if reply.outcome is not Outcome.ANSWERED:
            raise RuntimeError(f"A wrong answer to {typed}: {reply.data}")
    settled = times[20:]  # the first ones import and read what every later one finds
    whole = []
    for _ in range(6):
        request = Request(asker, Conversation(Place.DM, "D1"), "/pipeline", "bench")
        start = time.perf_counter()
        reply = await application.answer(request)
        whole.append(time.perf_counter() - start)
    return {
        "answer_p50": MS * _median(settled), "answer_p99": MS * _p99(settled),
        "open": float(reply.data["open_deals"]),
        "pipeline": MS * whole[0], "pipeline_again": MS * _median(whole[1:]),
    }  # fmt: skip


def _median(values: list[float]) -> float:
    return float(statistics.median(values))


def _p99(values: list[float]) -> float:
    return float(statistics.quantiles(values, n=100)[98])


if __name__ == "__main__":
    from tests.benchmarks.load import shown

    print(shown(qualify(3, lambda text: print(text, file=sys.stderr))), end="")
