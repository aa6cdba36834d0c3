"""The deals `/pipeline` names: what to let go and what to double down on, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands._pipeline_view import PipelineView
from bot.commands._pipeline_words import effort_text
from bot.commands._qualify_facts import question_of, value_text
from bot.commands._qualify_words import titles
from bot.commands._trait_words import fact_label, within
from bot.core.reply import Section

if TYPE_CHECKING:
    from analytics.pipeline import DoubleDown, OpenDeal


def drop_lines(view: PipelineView) -> Section:
    """The deals to let go, each with its reason on one line."""
    _ = view.frame._
    if not view.drop:
        return Section(
            _(
                "Nothing to let go: none of these deals is declined, and none waits long on a must "
                "that is missed."
            )
        )
    lines = [f"− {_drop_line(view, deal)}" for deal in view.drop]
    head = _.n("Let this one go:", "Let these {n} go:", len(lines))
    return Section("\n".join([head, *lines]))


def _drop_line(view: PipelineView, deal: OpenDeal) -> str:
    from analytics.ballotage.verdict import Verdict

    _ = view.frame._
    words = {"name": called(deal), "what": _about(view, deal), "missed": titles(_, deal.missed)}
    if deal.verdict is Verdict.DECLINE:
        heavy = [c for c in deal.missed if c.on_miss and c.on_miss.value == "decline"]
        words["missed"] = titles(_, heavy)
        text = _("{name} ({what}). Declined, not met: {missed}.", **words)
    elif view.found.patience.won:
        text = _(
            "{name} ({what}). Waiting longer than three in four won deals took ({days} days), not met: "
            "{missed}.",
            days=_.number(view.found.patience.days),
            **words,
        )
    else:
        text = _(
            "{name} ({what}). Waiting for more than {days} days, not met: {missed}.",
            days=_.number(view.found.patience.days),
            **words,
        )
    if deal.client:
        text += " " + _("A client already: no to the deal, not to the client.")
    return text


def push_lines(view: PipelineView) -> Section:
    """The deals to double down on, each with its reason on one line."""
    _ = view.frame._
    if not view.push:
        return Section(
            _("None to double down on yet: no deal is admitted, or one answer away from it.")
        )
    lines = [f"+ {_push_line(view, one)}" for one in view.push]
    head = _.n("Double down on this one:", "Double down on these {n}:", len(lines))
    return Section("\n".join([head, *lines]))


def _push_line(view: PipelineView, one: DoubleDown) -> str:
    frame, _, deal = view.frame, view.frame._, one.deal
    words = {"name": called(deal), "what": _about(view, deal)}
    if one.change is not None:
        fact = one.change.fact
        value = value_text(_, frame.figures, fact, one.change.value, frame.snapshot)
        blocks = one.stands_in_way
        asked = blocks.ask.get(_.locale) if blocks else None
        words |= {
            "fact": within(fact_label(_, fact)),
            "value": value,
            "question": asked or question_of(_, view.conditions, fact),
        }
        if blocks is not None and any(c.id == blocks.id for c in deal.missed):
            return _(
                '{name} ({what}). Let in once this turns, {fact}: {value}. Ask: "{question}"',
                **words,
            )
        return _(
            '{name} ({what}). One answer from being let in, {fact}: {value}. Ask: "{question}"',
            **words,
        )
    score = _.number(int(deal.score + 1e-9))
    if deal.fit is None:
        text = _("{name} ({what}). Admitted, score {score} of 100.", score=score, **words)
    else:
        text = _(
            "{name} ({what}). Admitted, score {score} of 100, fit with your top clients {fit}.",
            score=score,
            fit=_.percent(deal.fit, 0),
            **words,
        )
    if one.expected is not None and one.expected.median > 0 and frame.figures.exact:
        text += " " + _(
            "Half of the clients like it bring over {median} a year.",
            median=frame.figures.short(_two_figures(one.expected.median)),
        )
    return text


def _two_figures(amount: int) -> int:
    """A median of a few neighbours is no more precise than that."""
    return round(amount, -max(len(str(abs(amount))) - 2, 0))


def called(deal: OpenDeal) -> str:
    """A deal's name, cut where it is endless."""
    return deal.name if len(deal.name) <= 60 else deal.name[:59].rstrip() + "…"


def _about(view: PipelineView, deal: OpenDeal) -> str:
    """Amount, age, effort and, among everybody's, owner of a deal, as far as there are any."""
    frame, _ = view.frame, view.frame._
    parts = []
    if deal.amount is not None and frame.figures.detail != "none":
        parts.append(frame.figures.short(deal.amount))
    if deal.age is not None:
        parts.append(_.n("open for {n} day", "open for {n} days", deal.age))
    if deal.effort:
        parts.append(effort_text(view, deal.effort))
    if view.owner is None and deal.owner is not None:
        parts.append(deal.owner.name)
    return ", ".join(parts) or deal.deal_id
