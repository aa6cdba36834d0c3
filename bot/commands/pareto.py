"""`/pareto`: the curve, the dependence risk, and who entered and left the top group."""

from __future__ import annotations

from typing import Any

from bot.commands._framing import Frame
from bot.commands._pareto_words import dependence_fields, reading_data, reading_line
from bot.core.command import GROSS, GROUP, HOW, Accepts, Arguments, command
from bot.core.reply import Button, Chart, Element, Fields, Reply, Section, Series
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_

POINTS = 60
"""Points drawn of the curve; more cannot be told apart on a screen."""
NAMES_SHOWN = 6


@command(
    name="pareto",
    aliases=("curve", "concentration", "concentratie"),
    summary=N_("How much hangs on how few: the curve, the risk, who entered and left"),
    usage=N_("/pareto [period] [group] [gross]"),
    group=N_("Clients"),
    examples=("/pareto", "/pareto 2025", "/pareto all"),
    accepts=frozenset({Accepts.PERIOD}),
    flags=(GROUP, GROSS, HOW),
    steady=True,
    order=20,
)
async def pareto(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the Pareto curve."""
    frame = await Frame.of(request, args, services)
    _, reading = frame._, frame.reading
    curve = _curve(frame)
    data = reading_data(frame) | {
        "curve": [{"share_of_customers": x, "share_of_revenue": y} for x, y in curve],
        "entered": _clients(frame, reading.entered),
        "left": _clients(frame, reading.left),
    }
    if args.has(HOW):
        return _explain(frame, data)
    elements: list[Element] = [frame.title("Pareto"), *reading_line(frame)]
    if len(curve) > 2 and frame.figures.detail != "none":
        elements.append(_chart(frame, curve))
    if reading.total > 0:
        elements.append(Fields(dependence_fields(frame)))
    elements += _changes(frame)
    return frame.reply(
        elements,
        data,
        Button(_("Top clients"), frame.tail("/topclients")),
        Button(_("Sources"), frame.tail("/sources")),
        frame.how_button(frame.tail("/pareto")),
    )


def _curve(frame: Frame) -> list[tuple[float, float]]:
    """Points (share of customers, cumulative share of revenue), the 80 % point among them."""
    reading = frame.reading
    size = len(reading.order)
    if reading.total <= 0 or not size:
        return []
    step = max(1, size // POINTS)
    places = sorted({*range(step, size + 1, step), reading.top_count, size})
    points = [(p / size, reading.share_of_first(p) or 0.0) for p in places]
    if frame.figures.detail == "none":
        return []
    points = [(x, frame.figures.drawn(y)) for x, y in points]  # exact, it gives each share away
    return [(0.0, 0.0), *points]


def _chart(frame: Frame, curve: list[tuple[float, float]]) -> Chart:
    _, reading = frame._, frame.reading
    at = (
        reading.top_share_of_base or 0.0,
        frame.figures.drawn(reading.share_of_first(reading.top_count)),
    )
    return Chart(
        kind="pareto",
        title=f"{_('Cumulative revenue')} · {frame.period_text}",
        alt=_(
            "Curve of cumulative revenue: the first {x} of customers bring {y}; the five largest {five}.",
            x=_.percent(at[0]),
            y=_.percent(at[1], 0),
            five=frame.figures.share(reading.top5_share),
        ),
        x_title=_("Share of customers"),
        y_title=_("Share of revenue"),
        series=(Series(_("Customers"), tuple(curve)),),
        marks=(
            (
                _.n("{n} top client", "{n} top clients", reading.top_count),
                at[0],
                at[1],
            ),
        ),
    )


def _clients(frame: Frame, codes: Any) -> list[dict[str, Any]] | None:
    if codes is None:
        return None
    return [
        {"customer_id": frame.snapshot.customer_id(c), "name": frame.snapshot.name(c)}
        for c in codes.tolist()
    ]


def _changes(frame: Frame) -> list[Element]:
    _, reading = frame._, frame.reading
    if reading.entered is None or reading.left is None:
        return [
            Section(
                _("Who entered or left the top group cannot be told: the data starts too late.")
            )
        ]
    out: list[Element] = []
    for codes, text in (
        (reading.entered, _("New in the top group: {names}.", names="{names}")),
        (reading.left, _("No longer in it: {names}.", names="{names}")),
    ):
        names = [frame.snapshot.name(c) for c in codes.tolist()]
        if names:
            shown = _.join(names[:NAMES_SHOWN])
            if len(names) > NAMES_SHOWN:
                more = len(names) - NAMES_SHOWN
                shown = ", ".join(names[:NAMES_SHOWN]) + _.n(" and {n} more", " and {n} more", more)
            out.append(Section(text.replace("{names}", shown)))
    return out or [Section(_("The top group is the same as in the period before."))]


def _explain(frame: Frame, data: dict[str, Any]) -> Reply:
    _, reading = frame._, frame.reading
    definition = _(
        "The curve adds up customers' revenue from the largest down, as a share of {total}. "
        "HHI is the sum of squared shares times 10,000, Gini the inequality between customers, both "
        "over customers above zero. The rows are the top group, whose sum is its revenue.",
        total=frame.figures.money(reading.total, cents=True),
    )
    codes = reading.top.tolist()
    return frame.explain_customers("Pareto", definition, codes, reading.top_revenue, data)
