"""The principle cards: one Markdown file a card, in Dutch and English, checked as it is read.

The form of a card is told in docs/principle-cards.md. A folder of cards is data that people write
by hand, so whatever is wrong with one is said with its file and field; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

PRINCIPLES = ("client-is-no-king", "pareto", "culture-first")
TOPICS = (
    *("admission", "terms-and-price", "value-over-invoice", "neediness", "first-meeting"),
    *("discount", "parting-ways", "top-clients", "concentration-risk", "source-of-clients"),
    *("referrals", "partnerships", "channel-choice", "focus-of-time", "sales-contribution"),
    *("loyalty", "mt-role", "mt-time", "why-people-leave", "leadership", "culture"),
    *("joy-in-work", "work-balance", "pay", "hiring", "recognition-and-growth"),
    *("happy-people-happy-clients", "crisis"),
)
REFUSALS = ("not-legal", "not-tax", "not-it", "not-personal-data", "not-general")
"""Topics the coach leaves to others; their cards say to whom, and rest on no principle."""

FOLDER = Path(__file__).parent / "principles"
SOURCES = "sources.yaml"

STEPS = (2, 5)
RELATED = 2
EXAMPLES = 8

_KEYS = frozenset({"id", "principle", "topic", "situation", "related", "coaching", "facts"})
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FRONT = re.compile(r"\A---\n(?P<front>.*?\n)---\n(?P<body>.*)\Z", re.DOTALL)
_TITLE = re.compile(r"# (?P<language>[a-z]{2}): +(?P<title>\S.*)")
_ITEM = re.compile(r"(?P<mark>\d+\.|>|-) +(?P<text>\S.*)")
_KINDS = {">": "question", "-": "examples"}


class CardError(ValueError):
    """A card is not as it should be; the line names the file, the field and the remedy."""

    def __init__(self, file: str, field: str, problem: str) -> None:
        super().__init__(f"{file}: {field}: {problem}")
        self.file = file
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from, as it is cited in each language."""

    id: str
    nl: str
    en: str

    def label(self, language: Language) -> str:
        """The citation in that language."""
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact or figure of the source, shown as it stands."""

    nl: str
    en: str
    source: Source

    def text(self, language: Language) -> str:
        """The fact in that language, without its source."""
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `coaching`: our own advice, beyond what the source says."""

    text: str
    coaching: bool


@dataclass(frozen=True, slots=True)
class CardText:
    """What a card says in one language; `examples` are the ways people ask for it."""

    title: str
    statement: str
    steps: tuple[Step, ...]
    question: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A principle card.

    `principle` and `source` are empty on a refusal. `coaching`: the statement itself goes beyond
    the source. `situation`: the slug of what the data shows when the card applies, or "".
    `related`: the ids of two other cards of the same folder.
    """

    id: str
    principle: str
    topic: str
    source: Source | None
    coaching: bool
    situation: str
    related: tuple[str, ...]
    facts: tuple[Fact, ...]
    nl: CardText
    en: CardText

    @property
    def refusal(self) -> bool:
        """Whether the card sends the asker elsewhere instead of giving advice."""
        return self.topic in REFUSALS

    def text(self, language: Language) -> CardText:
        """The card in that language."""
        return self.nl if language == "nl" else self.en


def load(folder: Path = FOLDER) -> tuple[Card, ...]:
    """The cards of a folder with their sources (`sources.yaml`), in the order of their ids.

    Raises CardError for the first thing that is wrong, an unreadable file included.
    """
    sources = _sources(folder / SOURCES)
    cards = tuple(_card(path, sources) for path in sorted(folder.glob("*.md")))
    if not cards:
        raise CardError(folder.name, "cards", "there is no .md file in this folder")
    known = {card.id for card in cards}
    for card in cards:
        for other in card.related:
            if other not in known:
                raise CardError(f"{card.id}.md", "related", f"there is no card '{other}'")
    seen: dict[str, str] = {}
    for card in cards:
        for language in LANGUAGES:
            for example in card.text(language).examples:
                first = seen.setdefault(normal(example), card.id)
                if first != card.id:
                    raise CardError(
                        f"{card.id}.md",
                        f"{language}.examples",
                        f"'{example}' is already an example of '{first}'",
                    )
    return cards


def normal(text: str) -> str:
    """Text without case, punctuation and spare blanks: two examples that differ no more are one."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CardError(path.name, "file", error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise CardError(path.name, "file", "save it as UTF-8") from error


def _yaml(file: str, field: str, text: str) -> dict[str, object]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1} of it" if mark else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise CardError(file, field, f"no valid YAML{where}: {problem}") from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise CardError(file, field, "write 'name: value' lines")
    return found


def _sources(path: Path) -> dict[str, Source]:
    found = _yaml(path.name, "sources", _read(path))
    return {
        key: Source(key, **{lang: _string(path.name, key, value, lang) for lang in LANGUAGES})
        for key, value in found.items()
    }


def _string(file: str, field: str, value: object, key: str) -> str:
    """A text under `key` of a mapping, its line breaks taken out."""
    text = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(text, str) or not text.strip():
        raise CardError(file, f"{field}.{key}", "write a text here")
    return " ".join(text.split())


def _card(path: Path, sources: Mapping[str, Source]) -> Card:
    file = path.name
    parts = _FRONT.match(_read(path))
    if parts is None:
        raise CardError(file, "front matter", "start the file with '---', end the front with '---'")
    front = _yaml(file, "front matter", parts["front"])
    for key in front:
        if key not in _KEYS:
            raise CardError(file, key, f"unknown field; there are {', '.join(sorted(_KEYS))}")
    if front.get("id") != path.stem or not _SLUG.fullmatch(path.stem):
        raise CardError(file, "id", f"must be the file's name in lower case: '{path.stem.lower()}'")
    topic = _one_of(file, "topic", front.get("topic"), (*TOPICS, *REFUSALS))
    principle = ""
    if topic not in REFUSALS:
        principle = _one_of(file, "principle", front.get("principle"), PRINCIPLES)
        if principle not in sources:
            raise CardError(file, "principle", f"'{principle}' is missing in {SOURCES}")
    elif "principle" in front:
        raise CardError(file, "principle", "a refusal rests on none; leave it out")
    texts = _texts(file, parts["body"])
    counts = {len(texts[language]["steps"]) for language in LANGUAGES}
    if len(counts) > 1:
        raise CardError(file, "steps", "write as many in Dutch as in English, in the same order")
    ours = _coaching(file, front.get("coaching", []), counts.pop())
    nl, en = (_text(texts[language], ours) for language in LANGUAGES)
    return Card(
        id=path.stem,
        principle=principle,
        topic=topic,
        source=sources.get(principle),
        coaching="statement" in ours,
        situation=_situation(file, front.get("situation", "")),
        related=_related(file, path.stem, front.get("related")),
        facts=tuple(_facts(file, front.get("facts", []), sources)),
        nl=nl,
        en=en,
    )


def _one_of(file: str, field: str, value: object, choices: Iterable[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise CardError(file, field, f"'{value}' is none of {', '.join(choices)}")
    return value


def _situation(file: str, value: object) -> str:
    if value and not (isinstance(value, str) and _SLUG.fullmatch(value)):
        raise CardError(file, "situation", "write lower-case words with hyphens, or leave it out")
    return str(value or "")


def _related(file: str, own: str, value: object) -> tuple[str, ...]:
    ids = value if isinstance(value, list) else []
    if len(ids) != RELATED or len(set(map(str, ids))) != RELATED or own in ids:
        raise CardError(file, "related", f"name the ids of {RELATED} other cards: [first, second]")
    return tuple(map(str, ids))


def _facts(file: str, value: object, sources: Mapping[str, Source]) -> Iterator[Fact]:
    if not isinstance(value, list):
        raise CardError(file, "facts", "write a list of nl, en and source")
    for number, fact in enumerate(value, 1):
        field = f"facts.{number}"
        nl, en, source = (_string(file, field, fact, key) for key in (*LANGUAGES, "source"))
        if source not in sources:
            known = ", ".join(sources)
            raise CardError(file, f"{field}.source", f"'{source}' is none of {known} ({SOURCES})")
        yield Fact(nl, en, sources[source])


def _coaching(file: str, value: object, steps: int) -> frozenset[str]:
    """Which parts go beyond the source: 'statement' and 'step-1' to 'step-5'."""
    each = {f"step-{number}" for number in range(1, steps + 1)}
    if value is True:
        return frozenset({"statement", *each})
    found = set(map(str, value)) if isinstance(value, list) else {str(value)}
    if "steps" in found:
        found = found - {"steps"} | each
    wrong = sorted(found - each - {"statement"})
    if wrong:
        known = f"true, or a list of statement, steps, step-1 to step-{steps}"
        raise CardError(file, "coaching", f"'{wrong[0]}' is none of {known}")
    return frozenset(found)


def _texts(file: str, body: str) -> dict[Language, dict[str, list[str]]]:
    """The body by language and part, each part a list of texts with their line breaks taken out."""
    texts: dict[Language, dict[str, list[str]]] = {}
    part: dict[str, list[str]] | None = None
    items: list[str] | None = None  # where a line that goes on belongs to
    for line in map(str.strip, body.splitlines()):
        title, item = _TITLE.fullmatch(line), _ITEM.fullmatch(line)
        if title is not None:
            language = cast("Language", _one_of(file, "title", title["language"], LANGUAGES))
            if language in texts:
                raise CardError(file, f"{language}.title", "occurs twice")
            part = texts[language] = {"title": [title["title"]], "statement": [], "steps": []}
            part |= {"question": [], "examples": []}
            items = None
        elif not line:
            items = None
        elif part is None:
            raise CardError(file, "title", "start with '# nl: ' or '# en: ' and the title")
        elif item is not None:
            items = part[_KINDS.get(item["mark"], "steps")]
            items.append(item["text"])
        elif items is not None:
            items[-1] += f" {line}"
        else:
            items = part["statement"]
            items.append(line)
    for language in LANGUAGES:
        if language not in texts:
            raise CardError(file, f"{language}.title", f"write a part '# {language}: TITLE'")
        _complete(file, language, texts[language])
    return texts


def _complete(file: str, language: Language, text: Mapping[str, list[str]]) -> None:
    for field, form in (("statement", "paragraph"), ("question", "line that starts with '> '")):
        if len(text[field]) != 1:
            raise CardError(file, f"{language}.{field}", f"write one {form}")
    if not STEPS[0] <= len(text["steps"]) <= STEPS[1]:
        raise CardError(
            file, f"{language}.steps", f"write {STEPS[0]} to {STEPS[1]} lines '1. ', '2. ' and on"
        )
    different = len({normal(example) for example in text["examples"]})
    if different < EXAMPLES or different < len(text["examples"]):
        form = f"at least {EXAMPLES} lines that start with '- ', no two the same"
        raise CardError(file, f"{language}.examples", f"write {form}")


def _text(text: Mapping[str, list[str]], ours: frozenset[str]) -> CardText:
    return CardText(
        title=text["title"][0],
        statement=text["statement"][0],
        steps=tuple(
            Step(step, f"step-{number}" in ours) for number, step in enumerate(text["steps"], 1)
        ),
        question=text["question"][0],
        examples=tuple(text["examples"]),
    )
