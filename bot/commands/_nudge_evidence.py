"""The evidence of a nudge: its figures by name, a picture, and the command that shows it today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analytics.period import add_months
from analytics.snapshot import Snapshot, from_epoch, to_epoch
from bot.core.reply import Chart, Series
from bot.i18n import Localizer

if TYPE_CHECKING:
    from bot.core.services import Services
    from bot.scheduling.telling import Message, Telling

MONTHS = 24
COMMANDS = {
    "concentration-rising": "/pareto",
    "alignment-low": "/sources",
    "pipeline-drifting": "/sources",
    "source-dried-up": "/sources",
    "ars-falling": "/ars",
    "unknown-sources": "/sources",
    "hours-cold": "/sources",
    "data-stale": "/ballotage status",
    "pulse-dropping": "/pulse",
    "mt-time-low": "/mtweek",
    "largest-client-heavy": "/whatif lose {subject}",
}
CLIENT, DEFAULT = "/client {subject}", "/topclients"


def command_of(message: Message) -> str:
    """The command that shows the same figures as they are today."""
    if message.situation in COMMANDS:
        return COMMANDS[message.situation].format(subject=message.subject)
    figures = message.content.get("figures", {})
    return CLIENT.format(subject=message.subject) if "client" in figures else DEFAULT


def evidence_fields(
    telling: Telling, message: Message, _: Localizer
) -> tuple[tuple[str, str], ...]:
    """Every figure with its name."""
    labels = {
        "client": _("Client"), "revenue": _("Revenue in 12 months"), "share": _("Share of revenue"),
        "rank": _("Rank"), "customers": _("Clients in 12 months"), "gap": _("Silence"),
        "usual": _("Usual"), "last": _("Last"), "now": _("Now"), "then": _("Then"),
        "date": _("Measured before on"), "change": _("Change"), "channel": _("Channel"),
        "alignment": _("Overlap"), "hunted": _("Share of the pipeline"),
        "brought": _("Share of top revenue"), "prospect": _("Prospect"), "amount": _("Amount"),
        "created": _("Open since"), "age": _("Age"), "open": _("Open deals"),
        "value": _("Value"), "since": _("Since"), "years": _("Years"), "first": _("First invoice"),
        "closed": _("Closed"), "owner": _("Owner"), "part": _("Share"), "hours": _("Hours"),
    }  # fmt: skip
    figures = message.content.get("figures", {})
    return tuple(
        (labels[name], telling.figure(*figures[name])) for name in labels if name in figures
    )


def chart_of(
    telling: Telling, services: Services, snapshot: Snapshot, message: Message
) -> Chart | None:
    """Revenue a month of the client it is about; else then beside now, where those are shares."""
    figures = message.content.get("figures", {})
    if "client" in figures and telling.exact:
        return _months(telling.localizer, snapshot, message)
    shares = all(figures.get(name, ("",))[0] == "share" for name in ("now", "then"))
    return _then_and_now(telling, message) if shares else None


def _months(_: Localizer, snapshot: Snapshot, message: Message) -> Chart | None:
    code = np.flatnonzero(snapshot.customers["customer_id"].to_numpy() == message.subject)
    if not code.size or message.as_of is None:
        return None
    start = max(
        add_months(message.as_of.replace(day=1), 1 - MONTHS), snapshot.first_date.replace(day=1)
    )
    inside = (snapshot.day_customer == int(code[0])) & (snapshot.day_date >= to_epoch(start))
    inside &= snapshot.day_date <= to_epoch(message.as_of)
    months = {}
    at = start
    while at <= message.as_of:
        months[at] = 0
        at = add_months(at, 1)
    for day, amount in zip(
        snapshot.day_date[inside].tolist(), snapshot.day_net[inside].tolist(), strict=True
    ):
        months[from_epoch(day).replace(day=1)] += amount
    points = tuple((month.isoformat(), amount / 10_000) for month, amount in months.items())
    if not points:
        return None
    newest = points[-1][1]
    alt = _(
        "Revenue a month of {client} from {start} to {end}; the last month {amount}.",
        client=snapshot.name(int(code[0])),
        start=_.date(start),
        end=_.date(message.as_of),
        amount=_.money(newest),
    )
    name = snapshot.name(int(code[0]))
    return Chart(
        kind="history",
        title=_("Revenue a month"),
        alt=alt,
        x_title="",
        y_title=snapshot.meta.home_currency,
        series=(Series(name, points),),
    )


def _then_and_now(telling: Telling, message: Message) -> Chart:
    _, figures = telling.localizer, message.content["figures"]
    then, now = float(figures["then"][1]), float(figures["now"][1])
    title = telling.measure(message.situation, message.subject)
    alt = _(
        "{measure}: {then} then, {now} now.",
        measure=title,
        then=telling.figure("share", then),
        now=telling.figure("share", now),
    )
    points = ((_("Then"), telling.drawn(then)), (_("Now"), telling.drawn(now)))
    return Chart("bars", title, alt, "", "", (Series(title, points),))
