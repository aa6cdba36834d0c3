"""The sentences of `/profile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands._framing import Frame
from bot.commands._trait_words import fact_label, figure, within
from bot.core.reply import Element, Section

if TYPE_CHECKING:
    from analytics.profile import Profile, Trait

NAMED = 3
"""Traits in the headline, and numbers whose middle half is told."""
HELPFUL = ("segment", "employees", "source", "region")
"""Columns of the customers file that tell most about what kind of client one is."""
KNOWN_ENOUGH = 0.5


def headline(frame: Frame, found: Profile, told: tuple[Trait, ...], names: dict[Trait, str]) -> str:
    """The answer in one sentence."""
    from analytics.profile import FEWEST_TOP

    _, others = frame._, len(found.base) - found.top
    if found.top < FEWEST_TOP:
        return _.n(
            "There is {n} top client in this period: too few to say what sets them apart. At least "
            "{least} are needed; try a longer period.",
            "There are {n} top clients in this period: too few to say what sets them apart. At "
            "least {least} are needed; try a longer period.",
            found.top,
            least=FEWEST_TOP,
        )
    if not told:
        return _(
            "What sets top clients apart cannot be told: no fact is known of enough clients to "
            "compare them by."
        )
    if not others:
        return _("Every client is a top client here, so there is nobody to compare them with.")
    named = [
        within(names[t]) if (t.lift or 0) >= 1 else _("seldom {trait}", trait=within(names[t]))
        for t in once([t for t in told if t.clear])[:NAMED]
    ]
    if not named:
        return _(
            "Nothing clearly sets your {top} top clients apart from the {others} others: what "
            "differs may be chance.",
            top=_.number(found.top),
            others=_.number(others),
        )
    return _(
        "What sets your {top} top clients apart from the {others} others: {named}.",
        top=_.number(found.top),
        others=_.number(others),
        named=_.join(named),
    )


def once(traits: list[Trait]) -> list[Trait]:
    """The traits without the other side of a yes or no that is there already."""
    out: list[Trait] = []
    for trait in traits:
        answered = trait.value in {"yes", "no"}
        if not (answered and any(o.fact == trait.fact for o in out)):
            out.append(trait)
    return out


def middle_half(frame: Frame, found: Profile) -> list[Element]:
    """Between which numbers the middle half of the top clients lies."""
    _ = frame._
    parts = []
    for m in sorted(found.middle, key=lambda m: (m.fact != "employees", m.fact))[:NAMED]:
        low, high = (figure(_, found, m.fact, v) for v in (m.low, m.high))
        parts.append(
            _(
                "{fact} {value} (n = {n})",
                fact=within(fact_label(_, m.fact)),
                value=low if low == high else _("{low} to {high}", low=low, high=high),
                n=_.number(m.n),
            )
        )
    if not parts:
        return []
    return [Section(_("The middle half of the top clients: {list}.", list=_.join(parts)))]


def tells(frame: Frame, found: Profile) -> str:
    """Whether the profile tells who becomes a top client, judged on clients it did not see."""
    _ = frame._
    if found.auc is None or found.auc_ci is None:
        return _(
            "Too few clients on either side to judge whether the profile tells who becomes a top "
            "client; no chance of that is shown."
        )
    params = {
        "auc": _.number(found.auc, 2),
        "low": _.number(found.auc_ci[0], 2),
        "high": _.number(found.auc_ci[1], 2),
        "n": _.number(len(found.base)),
    }
    if found.calibration is None:
        return _(
            "On clients it did not see, the profile does not tell who becomes a top client (AUC "
            "{auc}, 95% interval {low} to {high}, n = {n}); no chance of that is shown.",
            **params,
        )
    return _(
        "On clients it did not see, the profile tells who becomes a top client (AUC {auc}, 95% "
        "interval {low} to {high}, n = {n}).",
        **params,
    )


def missing_facts(found: Profile) -> list[str]:
    """Columns worth adding: those of the usual facts that few clients have."""
    out = []
    for fact in HELPFUL:
        column = "channel" if fact == "source" else fact
        there = found.facts.known(column) if column in found.facts.columns else None
        if there is None or not there.size or float(there.mean()) < KNOWN_ENOUGH:
            out.append(fact)
    return out


def missing_line(frame: Frame, missing: list[str]) -> list[Element]:
    """Which columns would make the profile tell more."""
    if not missing:
        return []
    _ = frame._
    columns = {
        "segment": _("sector (segment)"),
        "employees": _("employees"),
        "source": _("source"),
        "region": _("region"),
    }
    named = _.join([columns[fact] for fact in missing])
    return [
        Section(
            _(
                "Of most clients this is not known: {columns}. Add it to the customers file and the "
                "profile tells more.",
                columns=named,
            )
        )
    ]
