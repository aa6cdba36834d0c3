"""Amounts and numbers: the decimal sign is decided once per column, by its evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.loading.cells import EMPTY_WORDS, Cells

_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "US$": "USD", "A$": "AUD", "C$": "CAD"}
_CODES = frozenset(
    re.findall(
        "[A-Z]{3}",
        "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HRK HUF IDR ILS INR ISK"
        " JPY KRW MAD MXN MYR NOK NZD PHP PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD UAH USD VND ZAR",
    )
)
_MARK = r"[€$£¥]|[A-Z]{1,2}\$|[A-Za-z]{3}"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<lead>[-+])?(?P<before>{_MARK})?(?P<inner>[-+])?"
    rf"(?P<body>[.,]?[0-9][0-9.,]*)(?P<after>{_MARK})?(?P<tail>[-+])?(?P<close>\))?"
)
_SCIENTIFIC = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?[eE][-+]?[0-9]{1,3}")
_DROPPED = str.maketrans(dict.fromkeys(" \u00a0\u202f\u2009'’\t", "") | {"−": "-", "–": "-"})
_DUTCH_ROUND = (",-", ",--", ".-", ".--", ",–", ",—")
_PLAIN = {
    ",": re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]*)(?:,[0-9]*)?"),
    ".": re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]*)?"),
}
LONGEST = 64
"""Longer cells are no number."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Parsed numbers: `values` float64 (NaN where empty or bad).

    `bad` marks cells that are no number, `clash` those that contradict the decimal sign `decimal`
    of their column; `marks` the currency written in the cell ("" where none), or None.
    """

    values: np.ndarray[Any, Any]
    bad: np.ndarray[Any, Any]
    clash: np.ndarray[Any, Any]
    decimal: str
    marks: pd.Series | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many cells of a column only make sense with that decimal sign, and the weaker signs."""

    comma: int = 0
    point: int = 0
    group_comma: int = 0
    """Cells such as 1,234: grouped, or with three decimals."""
    group_point: int = 0
    ungrouped: int = 0
    """Cells of four digits or more without any sign: this column does not group."""

    @property
    def decided(self) -> str:
        """The sign that most cells prove, or "" where none does."""
        if self.comma == self.point:
            return ""
        return "," if self.comma > self.point else "."


def _bare(word: str) -> str:
    word = word.translate(_DROPPED)
    for ending in _DUTCH_ROUND:
        if word.endswith(ending):
            return word[: -len(ending)]
    return word


def _uniques(cells: Cells) -> tuple[np.ndarray[Any, Any], list[str], np.ndarray[Any, Any]]:
    text = cells.text
    if cells.numbers is not None:
        # Typed cells need no reading.
        text = text.mask(~np.isnan(cells.numbers), "")
    codes, uniques = pd.factorize(text)
    counts = np.bincount(codes, minlength=len(uniques))
    return codes, [str(u) for u in uniques], counts


def evidence(cells: Cells) -> Evidence:
    """Weigh what a column says about its decimal sign."""
    _, words, counts = _uniques(cells)
    tally = {"comma": 0, "point": 0, "group_comma": 0, "group_point": 0, "ungrouped": 0}
    for word, count in zip(words, counts, strict=True):
        if len(word) > LONGEST or word in EMPTY_WORDS:
            continue
        match = _NUMBER.fullmatch(_bare(word))
        if match:
            kind = _kind(match["body"])
            if kind:
                tally[kind] += int(count)
    return Evidence(**tally)


def _kind(body: str) -> str:
    commas, points = body.count(","), body.count(".")
    if not commas and not points:
        return "ungrouped" if len(body) > 3 else ""
    if commas and points:
        return "comma" if body.rfind(",") > body.rfind(".") else "point"
    sign, other = (",", "point") if commas else (".", "comma")
    if commas + points > 1:
        # A sign that repeats groups, so the other one is decimal.
        return other
    whole, _, fraction = body.partition(sign)
    if len(fraction) != 3 or len(whole) > 3 or whole in ("", "0"):
        return "comma" if sign == "," else "point"
    return "group_comma" if sign == "," else "group_point"


def decimal_sign(own: Evidence, file: Sequence[Evidence], separator: str, whole: bool) -> str:
    """Decide a column's decimal sign: its own cells, its file's other columns, the separator.

    `whole`: the column counts things, so that three digits after a sign are a group.
    """
    if own.decided:
        return own.decided
    if whole and (own.group_comma or own.group_point):
        return "," if own.group_point > own.group_comma else "."
    if own.ungrouped and not (own.group_comma and own.group_point):
        # Beside 12345 the 1.234 is no group but a number with three decimals.
        if own.group_point:
            return "."
        if own.group_comma:
            return ","
    rest = Evidence(sum(e.comma for e in file), sum(e.point for e in file))
    if rest.decided:
        return rest.decided
    if separator == ";":
        return ","
    if separator == ",":
        return "."
    return "," if own.group_point > own.group_comma else "."


def parse_numbers(cells: Cells, decimal: str) -> Numbers:
    """Parse a column with its decimal sign; typed numbers are taken as they are."""
    codes, words, _ = _uniques(cells)
    size = len(words)
    values = np.full(size, np.nan)
    bad = np.zeros(size, dtype=bool)
    clash = np.zeros(size, dtype=bool)
    marks = [""] * size
    for i, word in enumerate(words):
        if word in EMPTY_WORDS:
            continue
        if len(word) > LONGEST:
            bad[i] = True
            continue
        bare = _bare(word)
        match = _NUMBER.fullmatch(bare)
        if match is None:
            if _SCIENTIFIC.fullmatch(bare):
                values[i] = float(bare.replace(",", "."))
            else:
                bad[i] = True
            continue
        body = match["body"]
        mark = (match["before"] or match["after"] or "").upper()
        signs = [s for s in (match["lead"], match["inner"], match["tail"]) if s]
        brackets = bool(match["open"])
        if brackets != bool(match["close"]) or len(signs) + brackets > 1:
            bad[i] = True
            continue
        if mark:
            mark = _SYMBOLS.get(mark, mark)
            if mark not in _CODES or (match["before"] and match["after"]):
                bad[i] = True
                continue
            marks[i] = mark
        if not _PLAIN[decimal].fullmatch(body):
            clash[i] = True
            continue
        group = "." if decimal == "," else ","
        number = float(body.replace(group, "").replace(decimal, "."))
        values[i] = -number if brackets or signs == ["-"] else number
    bad |= np.isinf(values)
    values[bad] = np.nan
    found, wrong = values[codes], bad[codes]
    if cells.numbers is not None:
        typed = ~np.isnan(cells.numbers)
        infinite = np.isinf(cells.numbers)
        found = np.where(typed & ~infinite, cells.numbers, found)
        wrong = wrong | infinite
    written = None
    if any(marks):
        written = pd.Series(marks, dtype="str").iloc[codes].reset_index(drop=True)
    return Numbers(found, wrong, clash[codes], decimal, written)


def currency_code(word: str) -> str:
    """Return the ISO code that a currency cell means ("€", "eur"), or "" if it is none."""
    code = word.strip().upper()
    code = _SYMBOLS.get(code, code)
    return code if re.fullmatch("[A-Z]{3}", code) else ""
