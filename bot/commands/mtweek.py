"""`/mtweek 60`: the share of last week that went to people; the figure is its owner's alone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from bot.core.command import Accepts, Arguments, Permission, Sensitivity, command
from bot.core.reply import (
    Chart,
    Context,
    Element,
    Fields,
    Form,
    Input,
    Reply,
    Section,
    Series,
    Tone,
)
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import UserError
from bot.i18n import N_, Localizer
from bot.weeks import monday, number, shifted, sunday, week_of

if TYPE_CHECKING:
    from bot.storage.mt_time import TeamWeek

GOAL = 80
"""Percent of an MT's time that belongs to its people: the blog's third principle."""
WEEKS_SHOWN = 26
SHARE = "share"


@command(
    name="mtweek",
    aliases=("mt-week", "mttime", "mttijd"),
    summary=N_("The share of your last week that went to people, against 80 %"),
    usage=N_("/mtweek [0 to 100]"),
    group=N_("Team"),
    examples=("/mtweek",),
    accepts=frozenset({Accepts.NAME, Accepts.FACTS}),
    permission=Permission.TEAM,
    sensitivity=Sensitivity.PERSONAL,
    order=61,
)
async def mtweek(request: Request, args: Arguments, services: Services) -> Reply:
    """Keep the asker's figure where one is given; answer with their own trend and the team's."""
    week = shifted(week_of(_today(request, services)), -1)
    given = _given(args)
    if given is not None:
        await services.run(_enter, services, request, week, given)
    # Entering does not set the average: more members may enter before somebody looks.
    own, team = await services.run(_read, services, request, week, fresh=given is None)
    return _answer(request, services, week, own, team)


def _today(request: Request, services: Services) -> dt.date:
    """Today where the asker is; an earlier day where one was asked for."""
    today = services.today(request)
    return today if request.as_of is None else min(today, request.as_of)


def _given(args: Arguments) -> int | None:
    """The percentage that was typed or filled in; None where there was none."""
    facts = dict(args.facts)
    if unknown := [name for name in facts if name != SHARE]:
        raise UserError("I do not know {name} here. Type for example: /mtweek 60", name=unknown[0])
    text = " ".join((*args.words, facts.get(SHARE, ""))).replace("%", " ").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        raise UserError(
            "Give the share of last week as a whole number from 0 to 100, for example: /mtweek 60"
        )
    return int(text)


def _enter(services: Services, request: Request, week: str, percent: int) -> None:
    from bot.storage.mt_time import MtTime

    principal = request.principal
    MtTime(services.state.database(), principal.tenant).enter(principal.user, {week: percent})


def _read(
    services: Services, request: Request, week: str, *, fresh: bool
) -> tuple[dict[str, int], list[TeamWeek]]:
    from bot.storage.mt_time import MtTime

    if not services.state.exists():
        return {}, []
    principal = request.principal
    store = MtTime(services.state.database(), principal.tenant)
    own = store.own(principal.user, WEEKS_SHOWN, week)
    return own, store.team(WEEKS_SHOWN, week, fresh=fresh)


def _answer(
    request: Request,
    services: Services,
    week: str,
    own: dict[str, int],
    team: list[TeamWeek],
) -> Reply:
    _ = services.localizer(request)
    start, end = monday(week), sunday(week)
    elements: list[Element] = [
        Section(_("MT time · week {week}", week=number(week)), Tone.TITLE),
        Section(_headline(_, week, own), Tone.HEADLINE),
    ]
    fields = _fields(_, week, own, team)
    if fields:
        elements.append(Fields(fields))
    elements += [
        chart
        for chart in (
            _chart(_, _("Your weeks"), _("You"), {w: float(p) for w, p in own.items()}),
            _chart(_, _("The team's weeks"), _("Team average"), {t.week: t.average for t in team}),
        )
        if chart is not None
    ]
    if week not in own:
        label = _(
            "Percentage of {start} to {end} that went to people",
            start=_.date(start),
            end=_.date(end),
        )
        question = Input(SHARE, label, "number", required=True, hint=_("A number from 0 to 100"))
        elements.append(Form("/mtweek", _("Keep"), (question,)))
    elements.append(
        Context(
            _(
                "Only you see your own figures; entering one again replaces it. The team sees an "
                "average from three members up, and it moves only when three figures are new."
            )
        )
    )
    data: dict[str, Any] = {
        "week": week,
        "start": start,
        "end": end,
        "entered": own[week] / 100 if week in own else None,
        "goal": GOAL / 100,
        "own": [{"week": w, "start": monday(w), "share": p / 100} for w, p in own.items()],
        "team": [
            {
                "week": t.week,
                "start": monday(t.week),
                "average": t.average / 100,
                "members": t.members,
            }
            for t in team
        ],
    }
    return Reply(tuple(elements), data, as_of=end)


def _headline(_: Localizer, week: str, own: dict[str, int]) -> str:
    goal = _.percent(GOAL / 100, 0)
    if week not in own:
        return _(
            "How much of last week, {start} to {end}, went to people? Type for example: /mtweek 60",
            start=_.date(monday(week)),
            end=_.date(sunday(week)),
        )
    share = _.percent(own[week] / 100, 0)
    if own[week] >= GOAL:
        return _(
            "{share} of last week went to people: at the {goal} or above.", share=share, goal=goal
        )
    return _(
        "{share} of last week went to people; {short} points to the {goal}.",
        share=share,
        short=GOAL - own[week],
        goal=goal,
    )


def _fields(
    _: Localizer, week: str, own: dict[str, int], team: list[TeamWeek]
) -> tuple[tuple[str, str], ...]:
    out: list[tuple[str, str]] = []
    before = [w for w in own if w < week]
    if before:
        text = _.percent(own[before[-1]] / 100, 0)
        out.append((_("You, week {week}", week=number(before[-1])), text))
    if team:
        latest = team[-1]
        text = _(
            "{share} over {n} members", share=_.percent(latest.average / 100), n=latest.members
        )
        out.append((_("Team average, week {week}", week=number(latest.week)), text))
    return tuple(out)


def _chart(_: Localizer, title: str, name: str, weeks: dict[str, float]) -> Chart | None:
    """A line over the weeks with the goal beside it; None where there is no line to draw."""
    if len(weeks) < 2:
        return None
    days = {monday(week).isoformat(): percent for week, percent in weeks.items()}
    first, *_between, last = weeks
    alt = _(
        "{name}: {before} in week {first}, {now} in week {last}; the goal is {goal}.",
        name=name,
        before=_.percent(weeks[first] / 100, 0),
        first=number(first),
        now=_.percent(weeks[last] / 100, 0),
        last=number(last),
        goal=_.percent(GOAL / 100, 0),
    )
    return Chart(
        "weeks",
        title,
        alt,
        _("Week of"),
        _("% of the week for people"),
        (
            Series(name, tuple(days.items())),
            Series(_("Goal"), tuple((day, float(GOAL)) for day in days)),
        ),
        span=(0.0, 100.0),
    )
