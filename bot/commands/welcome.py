"""`welcome`: first contact, with three buttons that work on the company's own data."""

from __future__ import annotations

from analytics.errors import NoDataError
from bot.core.command import Accepts, Arguments, Permission, Sensitivity, command
from bot.core.reply import Actions, Button, Context, Reply, Section, Tone
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_


@command(
    name="welcome",
    dutch="welkom",
    summary=N_("Welcome, with three buttons to start with"),
    usage=N_("/ballotage welcome"),
    group=N_("Ballotage"),
    examples=("/ballotage welcome", "/ballotage welkom"),
    accepts=frozenset[Accepts](),
    permission=Permission.NONE,
    sensitivity=Sensitivity.PUBLIC,
    under_ballotage=True,
    order=96,
)
async def welcome(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the welcome."""
    _ = services.localizer(request)
    try:
        snapshot = await services.snapshot()
        date = _.date(snapshot.data_date(services.today(request)))
        state = _(
            "Figures go only to people with a role, privately; the data runs to {date}.", date=date
        )
    except NoDataError:
        state = _("There is no data yet: load invoices first, see the README.")
    commands = services.registry.commands
    top, sources = (commands[n].invocation(request.locale) for n in ("topclients", "sources"))
    return Reply(
        (
            Section("Ballotage", Tone.TITLE),
            Section(
                _(
                    "I am Ballotage. I answer from your own invoices and deals, in Dutch and English."
                ),
                Tone.HEADLINE,
            ),
            Section(state),
            Actions(
                (
                    Button(_("Who are our top clients?"), top, "primary"),
                    Button(_("How did they come in?"), sources),
                    Button(_("What can I ask?"), commands["help"].invocation(request.locale)),
                )
            ),
            Context(
                _(
                    "Type a name after /client, or say help. Unasked I send the MT one nudge a week "
                    "at most; /nudges stops it."
                )
            ),
        ),
        {"buttons": [top, sources]},
    )
