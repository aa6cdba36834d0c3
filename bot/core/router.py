"""From free text to a command: which question is really a command, and the rest for the coach.

Deterministic: a table of patterns in Dutch and English. A question for advice ("how do I ...") is
never taken for a command, since a figure is no advice; a question the table does not know goes to the coach.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analytics import period as periods
from analytics.errors import DataError
from bot.core import parser
from bot.core.command import Accepts, Arguments, Command, Registry
from bot.errors import UserError

COACH = "coach"
LONGEST_ROUTED = 200
"""Characters of a question that can mean a command; a longer one tells a story."""
Mentioned = Callable[[str], str | None]
"""The id of the one client a text names; None where it names none, or several."""

_CLIENTS = r"(?:top)?(?:klant(?:en)?|afnemers?|accounts?|clients?|customers?|opdrachtgevers?)"
_BEST = (
    r"(?:top|grootste|beste|belangrijkste|voornaamste|largest|biggest|best|main|key|"
    r"most (?:important|valuable))"
)
_SHOW = r"(?:toon|laat|geef|noem|lijst|overzicht|show|list|give|name|display)"
_WHO = rf"(?:wie|welke|wat|who|which|what|{_SHOW})"
_ADVICE = re.compile(
    r"\bhoe (?:kan|kun|kunnen|moet|moeten|zorg|ga|maak|krijg|hou|houd|vraag|voorkom|pak|doe|vind|bouw|win|"
    r"bewaak|behandel|weet|word|verhoog|verdeel|leer|vertel|bedank|reageer|bereid|bepaal)\b"
    r"|\b(?:moet(?:en)?|mag|mogen) (?:ik|we|wij|een)\b"
    r"|\bwat (?:moet|doe|kan|zou|zeg|vraag) (?:ik|we|wij|je)\b"
    r"|\bwaarom\b|\bhow (?:do|should|can|could) (?:i|we|you|one)\b|\bhow to\b|\bshould (?:i|we)\b"
    r"|\bwhat (?:should|can|could) (?:i|we)\b|\bwhy\b|\b(?:tips?|advies|advice)\b"
)
_PATTERNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "status",
        (
            r"\b(?:hoe (?:actueel|oud|vers|recent)|tot wanneer|how (?:fresh|old|recent|up to date))\b"
            r".*\b(?:data|gegevens|cijfers|figures|numbers)\b",
        ),
    ),
    (
        "profile",
        (
            rf"\b{_CLIENTS}\b.*\b(?:gemeen|gemeenschappelijk|in common)\b",
            rf"\b(?:onderscheidt?|sets?|distinguish\w*)\b.*\b(?:topklanten|{_BEST}(?: \w+)? ?{_CLIENTS})\b",
        ),
    ),
    (
        "pipeline",
        (
            rf"\b(?:hoe staat|hoe ziet|{_SHOW}|how is|how does|what is in|what's in|wat zit er in)\b"
            r".*\b(?:pijplijn|pipeline|funnel|open deals)\b",
            r"\b(?:welke|which) (?:open )?deals\b",
        ),
    ),
    (
        "sources",
        (
            r"\b(?:waar|where)\b.*\b(?:klanten|topklanten|omzet|clients|customers|revenue)\b"
            r".*\b(?:vandaan|from)\b",
            r"\b(?:waar|where)\b.*\b(?:komen|kwamen|komt|kwam|come|came)\b"
            r".*\b(?:klanten|topklanten|omzet|clients|customers|revenue)\b.*\b(?:vandaan|from)\b",
            rf"\b(?:hoe|how)\b.*\b{_CLIENTS}\b"
            r".*\b(?:binnen\w*|terecht\w*|come in|came in|find us|found us)\b",
            r"\b(?:welke|which|what) (?:bron|bronnen|kanaal|kanalen|sources?|channels?)\b"
            r".*\b(?:brengt|brengen|bracht\w*|levert|leveren|meeste|beste|bring\w*|brought|most|best)\b",
            rf"\b{_SHOW}\b.*\b(?:bronnen|herkomst|sources)\b",
        ),
    ),
    (
        "ars",
        (
            r"\b(?:wat is|what is|what's|toon|show|hoe hoog is|how high is)\b.*\b(?:onze|our) ars\b",
            r"\bhoeveel\b.*\bomzet\b.*\b(?:sales|verkoop\w*|verkopers)\b",
            r"\bhoeveel\b.*\b(?:sales|verkoopteam|verkopers)\b.*\b(?:binnen|omzet|op)\b",
            r"\bhow much\b.*\b(?:sales|reps)\b.*\b(?:bring\w*|brought|win|won|contribut\w*)\b",
        ),
    ),
    (
        "pareto",
        (
            r"\b(?:hoe|how) (?:geconcentreerd|afhankelijk|concentrated|dependent)\b.*\b(?:we|wij|onze|our)\b",
            rf"\b(?:hoeveel|how many) {_CLIENTS}\b.*\b(?:80|tachtig|eighty)\b",
            rf"\b{_SHOW}\b.*\b(?:curve|pareto|concentratie|concentration)\b",
            r"\b(?:wat is|what is|what's|hoe hoog is|how high is) (?:onze|our) "
            r"(?:concentratie|concentration|pareto\w*|gini|hhi)\b",
        ),
    ),
    (
        "topclients",
        (
            rf"\b{_WHO}\b.*\b{_BEST}\b[^?.]{{0,30}}\b{_CLIENTS}\b",
            rf"\b{_WHO}\b.*\b(?:topklanten|topclients)\b",
            rf"^(?:onze |our |mijn |my |de |the )?(?:\w+ )?{_BEST}(?: ?\d+)? {_CLIENTS}\b"
            r"(?! (?:is|zijn|are|has|wil))",
            r"\b(?:wie|welke|who|which)\b.*\b(?:brengt|brengen|brings?|levert|leveren|goed voor)\b"
            r".*\b(?:omzet|revenue|turnover)\b",
        ),
    ),
)
_HELP = re.compile(
    r"\bwat (?:kan|kun) je(?: allemaal| voor (?:mij|ons))?(?: doen)?$"
    r"|\bwat kan ik (?:je |jou )?(?:allemaal )?vragen\b|\bwhat can (?:you do|i ask)\b"
)
_TABLE = tuple((name, tuple(re.compile(p) for p in found)) for name, found in _PATTERNS)
_WHAT_IF = re.compile(
    r"\b(?:wat als|wat gebeurt er als|stel dat|what if|what happens (?:if|when)|suppose)\b"
)
_OF_CLIENT = re.compile(
    r"\b(?:hoeveel|omzet|hoe (?:gaat|doet|staat)|vertel|wanneer|laatste|factu\w+|wat weten we|gegevens|toon|"
    r"laat|how much|revenue|turnover|how (?:is|are|does)|tell me|when|last|invoices?|what do we know|show)\b"
)
_QUALIFY = re.compile(
    r"\b(?:[Ii]s|[Pp]ast|[Zz]ou|[Ii]s\s+het\s+bedrijf)\s+(?P<name>[A-Z0-9][\w&.'’-]*(?:\s+(?:[A-Z0-9&][\w&.'’-]*|van|de|den|der|en)){0,5})"
    r"\s+(?:wel\s+)?(?:iets voor ons|wat voor ons|een goede (?:prospect|klant|lead)|de moeite waard|bij ons|"
    r"worth (?:it|my|our|pursuing)|a good (?:prospect|client|customer|fit|lead)|right for us)"
)
_SENTENCE = frozenset(
    {
        *(
            "hoe",
            "wat",
            "wie",
            "waar",
            "wanneer",
            "waarom",
            "welke",
            "hoeveel",
            "ik",
            "je",
            "we",
            "wij",
        ),
        *(
            "jullie",
            "hij",
            "ze",
            "zij",
            "mij",
            "ons",
            "onze",
            "mijn",
            "is",
            "zijn",
            "was",
            "heb",
            "heeft",
        ),
        *(
            "hebben",
            "kan",
            "kun",
            "kunnen",
            "moet",
            "moeten",
            "wil",
            "willen",
            "mag",
            "gaat",
            "doe",
            "doet",
        ),
        *(
            "zou",
            "zal",
            "wordt",
            "niet",
            "geen",
            "als",
            "dat",
            "die",
            "deze",
            "nog",
            "al",
            "te",
            "maar",
        ),
        *(
            "how",
            "what",
            "who",
            "where",
            "when",
            "why",
            "which",
            "i",
            "you",
            "they",
            "our",
            "my",
            "us",
        ),
        *(
            "are",
            "do",
            "does",
            "did",
            "have",
            "has",
            "can",
            "should",
            "want",
            "wants",
            "would",
            "will",
        ),
        *("not", "no", "if", "that", "this", "but", "too", "it", "he", "she", "does", "keeps"),
    }
)
"""Words that make a text a sentence; none of them stands in the name of a company alone."""
_NUMBERS = {
    "drie": 3, "vier": 4, "vijf": 5, "zes": 6, "zeven": 7, "acht": 8, "negen": 9, "tien": 10,
    "twintig": 20, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twenty": 20,
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("januari", "january"), ("februari", "february"), ("maart", "march"), ("april",), ("mei", "may"),
            ("juni", "june"), ("juli", "july"), ("augustus", "august"), ("september",),
            ("oktober", "october"), ("november",), ("december",),
        ),
        1,
    )
    for name in names
}  # fmt: skip
_COUNT = re.compile(
    rf"\btop[ -]?(?P<after>\d{{1,3}})\b|\b(?P<before>\d{{1,3}}|{'|'.join(_NUMBERS)}) (?:{_BEST}|{_CLIENTS})\b"
)
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)}) ((?:19|20)\d\d)\b")
_EVER = re.compile(r"\b(?:ooit|in totaal|alle jaren|sinds het begin|all time|ever|in total)\b")


@dataclass(frozen=True, slots=True)
class Understood:
    """A command with its arguments. `line` is how it was read where it was not typed as one."""

    command: Command
    args: Arguments
    line: str = ""


def understand(text: str, registry: Registry, mentioned: Mentioned) -> Understood:
    """What a text asks for: the command it names, the command it means, or the coach.

    UserError for a slash that is no command, a mistyped command, or arguments that do not fit.
    """
    if text.lstrip().startswith("/") or COACH not in registry.commands:
        return Understood(*parser.parse(text, registry))
    named = parser.named(text, registry)
    if named is not None and not _may_be_sentence(text):
        try:
            return Understood(*parser.parse(text, registry))
        except (UserError, DataError):
            if found := route(text, registry, mentioned):
                return found  # "top 10 klanten van 2025"
            raise
    if named is None and parser.mistyped(text, registry):
        raise parser.unknown(text, registry)
    if found := route(text, registry, mentioned):
        return found
    if named is not None and not _everyday(named):
        try:
            return Understood(*parser.parse(text, registry))
        except (UserError, DataError):
            pass  # a sentence that begins with a command's name
    elif named is not None and mentioned(text):
        return Understood(*parser.parse(text, registry))
    return _coach(text, registry)


def route(text: str, registry: Registry, mentioned: Mentioned) -> Understood | None:
    """The command a sentence means; None where it means none."""
    if len(text) > LONGEST_ROUTED:
        return None
    if (name := _QUALIFY.search(text)) and "qualify" in registry.commands:
        return _made(registry, "qualify", [*name["name"].split()])
    plain = _fold(text)
    if client := mentioned(text):
        if _WHAT_IF.search(plain):
            return _made(registry, "whatif", ["lose", client, *_period(text)])
        if _OF_CLIENT.search(plain) and not _ADVICE.search(plain):
            return _made(registry, "client", [client, *_period(text)])
    if _HELP.search(plain):
        return _made(registry, "help", [])
    if _ADVICE.search(plain):
        return None
    for name_, patterns in _TABLE:
        if name_ in registry.commands and any(p.search(plain) for p in patterns):
            return _made(registry, name_, [*_count(plain), *_period(text)])
    return None


def _made(registry: Registry, name: str, tokens: list[str]) -> Understood | None:
    """The command with what of the tokens it takes; None where they do not fit after all."""
    found = registry.commands[name]
    takes = found.accepts
    kept = [t for t in tokens if _fits(t, takes)]
    try:
        args = parser.arguments(found, kept)
    except (UserError, DataError):
        return None
    return Understood(found, args, " ".join([found.name, *kept]))


def _fits(token: str, takes: frozenset[Accepts]) -> bool:
    if Accepts.NAME in takes:
        return True
    if token.isdigit() and len(token) < 4:
        return Accepts.COUNT in takes
    return Accepts.PERIOD in takes


def _coach(text: str, registry: Registry) -> Understood:
    words = tuple(text.split())
    if sum(map(len, words)) > parser.MAX_TEXT:
        raise UserError(
            "That is {length} characters; ask in at most {limit}.",
            length=len(text),
            limit=parser.MAX_TEXT,
        )
    return Understood(registry.commands[COACH], Arguments(words=words))


def _may_be_sentence(text: str) -> bool:
    """Whether a text that begins with a command's name may be a sentence all the same."""
    words = _fold(text).split()
    return len(words) > 2 and (text.rstrip().endswith("?") or not _SENTENCE.isdisjoint(words[1:]))


def _everyday(command: Command) -> bool:
    """Whether a sentence may begin with its name and a name of its own may follow: `klant wil ...`."""
    return Accepts.NAME in command.accepts and command.name in {"client", "help"}


def _count(plain: str) -> Iterator[str]:
    if found := _COUNT.search(plain):
        word = found["after"] or found["before"]
        yield str(_NUMBERS.get(word, word))


def _period(text: str) -> Iterator[str]:
    """The first period a text names, as a command's argument."""
    plain = _fold(parser.period_words(text))
    if month := _MONTH.search(plain):
        yield f"{month[2]}-{_MONTHS[month[1]]:02}"
        return
    for word in plain.split():
        try:
            spec = periods.canonical(word.strip("?!.,:;()"))
        except DataError:
            continue
        if spec and spec != periods.ALL:
            yield spec
            return
    if _EVER.search(plain):
        yield periods.ALL


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[?!.,:;()\"“”]+(?=\s|$)|(?<=\s)[(\"“]+", " ", plain).split())
