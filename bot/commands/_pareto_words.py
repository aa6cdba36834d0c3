"""The Pareto reading in words and as data, shared by the answers that speak of it."""

from __future__ import annotations

from typing import Any

from analytics.loyalty import Rhythm
from analytics.pareto import (
    CUTOFF,
    NO_CONCENTRATION_FROM,
    YARDSTICK_HIGH,
    YARDSTICK_LOW,
    YARDSTICK_MEAN,
)
from analytics.snapshot import INVOICES
from bot.commands._framing import Frame
from bot.core.figures import HIDDEN
from bot.core.reply import Element, Section, Tone

HHI_STEP, GINI_STEP = 100.0, 0.1
"""How coarse these are for who may see bands only."""


def reading_data(frame: Frame) -> dict[str, Any]:
    """The figures of `/topclients` as DESIGN names them, without rows."""
    reading, figures = frame.reading, frame.figures
    return {
        "period": frame.period_data(),
        "base": frame.snapshot.meta.base,
        "measure": "GROSS" if frame.scope.gross else "NET",
        "grouped": frame.scope.group,
        "currency": frame.snapshot.meta.home_currency,
        "customers": reading.customers,
        "positive_customers": reading.positive_customers,
        "revenue": figures.value(reading.total),
        "unattributed_revenue": figures.value(reading.revenue.unattributed),
        "cutoff": CUTOFF,
        "top_count": reading.top_count,
        "top_share_of_base": reading.top_share_of_base,
        "top_revenue": figures.value(reading.top_revenue),
        "largest_share": figures.share_value(reading.largest_share),
        "top5_share": figures.share_value(reading.top5_share),
        "gini": figures.index(reading.gini, GINI_STEP),
        "hhi": figures.index(reading.hhi, HHI_STEP),
        "concentrated": reading.concentrated,
        "reading": reading.reading,
        "dependent": reading.dependent,
    }


def reading_line(frame: Frame) -> list[Element]:
    """The answer in one or two sentences, beside the yardstick; dependence first where it is."""
    _, reading, figures = frame._, frame.reading, frame.figures
    if reading.customers == 0:
        return [
            Section(
                _(
                    "No customer was invoiced in this period. The data runs from {first} to {last}.",
                    first=_.date(frame.snapshot.first_date),
                    last=_.date(frame.scope.data_date),
                ),
                Tone.HEADLINE,
            )
        ]
    if reading.total <= 0:
        return [
            Section(
                _(
                    "Revenue in this period is {amount}: credit notes outweigh invoices, so nobody "
                    "brings 80% of it. Ask for a longer period.",
                    amount=figures.money(reading.total),
                ),
                Tone.HEADLINE,
            )
        ]
    sentence = _.n(
        "{top} of {n} customer ({share}) brings {cutoff} of {revenue}.",
        "{top} of {n} customers ({share}) bring {cutoff} of {revenue}.",
        reading.customers,
        top=_.number(reading.top_count),
        share=_.percent(reading.top_share_of_base or 0.0),
        cutoff=_.percent(CUTOFF, 0),
        revenue=figures.short(reading.total),
    )
    if not reading.dependent:
        return [Section(f"{sentence} {_verdict(frame)}", Tone.HEADLINE)]
    largest = reading.order[:1].tolist()[0]
    index = figures.index(reading.hhi, HHI_STEP)
    dependence = _(
        "You depend on a few: {name} alone brings {largest}, the five largest {top5} "
        "(HHI {hhi} of 10,000).",
        name=frame.snapshot.name(largest),
        largest=figures.share(reading.largest_share),
        top5=figures.share(reading.top5_share),
        hhi=HIDDEN if index is None else _.number(index),
    )
    return [Section(dependence, Tone.HEADLINE), Section(f"{sentence} {_verdict(frame)}")]


def _verdict(frame: Frame) -> str:
    _, reading = frame._, frame.reading
    band = {
        "low": _.number(YARDSTICK_LOW * 100),
        "high": _.percent(YARDSTICK_HIGH, 0),
        "mean": _.percent(YARDSTICK_MEAN, 0),
    }
    match reading.reading:
        case "CONCENTRATED" if (reading.top_share_of_base or 0.0) < YARDSTICK_LOW:
            return _(
                "Fewer than usual: in practice it is {low} to {high}, {mean} on average.", **band
            )
        case "CONCENTRATED":
            return _("Healthy: in practice it is {low} to {high}, {mean} on average.", **band)
        case "NO_CONCENTRATION":
            return _(
                "There is no concentration here: from {limit} of customers on, no handful carries "
                "the firm. In practice it is {low} to {high}, {mean} on average.",
                limit=_.percent(NO_CONCENTRATION_FROM, 0),
                **band,
            )
        case "ABOVE_BAND":
            return _("Above the yardstick's band of {low} to {high} ({mean} on average).", **band)
        case _other:
            return _.n(
                "With {n} paying customer that says little; the yardstick needs 30.",
                "With {n} paying customers that says little; the yardstick needs 30.",
                reading.positive_customers,
            )


def dependence_fields(frame: Frame) -> tuple[tuple[str, str], ...]:
    """Largest client, top five, HHI and Gini: always beside the reading."""
    _, reading, figures = frame._, frame.reading, frame.figures
    index, gini = figures.index(reading.hhi, HHI_STEP), figures.index(reading.gini, GINI_STEP)
    largest = reading.order[:1].tolist()
    name = frame.snapshot.name(largest[0]) if largest else ""
    return (
        (_("Largest client"), f"{name} · {figures.share(reading.largest_share)}"),
        (_("Five largest"), figures.share(reading.top5_share)),
        (_("HHI (0 to 10,000)"), _.number(index) if index is not None else "–"),
        (_("Gini (0 to 1)"), _.number(gini, 2) if gini is not None else "–"),
    )


def silent_lines(frame: Frame, found: dict[int, Rhythm], limit: int) -> list[Element]:
    """A warning for each top client that has fallen silent, the largest first."""
    silent = [found[c] for c in frame.reading.top.tolist() if c in found and found[c].quiet]
    shown = [Section(silent_text(frame, rhythm), Tone.WARNING) for rhythm in silent[:limit]]
    rest = len(silent) - limit
    if rest > 0:
        _ = frame._
        shown.append(
            Section(
                _.n("{n} more top client is quiet.", "{n} more top clients are quiet.", rest),
                Tone.WARNING,
            )
        )
    return list(shown)


def silent_text(frame: Frame, rhythm: Rhythm) -> str:
    """How long a client has been silent against its own rhythm."""
    _ = frame._
    invoices = frame.snapshot.meta.base == INVOICES
    words = {"name": frame.snapshot.name(rhythm.code), "gap": _.number(rhythm.gap)}
    if is_daily(rhythm):
        return (
            _("{name} is quiet. Usually an invoice every day, now none for {gap} days.", **words)
            if invoices
            else _(
                "{name} is quiet. Usually a won deal every day, now none for {gap} days.", **words
            )
        )
    words["usual"] = _.number(rhythm.usual_gap or 0.0)
    if not invoices:
        return _(
            "{name} is quiet. Usually a won deal every {usual} days, now none for {gap} days.",
            **words,
        )
    return _(
        "{name} is quiet. Usually an invoice every {usual} days, now none for {gap} days.", **words
    )


def is_daily(rhythm: Rhythm) -> bool:
    """Whether the usual gap is written as one day."""
    return rhythm.usual_gap is not None and round(rhythm.usual_gap) == 1
