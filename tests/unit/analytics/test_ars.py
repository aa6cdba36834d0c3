from __future__ import annotations

import pytest

from analytics.ars import Contribution, ars
from analytics.scope import Scope
from tests.snapshots import TODAY, Line, make


def contribution(book: dict[str, tuple[str | None, int]]) -> Contribution:
    lines: list[Line] = [(c, "2026-10-01", amount) for c, (_s, amount) in book.items()]
    facts = {c: {"source": source} for c, (source, _a) in book.items()}
    return ars(Scope.of(make(lines, customers=facts), today=TODAY, period="all"))


def test_lower_known_and_upper() -> None:
    found = contribution({"a": ("netwerk", 60), "b": ("beurs", 20), "c": (None, 20)}).all
    assert found.lower == pytest.approx(0.2)
    assert found.known == pytest.approx(0.25)
    assert found.upper == pytest.approx(0.4)
    assert found.point_allowed


def test_over_a_quarter_unknown_only_the_interval() -> None:
    found = contribution({"a": ("netwerk", 60), "b": ("beurs", 14), "c": (None, 26)}).all
    assert not found.point_allowed
    assert contribution({"a": ("netwerk", 75), "c": (None, 25)}).all.point_allowed


@pytest.mark.parametrize(
    "source", ["koude acquisitie", "outbound", "vakbeurs", "aanbesteding", "LinkedIn"]
)
def test_channels_of_sales(source: str) -> None:
    assert contribution({"a": (source, 10)}).all.known == 1


@pytest.mark.parametrize("source", ["netwerk", "introductie", "partner", "website"])
def test_channels_of_others(source: str) -> None:
    assert contribution({"a": (source, 10)}).all.known == 0


def test_top_clients_alone() -> None:
    found = contribution({"a": ("netwerk", 90), "b": ("beurs", 10)})
    assert found.top.known == 0
    assert found.all.known == pytest.approx(0.1)


def test_no_positive_revenue_no_share() -> None:
    found = contribution({"a": ("netwerk", -5)}).all
    assert (found.lower, found.known, found.upper, found.point_allowed) == (None, None, None, False)


HISTORY: list[Line] = [("old", "2024-01-01", 10), ("old", "2026-06-01", 10)]


def per_100(lines: list[Line], facts: dict[str, dict[str, object]]) -> float | None:
    snapshot = make([*HISTORY, *lines], customers=facts)
    return ars(Scope.of(snapshot, today=TODAY, period="2026")).introductions_per_100


def test_introductions_are_new_clients_that_an_existing_one_referred() -> None:
    lines: list[Line] = [
        ("new", "2026-02-01", 5),
        ("stray", "2026-03-01", 5),
        ("self", "2026-04-01", 5),
    ]
    facts: dict[str, dict[str, object]] = {
        "new": {"referred_by": "old"},
        "stray": {},
        "self": {"referred_by": "self"},
    }
    assert per_100(lines, facts) == pytest.approx(100 * 1 / 4)


def test_a_client_from_before_the_data_is_not_new() -> None:
    facts: dict[str, dict[str, object]] = {"new": {"referred_by": "old", "since": "2012-01-01"}}
    assert per_100([("new", "2026-02-01", 5)], facts) == 0


@pytest.mark.parametrize(("first", "told"), [("2025-01-01", True), ("2025-01-02", False)])
def test_introductions_need_a_year_of_history(first: str, told: bool) -> None:
    lines: list[Line] = [("a", first, 1), ("a", "2026-01-02", 1)]
    found = ars(Scope.of(make(lines), today=TODAY, period="2026"))
    assert (found.introductions_per_100 is not None) is told
