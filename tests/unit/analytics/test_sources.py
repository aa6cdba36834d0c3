from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pytest

from analytics.scope import Scope
from analytics.sources import Sources, open_deals, sources
from tests.snapshots import TODAY, Line, make


def compare(
    book: Mapping[str, tuple[str | None, int]], deals: Sequence[Mapping[str, object]]
) -> Sources:
    lines: list[Line] = [(c, "2026-10-01", amount) for c, (_s, amount) in book.items()]
    facts = {c: {"source": source} for c, (source, _a) in book.items()}
    open_deals = [{"deal_id": str(i), "status": "open", **d} for i, d in enumerate(deals)]
    snapshot = make(lines, customers=facts, deals=open_deals)
    return sources(Scope.of(snapshot, today=TODAY, period="all"))


BOOK = {"a": ("Netwerk", 60), "b": ("introductie", 20), "c": ("Beurs", 15), "d": (None, 5)}


def test_alignment_is_one_minus_half_the_distance() -> None:
    found = compare(
        BOOK, [{"source": "beurs", "amount": 300}, {"source": "netwerk", "amount": 100}]
    )
    # top: network 60/80, referral 20/80; pipeline: event 3/4, network 1/4
    assert found.alignment == pytest.approx(1 - (0.5 + 0.25 + 0.75) / 2)
    assert found.weighed_by == "value"
    assert found.coverage == 1


def test_weighed_by_count_where_amounts_are_missing() -> None:
    deals = [{"source": "beurs", "amount": 300}] + [{"source": "netwerk"}] * 3
    found = compare(BOOK, deals)
    assert found.weighed_by == "count"
    network = next(c for c in found.channels if c.channel == "network")
    assert network.pipeline_share == pytest.approx(0.75)


def test_no_alignment_where_less_than_half_is_known() -> None:
    found = compare(BOOK, [{"source": None, "amount": 300}, {"source": "beurs", "amount": 100}])
    assert found.alignment is None
    assert found.coverage == pytest.approx(0.25)


def test_no_open_deals_no_alignment() -> None:
    found = compare(BOOK, [])
    assert found.alignment is None
    assert found.open_deals == 0


def test_each_source_also_without_its_largest_client() -> None:
    found = compare({**BOOK, "e": ("netwerk ", 10)}, [])
    network = next(r for r in found.rows if r.channel == "network")
    assert network.customers == 2  # "Netwerk" and "netwerk " are one source
    assert network.revenue_without_largest == 100_000


def test_a_ranking_only_where_intervals_allow_it() -> None:
    one_giant = {f"n{i}": ("netwerk", 1) for i in range(10)} | {
        f"e{i}": ("beurs", 1) for i in range(10)
    }
    assert compare({**one_giant, "giant": ("beurs", 40)}, []).clear_leader is None
    clear = {f"n{i}": ("netwerk", 90 + i) for i in range(30)} | {
        f"e{i}": ("beurs", 3) for i in range(30)
    }
    assert compare(clear, []).clear_leader == "network"


def test_intervals_hold_the_share_and_come_out_the_same_again() -> None:
    book = {f"n{i}": ("netwerk", 10 + i) for i in range(20)} | {
        f"e{i}": ("beurs", 5 + i) for i in range(20)
    }
    first, again = compare(book, []), compare(book, [])
    for row in first.channels:
        assert row.revenue_share_ci is not None
        low, high = row.revenue_share_ci
        assert low < (row.revenue_share or 0) < high
    assert [r.revenue_share_ci for r in first.channels] == [
        r.revenue_share_ci for r in again.channels
    ]


def test_a_source_known_from_the_pipeline_only_has_a_row() -> None:
    found = compare(BOOK, [{"source": "LinkedIn", "amount": 5}])
    social = next(r for r in found.rows if r.channel == "social")
    assert (social.customers, social.open_deals, social.source) == (0, 1, "LinkedIn")


@pytest.mark.parametrize(("with_amount", "weighed_by"), [(4, "value"), (3, "count")])
def test_by_value_from_four_fifths_of_amounts(with_amount: int, weighed_by: str) -> None:
    deals: list[dict[str, object]] = [
        {"source": "beurs", "amount": 10 if i < with_amount else None} for i in range(5)
    ]
    assert compare(BOOK, deals).weighed_by == weighed_by


HALF_KNOWN: list[tuple[dict[str, tuple[str | None, int]], list[dict[str, object]]]] = [
    ({"a": ("netwerk", 50), "b": (None, 50)}, [{"source": "netwerk", "amount": 1}]),
    (
        {"a": ("netwerk", 50)},
        [{"source": "netwerk", "amount": 1}, {"source": None, "amount": 1}],
    ),
]


@pytest.mark.parametrize(("book", "deals"), HALF_KNOWN)
def test_alignment_from_half_known_on_either_side(
    book: dict[str, tuple[str | None, int]], deals: list[dict[str, object]]
) -> None:
    found = compare(book, deals)
    assert (found.coverage, found.alignment) == (0.5, 1)


def test_a_credit_in_the_pipeline_weighs_nothing() -> None:
    deals: list[dict[str, object]] = [
        {"source": "netwerk", "amount": 100},
        {"source": "beurs", "amount": -90},
        {"source": "introductie", "amount": -400},
    ]
    found = compare(BOOK, deals)
    assert found.alignment == pytest.approx(0.75)  # top: 3/4 network; pipeline: all network
    for row in (*found.rows, *found.channels):
        assert 0 <= (row.pipeline_share or 0) <= 1
        assert row.pipeline_value >= 0


@pytest.mark.parametrize("amounts", [(-5, -7), (-5, 5), (-5, 0), (0, 0)])
def test_a_pipeline_of_credits_is_weighed_by_count(amounts: tuple[int, int]) -> None:
    first, second = amounts
    found = compare(
        BOOK, [{"source": "netwerk", "amount": first}, {"source": "beurs", "amount": second}]
    )
    assert found.weighed_by == ("value" if max(amounts) > 0 else "count")
    assert found.alignment is not None
    assert 0 <= found.alignment <= 1
    assert sum(c.pipeline_share or 0 for c in found.channels) == pytest.approx(1)


def test_open_as_of_a_day() -> None:
    day = dt.date(2026, 3, 1)
    deals: list[dict[str, object]] = [
        {"deal_id": "closed that day", "status": "won", "created": "2026-01-01", "closed": day},
        {"deal_id": "closed next day", "status": "lost", "created": "2026-01-01",
         "closed": "2026-03-02"},
        {"deal_id": "made that day", "status": "open", "created": day},
        {"deal_id": "made next day", "status": "open", "created": "2026-03-02"},
        {"deal_id": "undated", "status": "open"},
    ]  # fmt: skip
    snapshot = make([("a", "2026-01-01", 1)], deals=deals)
    then = Scope.of(snapshot, today=TODAY, period="all", as_of=day)
    assert set(open_deals(then)["deal_id"]) == {"closed next day", "made that day", "undated"}
    now = Scope.of(snapshot, today=TODAY, period="all")
    assert set(open_deals(now)["deal_id"]) == {"made that day", "made next day", "undated"}
