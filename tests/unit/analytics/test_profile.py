"""What sets top clients apart, who looks alike, what they bring, who can introduce."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analytics.introductions import Why, introducers
from analytics.lookalikes import expected_revenue, look_alikes
from analytics.profile import Profile, profile
from analytics.scope import Scope
from analytics.snapshot import Snapshot
from tests.snapshots import TODAY, make

SEGMENTS = ("Bouw", "Techniek", "Zorg", "Retail")


def company(seed: int = 0, size: int = 300, *, signal: bool = True) -> Snapshot:
    """Clients of whom, with a signal, technical ones of some size are the large ones."""
    rng = np.random.default_rng(seed)
    segment = rng.choice(SEGMENTS, size)
    employees = np.round(rng.lognormal(3.5, 0.9, size)).astype(int) + 1
    good = (segment == "Techniek") & (employees > 30)
    large = rng.random(size) < (np.where(good, 0.75, 0.03) if signal else 0.12)
    lines, facts = [], {}
    for i in range(size):
        code = f"C{i:04}"
        amount = int(rng.integers(80_000, 120_000)) if large[i] else int(rng.integers(500, 3_000))
        lines += [(code, f"2024-0{1 + i % 9}-01", 10), (code, f"2026-0{1 + i % 9}-01", amount)]
        facts[code] = {
            "name": f"Klant {i}",
            "segment": str(segment[i]),
            "region": ("Utrecht", "Limburg")[i % 2],
            "source": str(rng.choice(["referral", "event"])),
            "referred_by": "C0000" if i in {5, 6} else None,
        }
    snapshot = make(lines, customers=facts)
    frame = snapshot.customers.copy()
    frame["employees"] = employees.astype(float)
    frame["facts"] = [json.dumps({"Eigen pand": "ja" if i % 3 else "nee"}) for i in range(size)]
    return replace(snapshot, customers=frame, _cache={})


def scope(snapshot: Snapshot) -> Scope:
    return Scope.of(snapshot, today=TODAY)


GOOD = {"segment": "Techniek", "employees": "120"}
POOR = {"segment": "zorg", "employees": 3}


@pytest.fixture(scope="module")
def found() -> Profile:
    return profile(scope(company()))


def test_what_sets_top_clients_apart_comes_first(found: Profile) -> None:
    first = found.traits[0]
    assert (first.fact, first.value) == ("segment", "techniek")
    assert first.clear
    assert first.lift is not None
    assert first.lift_ci is not None
    share = (first.top / first.top_known) / (first.others / first.others_known)
    assert first.lift == pytest.approx(share)
    error = np.sqrt(1 / first.top - 1 / first.top_known + 1 / first.others - 1 / first.others_known)
    assert first.lift_ci[0] == pytest.approx(share * np.exp(-1.959964 * error), rel=1e-6)
    assert not any(t.clear for t in found.traits if t.fact in {"region", "eigen_pand"})


def test_bands_hold_everybody_once(found: Profile) -> None:
    bands = [t for t in found.traits if t.fact == "employees"]
    assert sum(t.top for t in bands) == found.top
    assert sum(t.top + t.others for t in bands) == len(found.base)
    middle = next(m for m in found.middle if m.fact == "employees")
    assert 30 < middle.low < middle.high


def test_a_prospect_fits_or_not(found: Profile) -> None:
    good, poor, plain = found.fit(GOOD), found.fit(POOR), found.fit({"segment": "Onbekend dit"})
    assert good is not None
    assert poor is not None
    assert 0.0 <= poor < 0.3 < 0.8 < good <= 1.0
    assert plain is None
    assert found.fit({}) is None
    assert found.traits_of(GOOD)[0].value == "techniek"


def test_the_chance_of_becoming_a_top_client(found: Profile) -> None:
    good, poor = found.chance(GOOD), found.chance(POOR)
    assert good is not None
    assert poor is not None
    assert poor.probability < 0.05 < 0.25 < good.probability
    assert good.n == len(found.base)


def test_where_nothing_sets_them_apart_no_chance_is_told() -> None:
    silent = [profile(scope(company(seed, signal=False))) for seed in range(6)]
    assert sum(p.chance(GOOD) is None for p in silent) >= 5
    fits = [p.fit(GOOD) for p in silent]
    assert all(f is not None and 0.15 < f < 0.85 for f in fits)


def test_few_top_clients_tell_nothing() -> None:
    one = profile(scope(make([("a", "2026-01-01", 100), ("b", "2026-01-01", 1)])))
    assert one.fit({"source": "referral"}) is None
    assert one.chance(GOOD) is None
    assert one.traits == ()


def test_what_deals_record_after_closing_is_no_trait() -> None:
    snapshot = company(3)
    size = len(snapshot.customers)
    won = np.arange(200) % 2 == 0
    deals = pd.DataFrame(
        {
            "deal_id": [f"D{i}" for i in range(200)],
            "status": np.where(won, "won", "lost"),
            "created": pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(200), unit="D"),
            "closed": pd.Timestamp("2025-03-01") + pd.to_timedelta(np.arange(200), unit="D"),
            "customer": np.where(won, np.arange(200) % size, -1).astype(np.int32),
            "channel": "referral",
            "facts": [
                json.dumps({"Contractsoort": "vast", "Beslisser": "ja" if i % 3 else "nee"})
                if w
                else json.dumps({"Beslisser": "ja" if i % 5 else "nee"})
                for i, w in enumerate(won)
            ],
        }
    )
    found = profile(scope(replace(snapshot, deals=deals, _cache={})))
    facts = {t.fact for t in found.traits}
    assert "beslisser" in facts
    assert "contractsoort" not in facts


def test_the_order_of_customers_does_not_matter_and_nor_does_asking_again() -> None:
    one, other = profile(scope(company(1))), profile(scope(company(1)))
    assert one.traits == other.traits
    assert one.calibration == other.calibration


def test_look_alikes_are_alike() -> None:
    where = scope(company())
    alike = look_alikes(where, GOOD, limit=5)
    assert len(alike) == 5
    for client in alike:
        assert where.snapshot.text("segment", client.code) == "Techniek"
        assert set(client.shared) == {"segment", "employees"}
    assert [a.similarity for a in alike] == sorted((a.similarity for a in alike), reverse=True)
    assert all(a.top for a in look_alikes(where, POOR, top_only=True))
    left = look_alikes(where, GOOD, limit=1, leave_out=frozenset({alike[0].code}))
    assert left[0].code == alike[1].code
    assert look_alikes(where, {}) == ()


def test_revenue_is_expected_as_look_alikes_bring() -> None:
    where = scope(company())
    good, poor = expected_revenue(where, GOOD), expected_revenue(where, POOR)
    assert good is not None
    assert poor is not None
    assert poor.high < 4_000 * 10_000 < 50_000 * 10_000 < good.high
    assert good.low <= good.median <= good.high
    assert 8 <= good.n <= 25
    assert expected_revenue(where, {"segment": "Techniek"}) is None
    assert expected_revenue(scope(company(size=6)), GOOD) is None


def test_a_young_client_is_taken_to_a_year() -> None:
    lines = [(f"C{i}", "2026-05-23", 100) for i in range(20)]
    lines += [("oud", "2025-01-01", 1), ("oud", "2026-11-20", 100)]
    facts = {
        f"C{i}": {"segment": ("Bouw", "Zorg")[i % 5 == 0], "region": ("U", "L")[i % 3 == 0]}
        for i in range(20)
    }
    found = expected_revenue(
        scope(make(lines, customers=facts)), {"segment": "Bouw", "region": "U"}
    )
    assert found is not None
    assert found.median == pytest.approx(100 * 365 / 182 * 10_000, rel=0.01)


def test_who_can_introduce_and_why() -> None:
    snapshot = company()
    where = scope(snapshot)
    best = introducers(where, {"region": "Utrecht", "segment": "Bouw"}, limit=50)
    assert best
    for one in best:
        tied = {Why.SAME_REGION, Why.SAME_SEGMENT, Why.REFERRED_BEFORE} & set(one.why)
        assert tied
        assert (Why.SAME_REGION in one.why) == (snapshot.text("region", one.code) == "Utrecht")
    assert [i.score for i in best] == sorted((i.score for i in best), reverse=True)
    nobody_near = introducers(where, {})
    assert [snapshot.customer_id(i.code) for i in nobody_near] == ["C0000"]
    assert nobody_near[0].referred == 2
    assert introducers(where, {}, leave_out=frozenset({0})) == ()


def test_the_group_opens_its_own_door() -> None:
    lines = [
        ("dochter", "2026-01-01", 10),
        ("moeder", "2026-01-01", 10),
        ("ander", "2026-01-01", 10),
    ]
    snapshot = make(lines, customers={"dochter": {"parent_id": "moeder"}, "moeder": {}})
    parent = snapshot.customers["customer_id"].tolist().index("moeder")
    found = introducers(scope(snapshot), {}, parent=parent)
    assert {snapshot.customer_id(i.code) for i in found} == {"dochter", "moeder"}
    assert all(i.why[0] is Why.SAME_GROUP for i in found)


@pytest.mark.parametrize(
    "value",
    ["Techniek", " techniek ", "onbekend", "", None, 3, 3.0, 30.5, "1.250,5", 10**6, True, "?"],
)
def test_one_value_finds_the_group_its_column_would(found: Profile, value: object) -> None:
    from analytics.winmodel.facts import one

    for grouping in found.groupings:
        column = one({grouping.fact: value}, {grouping.fact: grouping.kind}).columns[grouping.fact]
        assert grouping.place(value) == int(grouping.group(column)[0]), grouping.fact
    edges = [e for g in found.groupings for e in g.edges]
    assert edges  # a number on a band's edge belongs below it
    for grouping in found.groupings:
        for edge in grouping.edges:
            column = np.array([edge])
            assert grouping.place(edge) == int(grouping.group(column)[0])
