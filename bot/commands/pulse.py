"""`/pulse`: one question a week, answered by nobody in particular; `/pulse results` for the MT."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from bot import pulse as culture
from bot.commands import _pulse_words as words
from bot.core.command import Accepts, Arguments, Flag, Permission, Sensitivity, command
from bot.core.reply import (
    Actions,
    Button,
    Citation,
    Context,
    Element,
    Reply,
    Section,
    Tone,
)
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import UserError
from bot.i18n import N_
from bot.weeks import number, shifted, sunday, week_of

if TYPE_CHECKING:
    from knowledge.cards import Language

RESULTS = Flag(
    "results", ("results", "result", "uitslag", "resultaten", "resultaat"), Permission.TEAM
)
SCORES = ("1", "2", "3", "4", "5")
WEEKS_SHOWN = 26


@command(
    name="pulse",
    aliases=("puls", "polsslag"),
    summary=N_("One anonymous question a week about how work is; results from five answers"),
    usage=N_("/pulse [1 to 5] [results]"),
    group=N_("Team"),
    examples=("/pulse", "/pulse results"),
    accepts=frozenset({Accepts.NAME}),
    flags=(RESULTS,),
    permission=Permission.PULSE,
    sensitivity=Sensitivity.PERSONAL,
    unrecorded=True,
    order=60,
)
async def pulse(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with this week's question, take a score, or show what closed weeks say."""
    if args.has(RESULTS):
        if args.words:
            raise UserError("Ask for the results alone: /pulse results")
        return await _results(request, services)
    if not args.words:
        return _question(
            request, services, answered=await services.run(culture.has_answered, services, request)
        )
    if len(args.words) > 1 or args.words[0] not in SCORES:
        # What was typed is not repeated: it may be meant as an answer.
        raise UserError("Answer the pulse with one whole number from 1 to 5, or press a button.")
    if request.as_of is not None:
        raise UserError("An answer counts for this week; leave out --as-of.")
    counted = await services.run(culture.answer, services, request, int(args.words[0]))
    return _question(request, services, answered=True, counted=counted)


def _question(
    request: Request, services: Services, *, answered: bool, counted: bool | None = None
) -> Reply:
    """This week's question, or that it was answered; never what the answer was."""
    _ = services.localizer(request)
    week = culture.current_week(services)
    theme, end = culture.theme_of(week), sunday(week)
    title = Section(
        _("Pulse · week {week}, about {theme}", week=number(week), theme=_(theme.name)), Tone.TITLE
    )
    buttons: list[Button] = []
    if answered:
        said = {
            True: _("Thank you, your answer counts."),
            False: _(
                "You answered already this week. The first answer counts: to change it, I would "
                "have to know which one is yours."
            ),
            None: _("You answered this week's question. Thank you."),
        }[counted]
        elements: list[Element] = [
            title,
            Section(said, Tone.HEADLINE),
            Section(
                _(
                    "The result shows once the week is over ({date}), and only if five people answer.",
                    date=_.date(end),
                )
            ),
        ]
    else:
        ends = {"1": _("1 · not at all"), "5": _("5 · fully")}
        buttons = [Button(ends.get(score, score), f"/pulse {score}") for score in SCORES]
        elements = [
            title,
            Section(_(theme.question), Tone.HEADLINE),
            Section(_("How true is this for you, from 1 (not at all) to 5 (fully)?")),
        ]
    if Permission.TEAM.roles & request.principal.roles:
        buttons.append(Button(_("Results"), "/pulse results"))
    if buttons:
        elements.append(Actions(tuple(buttons)))
    if not answered:
        elements.append(
            Context(
                _(
                    "Anonymous: your answer is kept without your name and without a time. I cannot "
                    "find it back, so the first answer counts. Open until {date}.",
                    date=_.date(end),
                )
            )
        )
    data = {
        "week": week,
        "theme": theme.id,
        "question": _(theme.question),
        "scale": [1, 5],
        "closes": end,
        "answered": answered,
        "counted": counted,
    }
    return Reply(tuple(elements), data, in_place=counted is not None)


async def _results(request: Request, services: Services) -> Reply:
    """What closed weeks say, beside why people leave."""
    _ = services.localizer(request)
    weeks = await services.run(
        culture.closed_weeks,
        services,
        WEEKS_SHOWN + words.ROUND,
        tenant=request.principal.tenant,
        as_of=request.as_of,
    )
    first = shifted(_last_week(request, services), 1 - WEEKS_SHOWN)
    recent = [each for each in weeks if each.week >= first]
    rows = [words.row(theme, weeks) for theme in culture.THEMES]
    elements: list[Element] = [
        Section(_("Pulse · results"), Tone.TITLE),
        Section(words.headline(_, rows), Tone.HEADLINE),
    ]
    if weeks:
        elements.append(words.table(_, rows))
    if (chart := words.chart(_, recent, weeks)) is not None:
        elements.append(chart)
    fact = culture.card().facts[0]
    language = cast("Language", _.locale)
    elements += [
        Actions((Button(_("This week's question"), "/pulse"),)),
        Context(fact.text(language)),
        Context(
            _(
                "A week shows once it is over, from five answers on; fewer are deleted. How many "
                "answered is told in steps of five, and a mean near the end of the scale as "
                "1.5 or lower, 4.5 or higher: else it would say what each one answered."
            )
        ),
    ]
    card = culture.card()
    return Reply(
        tuple(elements),
        {
            "minimum": 5,
            "themes": rows,
            "weeks": [words.week(each) for each in recent],
            "source": fact.source.label(language),
        },
        citations=(
            Citation(
                card.id,
                card.text(language).title,
                card.principle or "",
                card.topic,
                fact.source.label(language),
            ),
        ),
        as_of=sunday(weeks[-1].week) if weeks else None,
    )


def _last_week(request: Request, services: Services) -> str:
    """The newest week that is over, where the company is."""
    if request.as_of is not None:
        return shifted(week_of(request.as_of + dt.timedelta(days=1)), -1)
    return shifted(culture.current_week(services), -1)
