from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from bot.i18n import Localizer


@pytest.mark.parametrize(
    ("locale", "money", "short", "share", "date", "number"),
    [
        ("nl", "€\u00a01.234.567,89", "€\u00a08,4\u00a0mln", "11,8\u00a0%", "31 okt 2026", "4.372"),
        ("en", "€1,234,567.89", "€8.4M", "11.8%", "31 Oct 2026", "4,372"),
    ],
)
def test_numbers_and_dates(
    locale: str, money: str, short: str, share: str, date: str, number: str
) -> None:
    _ = Localizer(locale)
    assert _.money(Decimal("1234567.89"), cents=True) == money
    assert _.short_money(Decimal("8412345")) == short
    assert _.percent(0.1184) == share
    assert _.date(dt.date(2026, 10, 31)) == date
    assert _.number(4372) == number


def test_a_negative_amount_and_change() -> None:
    assert Localizer("nl").money(-12) == "€\u00a0-12"
    assert Localizer("en").money(-12) == "-€12"
    assert Localizer("nl").signed_percent(-0.06) == "\u22126\u00a0%"


def test_another_currency() -> None:
    assert Localizer("nl", "GBP").money(5) == "£\u00a05"


def test_plurals() -> None:
    for locale, one, many in (
        ("nl", "1 topklant", "2 topklanten"),
        ("en", "1 top client", "2 top clients"),
    ):
        _ = Localizer(locale)
        assert _.n("{n} top client", "{n} top clients", 1) == one
        assert _.n("{n} top client", "{n} top clients", 2) == many


def test_an_unknown_language_is_english() -> None:
    assert Localizer("fr")("Top clients") == "Top clients"


def test_braces_in_data_are_left_alone() -> None:
    assert "{x}" in Localizer("nl")("Which {name} do you mean?", name="{x}")
