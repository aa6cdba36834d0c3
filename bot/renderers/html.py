"""HTML: a fragment for the browser chat, and a page that stands alone for `--format html`."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from importlib.resources import files

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Citation,
    Context,
    Element,
    Fields,
    Form,
    Input,
    Reply,
    Section,
    Table,
    TableColumn,
    Tone,
    Visibility,
    headline,
)
from bot.i18n import Localizer

LIMITS = {
    "rows_shown": 25,  # rows of a table before the rest folds away
    "rows": 500,  # rows of a table at all; a note counts the others
    "chart_rows": 40,  # rows of the table behind a picture
    "tile": 32,  # characters of a value that still fits a tile
}

# Control characters, and those that turn the direction of the text that follows.
_TURNING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

Drawing = Callable[[Chart], str]
"""Draws a chart as trusted SVG markup."""


def render(reply: Reply) -> str:
    """Return the answer as an HTML fragment; every text in it is escaped.

    Buttons carry their command line in `data-command` (and `data-share`), forms in
    `data-command`; a chart is a figure whose `data-chart` counts the answer's charts from 0.
    """
    return _Page(Localizer(reply.locale), None).answer(reply)


def document(reply: Reply, *, charts: Drawing | None = None) -> str:
    """Return a whole page: styles and pictures inside it, no script, nothing fetched.

    Without `charts` a picture is its words and figures. Buttons show as the command to type.
    """
    _ = Localizer(reply.locale)
    css = _asset("answer.css")
    draw = charts if charts is not None else _words_only
    return (
        f'<!doctype html>\n<html lang="{escape(reply.locale)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{escape(headline(reply))} · Ballotage</title>\n<style>\n{css}</style>\n</head>\n"
        f'<body class="paper">\n<main>\n{_Page(_, draw).answer(reply)}\n</main>\n</body>\n</html>\n'
    )


def _words_only(chart: Chart) -> str:
    return f"<p>{escape(chart.alt)}</p>"


def _asset(name: str) -> str:
    return (files("bot.renderers") / "assets" / name).read_text(encoding="utf-8")


class _Page:
    """Renders one answer; `draw` is None where a script will draw the charts and run buttons."""

    def __init__(self, localizer: Localizer, draw: Drawing | None) -> None:
        self._ = localizer
        self.draw = draw
        self.charts = 0

    def answer(self, reply: Reply) -> str:
        parts = [self.element(element) for element in reply.elements]
        parts.append(self.citations(reply.citations))
        state = reply.outcome.name.lower().replace("_", "-")
        return (
            f'<article class="answer {state}" lang="{escape(reply.locale)}">\n'
            + self.visibility(reply)
            + "\n".join(part for part in parts if part)
            + "\n</article>"
        )

    def visibility(self, reply: Reply) -> str:
        if reply.visibility is Visibility.EPHEMERAL:
            note = self._("Only visible to you")
        elif reply.visibility is Visibility.CHANNEL:
            note = self._("Shared with the channel")
        else:
            return ""
        return f'<p class="visibility">{escape(note)}</p>\n'

    def element(self, element: Element) -> str:
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
                if not buttons:
                    return ""
                return f'<div class="actions">{"".join(map(self.button, buttons))}</div>'
            case Form():
                return self.form(element)
            case Context(text=text):
                return f'<p class="context">{_text(text)}</p>'

    def section(self, section: Section) -> str:
        text = _text(section.text)
        match section.tone:
            case Tone.TITLE:
                return f'<h2 class="title">{text}</h2>'
            case Tone.HEADLINE:
                return f'<p class="headline">{text}</p>'
            case Tone.WARNING:
                word = self._("Note")
                # The word stands there already where the sentence brings its own.
                said = section.text.casefold().startswith(word.casefold())
                lead = "" if said else f"<strong>{escape(word)}:</strong> "
                sign = '<span class="sign" aria-hidden="true">!</span>'
                return f'<div class="warning">{sign}<p>{lead}{text}</p></div>'
            case Tone.QUOTE:
                return f'<blockquote class="quote"><p>{text}</p></blockquote>'
            case Tone.NORMAL:
                return f"<p>{text}</p>"

    def fields(self, items: tuple[tuple[str, str], ...]) -> str:
        if not items:
            return ""
        pairs = "".join(
            f"<div><dt>{escape(label)}</dt><dd>{_text(value)}</dd></div>" for label, value in items
        )
        # Sentences read as a list of lines, figures as a row of tiles.
        sentences = any(len(value) > LIMITS["tile"] for _, value in items)
        return f'<dl class="fields{" lines" if sentences else ""}">{pairs}</dl>'

    def table(self, table: Table) -> str:
        if not table.rows:
            empty = escape(self._("No rows"))
            caption = f"{escape(table.caption)}: " if table.caption else ""
            return f'<p class="empty">{caption}{empty}</p>'
        kept = table.rows[: LIMITS["rows"]]
        total = max(table.total_rows or 0, len(table.rows))
        folded = max(0, len(kept) - LIMITS["rows_shown"])
        heads = _column_classes(table.columns)
        body = "".join(
            self.row(table.columns, heads, row, place >= LIMITS["rows_shown"])
            for place, row in enumerate(kept)
        )
        head = "".join(
            f'<th scope="col" role="columnheader"{_class(name)}>{escape(column.label)}</th>'
            for column, name in zip(table.columns, heads, strict=True)
        )
        caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
        # Roles are spelt out: on a phone rows are laid out as blocks, which would drop them.
        grid = (
            f'<table role="table">{caption}<thead role="rowgroup"><tr role="row">{head}</tr>'
            f'</thead><tbody role="rowgroup">{body}</tbody></table>'
        )
        label = escape(table.caption or self._("Table"))
        out = f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">{grid}</div>'
        if folded:
            more = self._.n("Show {n} more row", "Show {n} more rows", folded)
            # The fold comes first in the source, so that styles alone can show and hide the rows.
            out = f'<details class="fold"><summary>{escape(more)}</summary></details>{out}'
        hidden = total - len(kept)
        if hidden > 0:
            note = self._.n("{n} more row is not shown", "{n} more rows are not shown", hidden)
            out += f'<p class="note">{escape(note)}</p>'
        return f'<div class="table">{out}</div>'

    def row(
        self, columns: tuple[TableColumn, ...], heads: list[str], cells: tuple[str, ...], more: bool
    ) -> str:
        out = []
        for column, name, cell in zip(columns, heads, cells, strict=True):
            label = f' data-label="{escape(column.label)}"'
            classes = " ".join(filter(None, (name, _trend_class(cell))))
            text = escape(cell)
            if "head" in name.split():
                out.append(f'<th scope="row" role="rowheader"{_class(classes)}{label}>{text}</th>')
            else:
                empty = " empty" if not cell.strip() else ""
                out.append(f'<td role="cell"{_class(classes + empty)}{label}>{text}</td>')
        return f'<tr role="row"{_class("more" if more else "")}>{"".join(out)}</tr>'

    def chart(self, chart: Chart) -> str:
        index, self.charts = self.charts, self.charts + 1
        inside = f"<p>{escape(chart.alt)}</p>" if self.draw is None else self.draw(chart)
        hook = f' data-chart="{index}"' if self.draw is None else ""
        summary = escape(self._("In words and figures"))
        return (
            f'<figure class="chart"{hook} data-kind="{chart.kind}">'
            f"<figcaption>{escape(chart.title)}</figcaption>"
            f'<div class="plot" role="img" aria-label="{escape(chart.alt)}">{inside}</div>'
            f'<details class="figures"><summary>{summary}</summary>'
            f"<p>{escape(chart.alt)}</p>{self.table(self.chart_table(chart))}</details></figure>"
        )

    def chart_table(self, chart: Chart) -> Table:
        """The points of a chart as a table, evenly thinned."""
        values: dict[str | float, dict[int, float]] = {}
        for at, series in enumerate(chart.series):
            for point in series.points:
                values.setdefault(point[0], {})[at] = point[1]
        keys = list(values)
        total = len(keys)
        if total > LIMITS["chart_rows"]:
            step = (total - 1) / (LIMITS["chart_rows"] - 1)
            keys = [keys[round(i * step)] for i in range(LIMITS["chart_rows"])]
        rows = tuple(
            (self.x_text(chart, key), *(self.y_text(chart, values[key].get(at))
                                        for at in range(len(chart.series))))
            for key in keys
        )  # fmt: skip
        named = len(chart.series) > 1
        columns = (
            TableColumn(chart.x_title or self._("Value"), "left"),
            *(TableColumn(s.name if named else chart.y_title or s.name, "right")
              for s in chart.series),
        )  # fmt: skip
        return Table(columns, rows, total_rows=total)

    def x_text(self, chart: Chart, value: str | float) -> str:
        if chart.kind == "pareto":
            return self._.percent(float(value))
        if chart.over_time:
            try:
                return self._.date(dt.date.fromisoformat(str(value)))
            except ValueError:  # a month or a quarter
                return str(value)
        return str(value)

    def y_text(self, chart: Chart, value: float | None) -> str:
        if value is None:
            return ""
        if not chart.in_shares:
            return self._.number(value, chart.decimals)
        return self._.percent(value)

    def button(self, button: Button) -> str:
        label = escape(button.label)
        if self.draw is not None:
            return f'<span class="typed">{label}: <code>{escape(button.text)}</code></span>'
        share = " data-share" if button.share else ""
        style = "share" if button.share else button.style
        return (
            f'<button type="button" class="{style}" data-command="{html.escape(button.text)}"{share}>'
            f"{label}</button>"
        )

    def form(self, form: Form) -> str:
        inputs = "".join(map(self.input, form.inputs))
        if self.draw is not None:
            return f'<p class="typed"><code>{escape(form.text)}</code></p>'
        return (
            f'<form class="form" data-command="{html.escape(form.text)}">{inputs}'
            f'<button type="submit" class="primary">{escape(form.submit)}</button></form>'
        )

    def input(self, field: Input) -> str:
        name = escape(field.name)
        required = " required" if field.required else ""
        star = f" <small>({escape(self._('required'))})</small>" if field.required else ""
        label = f"<span>{escape(field.label)}{star}</span>"
        hint = f"<small>{escape(field.hint)}</small>" if field.hint else ""
        if field.kind == "toggle":
            on = " checked" if field.value.lower() in {"yes", "true", "1", "ja"} else ""
            box = f'<input type="checkbox" name="{name}" value="yes"{on}>'
            return f'<label class="toggle">{box}{label}{hint}</label>'
        if field.kind == "choice":
            options = "".join(
                f'<option value="{html.escape(value)}"{" selected" if value == field.value else ""}>'
                f"{escape(text)}</option>"
                for value, text in (("", "…"), *field.choices)
            )
            return f'<label>{label}<select name="{name}"{required}>{options}</select>{hint}</label>'
        mode = ' inputmode="decimal"' if field.kind == "number" else ""
        return (
            f'<label>{label}<input type="text" name="{name}" value="{escape(field.value)}"'
            f' autocomplete="off"{mode}{required}>{hint}</label>'
        )

    def citations(self, citations: tuple[Citation, ...]) -> str:
        if not citations:
            return ""
        lines = "".join(
            f"<li><cite>{escape(c.title)}</cite>"
            + (f" <span>{escape(c.source)}</span>" if c.source else "")
            + "</li>"
            for c in citations
        )
        title = escape(self._("Rests on"))
        return f'<footer class="citations"><h3>{title}</h3><ol>{lines}</ol></footer>'


def escape(text: str) -> str:
    """Escape for a text or an attribute that is shown, without what turns its direction."""
    return html.escape(_TURNING.sub("", text))


def _text(text: str) -> str:
    """Escape, and keep line breaks."""
    return "<br>".join(escape(line) for line in text.split("\n"))


def _class(names: str) -> str:
    return f' class="{names.strip()}"' if names.strip() else ""


def _column_classes(columns: tuple[TableColumn, ...]) -> list[str]:
    """Name each column's part: `head` names the row, `lead` is its main figure.

    Styles use them on a phone, where a row is a block with its head and main figure on top.
    """
    out = ["num" if column.align == "right" else "" for column in columns]
    head = next((i for i, column in enumerate(columns) if column.align == "left"), 0)
    out[head] = f"{out[head]} head".strip()
    for i in range(head):
        out[i] += " rank"
    lead = next((i for i in range(head + 1, len(columns)) if columns[i].align == "right"), None)
    if lead is not None:
        out[lead] += " lead"
    return out


def _trend_class(cell: str) -> str:
    """Colour goes with the sign that is already there."""
    return {"▲": "up", "▼": "down"}.get(cell[:1], "")
