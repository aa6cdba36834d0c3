"""Charts of Teams: host extensions of a card, and the same points as a small table."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from bot.core.reply import Chart, Series, Table, TableColumn
from bot.i18n import Localizer
from bot.renderers.teams_blocks import clean

T = TypeVar("T")

LIMITS = {
    "points": 60,  # points of a line; evenly thinned, first and last kept
    "categories": 20,  # groups of bars
    "series": 6,  # lines or colours
    "fallback_rows": 12,  # rows of the table an old client shows
}
COLOURS = (
    "categoricalBlue",
    "categoricalMarigold",
    "categoricalPurple",
    "categoricalTeal",
    "categoricalRed",
    "neutral",
)


def chart_element(chart: Chart, _: Localizer) -> dict[str, Any]:
    """The chart as Teams draws it; shares become percentages."""
    bars = chart.kind in ("bars", "ratios")
    series = [each for each in chart.drawn if each.points][: LIMITS["series"]]
    data = [
        {
            "legend": clean(each.name or chart.y_title or chart.title),
            "color": COLOURS[at],
            "values": [
                {"x": _x(chart, x), "y": _y(chart, y)}
                for x, y in thinned(each, LIMITS["categories" if bars else "points"])
            ],
        }
        for at, each in enumerate(series)
    ]
    return {
        "type": "Chart.VerticalBar.Grouped" if bars else "Chart.Line",
        "title": clean(chart.title),
        "xAxisTitle": _titled(chart.x_title, percent=chart.kind == "pareto"),
        "yAxisTitle": _titled(chart.y_title, percent=chart.in_shares),
        "data": data,
    }


def chart_rows(chart: Chart, _: Localizer) -> Table:
    """The points as a table, evenly thinned."""
    drawn = chart.series[: LIMITS["series"]]
    values: dict[str | float, dict[int, float]] = {}
    for at, series in enumerate(drawn):
        for x, y in series.points:
            values.setdefault(x, {})[at] = y
    keys = _thin(list(values), LIMITS["fallback_rows"])
    rows = tuple(
        (
            _x_text(chart, key, _),
            *(_y_text(chart, values[key].get(at), _) for at in range(len(drawn))),
        )
        for key in keys
    )
    named = len(drawn) > 1
    columns = (
        TableColumn(chart.x_title or _("Value")),
        *(TableColumn(s.name if named else chart.y_title or s.name, "right") for s in drawn),
    )
    return Table(columns, rows, total_rows=len(keys))


def thinned(series: Series, most: int) -> list[tuple[str | float, float]]:
    """At most that many points, the first and the last among them."""
    return _thin(list(series.points), most)


def _thin(items: list[T], most: int) -> list[T]:
    if len(items) <= most:
        return items
    step = (len(items) - 1) / (most - 1)
    return [items[round(i * step)] for i in range(most)]


def _x(chart: Chart, value: str | float) -> str | float:
    if chart.kind == "pareto":
        return round(float(value) * 100, 2)
    return clean(value) if isinstance(value, str) else value


def _y(chart: Chart, value: float) -> float:
    return round(value * 100, 2) if chart.in_shares else round(value, 2)


def _titled(title: str, *, percent: bool) -> str:
    title = clean(title)
    return f"{title} (%)" if percent and title and "%" not in title else title


def _x_text(chart: Chart, value: str | float, _: Localizer) -> str:
    if chart.kind == "pareto":
        return _.percent(float(value))
    if chart.over_time:
        try:
            return _.date(dt.date.fromisoformat(str(value)))
        except ValueError:  # a month or a quarter
            return str(value)
    return str(value)


def _y_text(chart: Chart, value: float | None, _: Localizer) -> str:
    if value is None:
        return ""
    return _.percent(value) if chart.in_shares else _.number(value, chart.decimals)
