from __future__ import annotations

import datetime as dt
import math

import pytest

from analytics.loading.cells import of_text
from analytics.loading.dates import parse_dates
from analytics.loading.numbers import decimal_sign, evidence, parse_numbers


def _read(words: list[str], separator: str = ",", whole: bool = False) -> list[float | None]:
    cells = of_text(words)
    numbers = parse_numbers(cells, decimal_sign(evidence(cells), [], separator, whole))
    return [
        None if bad or clash else value
        for value, bad, clash in zip(
            numbers.values.tolist(), numbers.bad.tolist(), numbers.clash.tolist(), strict=True
        )
    ]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["1.234,50", "1.234"], [1234.5, 1234]),
        (["1,234.50", "1,234"], [1234.5, 1234]),
        (["12,5", "1.234"], [12.5, 1234]),
        (["12.5", "1,234"], [12.5, 1234]),
        (["1.234.567", "2.500"], [1234567, 2500]),
        (["1,234,567", "2,500"], [1234567, 2500]),
        (["0,125", "1,250"], [0.125, 1.25]),
        (["12345", "1.234"], [12345, 1.234]),
        (["12345.678", "1.234"], [12345.678, 1.234]),
    ],
)
def test_the_decimal_sign_is_that_of_the_column(words: list[str], values: list[float]) -> None:
    assert _read(words, "\t") == values


def test_cells_that_contradict_the_majority_are_not_guessed() -> None:
    assert _read(["12,50", "9,95", "1.234,00", "12.50"]) == [12.5, 9.95, 1234, None]


@pytest.mark.parametrize(
    ("separator", "value"), [(";", 1234), (",", 1.234), ("\t", 1234), ("", 1234)]
)
def test_without_evidence_the_separator_decides(separator: str, value: float) -> None:
    assert _read(["1.234", "5.678"], separator)[0] == value


def test_counts_have_groups_not_three_decimals() -> None:
    assert _read(["1.234", "20"], ",", whole=True) == [1234, 20]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("€ 12,50", 12.5), ("12,50 EUR", 12.5), ("EUR\u00a012,50", 12.5), ("1 234,5", 1234.5),
        ("1\u202f234,5", 1234.5), ("1'234,5", 1234.5), ("(12,50)", -12.5), ("12,50-", -12.5),
        ("-€ 12,50", -12.5), ("€ -12,50", -12.5), ("−12,50", -12.5), ("+3,5", 3.5), ("100,-", 100),
        ("100,--", 100), (",5", 0.5), ("5,", 5.0), ("1,5E+03", 1500),
    ],
)  # fmt: skip
def test_ways_to_write_an_amount(word: str, value: float) -> None:
    assert _read([word, "1,25"])[0] == value


@pytest.mark.parametrize(
    "word", ["abc", "12a", "--5", "(5", "1-2", "-5-", "(-5)", "1,2,", "12 stuks", "١٢", "9" * 400]
)
def test_what_is_no_number_is_not_made_one(word: str) -> None:
    assert _read([word, "1,25"])[0] is None


@pytest.mark.parametrize("word", ["", "-", "NULL", "nan", "n/a"])
def test_empty_words_are_empty(word: str) -> None:
    value = _read([word, "1,25"])[0]
    assert value is not None
    assert math.isnan(value)


def test_the_currency_in_the_cell_is_kept() -> None:
    numbers = parse_numbers(of_text(["€ 1,00", "2,00 USD", "3,00"]), ",")
    assert numbers.marks is not None
    assert numbers.marks.tolist() == ["EUR", "USD", ""]


def _days(words: list[str], date_format: str = "") -> list[str]:
    return [str(day) for day in parse_dates(of_text(words), date_format).values]


@pytest.mark.parametrize(
    ("words", "day"),
    [
        (["2025-03-04"], "2025-03-04"), (["2025/3/4"], "2025-03-04"), (["20250304"], "2025-03-04"),
        (["4-3-2025"], "2025-03-04"), (["04.03.2025"], "2025-03-04"), (["4/3/25"], "2025-03-04"),
        (["03/04/2025", "03/31/2025"], "2025-03-04"), (["04/03/2025", "31/03/2025"], "2025-03-04"),
        (["4 maart 2025"], "2025-03-04"), (["4 mrt. 2025"], "2025-03-04"),
        (["di 4 mrt 2025"], "2025-03-04"), (["March 4, 2025"], "2025-03-04"),
        (["4-Mar-2025"], "2025-03-04"), (["4 Mar 25"], "2025-03-04"), (["45720"], "2025-03-04"),
        (["45720.75"], "2025-03-04"), (["2025-03-04 10:11:12"], "2025-03-04"),
        (["2025-03-04T23:59:59.123Z"], "2025-03-04"), (["4-3-2025 9:05"], "2025-03-04"),
        (["3/4/2025 9:05 PM", "3/14/2025 9:05 PM"], "2025-03-04"), (["4-3-75"], "1975-03-04"),
    ],
)  # fmt: skip
def test_ways_to_write_a_day(words: list[str], day: str) -> None:
    assert _days(words)[0] == day


def test_the_day_order_is_that_of_the_column() -> None:
    dates = parse_dates(of_text(["1/2/2025", "13/2/2025", "2/13/2025", "14/2/2025"]))
    assert [str(d) for d in dates.values] == ["2025-02-01", "2025-02-13", "NaT", "2025-02-14"]
    assert dates.bad.tolist() == [False, False, True, False]
    assert not dates.ambiguous


def test_an_ambiguous_column_is_read_day_first_and_says_so() -> None:
    dates = parse_dates(of_text(["1/2/2025", "3/4/2025"]))
    assert str(dates.values[0]) == "2025-02-01"
    assert dates.ambiguous


def test_a_given_format_overrides() -> None:
    assert _days(["01-02-16", "05-13-17"], "%m-%d-%y") == ["2016-01-02", "2017-05-13"]
    assert _days(["2016-01-02"], "%m-%d-%y") == ["NaT"]


def test_impossible_days_and_years() -> None:
    dates = parse_dates(of_text(["2025-02-30", "1969-12-31", "2101-01-01", "2100-12-31", ""]))
    assert dates.bad.tolist() == [True, False, False, False, False]
    assert dates.outside.tolist() == [False, True, True, False, False]
    assert [str(d) for d in dates.values] == ["NaT", "NaT", "NaT", "2100-12-31", "NaT"]
    assert dates.values[3].astype(dt.date) == dt.date(2100, 12, 31)
