"""Slack: Block Kit within its limits.

Names and texts from data stand in plain text, raw table cells or rich text, none of which Slack
reads for markup; the little that is mrkdwn (labels of fields, `text`) is escaped. Whatever the
size of a reply, the payload fits: it is cut, and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Citation,
    Context,
    Element,
    Fields,
    Form,
    Reply,
    Section,
    Table,
    Tone,
    headline,
)
from bot.i18n import Localizer
from bot.renderers.slack_charts import CHART_LIMITS, chart_block, chart_rows_hidden
from bot.renderers.slack_forms import FormSize, input_blocks
from bot.renderers.slack_text import cut, escaped, plain, size

LIMITS = {
    "blocks": 50,  # blocks a message
    "message": 11_000,  # characters of a message; above about 12,000 Slack says msg_blocks_too_long
    "section": 3_000,
    "header": 150,
    "context": 2_000,
    "field": 2_000,
    "fields": 10,  # fields of a section
    "button": 75,
    "value": 2_000,  # of a button
    "actions": 25,  # buttons of an actions block
    "tables": 1,  # tables a message
    "rows": 100,  # of a table, its head included
    "columns": 20,
    "table": 10_000,  # characters of all cells together
    "cell": 300,
    "text": 1_500,  # of the words for notifications and screen readers
    **{f"chart_{name}": value for name, value in CHART_LIMITS.items()},
}

Block = dict[str, Any]

_MARKUP = re.compile(r"[*_~`<>&]|:[\w+-]+:|@|https?:|www\.")


def render(
    reply: Reply, *, charts: bool = True, pictures: Mapping[int, str] | None = None
) -> dict[str, Any]:
    """Return `{"text", "blocks"}` for a message.

    Without `charts` a chart is its words, or, where `pictures` has it (place of the chart to id of
    an uploaded file), an image: for a workspace that does not take chart blocks yet.
    """
    return {"text": _summary(reply), "blocks": _blocks(reply, charts, pictures or {})}


def has_charts(payload: Mapping[str, Any]) -> bool:
    """Whether a payload holds a chart block, which not every workspace takes yet."""
    return any(b["type"] == "data_visualization" for b in payload.get("blocks", ()))


def home(reply: Reply) -> dict[str, Any]:
    """Return the view of the app's Home tab, which knows neither tables nor charts."""
    return {"type": "home", "blocks": _blocks(reply, False, {}, native_tables=False)}


def _blocks(
    reply: Reply, charts: bool, pictures: Mapping[int, str], *, native_tables: bool = True
) -> list[Block]:
    blocks: list[Block] = []
    for room in _rooms():
        blocks = _Message(reply, room, charts, pictures, native_tables).build()
        if _length(blocks) <= LIMITS["message"]:
            break
    return blocks


@dataclass(frozen=True, slots=True)
class _Room:
    """How much a message may take of each thing."""

    table: int = LIMITS["table"]
    section: int = LIMITS["section"]
    other: int = LIMITS["context"]
    inputs: int = 40
    choices: int = 100


def _rooms() -> Iterator[_Room]:
    """From all that fits at best to what fits always; only what is too large gets the next."""
    yield _Room()
    yield _Room(table=7_500)
    yield _Room(table=5_000, section=1_000, other=500, inputs=25, choices=40)
    yield _Room(table=2_500, section=300, other=150, inputs=15, choices=20)
    yield _Room(table=1_500, section=120, other=60, inputs=10, choices=10)


@dataclass(slots=True)
class _Message:
    """Builds the blocks of one reply."""

    reply: Reply
    room: _Room
    charts: bool
    pictures: Mapping[int, str]
    native_tables: bool
    blocks: list[Block] = field(default_factory=list)
    seen_charts: int = 0
    drawn: int = 0
    tables: int = 0
    buttons: int = 0
    forms: int = 0

    @property
    def _(self) -> Localizer:
        return Localizer(self.reply.locale)

    def build(self) -> list[Block]:
        for element in self.reply.elements:
            self.element(element)
        self.citations(self.reply.citations)
        if len(self.blocks) > LIMITS["blocks"]:
            self.shorten()
        return self.blocks

    def shorten(self) -> None:
        """Keep the beginning and the last buttons and small print; count what is between."""
        tail = [b for b in self.blocks[-3:] if b["type"] in {"actions", "context"}]
        kept = LIMITS["blocks"] - len(tail) - 1
        hidden = len(self.blocks) - kept - len(tail)
        note = self._.n("{n} more part is not shown", "{n} more parts are not shown", hidden)
        self.blocks = [*self.blocks[:kept], _context(note), *tail]

    def element(self, element: Element) -> None:
        match element:
            case Section():
                self.section(element)
            case Fields(items=items):
                self.fields(items)
            case Table():
                self.table(element)
            case Chart():
                self.chart(element)
            case Actions(buttons=buttons):
                self.actions(buttons)
            case Form():
                self.form(element)
            case Context(text=text):
                self.context(text)

    def section(self, section: Section) -> None:
        text = plain(section.text, self.room.section - 40)
        if not text.strip():
            return
        match section.tone:
            case Tone.TITLE:
                line = " ".join(text.split())
                self.blocks.append({"type": "header", "text": _plain(line, LIMITS["header"])})
            case Tone.HEADLINE:
                self.rich({"type": "text", "text": text, "style": {"bold": True}})
            case Tone.WARNING:
                word = self._("Note")
                lead = "⚠ " if text.casefold().startswith(word.casefold()) else f"⚠ {word}: "
                self.rich(
                    {"type": "text", "text": lead, "style": {"bold": True}},
                    {"type": "text", "text": text},
                )
            case Tone.QUOTE:
                self.rich({"type": "text", "text": text}, kind="rich_text_quote")
            case Tone.NORMAL:
                self.paragraph(text)

    def paragraph(self, text: str) -> None:
        last = self.blocks[-1] if self.blocks else None
        if last and last["type"] == "section" and "text" in last and len(self.blocks) > 20:
            joined = f"{last['text']['text']}\n{text}"  # a long list of lines: spare blocks
            if size(joined) <= LIMITS["section"]:
                last["text"]["text"] = joined
                return
        self.blocks.append({"type": "section", "text": _plain(text, LIMITS["section"])})

    def rich(self, *elements: Block, kind: str = "rich_text_section") -> None:
        self.blocks.append(
            {"type": "rich_text", "elements": [{"type": kind, "elements": list(elements)}]}
        )

    def fields(self, items: tuple[tuple[str, str], ...]) -> None:
        made = [
            _field(label, value, min(LIMITS["field"], self.room.section))
            for label, value in items
            if label.strip() or value.strip()
        ]
        for at in range(0, len(made), LIMITS["fields"]):
            self.blocks.append({"type": "section", "fields": made[at : at + LIMITS["fields"]]})

    def table(self, table: Table) -> None:
        caption = plain(table.caption, min(300, self.room.section))
        if caption.strip():
            self.rich({"type": "text", "text": caption, "style": {"bold": True}})
        if not table.rows or not table.columns:
            self.context(self._("No rows"))
            return
        if self.native_tables and self.tables < LIMITS["tables"]:
            self.tables += 1
            shown = self.native(table)
        else:
            shown = self.monospaced(table)
        total = max(table.total_rows or 0, len(table.rows))
        notes = []
        if total > shown:
            notes.append(
                self._.n("{n} more row is not shown", "{n} more rows are not shown", total - shown)
            )
        hidden = len(table.columns) - LIMITS["columns"]
        if hidden > 0:
            notes.append(
                self._.n("{n} more column is not shown", "{n} more columns are not shown", hidden)
            )
        if notes:
            self.context(" · ".join(notes))

    def native(self, table: Table) -> int:
        """Add a table block; return the rows it shows."""
        columns = table.columns[: LIMITS["columns"]]
        width = min(LIMITS["cell"], self.room.table // (2 * len(columns)))  # head and a row fit
        rows = [[_cell(column.label, width) for column in columns]]
        used = sum(size(cell["text"]) for cell in rows[0])
        for row in table.rows[: LIMITS["rows"] - 1]:
            cells = [_cell(text, width) for text in row[: LIMITS["columns"]]]
            used += sum(size(cell["text"]) for cell in cells)
            if used > self.room.table and len(rows) > 1:
                break
            rows.append(cells)
        settings = [{"align": column.align, "is_wrapped": True} for column in columns]
        self.blocks.append({"type": "table", "column_settings": settings, "rows": rows})
        return len(rows) - 1

    def monospaced(self, table: Table) -> int:
        """Add a table in fixed width, where Slack takes no further table block."""
        columns = table.columns[: LIMITS["columns"]]
        rows = [tuple(column.label for column in columns), *table.rows[:30]]
        cells = [[plain(text, 40).replace("\n", " ") for text in row] for row in rows]
        cells = [row[: len(columns)] for row in cells]
        widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        lines: list[str] = []
        used = 0
        for row in cells:
            line = "  ".join(
                text.rjust(width) if column.align == "right" else text.ljust(width)
                for text, width, column in zip(row, widths, columns, strict=True)
            ).rstrip()
            used += size(line) + 1
            if used > self.room.section and len(lines) > 1:
                break
            lines.append(line)
        text = cut("\n".join(lines), LIMITS["section"])
        self.rich({"type": "text", "text": text or " "}, kind="rich_text_preformatted")
        return len(lines) - 1

    def chart(self, chart: Chart) -> None:
        place, self.seen_charts = self.seen_charts, self.seen_charts + 1
        block = None
        if self.charts and self.drawn < LIMITS["chart_charts"]:
            block = chart_block(chart, self._)
        if block is not None:
            self.drawn += 1
            self.blocks.append(block)
            hidden = chart_rows_hidden(chart)
            more = self._.n("{n} more point is not shown", "{n} more points are not shown", hidden)
            self.context(" · ".join([chart.alt, *([more] if hidden else [])]))
        elif place in self.pictures:
            self.blocks.append(
                {
                    "type": "image",
                    "slack_file": {"id": self.pictures[place]},
                    "alt_text": plain(chart.alt, LIMITS["context"]),
                    "title": _plain(chart.title, 300),
                }
            )
        elif chart.alt.strip():
            title = f"{chart.title}: " if chart.title.strip() else ""
            self.paragraph(plain(title + chart.alt, self.room.section))

    def actions(self, buttons: tuple[Button, ...]) -> None:
        for button in buttons:
            made = self.button(button)
            if made is None:
                continue
            last: Block = self.blocks[-1] if self.blocks else {"type": ""}
            if last["type"] == "actions" and len(last["elements"]) < LIMITS["actions"]:
                last["elements"].append(made)
            else:
                self.blocks.append({"type": "actions", "elements": [made]})

    def button(self, button: Button, prefix: str = "b") -> Block | None:
        value = button_value(button)
        label = plain(button.label, LIMITS["button"])
        # Half a command line would be another command: rather no button.
        if not label.strip() or not button.text.strip() or size(value) > LIMITS["value"]:
            return None
        made: Block = {
            "type": "button",
            "action_id": f"{prefix}{self.buttons}",
            "text": {"type": "plain_text", "text": label, "emoji": False},
            "value": value,
        }
        self.buttons += 1
        if button.style != "default":
            made["style"] = button.style
        return made

    def form(self, form: Form) -> None:
        """Add the questions themselves: a message's inputs come back with the pressed button."""
        most = min(self.room.inputs, max(1, LIMITS["blocks"] - len(self.blocks) - 4))
        form_size = FormSize(most, self.room.choices, min(200, self.room.other))
        inputs = input_blocks(form.inputs, f"f{self.buttons}.", form_size)
        send = self.button(Button(form.submit, form.text, "primary"), "f")
        if inputs and send is not None:
            self.blocks += [*inputs, {"type": "actions", "elements": [send]}]
            hidden = len(form.inputs) - len(inputs)
            if hidden > 0:
                self.context(
                    self._.n("{n} more part is not shown", "{n} more parts are not shown", hidden)
                )

    def context(self, text: str) -> None:
        text = plain(text, min(LIMITS["context"], self.room.other))
        if text.strip():
            self.blocks.append(_context(text))

    def citations(self, citations: tuple[Citation, ...]) -> None:
        names = [" – ".join(filter(None, (c.title.strip(), c.source.strip()))) for c in citations]
        named = [name for name in names if name]
        if named:
            self.context(f"{self._('Rests on')}: " + "; ".join(named))


def button_value(button: Button) -> str:
    """What a pressed button brings back: `{"t": command line, "s": 1 where it shares}`."""
    value: dict[str, Any] = {"t": button.text}
    if button.share:
        value["s"] = 1
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _summary(reply: Reply) -> str:
    """The headline, then what a screen reader needs, since it reads no blocks."""
    first = headline(reply)
    parts = [first]
    for element in reply.elements:
        match element:
            case Section(text=text) if text != first:
                parts.append(text)
            case Chart(alt=alt):
                parts.append(alt)
            case Fields(items=items):
                parts += [f"{label}: {value}" for label, value in items]
            case Table(rows=rows):
                parts += [", ".join(filter(None, row)) for row in rows[:10]]
            case Context(text=text):
                parts.append(text)
            case _:
                pass
    text = "\n".join(part.strip() for part in parts if part.strip())
    return escaped(text[: 2 * LIMITS["text"]], LIMITS["text"]) or "Ballotage"


def _field(label: str, value: str, limit: int) -> Block:
    if (
        not value.strip() or _MARKUP.search(label) or _MARKUP.search(value)
    ):  # bold would need markup around data
        return _plain(f"{label}\n{value}", limit)
    bold = f"*{plain(label, limit // 2)}*\n" if label.strip() else ""
    text = bold + plain(value, limit - size(bold)) or " "
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": plain(text, limit) or " ", "emoji": False}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain(text, LIMITS["context"])]}


def _cell(text: str, limit: int) -> Block:
    return {"type": "raw_text", "text": plain(text, limit) or " "}


def _length(blocks: Iterable[Block]) -> int:
    """Characters of all texts in some blocks, with a little for each block around them."""
    return sum(_texts(block) + 40 for block in blocks)


def _texts(value: object) -> int:
    if isinstance(value, dict):
        own = value.get("text")
        return (size(own) if isinstance(own, str) else 0) + sum(map(_texts, value.values()))
    return sum(map(_texts, value)) if isinstance(value, list) else 0
