"""`/conditions`: what a prospect must or should meet; changing that, and going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands import _condition_words as words
from bot.commands._citing import citations
from bot.commands._condition_typing import USAGE, changes, choose, form, named, typed
from bot.core.command import Accepts, Arguments, Flag, Permission, Sensitivity, command
from bot.core.conditions import Changed, How
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
from bot.errors import UserError
from bot.i18n import N_

if TYPE_CHECKING:
    from analytics.ballotage.conditions import Conditions
    from bot.core.conditions import Current

SET = Flag("set", ("set", "change", "wijzig", "zet"), Permission.CONDITIONS)
RESTORE = Flag("restore", ("restore", "herstel", "terugzetten"), Permission.CONDITIONS)
HISTORY = Flag("history", ("history", "geschiedenis", "versions", "versies"))
SHOWN = 50
"""Versions in the history."""
OFFERED = 4
"""Versions to go back to with a button."""


@command(
    name="conditions",
    dutch="voorwaarden",
    aliases=("condition", "voorwaarde"),
    summary=N_("What a prospect must or should meet; mt and admin change it, and go back"),
    usage=N_("/conditions [set ID key=value] [history] [restore VERSION]"),
    group=N_("Ballotage"),
    examples=("/conditions", "/voorwaarden", "/conditions set budget", "/voorwaarden geschiedenis"),
    accepts=frozenset({Accepts.NAME}),
    flags=(SET, RESTORE, HISTORY),
    # Sharing asks again, and a change that was asked for once must not be made twice.
    sensitivity=Sensitivity.PERSONAL,
    order=13,
)
async def conditions(request: Request, args: Arguments, services: Services) -> Reply:
    """Show the conditions in force, or change them."""
    if args.has(SET):
        return await _set(request, services)
    if args.has(RESTORE):
        if len(args.words) != 1:
            raise UserError("Restore which version? /conditions history shows them.")
        changed = await services.run(
            services.conditions.restore, args.words[0], by=request.principal.user
        )
        return await _changed(request, services, changed)
    if args.words:
        raise UserError(
            "I do not understand {word} here. Usage: {usage}",
            word=args.words[0][:40],
            usage=N_("/conditions [set ID key=value] [history] [restore VERSION]"),
        )
    if args.has(HISTORY):
        return await _history(request, services)
    return await _list(request, services)


def _may_change(request: Request) -> bool:
    return bool(request.principal.roles & Permission.CONDITIONS.roles)


async def _list(request: Request, services: Services) -> Reply:
    from analytics.ballotage.conditions import ADMIT_FROM

    _ = services.localizer(request)
    found = await services.run(services.conditions.in_force)
    now, may = found.conditions, _may_change(request)
    musts = sum(c.must for c in now.items)
    total = sum(c.weight for c in now.items if not c.must) + now.fit_weight
    buttons = [Button(_("History"), "/conditions history")]
    if may:
        buttons.insert(0, Button(_("Change one"), "/conditions set"))
    elements: list[Element] = [
        Section(_("Conditions of the ballotage"), Tone.TITLE),
        Section(
            _(
                "{musts} and {shoulds}. Who meets every must and scores {score} or more is admitted.",
                musts=_.n("{n} must", "{n} musts", musts),
                shoulds=_.n("{n} should", "{n} shoulds", len(now.items) - musts),
                score=_.number(ADMIT_FROM),
            ),
            Tone.HEADLINE,
        ),
        *words.warnings(_, found),
        words.listing(_, now),
        Fields(
            (
                (
                    _("In force"),
                    _(
                        "version {version}, {origin}",
                        version=now.version,
                        origin=words.origin(_, request, services, found.entry),
                    ),
                ),
            )
        ),
        Actions(tuple(buttons)),
        Context(
            _(
                "Score: the weights of what is met, with {fit} for how well the prospect fits your top "
                "clients, out of {total}. What is not known counts half; an unknown must means the "
                "waiting list.",
                fit=words.weight(_, now.fit_weight),
                total=words.weight(_, total),
            )
        ),
    ]
    if may:
        elements.append(Context(_("Change one: {usage}", usage=_(USAGE))))
    return _reply(request, elements, found)


async def _set(request: Request, services: Services) -> Reply:
    _ = services.localizer(request)
    found = await services.run(services.conditions.in_force)
    name, given = typed(request.text, SET.words)
    if not name:
        if given:
            raise UserError("Change which condition? For example: {usage}", usage=USAGE)
        title = Section(_("Change a condition"), Tone.TITLE)
        return _reply(request, [title, choose(_, found.conditions)], found)
    condition = named(found.conditions, name, _)
    if not given:
        elements: list[Element] = [
            Section(condition.title[_.locale], Tone.TITLE),
            Section(words.counts(_, condition), Tone.HEADLINE),
            *words.warnings(_, found),
            form(_, condition),
            Actions((Button(_("All conditions"), "/conditions"),)),
        ]
        return _reply(request, elements, found, only=condition.card)

    def edit(now: Conditions) -> str:
        from analytics.ballotage.editing import edited

        target = named(now, condition.id, _)
        return edited(now.text, target.id, changes(target, given))

    def change() -> Changed:
        from analytics.ballotage.nodes import ConditionsError

        try:
            return services.conditions.change(edit, by=request.principal.user, how=How.CHAT)
        except ConditionsError as error:
            raise UserError("{problem} Nothing was changed.", problem=error.problems[0]) from None

    return await _changed(request, services, await services.run(change))


async def _changed(request: Request, services: Services, changed: Changed) -> Reply:
    _ = services.localizer(request)
    found = await services.run(services.conditions.in_force)
    rows = words.differences(changed.before, changed.after)
    version = changed.after.version
    said = (
        _("Version {version} is in force.", version=version)
        if changed.entry
        else _("It was so already; version {version} stays in force.", version=version)
    )
    elements: list[Element] = [
        Section(_("Conditions of the ballotage"), Tone.TITLE),
        Section(said, Tone.HEADLINE),
    ]
    if rows:
        elements.append(words.changes_table(_, rows))
    elif changed.entry:
        elements.append(Section(_("The rules are the same; only words differ.")))
    if changed.set_aside:
        text = _("The file that could not be used is kept as {file}.", file=changed.set_aside.name)
        elements.append(Section(text))
    buttons = [Button(_("All conditions"), "/conditions")]
    if changed.entry and changed.before.version != version:
        buttons.insert(0, Button(_("Undo"), f"/conditions restore {changed.before.version}"))
    elements.append(Actions(tuple(buttons)))
    elements.append(
        Context(_("From now on every verdict goes by this; earlier ones stay as given."))
    )
    return _reply(request, elements, found, changes=rows, only="")


async def _history(request: Request, services: Services) -> Reply:
    _ = services.localizer(request)
    entries = await services.run(services.conditions.history)
    found = await services.run(services.conditions.in_force)
    now = found.conditions.version
    zone = request.principal.time_zone
    rows = tuple(
        (
            e.version,
            _.moment(e.at, zone),
            _(words.HOWS[e.how]),
            words.name_of(services, e.by) if e.by else "–",
        )
        for e in entries[:SHOWN]
    )
    columns = tuple(TableColumn(label) for label in (_("Version"), _("When"), _("How"), _("Who")))
    headline = (
        _.n("{n} change; version {version} is in force.",
            "{n} changes; version {version} is in force.", len(entries), version=now)
        if entries
        else _("Nothing was changed yet: version {version}, the ten you start with.", version=now)
    )  # fmt: skip
    elements: list[Element] = [
        Section(_("Conditions: history"), Tone.TITLE),
        Section(headline, Tone.HEADLINE),
        *words.warnings(_, found),
    ]
    if rows:
        elements.append(Table(columns, rows, total_rows=len(entries)))
    buttons = [Button(_("All conditions"), "/conditions")]
    if _may_change(request):
        earlier = [
            v for v in dict.fromkeys(e.version for e in entries) if v != now or found.problem
        ]
        buttons += [
            Button(_("Back to {version}", version=v), f"/conditions restore {v}")
            for v in earlier[:OFFERED]
        ]
        if entries:
            buttons.append(Button(_("Back to the first ten"), "/conditions restore defaults"))
    elements.append(Actions(tuple(buttons)))
    history = [
        {"version": e.version, "how": e.how.value, "at": e.at.isoformat(), "by": e.by or None}
        for e in entries
    ]
    return _reply(request, elements, found, history=history, only="")


def _reply(
    request: Request,
    elements: list[Element],
    found: Current,
    *,
    only: str | None = None,
    **more: object,
) -> Reply:
    """The reply with its data, and the cards it rests on: all, that of `only`, or none."""
    cards = [c.card for c in words.ordered(found.conditions)] if only is None else [only]
    data = words.plain(found, _may_change(request)) | {"history": None, "changes": None} | more
    cited = citations([card for card in cards if card], request.locale)
    return Reply(tuple(elements), data, citations=cited)
