"""`/ballotage help`: what you can ask, grouped, with examples that work when pressed."""

from __future__ import annotations

from bot.core.command import Accepts, Arguments, Command, Permission, Sensitivity, command
from bot.core.examples import examples_of
from bot.core.reply import Actions, Button, Context, Element, Fields, Reply, Section, Tone
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_, Localizer


@command(
    name="help",
    dutch="hulp",
    aliases=("hi", "hello", "hey", "hoi", "hallo", "hey-ballotage", "start", "?"),
    summary=N_("What you can ask, and how"),
    usage=N_("/ballotage help [command]"),
    group=N_("Ballotage"),
    examples=("/ballotage help", "help topclients", "hoi"),
    accepts=frozenset({Accepts.NAME}),
    permission=Permission.NONE,
    sensitivity=Sensitivity.PUBLIC,
    under_ballotage=True,
    order=95,
)
async def help_(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the commands the asker may use."""
    _ = services.localizer(request)
    if args.words and (found := services.registry.find(args.words[0].lstrip("/"))):
        return _one(found, request, services, _)
    roles = request.principal.roles
    allowed = [
        c
        for c in services.registry
        if c.permission is Permission.NONE or roles & c.permission.roles
    ]
    groups: dict[str, list[Command]] = {}
    for each in allowed:
        groups.setdefault(each.group, []).append(each)
    elements: list[Element] = [
        Section("Ballotage", Tone.TITLE),
        Section(
            _("I answer from your own invoices and deals. Type a command, or press one:"),
            Tone.HEADLINE,
        ),
    ]
    for name, members in groups.items():
        elements.append(Section(_(name), Tone.NORMAL))
        elements.append(
            Fields(tuple((c.invocation(request.locale), _(c.summary)) for c in members))
        )
    buttons = [
        Button(example, example)
        for each in allowed
        if each.name != "help"
        for example in examples_of(each, services, request)[:1]
    ]
    elements.append(Actions(tuple(buttons)))
    if not roles:
        elements.append(
            Section(
                _("I do not know you yet; ask your admin for a role to see figures."), Tone.WARNING
            )
        )
    elements.append(
        Context(_("Periods: last12m, all, 2025, 2025-Q3, 2025-03..2025-09. The slash is optional."))
    )
    data = {
        "commands": [
            {
                "name": c.name,
                "invocation": c.invocation(request.locale),
                "summary": _(c.summary),
                "usage": _(c.usage),
                "examples": examples_of(c, services, request),
            }
            for c in allowed
        ]
    }
    return Reply(tuple(elements), data)


def _one(found: Command, request: Request, services: Services, _: Localizer) -> Reply:
    examples = examples_of(found, services, request)
    elements: tuple[Element, ...] = (
        Section(found.invocation(request.locale), Tone.TITLE),
        Section(_(found.summary), Tone.HEADLINE),
        Fields(
            (
                (_("Usage"), _(found.usage)),
                (_("Also"), ", ".join(f"/{n}" for n in found.names)),
            )
        ),
        Actions(tuple(Button(example, example) for example in examples)),
    )
    data = {
        "commands": [
            {
                "name": found.name,
                "invocation": found.invocation(request.locale),
                "summary": _(found.summary),
                "usage": _(found.usage),
                "examples": examples,
            }
        ]
    }
    return Reply(elements, data)
