"""Microsoft Teams: a message activity with one Adaptive Card (schema 1.5).

Data is never read as markdown: a text with a character that markdown knows goes into a
RichTextBlock, whose runs are plain text on every client, instead of being escaped for one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Citation,
    Element,
    Fields,
    Form,
    Input,
    Reply,
    Section,
    Table,
    Tone,
    Visibility,
    headline,
    plain_text,
)
from bot.core.reply import Context as SmallPrint
from bot.i18n import Localizer
from bot.renderers.teams_blocks import CONTROL, SMALL, SPECIAL, Block, block, clean, cut
from bot.renderers.teams_charts import chart_element, chart_rows
from bot.renderers.teams_tables import grid

LIMITS = {
    "bytes_aim": 25_000,  # JSON of the card as UTF-16; tables are shortened to stay below
    "bytes_hard": 80_000,  # never above; Teams refuses about 100 KB with 413
    "actions": 6,  # buttons in a card; further ones become text
    "rows": 50,  # rows of a table at most
    "rows_kept": 10,  # rows that are shown even where the card then passes its aim
    "text": 4_000,  # characters of one paragraph
    "line": 200,  # characters of a label or hint
    "fallback": 2_000,  # characters of the text for clients without cards
    "button": 80,  # characters on a button
    "inputs": 30,  # questions of a form
    "choices": 100,  # choices of an input
    "narrow": 3,  # columns of a table that needs no more than a message's usual width
    "tile": 32,  # characters of a value that still fits beside others
}

VERB = "ballotage"
"""The verb of every button; its data is `{"t": command line, "s": share}`."""
INPUT = "i."
"""Ids of inputs start with this, so that none can pass for `t` or `s`."""
CARD = "application/vnd.microsoft.card.adaptive"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


def render(reply: Reply) -> dict[str, Any]:
    """Return the message activity: `summary` for notifications and one card, never too large."""
    return {
        "type": "message",
        "summary": cut(" ".join(CONTROL.sub("", headline(reply)).split()), 300) or _NAME,
        "locale": reply.locale,
        "attachments": [{"contentType": CARD, "content": card(reply)}],
    }


def card(reply: Reply) -> dict[str, Any]:
    """Return the card alone: what an in-place update needs."""
    for room in _rooms(reply):
        made = _Card(reply, room).build()
        size = size_of(made)
        if size <= LIMITS["bytes_aim"]:
            return made
        if room.rows <= LIMITS["rows_kept"] and size <= LIMITS["bytes_hard"]:
            return made
    return _Card(_bare(reply), _Room(0)).build()


def size_of(value: object) -> int:
    """Bytes of the JSON as Teams counts it: UTF-16."""
    return len(json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class _Room:
    """How much of each thing a card may show."""

    rows: int
    text: int = LIMITS["text"]
    inputs: int = LIMITS["inputs"]
    choices: int = LIMITS["choices"]


def _rooms(reply: Reply) -> Iterable[_Room]:
    """From all that fits at best to what fits always; only what is too large gets the next."""
    most = max((len(e.rows) for e in reply.elements if isinstance(e, Table)), default=0)
    first = min(most, LIMITS["rows"])
    yield _Room(first)
    yield from (_Room(n) for n in (40, 30, 25, 20, 15, LIMITS["rows_kept"]) if n < first)
    yield _Room(min(5, first), 1_000, 20, 40)
    yield _Room(min(2, first), 300, 10, 20)


def _short(reply: Reply) -> Reply:
    """The reply with its tables cut: ten thousand rows need not be laid out to be thrown away."""
    elements = tuple(
        replace(e, rows=e.rows[: LIMITS["rows_kept"]], total_rows=e.total_rows or len(e.rows))
        if isinstance(e, Table)
        else e
        for e in reply.elements
    )
    return replace(reply, elements=elements)


def _bare(reply: Reply) -> Reply:
    """What is left of a reply too large for any card: its line, and where the rest is."""
    _ = Localizer(reply.locale)
    note = _("This answer is too large for a card; ask for a shorter period or fewer rows.")
    kept: tuple[Element, ...] = (
        Section(cut(headline(reply), LIMITS["text"]), Tone.HEADLINE),
        SmallPrint(note),
    )
    return Reply(kept, locale=reply.locale, visibility=reply.visibility, outcome=reply.outcome)


class _Card:
    """Builds one card."""

    def __init__(self, reply: Reply, room: _Room) -> None:
        self.reply = reply
        self.room = room
        self._ = Localizer(reply.locale)
        self.kept, self.over = _fitting(reply)
        self.has_form = any(isinstance(e, Form) for e in reply.elements)

    def build(self) -> dict[str, Any]:
        body = self.visibility()
        for element in self.reply.elements:
            body += self.element(element)
        if self.over:
            more = ", ".join(dict.fromkeys(button.text for button in self.over))
            body += self.lines(self._("Also: {commands}", commands=more), **SMALL)
        body += self.citations(self.reply.citations)
        words = clean(plain_text(_short(self.reply))).strip()
        made = {
            "type": "AdaptiveCard",
            "$schema": SCHEMA,
            "version": "1.5",
            "lang": self.reply.locale,
            "fallbackText": cut(words, LIMITS["fallback"]) or _NAME,
            "body": body or [block(_NAME)],
        }
        wide = any(
            isinstance(e, Chart) or (isinstance(e, Table) and len(e.columns) > LIMITS["narrow"])
            for e in self.reply.elements
        )
        return made | ({"msteams": {"width": "Full"}} if wide else {})

    def visibility(self) -> list[Block]:
        if self.reply.visibility is Visibility.EPHEMERAL:
            note = self._("Only visible to you")
        elif self.reply.visibility is Visibility.CHANNEL:
            note = self._("Shared with the channel")
        else:
            return []
        return [block(note, **SMALL)]

    def element(self, element: Element) -> list[Block]:
        match element:
            case Section():
                return self.section(element)
            case Fields(items=items):
                return self.fields(items)
            case Table():
                return self.table(element)
            case Chart():
                return self.chart(element)
            case Actions(buttons=buttons):
                return self.actions(buttons)
            case Form():
                return self.form(element)
            case SmallPrint(text=text):
                return self.lines(text, **SMALL)

    def lines(self, text: str, **how: Any) -> list[Block]:
        """One block a line of text."""
        lines = [line for line in cut(text, self.room.text).split("\n") if line.strip()]
        blocks = [block(line, **how) for line in lines]
        return [*blocks[:1], *(each | {"spacing": "None"} for each in blocks[1:])]

    def section(self, section: Section) -> list[Block]:
        if not section.text.strip():
            return []
        match section.tone:
            case Tone.TITLE:
                return self.lines(section.text, size="Large", weight="Bolder", style="heading")
            case Tone.HEADLINE:
                return self.lines(section.text, size="Medium", weight="Bolder")
            case Tone.WARNING:
                word = self._("Note")
                said = section.text.casefold().startswith(word.casefold())
                text = section.text if said else f"{word}: {section.text}"
                return [{"type": "Container", "style": "warning", "items": self.lines(f"⚠ {text}")}]
            case Tone.QUOTE:
                return [
                    {"type": "Container", "style": "emphasis", "items": self.lines(section.text)}
                ]
            case Tone.NORMAL:
                return self.lines(section.text)

    def fields(self, items: Sequence[tuple[str, str]]) -> list[Block]:
        items = [(label, value) for label, value in items if label.strip() or value.strip()]
        if not items:
            return []
        plain = all(not SPECIAL.search(text) for item in items for text in item)
        if plain and all(len(value) <= LIMITS["tile"] for _, value in items):
            facts = [
                {"title": clean(label), "value": clean(value) or "–"} for label, value in items
            ]
            return [{"type": "FactSet", "facts": facts}]
        # A FactSet reads its values as markdown; columns of text blocks do as they are told.
        rows = []
        for label, value in items:
            left = {"type": "Column", "width": 2, "items": [block(label, weight="Bolder")]}
            right = {"type": "Column", "width": 5, "items": self.lines(value or "–")}
            rows.append({"type": "ColumnSet", "spacing": "Small", "columns": [left, right]})
        rows[0].pop("spacing")
        return rows

    def table(self, table: Table, rows: int | None = None) -> list[Block]:
        caption = self.lines(table.caption, weight="Bolder") if table.caption else []
        if not table.rows:
            return [*caption, block(self._("No rows"), isSubtle=True)]
        kept = table.rows[: self.room.rows if rows is None else rows]
        hidden = max(table.total_rows or 0, len(table.rows)) - len(kept)
        out = list(caption)
        if kept and table.columns:
            out.append(grid(table.columns, kept))
        if hidden > 0:
            note = self._.n("{n} more row is not shown", "{n} more rows are not shown", hidden)
            out.append(block(note, **SMALL))
        return out

    def chart(self, chart: Chart) -> list[Block]:
        words = self.lines(chart.alt, **SMALL)
        if not any(series.points for series in chart.series):
            return words
        fallback: Block = {"type": "Container", "items": [block(chart.title, weight="Bolder")]}
        if self.room.text == LIMITS["text"]:  # else there is no room for it twice
            fallback["items"] += self.table(chart_rows(chart, self._), rows=LIMITS["rows"])
        # The words are always there: no chart element can carry an alternative text.
        return [chart_element(chart, self._) | {"fallback": fallback}, *words]

    def actions(self, buttons: Sequence[Button]) -> list[Block]:
        shown = [self.action(button) for button in buttons if id(button) in self.kept]
        return [{"type": "ActionSet", "actions": shown}] if shown else []

    def action(self, button: Button) -> Block:
        data = {"t": button.text, "s": button.share}
        style = {"primary": "positive", "danger": "destructive"}.get(button.style, "")
        return self._execute(button.label, data, style, inputs=not self.has_form)

    def form(self, form: Form) -> list[Block]:
        out = [self.input(each) for each in form.inputs[: self.room.inputs]]
        data = {"t": form.text, "s": False}
        send = self._execute(form.submit, data, "positive", inputs=True)
        return [*out, {"type": "ActionSet", "actions": [send]}]

    def _execute(self, label: str, data: Block, style: str, *, inputs: bool) -> Block:
        title = clean(label).strip() or str(data["t"])
        common: Block = {"title": cut(title, LIMITS["button"]), "data": data}
        if style:
            common["style"] = style
        if not inputs:  # a button beside a form must not wait for its required inputs
            common["associatedInputs"] = "none"
        fallback = {"type": "Action.Submit"} | common
        return {"type": "Action.Execute", "verb": VERB} | common | {"fallback": fallback}

    def input(self, each: Input) -> Block:
        out: Block = {"id": INPUT + each.name, "label": cut(clean(each.label), LIMITS["line"])}
        if each.required:
            out |= {"isRequired": True, "errorMessage": self._("Fill this in, please.")}
        if each.kind == "toggle":
            on = each.value.lower() in {"yes", "true", "1", "ja"}
            title = clean(each.hint) or self._("Yes")
            value = "yes" if on else "no"
            return {
                "type": "Input.Toggle", "title": title, "value": value,
                "valueOn": "yes", "valueOff": "no", **out,
            }  # fmt: skip
        if each.hint:
            out["placeholder"] = cut(clean(each.hint), LIMITS["line"])
        if each.kind == "choice":
            choices = [
                {"title": clean(t or v), "value": v} for v, t in each.choices[: self.room.choices]
            ]
            if each.value and any(each.value == v for v, _ in each.choices):
                out["value"] = each.value
            return {"type": "Input.ChoiceSet", "style": "compact", "choices": choices, **out}
        if each.kind == "number":
            number = _number(each.value)
            return {"type": "Input.Number", **out} | ({} if number is None else {"value": number})
        return {"type": "Input.Text", **out} | ({"value": each.value} if each.value else {})

    def citations(self, citations: Sequence[Citation]) -> list[Block]:
        if not citations:
            return []
        out = [block(self._("Rests on"), weight="Bolder", separator=True, **SMALL)]
        for each in citations:
            text = f"{each.title} · {each.source}" if each.source else each.title
            out += [each | {"spacing": "None"} for each in self.lines(text, **SMALL)]
        return out


_NAME = "Ballotage"


def _fitting(reply: Reply) -> tuple[set[int], list[Button]]:
    """Buttons that fit, by id, and the others: forms go first, then share, then the order."""
    forms = sum(isinstance(e, Form) for e in reply.elements)
    buttons = [b for e in reply.elements if isinstance(e, Actions) for b in e.buttons]
    buttons = [b for b in buttons if b.text.strip()]
    ranked = sorted(buttons, key=lambda b: not b.share)  # stable: equals keep their order
    room = max(0, LIMITS["actions"] - forms)
    kept = {id(b) for b in ranked[:room]}
    return kept, [b for b in buttons if id(b) not in kept]


def _number(text: str) -> float | int | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return int(value) if value == int(value) else value
