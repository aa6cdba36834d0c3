"""The other columns of customers and deals, kept as facts: one JSON object a row."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.loading.cells import Cells
from analytics.loading.numbers import decimal_sign, evidence, parse_numbers
from analytics.loading.readers import RawTable

_LEADING_ZERO = re.compile(r"0[0-9]")

LONGEST_NUMBER = 15
"""Longer runs of digits are numbers of something (IBAN, phone), not quantities."""

LONGEST_FACT = 1_000


def facts_of(raw: RawTable, places: Sequence[int]) -> tuple[list[str | None], list[int]]:
    """Return each row's facts as JSON (None: no facts) and the places of the columns they hold.

    A column of numbers only gives numbers; anything else strings. Empty cells and columns are left
    out.
    """
    rows: list[dict[str, Any]] = [{} for _ in range(len(raw))]
    kept: list[int] = []
    for place in places:
        cells = raw.columns[place]
        filled = np.flatnonzero(~cells.empty)
        if not len(filled):
            continue
        kept.append(place)
        name = raw.headers[place]
        numbers = _numbers(cells, raw.separator)
        texts = cells.text.tolist() if numbers is None else []
        for row in filled.tolist():
            if numbers is None:
                rows[row][name] = " ".join(texts[row].split())[:LONGEST_FACT]
            else:
                value = float(numbers[row])
                rows[row][name] = int(value) if value.is_integer() else value
    return [json.dumps(row, ensure_ascii=False) if row else None for row in rows], kept


def _numbers(cells: Cells, separator: str) -> np.ndarray[Any, Any] | None:
    text = cells.text
    if text.str.len().max() > LONGEST_NUMBER or text.str.match(_LEADING_ZERO.pattern).any():
        return None
    own = evidence(cells)
    parsed = parse_numbers(cells, decimal_sign(own, (), separator, whole=False))
    if parsed.bad.any() or parsed.clash.any() or parsed.marks is not None:
        return None
    return parsed.values
