"""`/ballotage clear`: an admin clears a channel for figures, so that answers may be shared there."""

from __future__ import annotations

from bot.core.command import Accepts, Arguments, Flag, Permission, Sensitivity, command
from bot.core.reply import Reply, Section, Tone
from bot.core.request import Place, Request
from bot.core.services import Services
from bot.errors import UserError
from bot.i18n import N_

OFF = Flag("off", ("off", "uit", "niet", "intrekken"))


@command(
    name="clear",
    dutch="vrijgeven",
    summary=N_("Clear this channel for figures, or take that back"),
    usage=N_("/ballotage clear [off]"),
    group=N_("Administration"),
    examples=("/ballotage clear", "/ballotage vrijgeven"),
    accepts=frozenset[Accepts](),
    flags=(OFF,),
    permission=Permission.MANAGE,
    sensitivity=Sensitivity.PUBLIC,
    under_ballotage=True,
    order=99,
)
async def clear(request: Request, args: Arguments, services: Services) -> Reply:
    """Clear the channel it is asked in."""
    if request.conversation.place is not Place.CHANNEL:
        raise UserError(
            "Ask this in the channel you want to clear; in a direct message there is nobody to "
            "share with."
        )
    cleared = not args.has(OFF)
    await services.run(services.channels.set_cleared, request, cleared)
    _ = services.localizer(request)
    text = (
        _("This channel is cleared: whoever may see figures can share them here with a button.")
        if cleared
        else _("This channel is no longer cleared: answers stay private.")
    )
    return Reply((Section(text, Tone.HEADLINE),), {"cleared": cleared})
