"""What a language model wrote is held against what the tools said; the first fault is named.

A number must stand in a result of this turn, a citation among what was retrieved; links, mentions
and markup are never let through. Whoever calls shows the offline answer where there is a fault.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

LONGEST = 2_400


class Fault(Enum):
    """Why a text is not shown; the value goes into the log, the text never does."""

    EMPTY = "empty"
    LENGTH = "length"
    MARKUP = "markup"
    LINK = "link"
    MENTION = "mention"
    CITATION = "citation"
    NUMBER = "number"
    GROUND = "ground"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a text may rest on.

    figures: what commands answered, as the asker sees it. cards and documents: what was retrieved,
    text by id. names: titles and file names of what was retrieved.
    """

    figures: tuple[str, ...] = ()
    cards: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text: what it can mean, as (kind, size), and its sign where one is written."""

    meanings: frozenset[tuple[str, Decimal]]
    sign: str = ""


_CITED = re.compile(r"\[([^\[\]\n]{1,120})\]")
_MARKUP = re.compile(r"<\s*[a-z!@#/?]|\]\s*\(|!\[|\{\{|&[a-z]+;|&#", re.I)
_ADDRESS = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{1,15}:\s*/\s*/|(?:mailto|tel|javascript|data|file|sms):(?=\S)|www\d?\s*\.)"
    r"|\bh(?:xx|tt)ps?\b|\[\s*\.\s*\]|\(\s*(?:dot|punt|at)\s*\)"
    r"|\b(?:dot|punt)\s+(?:com|nl|org|net|io|eu|be|de|app|info)\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b|\S@\S",
    re.I,
)
_DOMAIN = re.compile(r"(?<![\w.])(?:[\w-]+\.)+[a-z]{2,24}(?![\w-])", re.I)
_PATH = re.compile(r"\s*(?::\d+)?/\w")
_MENTION = re.compile(r"(?<![\w.])[@#]\s?[\w!]|<[!@#]|\b(?:at-?all|at-?channel)\b", re.I)

_NUMBER = re.compile(r"(?P<sign>(?<![\w%)\]])[+-])?\s?(?P<currency>[€$£¥]\s?(?P<inner>[+-])?)?"
                     r"(?P<digits>\d(?:[\d.,']*\d)?)")  # fmt: skip
_MAGNITUDE = re.compile(
    r"\s?(?:(?P<m>mln|miljoen|million|mio|mn|m)|(?P<b>mrd|miljard|billion|bn)"
    r"|(?P<k>duizend|thousand|dzd|k))\b\.?",
    re.I,
)
_SIZES = {"k": Decimal(10) ** 3, "m": Decimal(10) ** 6, "b": Decimal(10) ** 9}
_PERCENT = re.compile(r"\s?(?:%|‰|procent\w*|percent\w*|pct\b|pp\b)", re.I)
_MONEY = re.compile(r"\s?(?:€|\$|£|euro'?s?\b|eur\b|usd\b|gbp\b|dollars?\b|pond\b|pounds?\b)", re.I)
_MONEY_BEFORE = re.compile(r"(?:eur|usd|gbp|euro)\s?$", re.I)
_RANGE = re.compile(
    r"\s?(?:en|and|tot(?: en met)?|to|t/m|à|of|or|-|–)\s?[€$£]?\s?[\d.,']+"
    r"(?P<after>\s?(?:%|procent|percent|pct\b))",
    re.I,
)
_TENS = {
    "twintig": 20, "dertig": 30, "veertig": 40, "vijftig": 50, "zestig": 60, "zeventig": 70,
    "tachtig": 80, "negentig": 90, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_UNITS = {
    "twee": 2, "drie": 3, "vier": 4, "vijf": 5, "zes": 6, "zeven": 7, "acht": 8, "negen": 9,
    "tien": 10, "elf": 11, "twaalf": 12, "dertien": 13, "veertien": 14, "vijftien": 15,
    "zestien": 16, "zeventien": 17, "achttien": 18, "negentien": 19, "two": 2, "three": 3,
    "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "een": 1, "één": 1, "one": 1, "zero": 0, "nul": 0,
}  # fmt: skip
_ROUND = {
    "honderd": 100, "hundred": 100, "duizend": 1_000, "thousand": 1_000, "miljoen": 1_000_000,
    "million": 1_000_000, "miljard": 1_000_000_000, "billion": 1_000_000_000,
}  # fmt: skip
_COUNTED = (
    r"(?:procent\w*|percent\w*|euro'?s?|dollars?|honderd|hundred|duizend|thousand|miljoen|million"
    r"|miljard|billion|(?:top)?klant(?:en)?|(?:top )?(?:clients?|customers?)|deals?|prospects?"
    r"|facturen|factuur|invoices?|introducties?|introductions?|referrals?)"
)
_WORDS = "|".join(sorted((*_UNITS, *_TENS, *_ROUND), key=len, reverse=True))
_SPELLED = re.compile(
    rf"(?<![\w-])(?P<word>(?:{'|'.join(_UNITS)})(?:en|ën)(?:{'|'.join(_TENS)})"
    rf"|(?:{'|'.join(_TENS)})-(?:{'|'.join(_UNITS)})|{_WORDS})"
    rf"[\s-]+(?:\w+[\s-]+){{0,3}}?(?P<unit>{_COUNTED})(?![\w-])",
    re.I,
)
_LONG = re.compile(r"(?<!\w)[a-zé]*(?:honderd|duizend|miljoen|miljard)[a-zé]*(?!\w)", re.I)
_PART = re.compile(
    r"\b(?:(?:anderhalf|dubbel|helft|kwart|derde|driekwart|tweederde|half|quarter|third|thirds|double"
    r"|twice|triple)\b(?=\s+(?:van|of|the|de|het|your|our|jullie|onze|as|zo))"
    r"|verdubbel\w*|halve(?:er|ren|erd)\w*|verdrievoudig\w*|doubled|halved|tripled)",
    re.I,
)


def fault(text: str, evidence: Evidence, *, finished: bool = True) -> Fault | None:
    """The first thing that is wrong with a text, or None.

    `finished`: the text is all there is; a beginning is not asked yet what it rests on.
    """
    text = plain(text)
    if not text.strip():
        return Fault.EMPTY
    if len(text) > LONGEST:
        return Fault.LENGTH
    if _MARKUP.search(text):
        return Fault.MARKUP
    if found := _links(text, evidence):
        return found
    cited = citations(text)
    if any(name not in evidence.cards and name not in evidence.documents for name in cited):
        return Fault.CITATION
    if finished and not cited and not evidence.figures:
        return Fault.GROUND
    return _numbers_fault(text, evidence)


def citations(text: str) -> tuple[str, ...]:
    """What a text cites, as `[id]`, in order and once each."""
    return tuple(dict.fromkeys(name.strip() for name in _CITED.findall(text)))


def without_citations(text: str) -> str:
    """The text without its `[id]` marks."""
    return re.sub(r"[ \t]*" + _CITED.pattern, "", text)


def plain(text: str) -> str:
    """Text in one form: full-width digits and fractions written out, nothing invisible in it."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    return re.sub(r"[−‒﹣]", "-", text)


def _links(text: str, evidence: Evidence) -> Fault | None:
    if _MENTION.search(text):
        return Fault.MENTION
    if _ADDRESS.search(_CITED.sub("", text)):
        return Fault.LINK
    # A client may be called bol.com and a file playbook.md; what a document says is no licence.
    allowed = plain(" ".join((*evidence.figures, *evidence.names))).casefold()
    for found in _DOMAIN.finditer(_CITED.sub("", text)):
        known = re.search(rf"(?<![\w.-]){re.escape(found[0].casefold())}(?![\w-])", allowed)
        if not known or _PATH.match(text, found.end()):
            return Fault.LINK
    return None


def _numbers_fault(text: str, evidence: Evidence) -> Fault | None:
    always = _known((*evidence.figures, *evidence.cards.values()))
    said = _words((*evidence.figures, *evidence.cards.values(), *evidence.documents.values()))
    papers = {name: _known((held,)) for name, held in evidence.documents.items()}
    for line in text.splitlines():
        # The numbers of a list are no figures.
        line = re.sub(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+", "", line)
        shown = _CITED.sub(" ", line)
        # What only a document says is shown with that document beside it.
        known = [always, *(papers[name] for name in citations(line) if name in papers)]
        if any(not _stands(number, known) for number in numbers(shown)):
            return Fault.NUMBER
        for found in (*_LONG.finditer(shown), *_PART.finditer(shown)):
            if found[0].casefold() not in said and not _magnitude_only(shown, found):
                return Fault.NUMBER
    return None


def _magnitude_only(text: str, found: re.Match[str]) -> bool:
    """Whether a word such as `miljoen` belongs to the digits before it, or was read as words."""
    before = text[: found.start()].rstrip()
    return found[0].casefold() in _ROUND and bool(
        re.search(rf"(?:\d|\b(?:{_WORDS}))$", before, re.I)
    )


def _stands(number: Number, known: Iterable[frozenset[tuple[str, str, Decimal]]]) -> bool:
    signs = ("", number.sign) if number.sign else ("", "+", "-")
    return any(
        (sign, kind, size) in held
        for held in known
        for kind, size in number.meanings
        for sign in signs
    )


def _known(texts: Iterable[str]) -> frozenset[tuple[str, str, Decimal]]:
    """Every (sign, kind, size) that texts hold. An amount may be repeated without its currency."""
    out: set[tuple[str, str, Decimal]] = set()
    for text in texts:
        for number in numbers(plain(text)):
            for kind, size in number.meanings:
                out.add((number.sign, kind, size))
                if kind == "money":
                    out.add((number.sign, "count", size))
    return frozenset(out)


def _words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", " ".join(map(plain, texts)).casefold()))


def numbers(text: str) -> list[Number]:
    """All numbers of a text, in digits and, where they count something of a company, in words."""
    out: list[Number] = []
    for found in _NUMBER.finditer(text):
        size, end = Decimal(1), found.end()
        if scaled := _MAGNITUDE.match(text, end):
            size, end = _SIZES[(scaled.lastgroup or "k").lower()], scaled.end()
        kinds = {"count"}
        if _PERCENT.match(text, end):
            kinds = {"percent"}
        elif (
            found["currency"]
            or _MONEY.match(text, end)
            or _MONEY_BEFORE.search(text, 0, found.start("digits"))
        ):
            kinds = {"money"}
        elif _RANGE.match(text, end):
            kinds = {"count", "percent"}
        sign = found["sign"] or found["inner"] or ""
        parts = _sizes(found["digits"])
        for values in parts:
            meanings = frozenset((kind, value * size) for kind in kinds for value in values)
            out.append(Number(meanings, sign if len(parts) == 1 else ""))
    for spelled in _SPELLED.finditer(text):
        value = _value(spelled["word"])
        if re.search(r"\d\s?$", text[: spelled.start()]):
            continue  # the digits before it were read with it: 8,7 miljoen euro
        if value is not None and value != 1:  # "een klant" counts nothing
            out.append(_spelled(value, spelled["unit"].casefold()))
    return out


def _sizes(digits: str) -> list[frozenset[Decimal]]:
    """What digits can mean: one number, grouped or with decimals in nl or en; else each part."""
    digits = digits.replace("'", "")
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return [frozenset({Decimal(digits)})]
    groups = re.split(r"[.,]", digits)
    whole = Decimal("".join(groups))
    grouped = 1 <= len(groups[0]) <= 3 and groups[0][0] != "0"
    if len(set(marks)) == 1 and len(marks) > 1:
        if grouped and all(len(group) == 3 for group in groups[1:]):
            return [frozenset({whole})]
        return [frozenset({Decimal(group)}) for group in groups if group]
    decimal = Decimal("".join(groups[:-1]) + "." + groups[-1])
    if len(marks) == 1 and grouped and len(groups[1]) == 3:
        return [frozenset({whole, decimal})]
    if len(set(marks[:-1])) > 1 or marks[-1] in marks[:-1]:
        return [frozenset({Decimal(group)}) for group in groups if group]
    return [frozenset({decimal})]


def _spelled(value: int, unit: str) -> Number:
    size = Decimal(value) * _ROUND.get(unit, 1)
    if unit.startswith(("procent", "percent")):
        return Number(frozenset({("percent", size)}))
    return Number(frozenset({("count", size), ("money", size)}))


def _value(word: str) -> int | None:
    """The value of a number word: `twaalf`, `eenentwintig`, `twenty-one`; None for other words."""
    word = word.casefold()
    for table in (_UNITS, _TENS, _ROUND):
        if word in table:
            return table[word]
    if compound := re.fullmatch(rf"({'|'.join(_UNITS)})(?:en|ën)({'|'.join(_TENS)})", word):
        return _UNITS[compound[1]] + _TENS[compound[2]]
    ten_word, _, unit_word = word.partition("-")
    ten, unit = _TENS.get(ten_word), _UNITS.get(unit_word)
    return ten + unit if ten and unit else None
