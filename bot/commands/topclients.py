"""`/topclients`: the few who bring 80 % of revenue."""

from __future__ import annotations

from typing import Any

from analytics.loyalty import rhythms
from analytics.pareto import CUTOFF
from bot.commands._framing import Frame
from bot.commands._pareto_words import reading_data, reading_line, silent_lines
from bot.commands._trend_words import since_of, trend_words
from bot.core.command import GROSS, GROUP, HOW, Accepts, Arguments, command
from bot.core.parser import LARGEST_COUNT
from bot.core.reply import Button, Element, Reply, Table, TableColumn
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_


@command(
    name="topclients",
    dutch="topklanten",
    aliases=("top", "top-clients"),
    summary=N_("Who brings 80% of revenue, best first"),
    usage=N_("/topclients [N] [period] [group] [gross]"),
    group=N_("Clients"),
    examples=("/topclients", "/topclients 5 all", "/topklanten", "/topklanten 20 2025"),
    accepts=frozenset({Accepts.COUNT, Accepts.PERIOD}),
    flags=(GROUP, GROSS, HOW),
    steady=True,
    order=10,
)
async def topclients(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the top clients."""
    frame = await Frame.of(request, args, services)
    data = reading_data(frame) | {"rows": _rows(frame, args.count)}
    line = frame.tail("/topclients", str(args.count))
    if args.has(HOW):
        return _explain(frame, data)
    elements: list[Element] = [frame.title(frame._("Top clients"))]
    elements += reading_line(frame)
    if data["rows"]:
        elements.append(_table(frame, args.count))
    found = await services.run(rhythms, frame.scope)
    elements += silent_lines(frame, found, limit=2)
    _ = frame._
    buttons = []
    if args.count < frame.reading.top_count <= LARGEST_COUNT:
        count = frame.reading.top_count
        label = _("All {n} top clients", n=_.number(count))
        buttons.append(Button(label, frame.tail("/topclients", str(count))))
    return frame.reply(
        elements,
        data,
        *buttons,
        Button(_("Curve"), frame.tail("/pareto")),
        Button(_("Sources"), frame.tail("/sources")),
        frame.how_button(line),
    )


def _rows(frame: Frame, count: int) -> list[dict[str, Any]]:
    reading, snapshot, figures = frame.reading, frame.snapshot, frame.figures
    rows = []
    for place, code in enumerate(reading.order[:count].tolist(), start=1):
        cumulative = reading.share_of_first(place)
        since = since_of(frame, code)
        rows.append(
            {
                "rank": place,
                "customer_id": snapshot.customer_id(code),
                "name": snapshot.name(code),
                "revenue": figures.value(int(reading.revenue.amount[code])),
                "share": figures.share_value(reading.share(code)),
                "cumulative_share": figures.share_value(cumulative),
                "source": snapshot.text("source", code),
                "channel": snapshot.text("channel", code),
                "since": since,
                "trend": frame.figures.share_value(reading.trend(code)),
                "top": place <= reading.top_count,
            }
        )
    return rows


def _table(frame: Frame, count: int) -> Table:
    _, reading, figures = frame._, frame.reading, frame.figures
    shown = reading.order[:count].tolist()
    has_source = any(frame.snapshot.text("channel", c) != "unknown" for c in shown)
    has_trend = reading.previous is not None and figures.detail != "none"
    rows = []
    for place, code in enumerate(shown, start=1):
        cells = [
            str(place),
            frame.snapshot.name(code),
            figures.money(int(reading.revenue.amount[code])),
            figures.share(reading.share(code)),
        ]
        if has_trend:
            cells.append(trend_words(frame, code))
        if has_source:
            channel = frame.snapshot.text("channel", code) or "unknown"
            cells.append(frame.channel(channel) if channel != "unknown" else "")
        since = since_of(frame, code)
        cells.append(str(since.year) if since else "")
        rows.append(tuple(cells))
    columns = [
        TableColumn("#", "right"),
        TableColumn(_("Client")),
        TableColumn(_("Revenue"), "right"),
        TableColumn(_("Share"), "right"),
    ]
    if has_trend:
        columns.append(TableColumn(_("Trend"), "right"))
    if has_source:
        columns.append(TableColumn(_("Came in by")))
    columns.append(TableColumn(_("Since"), "right"))
    return Table(tuple(columns), tuple(rows), total_rows=reading.customers)


def _explain(frame: Frame, data: dict[str, Any]) -> Reply:
    _, reading = frame._, frame.reading
    definition = _(
        "Top clients are the smallest leading group of customers, by {measure} descending, that "
        "together reach {cutoff} of the revenue of all known customers. The rows below are that "
        "revenue, customer by customer; /client NAME how shows the lines of one customer.",
        measure=frame.measure_text,
        cutoff=_.percent(CUTOFF, 0),
    )
    codes = reading.order.tolist()
    return frame.explain_customers(_("Top clients"), definition, codes, reading.total, data)
