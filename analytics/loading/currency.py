"""One currency: which is home, and amounts brought into it exactly."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import DataError
from analytics.loading.contract import Checked
from analytics.schema import AMOUNT_SCALE, MAX_AMOUNT

DEFAULT = "EUR"


def home_currency(checked: Checked, kept: str, setting: str, rates: Mapping[str, Decimal]) -> str:
    """Return the home currency for a table with amounts.

    `kept` is that of the warehouse, `setting` the one the user set ("" where none). A first file
    with one currency and no rates makes that one home. Raises DataError where they contradict.
    """
    if kept and setting and kept != setting:
        raise DataError(
            "The amounts already loaded are in {kept}, the home currency is set to {setting}; set it"
            " to {kept}, or load everything into a new --home",
            kept=kept,
            setting=setting,
        )
    if kept or setting:
        return kept or setting
    if rates:
        return DEFAULT
    stated = _stated(checked)
    return stated[0] if len(stated) == 1 else DEFAULT


def _stated(checked: Checked) -> list[str]:
    if checked.currency is None:
        return []
    codes = pd.Series(checked.currency)[checked.faults.accepted]
    return sorted({str(code) for code in codes.dropna().unique() if code})


def convert(checked: Checked, home: str, rates: Mapping[str, Decimal]) -> None:
    """Add `amount_original`, and bring `amount` and `margin` home: half-even at 1/10,000.

    Rows without a currency are in the home currency. Raises DataError for a currency without rate.
    """
    values = checked.values
    values["amount_original"] = values["amount"]
    stated = _stated(checked)
    missing = [code for code in stated if code != home and code not in rates]
    if missing:
        raise DataError(
            "{file} has amounts in {missing}, the home currency is {home}; say what one {missing} is"
            " worth in {home} in --map FILE.yaml: rates: {{{missing}: 1.00}}",
            file=checked.raw.file,
            missing=missing[0],
            home=home,
        )
    codes = pd.Series([home] * len(checked.raw), dtype="str")
    if checked.currency is not None:
        codes = checked.currency.where(checked.currency.fillna("") != "", home)
    values["currency"] = codes
    for code in stated:
        if code == home:
            continue
        where = (codes == code).to_numpy(dtype=bool)
        for name in ("amount", "margin"):
            if name in values:
                amounts = values[name].copy()
                amounts[where] = _times(amounts[where], rates[code])
                values[name] = amounts
    checked.faults.mark(
        np.abs(np.nan_to_num(values["amount"])) > MAX_AMOUNT * AMOUNT_SCALE,
        "{column} is too large",
        column="amount",
    )


def _times(amounts: np.ndarray[Any, Any], rate: Decimal) -> np.ndarray[Any, Any]:
    """Multiply integral amounts by a rate, exactly, rounding half to even."""
    numerator, denominator = rate.as_integer_ratio()
    codes, uniques = pd.factorize(amounts, use_na_sentinel=False)
    found = np.empty(len(uniques), dtype=np.float64)
    for i, amount in enumerate(uniques):
        if np.isnan(amount):
            found[i] = np.nan
            continue
        whole, rest = divmod(int(amount) * numerator, denominator)
        twice = 2 * rest
        found[i] = whole + (twice > denominator or (twice == denominator and whole % 2 == 1))
    return found[codes]
