"""The neutral answer: a small closed set of card elements that every renderer knows.

Texts are plain and already in the asker's language; a renderer escapes them for its platform.
No element carries a platform's words. Every Reply has a plain-text fallback (`plain_text`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal


class Visibility(Enum):
    """Who sees the reply: the asker in a channel, the asker in a direct chat, or the channel."""

    EPHEMERAL = "EPHEMERAL"
    DIRECT = "DIRECT"
    CHANNEL = "CHANNEL"


class Tone(Enum):
    """What a section is for; never conveyed by colour alone."""

    NORMAL = "normal"
    TITLE = "title"  # at most one, first
    HEADLINE = "headline"  # the answer in one sentence
    WARNING = "warning"  # renderers put a word or sign before it
    QUOTE = "quote"  # something to copy and send


@dataclass(frozen=True, slots=True)
class Section:
    """A paragraph."""

    text: str
    tone: Tone = Tone.NORMAL


@dataclass(frozen=True, slots=True)
class Fields:
    """Label and value pairs."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column head; numbers are aligned right."""

    label: str
    align: Literal["left", "right"] = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of formatted cells. `total_rows` says how many there are when not all are given."""

    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    total_rows: int | None = None
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one line or one set of bars: (x, y); x is a category or a number."""

    name: str
    points: tuple[tuple[str | float, float], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture: what to draw, neutrally, and the same in words (`alt`, never empty).

    kind: "pareto" (cumulative line over ranks; x and y are shares 0..1), "bars" (grouped bars over
    categories; y is a share 0..1), "history" (line over ISO dates; y in currency units), "weeks"
    (line over the ISO dates of Mondays; y a plain number within `span`), "ratios" (over categories
    three series: how many times, and the lower and upper bound of its interval).
    marks: named points to call out, (label, x, y).
    """

    kind: Literal["pareto", "bars", "history", "weeks", "ratios"]
    title: str
    alt: str
    x_title: str
    y_title: str
    series: tuple[Series, ...]
    marks: tuple[tuple[str, str | float, float], ...] = ()
    span: tuple[float, float] | None = None

    @property
    def over_time(self) -> bool:
        """Whether x is a date."""
        return self.kind in ("history", "weeks")

    @property
    def in_shares(self) -> bool:
        """Whether y is a share, written as a percentage."""
        return self.kind in ("pareto", "bars")

    @property
    def drawn(self) -> tuple[Series, ...]:
        """The series to draw where only values can be drawn, not the bounds of an interval."""
        return self.series[:1] if self.kind == "ratios" else self.series

    @property
    def decimals(self) -> int:
        """Decimals that a figure which is no share is written with."""
        if self.kind == "ratios":
            return 2
        return 1 if self.span is not None and self.span[1] <= 10 else 0


@dataclass(frozen=True, slots=True)
class Button:
    """A labelled action: pressed, it comes back as a Request for `text` (a command line)."""

    label: str
    text: str
    style: Literal["default", "primary", "danger"] = "default"
    share: bool = False
    """The pressed answer is meant for the whole channel; policy decides anew."""


@dataclass(frozen=True, slots=True)
class Actions:
    """A row of buttons."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """A question in a form; `choices` (value, label) makes it a choice."""

    name: str
    label: str
    kind: Literal["text", "number", "choice", "toggle"] = "text"
    choices: tuple[tuple[str, str], ...] = ()
    value: str = ""
    required: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Inputs and the command line they are added to as `name=value` when sent."""

    text: str
    submit: str
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Small print: period, base, data date, how the figure came about."""

    text: str


Element = Section | Fields | Table | Chart | Actions | Form | Context


@dataclass(frozen=True, slots=True)
class Citation:
    """A principle card or document an answer rests on."""

    id: str
    title: str
    principle: str = ""
    topic: str = ""
    source: str = ""


class Outcome(Enum):
    """How a request ended; the value is the exit code of the command line."""

    ANSWERED = 0
    FAILED = 1
    WRONG_REQUEST = 2
    REFUSED = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: elements in reading order, and the same figures as data.

    `data` holds what the command's JSON Schema says (Decimal, date and Enum allowed; the JSON
    encoder turns them into numbers and ISO text). `command` is the canonical English name.
    """

    elements: tuple[Element, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    locale: str = "nl"
    visibility: Visibility = Visibility.DIRECT
    citations: tuple[Citation, ...] = ()
    as_of: dt.date | None = None
    outcome: Outcome = Outcome.ANSWERED
    in_place: bool = False
    """Asked for by a button, it takes the place of the message that held it, where that can be."""
    headline: str = ""
    """One line for a notification; the first headline, else the first section, when empty."""


def plain_text(reply: Reply) -> str:
    """The whole reply as plain text: what a screen reader, a notification or an old client gets."""
    lines: list[str] = []
    for element in reply.elements:
        match element:
            case Section(text=text):
                lines.append(text)
            case Fields(items=items):
                lines.extend(f"{label}: {value}" for label, value in items)
            case Table():
                lines.extend(_table_lines(element))
            case Chart(alt=alt):
                lines.append(alt)
            case Actions(buttons=buttons):
                lines.append("  ".join(f"[{b.label}]" for b in buttons))
            case Form(inputs=inputs):
                lines.extend(f"{i.label}:" for i in inputs)
            case Context(text=text):
                lines.append(text)
    return "\n".join(line for line in lines if line).replace("\u00a0", " ").replace("\u202f", " ")


def headline(reply: Reply) -> str:
    """One line that stands for the reply in a notification."""
    if reply.headline:
        return reply.headline
    sections = [e for e in reply.elements if isinstance(e, Section)]
    for wanted in (Tone.HEADLINE, Tone.WARNING, Tone.NORMAL, Tone.TITLE):
        for section in sections:
            if section.tone is wanted:
                return section.text
    return plain_text(reply).partition("\n")[0]


def _table_lines(table: Table) -> list[str]:
    rows = [tuple(c.label for c in table.columns), *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    out = [table.caption] if table.caption else []
    for row in rows:
        cells = [
            cell.rjust(width) if column.align == "right" else cell.ljust(width)
            for cell, width, column in zip(row, widths, table.columns, strict=True)
        ]
        out.append("  ".join(cells).rstrip())
    hidden = (table.total_rows or len(table.rows)) - len(table.rows)
    if hidden > 0:
        out.append(f"… +{hidden}")
    return out
