"""From typed text to a command and its arguments."""

from __future__ import annotations

import re
import unicodedata

from analytics import period as periods
from bot.core.command import Accepts, Arguments, Command, Registry
from bot.errors import UserError

MAX_TEXT = 4_000
LARGEST_COUNT = 500
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
    return "".join(c for c in text if c in "\n\t" or not unicodedata.category(c).startswith("C"))


def _command_of(clean: str, registry: Registry) -> tuple[Command | None, list[str]]:
    """The command a text names, and the words after its name."""
    tokens = _TOKEN.findall(_period_words(clean))
    if tokens and tokens[0].lower().lstrip("/") == _HOUSE_NAME:
        tokens = tokens[1:]
    if not tokens:
        tokens = ["help"]
    return registry.find(tokens[0].lower().lstrip("/").rstrip("?!.,:")), tokens[1:]


def _period_words(text: str) -> str:
    """Write everyday periods as one word: `vorig jaar`, `last year`, `Q3 2025`."""
    text = _RELATIVE.sub(lambda m: f"{_NEAR[m[1].lower()]}-year", text)
    return _QUARTER_YEAR.sub(r"\2-Q\1", text)


def suggestions(text: str, registry: Registry) -> list[str]:
    """Command names a mistyped one may stand for; none for a whole sentence."""
    words = text.split()
    if not words or (len(words) > 2 and not text.startswith("/")):
        return []
    return nearest(words[0].lower().lstrip("/"), registry.names())


def unknown(text: str, registry: Registry) -> UserError:
    """An unknown command, with the nearest ones; a sentence is told what can be asked."""
    word = text.split()[0]
    near = suggestions(text, registry)
    if len(text.split()) > 2 and not text.startswith("/"):
        return UserError(
            "I answer commands, not whole sentences yet. Type for example /topclients, /sources or "
            "/ballotage help"
        )
    if near:
        return UserError(
            "I do not know {word}. Did you mean {near}? All commands: /ballotage help",
            word=word[:40],
            near=", ".join(f"/{n}" for n in near),
        )
    return UserError("I do not know {word}. All commands: /ballotage help", word=word[:40])


def nearest(word: str, names: object, limit: int = 3) -> list[str]:
    """Names that look or sound like the word, best first."""
    from rapidfuzz import fuzz, process

    found = process.extract(
        word,
        list(names),  # type: ignore[call-overload]
        scorer=fuzz.WRatio,
        limit=limit,
        score_cutoff=65,
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
