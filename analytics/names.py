"""Find a client by what a person types: its id exactly, its name roughly."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.channels import normalise
from analytics.snapshot import Snapshot

LEGAL_FORMS = frozenset(
    (
        "bv",
        "b",
        "v",
        "nv",
        "n",
        "vof",
        "o",
        "f",
        "cv",
        "c",
        "ltd",
        "limited",
        "gmbh",
        "ag",
        "sa",
        "sarl",
        "inc",
    )
)
"""Words that say how a company is registered, not which it is."""
SURE = 90.0
"""Score from which one match stands for what was typed (0 to 100, RapidFuzz WRatio)."""
LEAD = 5.0
"""How far the next match must be behind for that."""
POSSIBLE = 70.0


@dataclass(frozen=True, slots=True)
class Found:
    """A match: the customer's code and how alike the names are (0 to 100)."""

    code: int
    score: float


def key(name: str) -> str:
    """A name as it is compared: plain letters, no legal form (`De Boer B.V.` is `de boer`)."""
    words = normalise(name.replace("&", " en ")).split()
    bare = list(words)
    while len(bare) > 1 and bare[-1] in LEGAL_FORMS:
        bare.pop()
    while len(bare) > 1 and bare[0] in {"stichting", "bv", "nv"}:
        bare.pop(0)
    return " ".join(bare)


def find(snapshot: Snapshot, text: str, limit: int = 5) -> list[Found]:
    """Return who may be meant: one entry when it is clear, several when not, none when nobody.

    An exact id wins, then an exact name, then the same name but for its legal form, then the names
    that hold every word typed, then the most alike names from 70 of 100 on.
    """
    wanted = text.strip()
    if not wanted:
        return []
    ids: dict[str, int] = snapshot.cached(
        "ids", lambda: {str(i): n for n, i in enumerate(snapshot.customers["customer_id"])}
    )
    folded: dict[str, int] = snapshot.cached(
        "folded_ids", lambda: {i.casefold(): n for i, n in ids.items()}
    )
    if (code := ids.get(wanted)) is not None or (code := folded.get(wanted.casefold())) is not None:
        return [Found(code, 100.0)]
    keys: dict[int, str] = snapshot.cached(
        "name_keys", lambda: {n: key(str(v)) for n, v in enumerate(snapshot.customers["name"])}
    )
    sought = key(wanted)
    same = [Found(code, 100.0) for code, name in keys.items() if name == sought and sought]
    if same:
        exact = [f for f in same if snapshot.name(f.code).casefold() == wanted.casefold()]
        return (exact if len(exact) == 1 else same)[:limit]
    words = sought.split()
    holding = {code: name for code, name in keys.items() if _holds(name, words)}
    if len(holding) == 1:
        return [Found(next(iter(holding)), 100.0)]
    found = _alike(holding or keys, sought, limit, POSSIBLE)
    if (
        found
        and found[0].score >= SURE
        and (len(found) == 1 or found[0].score - found[1].score >= LEAD)
    ):
        return found[:1]
    return found


def mentioned(snapshot: Snapshot, text: str) -> list[int]:
    """The codes of the clients a sentence names: by id, by name, or by the beginning of a name.

    Of names inside each other the longest counts. A beginning must be two words, or one of at least
    five letters written with a capital, and belong to one client alone.
    """
    names: dict[str, list[int]] = snapshot.cached("mentions", lambda: _mentions(snapshot))
    ids: dict[str, int] = snapshot.cached(
        "ids", lambda: {str(i): n for n, i in enumerate(snapshot.customers["customer_id"])}
    )
    written = text.split()
    exact = [
        ids[w] for word in written if (w := word.strip("?!.,:;()\"'")) in ids and not w.isdigit()
    ]
    if exact:
        return list(dict.fromkeys(exact))
    capitals = {key(word) for word in written if word[:1].isupper()}
    words = normalise(text.replace("&", " en ")).split()
    found: list[int] = []
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST_NAME, len(words) - place), 0, -1):
            part = " ".join(words[place : place + length])
            codes = names.get(part)
            if codes and (length > 1 or (len(part) >= _SHORT_NAME and part in capitals)):
                found += codes
                place += length - 1
                break
        place += 1
    return list(dict.fromkeys(found))


_LONGEST_NAME = 6
_SHORT_NAME = 4


def _mentions(snapshot: Snapshot) -> dict[str, list[int]]:
    """What a client may be called in a sentence; beginnings only where one client has them."""
    whole: dict[str, list[int]] = {}
    starts: dict[str, set[int]] = {}
    for code, value in enumerate(snapshot.customers["name"]):
        words = key(str(value)).split()
        if not words:
            continue
        whole.setdefault(" ".join(words[:_LONGEST_NAME]), []).append(code)
        for length in range(1, min(len(words), _LONGEST_NAME)):
            if length > 1 or len(words[0]) > _SHORT_NAME:
                starts.setdefault(" ".join(words[:length]), set()).add(code)
    return {name: list(codes) for name, codes in starts.items() if len(codes) == 1} | whole


def _holds(name: str, words: list[str]) -> bool:
    """Whether every word begins a word of the name."""
    return all(any(part.startswith(word) for part in name.split()) for word in words)


def nearest(snapshot: Snapshot, text: str, limit: int = 3) -> list[str]:
    """The names most like a text, for a did-you-mean; may be none."""
    keys = {n: key(str(v)) for n, v in enumerate(snapshot.customers["name"])}
    return [snapshot.name(f.code) for f in _alike(keys, key(text), limit, 60.0)]


def _alike(keys: dict[int, str], sought: str, limit: int, cutoff: float) -> list[Found]:
    from rapidfuzz import fuzz, process

    if not sought:
        return []
    found = process.extract(
        sought[:200], keys, scorer=fuzz.WRatio, limit=limit, score_cutoff=cutoff
    )
    return [Found(int(code), float(score)) for _, score, code in found]
