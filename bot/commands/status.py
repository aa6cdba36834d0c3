"""`/ballotage status`: what the answers rest on."""

from __future__ import annotations

from analytics.errors import NoDataError
from bot.commands._condition_words import warnings as conditions_warnings
from bot.commands._model_words import model_data, trust_line
from bot.commands._nudge_everyone import nudge_state
from bot.core.command import Accepts, Arguments, command
from bot.core.reply import (
    Actions,
    Button,
    Context,
    Element,
    Fields,
    Reply,
    Section,
    Table,
    TableColumn,
    Tone,
)
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_
from bot.version import VERSION

RECENT = 8


@command(
    name="status",
    aliases=("data",),
    summary=N_("What the answers rest on: data date, rows, quarantine, versions"),
    usage=N_("/ballotage status"),
    group=N_("Ballotage"),
    examples=("/ballotage status", "status"),
    accepts=frozenset[Accepts](),
    under_ballotage=True,
    order=90,
)
async def status(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the state of the data."""
    _ = services.localizer(request)
    try:
        snapshot = await services.snapshot()
    except NoDataError as error:
        line = _.error(error)
        return Reply((Section(line, Tone.HEADLINE),), {"version": VERSION, "snapshot": None})
    from analytics.winmodel.kept import model_of

    model = await services.run(model_of, snapshot)
    conditions = await services.run(services.conditions.in_force)
    meta, today = snapshot.meta, request.as_of or services.today(request)
    has_lines = bool(snapshot.day_date.size)
    data_date = snapshot.data_date(today) if has_lines else None
    future = snapshot.future_lines(today) if has_lines else 0
    quarantined = sum(meta.quarantined.values())
    tables = ("customers", "invoices", "deals", "people", "activities")
    labels = {
        "customers": _("Customers"),
        "invoices": _("Invoice lines"),
        "deals": _("Deals"),
        "people": _("People"),
        "activities": _("Activities"),
    }
    age = (today - data_date).days if data_date else None
    elements: list[Element] = [
        Section(_("Status"), Tone.TITLE),
        Section(
            _("The data runs to {date}.", date=_.date(data_date))
            if data_date
            else _("There are no invoices yet; load them with: python app.py load invoices=FILE"),
            Tone.HEADLINE,
        ),
        Table(
            (
                TableColumn(_("Table")),
                TableColumn(_("Rows"), "right"),
                TableColumn(_("Quarantine"), "right"),
            ),
            tuple(
                (labels[t], _.number(meta.rows[t]), _.number(meta.quarantined.get(t, 0)))
                for t in tables
            ),
        ),
    ]
    if quarantined:
        elements.append(
            Section(
                _.n(
                    "{n} row was put aside; its reason is in the quarantine folder.",
                    "{n} rows were put aside; their reasons are in the quarantine folder.",
                    quarantined,
                ),
                Tone.WARNING,
            )
        )
    if future:
        elements.append(
            Section(
                _.n(
                    "{n} line is dated after today; it is left out of the last 12 months.",
                    "{n} lines are dated after today; they are left out of the last 12 months.",
                    future,
                ),
                Tone.WARNING,
            )
        )
    if dead := services.inbox.get("dead", 0):
        elements.append(
            Section(
                _.n(
                    "{n} question could not be answered in 12 hours and was given up; see the log.",
                    "{n} questions could not be answered in 12 hours and were given up; see the log.",
                    dead,
                ),
                Tone.WARNING,
            )
        )
    nudges, lines = await services.run(nudge_state, request, services, _)
    elements += [Section(line, Tone.WARNING) for line in lines]
    elements += conditions_warnings(_, conditions)
    moment = _.moment(meta.created_at, request.principal.time_zone)
    elements += [
        Fields(
            (
                (
                    _("Snapshot"),
                    _("version {version}, made {moment}", version=meta.version, moment=moment),
                ),
                (_("Conditions"), _("version {version}", version=conditions.conditions.version)),
                (_("Currency"), meta.home_currency),
                (_("Equal lines inside one file (kept)"), _.number(meta.equal_lines)),
                (_("Ballotage"), VERSION),
            )
        ),
        Section(f"{_('Win model')}: {trust_line(_, model)}"),
        *_loads(meta.loads, _),
        Actions((Button(_("Top clients"), "/topclients"), Button(_("Help"), "/ballotage help"))),
    ]
    data = {
        "version": VERSION,
        "data_date": data_date,
        "data_age_days": age,
        "snapshot": {"version": meta.version, "created_at": meta.created_at.isoformat()},
        "base": meta.base,
        "currency": meta.home_currency,
        "rows": dict(meta.rows),
        "quarantined": {t: meta.quarantined.get(t, 0) for t in tables},
        "equal_lines": meta.equal_lines,
        "future_lines": future,
        "won_deals_without_amount_or_date": meta.won_deals_without_amount_or_date,
        "inbox": dict(services.inbox),
        "nudges": nudges,
        "model": model_data(model) | {"reason": model.reason.value if model.reason else None},
        "conditions": {
            "version": conditions.conditions.version,
            "problem": _.error(conditions.problem) if conditions.problem else None,
        },
        "loads": [
            {
                "load_id": load["load_id"],
                "table": load["table_name"],
                "file": load["file_name"],
                "accepted": load["accepted"],
                "quarantined": load["quarantined"],
            }
            for load in meta.loads
        ],
    }
    return Reply(tuple(elements), data, as_of=data_date)


def _loads(loads: object, _: object) -> list[Element]:
    recent = list(loads)[-RECENT:]  # type: ignore[call-overload]
    names = ", ".join(f"{load['table_name']}={load['file_name']}" for load in recent)
    return [Context(_("Last loads: {names}", names=names))] if names else []  # type: ignore[operator]
