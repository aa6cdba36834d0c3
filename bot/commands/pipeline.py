"""`/pipeline`: open deals with their verdicts, where the effort goes, what to drop and to push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.commands._framing import Frame
from bot.commands._pipeline_picks import called, drop_lines, push_lines
from bot.commands._pipeline_view import PipelineView, told_by_subject, view_of
from bot.commands._pipeline_words import (
    effort_lines,
    effort_text,
    headline,
    notes,
    nothing,
    title,
)
from bot.commands._qualify_data import change_data
from bot.commands._qualify_words import verdict_word
from bot.core.command import ALL_ROWS, Accepts, Arguments, command
from bot.core.parser import LARGEST_COUNT
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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics.ballotage.verdict import Verdict
    from analytics.pipeline import OpenDeal


@command(
    name="pipeline",
    dutch="pijplijn",
    aliases=("funnel", "open-deals"),
    summary=N_("Open deals with verdicts: what to drop, what to double down on"),
    usage=N_("/pipeline [N] [owner NAME]"),
    group=N_("Ballotage"),
    examples=("/pipeline", "/pijplijn 20", "/pipeline more", "/pijplijn 3"),
    accepts=frozenset({Accepts.COUNT, Accepts.NAME, Accepts.FACTS}),
    flags=(ALL_ROWS,),
    for_models=True,
    order=13,
)
async def pipeline(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the open deals: a rep's own, everybody's for the MT."""
    frame = await Frame.of(request, args, services)
    conditions = await services.run(services.conditions.current)
    told = await services.run(told_by_subject, services, request.principal.tenant)
    view = await services.run(view_of, frame, conditions, told)
    if isinstance(view, Reply):
        return view
    shown = _shown(view)
    data = _data(view, shown)
    if not view.deals:
        return frame.reply([title(view), *nothing(view)], data, compares=False)
    elements: list[Element] = [title(view), Section(headline(view), Tone.HEADLINE)]
    if not args.has(ALL_ROWS):
        elements += [*effort_lines(view), drop_lines(view), push_lines(view)]
        elements += [_chart(view), _channels(view)]
    elements += [_table(view, shown), *notes(view)]
    return frame.reply(elements, data, *_buttons(view, shown), compares=False)


def _shown(view: PipelineView) -> list[OpenDeal]:
    """The deals of the table, the largest first; by score for who may see no amounts."""
    count = LARGEST_COUNT if view.frame.args.has(ALL_ROWS) else view.frame.args.count
    if view.frame.figures.detail == "none" or not view.total.valued:
        ordered = sorted(view.deals, key=lambda d: (-d.score, d.deal_id))
    else:
        ordered = sorted(
            view.deals, key=lambda d: (d.amount is None, -(d.amount or 0), -d.score, d.deal_id)
        )
    return ordered[:count]


def _buttons(view: PipelineView, shown: list[OpenDeal]) -> list[Button]:
    """One for each of the deals that were named, and one for the rest of the table."""
    named = [*view.drop, *(one.deal for one in view.push)]
    # An equals sign in an id would be read as a fact.
    buttons = [
        Button(called(d), f"/qualify {d.deal_id}")
        for d in named
        if d.askable and "=" not in d.deal_id
    ]
    if view.frame.args.has(ALL_ROWS):
        buttons = []
    elif len(shown) < len(view.deals):
        who = "" if view.mine or view.owner is None else f" owner {min(view.owner.written)}"
        buttons.append(Button(view.frame._("More"), f"/pipeline {ALL_ROWS.name}{who}"))
    return buttons


def _order() -> tuple[Verdict, ...]:
    from analytics.ballotage.verdict import Verdict

    return (Verdict.ADMIT, Verdict.WAITLIST, Verdict.DECLINE)


def _chart(view: PipelineView) -> Chart:
    frame, _ = view.frame, view.frame._
    rows = [r for r in view.total.channels if any(r.deals.values())]
    told = "; ".join(
        _(
            "{channel}: {admit} admitted, {waitlist} on the waiting list, {decline} declined",
            channel=frame.channel(row.channel),
            **{v.value: _.number(row.deals[v]) for v in _order()},
        )
        for row in rows
    )
    every = len(view.deals)
    return Chart(
        kind="bars",
        title=_("Verdicts by channel, as a share of the open deals"),
        alt=_("Open deals by channel. {list}.", list=told),
        x_title="",
        y_title=_("Share of the open deals"),
        series=tuple(
            Series(
                verdict_word(_, v).capitalize(),
                tuple((frame.channel(r.channel), r.deals[v] / every) for r in rows),
            )
            for v in _order()
        ),
    )


def _channels(view: PipelineView) -> Table:
    frame, _ = view.frame, view.frame._
    total = view.total.total_effort
    heads = [_("Open deals"), *(verdict_word(_, v).capitalize() for v in _order())]
    heads += [_("Of the effort")] if total else []
    heads += [_("Of top revenue")] if frame.figures.detail != "none" else []
    rows = []
    for row in view.total.channels:
        cells = [
            frame.channel(row.channel).capitalize(),
            _.number(sum(row.deals.values())),
            *(_.number(row.deals[v]) for v in _order()),
        ]
        cells += [_.percent(row.effort / total, 0)] if total else []
        cells += [frame.figures.share(row.top_share)] if frame.figures.detail != "none" else []
        rows.append(tuple(cells))
    columns = (TableColumn(_("Came in by")), *(TableColumn(head, "right") for head in heads))
    return Table(columns, tuple(rows))


def _table(view: PipelineView, shown: list[OpenDeal]) -> Table:
    frame, _ = view.frame, view.frame._
    amounts = frame.figures.detail != "none" and bool(view.total.valued)
    whose = view.owner is None and view.total.ownerless < len(view.deals)
    columns = [TableColumn(_("Deal")), TableColumn(_("Verdict")), TableColumn(_("Score"), "right")]
    columns += [TableColumn(_("Amount"), "right")] if amounts else []
    columns += [TableColumn(_("Came in by")), TableColumn(_("Days open"), "right")]
    columns += [TableColumn(_("Effort"), "right")] if view.total.total_effort else []
    columns += [TableColumn(_("Owner"))] if whose else []
    rows = []
    for deal in shown:
        cells = [called(deal), verdict_word(_, deal.verdict), _.number(int(deal.score + 1e-9))]
        if amounts:
            cells.append("" if deal.amount is None else frame.figures.money(deal.amount))
        cells.append(frame.channel(deal.channel) if deal.channel != "unknown" else "")
        cells.append("" if deal.age is None else _.number(deal.age))
        if view.total.total_effort:
            cells.append(effort_text(view, deal.effort) if deal.effort else "")
        if whose:
            cells.append(deal.owner.name if deal.owner else "")
        rows.append(tuple(cells))
    return Table(tuple(columns), tuple(rows), total_rows=len(view.deals))


def _data(view: PipelineView, shown: list[OpenDeal]) -> dict[str, Any]:
    frame, total, found, figures = view.frame, view.total, view.found, view.frame.figures
    tables = frame.snapshot.meta.rows
    missing = [] if tables.get("deals") else ["deals"]
    missing += [] if found.notes else ["activities"]
    worked = total.total_effort
    return {
        "mine": view.mine,
        "owner": view.owner.name if view.owner else None,
        "open_deals": len(view.deals),
        "verdicts": _by_verdict(total.deals),
        "value": figures.value(total.value) if total.valued else None,
        "valued_deals": total.valued,
        "declined_value": figures.value(total.declined) if total.valued else None,
        "declined_value_share": figures.share_value(total.declined / total.value)
        if total.by_value
        else None,
        "without_owner": sum(d.owner is None for d in found.deals),
        "effort": {
            "unit": "minutes" if found.in_minutes else "activities",
            "total": worked,
            "deals": total.worked_on,
            "by_verdict": _by_verdict(total.effort),
            "declined_share": total.effort[_order()[2]] / worked,
        }
        if worked
        else None,
        "channels": [
            {
                "channel": r.channel,
                "open_deals": sum(r.deals.values()),
                "verdicts": _by_verdict(r.deals),
                "effort": r.effort if worked else None,
                "top_revenue_share": figures.share_value(r.top_share),
            }
            for r in total.channels
        ],
        "drop": [_deal(view, d) for d in view.drop],
        "double_down": [
            _deal(view, one.deal)
            | {
                "expected_revenue": figures.value(one.expected.median) if one.expected else None,
                "needs": None if one.change is None else change_data(one.change),
            }
            for one in view.push
        ],
        "rows": [_deal(view, d) for d in shown],
        "long_waiting_days": found.patience.days,
        "missing_tables": missing,
        "conditions_version": view.conditions.version,
    }


def _by_verdict(counts: Mapping[Verdict, int]) -> dict[str, int]:
    return {v.value: counts[v] for v in _order()}


def _deal(view: PipelineView, deal: OpenDeal) -> dict[str, Any]:
    figures = view.frame.figures
    return {
        "deal_id": deal.deal_id,
        "prospect": deal.name,
        "verdict": deal.verdict.value,
        "score": deal.score,
        "fit": deal.fit,
        "missed": [c.id for c in deal.missed],
        "unknown": [c.id for c in deal.unknown],
        "client": deal.client,
        "owner": deal.owner.name if deal.owner else None,
        "channel": deal.channel,
        "amount": None if deal.amount is None else figures.value(deal.amount),
        "days_open": deal.age,
        "activities": deal.notes,
        "effort": deal.effort,
    }
