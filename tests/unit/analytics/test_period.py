from __future__ import annotations

import datetime as dt

import pytest

from analytics.errors import DataError
from analytics.period import Period, add_months, canonical, resolve

D = dt.date


def days(spec: str) -> tuple[dt.date, dt.date]:
    word = canonical(spec)
    assert word is not None
    found = resolve(word, end=D(2026, 10, 31), first=D(2020, 1, 5), last=D(2026, 11, 30))
    return found.start, found.end


@pytest.mark.parametrize(
    ("spec", "start", "end"),
    [
        ("last12m", D(2025, 11, 1), D(2026, 10, 31)),
        ("all", D(2020, 1, 5), D(2026, 11, 30)),
        ("alles", D(2020, 1, 5), D(2026, 11, 30)),
        ("2025", D(2025, 1, 1), D(2025, 12, 31)),
        ("2025-Q3", D(2025, 7, 1), D(2025, 9, 30)),
        ("2025K1", D(2025, 1, 1), D(2025, 3, 31)),
        ("2024-02", D(2024, 2, 1), D(2024, 2, 29)),
        ("2025-03..2025-09", D(2025, 3, 1), D(2025, 9, 30)),
        ("2024..2025-Q1", D(2024, 1, 1), D(2025, 3, 31)),
        ("2025-03-05..2025-03-09", D(2025, 3, 5), D(2025, 3, 9)),
    ],
)
def test_words(spec: str, start: dt.date, end: dt.date) -> None:
    assert days(spec) == (start, end)


@pytest.mark.parametrize(
    "spec", ["2025-13", "2025-09..2025-03", "2025-02-30", "2025..x", "..", "2025-00"]
)
def test_what_looks_like_a_period_and_is_none(spec: str) -> None:
    with pytest.raises(DataError):
        canonical(spec)


@pytest.mark.parametrize("spec", ["10", "1989", "2100", "acme", "2025-Q5x", ""])
def test_other_words(spec: str) -> None:
    assert canonical(spec) is None


def test_the_period_before_keeps_whole_months() -> None:
    assert Period(D(2025, 1, 1), D(2025, 12, 31), "2025").previous.start == D(2024, 1, 1)
    quarter = Period(D(2024, 1, 1), D(2024, 3, 31), "x").previous
    assert (quarter.start, quarter.end) == (D(2023, 10, 1), D(2023, 12, 31))
    days = Period(D(2025, 3, 5), D(2025, 3, 9), "x").previous
    assert (days.start, days.end) == (D(2025, 2, 28), D(2025, 3, 4))


def test_a_leap_day_becomes_the_last_of_february() -> None:
    assert add_months(D(2024, 2, 29), -12) == D(2023, 2, 28)
