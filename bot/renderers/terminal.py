"""A Reply as text for a terminal: with Rich, or plain for screen readers and pipes.

Data may hold anything, a client's name an escape sequence too, so every text is stripped of control
characters before it is laid out, and nothing is ever read as Rich markup.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Context,
    Element,
    Fields,
    Form,
    Reply,
    Section,
    Series,
    Table,
    TableColumn,
    Tone,
    plain_text,
)

if TYPE_CHECKING:
    from rich.text import Text


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits a terminal; widths in columns, heights in lines."""

    narrowest: int = 40
    widest: int = 120  # a longer line is hard to read
    table_rows: int = 500  # the most a command gives; 10,000 lines help nobody
    shortest_cell: int = 8
    text: int = 4_000
    chart_width: int = 60
    chart_height: int = 8


LIMITS = Limits()

Choice = Button | Form

_WORDS = {
    "nl": {"warning": "Let op", "rows": "nog {n} rijen", "row": "nog 1 rij", "signs": ".,"},
    "en": {"warning": "Note", "rows": "{n} more rows", "row": "1 more row", "signs": ",."},
}
"""The renderer's own words; all others come in the reply."""

_ESCAPES = re.compile(
    "[\x1b\x9b](?:\\][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)?"  # OSC: titles, links, clipboard
    "|[PX^_][^\x1b\x9c]*(?:\x1b\\\\|\x9c)?"  # DCS and its like, up to their end
    "|\\[?[0-?]*[ -/]*[@-~]?)"  # CSI and the two-character ones
)
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_EIGHTHS_UP = " ▁▂▃▄▅▆▇█"
_EIGHTHS_ACROSS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_BLOCKS = (Table, Chart, Fields)
"""Elements with an empty line around them."""


def render(reply: Reply, *, width: int, plain: bool, colour: bool) -> str:
    """Return the reply as lines of at most `width` columns, ending in a newline.

    A table is fitted by shortening its first text column, never its numbers; where even that does
    not fit, each row becomes a few lines. `plain` has no colour, no drawing and no box characters.
    """
    width = min(max(width, LIMITS.narrowest), LIMITS.widest)
    clean = replace(reply, elements=tuple(_fit(reply, width)))
    if plain:
        return plain_text(clean) + "\n"
    return _rich(clean, width, colour)


def choices(reply: Reply) -> tuple[Choice, ...]:
    """Return what can be chosen by number, in the order in which `render` numbers it from 1."""
    found: list[Choice] = []
    for element in reply.elements:
        if isinstance(element, Actions):
            found.extend(element.buttons)
        elif isinstance(element, Form):
            found.append(element)
    return tuple(found)


def clean_text(text: str) -> str:
    """Strip what a terminal would obey: escape sequences, controls, writing-direction marks."""
    text = _ESCAPES.sub("", text).replace("\t", " ").replace("\u00a0", " ").replace("\u202f", " ")
    return _CONTROLS.sub("", text)


def _fit(reply: Reply, width: int) -> Iterator[Element]:
    """Clean every text, name the warnings, number the choices, fit the tables."""
    words = _WORDS.get(reply.locale, _WORDS["en"])
    number = 0
    for element in reply.elements:
        match element:
            case Section(text=text, tone=tone):
                text = clean_text(text)[: LIMITS.text]
                if tone is Tone.WARNING and not text.startswith(words["warning"]):
                    text = f"{words['warning']}: {text}"
                yield Section(text, tone)
            case Fields(items=items):
                yield Fields(tuple((_line(label), _line(value)) for label, value in items))
            case Table():
                yield from _fit_table(element, width, words)
            case Chart():
                yield replace(element, title=_line(element.title), alt=clean_text(element.alt))
            case Actions(buttons=buttons):
                labels = [
                    f"[{n}] {_line(button.label)}" for n, button in enumerate(buttons, number + 1)
                ]
                number += len(buttons)
                yield Section(_packed(labels, width))
            case Form(submit=submit):
                number += 1
                yield Section(f"[{number}] {_line(submit)}")
            case Context(text=text):
                yield Context(clean_text(text)[: LIMITS.text])


def _fit_table(table: Table, width: int, words: dict[str, str]) -> Iterator[Element]:
    total = max(table.total_rows or 0, len(table.rows))
    rows = tuple(tuple(_line(cell) for cell in row) for row in table.rows[: LIMITS.table_rows])
    columns = tuple(replace(column, label=_line(column.label)) for column in table.columns)
    fitted = _shorten(columns, rows, width)
    if table.caption:
        yield Section(_line(table.caption))
    if fitted is None:
        for row in rows:
            yield Fields(
                tuple((c.label, cell) for c, cell in zip(columns, row, strict=True) if cell)
            )
    else:
        yield Table(*fitted)
    hidden = total - len(rows)
    if hidden:
        grouped = f"{hidden:,}".replace(",", words["signs"][0])
        yield Context("… " + (words["row"] if hidden == 1 else words["rows"].format(n=grouped)))


def _shorten(
    columns: tuple[TableColumn, ...], rows: tuple[tuple[str, ...], ...], width: int
) -> tuple[tuple[TableColumn, ...], tuple[tuple[str, ...], ...]] | None:
    """Cut text columns, the first one first, until the table fits; None where it cannot."""
    widths = _widths(columns, rows)
    spare = width - sum(widths) - 2 * (len(widths) - 1)
    for position, column in enumerate(columns):
        if spare >= 0:
            break
        if column.align == "right":
            continue
        narrower = max(widths[position] + spare, LIMITS.shortest_cell)
        if narrower < widths[position]:
            spare += widths[position] - narrower
            widths[position] = narrower
    if spare < 0:
        return None
    heads = tuple(replace(c, label=_cut(c.label, w)) for c, w in zip(columns, widths, strict=True))
    return heads, tuple(
        tuple(_cut(cell, w) for cell, w in zip(row, widths, strict=True)) for row in rows
    )


def _widths(columns: tuple[TableColumn, ...], rows: tuple[tuple[str, ...], ...]) -> list[int]:
    return [
        max(_cells(column.label), *(_cells(row[i]) for row in rows), 0)
        for i, column in enumerate(columns)
    ]


def _cells(text: str) -> int:
    """Columns on screen: a Chinese character takes two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, width: int) -> str:
    if _cells(text) <= width:
        return text
    while _cells(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def _packed(labels: list[str], width: int) -> str:
    """Put labels side by side, each whole, on as many lines as it takes."""
    lines = [""]
    for label in labels:
        if lines[-1] and _cells(lines[-1]) + 2 + _cells(label) > width:
            lines.append("")
        lines[-1] += ("  " if lines[-1] else "") + label
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(clean_text(text).split())[: LIMITS.text]


def _rich(reply: Reply, width: int, colour: bool) -> str:
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},  # the caller has decided; NO_COLOR and FORCE_COLOR are read once, by it
    )
    before: Element | None = None
    for element in reply.elements:
        apart = isinstance(before, _BLOCKS) and not isinstance(element, Context)
        if before is not None and (apart or isinstance(element, _BLOCKS)):
            console.print()
        for text, wrapped in _texts(element, width, reply.locale):
            console.print(text, no_wrap=not wrapped, crop=False, overflow="fold")
        before = element
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


_STYLES = {
    Tone.TITLE: "bold",
    Tone.HEADLINE: "bold cyan",
    Tone.WARNING: "yellow",
    Tone.QUOTE: "italic",
    Tone.NORMAL: "",
}


def _texts(element: Element, width: int, locale: str) -> Iterator[tuple[Text, bool]]:
    """Give the lines of an element and whether they may be wrapped."""
    from rich.text import Text

    match element:
        case Section(text=text, tone=tone):
            mark = {Tone.WARNING: "⚠ ", Tone.QUOTE: "│ "}.get(tone, "")
            yield Text(mark + text, style=_STYLES[tone]), True
        case Context(text=text):
            yield Text(text, style="dim"), True
        case Fields(items=items):
            label_width = min(max((_cells(label) for label, _ in items), default=0), width // 2)
            for label, value in items:
                pad = " " * max(label_width - _cells(label), 0)
                yield Text.assemble((f"{label}{pad}  ", "dim"), value), True
        case Table(columns=columns, rows=rows):
            widths = _widths(columns, rows)
            yield Text(_row([c.label for c in columns], columns, widths), style="bold"), False
            yield Text("─" * (sum(widths) + 2 * (len(widths) - 1)), style="dim"), False
            for row in rows:
                yield Text(_row(row, columns, widths)), False
        case Chart(title=title, alt=alt):
            yield Text(title, style="bold"), True
            for line in draw(element, width, locale):
                yield Text(line, style="cyan"), False
            if element.kind not in ("bars", "ratios"):  # drawn bars carry their figures themselves
                yield Text(alt, style="dim"), True
        case Actions() | Form():
            pass  # already numbered sections


def _row(
    cells: list[str] | tuple[str, ...], columns: tuple[TableColumn, ...], widths: list[int]
) -> str:
    padded = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        pad = " " * (width - _cells(cell))
        padded.append(pad + cell if column.align == "right" else cell + pad)
    return "  ".join(padded).rstrip()


def draw(chart: Chart, width: int, locale: str) -> list[str]:
    """Draw a chart as lines of block characters, at most `width` columns; [] without points."""
    if not any(series.points for series in chart.series):
        return []
    if chart.kind == "bars":
        return _bars(chart, width, locale)
    if chart.kind == "ratios":
        return _ratios(chart, width, locale)
    if chart.kind == "pareto":
        return _area(chart.series[0], width, (0.0, 1.0), [_percent(y, locale) for y in (1, 0.5, 0)])
    values = [y for _, y in chart.series[0].points]
    low, high = chart.span or (min(0.0, *values), max(0.0, *values))
    words = _WORDS.get(locale, _WORDS["en"])
    signs = str.maketrans(",.", words["signs"])
    ticks = (high, (low + high) / 2, low)
    labels = [f"{y:,.{chart.decimals}f}".translate(signs) for y in ticks]
    return _area(chart.series[0], width, (low, high), labels)


def _area(series: Series, width: int, span: tuple[float, float], labels: list[str]) -> list[str]:
    """Draw a filled line: columns of eighths of a character."""
    gutter = max(len(label) for label in labels)
    columns = min(width - gutter - 2, LIMITS.chart_width)
    low, high = span
    scale = LIMITS.chart_height * 8 / (high - low) if high > low else 0.0
    eighths = [round((y - low) * scale) for y in _sampled(series, columns)]
    lines = []
    for level in range(LIMITS.chart_height - 1, -1, -1):
        label = {
            LIMITS.chart_height - 1: labels[0],
            LIMITS.chart_height // 2 - 1: labels[1],
            0: labels[2],
        }.get(level, "")
        bar = "".join(_EIGHTHS_UP[min(max(value - level * 8, 0), 8)] for value in eighths)
        lines.append(f"{label:>{gutter}} ┤{bar.rstrip()}")
    return lines


def _sampled(series: Series, columns: int) -> list[float]:
    """Read y at evenly spaced x; categories and dates count as evenly spaced."""
    numeric = all(isinstance(x, int | float) for x, _ in series.points)
    points = [
        (float(x) if numeric else float(position), y)
        for position, (x, y) in enumerate(series.points)
    ]
    points.sort(key=lambda point: point[0])
    first, last = points[0][0], points[-1][0]
    out, at = [], 0
    for column in range(columns):
        x = first + (last - first) * column / max(columns - 1, 1)
        while at < len(points) - 2 and points[at + 1][0] < x:
            at += 1
        (x0, y0), (x1, y1) = points[at], points[min(at + 1, len(points) - 1)]
        out.append(y0 if x1 == x0 else y0 + (y1 - y0) * min(max((x - x0) / (x1 - x0), 0), 1))
    return out


def _bars(chart: Chart, width: int, locale: str) -> list[str]:
    """Draw grouped bars: one block of lines a category, one line a series."""
    categories = list(dict.fromkeys(str(x) for series in chart.series for x, _ in series.points))
    label_width = min(max(_cells(_line(c)) for c in categories), width // 3)
    name_width = min(max(_cells(_line(s.name)) for s in chart.series), width // 4)
    room = min(width - label_width - name_width - 11, LIMITS.chart_width)
    largest = max((abs(y) for s in chart.series for _, y in s.points), default=0) or 1
    lines = []
    for category in categories:
        head = _cut(_line(category), label_width)
        for series in chart.series:
            value = {str(x): y for x, y in series.points}.get(category, 0.0)
            eighths = round(max(value, 0) / largest * max(room, 1) * 8)
            bar = "█" * (eighths // 8) + _EIGHTHS_ACROSS[eighths % 8]
            name = _cut(_line(series.name), name_width)
            lines.append(
                f"{head}{' ' * (label_width - _cells(head))}  "
                f"{name}{' ' * (name_width - _cells(name))}  {bar} {_percent(value, locale)}"
            )
            head = ""
    return lines


def _ratios(chart: Chart, width: int, locale: str) -> list[str]:
    """Draw each ratio as a dot on its interval, on a log scale on which the line of 1 stands."""
    signs = str.maketrans(",.", _WORDS.get(locale, _WORDS["en"])["signs"])
    values, lows, highs = [*(dict(s.points) for s in chart.series), {}, {}][:3]
    label_width = min(max(_cells(_line(str(x))) for x in values), width // 3)
    rows = [(x, y, lows.get(x, y), highs.get(x, y)) for x, y in values.items()]
    logs = [math.log(_near(r)) for _x, *three in rows for r in (*three, 1.0)]
    first, last = min(logs), max(*logs, min(logs) + 0.1)
    room = max(min(width - label_width - 22, LIMITS.chart_width), 5)

    def place(ratio: float) -> int:
        return round((math.log(_near(ratio)) - first) / (last - first) * (room - 1))

    lines = []
    for x, value, low, high in rows:
        marks = [" "] * room
        marks[place(1.0)] = "│"
        for at in range(place(low), place(high) + 1):
            marks[at] = "┼" if at == place(1.0) else "─"
        marks[place(value)] = "●"
        head = _cut(_line(str(x)), label_width)
        figures = [f"{r:,.{_digits(r)}f}".translate(signs) for r in (value, low, high)]
        told = f"{figures[0]} ({figures[1]}–{figures[2]})"
        lines.append(f"{head}{' ' * (label_width - _cells(head))}  {''.join(marks)}  {told}")
    return lines


def _near(ratio: float) -> float:
    return min(max(ratio, 0.02), 50.0)


def _digits(ratio: float) -> int:
    return 0 if ratio >= 9.95 else 1 if ratio >= 0.95 else 2


def _percent(share: float, locale: str) -> str:
    return f"{share * 100:.0f}{' ' if locale == 'nl' else ''}%"
