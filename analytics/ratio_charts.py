"""Ratios with their intervals, on a log scale around 1: half as often weighs as much as twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.chart_style import Palette, number

FARTHEST = 50.0
"""Ratios are drawn from 1/50 to 50; an interval that goes on is cut off there."""
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
ROW_HEIGHT = 30
FIGURE_WIDTH = 44
"""Pixels right of the longest interval, for its figure."""


def ratios(chart: Mapping[str, Any], language: str, palette: Palette) -> Any:
    """Draw each category's ratio as a point and its interval as a line through it.

    The chart's three series are the ratio, the lower and the upper bound, over the same categories.
    Those whose interval holds 1 are drawn muted.
    """
    import altair as alt

    series = [{str(x): float(y) for x, y, *_ in s["points"]} for s in chart["series"]]
    values, lows, highs = [*series, {}, {}, {}][:3]
    rows: list[dict[str, Any]] = []
    for name, value in values.items():
        low, high = lows.get(name, value), highs.get(name, value)
        rows.append(
            {
                "x": name, "y": _within(value), "low": _within(low), "high": _within(high),
                "text": written(value, language),
                "interval": f"{written(low, language)} – {written(high, language)}",
                "clear": low > 1 or high < 1,
            }
        )  # fmt: skip
    ends = [e for row in rows for e in (row["low"], row["high"], 1.0)] or [0.5, 2.0]
    domain = [min(*ends, 0.9), max(*ends, 1.1)]
    scale = alt.Scale(
        type="log", domain=domain, nice=False, range=[0, {"expr": f"width - {FIGURE_WIDTH}"}]
    )
    axis = alt.Axis(
        values=[t for t in TICKS if domain[0] <= t <= domain[1]],
        labelExpr="format(datum.value, '~g')", grid=True,
    )  # fmt: skip
    y = alt.Y(
        "x:N", sort=[row["x"] for row in rows], title=None,
        axis=alt.Axis(labelColor=palette.ink, labelFontSize=13, labelLimit=160),
    )  # fmt: skip
    tooltip = [
        alt.Tooltip("x:N", title=chart["x_title"] or " "),
        alt.Tooltip("text:N", title=chart["y_title"] or " "),
        alt.Tooltip("interval:N", title="95%"),
    ]
    colour = alt.condition("datum.clear", alt.value(palette.series[0]), alt.value(palette.muted))
    base = alt.Chart().encode(y=y, tooltip=tooltip)
    point = alt.X("y:Q", scale=scale, title=chart["y_title"], axis=axis)
    layers = [
        alt.Chart(alt.Data(values=[{"one": 1}]))
        .mark_rule(color=palette.muted, strokeDash=[4, 4], strokeWidth=1)
        .encode(x=alt.X("one:Q", scale=scale)),
        base.mark_rule(strokeWidth=3, opacity=0.55, strokeCap="round").encode(
            x=alt.X("low:Q", scale=scale), x2="high:Q", color=colour
        ),
        base.mark_point(filled=True, size=95, opacity=1).encode(x=point, color=colour),
        base.mark_text(align="left", dx=6, fontSize=12, color=palette.ink).encode(
            x=alt.X("high:Q", scale=scale), text="text:N"
        ),
    ]
    height = max(1, len(rows)) * ROW_HEIGHT
    return alt.layer(*layers, data=alt.Data(values=rows)).properties(height=height)


def written(ratio: float, language: str) -> str:
    """A ratio in two figures or so, in a language."""
    return number(ratio, language, 0 if ratio >= 9.95 else 1 if ratio >= 0.95 else 2)


def _within(ratio: float) -> float:
    return min(max(ratio, 1 / FARTHEST), FARTHEST)
