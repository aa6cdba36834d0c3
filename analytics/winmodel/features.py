"""Features: facts as columns of numbers, centred, so that an unknown fact weighs nothing.

Texts: one column a frequent level, one for all rare ones, one for not known. Many different texts:
besides that, words hashed into a few columns and how common the text is (never how often it won).
Numbers: scaled, on a log scale where skewed, and in quantile bands, since what is best is often in
the middle. Dates: age in days when the deal was created, and season. Nothing here sees an outcome.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from analytics.snapshot import Ints
from analytics.winmodel.facts import Bools, FactTable, Floats, Kind, Texts

MOST_LEVELS = 25
FEWEST_OF_LEVEL = 15
SHARE_OF_LEVEL = 0.004
"""Rows a level must have to get a column: this many, and this share."""
LONG_TAIL = 0.4
"""Share of filled rows with a rare text from which texts are read word by word."""
BUCKETS = 12
MOST_WORDS = 30
MOST_COUNTED = 500
BANDS = 5
SKEWED = 3.0
_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Encoder:
    """How one fact becomes columns.

    what: "levels", "words", "number" or "season"; levels: texts with a column; common: texts and
    how often they occurred (words); centre, scale, low, high, logged, edges: of a number, clipped
    to low..high; dated: the fact is a date, read as days before the creation of the deal.
    means: mean of each raw column in training (subtracted); used: raw columns that varied there.
    """

    fact: str
    what: str
    levels: tuple[str, ...] = ()
    common: tuple[tuple[str, int], ...] = ()
    centre: float = 0.0
    scale: float = 1.0
    low: float = 0.0
    high: float = 0.0
    logged: bool = False
    edges: tuple[float, ...] = ()
    dated: bool = False
    means: tuple[float, ...] = ()
    used: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """Columns it makes."""
        return len(self.used)

    def encode(self, facts: FactTable, created: Ints) -> Floats:
        """The columns, shape (rows, width), centred on training."""
        raw = self._raw(facts, created)
        if not self.means:
            return raw
        used = list(self.used)
        centred: Floats = raw[:, used] - np.array(self.means)[used]
        return centred

    def _raw(self, facts: FactTable, created: Ints) -> Floats:
        if self.what == "season":
            turn = 2 * np.pi * (_dates(facts, self.fact, created) % _YEAR) / _YEAR
            season: Floats = np.nan_to_num(np.column_stack([np.sin(turn), np.cos(turn)]))
            return season
        column = facts.columns[self.fact]
        if isinstance(column, Texts):
            place = {level: i for i, level in enumerate(self.levels)}
            rare = len(self.levels)
            to = np.array([place.get(v, rare) for v in column.values] + [rare + 1], dtype=np.int64)
            out = np.zeros((facts.size, rare + 2))
            out[np.arange(facts.size), to[column.codes]] = 1.0
            if self.what == "words":
                return np.hstack([out, self._words(column)])
            return out
        values = created - column if self.dated else column
        return self._number(np.asarray(values, dtype=np.float64))

    def _words(self, column: Texts) -> Floats:
        counts = dict(self.common)
        common = [counts.get(text, 0) for text in column.values] + [0]
        if "words" not in column.derived:
            column.derived["words"] = _hashed(column.values)
        hashed: Floats = column.derived["words"]
        often = np.log1p(np.array(common, dtype=np.float64))[:, None] / 4
        return np.hstack([hashed[column.codes], often[column.codes]])

    def _number(self, values: Floats) -> Floats:
        missing = np.isnan(values)
        plain = np.clip(np.where(missing, self.centre, values), self.low, self.high)
        line = (_log(plain) if self.logged else plain) - (
            _log(np.array(self.centre)) if self.logged else self.centre
        )
        columns = [np.where(missing, 0.0, line / self.scale), missing.astype(np.float64)]
        band = np.searchsorted(np.array(self.edges), plain, side="right")
        columns += [
            np.where(missing, 0.0, band == i).astype(np.float64) for i in range(len(self.edges) + 1)
        ]
        return np.column_stack(columns)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; the inverse of `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Encoder:
        """Read what `to_json` wrote."""
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
        plain["common"] = tuple((str(t), int(n)) for t, n in raw["common"])
        return cls(**plain)


CREATED = "created"
"""The season the deal was created in; every deal has it."""


def plan(facts: FactTable, created: Ints) -> tuple[Encoder, ...]:
    """Decide, on the rows to be learned from, how each fact becomes columns."""
    encoders = [_fitted(Encoder(CREATED, "season"), facts, created)]
    seen: list[tuple[str, Texts]] = []
    for name in sorted(facts.columns):
        column, kind = facts.columns[name], facts.kinds[name]
        if isinstance(column, Texts):
            if any(_same(column, other) for _, other in seen):
                continue  # the same division under another name, as channel often is of source
            seen.append((name, column))
            encoders.append(_fitted(_of_text(name, column), facts, created))
            continue
        dated = kind is Kind.DATE
        values = created - column if dated else column
        there = values[~np.isnan(values)]
        if not there.size:
            continue
        encoders.append(_fitted(_of_number(name, there, dated), facts, created))
        if dated:
            encoders.append(_fitted(Encoder(name, "season", dated=True), facts, created))
    return tuple(e for e in encoders if e.width)


def encode(encoders: Sequence[Encoder], facts: FactTable, created: Ints) -> Floats:
    """All columns side by side, shape (rows, sum of widths)."""
    parts = [e.encode(facts, created) for e in encoders]
    return np.hstack(parts) if parts else np.zeros((facts.size, 0))


def _fitted(encoder: Encoder, facts: FactTable, created: Ints) -> Encoder:
    raw = encoder.encode(facts, created)
    varied: Bools = np.ptp(raw, axis=0) > 0 if len(raw) else np.zeros(raw.shape[1], dtype=bool)
    return replace(
        encoder,
        means=tuple(float(m) for m in raw.mean(axis=0)),
        used=tuple(int(i) for i in np.flatnonzero(varied)),
    )


def _of_text(name: str, column: Texts) -> Encoder:
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    enough = max(FEWEST_OF_LEVEL, int(SHARE_OF_LEVEL * len(column.codes)))
    order = sorted(range(len(counts)), key=lambda i: (-int(counts[i]), column.values[i]))
    kept = [i for i in order if counts[i] >= enough][:MOST_LEVELS]
    levels = tuple(column.values[i] for i in kept)
    total = int(counts.sum())
    if total and 1 - int(counts[kept].sum()) / total >= LONG_TAIL:
        common = tuple((column.values[i], int(counts[i])) for i in order[:MOST_COUNTED])
        return Encoder(name, "words", levels=levels, common=common)
    return Encoder(name, "levels", levels=levels)


def _of_number(name: str, there: Floats, dated: bool) -> Encoder:
    low, quarter, half, three, high = (
        float(q) for q in np.quantile(there, [0.005, 0.25, 0.5, 0.75, 0.995])
    )
    spread = (three - quarter) or float(there.std()) or 1.0
    logged = (high - half) > SKEWED * max(half - low, 1e-12) and low >= 0
    edges = np.unique(np.quantile(there, np.linspace(0, 1, BANDS + 1)[1:-1]))
    edges = edges[edges > low]
    measured = _log(np.clip(there, low, high)) if logged else np.clip(there, low, high)
    return Encoder(
        name,
        "number",
        centre=half,
        scale=float(measured.std()) or spread,
        low=low,
        high=high,
        logged=bool(logged),
        edges=tuple(float(e) for e in edges),
        dated=dated,
    )


def _hashed(values: Sequence[str]) -> Floats:
    """Words of each text in `BUCKETS` signed columns of length 1, and how long the text is.

    One row more than there are texts, of zeros: for what is not known.
    """
    table = np.zeros((len(values) + 1, BUCKETS + 1))
    places: dict[str, tuple[int, float]] = {}
    for row, text in zip(table, values, strict=False):
        for word in text.split()[:MOST_WORDS]:
            place = places.get(word)
            if place is None:
                code = zlib.crc32(word.encode())
                place = places[word] = (code % BUCKETS, 1.0 if code & 0x10000 else -1.0)
            row[place[0]] += place[1]
    table[:, :BUCKETS] /= np.maximum(1.0, np.linalg.norm(table[:, :BUCKETS], axis=1))[:, None]
    table[: len(values), BUCKETS] = np.log1p([float(len(text)) for text in values]) / 4
    return table


def _same(one: Texts, other: Texts) -> bool:
    wide = one.codes.astype(np.int64) * (len(other.values) + 1) + other.codes
    return bool(np.unique(wide).size == np.unique(one.codes).size == np.unique(other.codes).size)


def _dates(facts: FactTable, name: str, created: Ints) -> Floats:
    if name == CREATED and name not in facts.columns:
        return created.astype(np.float64)
    column = facts.columns[name]
    assert not isinstance(column, Texts)  # noqa: S101 (only dates have seasons)
    return column


def _log(values: Floats) -> Floats:
    out: Floats = np.sign(values) * np.log1p(np.abs(values))
    return out
