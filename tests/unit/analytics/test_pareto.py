from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.pareto import TopClients, top_clients
from analytics.scope import Scope
from analytics.snapshot import to_decimal
from tests.snapshots import TODAY, Line, make


def read(lines: list[Line], period: str = "all", **scope: object) -> tuple[Scope, TopClients]:
    found = Scope.of(make(lines), today=TODAY, period=period, **scope)  # type: ignore[arg-type]
    return found, top_clients(found)


def ids(scope: Scope, codes: object) -> list[str]:
    return [scope.snapshot.customer_id(int(c)) for c in codes]  # type: ignore[attr-defined]


def day(amounts: Mapping[str, object], date: str = "2026-10-01") -> list[Line]:
    return [(customer, date, amount) for customer, amount in amounts.items()]  # type: ignore[misc]


def test_the_smallest_leading_group_that_reaches_80_percent() -> None:
    scope, found = read(day({"a": 50, "b": 30, "c": 15, "d": 5}))
    assert ids(scope, found.top) == ["a", "b"]
    assert found.top_share_of_base == 0.5
    assert found.share_of_first(2) == pytest.approx(0.8)


def test_one_cent_under_80_percent_takes_one_more() -> None:
    scope, found = read(day({"a": "50", "b": "29.99", "c": "15.01", "d": "5"}))
    assert ids(scope, found.top) == ["a", "b", "c"]


def test_ties_go_by_customer_id() -> None:
    scope, found = read(day({"b": 10, "a": 10, "d": 10, "c": 10}))
    assert ids(scope, found.order) == ["a", "b", "c", "d"]


def test_customers_at_zero_or_below_count_in_the_base_and_are_never_top() -> None:
    lines = [*day({"a": 100, "b": 40, "zero": 0}), *day({"b": -40})]
    scope, found = read(lines)
    assert found.customers == 3
    assert found.positive_customers == 1
    assert ids(scope, found.top) == ["a"]


def test_a_customer_cancelled_in_full_vanishes_net_and_stays_gross() -> None:
    lines = [*day({"a": 100, "b": 500}), *day({"b": -500})]
    scope, net = read(lines)
    assert ids(scope, net.top) == ["a"]
    scope, gross = read(lines, gross=True)
    assert ids(scope, gross.order) == ["b", "a"]
    assert to_decimal(gross.total) == 600


def test_lines_without_a_customer_stand_beside_the_total() -> None:
    _scope, found = read([*day({"a": 100}), (None, "2026-10-01", 900)])
    assert found.customers == 1
    assert to_decimal(found.total) == 100
    assert to_decimal(found.revenue.unattributed) == 900
    assert found.largest_share == 1


def test_a_negative_total_has_no_top_and_no_shares() -> None:
    _scope, found = read(day({"a": 10, "b": -30}))
    assert found.top_count == 0
    assert found.reading == "NO_REVENUE"
    assert found.largest_share is None
    assert found.concentrated is None


def test_one_customer_is_answered_and_dependent() -> None:
    _scope, found = read(day({"a": 10}))
    assert (found.top_count, found.customers, found.hhi) == (1, 1, 10_000)
    assert found.reading == "TOO_FEW"
    assert found.dependent


@pytest.mark.parametrize(
    ("top", "rest", "reading", "concentrated"),
    [
        (12, 88, "CONCENTRATED", True),
        (40, 60, "ABOVE_BAND", None),
        (60, 40, "NO_CONCENTRATION", False),
    ],
)
def test_the_yardstick(top: int, rest: int, reading: str, concentrated: bool | None) -> None:
    amounts: dict[str, object] = {f"t{i:03}": Decimal("80") / top for i in range(top)}
    amounts |= {f"z{i:03}": Decimal("19") / rest for i in range(rest)}
    _scope, found = read(day(amounts))
    assert found.reading == reading
    assert found.concentrated is concentrated


def test_dependence_from_a_fifth_for_the_largest() -> None:
    many: dict[str, object] = {f"c{i:03}": 1 for i in range(80)}
    _scope, found = read(day(many | {"big": 20}))
    assert found.largest_share == pytest.approx(0.2)
    assert found.dependent
    _scope, found = read(day(many | {"big": "19.9"}))
    assert not found.dependent


@pytest.mark.parametrize(
    ("top", "reading"),
    [(9, "CONCENTRATED"), (10, "ABOVE_BAND"), (14, "ABOVE_BAND"), (15, "NO_CONCENTRATION")],
)
def test_the_yardstick_at_its_bounds_and_with_just_enough_customers(top: int, reading: str) -> None:
    amounts: dict[str, object] = {f"t{i:02}": Decimal("80.1") / top for i in range(top)}
    amounts |= {f"z{i:02}": Decimal("19.9") / (30 - top) for i in range(30 - top)}
    _scope, found = read(day(amounts))
    assert (found.positive_customers, found.top_count) == (30, top)
    assert found.reading == reading


def test_one_paying_customer_fewer_is_too_few() -> None:
    _scope, found = read(day({f"c{i:02}": 10 for i in range(29)} | {"zero": 0}))
    assert (found.customers, found.positive_customers, found.reading) == (30, 29, "TOO_FEW")


@pytest.mark.parametrize(("index", "dependent"), [(1_499.9, False), (1_500.0, True)])
def test_dependence_from_1500_of_hhi(index: float, dependent: bool) -> None:
    _scope, found = read(day({f"c{i:02}": 1 for i in range(30)}))
    assert not found.dependent
    assert replace(found, hhi=index).dependent is dependent


def test_gini_of_equal_customers_is_zero_and_of_a_known_case_a_quarter() -> None:
    _scope, equal = read(day({"a": 10, "b": 10, "c": 10}))
    assert equal.gini == pytest.approx(0)
    _scope, two = read(day({"a": 1, "b": 3}))
    assert two.gini == pytest.approx(0.25)


def test_who_entered_and_left_against_the_period_before() -> None:
    lines = [*day({"a": 80, "b": 20}, "2025-06-01"), *day({"a": 10, "b": 90}, "2026-06-01")]
    scope, found = read([("x", "2024-01-01", 1), *lines], period="2026")
    assert ids(scope, found.entered) == ["b"]
    assert ids(scope, found.left) == ["a"]
    b = found.order.tolist()[0]
    assert found.trend(b) == pytest.approx(3.5)


def test_nothing_is_said_of_the_period_before_where_data_starts_later() -> None:
    _scope, found = read(day({"a": 80}, "2026-06-01"), period="2026")
    assert found.entered is None
    assert found.trend(0) is None


def test_last_12_months_leave_the_same_day_a_year_earlier_out() -> None:
    lines = [("old", "2025-10-31", 5), ("new", "2025-11-01", 7), ("now", "2026-10-31", 9)]
    scope, found = read(lines, period="last12m")  # type: ignore[arg-type]
    assert (scope.period.start, scope.period.end) == (dt.date(2025, 11, 1), dt.date(2026, 10, 31))
    assert sorted(ids(scope, found.order)) == ["new", "now"]


def test_lines_after_today_are_outside_last_12_months_and_inside_all() -> None:
    lines: list[Line] = [("a", "2026-10-31", 5), ("future", "2030-01-01", 7)]
    scope, found = read(lines, period="last12m")
    assert ids(scope, found.order) == ["a"]
    assert scope.snapshot.future_lines(TODAY) == 1
    _scope, everything = read(lines)
    assert everything.customers == 2


def test_an_as_of_date_hides_what_came_later() -> None:
    lines: list[Line] = [("a", "2025-01-31", 5), ("b", "2026-01-31", 7)]
    scope, found = read(lines, as_of=dt.date(2025, 6, 30))
    assert ids(scope, found.order) == ["a"]
    assert scope.end == dt.date(2025, 6, 30)


def test_groups_are_rolled_up_only_when_asked_and_cycles_stand_alone() -> None:
    facts = {
        "child": {"parent_id": "parent"},
        "grandchild": {"parent_id": "child"},
        "x": {"parent_id": "y"},
        "y": {"parent_id": "x"},
    }
    lines = day({"parent": 1, "child": 2, "grandchild": 4, "x": 8, "y": 16})
    snapshot = make(lines, customers=facts)
    alone = top_clients(Scope.of(snapshot, today=TODAY, period="all"))
    assert alone.customers == 5
    scope = Scope.of(snapshot, today=TODAY, period="all", group=True)
    together = top_clients(scope)
    assert dict(
        zip(
            ids(scope, together.order),
            together.revenue.amount[together.order].tolist(),
            strict=True,
        )
    ) == {
        "y": 160_000,
        "x": 80_000,
        "parent": 70_000,
    }


amounts = st.decimals(min_value=-1_000, max_value=100_000, places=2)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), amounts, min_size=1, max_size=40))
def test_equals_a_slow_oracle(book: dict[str, Decimal]) -> None:
    scope, found = read(day(dict(book)))
    total = sum(book.values())
    ordered = sorted(book, key=lambda c: (-book[c], c))
    top: list[str] = []
    if total > 0:
        running = Decimal(0)
        for customer in ordered:
            top.append(customer)
            running += book[customer]
            if running * 10 >= total * 8:
                break
    assert ids(scope, found.order) == ordered
    assert ids(scope, found.top) == top
    assert to_decimal(found.total) == total
