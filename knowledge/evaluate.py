"""How good the retriever is on questions whose topics are known, with intervals.

Questions are JSON: [{"question", "locale", "topics": [...]}]; without topics a question is off-topic and
should not be answered. A question of a refusal's topic should be refused, with that topic found.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.cards import LANGUAGES, REFUSALS, TOPICS
from knowledge.errors import KnowledgeError
from knowledge.retriever import Band, Retrieved

PRINCIPLE, REFUSAL, OFF_TOPIC = "principle", "refusal", "off-topic"
KINDS = (PRINCIPLE, REFUSAL, OFF_TOPIC)
GOALS = {"recall_at_3": 0.90, "answered": 0.80, "off_topic_answered": 0.10}
Z = 1.959963984540054
"""The 97.5 % point of the normal distribution: intervals are of 95 %."""

Search = Callable[[str, str], Retrieved]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `topics` are those an answer may be of, none for an off-topic one."""

    text: str
    locale: str
    topics: frozenset[str]

    @property
    def kind(self) -> str:
        """Principle, refusal or off-topic."""
        if not self.topics:
            return OFF_TOPIC
        return REFUSAL if self.topics <= set(REFUSALS) else PRINCIPLE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question. `place`: of the first right topic, from 1; 0 where none was found."""

    question: Question
    band: Band
    place: int


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with Wilson's 95 % interval."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson (1927): exact enough at small counts and near 0 and 1."""
        if not self.of:
            return None
        share, n = self.hits / self.of, self.of
        centre = share + Z * Z / (2 * n)
        spread = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        scale = 1 + Z * Z / n
        return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {"share": self.value, "ci": self.interval, "hits": self.hits, "n": self.of}


def read(paths: Iterable[Path]) -> list[Question]:
    """The questions of some files. KnowledgeError names file, place and remedy."""
    return [question for path in paths for question in _file(path)]


def _file(path: Path) -> list[Question]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnowledgeError(
            "{file} cannot be read: {problem}.",
            file=str(path),
            problem=error.strerror or "unreadable",
        ) from error
    except ValueError as error:
        raise KnowledgeError(
            "{file} is no JSON: {problem}.", file=str(path), problem=str(error)
        ) from None
    if not isinstance(content, list):
        raise KnowledgeError("{file}: write a list of questions.", file=str(path))
    return [_question(path, number, each) for number, each in enumerate(content, 1)]


def _question(path: Path, number: int, content: object) -> Question:
    def wrong(problem: str) -> KnowledgeError:
        return KnowledgeError(
            "{file}: question {number}: {problem}", file=str(path), number=number, problem=problem
        )

    if not isinstance(content, dict):
        raise wrong('write {"question", "locale", "topics"}')
    text, locale = content.get("question"), content.get("locale", "nl")
    topics = content.get("topics") or []
    if not isinstance(text, str) or not text.strip():
        raise wrong("question must be a text")
    if locale not in LANGUAGES:
        raise wrong(f"locale must be one of {', '.join(LANGUAGES)}")
    if not isinstance(topics, list) or not all(isinstance(t, str) for t in topics):
        raise wrong("topics must be a list of texts")
    for topic in topics:
        if topic not in TOPICS and topic not in REFUSALS:
            raise wrong(f"there is no topic '{topic}'")
    return Question(text, locale, frozenset(topics))


def ask(questions: Sequence[Question], search: Search) -> list[Outcome]:
    """Put every question to a search of at least three results."""
    out = []
    for question in questions:
        found = search(question.text, question.locale)
        places = [
            place for place, hit in enumerate(found.results, 1) if hit.topic in question.topics
        ]
        out.append(Outcome(question, found.band, min(places, default=0)))
    return out


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """All shares, by language and kind, and whether the goals are met."""
    out: dict[str, Any] = {"questions": len(outcomes), "languages": {}}
    for locale in LANGUAGES:
        mine = [o for o in outcomes if o.question.locale == locale]
        kinds = {k: [o for o in mine if o.question.kind == k] for k in KINDS}
        known = kinds[PRINCIPLE] + kinds[REFUSAL]
        out["languages"][locale] = {
            "recall_at_1": _placed(known, 1).as_data(),
            "recall_at_3": _placed(known, 3).as_data(),
            "kinds": {
                kind: {
                    "recall_at_1": _placed(found, 1).as_data(),
                    "recall_at_3": _placed(found, 3).as_data(),
                    "bands": {b.value: _in(found, b).as_data() for b in Band},
                }
                for kind, found in kinds.items()
            },
        }
    real = [o for o in outcomes if o.question.kind == PRINCIPLE]
    refusals = [o for o in outcomes if o.question.kind == REFUSAL]
    off = [o for o in outcomes if o.question.kind == OFF_TOPIC]
    out |= {
        "answered": _in(real, Band.ANSWER).as_data(),
        "refused_rightly": _in(refusals, Band.REFUSED).as_data(),
        "off_topic_answered": _in(off, Band.ANSWER).as_data(),
    }
    out["goals"] = _goals(out)
    return out


def _goals(found: Mapping[str, Any]) -> dict[str, bool | None]:
    """Whether each goal is met; None where no question tells."""
    goals: dict[str, bool | None] = {}
    for locale, shares in found["languages"].items():
        value = shares["recall_at_3"]["share"]
        goals[f"recall_at_3_{locale}"] = None if value is None else value >= GOALS["recall_at_3"]
    answered, off = found["answered"]["share"], found["off_topic_answered"]["share"]
    goals["answered"] = None if answered is None else answered >= GOALS["answered"]
    goals["off_topic_answered"] = None if off is None else off <= GOALS["off_topic_answered"]
    return goals


def _placed(outcomes: Sequence[Outcome], limit: int) -> Share:
    return Share(sum(0 < o.place <= limit for o in outcomes), len(outcomes))


def _in(outcomes: Sequence[Outcome], band: Band) -> Share:
    return Share(sum(o.band is band for o in outcomes), len(outcomes))
