"""Charts as Slack's own `data_visualization` block."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

from bot.core.reply import Chart, Series
from bot.i18n import Localizer
from bot.renderers.slack_text import plain

CHART_LIMITS = {
    "charts": 2,  # charts a message
    "title": 50,  # characters of the title and of each axis title
    "series": 6,  # the published figure; some clients take 12
    "categories": 20,
    "label": 20,  # characters of a category and of a series' name
}


def chart_block(chart: Chart, _: Localizer) -> dict[str, Any] | None:
    """Return the block; None where there is nothing to draw.

    Shares become percentages.
    """
    categories, lines = _figures(chart, _)
    if not categories or not lines:
        return None
    labels = _distinct([plain(c, CHART_LIMITS["label"]) for c in categories])
    names = _distinct([plain(name, CHART_LIMITS["label"]) for name, _values in lines])
    unit = " (%)" if chart.in_shares else ""
    x_unit = " (%)" if chart.kind == "pareto" else ""
    axis: dict[str, Any] = {"categories": labels}
    for key, title, suffix in (
        ("x_label", chart.x_title, x_unit),
        ("y_label", chart.y_title, unit),
    ):
        if title.strip():
            axis[key] = plain(title, CHART_LIMITS["title"] - len(suffix)) + suffix
    return {
        "type": "data_visualization",
        "title": plain(chart.title, CHART_LIMITS["title"]).strip() or "–",
        "chart": {
            "type": "line" if chart.kind == "pareto" or chart.over_time else "bar",
            "series": [
                {
                    "name": name,
                    "data": [
                        {"label": label, "value": value}
                        for label, value in zip(labels, values, strict=True)
                    ],
                }
                for name, (_name, values) in zip(names, lines, strict=True)
            ],
            "axis_config": axis,
        },
    }


def chart_rows_hidden(chart: Chart) -> int:
    """How many points of a chart the block leaves out, for the note below it."""
    if chart.kind == "pareto":  # read off at regular steps: nothing is hidden
        return 0
    return max(0, len(_keys(chart.series)) - CHART_LIMITS["categories"])


def _figures(chart: Chart, _: Localizer) -> tuple[list[str], list[tuple[str, list[float]]]]:
    series = [s for s in chart.drawn if s.points][: CHART_LIMITS["series"]]
    if not series:
        return [], []
    if chart.kind == "pareto":
        steps = [i / CHART_LIMITS["categories"] for i in range(1, CHART_LIMITS["categories"] + 1)]
        return (
            [_.number(step * 100) for step in steps],
            [(s.name or chart.y_title, [_percent(_at(s, step)) for step in steps]) for s in series],
        )
    keys = _keys(series)
    # The newest of a history, the first of a ranking.
    keys = keys[-CHART_LIMITS["categories"] :] if chart.over_time else keys[:20]
    lines = []
    for s in series:
        values = {x: y for x, y in s.points if math.isfinite(y)}
        scale = _percent if chart.in_shares else _plain
        lines.append((s.name or chart.y_title, [scale(values.get(key, 0.0)) for key in keys]))
    return [_label(chart, key, _) for key in keys], lines


def _keys(series: Sequence[Series]) -> list[str | float]:
    return list(dict.fromkeys(x for s in series for x, _y in s.points))


def _label(chart: Chart, key: str | float, _: Localizer) -> str:
    if not chart.over_time:
        return str(key)
    try:
        day = dt.date.fromisoformat(str(key))
        return _.date(day) if chart.kind == "weeks" else _.month(day)
    except ValueError:
        return str(key)


def _at(series: Series, x: float) -> float:
    """The height of a rising line at x, between the points on either side of it."""
    before = (0.0, 0.0)
    for px, py in series.points:
        place = float(px)
        if place >= x:
            wide = place - before[0]
            return py if wide <= 0 else before[1] + (py - before[1]) * (x - before[0]) / wide
        before = (place, py)
    return before[1]


def _percent(share: float) -> float:
    return round(share * 100, 1) if math.isfinite(share) else 0.0


def _plain(value: float) -> float:
    return round(value, 2)


def _distinct(labels: list[str]) -> list[str]:
    """Slack refuses equal labels: number the later ones."""
    seen: set[str] = set()
    out = []
    for place, label in enumerate(labels, start=1):
        text = label.strip() or "–"
        if text in seen:
            text = f"{plain(text, CHART_LIMITS['label'] - 4)} {place}"
        seen.add(text)
        out.append(text)
    return out
