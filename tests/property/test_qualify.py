"""What `/qualify` rests on hangs neither on the order of rows nor on what came after closing.

For any company of some size: the fit to the profile, the chance of becoming a top client, the
look-alikes, what they bring, the introducers and the win model give the very same.
"""

from __future__ import annotations

import csv
import json
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.ballotage.reading import defaults
from analytics.ballotage.verdict import Judgement
from analytics.directory import directory
from analytics.introductions import introducers
from analytics.lookalikes import expected_revenue, look_alikes
from analytics.profile import profile
from analytics.prospect import prospect_of
from analytics.qualify import Bench
from analytics.scope import Scope
from analytics.snapshot import Snapshot, SnapshotStore
from analytics.winmodel import leakage
from analytics.winmodel.kept import model_of
from bot.loading import load_files
from tests.snapshots import TODAY, make
from tests.unit.analytics.winmodel.planted import END, planted

PROSPECTS: tuple[dict[str, Any], ...] = (
    {"segment": "Techniek", "region": "Utrecht", "source": "referral", "employees": 120},
    {"segment": "horeca", "beslisser_gesproken": "nee", "employees": "4"},
    {"region": "Limburg", "channel": "event", "beslisser_gesproken": True},
    {},
)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def company(seed: int, clients: int, deals: int, late: Mapping[str, Any] | None = None) -> Snapshot:
    """Clients with invoices, and deals of which the won ones are theirs, in the order of `planted`.

    late: facts of deals by name, one value a deal.
    """
    rng = np.random.default_rng(seed)
    base, _ = planted(seed, deals, extra=late)
    frame = base.deals.copy()
    ids = [f"C{i:04}" for i in range(clients)]
    known: dict[str, dict[str, object]] = {
        i: {
            "name": f"Klant {i} BV",
            "segment": str(rng.choice(["Bouw", "Zorg", "Techniek", "Horeca"])),
            "region": str(rng.choice(["Utrecht", "Limburg", "Brabant"])),
            "source": str(rng.choice(["referral", "event", "network"])),
            "referred_by": str(rng.choice(ids)) if rng.random() < 0.2 else None,
        }
        for i in ids
    }
    lines = [
        (i, f"{year}-{month:02}-{day:02}", round(float(amount), 2))
        for i in ids
        for year, month, day, amount in zip(
            rng.choice([2025, 2026], 6), rng.integers(1, 11, 6), rng.integers(1, 29, 6),
            rng.pareto(1.3, 6) * 1000 + 1, strict=True,
        )
    ]  # fmt: skip
    snapshot = make([(c, d, str(a)) for c, d, a in lines], customers=known)
    won = (frame["status"] == "won").to_numpy()
    code = rng.integers(0, clients, deals)
    frame["customer"] = np.where(won, code, -1).astype(np.int32)
    frame["customer_id"] = np.where(won, np.array(ids, dtype=object)[code], None)
    return replace(snapshot, deals=frame, _cache={})


@dataclass(frozen=True)
class Told:
    """All that is told of the prospects; facts by name, clients by id."""

    fits: list[Any]
    chances: list[Any]
    traits: list[Any]
    alike: list[Any]
    revenue: list[Any]
    openers: list[Any]
    winning: list[Any]
    quality: Any
    verdicts: list[Any]


def told(snapshot: Snapshot) -> Told:
    scope = Scope.of(snapshot, today=TODAY)
    found, model = profile(scope), model_of(snapshot)
    return Told(
        fits=[found.fit(p) for p in PROSPECTS],
        chances=[found.chance(p) for p in PROSPECTS],
        traits=[found.traits_of(p) for p in PROSPECTS],
        alike=[
            [(snapshot.customer_id(a.code), a.similarity, a.revenue, a.shared) for a in alike]
            for alike in (look_alikes(scope, p, limit=5) for p in PROSPECTS)
        ],
        revenue=[expected_revenue(scope, p) for p in PROSPECTS],
        openers=[
            [(snapshot.customer_id(i.code), i.why, i.score) for i in introducers(scope, p)]
            for p in PROSPECTS
        ],
        winning=[model.raw_probability(p, END) for p in PROSPECTS],
        quality=(model.quality, model.reason, model.base_rate),
        verdicts=verdicts(scope),
    )


def verdicts(scope: Scope) -> list[Any]:
    """What becomes of a few open deals, by id."""
    snapshot = scope.snapshot
    bench = Bench(scope, defaults())
    ids = snapshot.deals["deal_id"].astype(str)
    chosen = sorted(ids[snapshot.deals["status"] == "open"])[:5]
    out = []
    for deal in chosen:
        entity, row = directory(snapshot).by_deal[deal.casefold()]
        prospect = prospect_of(
            snapshot, deal, entity=directory(snapshot).entities[entity], deal=row
        )
        found = bench.assess(prospect)
        judged = found.judgement
        out.append((deal, judged.verdict, judged.score, judged.facts, found.changes, found.win))
    return out


YES_NO = st.sampled_from(["yes", "no", None])
MUSTS = {"decision_maker_met": "yes", "delivery_fit": "yes", "price_only": "no"}


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(
    facts=st.fixed_dictionaries(
        {
            **dict.fromkeys([*MUSTS, "budget_known", "accepts_terms", "can_grow"], YES_NO),
            "segment": st.sampled_from(["Bouw", "Zorg", None]),
            "employees": st.sampled_from([None, "4", "45", "1.200"]),
            "source": st.sampled_from([None, "referral", "Beurs Utrecht"]),
        }
    ),
    must=st.sampled_from(sorted(MUSTS)),
)
def test_meeting_a_must_never_lowers_a_verdict(facts: dict[str, Any], must: str) -> None:
    bench = Bench(Scope.of(of_one_seed(), today=TODAY), defaults())

    def judged(typed: dict[str, Any]) -> Judgement:
        return bench.judge(prospect_of(of_one_seed(), "Nieuw BV", typed=typed))

    before, after = judged(facts), judged({**facts, must: MUSTS[must]})
    assert after.verdict.rank >= before.verdict.rank
    assert after.score == before.score  # a must weighs nothing in the score


@lru_cache(maxsize=1)
def of_one_seed() -> Snapshot:
    return company(7, 60, 300)


SEEDS = st.integers(0, 10_000)


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(seed=SEEDS, clients=st.integers(30, 90), deals=st.integers(150, 500), order=st.randoms())
def test_the_order_of_deals_changes_nothing(
    seed: int, clients: int, deals: int, order: random.Random
) -> None:
    snapshot = company(seed, clients, deals)
    rows = list(range(deals))
    order.shuffle(rows)
    shuffled = snapshot.deals.iloc[rows].reset_index(drop=True)
    assert told(replace(snapshot, deals=shuffled, _cache={})) == told(snapshot)


@settings(max_examples=3, deadline=None, suppress_health_check=SLOW)
@given(seed=SEEDS, order=st.randoms(use_true_random=False))
def test_the_order_of_lines_in_the_files_changes_nothing(seed: int, order: random.Random) -> None:
    snapshot = company(seed, 40, 250)
    assert told(through_files(snapshot, order)) == told(through_files(snapshot, None))


LATE = ("reason", "contract", "aftermath", "days", "signed", "quarter", "survey")


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(
    seed=SEEDS,
    kinds=st.lists(st.sampled_from(LATE), min_size=1, max_size=4, unique=True),
    filled=st.floats(0.6, 1.0),
)
def test_what_is_recorded_after_closing_changes_nothing(
    seed: int, kinds: list[str], filled: float
) -> None:
    plain = company(seed, 60, 600)
    late = {f"Nadien {kind}": recorded(kind, plain, seed, filled) for kind in kinds}
    more = company(seed, 60, 600, late)
    assert told(more) == told(plain)
    dropped = model_of(more).dropped
    assert {n: dropped.get(f"nadien_{n}") for n in kinds} == dict.fromkeys(
        kinds, leakage.AFTER_CLOSING
    )


def recorded(kind: str, snapshot: Snapshot, seed: int, filled: float) -> list[Any]:
    """A fact that somebody writes down once a deal is closed; None for deals that are open."""
    rng = np.random.default_rng(seed + 1)
    out: list[Any] = []
    for status, created, closed in zip(
        *(snapshot.deals[c] for c in ("status", "created", "closed")), strict=True
    ):
        if status == "open" or rng.random() > filled:
            out.append(None)
            continue
        won, took = status == "won", (closed - created).days
        value = {
            "reason": None if won else str(rng.choice(["prijs", "timing", "concurrent"])),
            "contract": f"C{rng.integers(10**6)}" if won else None,
            "aftermath": "geleverd" if won else "vervallen",
            "days": took + int(rng.integers(-1, 2)),
            "signed": str(closed.date()),
            "quarter": f"Q{closed.quarter} {closed.year}",
            "survey": str(rng.choice(["goed", "matig", "slecht"])),
        }[kind]
        out.append(value)
    return out


def through_files(snapshot: Snapshot, order: random.Random | None) -> Snapshot:
    """The same company by way of files, their lines in another order."""
    customers = snapshot.customers
    ids = customers["customer_id"].tolist()
    deals = snapshot.deals
    free = [json.loads(t) if isinstance(t, str) else {} for t in deals["facts"]]
    tables: dict[str, list[dict[str, Any]]] = {
        "customers": [
            {c: row[c] for c in ("customer_id", "name", "segment", "region", "source", "referred_by")}
            for row in customers.to_dict("records")
        ],
        "invoices": [
            {"invoice_id": n, "date": str(np.datetime64(int(day), "D")), "customer_id": ids[code],
             "amount": f"{amount / 10_000:.2f}"}
            for n, (code, day, amount) in enumerate(
                zip(snapshot.day_customer, snapshot.day_date, snapshot.day_net, strict=True)
            )
        ],
        "deals": [
            {"deal_id": d["deal_id"], "status": d["status"], "created": str(d["created"])[:10],
             "closed": "" if d["status"] == "open" else str(d["closed"])[:10],
             "customer_id": d["customer_id"], "prospect": d["prospect"], "amount": 100,
             "source": d["source"], "segment": d["segment"], "region": d["region"],
             "employees": int(d["employees"]), "Beslisser gesproken": f.get("Beslisser gesproken")}
            for d, f in zip(deals.to_dict("records"), free, strict=True)
        ],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for table, rows in tables.items():
            if order is not None:
                order.shuffle(rows)
            path = Path(folder) / f"{table}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            files.append((table, path))
        load_files(Path(folder) / "home", files, today=TODAY)
        found = SnapshotStore(Path(folder) / "home").load()
        model_of(found)  # while its folder is there
        return found
