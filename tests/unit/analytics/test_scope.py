"""What a scope compares with, and when the data reaches back far enough for it."""

from __future__ import annotations

import datetime as dt

import pytest

from analytics.pareto import top_clients
from analytics.scope import Scope
from tests.snapshots import TODAY, Line, make

D = dt.date


@pytest.mark.parametrize(
    ("first", "compared"),
    [
        ("2026-03-31", True),
        ("2026-04-01", True),
        ("2026-04-08", True),
        ("2026-04-09", False),
        ("2026-05-01", False),
    ],
)
def test_a_trend_needs_data_from_the_first_week_of_the_period_before(
    first: str, compared: bool
) -> None:
    lines: list[Line] = [("a", first, 10), ("a", "2026-06-01", 10), ("a", "2026-09-30", 30)]
    found = top_clients(Scope.of(make(lines), today=TODAY, period="2026-q3"))
    assert (found.trend(0) is not None) is compared
    assert (found.entered is not None) is compared


def test_the_last_12_months_before_a_leap_day_stay_12_months() -> None:
    lines: list[Line] = [
        ("a", "2023-02-28", 1000),
        ("a", "2023-06-01", 100),
        ("a", "2024-02-29", 100),
        ("a", "2025-02-28", 100),
    ]
    scope = Scope.of(make(lines), today=TODAY, as_of=D(2025, 2, 28))
    assert (scope.period.start, scope.period.end) == (D(2024, 2, 29), D(2025, 2, 28))
    assert (scope.comparison.start, scope.comparison.end) == (D(2023, 3, 1), D(2024, 2, 28))
    found = top_clients(scope)
    assert found.trend(0) == pytest.approx(1.0)  # 100 + 100 against 100


def test_a_running_year_is_compared_with_the_same_part_of_the_year_before() -> None:
    lines: list[Line] = [
        ("a", "2025-01-01", 100),
        ("a", "2025-03-31", 100),
        ("a", "2025-04-01", 5000),
        ("a", "2026-02-01", 200),
        ("b", "2026-03-31", 100),
    ]
    for word in ("2026", "this-year"):
        scope = Scope.of(make(lines), today=TODAY, period=word)
        assert (scope.comparison.start, scope.comparison.end) == (D(2025, 1, 1), D(2025, 3, 31))
        assert top_clients(scope).trend(0) == pytest.approx(0)


def test_a_year_that_ended_is_compared_with_the_whole_year_before() -> None:
    lines: list[Line] = [("a", "2024-01-01", 1), ("a", "2025-12-31", 1), ("a", "2026-02-01", 1)]
    for word in ("2025", "last-year"):
        scope = Scope.of(make(lines), today=TODAY, period=word)
        assert (scope.comparison.start, scope.comparison.end) == (D(2024, 1, 1), D(2024, 12, 31))


def test_a_running_range_of_days_is_compared_over_as_many_days() -> None:
    lines: list[Line] = [("a", "2026-01-01", 1), ("a", "2026-03-07", 1)]
    scope = Scope.of(make(lines), today=TODAY, period="2026-03-05..2026-03-14")
    assert (scope.comparison.start, scope.comparison.end) == (D(2026, 2, 23), D(2026, 2, 25))
