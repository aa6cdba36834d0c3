"""A nudge as one picture, for those who look rather than read: its words, and its evidence drawn."""

from __future__ import annotations

import dataclasses
import textwrap
from html import escape

from bot.core.reply import Chart, Context, Reply, Section, Tone, plain_text

WIDTH, MARGIN = 760, 36
INK, MUTED, ACCENT, PAPER = "#1c2421", "#56625d", "#0b5d4e", "#ffffff"
FONT = "Liberation Sans, DejaVu Sans, Arial, sans-serif"
SIZES = {Tone.TITLE: (15, 88), Tone.HEADLINE: (25, 52), Tone.NORMAL: (17, 78)}
"""Size and characters a line, by tone."""


def svg(reply: Reply, chart: Chart | None = None) -> str:
    """The nudge as an SVG of fixed width, as tall as it needs to be."""
    lines: list[str] = []
    at = MARGIN + 14
    for element in reply.elements:
        if isinstance(element, Section):
            size, width = SIZES.get(element.tone, SIZES[Tone.NORMAL])
            colour = MUTED if element.tone is Tone.TITLE else INK
            weight = "600" if element.tone is Tone.HEADLINE else "400"
            text = element.text
        elif isinstance(element, Context):
            size, width, colour, weight, text = 13, 102, MUTED, "400", element.text
        else:
            continue
        for line in textwrap.wrap(text, width) or [""]:
            lines.append(
                f'<text x="{MARGIN}" y="{at + size}" font-size="{size}" font-weight="{weight}" '
                f'fill="{colour}">{escape(line)}</text>'
            )
            at += round(size * 1.4)
        at += 10
    drawn = ""
    if chart is not None:
        from analytics.charts import svg as draw

        inner = draw(dataclasses.asdict(chart), locale=reply.locale, titled=True)
        scale = min(1.0, (WIDTH - 2 * MARGIN) / max(1.0, _size(inner, "width")))
        place = f"translate({MARGIN},{at}) scale({scale:.4f})"
        drawn = f'<g transform="{place}">{inner}</g>'
        at += round(scale * _size(inner, "height")) + 10
    height = at + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="{FONT}">'
        f"<title>{escape(plain_text(reply)[:2_000])}</title>"
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>'
        f'<rect width="6" height="{height}" fill="{ACCENT}"/>{"".join(lines)}{drawn}</svg>'
    )


def png(reply: Reply, chart: Chart | None = None, *, scale: float = 2) -> bytes:
    """The same as a PNG, `scale` pixels to the point."""
    import vl_convert

    drawn: bytes = vl_convert.svg_to_png(svg(reply, chart), scale=scale)
    return drawn


def _size(drawn: str, side: str) -> float:
    """The width or height that a chart's SVG says it has."""
    _, _, rest = drawn.partition(f'{side}="')
    return float(rest.partition('"')[0] or 0)
