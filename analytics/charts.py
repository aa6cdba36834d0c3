"""Charts: one neutral description to Vega-Lite (for the browser), SVG and PNG, without a network.

A chart comes as the plain mapping of a neutral chart: `kind`, `title`, `alt`, `x_title`,
`y_title`, `series` (each `name` and `points`), `marks`. A point is (x, y) or (x, y, name); the
name shows in the tooltip. Altair and vl-convert are heavy, so each is imported where it is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from analytics.chart_style import (
    MILLION,
    NUMBERS,
    PALETTES,
    PICTURE_FONT,
    Palette,
    Theme,
    config,
    day,
    number,
    percent,
)
from analytics.ratio_charts import ratios

CUTOFF = 0.8
"""Share of revenue at which the Pareto curve is called out."""

MAX_POINTS = 300
"""Points kept per line: more cannot be told apart on a screen, and make the page heavy."""

MAX_MARK_LABELS = 3
"""Marks written beside their point; with more than these, only tooltips name them."""

LABEL_WIDTH = 18
"""Characters per line of a mark's label: fits half of a 320 px screen."""

WIDTH = {"pareto": 640, "bars": 640, "history": 640, "weeks": 640, "ratios": 640}
HEIGHT = {"pareto": 320, "history": 260}
FIGURE_WIDTH = 44
"""Pixels right of the longest bar, for its figure."""

ROW_HEIGHT = 18
"""Height in pixels of one bar; a category takes one for each series."""


def spec(
    chart: Mapping[str, Any], *, locale: str, theme: Theme = "light", titled: bool = False
) -> dict[str, Any]:
    """Return the Vega-Lite specification, as wide as its container, with its data inside.

    Without `titled` the caller shows the title itself (a figure's caption). KeyError where `kind`
    is not one of pareto, bars, history, weeks, ratios.
    """
    import altair as alt

    language = locale if locale in NUMBERS else "en"
    palette = PALETTES[theme]
    draw = _DRAWN[chart["kind"]]
    picture = draw(chart, language, palette).configure(**config(language, palette))
    out: dict[str, Any] = picture.to_dict()
    out["description"] = chart["alt"]
    out["width"] = "container"
    out["autosize"] = {"type": "fit-x", "contains": "padding"}
    if titled:
        out["title"] = alt.TitleParams(
            text=_lines(chart["title"], 70), anchor="start", fontSize=16, offset=14
        ).to_dict()
    return out


def svg(
    chart: Mapping[str, Any], *, locale: str, theme: Theme = "light", titled: bool = False
) -> str:
    """Draw the chart as an SVG element; the caller's figure shows the title unless `titled`."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(
        _fixed(chart, locale, theme, titled), vl_version=_version(), allowed_base_urls=[]
    )
    return drawn


def png(
    chart: Mapping[str, Any],
    *,
    locale: str,
    scale: float = 2,
    theme: Theme = "light",
    titled: bool = True,
) -> bytes:
    """Draw the chart as a PNG with its title, `scale` pixels to the point."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(
        _fixed(chart, locale, theme, titled),
        vl_version=_version(),
        scale=scale,
        allowed_base_urls=[],
    )
    return drawn


@lru_cache(maxsize=1)
def browser_bundle() -> str:
    """Return one script with Vega, Vega-Lite and Vega-Embed (`window.vegaEmbed`), about 900 kB.

    Vega-Embed's `ast: true` evaluates expressions without `eval`, as a strict content security
    policy asks.
    """
    import vl_convert

    script: str = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=_version()
    )
    return script


def _version() -> str:
    """Return the Vega-Lite version that Altair writes, as vl-convert names it (`6.4`)."""
    import altair as alt

    return ".".join(str(alt.SCHEMA_VERSION).removeprefix("v").split(".")[:2])


def _fixed(chart: Mapping[str, Any], locale: str, theme: Theme, titled: bool) -> dict[str, Any]:
    out = spec(chart, locale=locale, theme=theme, titled=titled)
    out["width"] = WIDTH[chart["kind"]]
    out["autosize"] = {"type": "pad", "contains": "padding"}
    out["padding"] = 18
    out["config"]["font"] = PICTURE_FONT
    out["config"]["background"] = PALETTES[theme].paper
    return out


def _pareto(chart: Mapping[str, Any], language: str, palette: Palette) -> Any:
    import altair as alt

    rows: list[dict[str, Any]] = [
        {
            "x": float(x), "y": float(y), "series": name, "name": label,
            "x_text": percent(float(x), language), "y_text": percent(float(y), language),
        }
        for name, x, y, label in _points(chart)
    ]  # fmt: skip
    named = any(row["name"] for row in rows)
    tip = _tooltip(chart, {"name": " "} if named else {})
    share = {"nl": "+ '\u00a0%'", "en": "+ '%'"}[language]
    axis = {"labelExpr": f"format(datum.value * 100, '.0f') {share}", "tickCount": 5}
    x_domain = alt.Scale(domain=[0, 1], nice=False)
    # Clients with more credit than invoices come last: before them the curve is above 100 %.
    y_domain = alt.Scale(domain=[0, max([1.0, *(row["y"] for row in rows)])], nice=False)
    x = alt.X("x:Q", title=chart["x_title"], scale=x_domain, axis=alt.Axis(grid=False, **axis))
    y = alt.Y("y:Q", title=chart["y_title"], scale=y_domain, axis=alt.Axis(**axis))
    base = alt.Chart().encode(x=x, y=y)
    near = _nearest()
    main = palette.series[0]
    marks = _marks(chart, language)
    reach = max((mark["x"] for mark in marks if mark["labelled"]), default=0.0)
    layers = [
        base.transform_filter(f"datum.x <= {reach!r}").mark_area(
            color=main, opacity=0.14, line=False
        ),
        alt.Chart(alt.Data(values=[{"y": CUTOFF}]))
        .mark_rule(color=palette.muted, strokeDash=[4, 4], strokeWidth=1)
        .encode(y=alt.Y("y:Q", scale=y_domain)),
        base.mark_line(color=main, strokeWidth=2.5, strokeJoin="round"),
        base.mark_point(color=main, filled=True, size=70, tooltip=tip)
        .encode(opacity=alt.condition(near, alt.value(1), alt.value(0)))
        .add_params(near),
        *_mark_layers(marks, palette, x, y),
    ]
    return alt.layer(*layers, data=alt.Data(values=rows)).properties(height=HEIGHT["pareto"])


def _bars(chart: Mapping[str, Any], language: str, palette: Palette) -> Any:
    import altair as alt

    names = [str(series["name"]) for series in chart["series"]]
    rows: list[dict[str, Any]] = [
        {
            "x": str(x), "y": float(y), "series": name, "text": percent(float(y), language),
            # Whole percents read quicker; below one a decimal keeps a sliver from being "0 %".
            "short": percent(float(y), language, 0 if y >= 0.01 or y == 0 else 1),
        }
        for name, x, y, _ in _points(chart, thin=False)
    ]  # fmt: skip
    order = list(dict.fromkeys(row["x"] for row in rows))
    top = max((row["y"] for row in rows), default=0.0)
    colour = alt.Color(
        "series:N",
        sort=names,
        scale=alt.Scale(domain=names, range=list(palette.series[: len(names)])),
    )
    base = alt.Chart().encode(
        # Bars lie flat, so that a channel's name is readable on a phone. A category's axis keeps
        # the order of the answer: it has a meaning.
        y=alt.Y(
            "x:N", sort=order, title=None, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.1),
            axis=alt.Axis(labelColor=palette.ink, labelFontSize=13, labelLimit=130),
        ),
        yOffset=alt.YOffset("series:N", sort=names, scale=alt.Scale(domain=names)),
        # The bar's length leaves room for the figure written at its end.
        x=alt.X(
            "y:Q", title=chart["y_title"], axis=None,
            scale=alt.Scale(domain=[0, max(top, 0.01)], nice=False,
                            range=[0, {"expr": f"width - {FIGURE_WIDTH}"}]),
        ),
        tooltip=[
            alt.Tooltip("x:N", title=chart["x_title"] or " "),
            alt.Tooltip("series:N", title=" "),
            alt.Tooltip("text:N", title=chart["y_title"] or " "),
        ],
    )  # fmt: skip
    layers = [
        base.mark_bar(cornerRadiusEnd=3).encode(color=colour),
        base.mark_text(align="left", dx=5, fontSize=12, color=palette.ink).encode(text="short:N"),
    ]
    height = max(1, len(order)) * (max(1, len(names)) * ROW_HEIGHT + 14)
    return alt.layer(*layers, data=alt.Data(values=rows)).properties(height=height)


def _history(chart: Mapping[str, Any], language: str, palette: Palette) -> Any:
    import altair as alt

    names = [str(series["name"]) for series in chart["series"]]
    points = _points(chart)
    span = chart.get("span")
    digits = 1 if span and span[1] <= 10 else 0
    rows: list[dict[str, Any]] = [
        {
            "x": str(x), "y": float(y), "series": name,
            "x_text": day(str(x), language), "y_text": number(float(y), language, digits),
        }
        for name, x, y, _ in points
    ]  # fmt: skip
    top = max((abs(row["y"]) for row in rows), default=0.0)
    if top >= 2_000_000:
        labels = f"format(datum.value / 1000000, ',~f') + '\u00a0{MILLION[language]}'"
    else:
        labels = "format(datum.value, ',.0f')"
    days = sorted(str(row["x"])[:10] for row in rows)
    months = _months_between(days[0], days[-1]) if days else 0
    x = alt.X(
        "x:T", title=None,
        axis=alt.Axis(
            grid=False, tickCount=6, labelOverlap=True, labelFlush=True,
            format="%e %b" if span and months <= 12 else "%b %Y" if months <= 36 else "%Y",
        ),
    )  # fmt: skip
    y = alt.Y("y:Q", title=chart["y_title"], axis=alt.Axis(labelExpr=labels, tickCount=5))
    if span:  # a fixed scale: a small change must not look like a large one
        y = y.scale(domain=list(span), nice=False)
    base = alt.Chart().encode(x=x, y=y)
    line: dict[str, Any] = {"strokeWidth": 2.5, "strokeJoin": "round"}
    near = _nearest()
    tip = _tooltip(chart, {"series": " "} if len(names) > 1 else {})
    if len(names) > 1:
        colour = alt.Color("series:N", sort=names, scale=_colours(names, palette))
        # A dash per series besides its colour: lines cross, and colour alone is not enough.
        dash = alt.StrokeDash("series:N", sort=names, legend=None)
        lines = base.mark_line(**line).encode(color=colour, strokeDash=dash)
        dots = base.mark_point(filled=True, size=70, tooltip=tip).encode(color=colour)
    else:
        lines = base.mark_line(color=palette.series[0], **line)
        dots = base.mark_point(color=palette.series[0], filled=True, size=70, tooltip=tip)
    dots = dots.encode(opacity=alt.condition(near, alt.value(1), alt.value(0))).add_params(near)
    marks = _mark_layers(_marks(chart, language), palette, x, y)
    layers = alt.layer(lines, dots, *marks, data=alt.Data(values=rows))
    return layers.properties(height=HEIGHT["history"])


_DRAWN = {
    "pareto": _pareto, "bars": _bars, "history": _history, "weeks": _history, "ratios": ratios,
}  # fmt: skip


def _nearest() -> Any:
    """Return the selection that follows the pointer to the nearest point along x."""
    import altair as alt

    return alt.selection_point(
        name="near",
        nearest=True,
        on="pointerover",
        clear="pointerout",
        encodings=["x"],
        empty=False,
    )


def _tooltip(chart: Mapping[str, Any], also: Mapping[str, str]) -> Any:
    """Return what the point nearest to the pointer tells: `also` (field to label), x and y.

    Vega-Lite covers the picture with cells, one around each point, whose datum holds the point's
    own; its tooltip encoding looks for the fields on the cell itself and finds none.
    """
    import altair as alt

    labels = {**also, "x_text": chart["x_title"] or " ", "y_text": chart["y_title"] or "  "}
    pairs = (f"{json.dumps(label)}: (datum.datum || datum).{at}" for at, label in labels.items())
    return alt.ExprRef("{" + ", ".join(pairs) + "}")


def _colours(names: list[str], palette: Palette) -> Any:
    import altair as alt

    return alt.Scale(domain=names, range=list(palette.series[: len(names)]))


def _mark_layers(marks: list[dict[str, Any]], palette: Palette, x: Any, y: Any) -> list[Any]:
    import altair as alt

    if not marks:
        return []
    temporal = isinstance(marks[0]["x"], str)
    base = alt.Chart(alt.Data(values=marks)).encode(x=x, y=y)
    layers = [
        base.mark_point(
            filled=True, size=110, color=palette.series[1], stroke=palette.paper, strokeWidth=2,
            opacity=1,
        ).encode(tooltip=[alt.Tooltip("label:N", title=" ")])
    ]  # fmt: skip
    # The free room is under the curve: a label goes right of its point, or left where little
    # room is left on that side.
    for side, test in (("left", False), ("right", True)):
        labelled = [m for m in marks if m["labelled"] and m["late"] is test]
        if labelled:
            away = -1 if test else 1
            layers.append(
                alt.Chart(alt.Data(values=labelled))
                .mark_text(
                    align=side, baseline="top", dx=10 * away, dy=12 if not temporal else 8,
                    fontSize=13, fontWeight=600, color=palette.ink, lineHeight=17,
                )
                .encode(x=x, y=y, text="lines:N")
            )  # fmt: skip
    return layers


def _marks(chart: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    given = list(chart.get("marks", ()))
    if not given:
        return []
    temporal = isinstance(given[0][1], str)
    if temporal:
        days = sorted(str(x) for _, x, _, _ in _points(chart)) or [str(given[0][1])]
        middle = days[len(days) // 2]
    called = given[:MAX_MARK_LABELS]
    if len(given) > MAX_MARK_LABELS and not temporal:
        # Many marks name clients along the curve: write out the one at the cut-off alone.
        called = [min(given, key=lambda mark: abs(float(mark[2]) - CUTOFF))]
    return [
        {
            "label": str(label),
            "lines": _lines(str(label), LABEL_WIDTH),
            "x": str(x) if temporal else float(x),
            "y": float(y),
            "late": str(x) > middle if temporal else float(x) > 0.4,
            "labelled": (label, x, y) in [tuple(mark) for mark in called],
        }
        for label, x, y in given
    ]


def _points(chart: Mapping[str, Any], *, thin: bool = True) -> list[tuple[str, Any, float, str]]:
    """Flatten the series to (series, x, y, name), at most MAX_POINTS a series when `thin`."""
    out: list[tuple[str, Any, float, str]] = []
    for series in chart["series"]:
        points: Sequence[Sequence[Any]] = series["points"]
        if thin and len(points) > MAX_POINTS:
            step = (len(points) - 1) / (MAX_POINTS - 1)
            points = [points[round(i * step)] for i in range(MAX_POINTS)]
        for point in points:
            name = str(point[2]) if len(point) > 2 else ""
            out.append((str(series["name"]), point[0], float(point[1]), name))
    return out


def _months_between(first: str, last: str) -> int:
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7])


def _lines(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` characters where it has spaces."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(joined) > width:
            lines.append(word)
        else:
            lines[-1] = joined
    return lines
