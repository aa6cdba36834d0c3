"""The directory: customers and the deals' prospects, by number, by name and by letter triples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.names import LEGAL_FORMS
from analytics.names import key as latin_key
from analytics.schema import CUSTOMERS
from analytics.snapshot import Ints, Snapshot
from analytics.winmodel.facts import fact_name

LONGEST_NAME = 200

_MORE_FORMS = LEGAL_FORMS | {
    "llc", "llp", "plc", "corp", "corporation", "company", "co", "kg", "kgaa", "ug", "se", "oy",
    "ab", "as", "aps", "en", "bvba", "srl", "spa", "eenmanszaak", "maatschap", "incorporated",
}  # fmt: skip
_FREE_MAIL = frozenset(
    (
        "gmail.com", "googlemail.com", "hotmail.com", "hotmail.nl", "outlook.com", "live.com",
        "live.nl", "msn.com", "yahoo.com", "icloud.com", "me.com", "proton.me", "protonmail.com",
        "ziggo.nl", "kpnmail.nl", "planet.nl", "home.nl", "hetnet.nl", "xs4all.nl", "upcmail.nl",
        "casema.nl", "chello.nl", "telenet.be", "skynet.be",
    )
)  # fmt: skip
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_KVK = re.compile(r"\d{8}")
_VAT = re.compile(r"[A-Z]{2}[0-9A-Z]{8,12}")


class By(Enum):
    """By what a candidate was found."""

    ID = "id"
    DEAL = "deal"
    KVK = "kvk"
    VAT = "vat"
    DOMAIN = "domain"
    NAME = "name"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Entity:
    """A customer, or a prospect that only deals know. customer: its code, -1 for a prospect.

    deals: positions in `snapshot.deals`, oldest first. key: the name as it is compared.
    """

    name: str
    customer: int
    deals: tuple[int, ...]
    key: str


@dataclass(frozen=True)
class Directory:
    """Everybody a snapshot knows, ready to be looked up."""

    entities: tuple[Entity, ...]
    by_code: Mapping[int, int]
    by_key: Mapping[str, tuple[int, ...]]
    by_id: Mapping[str, int]
    by_deal: Mapping[str, tuple[int, int]]
    by_number: Mapping[tuple[By, str], tuple[int, ...]]
    triples: Ints
    """Letter triples of all keys as numbers, sorted; `owners` tells whose each is."""
    owners: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    numbers: Mapping[int, tuple[tuple[By, str], ...]]
    """The numbers of each entity that has any."""


def name_key(name: str) -> str:
    """A name as it is compared: no legal form, no case; other scripts keep their letters."""
    key = latin_key(name[:LONGEST_NAME])
    words = key.split()
    while len(words) > 1 and words[-1] in _MORE_FORMS:
        words.pop()
    if words and any(ch.isalpha() and not ch.isascii() for ch in name) and len(key) < 3:
        words = []
    if words:
        return " ".join(words)
    kept = "".join(ch if ch.isalnum() else " " for ch in name[:LONGEST_NAME].casefold())
    return " ".join(kept.split()) or " ".join(name[:LONGEST_NAME].replace("\x00", "").split())


def kvk_number(text: object) -> str | None:
    """The eight digits of a KvK number; None where it is none."""
    digits = re.sub(r"[\s.]", "", str(text or ""))
    digits = digits.removesuffix(".0").zfill(8) if digits.isdigit() and len(digits) == 7 else digits
    return digits if _KVK.fullmatch(digits) else None


def vat_number(text: object) -> str | None:
    """A VAT number without spaces and points; None where it is none."""
    plain = re.sub(r"[\s.\-]", "", str(text or "")).upper()
    return plain if _VAT.fullmatch(plain) and sum(c.isdigit() for c in plain) >= 7 else None


def domain_name(text: object) -> str | None:
    """The domain of a web or mail address; None for free mail, which names nobody."""
    plain = str(text or "").strip().casefold()
    plain = re.sub(r"^[a-z]+://", "", plain).rsplit("@", 1)[-1]
    plain = re.split(r"[/?#:]", plain, maxsplit=1)[0].removeprefix("www.")
    return plain if _DOMAIN.fullmatch(plain) and plain not in _FREE_MAIL else None


READERS = {By.KVK: kvk_number, By.VAT: vat_number, By.DOMAIN: domain_name}
_FACTS = {
    By.KVK: ("kvk", CUSTOMERS.column("kvk").synonyms),
    By.VAT: ("vat_id", CUSTOMERS.column("vat_id").synonyms),
    By.DOMAIN: ("domain", CUSTOMERS.column("domain").synonyms),
}
_FACT_OF = {fact_name(w): by for by, (own, words) in _FACTS.items() for w in (own, *words)}


def directory(snapshot: Snapshot) -> Directory:
    """The directory of a snapshot, built once (cached)."""
    return snapshot.cached("directory", lambda: _directory(snapshot))


def _directory(snapshot: Snapshot) -> Directory:
    entities, numbers = _entities(snapshot)
    by_key: dict[str, list[int]] = {}
    by_number: dict[tuple[By, str], list[int]] = {}
    by_deal: dict[str, tuple[int, int]] = {}
    deal_ids = snapshot.deals["deal_id"].astype(str).str.casefold().tolist()
    for index, entity in enumerate(entities):
        by_key.setdefault(entity.key, []).append(index)
        for number in numbers.get(index, ()):
            by_number.setdefault(number, []).append(index)
        for deal in entity.deals:
            by_deal[deal_ids[deal]] = (index, deal)
    triples, owners = triples_of([e.key for e in entities])
    # Each triple counts once a name; sorted by triple for look-up.
    pairs = np.unique(triples << 32 | owners.astype(np.int64))
    triples, owners = pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.int32)
    by_code = {e.customer: i for i, e in enumerate(entities) if e.customer >= 0}
    return Directory(
        entities=tuple(entities),
        by_code=by_code,
        by_key={k: tuple(v) for k, v in by_key.items()},
        by_id={snapshot.customer_id(code).casefold(): i for code, i in by_code.items()},
        by_deal=by_deal,
        by_number={k: tuple(v) for k, v in by_number.items()},
        triples=triples,
        owners=owners,
        lengths=np.bincount(owners, minlength=len(entities)).astype(np.int32),
        numbers=numbers,
    )


def _entities(
    snapshot: Snapshot,
) -> tuple[list[Entity], dict[int, tuple[tuple[By, str], ...]]]:
    names = snapshot.customers["name"].astype(str).tolist()
    keys = [name_key(name) for name in names]
    of_key: dict[str, int] = {}
    for code, key in enumerate(keys):
        of_key[key] = code if key not in of_key else -1  # two with that name: nobody's for sure
    deals: dict[int, list[int]] = {code: [] for code in range(len(names))}
    prospects: dict[str, list[int]] = {}
    spelled: dict[str, str] = {}
    frame = snapshot.deals
    codes = frame["customer"].to_numpy(dtype=np.int64).tolist()
    cells: list[Any] = frame["prospect"].tolist() if "prospect" in frame else []
    texts = [c.strip() if isinstance(c, str) else "" for c in cells] or [""] * len(frame)
    for row in _oldest_first(snapshot):
        if codes[row] >= 0:
            deals[codes[row]].append(row)
        elif text := texts[row]:
            if text not in spelled:
                spelled[text] = name_key(text)
            key = spelled[text]
            if (code := of_key.get(key, -1)) >= 0:
                deals[code].append(row)
            else:
                prospects.setdefault(key, []).append(row)
    entities = [Entity(n, c, tuple(deals[c]), keys[c]) for c, n in enumerate(names)]
    for key in sorted(prospects):
        rows = prospects[key]
        entities.append(Entity(texts[rows[-1]], -1, tuple(rows), key))
    return entities, _all_numbers(snapshot, entities)


def _oldest_first(snapshot: Snapshot) -> list[int]:
    created = snapshot.deals["created"].to_numpy().astype("datetime64[D]").astype(np.int64)
    ids = snapshot.deals["deal_id"].astype(str).to_numpy(dtype=object).astype(str)
    order: list[int] = np.lexsort((ids, created)).tolist()
    return order


def _all_numbers(
    snapshot: Snapshot, entities: list[Entity]
) -> dict[int, tuple[tuple[By, str], ...]]:
    out: dict[int, tuple[tuple[By, str], ...]] = {}
    frame = snapshot.customers
    for by, (column, _words) in _FACTS.items():
        if column in frame:
            for code, text in enumerate(frame[column].tolist()):
                value = READERS[by](text) if isinstance(text, str) else None
                if value is not None:
                    out[code] = (*out.get(code, ()), (by, value))
    if "facts" not in snapshot.deals:
        return out
    cells = snapshot.deals["facts"]
    some = cells.astype("str").str.contains("kvk|vat|btw|domain|domein|web|site|coc", case=False)
    hints = some.fillna(False).to_numpy(dtype=bool)
    for index, entity in enumerate(entities):
        for deal in entity.deals:
            if hints[deal]:
                raw = json.loads(str(cells.iat[deal]))
                facts = {fact_name(n): v for n, v in raw.items()}
                fresh = [n for n in numbers_of(facts.items()) if n not in out.get(index, ())]
                if fresh:
                    out[index] = (*out.get(index, ()), *fresh)
    return out


def numbers_of(facts: Iterable[tuple[str, Any]]) -> list[tuple[By, str]]:
    """The KvK and VAT numbers and domains among facts by name, the surest first."""
    found = [
        (by, value)
        for name, raw in facts
        if (by := _FACT_OF.get(name)) is not None and (value := READERS[by](raw)) is not None
    ]
    order = list(READERS)
    return sorted(set(found), key=lambda n: (order.index(n[0]), n[1]))


def triples_of(keys: list[str]) -> tuple[Ints, npt.NDArray[np.int32]]:
    """Letter triples of all keys as numbers, and whose each is; words are padded by a space."""
    joined = "".join(f"\x00  {key} " for key in keys)
    letters = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype="<u4").astype(np.int64)
    whose = np.cumsum(letters == 0) - 1
    # 31 bits: two triples of far scripts may share a number, which costs a comparison and no more.
    value = (letters[:-2] * 1_000_003 ^ letters[1:-1] * 8_191 ^ letters[2:]) & 0x7FFFFFFF
    inside = (letters[:-2] != 0) & (letters[1:-1] != 0) & (letters[2:] != 0)
    return value[inside], whose[:-2][inside].astype(np.int32)
