"""`/sources`: how the best clients came in, and where the team hunts."""

from __future__ import annotations

from typing import Any

from analytics.sources import SourceRow, Sources
from analytics.sources import sources as compare
from bot.commands._framing import Frame
from bot.core.command import GROSS, GROUP, HOW, Accepts, Arguments, command
from bot.core.reply import (
    Button,
    Chart,
    Element,
    Reply,
    Section,
    Series,
    Table,
    TableColumn,
    Tone,
)
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_

LOW_ALIGNMENT = 0.5
"""Under this less than half of the pipeline sits where top clients came from."""
WORTH_NAMING = 0.10


@command(
    name="sources",
    dutch="bronnen",
    aliases=("source", "bron"),
    summary=N_("How top clients came in, against where the pipeline comes from"),
    usage=N_("/sources [period] [group] [gross]"),
    group=N_("Hunting"),
    examples=("/sources", "/sources 2025", "/bronnen", "/bronnen all"),
    accepts=frozenset({Accepts.PERIOD}),
    flags=(GROUP, GROSS, HOW),
    steady=True,
    order=30,
)
async def sources(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the sources of clients and pipeline."""
    frame = await Frame.of(request, args, services)
    found = await services.run(compare, frame.scope)
    _ = frame._
    data = _data(frame, found)
    if args.has(HOW):
        return _explain(frame, found, data)
    elements: list[Element] = [frame.title(_("Sources")), *_headline(frame, found)]
    known = any(c.channel != "unknown" for c in found.channels)
    if found.open_deals and known and frame.reading.top_count and frame.figures.detail != "none":
        elements.append(_chart(frame, found))
    if frame.reading.customers and known:
        elements.append(_table(frame, found))
    return frame.reply(
        elements,
        data,
        Button(_("Top clients"), frame.tail("/topclients")),
        Button("ARS", frame.tail("/ars")),
        frame.how_button(frame.tail("/sources")),
    )


def _data(frame: Frame, found: Sources) -> dict[str, Any]:
    return {
        "period": frame.period_data(),
        "base": frame.snapshot.meta.base,
        "rows": [_row(frame, found, row) for row in found.rows],
        "channels": [_row(frame, found, row) for row in found.channels],
        "alignment": _coarse(frame, found.alignment),
        "alignment_by": found.weighed_by,
        "coverage": _coarse(frame, found.coverage),
        "coverage_top": frame.figures.share_value(found.coverage_top),
        "coverage_pipeline": _hunted(frame, found, found.coverage_pipeline),
        "clear_leader": found.clear_leader,
        "open_deals": found.open_deals,
    }


def _coarse(frame: Frame, value: float | None) -> float | None:
    """A mix of many shares: whole percents where exact amounts may not be seen."""
    return value if value is None or frame.figures.exact else round(value, 2)


def _hunted(frame: Frame, found: Sources, share: float | None) -> float | None:
    """A share of the pipeline; one by value gives amounts away as much as a share of revenue does.

    Who knows the amount of one deal could reckon all others from exact shares.
    """
    return frame.figures.share_value(share) if found.weighed_by == "value" else share


def _row(frame: Frame, found: Sources, row: SourceRow) -> dict[str, Any]:
    figures, interval = frame.figures, row.revenue_share_ci
    return {
        "source": row.source,
        "channel": row.channel,
        "customers": row.customers,
        "top_clients": row.top_clients,
        "revenue": figures.value(row.revenue),
        "revenue_share": figures.share_value(row.revenue_share),
        "revenue_share_ci": None
        if interval is None
        else [figures.share_value(i) for i in interval],
        "revenue_without_largest": figures.value(row.revenue_without_largest),
        "top_revenue_share": figures.share_value(row.top_revenue_share),
        "open_deals": row.open_deals,
        "pipeline_value": figures.value(row.pipeline_value),
        "pipeline_share": _hunted(frame, found, row.pipeline_share),
    }


def _headline(frame: Frame, found: Sources) -> list[Element]:
    _, figures = frame._, frame.figures
    known = [c for c in found.channels if c.channel != "unknown"]
    if not known:
        return [
            Section(
                _(
                    "No client has a known source. Add the column source to the customers file: how "
                    "did they come in?"
                ),
                Tone.HEADLINE,
            )
        ]
    out: list[Element] = []
    by_top = sorted(known, key=lambda c: -c.top_revenue)
    best = [c for c in by_top if c.top_clients and (c.top_revenue_share or 0) >= WORTH_NAMING][:3]
    if best:
        named = _.join(
            [f"{frame.channel(c.channel)} ({figures.share(c.top_revenue_share)})" for c in best]
        )
        out.append(Section(_("Top clients came in by {named}.", named=named), Tone.HEADLINE))
    out += _hunting(frame, found, known)
    if found.clear_leader is None and len(known) > 1:
        out.append(
            Section(
                _(
                    "Which channel brings most revenue over all clients cannot be ranked: the "
                    "intervals overlap."
                )
            )
        )
    return out


def _hunting(frame: Frame, found: Sources, known: list[SourceRow]) -> list[Element]:
    _ = frame._
    if not found.open_deals:
        return [Section(_("There are no open deals to compare with; load the deals table."))]
    where = max(known, key=lambda c: c.pipeline_share or 0.0)
    if found.alignment is None:
        return [
            Section(
                _(
                    "Whether the team hunts there cannot be told: under half of the sources is "
                    "known ({top} of top revenue, {pipeline} of the pipeline).",
                    top=frame.figures.share(found.coverage_top),
                    pipeline=_percent(frame, _hunted(frame, found, found.coverage_pipeline)),
                ),
                Tone.WARNING,
            )
        ]
    weighed = _("by value") if found.weighed_by == "value" else _("by number of deals")
    text = _(
        "{share} of the open pipeline ({weighed}) is {channel}, where {top} of top revenue came from. "
        "Alignment {alignment}.",
        share=_percent(frame, _hunted(frame, found, where.pipeline_share or 0.0)),
        weighed=weighed,
        channel=frame.channel(where.channel),
        top=frame.figures.share(where.top_revenue_share),
        alignment=_.percent(found.alignment, 0),
    )
    if found.alignment >= LOW_ALIGNMENT:
        return [Section(text)]
    return [Section(text + " " + _("The team hunts elsewhere."), Tone.WARNING)]


def _percent(frame: Frame, share: float | None) -> str:
    return frame._.percent(share, 0) if share is not None else "–"


def _table(frame: Frame, found: Sources) -> Table:
    _, figures = frame._, frame.figures
    rows = []
    for row in found.channels:
        interval = "–"
        if row.revenue_share_ci is not None and figures.exact:
            low, high = row.revenue_share_ci
            interval = f"{_.number(low * 100)}–{_.percent(high, 0)}"
        rows.append(
            (
                frame.channel(row.channel).capitalize(),
                _.number(row.customers),
                _.number(row.top_clients),
                figures.share(row.revenue_share),
                interval,
                figures.share(row.top_revenue_share),
                _.number(row.open_deals),
                _percent(frame, _hunted(frame, found, row.pipeline_share)),
            )
        )
    heads = (
        _("Clients"),
        _("Top"),
        _("Revenue"),
        _("95% interval"),
        _("Of top revenue"),
        _("Open deals"),
        _("Of pipeline"),
    )
    columns = (TableColumn(_("Came in by")), *(TableColumn(head, "right") for head in heads))
    return Table(columns, tuple(rows))


def _chart(frame: Frame, found: Sources) -> Chart:
    _ = frame._
    shown = sorted(
        (c for c in found.channels if c.top_revenue or c.pipeline_share),
        key=lambda c: -(c.top_revenue_share or 0.0),
    )
    top = tuple(
        (frame.channel(c.channel), max(frame.figures.drawn(c.top_revenue_share), 0.0))
        for c in shown
    )
    hunt = tuple(
        (frame.channel(c.channel), _hunted(frame, found, c.pipeline_share) or 0.0) for c in shown
    )
    told = "; ".join(
        _(
            "{channel}: {top} of top revenue, {pipeline} of the pipeline",
            channel=name,
            top=_.percent(share, 0),
            pipeline=_.percent(other, 0),
        )
        for (name, share), (_same, other) in zip(top, hunt, strict=True)
    )
    return Chart(
        kind="bars",
        title=_("Where top clients came from; where the team hunts"),
        alt=told + ".",
        x_title="",
        y_title=_("Share"),
        series=(Series(_("Revenue of top clients"), top), Series(_("Open pipeline"), hunt)),
    )


def _explain(frame: Frame, found: Sources, data: dict[str, Any]) -> Reply:
    _, reading, snapshot = frame._, frame.reading, frame.snapshot
    definition = _(
        "Each customer's revenue counts for the source in the customers file; intervals are from "
        "1,000 resamples of customers. Alignment is 1 minus half the summed difference between the "
        "mix of top revenue and the mix of the open pipeline ({weighed}) over known channels. "
        "The rows are customers by channel; their sum is the revenue.",
        weighed=_("by value") if found.weighed_by == "value" else _("by number of deals"),
    )
    codes = sorted(
        reading.order.tolist(),
        key=lambda c: (str(snapshot.text("channel", c)), -int(reading.revenue.amount[c])),
    )
    return frame.explain_customers(
        _("Sources"), definition, codes, reading.total, data, by_channel=True
    )
