"""`/ars`: how much of revenue the sales team itself brought in."""

from __future__ import annotations

from typing import Any

from analytics.ars import SALES_CHANNELS, Ars, Contribution
from analytics.ars import ars as compute
from bot.commands._framing import Frame
from bot.core.command import GROSS, GROUP, HOW, Accepts, Arguments, command
from bot.core.reply import Button, Element, Reply, Section, Table, TableColumn, Tone
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_


@command(
    name="ars",
    aliases=("ars-indicator", "salescontribution"),
    summary=N_("How much revenue sales brought in by itself, and introductions"),
    usage=N_("/ars [period] [group] [gross]"),
    group=N_("Hunting"),
    examples=("/ars", "/ars all", "/ars 2025"),
    accepts=frozenset({Accepts.PERIOD}),
    flags=(GROUP, GROSS, HOW),
    steady=True,
    order=40,
)
async def ars(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the ARS-indicator."""
    frame = await Frame.of(request, args, services)
    found = await services.run(compute, frame.scope)
    _ = frame._
    data = {
        "period": frame.period_data(),
        "base": frame.snapshot.meta.base,
        **_data(frame, found.all),
        "top": _data(frame, found.top),
        "introductions": found.introductions,
        "active_clients": found.active_clients,
        "introductions_per_100": found.introductions_per_100,
    }
    if args.has(HOW):
        return _explain(frame, found, data)
    elements: list[Element] = [
        frame.title(_("ARS-indicator")),
        Section(_headline(frame, found), Tone.HEADLINE),
        _table(frame, found),
        Section(_introductions(frame, found)),
    ]
    return frame.reply(
        elements,
        data,
        Button(_("Sources"), frame.tail("/sources")),
        Button(_("Top clients"), frame.tail("/topclients")),
        frame.how_button(frame.tail("/ars")),
    )


def _data(frame: Frame, side: Ars) -> dict[str, Any]:
    figures = frame.figures
    return {
        "total": figures.value(side.total),
        "sales": figures.value(side.sales),
        "unknown": figures.value(side.unknown),
        "lower": figures.share_value(side.lower),
        "known": figures.share_value(side.known),
        "upper": figures.share_value(side.upper),
        "point_allowed": side.point_allowed,
    }


def _headline(frame: Frame, found: Contribution) -> str:
    _, side = frame._, found.all
    if side.total <= 0:
        return _("There is no positive revenue in this period, so no share of it.")
    if side.point_allowed:
        return _(
            "Sales brought in {known} of revenue through its own channels; of top clients {top}.",
            known=frame.figures.share(side.known),
            top=_point(frame, found.top),
        )
    if side.unknown >= side.total:
        return _("No source is known, so nobody can tell what sales brought in.")
    return _(
        "Somewhere between {lower} and {upper} of revenue came through sales: of {unknown} the source "
        "is unknown, too much for one figure.",
        lower=frame.figures.share(side.lower),
        upper=frame.figures.share(side.upper),
        unknown=frame.figures.share(side.unknown / side.total),
    )


def _point(frame: Frame, side: Ars) -> str:
    if side.point_allowed:
        return frame.figures.share(side.known)
    if side.lower is None:
        return "–"
    return f"{frame.figures.share(side.lower)} – {frame.figures.share(side.upper)}"


def _table(frame: Frame, found: Contribution) -> Table:
    _, figures = frame._, frame.figures
    rows = tuple(
        (
            label,
            figures.money(side.total),
            figures.money(side.sales),
            figures.money(side.unknown),
            _point(frame, side),
        )
        for label, side in ((_("All clients"), found.all), (_("Top clients"), found.top))
    )
    heads = (_("Revenue"), _("Through sales"), _("Source unknown"), "ARS")
    return Table((TableColumn(""), *(TableColumn(h, "right") for h in heads)), rows)


def _introductions(frame: Frame, found: Contribution) -> str:
    _ = frame._
    if found.introductions_per_100 is None:
        return _(
            "Introductions per 100 clients cannot be told: that takes 12 months of data before the "
            "period."
        )
    return _.n(
        "{n} new client came by introduction from a client: {rate} per 100 active clients.",
        "{n} new clients came by introduction from a client: {rate} per 100 active clients.",
        found.introductions or 0,
        rate=_.number(found.introductions_per_100, 1),
    )


def _explain(frame: Frame, found: Contribution, data: dict[str, Any]) -> Reply:
    _, snapshot, reading = frame._, frame.snapshot, frame.reading
    names = _.join([frame.channel(c) for c in sorted(SALES_CHANNELS)])
    definition = _(
        "Ballotage's own definition (the blog names the indicator without a formula): the share of "
        "revenue from customers won through {channels}. Lower counts unknown sources as not sales, "
        "known leaves them out, upper counts them as sales; over a quarter unknown, only the interval "
        "is shown. The rows are the customers won by sales.",
        channels=names,
    )
    channel = snapshot.customers["channel"].isin(SALES_CHANNELS).to_numpy()
    codes = [c for c in reading.order.tolist() if channel[c]]
    return frame.explain_customers(
        _("ARS-indicator"), definition, codes, found.all.sales, data, by_channel=True
    )
