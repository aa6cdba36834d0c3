"""`/profile`: what sets top clients apart from the other clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.commands._framing import Frame
from bot.commands._profile_words import (
    headline,
    middle_half,
    missing_facts,
    missing_line,
    once,
    tells,
)
from bot.commands._trait_words import times, trait_name, trait_sentence
from bot.core.command import GROSS, GROUP, HOW, Accepts, Arguments, command
from bot.core.reply import (
    Button,
    Chart,
    Context,
    Element,
    Reply,
    Section,
    Series,
    Table,
    TableColumn,
    Tone,
)
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_

if TYPE_CHECKING:
    from analytics.profile import Profile, Trait

SENTENCES = 5
"""Clear traits written out; the rest goes into the table."""
DRAWN = 8


@command(
    name="profile",
    dutch="profiel",
    aliases=("traits", "kenmerken"),
    summary=N_("What sets top clients apart from the other clients"),
    usage=N_("/profile [N] [period] [group] [gross]"),
    group=N_("Clients"),
    examples=("/profile", "/profile all", "/profiel", "/profiel 20 2025"),
    accepts=frozenset({Accepts.COUNT, Accepts.PERIOD}),
    flags=(GROUP, GROSS, HOW),
    steady=True,
    order=25,
)
async def profile(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the profile of the top clients."""
    from analytics.profile import FEWEST_TOP
    from analytics.profile import profile as compare

    frame = await Frame.of(request, args, services)
    found = await services.run(compare, frame.scope)
    told = found.traits if found.top >= FEWEST_TOP else ()
    missing = missing_facts(found)
    data = _data(frame, found, told, missing)
    if args.has(HOW):
        return _explain(frame, found, data)
    _ = frame._
    clear = [t for t in told if t.clear]
    names = {t: trait_name(_, frame.snapshot, found, t) for t in told}
    elements: list[Element] = [
        frame.title(_("Profile")),
        Section(headline(frame, found, told, names), Tone.HEADLINE),
    ]
    for trait in clear[:SENTENCES]:
        sign = "+" if (trait.lift or 0) >= 1 else "−"
        elements.append(Section(f"{sign} {trait_sentence(_, names[trait], trait)}"))
    if told:
        elements += middle_half(frame, found)
        shown = once(list(told))
        elements += _chart(frame, shown[:DRAWN], names)
        rest = [t for t in shown if t not in clear[:SENTENCES]]
        rest = rest[: max(args.count - len(clear[:SENTENCES]), 0)]
        for caption, sure in ((_("Clear as well"), True), (_("This may be chance"), False)):
            if those := [t for t in rest if t.clear is sure]:
                elements.append(_table(frame, caption, those, names))
        elements.append(Section(tells(frame, found)))
    elements += missing_line(frame, missing)
    if told:
        elements.append(
            Context(_("Traits go together with being a top client; they need not be the cause."))
        )
    return frame.reply(
        elements,
        data,
        Button(_("Top clients"), frame.tail("/topclients")),
        Button(_("Sources"), frame.tail("/sources")),
        frame.how_button(frame.tail("/profile", *([str(args.count)] if args.count != 10 else []))),
        compares=False,
    )


def _data(
    frame: Frame, found: Profile, told: tuple[Trait, ...], missing: list[str]
) -> dict[str, Any]:
    interval = found.auc_ci if told else None
    return {
        "period": frame.period_data(),
        "base": frame.snapshot.meta.base,
        "customers": len(found.base),
        "top_count": found.top,
        "top_revenue": frame.figures.value(frame.reading.top_revenue),
        "traits": [
            {
                "fact": t.fact,
                "value": t.value,
                "low": t.low,
                "high": t.high,
                "top": t.top,
                "top_known": t.top_known,
                "others": t.others,
                "others_known": t.others_known,
                "lift": t.lift,
                "lift_ci": None if t.lift_ci is None else list(t.lift_ci),
                "clear": t.clear,
            }
            for t in told
        ],
        "middle": [
            {"fact": m.fact, "low": m.low, "high": m.high, "n": m.n} for m in found.middle if told
        ],
        "chance": {
            "auc": found.auc if told else None,
            "auc_ci": None if interval is None else list(interval),
            "n": len(found.base),
            "trusted": bool(told) and found.calibration is not None,
        },
        "missing": missing,
    }


def _table(frame: Frame, caption: str, traits: list[Trait], names: dict[Trait, str]) -> Table:
    _ = frame._
    rows = []
    for t in traits:
        low, high = t.lift_ci or (None, None)
        rows.append(
            (
                names[t],
                _("{n} of {known}", n=_.number(t.top), known=_.number(t.top_known)),
                _("{n} of {known}", n=_.number(t.others), known=_.number(t.others_known)),
                "–" if t.lift is None else times(_, t.lift),
                "–" if low is None or high is None else f"{times(_, low)}–{times(_, high)}",
            )
        )
    heads = (_("Top clients"), _("Others"), _("Times as often"), _("95% interval"))
    return Table(
        (TableColumn(_("Trait")), *(TableColumn(head, "right") for head in heads)),
        tuple(rows),
        caption=caption,
    )


def _chart(frame: Frame, traits: list[Trait], names: dict[Trait, str]) -> list[Element]:
    _ = frame._
    measured = [(names[t], (t.lift, *t.lift_ci)) for t in traits if t.lift and t.lift_ci]
    if not measured:
        return []
    told = "; ".join(
        _(
            "{trait} {lift} ({low} to {high})",
            trait=name,
            lift=times(_, lift),
            low=times(_, low),
            high=times(_, high),
        )
        for name, (lift, low, high) in measured
    )
    heads = (_("Times as often"), _("At least"), _("At most"))
    return [
        Chart(
            kind="ratios",
            title=_("How many times as often top clients have a trait"),
            alt=_("Times as often, with 95% interval: {list}.", list=told),
            x_title=_("Trait"),
            y_title=_("Times as often, with 95% interval"),
            series=tuple(
                Series(head, tuple((name, three[at]) for name, three in measured))
                for at, head in enumerate(heads)
            ),
        )
    ]


def _explain(frame: Frame, found: Profile, data: dict[str, Any]) -> Reply:
    definition = frame._(
        "Each value of a fact is compared: its share of the top clients of whom the fact is known "
        "against its share of the other clients, numbers in four bands of equal size. Times as "
        "often is the ratio of the two, with Katz's 95% interval; where a side has none or all, "
        "half a client is added. Clear: not chance, all traits taken together (Benjamini and "
        "Hochberg, at most one in ten false). A fact that a client lacks is taken from its first "
        "won deal; what is known only after closing, and names, are left out. The rows are the "
        "top clients that are compared with the others."
    )
    codes = [int(code) for code in frame.reading.top]
    return frame.explain_customers(
        frame._("Profile"), definition, codes, frame.reading.top_revenue, data
    )
