"""The asker's own figure beside a card, where the card speaks of something that was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.errors import DataError
from bot.commands._framing import Frame, channel_name
from bot.core.command import Arguments, Permission
from bot.core.reply import Element, Section
from bot.core.request import Request
from bot.core.services import Services

if TYPE_CHECKING:
    from knowledge.cards import Card

CONCENTRATION = frozenset({"top-clients", "concentration-risk"})
SOURCES = frozenset({"source-of-clients", "referrals", "partnerships", "channel-choice"})
CONTRIBUTION = frozenset({"sales-contribution"})
LOYALTY = frozenset({"loyalty"})
NAMED = 3


async def own_figures(request: Request, services: Services, card: Card) -> list[Element]:
    """At most one paragraph of the asker's own figures; none where they may not be seen or told."""
    topics = CONCENTRATION | SOURCES | CONTRIBUTION | LOYALTY
    may = request.principal.roles & Permission.REVENUE.roles
    if card.topic not in topics or not may:
        return []
    try:
        frame = await Frame.of(request, Arguments(), services)
        if frame.reading.total <= 0 or frame.figures.detail == "none":
            return []
        text = await services.run(_told, frame, card.topic)
    except DataError:  # no data, or not enough of it: the advice stands without
        return []
    if not text:
        return []
    _ = frame._
    return [Section(_("With you, {period}: {figures}", period=frame.period_text, figures=text))]


def _told(frame: Frame, topic: str) -> str:
    if topic in CONCENTRATION:
        return _concentration(frame)
    if topic in SOURCES:
        return _sources(frame)
    return _contribution(frame) if topic in CONTRIBUTION else _quiet(frame)


def _concentration(frame: Frame) -> str:
    _, reading, figures = frame._, frame.reading, frame.figures
    return _(
        "{top} of {n} customers ({share}) bring 80 % of revenue; the largest, {name}, brings {largest}, "
        "the five largest {five}.",
        top=_.number(reading.top_count),
        n=_.number(reading.customers),
        share=_.percent(reading.top_share_of_base or 0.0),
        name=frame.snapshot.name(int(reading.order[0])),
        largest=figures.share(reading.largest_share),
        five=figures.share(reading.top5_share),
    )


def _sources(frame: Frame) -> str:
    from analytics.sources import sources

    _, figures = frame._, frame.figures
    found = sources(frame.scope)
    known = [c for c in found.channels if c.channel != "unknown" and c.top_clients]
    best = sorted(known, key=lambda c: -c.top_revenue)[:NAMED]
    if not best:
        return ""
    text = _(
        "top clients came in by {named}.",
        named=_.join(
            [f"{channel_name(_, c.channel)} ({figures.share(c.top_revenue_share)})" for c in best]
        ),
    )
    hunted = [c for c in found.channels if c.channel != "unknown" and c.pipeline_share]
    if not hunted or found.alignment is None:
        return text
    where = max(hunted, key=lambda c: c.pipeline_share or 0.0)
    return (
        text
        + " "
        + _(
            "Of the open pipeline most is {channel} ({share}).",
            channel=channel_name(_, where.channel),
            share=_.percent(where.pipeline_share or 0.0, 0),
        )
    )


def _contribution(frame: Frame) -> str:
    from analytics.ars import ars

    _, figures = frame._, frame.figures
    side = ars(frame.scope).all
    if side.point_allowed:
        return _(
            "sales brought in {known} of revenue through its own channels.",
            known=figures.share(side.known),
        )
    if side.unknown >= side.total:
        return ""
    return _(
        "between {lower} and {upper} of revenue came through sales; of the rest the source is unknown.",
        lower=figures.share(side.lower),
        upper=figures.share(side.upper),
    )


def _quiet(frame: Frame) -> str:
    from analytics.loyalty import rhythms

    _ = frame._
    found = rhythms(frame.scope)
    silent = [code for code in frame.reading.top.tolist() if code in found and found[code].quiet]
    if not silent:
        return _("none of your top clients is quieter than usual.")
    names = _.join([frame.snapshot.name(code) for code in silent[:NAMED]])
    return _.n(
        "{n} top client is quieter than usual: {names}.",
        "{n} top clients are quieter than usual, among them {names}.",
        len(silent),
        names=names,
    )
