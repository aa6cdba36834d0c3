"""`/nudges`: one's own weekly nudges, what came of them, and when they come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.commands import _nudge_changes as changes
from bot.commands import _nudge_pages as pages
from bot.commands._nudge_everyone import everyone
from bot.core.command import Accepts, Arguments, Flag, Permission, Sensitivity, command
from bot.core.reply import Reply
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import UserError
from bot.i18n import N_

if TYPE_CHECKING:
    from bot.commands._nudge_pages import Asked

USAGE = N_(
    "/nudges [history | day monday | time 08:30 | zone Europe/Amsterdam | language nl | "
    "channel slack | pause | stop | start | done ID | later ID | not-useful ID | evidence ID | "
    "share ID]"
)
ALL = Flag("all", ("all", "iedereen", "alle", "everyone"), permission=Permission.TEAM)

Action = Callable[["Asked", tuple[str, ...]], Awaitable[Reply]]


def _actions() -> dict[str, Action]:
    by_words: tuple[tuple[tuple[str, ...], Action], ...] = (
        (("history", "geschiedenis", "weeks", "weken"), pages.history),
        (("evidence", "bewijs"), pages.evidence),
        (("day", "dag"), changes.day),
        (("time", "tijd", "om", "at"), changes.time),
        (("zone", "tijdzone", "timezone"), changes.zone),
        (("language", "taal"), changes.language),
        (("channel", "kanaal", "where", "waar"), changes.channel),
        (("pause", "pauze", "pauzeer"), changes.pause),
        (("stop", "uit", "off"), changes.stop),
        (("start", "aan", "on", "resume", "hervat"), changes.start),
        (("done", "gedaan"), changes.done),
        (("later", "volgende-week", "next-week"), changes.later),
        (("not-useful", "niet-nuttig"), changes.not_useful),
        (("share", "deel"), changes.share),
    )
    return {word: action for words, action in by_words for word in words}


@command(
    name="nudges",
    aliases=("nudge", "mijn-nudges", "my-nudges"),
    summary=N_("Your weekly nudges: when they come, and what came of them"),
    usage=USAGE,
    group=N_("Team"),
    examples=("/nudges history", "/nudges"),
    accepts=frozenset({Accepts.NAME}),
    flags=(ALL,),
    sensitivity=Sensitivity.PERSONAL,
    order=62,
)
async def nudges(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with one's nudges, or change what one chose."""
    asked = await services.run(pages.asked_by, request, services)
    if args.has(ALL):
        return await everyone(asked)
    if not args.words:
        return await pages.overview(asked)
    action = _actions().get(args.words[0].lower())
    if action is None:
        raise UserError(
            "I do not understand {word} here. Usage: {usage}", word=args.words[0][:40], usage=USAGE
        )
    return await action(asked, args.words[1:])
