"""A message that asks a client for an introduction, ready to be sent by the asker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands._framing import Frame
from bot.commands._qualify_outlook import why_introducer
from bot.core.reply import Actions, Button, Context, Reply, Section, Tone
from bot.errors import UserError

if TYPE_CHECKING:
    from analytics.introductions import Introducer
    from analytics.qualify import Assessment


def draft(frame: Frame, found: Assessment, via: str, line: str) -> Reply:
    """The message, to the client `via` (an id) or to the best one. UserError where none can."""
    _, snapshot = frame._, frame.snapshot
    known = {snapshot.customer_id(i.code): i for i in found.introducers}
    if not known:
        raise UserError(
            "I see no client who could introduce you to {name}: none of the same group, region or "
            "sector, and none that brought others before.",
            name=found.prospect.name[:80],
        )
    if via and via not in known:
        raise UserError(
            "{client} is not among those who could introduce you. These are: {known}.",
            client=via[:40],
            known=", ".join(snapshot.name(i.code) for i in known.values()),
        )
    chosen = via or next(iter(known))
    name = snapshot.name(known[chosen].code)
    message = "\n".join(_lines(frame, found, known[chosen]))
    others = tuple(
        Button(snapshot.name(i.code), f"{line} ask-introduction via={key}")
        for key, i in known.items()
        if key != chosen
    )
    why = why_introducer(_, known[chosen])
    return Reply(
        elements=(
            Section(_("Ask {name}: {why}.", name=name, why=why), Tone.HEADLINE),
            Section(message, Tone.QUOTE),
            *([Actions(others)] if others else []),
            Context(_("Better by phone than by mail. Fill in the names and send it yourself.")),
        ),
        data={
            "prospect": found.prospect.name,
            "introduction": {"customer_id": chosen, "name": name, "why": why, "message": message},
        },
        as_of=frame.scope.end,
    )


def _lines(frame: Frame, found: Assessment, one: Introducer) -> list[str]:
    from analytics.introductions import Why

    _, prospect = frame._, found.prospect.name
    if one.referred:
        thanks = _("You have introduced us before, and that worked out well.")
    elif one.years >= 1:
        thanks = _.n(
            "You have been our client for {n} year now, so you know how we work.",
            "You have been our client for {n} years now, so you know how we work.",
            one.years,
        )
    else:
        thanks = _("You know how we work.")
    if Why.SAME_GROUP in one.why:
        tie = _("{prospect} belongs to the same group as you.", prospect=prospect)
    elif Why.SAME_REGION in one.why:
        tie = _("{prospect} is in your region; you may know each other.", prospect=prospect)
    elif Why.SAME_SEGMENT in one.why:
        tie = _("{prospect} is in your line of business.", prospect=prospect)
    else:
        tie = _("We would like to get to know {prospect}.", prospect=prospect)
    return [
        _("Hi [first name],"),
        f"{thanks} {tie}",
        _(
            "Do you know who decides there? If you think we could be of use to them, would you "
            "introduce us? One line with our two names is enough, I take it from there."
        ),
        _("And if you think it is no match, tell me too: then I know enough."),
        _("Regards, [your name]"),
    ]
