"""Which header is which column: the map first, then the contract's names and synonyms."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics.channels import normalise
from analytics.errors import DataError
from analytics.loading.mapping import TableMap, suggestion
from analytics.schema import Table

_WITHOUT_VAT = {"excl", "ex", "exclusief", "excluding", "exclusive", "net", "netto"}
_WITH_VAT = {"incl", "inc", "inclusief", "including", "inclusive", "bruto", "gross"}
_VAT = {"btw", "vat", "tax", "mwst", "tva"}
_AMOUNT = {
    "amount", "total", "totaal", "bedrag", "omzet", "revenue", "sales", "value", "subtotal",
    "subtotaal", "factuurbedrag", "factuurtotaal", "regelbedrag", "totaalbedrag", "waarde",
    "factuur", "invoice", "nettobedrag", "brutobedrag",
}  # fmt: skip
_NOT_AN_AMOUNT = {
    "price", "prijs", "stukprijs", "unit", "stuk", "tarief", "marge", "margin", "profit", "gewicht",
    "weight", "nr", "nummer", "number", "no", "id", "datum", "date", "days", "dagen",
}  # fmt: skip
_TOTALS = {
    "total", "totaal", "factuurbedrag", "factuurtotaal", "totaalbedrag", "totaalfactuur",
    "invoicetotal", "invoiceamount", "totalamount", "eindbedrag", "eindtotaal",
}  # fmt: skip
"""Beside a column of VAT these most likely hold it."""
_NET_WORDS = {
    "net", "netto", "nettobedrag", "netamount", "nettoomzet", "omzet", "revenue", "subtotaal",
    "subtotal",
}  # fmt: skip
_NO_VAT_AMOUNT = {
    "nr", "nummer", "number", "no", "id", "code", "soort", "type", "tarief", "rate", "percentage",
    "perc", "pct", "verlegd",
}  # fmt: skip
_SHORT = {
    "fact": "factuur", "deb": "debiteur", "doc": "document", "inv": "invoice", "cust": "customer",
    "bkst": "boekstuk", "rel": "relatie", "omschr": "omschrijving", "bedr": "bedrag",
    "dat": "datum", "art": "artikel",
}  # fmt: skip
_SHORT_NUMBER = re.compile(f"({'|'.join(_SHORT)})nr")
_NUMBER_WORD = re.compile(r"(nummer|number)$")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one column of the contract comes from: headers by place (several: a product)."""

    places: tuple[int, ...] = ()
    constant: str | None = None
    mapped: bool = False
    """Said by the map, not guessed."""


@functools.lru_cache(maxsize=4096)
def _bare(name: str) -> str:
    """Case, accents, separators and abbreviations make no difference.

    Factuur_Datum and Fact. dat. are factuurdatum; nummer and number are nr.
    """
    words = [_SHORT.get(word, word) for word in normalise(name).split()]
    if words and words[-1] == "no":
        words[-1] = "nr"
    bare = _NUMBER_WORD.sub("nr", "".join(words))
    short = _SHORT_NUMBER.fullmatch(bare)
    return f"{_SHORT[short[1]]}nr" if short else bare


def known_headers(row: Sequence[str], table: Table, mapping: TableMap) -> int:
    """Count the headers of a row that the map or the contract knows; used to find the header."""
    words = {_bare(cell) for cell in row if 0 < len(cell) <= 100} - {""}
    known: set[str] = set()
    for column in table.columns:
        known.add(_bare(column.name))
        known.update(map(_bare, column.synonyms))
    for headers in mapping.columns.values():
        known.update(map(_bare, [headers] if isinstance(headers, str) else headers))
    return len(words & known)


def choose(file: str, table: Table, headers: Sequence[str], mapping: TableMap) -> dict[str, Source]:
    """Return the source of every column that the file or the map has.

    A header is guessed for one column only; required columns choose first, exact names before
    synonyms, synonyms in the contract's order. Raises DataError for a header the map names but the
    file has not, for a missing required column, and for an amount that comes with VAT only.
    """
    chosen: dict[str, Source] = {}
    taken: set[int] = set()
    for name, wanted in mapping.columns.items():
        names = [wanted] if isinstance(wanted, str) else wanted
        if names == [""]:
            continue
        places = tuple(_place(file, table.name, name, header, headers) for header in names)
        chosen[name] = Source(places, mapped=True)
        taken.update(places)
    for name, value in mapping.constants.items():
        chosen[name] = Source(constant=value, mapped=True)
    free = [c for c in table.columns if c.name not in chosen and c.name not in mapping.columns]
    words = [normalise(header) for header in headers]
    bare = [_bare(header) for header in headers]
    if any(column.name == "amount" for column in free):
        place = _without_vat(words, taken)
        if place is not None:
            chosen["amount"] = Source((place,))
            taken.add(place)
    free = [c for c in free if c.name not in chosen]
    vat = any(set(w.split()) & _VAT for i, w in enumerate(words) if i not in taken)
    # Exact names of all columns go first: no synonym of one may take the name of another.
    for column in free:
        name = _bare(column.name)
        place = next((i for i, w in enumerate(bare) if w == name and i not in taken), None)
        if place is not None:
            chosen[column.name] = Source((place,))
            taken.add(place)
    for column in sorted(free, key=lambda c: not c.required):
        if column.name in chosen:
            continue
        synonyms = [_bare(word) for word in column.synonyms]
        if column.name == "amount" and vat:
            # Beside a VAT column the subtotal is net, and the total most likely is not.
            synonyms.sort(key=lambda word: word in _TOTALS)
        for word in synonyms:
            place = next((i for i, w in enumerate(bare) if w == word and i not in taken), None)
            if place is not None:
                chosen[column.name] = Source((place,))
                taken.add(place)
                break
    missing = [name for name in table.required if name not in chosen]
    if missing:
        raise _missing(file, table, missing[0], headers, words)
    doubtful = beside_vat(headers, chosen)
    if doubtful and bare[headers.index(doubtful)] in _TOTALS and "amount" in table.required:
        raise DataError(
            '{file} has the amount "{header}" beside a column of VAT, so it is most likely with VAT;'
            " add the amount without VAT, or if it is without after all, say so in --map FILE.yaml:"
            " {table}: {{columns: {{amount: {header}}}}}",
            file=file,
            header=doubtful,
            table=table.name,
        )
    return chosen


def beside_vat(headers: Sequence[str], chosen: Mapping[str, Source]) -> str:
    """Return the header taken as the amount if it does not say that it is net, and VAT is beside it."""
    source = chosen.get("amount")
    if source is None or source.mapped or len(source.places) != 1:
        return ""
    place = source.places[0]
    words = [normalise(header) for header in headers]
    parts = set(words[place].split())
    if parts & (_WITHOUT_VAT | _NET_WORDS) or words[place].replace(" ", "") in _NET_WORDS:
        return ""
    for i, word in enumerate(words):
        others = set(word.split())
        named = others & _VAT or word.replace(" ", "") in ("btwbedrag", "vatamount", "taxamount")
        about = named and not others & (_NO_VAT_AMOUNT | _WITH_VAT | _WITHOUT_VAT)
        if i != place and about and "%" not in headers[i]:
            return headers[place]
    return ""


def _place(file: str, table: str, column: str, name: str, headers: Sequence[str]) -> int:
    if name in headers:
        return headers.index(name)
    words = [_bare(header) for header in headers]
    if _bare(name) in words:
        return words.index(_bare(name))
    raise DataError(
        '{file} has no column "{header}", which the map gives for {table}.{column}; did you mean'
        ' "{suggestion}"?',
        file=file,
        header=name,
        table=table,
        column=column,
        suggestion=suggestion(name, headers),
    )


def _without_vat(words: Sequence[str], taken: set[int]) -> int | None:
    """Return the place of an amount whose header says that it is net of VAT."""
    for i, word in enumerate(words):
        parts = set(word.split())
        marked = bool(parts & _WITHOUT_VAT) or bool(parts & {"nettobedrag", "nettoomzet"})
        about = bool(parts & (_AMOUNT | _VAT)) or word in ("net", "netto")
        if i not in taken and marked and about and not parts & (_NOT_AN_AMOUNT | _WITH_VAT):
            return i
    return None


def _missing(
    file: str, table: Table, column: str, headers: Sequence[str], words: Sequence[str]
) -> DataError:
    if column == "amount":
        for header, word in zip(headers, words, strict=True):
            parts = set(word.split())
            gross = parts & _WITH_VAT or "brutobedrag" in parts
            about = parts & (_AMOUNT | _VAT) or word in ("bruto", "gross")
            if gross and about and not parts & _NOT_AN_AMOUNT:
                return DataError(
                    '{file} has only an amount with VAT ("{header}"); add the amount without VAT, or'
                    " if it is without after all, say so in --map FILE.yaml:"
                    " {table}: {{columns: {{amount: {header}}}}}",
                    file=file,
                    header=header,
                    table=table.name,
                )
    return DataError(
        '{file} has no column for "{column}" of {table}; it has {headers}. Say which one it is in'
        " --map FILE.yaml: {table}: {{columns: {{{column}: HEADER}}}}",
        file=file,
        column=column,
        table=table.name,
        headers=listed(headers),
    )


def listed(headers: Sequence[str], most: int = 15) -> str:
    """Write headers in one line of bounded length."""
    shown = ", ".join(f'"{header[:40]}"' for header in headers[:most])
    return shown if len(headers) <= most else f"{shown}, ..."
