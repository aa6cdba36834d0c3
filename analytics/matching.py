"""Who is meant: a prospect against customers and the deals' prospects, by number, then by name.

KvK, VAT number and domain settle it; then the exact name; then the name without its legal form;
then the names most alike, looked for among the candidates that share the most letter triples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from analytics.directory import (
    READERS,
    By,
    Directory,
    Entity,
    directory,
    name_key,
    numbers_of,
    triples_of,
)
from analytics.schema import CUSTOMERS
from analytics.snapshot import Snapshot
from analytics.winmodel.facts import fact_name

HOLDS = 90.0
"""Score of a name that holds every word typed, or its beginning."""
LIKELY = 90.0
"""Score (0 to 100) from which one name stands for what was typed."""
LEAD = 5.0
"""How far the next must be behind for that."""
POSSIBLE = 84.0
SHORTLIST = 200
"""Candidates by shared letter triples that are compared in full."""
MOST_SHOWN = 10
MOST_WORDS, LONGEST_RUN, SHORTEST_KEY = 300, 7, 5
"""Words of a text that are looked through, of a name in it, and letters of such a name."""
_PARENT_FACTS = frozenset(
    fact_name(w) for w in ("parent_id", *CUSTOMERS.column("parent_id").synonyms)
)


class Outcome(Enum):
    """How sure it is who was meant."""

    EXACT = "exact"
    LIKELY = "likely"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that may be meant; score 0 to 100."""

    entity: Entity
    score: float
    by: By


@dataclass(frozen=True, slots=True)
class Match:
    """Who was meant. candidates: one when exact or likely, several when ambiguous, best first.

    total: how many there were before the list was cut. parent: the customer it belongs to.
    duplicates: other entities with the same number, domain or name. deal: the position of the deal
    whose id was typed.
    """

    outcome: Outcome
    candidates: tuple[Candidate, ...]
    total: int = 0
    parent: int | None = None
    duplicates: tuple[Candidate, ...] = ()
    deal: int | None = None

    @property
    def found(self) -> Candidate | None:
        """The one meant; None when ambiguous or unknown."""
        sure = self.outcome in {Outcome.EXACT, Outcome.LIKELY}
        return self.candidates[0] if sure else None


def match(snapshot: Snapshot, text: str, facts: Mapping[str, Any] | None = None) -> Match:
    """Find who is meant by a name, a customer id, a deal id, a KvK or VAT number or a domain.

    facts: what else is known of it; numbers among them count before the name.
    """
    known = directory(snapshot)
    given = {fact_name(n): v for n, v in (facts or {}).items()}
    typed = " ".join(text.split())
    deal = known.by_deal.get(typed.casefold())
    sought = numbers_of(given.items())
    if deal is not None and not sought:
        return _one(snapshot, known, deal[0], 100.0, By.DEAL, given, deal=deal[1])
    sought += [(by, value) for by, read in READERS.items() if (value := read(typed)) is not None]
    for number in sought:
        owners = known.by_number.get(number, ())
        if len(owners) == 1:
            return _one(snapshot, known, owners[0], 100.0, number[0], given)
        if owners:
            return _several([(o, 100.0) for o in owners], known, number[0])
    if (index := known.by_id.get(typed.casefold())) is not None:
        return _one(snapshot, known, index, 100.0, By.ID, given)
    return _by_name(snapshot, known, typed, given)


def named_in(snapshot: Snapshot, text: str) -> str | None:
    """The longest name in a text that somebody in the data has, as the text writes it.

    A name of one short word is none here: it would be found in any sentence.
    """
    known = directory(snapshot)
    words = text.split()[:MOST_WORDS]
    for size in range(min(LONGEST_RUN, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            run = " ".join(words[start : start + size]).strip(".,:;!?()\"'")
            key = name_key(run)
            if len(key) >= SHORTEST_KEY and key in known.by_key:
                return run
    return None


def _by_name(snapshot: Snapshot, known: Directory, typed: str, given: Mapping[str, Any]) -> Match:
    key = name_key(typed)
    same = known.by_key.get(key, ()) if typed else ()
    if same:
        exact = [i for i in same if known.entities[i].name.casefold() == typed.casefold()]
        chosen = exact if len(exact) == 1 else list(same)
        if len(chosen) == 1:
            return _one(snapshot, known, chosen[0], 100.0, By.NAME, given)
        return _several([(i, 100.0) for i in chosen], known, By.NAME)
    alike = _alike(known, key)
    if not alike:
        return Match(Outcome.UNKNOWN, (), parent=_given_parent(known, given))
    sure = alike[0][1] >= LIKELY and (len(alike) == 1 or alike[0][1] - alike[1][1] >= LEAD)
    if sure:
        return _one(snapshot, known, *alike[0], By.SIMILAR, given)
    return _several(alike, known, By.SIMILAR)


def _several(found: list[tuple[int, float]], known: Directory, by: By) -> Match:
    ordered = sorted(
        found,
        key=lambda f: (-f[1], known.entities[f[0]].customer < 0, known.entities[f[0]].name, f[0]),
    )
    candidates = tuple(Candidate(known.entities[i], s, by) for i, s in ordered[:MOST_SHOWN])
    return Match(Outcome.AMBIGUOUS, candidates, total=len(ordered))


def _one(
    snapshot: Snapshot,
    known: Directory,
    index: int,
    score: float,
    by: By,
    given: Mapping[str, Any],
    deal: int | None = None,
) -> Match:
    entity = known.entities[index]
    twins: dict[int, By] = {}
    for number in known.numbers.get(index, ()):
        for other in known.by_number[number]:
            twins.setdefault(other, number[0])
    for other in known.by_key.get(entity.key, ()):
        twins.setdefault(other, By.NAME)
    twins.pop(index, None)
    parent: int | None = None
    if entity.customer >= 0:
        above = int(snapshot.cell("parent", entity.customer))
        parent = above if above >= 0 and above != entity.customer else None
    return Match(
        Outcome.LIKELY if by is By.SIMILAR else Outcome.EXACT,
        (Candidate(entity, score, by),),
        total=1,
        parent=parent if parent is not None else _given_parent(known, given),
        duplicates=tuple(
            Candidate(known.entities[i], 100.0, how) for i, how in sorted(twins.items())
        ),
        deal=deal,
    )


def _given_parent(known: Directory, given: Mapping[str, Any]) -> int | None:
    for name in sorted(_PARENT_FACTS & set(given)):
        text = str(given[name] or "").strip()
        index = known.by_id.get(text.casefold())
        if index is None and len(same := known.by_key.get(name_key(text), ())) == 1:
            index = same[0]
        if index is not None and known.entities[index].customer >= 0:
            return known.entities[index].customer
    return None


def _holds(name: str, sought: str) -> bool:
    """Whether every word typed begins a word of the name."""
    return all(any(part.startswith(word) for part in name.split()) for word in sought.split())


def _alike(known: Directory, key: str) -> list[tuple[int, float]]:
    if not key or not known.entities:
        return []
    wanted = np.unique(triples_of([key])[0])
    starts = np.searchsorted(known.triples, wanted, side="left")
    stops = np.searchsorted(known.triples, wanted, side="right")
    parts = [known.owners[a:b] for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
    shared = np.bincount(np.concatenate(parts), minlength=len(known.entities))
    dice = 2 * shared / (len(wanted) + known.lengths)
    # A short name typed of a long one shares little of it, but all of itself.
    rating = np.maximum(dice, shared / len(wanted) * 0.9)
    candidates = np.flatnonzero(rating > 0.2)
    order = np.lexsort((candidates, -np.round(rating[candidates], 9)))[:SHORTLIST]
    scored = [(int(i), _score(key, known.entities[int(i)].key)) for i in candidates[order]]
    found = [(i, s) for i, s in scored if s >= POSSIBLE]
    return sorted(found, key=lambda f: (-f[1], known.entities[f[0]].key, f[0]))


def _score(sought: str, name: str) -> float:
    """How alike two names are (0 to 100).

    Part of a name is enough where all of what was typed is in it. The other way round it is not:
    "Bakker Zaandam" is not "Bakker".
    """
    from rapidfuzz import fuzz

    if _holds(name, sought):
        return HOLDS
    return float(max(fuzz.ratio(sought, name), fuzz.token_sort_ratio(sought, name)))
