"""`/client NAME`: one client, its weight, its rhythm, how it came in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from analytics.loyalty import Rhythm, rhythms
from analytics.period import add_months
from analytics.snapshot import INVOICES, from_epoch, to_epoch
from analytics.sources import open_deals
from bot.commands._framing import Frame, one_client
from bot.commands._pareto_words import is_daily, silent_text
from bot.commands._trend_words import since_of, trend_words
from bot.core.command import GROSS, GROUP, HOW, Accepts, Arguments, command
from bot.core.reply import Button, Chart, Element, Fields, Reply, Section, Series, Tone
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import UserError
from bot.i18n import N_

MONTHS_DRAWN = 24
USAGE = N_("/client NAME or ID [period] [group] [gross]")


@command(
    name="client",
    dutch="klant",
    aliases=("customer",),
    summary=N_("One client: weight, rhythm, how it came in"),
    usage=USAGE,
    group=N_("Clients"),
    examples=("/client {client}", "/klant {client}", "/client {client} all"),
    accepts=frozenset({Accepts.NAME, Accepts.PERIOD}),
    flags=(GROUP, GROSS, HOW),
    steady=True,
    order=15,
)
async def client(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with one client."""
    if not args.text:
        raise UserError(
            "Which client? Usage: {usage}", usage="/client NAME or ID [period] [group] [gross]"
        )
    frame = await Frame.of(request, args, services)
    code = one_client(frame, frame.tail("/client"))
    if isinstance(code, Reply):
        return code
    rhythm = (await services.run(rhythms, frame.scope)).get(code)
    data = _data(frame, code, rhythm)
    if args.has(HOW):
        return await services.run(_explain, frame, code, data)
    elements: list[Element] = [
        frame.title(frame.snapshot.name(code)),
        Section(_headline(frame, code), Tone.HEADLINE),
    ]
    if rhythm and rhythm.quiet:
        elements.append(Section(silent_text(frame, rhythm), Tone.WARNING))
    elements.append(Fields(_fields(frame, code, rhythm)))
    if (chart := _chart(frame, code)) is not None:
        elements.append(chart)
    _, name = frame._, frame.snapshot.customer_id(code)
    return frame.reply(
        elements,
        data,
        Button(_("What if we lose them?"), frame.tail(f"/whatif lose {name}")),
        Button(_("Top clients"), frame.tail("/topclients")),
        frame.how_button(frame.tail(f"/client {name}")),
    )


def _deals(frame: Frame, code: int) -> pd.DataFrame:
    deals = open_deals(frame.scope)
    members = np.flatnonzero(frame.scope.entity == code)
    return deals[deals["customer"].isin(members)]


def _data(frame: Frame, code: int, rhythm: Rhythm | None) -> dict[str, Any]:
    reading, snapshot, figures = frame.reading, frame.snapshot, frame.figures
    rank = reading.rank(code)
    deals = _deals(frame, code)
    return {
        "period": frame.period_data(),
        "base": snapshot.meta.base,
        "customer_id": snapshot.customer_id(code),
        "name": snapshot.name(code),
        "revenue": figures.value(int(reading.revenue.amount[code])),
        "share": figures.share_value(reading.share(code)),
        "rank": rank,
        "customers": reading.customers,
        "top": rank is not None and rank <= reading.top_count,
        "trend": figures.share_value(reading.trend(code)),
        "source": snapshot.text("source", code),
        "channel": snapshot.text("channel", code),
        "referred_by": _referrer(frame, code),
        "since": since_of(frame, code),
        "owner": snapshot.text("owner", code),
        "segment": snapshot.text("segment", code),
        "region": snapshot.text("region", code),
        "invoice_days": rhythm.days if rhythm else 0,
        "last_invoice": rhythm.last if rhythm else None,
        "usual_gap_days": rhythm.usual_gap if rhythm else None,
        "gap_days": rhythm.gap if rhythm else None,
        "quiet": rhythm.quiet if rhythm else False,
        "open_deals": len(deals),
        "pipeline_value": figures.value(int(deals["amount"].fillna(0).sum())),
    }


def _referrer(frame: Frame, code: int) -> str | None:
    referrer = int(frame.snapshot.cell("referrer", code))
    return (
        frame.snapshot.name(referrer) if referrer >= 0 else frame.snapshot.text("referred_by", code)
    )


def _headline(frame: Frame, code: int) -> str:
    _, reading, figures = frame._, frame.reading, frame.figures
    rank = reading.rank(code)
    if rank is None:
        return _("Not invoiced in this period.")
    amount = figures.money(int(reading.revenue.amount[code]))
    words = {
        "rank": _.number(rank),
        "base": frame.base_text,
        "amount": amount,
        "share": figures.share(reading.share(code)),
    }
    if rank <= reading.top_count:
        return _("Top client: number {rank} of {base}, {amount}, {share} of revenue.", **words)
    return _("Number {rank} of {base}, {amount}, {share} of revenue.", **words)


def _fields(frame: Frame, code: int, rhythm: Rhythm | None) -> tuple[tuple[str, str], ...]:
    _, snapshot = frame._, frame.snapshot
    channel = snapshot.text("channel", code) or "unknown"
    source = snapshot.text("source", code)
    came = frame.channel(channel) + (f" ({source})" if source and channel != "unknown" else "")
    referrer = _referrer(frame, code)
    deals = _deals(frame, code)
    since = since_of(frame, code)
    fields: list[tuple[str, str]] = [
        (_("Customer id"), snapshot.customer_id(code)),
        (_("Came in by"), came + (f", {_('introduced by')} {referrer}" if referrer else "")),
        (_("Client since"), _.date(since) if since else _("before the data starts")),
    ]
    if trend := trend_words(frame, code):
        fields.append((_("Against the period before"), trend))
    if rhythm:
        fields.append((_("Rhythm"), _rhythm_text(frame, rhythm)))
    for label, column in (
        (_("Segment"), "segment"),
        (_("Region"), "region"),
        (_("Owner"), "owner"),
    ):
        if value := snapshot.text(column, code):
            fields.append((label, value))
    if len(deals):
        known = deals["amount"].dropna()
        value = frame.figures.money(int(known.sum())) if len(known) else _("amount not known")
        fields.append((_("Open deals"), f"{_.number(len(deals))} · {value}"))
    return tuple(fields)


def _rhythm_text(frame: Frame, rhythm: Rhythm) -> str:
    _, invoices = frame._, frame.snapshot.meta.base == INVOICES
    last = _.date(rhythm.last)
    if rhythm.usual_gap is None:
        return (
            _("invoiced on 1 day in all data, {last}", last=last)
            if invoices
            else _("deals won on 1 day in all data, {last}", last=last)
        )
    words = {"n": _.number(rhythm.days), "last": last}
    if is_daily(rhythm):
        return (
            _("invoiced on {n} days in all data, usually every day, last on {last}", **words)
            if invoices
            else _("deals won on {n} days in all data, usually every day, last on {last}", **words)
        )
    usual = _.number(rhythm.usual_gap)
    return (
        _.n(
            "invoiced on {n} day in all data, usually every {usual} days, last on {last}",
            "invoiced on {n} days in all data, usually every {usual} days, last on {last}",
            rhythm.days,
            usual=usual,
            last=last,
        )
        if invoices
        else _.n(
            "deals won on {n} day in all data, usually every {usual} days, last on {last}",
            "deals won on {n} days in all data, usually every {usual} days, last on {last}",
            rhythm.days,
            usual=usual,
            last=last,
        )
    )


def _chart(frame: Frame, code: int) -> Chart | None:
    """Revenue a month over the last two years of data; None where amounts may not be seen."""
    if not frame.figures.exact:
        return None
    s, _ = frame.snapshot, frame._
    end = frame.scope.end
    first_month = add_months(end.replace(day=1), 1 - MONTHS_DRAWN)
    members = np.isin(s.day_customer, np.flatnonzero(frame.scope.entity == code))
    inside = members & (s.day_date >= to_epoch(first_month)) & (s.day_date <= to_epoch(end))
    if not inside.any():
        return None
    months: dict[dt.date, int] = {add_months(first_month, i): 0 for i in range(MONTHS_DRAWN)}
    amounts = s.day_gross if frame.scope.gross else s.day_net
    for day, amount in zip(s.day_date[inside].tolist(), amounts[inside].tolist(), strict=True):
        months[from_epoch(day).replace(day=1)] += amount
    start = max(first_month, s.first_date.replace(day=1))
    points = tuple((m.isoformat(), a / 10_000) for m, a in months.items() if m >= start)
    best = max(points, key=lambda p: p[1])
    return Chart(
        kind="history",
        title=_("Revenue a month"),
        alt=_(
            "Revenue a month from {start} to {end}; the highest month is {best} with {amount}.",
            start=_.date(start),
            end=_.date(end),
            best=_.month(dt.date.fromisoformat(str(best[0]))),
            amount=_.money(best[1]),
        ),
        x_title="",
        y_title=frame.snapshot.meta.home_currency,
        series=(Series(s.name(code), points),),
    )


def _explain(frame: Frame, code: int, data: dict[str, Any]) -> Reply:
    _, figures = frame._, frame.figures
    members = np.flatnonzero(frame.scope.entity == code).tolist()
    lines = pd.concat([frame.snapshot.lines_of(member) for member in members])
    days = pd.to_datetime(lines["date"]).dt.date
    period = frame.scope.period
    end = min(period.end, frame.scope.as_of) if frame.scope.as_of else period.end
    lines = lines.assign(date=days)[(days >= period.start) & (days <= end)]
    if frame.scope.gross:
        lines = lines[lines["amount"] > 0]
    rows: list[tuple[tuple[str, ...], dict[str, Any]]] = []
    line: Any
    for line in lines.sort_values("date", kind="stable").itertuples():
        invoice = "" if pd.isna(line.invoice_id) else str(line.invoice_id)
        place = f"{line.file}:{line.line_no}"
        cells = (_.date(line.date), invoice, place, figures.money(int(line.amount), cents=True))
        row = {
            "date": line.date,
            "invoice_id": invoice or None,
            "file": str(line.file),
            "line": int(line.line_no),
            "amount": figures.value(int(line.amount)),
        }
        rows.append((cells, row))
    definition = _(
        "The revenue of a customer is the sum of its lines in the period, credit notes counted "
        "against it. These are the lines, each with the file and line number it was loaded from."
    )
    columns = (_("Date"), _("Invoice"), _("File and line"), _("Amount"))
    total = int(frame.reading.revenue.amount[code])
    return frame.explain(frame.snapshot.name(code), definition, columns, rows, total, data)
