"""One column of a file as text, beside the numbers and days that the file itself typed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

EMPTY_WORDS = frozenset(
    {
        "",
        "-",
        "--",
        "NULL",
        "null",
        "NaN",
        "nan",
        "None",
        "N/A",
        "n/a",
        "#N/A",
        "#N/B",
        "<NA>",
        "\\N",
    }
)
"""What exports write for "no value"."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one column, all of one length.

    `text` (dtype str, trimmed, "" for empty) is what a person would read; `numbers` (float64, NaN
    where the cell is no number) and `days` (datetime64[D], NaT where it is no date) are there for
    the formats that type their cells.
    """

    text: pd.Series
    numbers: np.ndarray[Any, Any] | None = None
    days: np.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self.text)

    @property
    def empty(self) -> np.ndarray[Any, Any]:
        """True where the cell holds no value."""
        return self.text.isin(list(EMPTY_WORDS)).to_numpy(dtype=bool)

    def sample(self) -> str:
        """Return the first value, shortened to fit a line, or ""."""
        filled = np.flatnonzero(~self.empty)
        if not len(filled):
            return ""
        return " ".join(str(self.text.iloc[int(filled[0])]).split())[:40]


def of_text(values: Sequence[str]) -> Cells:
    """Cells of an untyped format."""
    return Cells(pd.Series(values, dtype="str").str.strip())


def constant(value: str, size: int) -> Cells:
    """Cells that all hold the same text."""
    return Cells(pd.Series([value.strip()], dtype="str").repeat(size).reset_index(drop=True))


def of_objects(values: Sequence[Any]) -> Cells:
    """Cells of mixed Python values, as a workbook gives them."""
    size = len(values)
    text: list[str] = [""] * size
    numbers: np.ndarray[Any, Any] | None = None
    days: np.ndarray[Any, Any] | None = None
    for i, value in enumerate(values):
        if isinstance(value, str):
            text[i] = value
        elif isinstance(value, bool):
            text[i] = "true" if value else "false"
        elif isinstance(value, (int, float)):
            if numbers is None:
                numbers = np.full(size, np.nan)
            text[i] = number_text(value)
            numbers[i] = value
        elif isinstance(value, (dt.datetime, dt.date)):
            if days is None:
                days = np.full(size, np.datetime64("NaT"), dtype="datetime64[D]")
            day = value.date() if isinstance(value, dt.datetime) else value
            text[i] = day.isoformat()
            days[i] = np.datetime64(day, "D")
        elif value is not None:
            text[i] = str(value)
    return Cells(pd.Series(text, dtype="str").str.strip(), numbers, days)


def of_numbers(values: np.ndarray[Any, Any]) -> Cells:
    """Cells of a column of floats; NaN is empty."""
    codes, uniques = pd.factorize(values, use_na_sentinel=True)
    words = pd.Series([number_text(float(u)) for u in uniques] + [""], dtype="str")
    return Cells(words.iloc[codes].reset_index(drop=True), values.astype(np.float64))


def of_days(values: np.ndarray[Any, Any]) -> Cells:
    """Cells of a column of datetime64; NaT is empty."""
    days = values.astype("datetime64[D]")
    codes, uniques = pd.factorize(days, use_na_sentinel=True)
    words = pd.Series([str(np.datetime64(u, "D")) for u in uniques] + [""], dtype="str")
    return Cells(words.iloc[codes].reset_index(drop=True), None, days)


def number_text(value: float) -> str:
    """Write a number; an integral float as an integer, so that 16446.0 is the id "16446"."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return ""
    if value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return repr(value)
