"""Owners of deals: the people behind what the column owner holds, be it an e-mail, an id or a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analytics.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Owner:
    """One person. written: how the deals may call them, in lower case; known: in the people table."""

    name: str
    written: frozenset[str]
    known: bool


def key(value: object) -> str:
    """What a cell holds, as it is compared; empty where it holds nothing."""
    return " ".join(value.casefold().split()) if isinstance(value, str) else ""


def person(snapshot: Snapshot, user: str) -> Owner:
    """The person with a chat id or e-mail address, and every way the people table writes them.

    One name on two rows (an e-mail and a chat id) is one person.
    """
    wanted = key(user)
    rows = list(_people(snapshot))
    names = {name for of, name in rows if key(of) == wanted and name}
    also = {key(of) for of, name in rows if name in names}
    known = any(key(of) == wanted for of, _name in rows)
    shown = min(names) if names else user
    return Owner(shown, frozenset({wanted, *also, *map(key, names)} - {""}), known)


def owners(snapshot: Snapshot, cells: pd.Series) -> Mapping[str, Owner]:
    """Whom each cell of a column owner means, by the cell as it is compared."""
    by_written: dict[str, str] = {}
    for user, name in _people(snapshot):
        by_written.setdefault(key(user), user)
        if name:
            by_written.setdefault(key(name), user)
    out: dict[str, Owner] = {}
    for cell in cells.dropna().unique():
        written = key(cell)
        if written and written not in out:
            found = by_written.get(written)
            unknown = Owner(" ".join(str(cell).split()), frozenset({written}), False)
            out[written] = unknown if found is None else person(snapshot, found)
    return out


def named(found: Mapping[str, Owner], text: str) -> tuple[Owner, ...]:
    """The owners a text may mean, by name: the exact one, else those whose words it begins."""
    wanted = key(text)
    all_of_them = sorted(set(found.values()), key=lambda o: (key(o.name), o.name))
    exact = [o for o in all_of_them if wanted in o.written or wanted == key(o.name)]
    if exact or not wanted:
        return tuple(exact)
    sought = wanted.split()
    return tuple(
        o for o in all_of_them
        if all(any(w.startswith(s) for w in key(o.name).split()) for s in sought)
    )  # fmt: skip


def _people(snapshot: Snapshot) -> list[tuple[str, str]]:
    """User and name of each row of the people table."""
    frame = snapshot.people
    if not len(frame):
        return []
    return [
        (str(user), " ".join(name.split()) if isinstance(name, str) else "")
        for user, name in zip(frame["user"], frame["name"], strict=True)
    ]
