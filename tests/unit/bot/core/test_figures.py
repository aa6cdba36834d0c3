from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.figures import Detail, Figures, band
from bot.i18n import Localizer

DETAILS: tuple[Detail, ...] = ("exact", "bands", "none")


@pytest.mark.parametrize(
    ("amount", "low", "high"),
    [("0", 0, 1_000), ("655000", 500_000, 1_000_000), ("500000", 500_000, 1_000_000),
     ("499999.99", 200_000, 500_000), ("-1500", -2_000, -1_000), ("1000", 1_000, 2_000)],
)  # fmt: skip
def test_bands_go_by_one_two_five(amount: str, low: int, high: int) -> None:
    assert band(Decimal(amount)) == (low, high)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_an_amount_lies_in_its_band(amount: Decimal) -> None:
    low, high = band(amount)
    assert low <= amount < high


def test_who_may_see_nothing_gets_nothing() -> None:
    hidden = Figures(Localizer("nl"), "none")
    assert (hidden.money(10_000), hidden.value(10_000), hidden.share(0.5)) == ("–", None, "–")


@pytest.mark.parametrize(
    ("share", "shown", "value"),
    [(0.1234, "12\u00a0%", 0.12), (0.5, "50\u00a0%", 0.5), (0.996, "100\u00a0%", 1.0)],
)
def test_a_share_is_a_whole_percent_in_bands(share: float, shown: str, value: float) -> None:
    bands = Figures(Localizer("nl"), "bands")
    assert (bands.share(share), bands.share_value(share), bands.drawn(share)) == (
        shown,
        value,
        value,
    )
    exact = Figures(Localizer("nl"), "exact")
    assert exact.share_value(share) == exact.drawn(share) == share
    hidden = Figures(Localizer("nl"), "none")
    assert (hidden.share_value(share), hidden.drawn(share)) == (None, 0)


def test_an_index_goes_by_steps_in_bands() -> None:
    value, step = 1_649.3, 100.0
    seen = [Figures(Localizer("nl"), d).index(value, step) for d in DETAILS]
    assert seen == [value, 1_600, None]


def test_no_share_is_no_share_for_everybody() -> None:
    for detail in DETAILS:
        figures = Figures(Localizer("nl"), detail)
        assert (figures.share(None), figures.share_value(None)) == ("–", None)
        assert figures.index(None, 100.0) is None


def test_dutch_and_english_money() -> None:
    amount = 12_345_678_900
    assert Figures(Localizer("nl")).money(amount, cents=True) == "€\u00a01.234.567,89"
    assert Figures(Localizer("en")).money(amount, cents=True) == "€1,234,567.89"
