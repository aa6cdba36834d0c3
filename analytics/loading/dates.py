"""Dates: the format is decided once per column, by what parses the most of its cells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.channels import normalise
from analytics.loading.cells import EMPTY_WORDS, Cells

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""Dates outside are typing errors, not trade."""

LONGEST = 64

_MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "jan january januari", "feb february februari", "mar march mrt maart", "apr april",
        "may mei", "jun june juni", "jul july juli", "aug august augustus",
        "sep sept september", "oct october okt oktober", "nov november", "dec december",
    ),
    start=1,
):  # fmt: skip
    _MONTHS.update(dict.fromkeys(_names.split(), _number))
_WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|ma|di|wo|do|vr|za|zo)[a-z]*\.?,?\s+(?=[0-9a-z])",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"[T\s,]+[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]+)?)?\s*(?:[aApP]\.?[mM]\.?)?"
    r"\s*(?:Z|UTC|[-+][0-9]{2}:?(?:[0-9]{2})?)?$"
)
_YMD = re.compile(r"([0-9]{4})([-/. ])([0-9]{1,2})\2([0-9]{1,2})")
_PARTS = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:\.0)?")
_DAY_WORD = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th|e)?[-\s./]*([^\W\d]+)\.?[-\s./,]*([0-9]{4}|[0-9]{2})"
)
_WORD_DAY = re.compile(r"([^\W\d]+)\.?\s*([0-9]{1,2})(?:st|nd|rd|th)?,?\s+([0-9]{4})")
_SERIAL = re.compile(r"([0-9]{5})(?:[.,][0-9]+)?")
_EPOCH = dt.date(1899, 12, 30)

_Reader = Callable[[str], dt.date | None]


@dataclass(frozen=True, slots=True)
class Dates:
    """Parsed days: `values` datetime64[D] (NaT where empty or bad).

    `bad` marks cells that are no date in the column's `format`, `outside` dates whose year is
    impossible; `format` is "" where no format reads any cell; `ambiguous` is True where day and month
    could be swapped for every cell.
    """

    values: np.ndarray[Any, Any]
    bad: np.ndarray[Any, Any]
    outside: np.ndarray[Any, Any]
    format: str
    ambiguous: bool = False


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _full(year: str) -> int:
    if len(year) == 4:
        return int(year)
    return 2000 + int(year) if int(year) < 70 else 1900 + int(year)


def _year_first(word: str) -> dt.date | None:
    match = _YMD.fullmatch(word)
    return _day(int(match[1]), int(match[3]), int(match[4])) if match else None


def _day_first(word: str) -> dt.date | None:
    match = _PARTS.fullmatch(word)
    return _day(_full(match[4]), int(match[3]), int(match[1])) if match else None


def _month_first(word: str) -> dt.date | None:
    match = _PARTS.fullmatch(word)
    return _day(_full(match[4]), int(match[1]), int(match[3])) if match else None


def _compact(word: str) -> dt.date | None:
    match = _COMPACT.fullmatch(word)
    return _day(int(match[1]), int(match[2]), int(match[3])) if match else None


def _month_word(word: str) -> dt.date | None:
    if _WEEKDAY.match(word) and not _WORD_DAY.fullmatch(word):
        # "ma 3 maart", but not "March 3".
        word = _WEEKDAY.sub("", word)
    match = _DAY_WORD.fullmatch(word)
    if match:
        month = _MONTHS.get(normalise(match[2]), 0)
        return _day(_full(match[3]), month, int(match[1])) if month else None
    match = _WORD_DAY.fullmatch(word)
    if match:
        month = _MONTHS.get(normalise(match[1]), 0)
        return _day(int(match[3]), month, int(match[2])) if month else None
    return None


def _serial(word: str) -> dt.date | None:
    match = _SERIAL.fullmatch(word)
    return _EPOCH + dt.timedelta(days=int(match[1])) if match else None


_FORMATS: tuple[tuple[str, _Reader], ...] = (
    ("yyyy-mm-dd", _year_first),
    ("dd-mm-yyyy", _day_first),
    ("mm-dd-yyyy", _month_first),
    ("yyyymmdd", _compact),
    ("d month yyyy", _month_word),
    ("serial number", _serial),
)
"""In order of preference: of two that parse as many cells, the first (so the day before the month)."""


def parse_dates(cells: Cells, date_format: str = "") -> Dates:
    """Parse a column; `date_format` (strptime) overrides the choice. Times of day are dropped."""
    text = cells.text
    if cells.days is not None:
        text = text.mask(~np.isnat(cells.days), "")
    codes, uniques = pd.factorize(text)
    counts = np.bincount(codes, minlength=len(uniques))
    words = [str(u) for u in uniques]
    filled = np.array([w not in EMPTY_WORDS for w in words], dtype=bool)
    if date_format:
        name, ambiguous = date_format, False
        found = [
            _strptime(w, date_format) if f else None for w, f in zip(words, filled, strict=True)
        ]
    else:
        bare = [
            _TIME.sub("", w) if f and len(w) <= LONGEST else ""
            for w, f in zip(words, filled, strict=True)
        ]
        name, found, ambiguous = _best(bare, counts)
    days = np.array(found, dtype="datetime64[D]")
    bad = filled & np.isnat(days)
    values, wrong = days[codes], bad[codes]
    if cells.days is not None:
        typed = ~np.isnat(cells.days)
        values = np.where(typed, cells.days, values)
        name = name if filled.any() else "date"
    years = values.astype("datetime64[Y]").astype(np.int64) + 1970
    outside = ~np.isnat(values) & ((years < FIRST_YEAR) | (years > LAST_YEAR))
    values[outside] = np.datetime64("NaT")
    return Dates(values, wrong, outside, name, ambiguous)


def _best(words: list[str], counts: np.ndarray[Any, Any]) -> tuple[str, list[dt.date | None], bool]:
    best: tuple[int, str, list[dt.date | None]] = (-1, "", [None] * len(words))
    parsed: dict[str, int] = {}
    for name, reader in _FORMATS:
        found = [reader(word) if word else None for word in words]
        total = int(sum(int(c) for day, c in zip(found, counts, strict=True) if day))
        parsed[name] = total
        if total > best[0]:
            best = (total, name, found)
    total, name, found = best
    if not total:
        return "", found, False
    ambiguous = name == "dd-mm-yyyy" and parsed["mm-dd-yyyy"] == total > 0
    return name, found, ambiguous


def _strptime(word: str, date_format: str) -> dt.date | None:
    for text in (word, _TIME.sub("", word)):
        try:
            return dt.datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a day has no zone
        except (ValueError, re.error, OverflowError):
            continue
    return None
