"""`/pipeline` in words: whose deals there are, by verdict, and where the effort goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands._framing import Frame
from bot.commands._pipeline_view import PipelineView
from bot.core.reply import Context, Element, Section, Tone

if TYPE_CHECKING:
    from analytics.pipeline import ChannelRow

HOUR = 60
WORTH_NAMING = 0.10


def title(view: PipelineView) -> Section:
    """Whose deals, and to which day."""
    frame, _ = view.frame, view.frame._
    day = _.date(frame.scope.end)
    if view.mine:
        text = _("Pipeline · your open deals, to {date}", date=day)
    elif view.owner is not None:
        text = _("Pipeline · open deals of {name}, to {date}", name=view.owner.name, date=day)
    else:
        text = _("Pipeline · all open deals, to {date}", date=day)
    return Section(text, Tone.TITLE)


def nothing(view: PipelineView) -> list[Element]:
    """Why there is no deal to show, and how to mend it where it can be mended."""
    frame, _ = view.frame, view.frame._
    if not frame.snapshot.meta.rows.get("deals"):
        text = _(
            "There are no deals yet. Load the table that opens this answer: "
            "python app.py load deals=FILE (deal_id, status, created, and amount, source, owner)."
        )
    elif not view.found.deals:
        text = _("There is no open deal: the ballotage has nothing to judge.")
    elif view.mine:
        text = not_yours(view)
    else:
        text = _("There is no open deal of that owner.")
    return [Section(text, Tone.HEADLINE)]


def not_yours(view: PipelineView) -> str:
    """Why none of the open deals is the asker's, and which column says whose a deal is."""
    frame, _ = view.frame, view.frame._
    every, asker = view.found.deals, frame.request.principal.user
    count = {"n_deals": _.number(len(every))}
    if all(d.owner is None for d in every):
        return _(
            "Whose the {n_deals} open deals are cannot be told: the column owner of the deals table "
            "is empty. Fill it with each rep's e-mail address or name, and load it again.",
            **count,
        )
    if view.owner is not None and view.owner.known:
        return _(
            "None of the {n_deals} open deals is yours. A deal is yours where the column owner of the "
            "deals table holds {user} or {name}.",
            user=asker,
            name=view.owner.name,
            **count,
        )
    return _(
        "None of the {n_deals} open deals can be told to be yours: {user} is not in the people table, "
        "and owns no deal. Add a row to the people table: your address in the column user, and in "
        "the column name what the column owner of the deals calls you.",
        user=asker,
        **count,
    )


def headline(view: PipelineView) -> str:
    """How many deals there are by verdict, and how much of their value is declined."""
    from analytics.ballotage.verdict import Verdict

    frame, _, total = view.frame, view.frame._, view.total
    text = _.n(
        "{n} open deal: {admit} admitted, {waitlist} on the waiting list, {decline} declined.",
        "{n} open deals: {admit} admitted, {waitlist} on the waiting list, {decline} declined.",
        len(view.deals),
        admit=_.number(total.deals[Verdict.ADMIT]),
        waitlist=_.number(total.deals[Verdict.WAITLIST]),
        decline=_.number(total.deals[Verdict.DECLINE]),
    )
    worth = _worth(frame, view)
    return f"{text} {worth}" if worth else text


def _worth(frame: Frame, view: PipelineView) -> str:
    _, total, figures = frame._, view.total, frame.figures
    if figures.detail == "none":
        return ""
    if not total.valued:
        return _("No amounts are known: the column amount tells how much of the value that is.")
    if not total.by_value:
        return _(
            "An amount is known of {valued} of them: too few to say how much of the value that is.",
            valued=_.number(total.valued),
        )
    if not total.declined:
        return _("Nothing of their {value} is in what the ballotage declines.", value=figures.short(
            total.value
        ))  # fmt: skip
    return _(
        "What the ballotage declines holds {share} of the value ({declined} of {value}).",
        share=figures.share(total.declined / total.value),
        declined=figures.short(total.declined),
        value=figures.short(total.value),
    )


def effort_text(view: PipelineView, effort: int) -> str:
    """An effort: hours and minutes are told in hours, notes by their number."""
    _ = view.frame._
    if not view.found.in_minutes:
        return _.n("{n} activity", "{n} activities", effort)
    hours = effort / HOUR
    if hours < 10:
        return _("{hours} hours", hours=_.number(hours, 1))
    return _("{hours} hours", hours=_.number(hours))


def effort_lines(view: PipelineView) -> list[Element]:
    """Where the effort goes, against where top clients came from."""
    from analytics.ballotage.verdict import Verdict

    _, found, total = view.frame._, view.found, view.total
    if not found.notes:
        text = _(
            "Where the effort goes cannot be told. The activities table opens that: date, user, "
            "deal_id, minutes."
        )
        return [Section(text)]
    if not total.total_effort:
        text = _(
            "None of the activities is on one of these deals: the column deal_id of the activities "
            "table tells where the effort goes."
        )
        return [Section(text)]
    amount = effort_text(view, total.total_effort)
    text = _(
        "Effort: {amount} on {worked} of these deals; {declined} of it on what the ballotage declines, "
        "{admitted} on what it admits.",
        amount=amount,
        worked=_.number(total.worked_on),
        declined=_.percent(total.effort[Verdict.DECLINE] / total.total_effort, 0),
        admitted=_.percent(total.effort[Verdict.ADMIT] / total.total_effort, 0),
    )
    against = _against(view)
    return [Section(f"{text} {against}" if against else text)]


def _against(view: PipelineView) -> str:
    """The channel with most effort beside what it brought, and the one that brought most."""
    _, figures = view.frame._, view.frame.figures
    known = [r for r in view.total.channels if r.channel != "unknown"]
    if not known or all(r.top_share is None for r in known) or figures.detail == "none":
        return ""

    def spent(row: ChannelRow) -> str:
        return _.percent(row.effort / view.total.total_effort, 0)

    most = max(known, key=lambda r: (r.effort, r.channel))
    best = max(known, key=lambda r: (r.top_share or 0.0, r.channel))
    words = {"most": view.frame.channel(most.channel), "spent": spent(most)}
    if most.top_share:
        text = _(
            "Most goes to {most} ({spent}); {top} of top clients' revenue came from there.",
            top=figures.share(most.top_share),
            **words,
        )
    else:
        text = _("Most goes to {most} ({spent}); no top client came from there.", **words)
    if best.channel == most.channel or (best.top_share or 0.0) < WORTH_NAMING:
        return text
    return (
        text
        + " "
        + _(
            "Most of top clients' revenue came by {best} ({best_top}), which gets {best_spent}.",
            best=view.frame.channel(best.channel),
            best_top=figures.share(best.top_share),
            best_spent=spent(best),
        )
    )


def notes(view: PipelineView) -> list[Element]:
    """What was left out or cannot be told, in small print."""
    _, found, total = view.frame._, view.found, view.total
    parts = []
    ownerless = sum(d.owner is None for d in found.deals)
    if ownerless and (view.owner is not None or total.ownerless):
        parts.append(
            _.n(
                "{n} open deal has no owner; the column owner of the deals table tells whose it is.",
                "{n} open deals have no owner; the column owner of the deals table tells whose they "
                "are.",
                ownerless,
            )
        )
    if found.in_minutes and found.timeless:
        parts.append(
            _.n(
                "{n} activity without minutes is not in the effort.",
                "{n} activities without minutes are not in the effort.",
                found.timeless,
            )
        )
    parts.append(_("Verdicts by conditions {version}.", version=view.conditions.version))
    return [Context(" ".join(parts))]
