"""An assessment in words: the verdict, its reasons, what would change it, and the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands._framing import Frame
from bot.commands._qualify_facts import question_of, value_text
from bot.commands._trait_words import fact_label, trait_name, within
from bot.core.reply import Section, Tone
from bot.i18n import Localizer

if TYPE_CHECKING:
    from analytics.ballotage.conditions import Condition
    from analytics.ballotage.verdict import Change, Verdict
    from analytics.matching import Match
    from analytics.profile import Profile, Trait
    from analytics.qualify import Assessment

PLUS, MINUS = 1.25, 0.8
"""Lift from which a trait speaks for a prospect, and up to which it speaks against it."""
SIGNS_SHOWN = 2
SURE, FAIRLY_SURE = 0.85, 0.6
"""Share of the conditions, by weight, that is known."""


def verdict_word(_: Localizer, verdict: Verdict) -> str:
    """The verdict as a word."""
    return {"admit": _("admit"), "waitlist": _("waiting list"), "decline": _("decline")}[
        verdict.value
    ]


def title(_: Localizer, found: Assessment) -> Section:
    """The verdict on one line."""
    decided = found.judgement.decided
    if decided >= SURE:
        sure = _("sure")
    elif decided >= FAIRLY_SURE:
        sure = _("fairly sure")
    else:
        sure = _("provisional")
    return Section(
        _(
            "{name} · {verdict}, {sure}",
            name=found.prospect.name[:80],
            verdict=verdict_word(_, found.judgement.verdict),
            sure=sure,
        ),
        Tone.TITLE,
    )


def who_lines(frame: Frame, match: Match, found: Assessment, typed: str) -> list[str]:
    """Who is meant, where that is not plain: a client, a parent, a duplicate, a near name."""
    from analytics.directory import By
    from analytics.matching import Outcome

    _, snapshot = frame._, frame.snapshot
    lines = []
    if match.outcome is Outcome.UNKNOWN:
        lines.append(_("{name} is not in your data yet; this rests on what you tell.", name=typed))
    elif match.outcome is Outcome.LIKELY:
        lines.append(_("You typed {typed}; I take {name}.", typed=typed, name=found.prospect.name))
    code = found.prospect.customer
    if found.judgement.facts.get("client") == "yes":
        rank = frame.reading.rank(code)
        if rank is None:
            lines.append(_("Already a client, not invoiced in the last twelve months."))
        else:
            amount = frame.figures.money(int(frame.reading.revenue.amount[code]))
            words = {"rank": _.number(rank), "base": frame.base_text, "amount": amount}
            if rank <= frame.reading.top_count:
                lines.append(_("Already a top client: number {rank} of {base}, {amount}.", **words))
            else:
                lines.append(_("Already a client: number {rank} of {base}, {amount}.", **words))
    if match.parent is not None:
        lines.append(
            _("Belongs to {parent}, a client of yours.", parent=snapshot.name(match.parent))
        )
    if match.duplicates:
        names = ", ".join(
            f"{c.entity.name} ({by})"
            for c in match.duplicates[:3]
            for by in [
                {By.KVK: "KvK", By.VAT: _("VAT number"), By.DOMAIN: _("domain")}.get(
                    c.by, _("name")
                )
            ]
        )
        lines.append(_("May be in your data twice, by the same: {names}.", names=names))
    return lines


def reason(_: Localizer, found: Assessment) -> str:
    """The verdict's reason in one sentence."""
    judged, verdict = found.judgement, found.judgement.verdict.value
    missed, unknown = judged.of(False, must=True), judged.of(None, must=True)
    if verdict == "admit":
        return _("Let in: every must is met, score {score} of 100.", score=score(_, found))
    if verdict == "decline":
        heavy = [c for c in missed if c.on_miss and c.on_miss.value == "decline"]
        return _("Say no, and say why: {missed} is not met.", missed=titles(_, heavy))
    parts = []
    if missed:
        parts.append(_("not met: {titles}", titles=titles(_, missed)))
    if unknown:
        parts.append(_("not known yet: {titles}", titles=titles(_, unknown)))
    if not parts:
        return _(
            "Not yet: every must is met, but the score is {score} of 100 and 60 lets in.",
            score=score(_, found),
        )
    return _("Not yet; {what}.", what="; ".join(parts))


def titles(_: Localizer, conditions: list[Condition] | tuple[Condition, ...]) -> str:
    """Titles of conditions as one text."""
    return ", ".join(within(c.title[_.locale]) for c in conditions)


def score(_: Localizer, found: Assessment) -> str:
    """The score without decimals, rounded down: 59.9 is not yet 60."""
    return _.number(int(found.judgement.score + 1e-9))


def signs(frame: Frame, profile: Profile, found: Assessment, most: int = 2 * SIGNS_SHOWN) -> str:
    """What speaks for and against it by the profile, a line each; empty where nothing does."""
    # What was asked in the ballotage stands in its counts; here is what kind of company it is.
    asked = found.conditions.process_facts
    told = [t for t in found.traits if t.lift is not None and t.fact not in asked]
    plus = [t for t in told if (t.lift or 0) >= PLUS]
    minus = [t for t in told if (t.lift or 0) <= MINUS]
    plus.sort(key=lambda t: (not t.clear, -(t.lift or 0)))
    minus.sort(key=lambda t: (not t.clear, t.lift or 0))
    lines = [("+ ", t) for t in plus[:SIGNS_SHOWN]]
    lines = lines[: max(most - 1, 1)] if minus else lines
    lines += [("− ", t) for t in minus[: min(SIGNS_SHOWN, most - len(lines))]]
    return "\n".join(sign + _sign_line(frame, profile, t) for sign, t in lines)


def _sign_line(frame: Frame, profile: Profile, trait: Trait) -> str:
    _ = frame._
    line = _.n(
        "{name}: {top} of {n} top client, against {others} of the {others_known} others",
        "{name}: {top} of {n} top clients, against {others} of the {others_known} others",
        trait.top_known,
        name=trait_name(_, frame.snapshot, profile, trait),
        top=_.number(trait.top),
        others=_.number(trait.others),
        others_known=_.number(trait.others_known),
    )
    if trait.fact == "channel" and trait.value:
        share = _pipeline_share(frame, trait.value)
        if share is not None:
            line += _(", and {share} of your pipeline", share=_.percent(share, 0))
    return line + "."


def _pipeline_share(frame: Frame, channel: str) -> float | None:
    from analytics.sources import open_deals

    deals = open_deals(frame.scope)
    known = deals[deals["channel"] != "unknown"]
    return float((known["channel"] == channel).mean()) if len(known) else None


def counts(_: Localizer, found: Assessment) -> str:
    """How many conditions are met, missed and not known."""
    judged = found.judgement
    missed = judged.of(False)
    must = [c for c in missed if c.must]
    named = _(" (must: {titles})", titles=titles(_, must)) if must else ""
    return _(
        "Ballotage: {met} met, {missed} missed{named}, {unknown} not known. Score {score} of 100.",
        met=_.number(len(judged.of(True))),
        missed=_.number(len(missed)),
        named=named,
        unknown=_.number(len(judged.of(None))),
        score=score(_, found),
    )


def turning(frame: Frame, found: Assessment) -> str:
    """What turns the verdict, and the question to ask next; empty where nothing does."""
    _ = frame._
    better = [c for c in found.changes if c.verdict.rank > found.judgement.verdict.rank]
    parts = []
    if better:
        change = better[0]
        parts.append(
            _(
                "Turns it: {fact}, then {verdict}.",
                fact=_fact_is(frame, found, change),
                verdict=verdict_word(_, change.verdict),
            )
        )
    elif found.way:
        steps = ", ".join(_fact_is(frame, found, c) for c in found.way)
        parts.append(_("Together these let it in: {steps}.", steps=steps))
    if asked := _ask(_, found):
        parts.append(_('Ask: "{question}"', question=asked))
    return " ".join(parts)


def _fact_is(frame: Frame, found: Assessment, change: Change) -> str:
    _ = frame._
    label = within(fact_label(_, change.fact))
    return f"{label}: {value_text(_, frame.figures, change.fact, change.value, frame.snapshot)}"


def _ask(_: Localizer, found: Assessment) -> str:
    """The question that goes with the first condition in the way, what declines before the rest."""
    from analytics.ballotage.conditions import OnMiss

    judged = found.judgement
    missed = judged.of(False, must=True)
    order = [
        *sorted(missed, key=lambda c: c.on_miss is not OnMiss.DECLINE),
        *judged.of(None, must=True),
        *judged.of(None, must=False),
        *judged.of(False, must=False),
    ]
    asks = [c.ask[_.locale] for c in order if c.ask.get(_.locale)]
    if asks or not found.missing:
        return asks[0] if asks else ""
    return question_of(_, found.conditions, found.missing[0])


def why_met(frame: Frame, found: Assessment, condition: Condition) -> str:
    """On which facts a condition's outcome rests."""
    _, facts = frame._, found.judgement.facts
    parts = []
    for fact in found.conditions.plain_facts(condition.when):
        value = facts.get(fact)
        label = {"fit": _("fit"), "introduction": _("introduction possible")}.get(fact) or within(
            fact_label(_, fact)
        )
        if value is None:
            parts.append(_("{fact}: not known", fact=label))
        else:
            parts.append(f"{label}: {value_text(_, frame.figures, fact, value, frame.snapshot)}")
    return "; ".join(parts)
