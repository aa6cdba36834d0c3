from __future__ import annotations

import json
import re
import socket
import struct
from typing import Any

import pytest

from analytics import charts

PARETO: dict[str, Any] = {
    "kind": "pareto",
    "title": "Van wie de omzet komt",
    "alt": "18 van 152 klanten brengen 80 % van de omzet.",
    "x_title": "Aandeel klanten",
    "y_title": "Aandeel omzet",
    "series": ({"name": "Omzet", "points": ((0.0, 0.0), (0.118, 0.8), (1.0, 1.0))},),
    "marks": (("18 klanten: 80 %", 0.118, 0.8),),
}
BARS: dict[str, Any] = {
    "kind": "bars",
    "title": "Bron van topklanten en pijplijn",
    "alt": "Netwerk brengt 52 % van de topomzet, beurs 4 %.",
    "x_title": "Bron",
    "y_title": "Aandeel",
    "series": (
        {"name": "Topklanten", "points": (("netwerk", 0.52), ("beurs", 0.044))},
        {"name": "Pijplijn", "points": (("netwerk", 0.08), ("beurs", 0.41))},
    ),
    "marks": (),
}
HISTORY: dict[str, Any] = {
    "kind": "history",
    "title": "De Boer Techniek",
    "alt": "Omzet per maand.",
    "x_title": "Maand",
    "y_title": "Omzet (€)",
    "series": ({"name": "Omzet", "points": (("2025-01-01", 1200.0), ("2025-02-01", 12345.6))},),
    "marks": (("laatste factuur", "2025-02-01", 12345.6),),
}
RATIOS: dict[str, Any] = {
    "kind": "ratios",
    "title": "Hoeveel keer zo vaak",
    "alt": "Techniek 3,7 (1,3 tot 10); beurs 0,12 (0,01 tot 1,8).",
    "x_title": "Kenmerk",
    "y_title": "Keer zo vaak",
    "series": (
        {"name": "Keer", "points": (("Techniek", 3.7), ("beurs", 0.12))},
        {"name": "Minstens", "points": (("Techniek", 1.3), ("beurs", 0.001))},
        {"name": "Hooguit", "points": (("Techniek", 10.2), ("beurs", 1.8))},
    ),
    "marks": (),
}
WEEKS: dict[str, Any] = {
    "kind": "weeks",
    "title": "Puls per week",
    "alt": "Van 3,6 naar 3,1.",
    "x_title": "Week van",
    "y_title": "Gemiddelde (1 tot 5)",
    "series": (
        {"name": "Laatste zes vragen", "points": (("2026-11-09", 3.6), ("2026-11-16", 3.1))},
        {"name": "Vraag van de week", "points": (("2026-11-09", 3.9), ("2026-11-16", 2.8))},
    ),
    "marks": (),
    "span": (1.0, 5.0),
}
ALL = [PARETO, BARS, HISTORY, RATIOS, WEEKS]


def test_weeks_stand_on_their_whole_scale_so_that_a_small_change_looks_small() -> None:
    spec = charts.spec(WEEKS, locale="nl")
    assert '"domain": [1.0, 5.0]' in json.dumps(spec)
    assert '"y_text": "3,6"' in json.dumps(spec)
    assert "Vraag van de week" in texts(charts.svg(WEEKS, locale="nl"))


def names(chart: dict[str, Any]) -> str:
    return str(chart["kind"])


def size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def texts(svg: str) -> str:
    """The words in a picture, markup taken out."""
    return " ".join(re.findall(r">([^<>]+)<", svg)).replace("\u00a0", " ")


def rows(spec: dict[str, Any], has: str) -> list[dict[str, Any]]:
    """The data rows with that field, wherever Vega-Lite keeps them."""
    found: list[dict[str, Any]] = []

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            values = node.get("values")
            if isinstance(values, list):
                found.extend(v for v in values if isinstance(v, dict) and has in v)
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(spec)
    return found


@pytest.mark.parametrize("chart", ALL, ids=names)
def test_picture_has_twice_the_pixels_at_scale_two(chart: dict[str, Any]) -> None:
    small, large = charts.png(chart, locale="nl", scale=1), charts.png(chart, locale="nl")
    assert size(large) == tuple(2 * side for side in size(small))


@pytest.mark.parametrize("chart", ALL, ids=names)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_drawing_needs_no_network(
    chart: dict[str, Any], theme: charts.Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a chart reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert charts.svg(chart, locale="nl", theme=theme).startswith("<svg")
    spec = charts.spec(chart, locale="nl", theme=theme)
    spec.pop("$schema")  # names the grammar; nothing fetches it
    assert "http" not in json.dumps(spec)


@pytest.mark.parametrize("chart", ALL, ids=names)
def test_title_stands_in_the_picture_and_not_twice_in_a_figure(chart: dict[str, Any]) -> None:
    assert chart["title"] in texts(charts.svg(chart, locale="nl", titled=True))
    assert chart["title"] not in texts(charts.svg(chart, locale="nl"))


@pytest.mark.parametrize("chart", ALL, ids=names)
def test_words_of_the_chart_go_with_it(chart: dict[str, Any]) -> None:
    assert charts.spec(chart, locale="nl")["description"] == chart["alt"]


def test_pareto_calls_out_the_cut_off_and_its_point() -> None:
    drawn = texts(charts.svg(PARETO, locale="nl"))
    assert "18 klanten: 80 %" in drawn
    assert "100 %" in drawn
    assert {"y": 0.8} in rows(charts.spec(PARETO, locale="nl"), "y")


def test_percents_are_written_in_the_language() -> None:
    assert "4,4\u00a0%" in [r["text"] for r in rows(charts.spec(BARS, locale="nl"), "text")]
    assert "4.4%" in [r["text"] for r in rows(charts.spec(BARS, locale="en"), "text")]
    assert "100%" in texts(charts.svg(PARETO, locale="en"))


def test_bars_are_labelled_with_their_figure() -> None:
    drawn = texts(charts.svg(BARS, locale="nl"))
    for wanted in ("netwerk", "beurs", "52 %", "41 %", "Topklanten", "Pijplijn"):
        assert wanted in drawn


def test_bars_keep_the_order_of_the_answer() -> None:
    backwards = {
        **BARS,
        "series": [{**s, "points": s["points"][::-1]} for s in BARS["series"]],
    }
    drawn = texts(charts.svg(backwards, locale="nl"))
    assert drawn.index("beurs") < drawn.index("netwerk")


def test_a_sliver_is_not_called_zero() -> None:
    tiny = {**BARS, "series": [{"name": "Topklanten", "points": (("overig", 0.004),)}]}
    assert "0,4 %" in texts(charts.svg(tiny, locale="nl"))


def test_history_writes_days_and_amounts_in_the_language() -> None:
    assert rows(charts.spec(HISTORY, locale="nl"), "x_text")[-1] | {} == {
        "x": "2025-02-01",
        "y": 12345.6,
        "series": "Omzet",
        "x_text": "1 feb 2025",
        "y_text": "12.346",
    }
    assert rows(charts.spec(HISTORY, locale="en"), "x_text")[-1]["y_text"] == "12,346"
    may = {**HISTORY, "series": [{"name": "a", "points": (("2025-05-01", 1.0),)}], "marks": ()}
    assert rows(charts.spec(may, locale="nl"), "x_text")[0]["x_text"] == "1 mei 2025"


def test_axis_of_large_amounts_is_short() -> None:
    points = tuple((f"2025-{month:02d}-01", 1_000_000.0 * month) for month in range(1, 13))
    chart = {**HISTORY, "series": [{"name": "Omzet", "points": points}], "marks": ()}
    assert "mln" in texts(charts.svg(chart, locale="nl"))


def test_a_long_curve_is_thinned_but_keeps_its_ends() -> None:
    points = tuple((i / 9_999, (i / 9_999) ** 0.5) for i in range(10_000))
    chart = {**PARETO, "series": [{"name": "Omzet", "points": points}]}
    kept = rows(charts.spec(chart, locale="nl"), "x_text")
    assert len(kept) == charts.MAX_POINTS
    assert (kept[0]["x"], kept[-1]["x"]) == (0.0, 1.0)


def test_names_of_points_show_in_the_tooltip() -> None:
    points = ((0.0, 0.0), (0.5, 0.8, "De Boer Techniek"), (1.0, 1.0))
    chart = {**PARETO, "series": [{"name": "Omzet", "points": points}]}
    spec = charts.spec(chart, locale="nl")
    assert "De Boer Techniek" in [row["name"] for row in rows(spec, "name")]
    assert "(datum.datum || datum).name" in json.dumps(spec)
    assert "(datum.datum || datum).name" not in json.dumps(charts.spec(PARETO, locale="nl"))


def test_of_many_marks_only_the_one_at_the_cut_off_is_written_out() -> None:
    marks = [("Alfa", 0.1, 0.5), ("Beta", 0.2, 0.7), ("Gamma", 0.3, 0.81), ("Delta", 0.9, 0.99)]
    drawn = texts(charts.svg({**PARETO, "marks": marks}, locale="nl"))
    assert "Gamma" in drawn
    assert not {"Alfa", "Beta", "Delta"} & set(drawn.split())


def test_a_curve_above_the_whole_fits_the_picture() -> None:
    # Credit notes of the last clients bring the total down to 100 %.
    points = ((0.0, 0.0), (0.5, 1.25), (1.0, 1.0))
    spec = charts.spec({**PARETO, "series": [{"name": "Omzet", "points": points}]}, locale="nl")
    assert "[0, 1.25]" in json.dumps(spec)


@pytest.mark.parametrize("kind", ["pareto", "bars", "history", "ratios"])
def test_a_chart_without_points_is_still_a_picture(kind: str) -> None:
    empty = {**PARETO, "kind": kind, "series": [{"name": "Omzet", "points": ()}], "marks": ()}
    assert size(charts.png(empty, locale="en"))[0] > 100


def test_ratios_stand_on_a_log_scale_around_one_with_their_figure() -> None:
    shown = texts(charts.svg(RATIOS, locale="nl"))
    assert "3,7" in shown
    assert "0,12" in shown
    assert re.search(r"\b0,1\b.*\b0,2\b.*\b2\b", shown)
    made = json.dumps(charts.spec(RATIOS, locale="nl"))
    assert '"type": "log"' in made
    assert '"low": 0.02' in made  # an interval that goes on is cut off
    assert [row["clear"] for row in json.loads(made)["data"]["values"]] == [True, False]


def test_markup_in_a_name_is_drawn_as_text() -> None:
    nasty = {**BARS, "series": [{"name": "<script>alert(1)</script>", "points": (("a", 0.5),)}]}
    drawn = charts.svg(nasty, locale="nl")
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        charts.spec({**PARETO, "kind": "pie"}, locale="nl")


def test_series_can_be_told_apart_without_colour() -> None:
    def lightness(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for palette in charts.PALETTES.values():
        first, second = palette.series[:2]
        assert abs(lightness(first) - lightness(second)) > 0.1


def test_browser_gets_one_script_that_fetches_nothing() -> None:
    script = charts.browser_bundle()
    assert "vegaEmbed" in script
    assert not re.findall(r"""import\s*[("'{*]""", script[:2000])


def test_months_on_the_axis_are_dutch() -> None:
    points = tuple((f"2025-{month:02d}-01", 10.0 * month) for month in range(1, 13))
    chart = {**HISTORY, "series": [{"name": "Omzet", "points": points}], "marks": ()}
    assert "okt 2025" in texts(charts.svg(chart, locale="nl"))
    assert "Oct 2025" in texts(charts.svg(chart, locale="en"))
