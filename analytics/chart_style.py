"""The look of charts: colours, type and the numbers and months of a language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

Theme = Literal["light", "dark"]

FONT = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"
PICTURE_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a theme. The series differ in lightness too, so they survive grey and any eye."""

    ink: str
    muted: str
    grid: str
    paper: str
    series: tuple[str, ...]


PALETTES: dict[str, Palette] = {
    "light": Palette(
        ink="#1c2421", muted="#56625d", grid="#e4e2da", paper="#ffffff",
        series=("#0b5d4e", "#e39a3b", "#7a6fb0", "#8c8c86"),
    ),
    "dark": Palette(
        ink="#eef2ef", muted="#a5b3ac", grid="#33403a", paper="#1a211e",
        series=("#5cc7ae", "#e0873a", "#b3a8ea", "#9aa39e"),
    ),
}  # fmt: skip

NUMBERS: dict[str, dict[str, Any]] = {
    "nl": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["€\u00a0", ""]},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["€", ""]},
}
MILLION = {"nl": "mln", "en": "M"}


def config(language: str, palette: Palette) -> dict[str, Any]:
    """Return the Vega-Lite config: type, axes, legend, and how numbers and months are written."""
    axis = {
        "labelColor": palette.muted, "titleColor": palette.muted, "gridColor": palette.grid,
        "domainColor": palette.grid, "tickColor": palette.grid, "labelFontSize": 12,
        "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 10, "labelPadding": 6,
        "domain": False, "ticks": False,
    }  # fmt: skip
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": axis,
        "legend": {
            "labelColor": palette.ink, "labelFontSize": 12, "title": None, "orient": "top",
            "direction": "horizontal", "symbolType": "square", "symbolSize": 120, "offset": 12,
            "labelLimit": 240, "columns": 1,
        },
        "title": {"color": palette.ink, "fontWeight": 600},
        "locale": {"number": NUMBERS[language], "time": _time_locale(language)},
    }  # fmt: skip


def _time_locale(language: str) -> dict[str, Any]:
    from babel.dates import get_day_names

    def days(width: Literal["wide", "abbreviated"]) -> list[str]:
        names = get_day_names(width, locale=language)
        return [names[(day - 1) % 7] for day in range(7)]  # Vega counts from Sunday

    return {
        "dateTime": "%a %e %B %Y %X", "date": "%d-%m-%Y", "time": "%H:%M:%S",
        "periods": ["AM", "PM"], "days": days("wide"), "shortDays": days("abbreviated"),
        "months": _months("wide", language), "shortMonths": _months("abbreviated", language),
    }  # fmt: skip


def _months(width: Literal["wide", "abbreviated"], language: str) -> list[str]:
    from babel.dates import get_month_names

    names = get_month_names(width, locale=language)
    return [names[month].removesuffix(".") for month in range(1, 13)]


def percent(share: float, language: str, digits: int = 1) -> str:
    """Write a share: .118 is `11,8 %` in Dutch, `11.8%` in English."""
    text = number(share * 100, language, digits)
    return f"{text}\u00a0%" if language == "nl" else f"{text}%"


def number(value: float, language: str, digits: int = 0) -> str:
    """Write a number with the grouping and decimal sign of the language."""
    text = f"{value:,.{digits}f}"
    if language == "nl":
        text = text.translate(str.maketrans(",.", ".,"))
    return text


def day(text: str, language: str) -> str:
    """Write an ISO day (or month) as `31 okt 2026` (or `okt 2026`)."""
    months = _months("abbreviated", language)
    if len(text) == 7:
        return f"{months[int(text[5:7]) - 1]} {text[:4]}"
    date = dt.date.fromisoformat(text[:10])
    return f"{date.day} {months[date.month - 1]} {date.year}"
