"""Results: one row a measurement with its reference and goal; as table, Markdown and JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

Unit = Literal["s", "ms", "MB", "x"]
COLUMNS = ("What", "Measured", "Reference", "Ratio", "Goal", "Met")


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement. `limit` holds for the ratio where there is a reference, else for `value`."""

    name: str
    value: float
    unit: Unit
    reference_name: str = ""
    reference: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured over reference."""
        return None if not self.reference else self.value / self.reference

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.limit is None:
            return None
        return (self.value if self.ratio is None else self.ratio) <= self.limit

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        reference = ""
        if self.reference is not None:
            reference = f"{_shown(self.reference, self.unit)} ({self.reference_name})"
        goal = ""
        if self.limit is not None:
            shown = _shown(self.limit, self.unit if self.ratio is None else "x")
            goal = f"at most {shown}"
        met = {True: "yes", False: "NO", None: ""}[self.met]
        ratio = "" if self.ratio is None else _shown(self.ratio, "x")
        return (self.name, _shown(self.value, self.unit), reference, ratio, goal, met)


def _shown(value: float, unit: Unit) -> str:
    match unit:
        case "s":
            return f"{value:.2f} s" if value < 100 else f"{value:.0f} s"
        case "ms":
            return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms"
        case "MB":
            return f"{value:.0f} MB"
        case "x":
            return f"{value:.2f} x"


def machine() -> dict[str, str | int]:
    """What the figures were measured on, without naming it."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count() or 0,
    }


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table."""
    table = Table(title="Benchmarks", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in {"What", "Goal"} else "right")
    for result in results:
        table.add_row(*result.cells(), style="bold red" if result.met is False else "")
    console.print(table)
    for result in results:
        if result.note:
            console.print(f"{result.name}: {result.note}", highlight=False)


def markdown(results: Sequence[Result], on: dict[str, str | int] | None = None) -> str:
    """The table as Markdown, for the README."""
    on = on or machine()
    lines = [
        f"Measured on {on['cores']} cores ({on['system']} {on['processor']}), Python {on['python']}; "
        "medians of interleaved runs.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|---|" + "---:|" * 3 + "---|---|",
        *("| " + " | ".join(result.cells()) + " |" for result in results),
    ]
    notes = [f"- {result.name}: {result.note}" for result in results if result.note]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Everything, for a file."""
    rows = [asdict(r) | {"ratio": r.ratio, "met": r.met} for r in results]
    return {"machine": machine(), "results": rows}


def merged(earlier: Sequence[Result], new: Sequence[Result]) -> list[Result]:
    """The earlier results with the new ones in the place of their namesakes, or at the end."""
    found = {row.name: row for row in new}
    names = dict.fromkeys([row.name for row in (*earlier, *new)])
    before = {row.name: row for row in earlier}
    return [found.get(name) or before[name] for name in names]


def from_json(content: dict[str, Any]) -> list[Result]:
    """The results of a file that `as_json` made."""
    return [
        Result(**{k: v for k, v in row.items() if k not in {"ratio", "met"}})
        for row in content["results"]
    ]
