"""Whom a prospect looks like, who could introduce us, and the chances, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands._framing import Frame
from bot.commands._model_words import trust_line
from bot.i18n import Localizer

if TYPE_CHECKING:
    from analytics.introductions import Introducer
    from analytics.qualify import Assessment


def alike(frame: Frame, found: Assessment) -> str:
    """Which top clients it looks like, and what such clients bring in; may be empty."""
    _ = frame._
    if not found.lookalikes:
        return ""
    names = ", ".join(
        f"{frame.snapshot.name(a.code)} ({frame.figures.short(a.revenue)})"
        for a in found.lookalikes
    )
    text = _("Looks like: {names}.", names=names)
    if found.expected is not None and frame.figures.exact:
        text += " " + _(
            "Clients like this bring {low} to {high} a year (middle half of {n}).",
            low=frame.figures.short(_rounded(found.expected.low)),
            high=frame.figures.short(_rounded(found.expected.high)),
            n=_.number(found.expected.n),
        )
    return text


def _rounded(amount: int) -> int:
    """Two figures: a range of quartiles is no more precise than that."""
    size = max(len(str(abs(amount))) - 2, 0)
    return round(amount, -size)


def entry(frame: Frame, found: Assessment) -> str:
    """Who could introduce us; may be empty."""
    _ = frame._
    if not found.introducers:
        return ""
    first = found.introducers[0]
    text = _(
        "Way in: {name}, {why}.",
        name=frame.snapshot.name(first.code),
        why=why_introducer(_, first),
    )
    others = [frame.snapshot.name(i.code) for i in found.introducers[1:]]
    return text + (" " + _("Or: {names}.", names=", ".join(others)) if others else "")


def why_introducer(_: Localizer, one: Introducer) -> str:
    """Why a client could introduce us."""
    from analytics.introductions import Why

    words = {
        Why.SAME_GROUP: _("of the same group"),
        Why.SAME_REGION: _("same region"),
        Why.REFERRED_BEFORE: _.n(
            "brought {n} client before", "brought {n} clients before", one.referred
        ),
        Why.SAME_SEGMENT: _("same sector"),
        Why.TOP_CLIENT: _("top client"),
        Why.LOYAL: _.n("client for {n} year", "client for {n} years", one.years),
    }
    return ", ".join(words[why] for why in one.why[:3])


def chances(frame: Frame, found: Assessment) -> str:
    """The chances, each with what it rests on, or that the data does not predict."""
    _, model = frame._, found.model
    parts = []
    if found.win is not None:
        low, high = model.quality.auc_ci or (0.0, 0.0)
        parts.append(
            _(
                "Chance of winning {win}, {base} being usual (AUC {auc}, {low} to {high}, n = {n}).",
                win=_.percent(found.win, 0),
                base=_.percent(model.base_rate or 0.0, 0),
                auc=_.number(model.quality.auc or 0.0, 2),
                low=_.number(low, 2),
                high=_.number(high, 2),
                n=_.number(model.quality.n),
            )
        )
    elif not model.trusted:
        parts.append(_("Win model: {line}", line=trust_line(_, model)))
    if found.chance is not None:
        parts.append(
            _(
                "Chance of a top client, once a client: {chance} ({top} of {n} are).",
                chance=_.percent(found.chance.probability, 0),
                top=_.number(found.chance.top),
                n=_.number(found.chance.n),
            )
        )
    return " ".join(parts)
