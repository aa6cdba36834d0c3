from __future__ import annotations

import datetime as dt

import pytest

from analytics.loyalty import Rhythm, rhythms
from analytics.scope import Scope
from tests.snapshots import TODAY, Line, make


def rhythm(gaps: list[int], silence: int) -> Rhythm:
    """The rhythm of a client invoiced at these gaps, `silence` days before the data date."""
    at = dt.date(2025, 1, 1)
    dates = [at]
    for gap in gaps:
        at += dt.timedelta(days=gap)
        dates.append(at)
    lines: list[Line] = [("a", d.isoformat(), 10) for d in dates]
    lines.append(("other", (at + dt.timedelta(days=silence)).isoformat(), 1))
    scope = Scope.of(make(lines), today=TODAY, period="all")
    return rhythms(scope)[0]


def test_silence_beyond_three_usual_gaps_is_quiet() -> None:
    assert not rhythm([21, 21, 21, 21], 63).quiet
    found = rhythm([21, 21, 21, 21], 64)
    assert found.quiet
    assert (found.usual_gap, found.gap, found.days) == (21, 64, 5)


def test_four_invoice_days_say_nothing() -> None:
    assert not rhythm([21, 21, 21], 400).quiet


def test_a_client_that_often_pauses_is_not_quiet_in_a_pause() -> None:
    gaps = [10, 10, 10, 10, 10, 120, 10, 10, 120, 10]
    found = rhythm(gaps, 100)
    assert found.quiet_after == pytest.approx(120)
    assert not found.quiet


def test_silence_is_measured_to_the_data_date_not_to_today() -> None:
    assert rhythm([5, 5, 5, 5, 5], 2).gap == 2


def test_years_count_calendar_years() -> None:
    lines: list[Line] = [("a", "2023-12-31", 1), ("a", "2025-01-01", 1)]
    found = rhythms(Scope.of(make(lines), today=TODAY, period="all"))[0]
    assert found.years == 3
    assert found.usual_gap == 367


def test_a_line_of_the_future_does_not_end_a_silence() -> None:
    lines: list[Line] = [("a", f"2026-01-{day:02}", 1) for day in (1, 6, 11, 16, 21)]
    lines += [("other", "2026-06-30", 1), ("a", "2027-01-01", 1)]
    found = rhythms(Scope.of(make(lines), today=TODAY, period="all"))[0]
    assert (found.last, found.gap, found.days) == (dt.date(2026, 1, 21), 160, 5)
    assert found.quiet


def test_as_of_after_the_data_measures_silence_to_the_newest_line() -> None:
    lines: list[Line] = [("a", "2026-01-01", 1), ("b", "2026-01-11", 1)]
    scope = Scope.of(make(lines), today=TODAY, period="all", as_of=dt.date(2026, 9, 9))
    assert scope.data_date == dt.date(2026, 1, 11)
    assert rhythms(scope)[0].gap == 10
