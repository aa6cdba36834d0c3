"""Periods: what a person may ask for, and which days that is on this data."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from analytics.errors import DataError

_QUARTER = re.compile(r"^(\d{4})-?[qk]([1-4])$")
_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
_DAY = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")
_YEAR = re.compile(r"^(199\d|20\d\d)$")
LAST_12_MONTHS = "last12m"
ALL = "all"
THIS_YEAR, LAST_YEAR = "this-year", "last-year"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from start to end, both inclusive. `spec` is the canonical word it was asked with."""

    start: dt.date
    end: dt.date
    spec: str

    @property
    def previous(self) -> Period:
        """The period just before of the same length; whole months stay whole months."""
        if self.spec == LAST_12_MONTHS:  # (end - 24 months, end - 12 months], leap days included
            day = dt.timedelta(days=1)
            return Period(add_months(self.end, -24) + day, add_months(self.end, -12), "")
        months = self.whole_months
        if months:
            start = add_months(self.start, -months)
            return Period(start, self.start - dt.timedelta(days=1), "")
        length = self.end - self.start
        end = self.start - dt.timedelta(days=1)
        return Period(end - length, end, "")

    @property
    def whole_months(self) -> int:
        """How many months it spans if it ends where a month from its start would; else 0."""
        after = self.end + dt.timedelta(days=1)
        months = (after.year - self.start.year) * 12 + after.month - self.start.month
        return months if months > 0 and add_months(self.start, months) == after else 0


def add_months(day: dt.date, months: int) -> dt.date:
    """Move a day by months; the 31st becomes the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def canonical(word: str) -> str | None:
    """Return the canonical period word, or None when the word is no period at all.

    Raises DataError when it looks like a period but is none (month 13, an end before its start).
    """
    text = word.strip().lower()
    if text in {"last12m", "12m", "ltm"}:
        return LAST_12_MONTHS
    if text in {"all", "alles", "altijd"}:
        return ALL
    if text in {THIS_YEAR, LAST_YEAR}:
        return text
    if ".." in text:
        first, _, last = text.partition("..")
        start, end = _bounds(first, word)[0], _bounds(last, word)[1]
        if end < start:
            raise DataError(
                "{period} ends before it starts; write the earlier month first, as in "
                "2025-03..2025-09.",
                period=word,
            )
        return text
    if _YEAR.match(text) or _QUARTER.match(text) or _MONTH.match(text) or _DAY.match(text):
        _bounds(text, word)
        return text
    return None


def resolve(spec: str, *, end: dt.date, first: dt.date, last: dt.date) -> Period:
    """Turn a canonical period word into days.

    end: the data date (or the as-of date); first, last: the earliest and latest dated line.
    last12m is (end - 12 months, end]; this year is the year of `end`.
    """
    if spec == LAST_12_MONTHS:
        return Period(add_months(end, -12) + dt.timedelta(days=1), end, spec)
    if spec == ALL:
        return Period(min(first, last), last, spec)
    if ".." in spec:
        head, _, tail = spec.partition("..")
        return Period(_bounds(head, spec)[0], _bounds(tail, spec)[1], spec)
    if spec in {THIS_YEAR, LAST_YEAR}:
        spec = str(end.year - (spec == LAST_YEAR))
    start, stop = _bounds(spec, spec)
    return Period(start, stop, spec)


def _bounds(text: str, shown: str) -> tuple[dt.date, dt.date]:
    try:
        if match := _YEAR.match(text):
            year = int(match[1])
            return dt.date(year, 1, 1), dt.date(year, 12, 31)
        if match := _QUARTER.match(text):
            year, month = int(match[1]), int(match[2]) * 3 - 2
            return dt.date(year, month, 1), _month_end(year, month + 2)
        if match := _MONTH.match(text):
            year, month = int(match[1]), int(match[2])
            return dt.date(year, month, 1), _month_end(year, month)
        if _DAY.match(text):
            day = dt.date.fromisoformat(text)
            return day, day
    except ValueError:
        pass
    raise DataError(
        "{period} is not a period; use last12m, all, 2025, 2025-Q3, 2025-03 or 2025-03..2025-09.",
        period=shown,
    )


def _month_end(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])
