"""`/qualify NAME`: admit, waiting list or decline, why, whom it looks like, what to ask next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from bot.commands._citing import citations
from bot.commands._framing import Frame
from bot.commands._introduction_words import draft
from bot.commands._qualify_asking import ask_facts, choice, whom
from bot.commands._qualify_data import assessment_data
from bot.commands._qualify_details import details
from bot.commands._qualify_facts import (
    NAME,
    VIA,
    WHY,
    command_words,
    form,
    read_facts,
)
from bot.commands._qualify_outlook import alike, chances, entry
from bot.commands._qualify_words import (
    counts,
    reason,
    signs,
    title,
    turning,
    who_lines,
)
from bot.commands._verdict_memory import feedback, keep
from bot.commands._verdict_stats import stats
from bot.core.command import ALL_ROWS, Accepts, Arguments, Flag, command
from bot.core.reply import Actions, Button, Context, Element, Reply, Section, Tone
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_

if TYPE_CHECKING:
    from analytics.ballotage.conditions import Conditions
    from analytics.matching import Match
    from analytics.qualify import Assessment

USAGE = N_("/qualify NAME [fact=value]")
ADD = Flag("add-facts", ("add-facts", "vul-aan"))
INTRODUCE = Flag("ask-introduction", ("ask-introduction", "vraag-introductie"))
REMEMBER = Flag("remember", ("remember", "onthoud"))
STATS = frozenset({"stats", "statistiek", "statistics"})
_RIGHT_OR_WRONG = re.compile(r"(right|klopt|wrong|klopt-niet) #(\d{1,12})", re.I)


@command(
    name="qualify",
    dutch="kwalificeer",
    aliases=("kwalificeren", "qualification"),
    summary=N_("A prospect: admit, waiting list or decline, and what to ask next"),
    usage=USAGE,
    group=N_("Ballotage"),
    examples=(
        "/qualify {client}",
        "/kwalificeer Acme BV source=referral employees=45",
        "/qualify stats",
    ),
    accepts=frozenset({Accepts.NAME, Accepts.FACTS}),
    flags=(ALL_ROWS, ADD, INTRODUCE, REMEMBER),
    order=12,
)
async def qualify(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the ballotage of one prospect."""
    special = {n: v for n, v in args.facts if n in {NAME, WHY, VIA}}
    if said := _RIGHT_OR_WRONG.fullmatch(args.text):
        return await feedback(request, services, said, special.get(WHY))
    if args.text.lower() in STATS:
        return await stats(request, services)
    frame = await Frame.of(request, args, services)
    conditions = await services.run(services.conditions.current)
    typed = tuple((n, v) for n, v in args.facts if n not in special)
    facts = await services.run(read_facts, typed, frame.snapshot, conditions)
    name = " ".join((args.text or special.get(NAME, "")).split())
    if not name:
        return whom(frame, conditions)
    match = await services.run(_match, frame, name, facts)
    if match.found is None and match.candidates:
        return choice(frame, name, match, facts)
    subject = await services.run(_subject, name, match)
    told = await services.run(services.verdicts.told, request.principal.tenant, subject)
    found = await services.run(_assess, frame, conditions, name, match, facts, told)
    line = _line(name, match, found, frame)
    if args.has(ADD):
        return ask_facts(frame, found, line)
    if args.has(INTRODUCE):
        return draft(frame, found, special.get(VIA, ""), line)
    verdict_id = await services.run(
        keep, request, services, found, facts, match, args.has(REMEMBER)
    )
    data = assessment_data(frame, match, found) | {"verdict_id": verdict_id or None}
    if args.has(ALL_ROWS):
        return details(frame, found, data)
    return _answer(frame, match, found, name, line, facts, data, args.has(REMEMBER))


def _match(frame: Frame, name: str, facts: dict[str, object]) -> Match:
    from analytics.matching import match

    return match(frame.snapshot, name, {n: v for n, v in facts.items() if v is not None})


def _subject(name: str, match: Match) -> str:
    from analytics.directory import name_key

    return match.found.entity.key if match.found else name_key(name)


def _assess(
    frame: Frame,
    conditions: Conditions,
    name: str,
    match: Match,
    facts: dict[str, object],
    told: dict[str, str],
) -> Assessment:
    from analytics.prospect import prospect_of
    from analytics.qualify import Bench

    prospect = prospect_of(
        frame.snapshot,
        name,
        entity=match.found.entity if match.found else None,
        deal=match.deal,
        told=told,
        typed=facts,
        as_of=frame.scope.as_of,
    )
    return Bench(frame.scope, conditions).assess(prospect, match.parent)


def _line(name: str, match: Match, found: Assessment, frame: Frame) -> str:
    """The command line that asks about this very one again."""
    if match.deal is not None or match.found is None:
        return f"/qualify {name}"
    code = found.prospect.customer
    return f"/qualify {frame.snapshot.customer_id(code) if code >= 0 else found.prospect.name}"


def _answer(
    frame: Frame,
    match: Match,
    found: Assessment,
    name: str,
    line: str,
    facts: dict[str, object],
    data: dict[str, Any],
    remember: bool,
) -> Reply:
    from analytics.profile import profile

    _ = frame._
    elements: list[Element] = [title(_, found)]
    who = who_lines(frame, match, found, name[:80])
    if who:
        elements.append(Section("\n".join(who)))
    elements.append(Section(reason(_, found), Tone.HEADLINE))
    if told := signs(frame, profile(frame.scope), found, max(4 - len(who), 2)):
        elements.append(Section(told))
    lines = [counts(_, found), turning(frame, found), alike(frame, found), entry(frame, found)]
    elements.append(Section("\n".join(one for one in lines if one)))
    if chance := chances(frame, found):
        elements.append(Context(chance))
    again = line + command_words(facts)
    asks = match.found is None and not facts and bool(found.missing)
    if asks:
        elements.append(
            form(_, frame.snapshot, found.conditions, found.missing, f"{line} remember")
        )
    cited = citations(_deciding(found), frame._.locale)
    elements.append(_buttons(frame, found, line, again, data, facts, remember, asks))
    elements.append(_foot(frame, found))
    return Reply(
        elements=tuple(elements),
        data=data,
        as_of=frame.scope.end,
        citations=cited,
        headline=_headline(frame, found),
    )


def _deciding(found: Assessment) -> list[str]:
    """Cards behind the conditions that stand in the way, else behind the musts that were met."""
    judged = found.judgement
    order = [
        *judged.of(False, must=True),
        *judged.of(None, must=True),
        *judged.of(False, must=False),
    ]
    return [c.card for c in order or judged.of(True, must=True)][:3]


def _headline(frame: Frame, found: Assessment) -> str:
    return f"{title(frame._, found).text}. {reason(frame._, found)}"


def _buttons(
    frame: Frame,
    found: Assessment,
    line: str,
    again: str,
    data: dict[str, Any],
    facts: dict[str, object],
    remember: bool,
    asks: bool,
) -> Actions:
    _, number = frame._, data["verdict_id"]
    buttons = []
    if found.introducers:
        style: Literal["default", "primary"] = (
            "default" if asks or found.judgement.verdict.value == "decline" else "primary"
        )
        buttons.append(Button(_("Ask for an introduction"), f"{again} {INTRODUCE.name}", style))
    if facts and not remember:
        buttons.append(Button(_("Remember these facts"), f"{again} {REMEMBER.name}"))
    elif found.missing and not asks:
        buttons.append(Button(_("Add facts"), f"{line} {ADD.name}"))
    buttons.append(Button(_("More"), f"{again} {ALL_ROWS.name}"))
    if number:
        buttons += [
            Button(_("Right"), f"/qualify right #{number}"),
            Button(_("Wrong"), f"/qualify wrong #{number}"),
        ]
    return Actions(tuple(buttons))


def _foot(frame: Frame, found: Assessment) -> Context:
    _ = frame._
    return Context(
        " · ".join(
            (
                _("Profile: {period}", period=frame.period_text),
                _("Base: {base}", base=frame.base_text),
                _("conditions {version}", version=found.conditions.version),
                _("version {version}", version=frame.snapshot.meta.version),
            )
        )
    )
