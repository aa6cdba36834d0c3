"""What `/nudges` shows: the overview, the weeks gone by, the evidence, and everybody's state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.commands._nudge_evidence import chart_of, command_of, evidence_fields
from bot.core.reply import (
    Actions,
    Button,
    Context,
    Element,
    Fields,
    Reply,
    Section,
    Tone,
)
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import UserError
from bot.i18n import N_, Localizer
from bot.weeks import number

if TYPE_CHECKING:
    from bot.scheduling.desk import Desk, Known
    from bot.scheduling.telling import Telling
    from bot.storage.outbox import Kept

SHOWN = 8
SIMULATED = "simulated"


@dataclass(frozen=True)
class Asked:
    """A question about one's own nudges."""

    request: Request
    services: Services
    desk: Desk
    known: Known
    telling: Telling
    localizer: Localizer
    today: dt.date

    @property
    def user(self) -> str:
        """Whose they are."""
        return self.request.principal.user

    def again(self) -> Asked:
        """The same after a change."""
        return asked_by(self.request, self.services)


def asked_by(request: Request, services: Services) -> Asked:
    """Read what is in force for the asker. It may block."""
    from bot.scheduling.desk import Desk
    from bot.scheduling.telling import Telling

    principal = request.principal
    desk = Desk(services, principal.tenant)
    preference = desk.preference(principal.user)
    known = desk.known(principal.user, preference, principal.roles, request.locale)
    telling = Telling(services.figures(request))
    today = request.as_of or services.today(request)
    return Asked(request, services, desk, known, telling, services.localizer(request), today)


def preferences_data(asked: Asked) -> dict[str, Any]:
    """What is in force, as data."""
    known, chosen = asked.known, asked.known.preference
    return {
        "wanted": known.wanted,
        "weekday": known.rhythm.weekday + 1,
        "time": f"{known.rhythm.time:%H:%M}",
        "zone": known.rhythm.zone,
        "zone_known": not known.zone_problem,
        "language": known.locale,
        "channel": (chosen.surface if chosen else "") or None,
        "in_channel": bool(chosen and chosen.conversation),
        "paused_until": chosen.paused_until if chosen else None,
        "next_at": None if (due := next_slot(asked)) is None else due.isoformat(),
    }


def next_slot(asked: Asked) -> dt.datetime | None:
    """When the next nudge comes; None for who gets none."""
    if not asked.known.wanted:
        return None
    now, rhythm = asked.services.clock(), asked.known.rhythm
    zone = asked.services.settings.time_zone
    chosen = asked.known.preference
    week = rhythm.week(now, zone)
    for shift in range(60):
        due = rhythm.slot(week.shifted(shift), zone)
        paused = chosen.paused_until if chosen else None
        if due > now and not (paused and rhythm.local(due, zone).date() < paused):
            return due
    return None


def data(asked: Asked, kept: tuple[Kept, ...]) -> dict[str, Any]:
    """The answer as data: what is in force, and the nudges shown."""
    return {
        "preferences": preferences_data(asked),
        "nudges": [_nudge(asked, each) for each in kept],
        "people": None,
        "troubles": None,
    }


def _nudge(asked: Asked, kept: Kept) -> dict[str, Any]:
    told = asked.telling.data(asked.desk.message(kept)) if kept.situation else {}
    return told | {
        "id": kept.id,
        "week": kept.iso_week,
        "state": kept.state,
        "response": kept.response or None,
        "shared": kept.shared_at is not None,
        "followed": kept.followed_at is not None,
    }


async def _own(asked: Asked, limit: int) -> tuple[Kept, ...]:
    if not asked.desk.exists:
        return ()
    found = await asked.services.run(lambda: asked.desk.nudges.history(asked.user, limit))
    at = asked.request.as_of
    return tuple(k for k in found if k.situation and (at is None or k.due_at.date() <= at))


async def overview(asked: Asked, *, changed: bool = False) -> Reply:
    """When they come, the newest one, and buttons to change it."""
    _ = asked.localizer
    known, chosen = asked.known, asked.known.preference
    due = next_slot(asked)
    newest = await _own(asked, 1)
    zone = known.rhythm.zone if not known.zone_problem else asked.services.settings.time_zone
    if due is None:
        line = _("You get no weekly nudge. One word is enough to begin: start.")
    else:
        line = _("Your next nudge comes on {moment}.", moment=_.moment(due, zone))
    if changed:
        line = _("Changed. {line}", line=line)
    elements: list[Element] = [
        Section(_("Your weekly nudge"), Tone.TITLE),
        Section(line, Tone.HEADLINE),
    ]
    if known.zone_problem:
        text = _("I know no time zone {zone}; I use {other} until you choose another.",
                 zone=known.zone_problem[:40], other=zone)  # fmt: skip
        elements.append(Section(text, Tone.WARNING))
    where = _("your own chat")
    if chosen and chosen.conversation:
        where = _("a channel in {surface}", surface=chosen.surface.capitalize())
    elif chosen and chosen.surface:
        where = _("your own chat in {surface}", surface=chosen.surface.capitalize())
    fields = [
        (_("Day and time"), f"{weekday(_, known.rhythm.weekday)} {known.rhythm.time:%H:%M}"),
        (_("Time zone"), zone),
        (_("Language"), {"nl": "Nederlands", "en": "English"}[known.locale]),
        (_("Comes in"), where),
    ]
    if chosen and chosen.paused_until and chosen.paused_until > asked.today:
        fields.append((_("Paused until"), _.date(chosen.paused_until)))
    elements.append(Fields(tuple(fields)))
    if newest:
        last = newest[0]
        text = _("Last: {headline}", headline=asked.telling.headline(asked.desk.message(last)))
        elements.append(Section(text))
    elements.append(_buttons(asked, bool(newest)))
    elements.append(Context(_("Change it: {usage}", usage=_(_USAGE))))
    return Reply(tuple(elements), data(asked, newest))


_USAGE = N_(
    "/nudges day friday, /nudges time 9:00, /nudges zone Europe/Brussels, /nudges language en"
)


def _buttons(asked: Asked, any_yet: bool) -> Actions:
    _ = asked.localizer
    buttons = []
    if asked.known.wanted:
        buttons += [
            Button(_("Pause 2 weeks"), "/nudges pause 2"),
            Button(_("Stop"), "/nudges stop"),
        ]
    chosen = asked.known.preference
    if not asked.known.wanted or (chosen and chosen.paused_until):
        buttons.append(Button(_("Start"), "/nudges start", "primary"))
    if any_yet:
        buttons.append(Button(_("My nudges"), "/nudges history"))
    return Actions(tuple(buttons))


def weekday(_: Localizer, day: int) -> str:
    """The name of a weekday, 0 is Monday."""
    from babel.dates import get_day_names

    return str(get_day_names("wide", locale=_.locale)[day])


def response_text(_: Localizer, kept: Kept) -> str:
    """What came of a nudge, in a word."""
    if kept.state == "unknown":
        return _("may not have arrived")
    return {
        "done": _("done"),
        "later": _("next week"),
        "not_useful": _("not useful"),
    }.get(kept.response, "")


async def history(asked: Asked, words: tuple[str, ...]) -> Reply:
    """The last weeks: what was said, what was done, and what changed since."""
    _ = asked.localizer
    found = await _own(asked, SHOWN)
    elements: list[Element] = [Section(_("Your nudges of the last weeks"), Tone.TITLE)]
    if not found:
        elements.append(
            Section(_("You have had no nudge yet; the first comes in its week."), Tone.HEADLINE)
        )
    for place, kept in enumerate(found):
        message = asked.desk.message(kept)
        done = response_text(_, kept)
        week = _("Week {week}", week=number(kept.iso_week))
        head = f"{week} · {asked.telling.headline(message)}"
        elements.append(Section(head, Tone.NORMAL if place else Tone.HEADLINE))
        small = [_("This week: {action}", action=asked.telling.action(message))]
        small += [_("You: {what}.", what=done)] if done else []
        small += [
            _("Looked at again: {line}", line=asked.telling.follow_up(each))
            for each in message.content.get("follow_ups", ())
        ]
        elements.append(Context(" ".join(small)))
    if any(kept.surface == SIMULATED for kept in found):
        text = _("A demo: these weeks were simulated on its figures, the answers included.")
        elements.append(Context(text))
    if found and not found[0].response and not found[0].situation.startswith("quiet-week"):
        elements.append(asked.telling.buttons(asked.desk.message(found[0])))
    else:
        elements.append(Actions((Button(_("When they come"), "/nudges"),)))
    return Reply(tuple(elements), data(asked, found))


async def evidence(asked: Asked, words: tuple[str, ...]) -> Reply:
    """The figures beneath a nudge, and where they come from."""
    _ = asked.localizer
    text = words[0].lstrip("#") if words else ""
    kept = None
    if text.isascii() and text.isdigit() and len(text) < 10 and asked.desk.exists:
        values = {"evidence_at": asked.services.clock()}
        kept = await asked.services.run(
            lambda: asked.desk.nudges.respond(int(text), asked.user, values)
        )
    if kept is None or not kept.situation:
        raise UserError(
            "I know no nudge {id} of yours. See them with: /nudges history", id=text[:20] or "?"
        )
    message = asked.desk.message(kept)
    snapshot = await asked.services.snapshot()
    chart = await asked.services.run(chart_of, asked.telling, asked.services, snapshot, message)
    elements: list[Element] = [
        Section(_("Evidence · week {week}", week=number(kept.iso_week)), Tone.TITLE),
        Section(asked.telling.headline(message), Tone.HEADLINE),
        Section(asked.telling.evidence(message)),
        Fields(evidence_fields(asked.telling, message, _)),
    ]
    if chart is not None:
        elements.append(chart)
    elements.append(Actions((Button(_("See it now"), command_of(message)),)))
    if message.as_of:
        elements.append(Context(_("Figures as of {date}.", date=_.date(message.as_of))))
    return Reply(tuple(elements), data(asked, (kept,)), as_of=message.as_of)
