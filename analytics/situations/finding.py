"""What a rule finds: a situation with its evidence, how urgent it is, and whom it is for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from analytics.situations.view import View

Unit = Literal[
    "money", "share", "change", "count", "days", "date", "text", "channel", "theme", "number"
]
"""Of a figure. money: int of 1/10,000 units; share and change: 0..1; date: ISO text; theme: a name to be
translated."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One exact figure of the evidence; texts in it are names as they are loaded."""

    unit: Unit
    value: Any


class Audience(Enum):
    """Whom a situation is for: the MT, or the rep whose own pipeline it is about."""

    MT = "mt"
    SALES = "sales"


class Mood(Enum):
    """A risk to avert, a chance to take, or a joy to share."""

    RISK = "risk"
    CHANCE = "chance"
    JOY = "joy"


@dataclass(frozen=True, slots=True)
class Finding:
    """A situation that holds now.

    subject: the customer, deal or channel it is about ("" for the company): with the situation
    what makes two findings the same. measure: the figure it is judged by, in the rule's unit.
    urgency: 0..1. figures: the evidence by name; each is dated by `as_of` or names its own date.
    """

    situation: str
    subject: str
    urgency: float
    measure: float
    as_of: dt.date
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `look` reads the same measure again later, whether the rule still holds or not.

    unit: of the measure; up_is_worse: None where up and down mean nothing by themselves.
    """

    id: str
    audience: Audience
    mood: Mood
    unit: Unit
    up_is_worse: bool | None
    find: Callable[[View], Iterable[Finding]]
    look: Callable[[View, str], float | None]


def money(amount: int) -> Figure:
    """An amount in 1/10,000 units."""
    return Figure("money", int(amount))


def share(value: float) -> Figure:
    """A share, 0..1."""
    return Figure("share", float(value))


def change(value: float) -> Figure:
    """A change, .14 is +14 %."""
    return Figure("change", float(value))


def count(value: float) -> Figure:
    """How many."""
    return Figure("count", int(value))


def days(value: float) -> Figure:
    """So many days."""
    return Figure("days", round(float(value)))


def number(value: float) -> Figure:
    """A number with one decimal, as an average on a scale."""
    return Figure("number", float(value))


def date(day: dt.date) -> Figure:
    """A day."""
    return Figure("date", day.isoformat())


def text(value: object) -> Figure:
    """A name as it is loaded."""
    return Figure("text", str(value))


def channel(value: str) -> Figure:
    """A canonical channel, named in the reader's language."""
    return Figure("channel", value)


def theme(value: str) -> Figure:
    """What a pulse asked about: an English name, for translation."""
    return Figure("theme", value)


def bounded(value: float) -> float:
    """An urgency, kept within 0..1."""
    return min(1.0, max(0.0, value))
