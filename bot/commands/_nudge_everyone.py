"""Everybody's nudges for who looks after them: who gets them, how this week went, what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.commands._nudge_pages import Asked, data, weekday
from bot.core.reply import Element, Reply, Section, Table, TableColumn, Tone
from bot.core.request import Request, Role
from bot.core.services import Services
from bot.i18n import Localizer
from bot.weeks import number, week_of

if TYPE_CHECKING:
    from bot.scheduling.desk import Desk
    from bot.storage.outbox import Kept

LISTED, TOLD = 20, 3


async def everyone(asked: Asked) -> Reply:
    """Who gets nudges and how this week went, without what they say. For the MT and admins."""
    _, services, desk = asked.localizer, asked.services, asked.desk
    now = services.clock()
    chosen = await services.run(desk.preferences.all) if desk.exists else {}
    known = [k for k in await services.run(desk.everyone, chosen) if k.roles or k.wanted]
    week = week_of(asked.today)
    recent = await services.run(desk.nudges.of_week, week) if desk.exists else []
    by_user = {kept.user.lower(): kept for kept in recent}
    troubles = await services.run(desk.nudges.troubles, now) if desk.exists else []
    rows, people = [], []
    for each in known:
        kept = by_user.get(each.reader.user.lower())
        state = kept.state if kept else ("planned" if each.wanted else "off")
        rows.append(
            (
                each.reader.name,
                f"{weekday(_, each.rhythm.weekday)} {each.rhythm.time:%H:%M}",
                each.rhythm.zone,
                state_text(_, state),
            )
        )
        people.append({"user": each.reader.user, "name": each.reader.name, "state": state})
    columns = (_("Who"), _("When"), _("Time zone"), _("This week"))
    elements: list[Element] = [
        Section(_("Everybody's nudges · week {week}", week=number(week)), Tone.TITLE),
        Section(
            _.n("{n} person gets a nudge.", "{n} people get a nudge.",
                sum(k.wanted for k in known)),
            Tone.HEADLINE,
        ),
        Table(tuple(TableColumn(c) for c in columns), tuple(rows[:LISTED]), total_rows=len(rows)),
    ]  # fmt: skip
    elements += [Section(trouble_text(_, desk, kept), Tone.WARNING) for kept in troubles[:LISTED]]
    out = data(asked, ()) | {
        "people": people,
        "troubles": [trouble_data(kept) for kept in troubles],
    }
    return Reply(tuple(elements), out)


def trouble_text(_: Localizer, desk: Desk, kept: Kept) -> str:
    """One nudge that did not surely arrive, for who must do something about it."""
    name = desk.name(kept.user)
    if kept.state == "unknown":
        return _("{name}, week {week}: it is not known whether the nudge arrived ({reason}).",
                 name=name, week=number(kept.iso_week), reason=kept.reason)  # fmt: skip
    return _("{name}, week {week}: the nudge was not sent ({reason}).",
             name=name, week=number(kept.iso_week), reason=kept.reason)  # fmt: skip


def trouble_data(kept: Kept) -> dict[str, Any]:
    """The same as data."""
    return {
        "user": kept.user,
        "week": kept.iso_week,
        "state": kept.state,
        "reason": kept.reason,
        "due_at": kept.due_at.isoformat(),
    }


def state_text(_: Localizer, state: str) -> str:
    """A state in words."""
    return {
        "sent": _("sent"),
        "planned": _("still to come"),
        "off": _("gets none"),
        "cancelled": _("not this week"),
        "dead": _("not sent"),
        "unknown": _("unknown"),
    }.get(state, _("on its way"))


def nudge_state(
    request: Request, services: Services, _: Localizer
) -> tuple[dict[str, Any], list[str]]:
    """How the nudges stand, as data and as warnings; names are for the MT and admins. It may block.

    What is unknown or was not sent is counted for five weeks.
    """
    from bot.scheduling.desk import Desk

    counted: dict[str, Any] = {"waiting": 0, "sent": 0, "dead": 0, "unknown": 0}
    desk = Desk(services, request.principal.tenant)
    zones = desk.zone_problems()
    counted["unknown_zones"] = zones
    lines = [
        _("I know no time zone {zone}; nudges go by {other}.",
          zone=zone[:40], other=services.settings.time_zone)
        for zone in zones
    ]  # fmt: skip
    if not desk.exists:
        return counted, lines
    now = services.clock()
    found = desk.nudges.counts(now)
    for state, count in found.items():
        if state in counted:
            counted[state] += count
        elif state != "cancelled":
            counted["waiting"] += count
    bad = found.get("dead", 0) + found.get("unknown", 0)
    if not bad:
        return counted, lines
    if request.principal.roles & {Role.MT, Role.ADMIN}:
        troubles = desk.nudges.troubles(now, TOLD)
        lines += [trouble_text(_, desk, kept) for kept in troubles]
        if bad > len(troubles):
            lines.append(_("All of them: /nudges all"))
    else:
        lines.append(
            _.n(
                "{n} weekly nudge did not surely arrive; an admin can see which.",
                "{n} weekly nudges did not surely arrive; an admin can see which.",
                bad,
            )
        )
    return counted, lines
