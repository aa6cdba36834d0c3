from __future__ import annotations

from decimal import Decimal

import pytest

from analytics.errors import DataError

from .conftest import Company

HEAD = "customer_id,date,amount,invoice_id,currency,margin\n"
POUNDS = HEAD + "A,2026-01-01,10,1,GBP,1\n"
EUROS = HEAD + "A,2026-01-01,10,1,EUR,1\n"


def test_one_currency_becomes_home(company: Company) -> None:
    assert company.load(invoices=POUNDS).home_currency == "GBP"
    assert company.rows("SELECT amount, currency, amount_original FROM invoices") == [
        (Decimal(10), "GBP", Decimal(10))
    ]


def test_no_currency_means_euro_and_a_setting_wins(company: Company) -> None:
    text = "customer_id,date,amount\nA,2026-01-01,10\n"
    assert company.load(currency="usd", invoices=text).home_currency == "USD"


def test_without_any_sign_home_is_euro(company: Company) -> None:
    assert (
        company.load(invoices="customer_id,date,amount\nA,2026-01-01,10\n").home_currency == "EUR"
    )
    with pytest.raises(DataError, match="amounts in GBP, the home currency is EUR"):
        company.load(invoices=POUNDS)


def test_customers_do_not_decide_the_home_currency(company: Company) -> None:
    company.load(customers="klantnr\nA\n")
    assert company.load(invoices=POUNDS).home_currency == "GBP"


@pytest.mark.parametrize(
    "rows",
    [
        "A,2026-01-01,10,1,EUR,\nA,2026-01-01,10,2,GBP,\n",
        "A,2026-01-01,10,1,$,\nA,2026-01-01,1,2,€,\n",
    ],
)
def test_two_currencies_without_a_rate_are_refused(company: Company, rows: str) -> None:
    with pytest.raises(DataError, match=r"rates: \{(GBP|USD): 1.00\}"):
        company.load(invoices=HEAD + rows)
    assert not (company.home / "quarantine").exists()


def test_a_second_file_in_another_currency_is_refused(company: Company) -> None:
    company.load(invoices=EUROS)
    state = company.state()
    with pytest.raises(DataError, match="rates:"):
        company.load(invoices=POUNDS.replace(",1,GBP", ",2,GBP"))
    assert company.state() == state


def test_rates_convert_exactly_half_to_even(company: Company) -> None:
    rows = (
        "A,2026-01-01,10,1,GBP,2\nA,2026-01-02,-0.01,2,gbp,\nA,2026-01-03,0.0001,3,GBP,\n"
        "A,2026-01-04,0.0003,4,GBP,\nB,2026-01-05,7,5,EUR,\n"
    )
    done = company.load(map="rates: {GBP: 1.5}", invoices=HEAD + rows)
    assert done.home_currency == "EUR"
    assert company.rows("SELECT amount, amount_original, margin FROM invoices ORDER BY date") == [
        (Decimal(15), Decimal(10), Decimal(3)),
        (Decimal("-0.015"), Decimal("-0.01"), None),
        (Decimal("0.0002"), Decimal("0.0001"), None),
        (Decimal("0.0004"), Decimal("0.0003"), None),
        (Decimal(7), Decimal(7), None),
    ]


def test_an_amount_too_large_after_conversion_is_quarantined(company: Company) -> None:
    rows = "A,2026-01-01,99999999999,1,GBP,\nB,2026-01-05,7,5,EUR,\n"
    done = company.load(map="rates: {GBP: 1.5}", invoices=HEAD + rows).tables[0]
    assert (done.accepted, done.quarantined) == (1, 1)


def test_symbols_in_the_cells_count_as_currency(company: Company) -> None:
    text = 'customer_id;date;amount\nA;2026-01-01;"€ 1,50"\nA;2026-01-02;"$ 2,50"\n'
    with pytest.raises(DataError, match="amounts in USD"):
        company.load(currency="EUR", invoices=text)


def test_a_word_that_is_no_currency_is_quarantined(company: Company) -> None:
    done = company.load(
        invoices=HEAD + "A,2026-01-01,10,1,EUR,\nA,2026-01-01,10,2,euros!,\n"
    ).tables[0]
    assert (done.accepted, done.quarantined) == (1, 1)
    assert done.reasons[0].params["word"] == "euros!"


def test_another_setting_than_what_was_loaded_is_refused(company: Company) -> None:
    company.load(invoices=EUROS)
    with pytest.raises(DataError, match="already loaded are in EUR"):
        company.load(currency="USD", invoices=EUROS.replace("01-01", "01-02"))
