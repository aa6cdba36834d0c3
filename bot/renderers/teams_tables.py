"""Tables of a card: five columns at most, since a chat is as narrow as a phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.core.reply import TableColumn
from bot.renderers.teams_blocks import SMALL, Block, block, cut

LIMITS = {
    "columns": 5,  # beside each other; what comes after stands under the row's name
    "cell": 200,  # characters of a cell
    "under": 400,  # characters under a name
    "together": 24,  # characters that stay on one line
    "wide": 24,  # share of the width of the widest column; a figure of nine characters takes 10
}


def grid(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]]) -> Block:
    """Return the Table element. Figures keep their column; the other columns go under the name."""
    beside, under = _split(columns)
    name = next((i for i in beside if columns[i].align == "left"), beside[0])
    heads = [columns[i].label for i in beside]
    cells = [[row[i] for i in beside] for row in rows]
    body = []
    for row, shown in zip(rows, cells, strict=True):
        made = [_cell(text) for text in shown]
        said = [_pair(columns[i].label, row[i]) for i in under if row[i].strip()]
        if said:
            line = block(cut(" · ".join(said), LIMITS["under"]), **SMALL, spacing="None")
            made[beside.index(name)]["items"].append(line)
        body.append({"type": "TableRow", "cells": made})
    head = {"type": "TableRow", "cells": [_cell(label, weight="Bolder") for label in heads]}
    return {
        "type": "Table",
        "firstRowAsHeaders": True,
        "showGridLines": False,
        "columns": [
            _column(columns[i], [shown[at] for shown in cells]) for at, i in enumerate(beside)
        ],
        "rows": [head, *body],
    }


def _pair(label: str, value: str) -> str:
    """A label and its value; held together where short, so that a line breaks between two pairs."""
    text = f"{label}: {value}"
    return text.replace(" ", "\u00a0") if len(text) <= LIMITS["together"] else text


def _split(columns: Sequence[TableColumn]) -> tuple[list[int], list[int]]:
    """Which columns stand beside each other, and which under the name."""
    every = list(range(len(columns)))
    if len(every) <= LIMITS["columns"]:
        return every, []
    first = next((i for i in every if columns[i].align == "left"), 0)
    wanted = sorted({first, *[i for i in every if i != first][: LIMITS["columns"] - 1]})
    return wanted, [i for i in every if i not in wanted]


WIDE_SIGNS = "▲▼+−€"
"""Signs that take the room of two letters in the font Teams uses."""


def _column(column: TableColumn, texts: Sequence[str]) -> Block:
    # A head may break between its words, so it asks for no more than the longest of them.
    words = max((len(word) for word in column.label.split()), default=0)
    longest = max(words, *(len(text) + sum(map(text.count, WIDE_SIGNS)) for text in texts))
    width = min(max(longest, 2) + 1, LIMITS["wide"])
    align = {"horizontalCellContentAlignment": "Right"} if column.align == "right" else {}
    return {"width": width} | align


def _cell(text: str, **how: Any) -> Block:
    line = " ".join(cut(text, LIMITS["cell"]).split("\n"))
    return {"type": "TableCell", "items": [block(line or " ", **how)]}
