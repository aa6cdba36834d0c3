"""Text columns: ids, words with a fixed meaning (status, role, language), free text."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analytics.channels import normalise
from analytics.loading.cells import EMPTY_WORDS, Cells
from analytics.loading.numbers import currency_code
from analytics.schema import ROLES, STATUSES, Column, Kind

Fault = tuple[np.ndarray[Any, Any], str, dict[str, object]]

_INTEGRAL = re.compile(r"([0-9]+)[.,]0+")
_DIGITS = re.compile(r"[0-9]+(?:[.,]0+)?")
_LOCALES = {
    "nl": "nl", "nld": "nl", "dut": "nl", "dutch": "nl", "nederlands": "nl", "vlaams": "nl",
    "en": "en", "eng": "en", "english": "en", "engels": "en",
}  # fmt: skip

NAMED_WORDS = 20
"""So many unknown words are named one by one; the others share a reason."""

_UNKNOWN = '{column}: the word "{word}" is not known; give it a meaning under values in the map'
_UNKNOWN_REST = "{column}: a word that is not known; give it a meaning under values in the map"


def parse_words(
    column: Column, cells: Cells, given: Mapping[str, str]
) -> tuple[pd.Series, list[Fault]]:
    """Return the column's text (str dtype, NaN where empty) and the cells that cannot stay.

    `given` maps normalised words of the file to words of the contract (the map's `values`).
    """
    codes, uniques = pd.factorize(cells.text)
    raw = ["" if word in EMPTY_WORDS else " ".join(str(word).split()) for word in uniques]
    raw = [given.get(normalise(word), word) if word else "" for word in raw]
    known = _meaning(column)
    if known is not None:
        parsed = [known(word) if word else "" for word in raw]
    elif column.kind is Kind.ID:
        parsed = _ids(raw)
        if column.name == "user":
            # Chat ids are case-sensitive, mail addresses are not.
            parsed = [word.lower() if "@" in word else word for word in parsed]
    else:
        parsed = raw
    text = pd.Series([word or None for word in parsed], dtype="str").iloc[codes]
    return text.reset_index(drop=True), _unknown(column, raw, parsed, codes)


def _ids(raw: list[str]) -> list[str]:
    """Undo what a spreadsheet or data frame does to numbers: in a column of 16446.0 it is 16446."""
    filled = [word for word in raw if word]
    if all(_DIGITS.fullmatch(word) for word in filled):
        return [_INTEGRAL.sub(r"\1", word) for word in raw]
    return raw


def _meaning(column: Column) -> Any:
    if column.kind is Kind.STATUS:
        return _finder(STATUSES)
    if column.kind is Kind.ROLE:
        return _finder(ROLES)
    if column.name == "locale":
        return lambda word: _LOCALES.get(normalise(word).split(" ")[0], "")
    if column.name == "time_zone":
        return _zone
    if column.name == "currency":
        return currency_code
    return None


def _finder(canonical: Mapping[str, tuple[str, ...]]) -> Any:
    known = {normalise(synonym): word for word, many in canonical.items() for synonym in many}
    known |= {word: word for word in canonical}
    return lambda word: known.get(normalise(word), "")


def _zone(word: str) -> str:
    try:
        return zoneinfo.ZoneInfo(word).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def _unknown(
    column: Column, raw: list[str], parsed: list[str], codes: np.ndarray[Any, Any]
) -> list[Fault]:
    lost = [i for i, word in enumerate(raw) if word and not parsed[i]]
    faults: list[Fault] = []
    for i in lost[:NAMED_WORDS]:
        params: dict[str, object] = {"column": column.name, "word": raw[i][:40]}
        faults.append((codes == i, _UNKNOWN, params))
    if lost[NAMED_WORDS:]:
        where = np.isin(codes, lost[NAMED_WORDS:])
        faults.append((where, _UNKNOWN_REST, {"column": column.name}))
    return faults
