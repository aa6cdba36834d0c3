"""From typed text to a command and its arguments."""

from __future__ import annotations

import re
import unicodedata

from analytics import period as periods
from analytics.errors import DataError
from bot.core.command import Accepts, Arguments, Command, Registry
from bot.errors import UserError

MAX_TEXT = 4_000
LARGEST_COUNT = 500
SURELY_MEANT = 85.0
"""Likeness (0 to 100) from which a word without a slash is a command with a typing error."""
_TOKEN = re.compile(r'[\w.-]+="[^"]*"|\S+')
_FACT = re.compile(r'^([A-Za-z_][\w.-]*)=(?:"([^"]*)"|(.*))$')
_NUMBER = re.compile(r"^[+-]?\d+$")
_NEAR = {"dit": "this", "this": "this", "vorig": "last", "last": "last", "afgelopen": "last"}
_RELATIVE = re.compile(r"\b(dit|this|vorig|last|afgelopen)\s+(?:jaar|year)\b", re.I)
_QUARTER_YEAR = re.compile(r"\b[QK]([1-4])\s+((?:19|20)\d\d)\b", re.I)
_HOUSE_NAME = "ballotage"


def parse(text: str, registry: Registry) -> tuple[Command, Arguments]:
    """Find the command a text names and read its arguments.

    The slash is optional, `/ballotage NAME` equals `/NAME`. Raises UserError with the remedy.
    """
    clean = _clean(text)
    if len(clean) > MAX_TEXT:
        raise UserError(
            "That is {length} characters; ask in at most {limit}.",
            length=len(clean),
            limit=MAX_TEXT,
        )
    found, tokens = _command_of(clean, registry)
    if found is None:
        raise unknown(clean, registry)
    return found, arguments(found, tokens)


def recordable(text: str, registry: Registry) -> str:
    """What of a text may be kept: of an unrecorded command its name and flags, else all of it."""
    found, tokens = _command_of(_clean(text), registry)
    if found is None or not found.unrecorded:
        return text
    words = {word for flag in found.flags for word in flag.words}
    kept = [token for token in tokens if token.lower() in words]
    return " ".join([found.invocation("en"), *kept])


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or not unicodedata.category(c).startswith("C"))


def _command_of(clean: str, registry: Registry) -> tuple[Command | None, list[str]]:
    """The command a text names, and the words after its name."""
    tokens = _TOKEN.findall(period_words(clean))
    if tokens and tokens[0].lower().lstrip("/") == _HOUSE_NAME:
        tokens = tokens[1:]
    if not tokens:
        tokens = ["help"]
    return registry.find(tokens[0].lower().lstrip("/").rstrip("?!.,:")), tokens[1:]


def period_words(text: str) -> str:
    """Write everyday periods as one word: `vorig jaar`, `last year`, `Q3 2025`."""
    text = _RELATIVE.sub(lambda m: f"{_NEAR[m[1].lower()]}-year", text)
    return _QUARTER_YEAR.sub(r"\2-Q\1", text)


def named(text: str, registry: Registry) -> Command | None:
    """The command whose name a text begins with; None where it begins with none."""
    clean = _clean(text)
    return _command_of(clean, registry)[0] if clean.strip() else registry.find("help")


def mistyped(text: str, registry: Registry) -> bool:
    """Whether a text without a slash is a command with a typing error: a name, and arguments at most."""
    first, *rest = text.split()
    if len(rest) > 1 and not all(_argument(word, registry) for word in rest):
        return False
    return bool(_nearest(first.lower(), registry.names(), 1, "ratio", SURELY_MEANT))


def _argument(word: str, registry: Registry) -> bool:
    """Whether a word can only be an argument: a number, a period, a flag or a fact."""
    if _NUMBER.match(word) or _FACT.match(word):
        return True
    if any(word.lower() in flag.words for command in registry for flag in command.flags):
        return True
    try:
        return periods.canonical(word) is not None
    except DataError:
        return True


def suggestions(text: str, registry: Registry) -> list[str]:
    """Command names a mistyped one may stand for; none for a whole sentence."""
    words = text.split()
    if not words:
        return []
    if len(words) > 2 and not text.startswith("/") and not mistyped(text, registry):
        return []
    return nearest(words[0].lower().lstrip("/"), registry.names())


def unknown(text: str, registry: Registry) -> UserError:
    """An unknown command, with the nearest ones."""
    word = text.split()[0]
    near = suggestions(text, registry)
    if near:
        return UserError(
            "I do not know {word}. Did you mean {near}? All commands: /ballotage help",
            word=word[:40],
            near=", ".join(f"/{n}" for n in near),
        )
    return UserError("I do not know {word}. All commands: /ballotage help", word=word[:40])


def nearest(word: str, names: object, limit: int = 3) -> list[str]:
    """Names that look or sound like the word, best first."""
    return _nearest(word, names, limit, "WRatio", 65)


def _nearest(word: str, names: object, limit: int, scorer: str, cutoff: float) -> list[str]:
    from rapidfuzz import fuzz, process

    found = process.extract(
        word,
        list(names),  # type: ignore[call-overload]
        scorer=getattr(fuzz, scorer),
        limit=limit,
        score_cutoff=cutoff,
    )
    return [name for name, _, _ in found]


def arguments(command: Command, tokens: list[str]) -> Arguments:
    """Read a command's arguments, in any order. Raises UserError with the command's usage."""
    count, period = None, None
    words: list[str] = []
    flags: set[str] = set()
    facts: list[tuple[str, str]] = []
    by_word = {word: flag.name for flag in command.flags for word in flag.words}
    for token in tokens:
        lower = token.lower()
        if Accepts.FACTS in command.accepts and (match := _FACT.match(token)):
            facts.append((match[1], match[2] if match[2] is not None else match[3]))
        elif lower in by_word:
            flags.add(by_word[lower])
        elif Accepts.PERIOD in command.accepts and (spec := periods.canonical(lower)):
            if period is not None and period != spec:
                raise UserError(
                    "Two periods: {first} and {second}. Ask for one; a range is 2025-03..2025-09.",
                    first=period,
                    second=spec,
                )
            period = spec
        elif Accepts.COUNT in command.accepts and _NUMBER.match(token):
            count = int(token) if len(token) < 10 else LARGEST_COUNT + 1
            if not 1 <= count <= LARGEST_COUNT:
                raise UserError(
                    "{word} is not a number of rows; use 1 to {limit}.",
                    word=token[:20],
                    limit=LARGEST_COUNT,
                )
        else:
            words.append(token)
    if Accepts.NAME in command.accepts:
        # A lone year or number can be the name or id itself: /client 2024.
        if not words and len(tokens) == 1 and period is not None and not command.subcommands:
            words, period = [tokens[0]], None
    elif words and Accepts.PERIOD in command.accepts:
        raise UserError(
            "I do not understand {word} here. Usage: {usage}. Periods: last12m, all, 2025, 2025-Q3, "
            "2025-03, 2025-03..2025-09, last year",
            word=words[0][:40],
            usage=command.usage,
        )
    elif words:
        raise UserError(
            "I do not understand {word} here. Usage: {usage}",
            word=words[0][:40],
            usage=command.usage,
        )
    return Arguments(
        count=count or 10,
        period=period or periods.LAST_12_MONTHS,
        words=tuple(words),
        flags=frozenset(flags),
        facts=tuple(facts),
    )
