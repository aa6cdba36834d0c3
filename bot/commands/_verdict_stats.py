"""`/qualify stats`: how verdicts did, once deals closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.reply import (
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
from bot.i18n import Localizer

if TYPE_CHECKING:
    from analytics.verdict_record import Record


async def stats(request: Request, services: Services) -> Reply:
    """Answer with win rates by verdict."""
    from analytics.verdict_record import Given, records

    _ = services.localizer(request)
    snapshot = await services.snapshot()
    kept = await services.run(services.verdicts.all, request.principal.tenant)
    given = [
        Given(k.deal_id, k.verdict, k.at.date())
        for k in kept
        if k.deal_id and (request.as_of is None or k.at.date() <= request.as_of)
    ]
    found = await services.run(records, snapshot, given)
    right, wrong = (sum(k.feedback == f for k in kept) for f in ("right", "wrong"))
    reasons = [k.why for k in kept if k.feedback == "wrong" and k.why]
    words = {"admit": _("admit"), "waitlist": _("waiting list"), "decline": _("decline")}
    elements: list[Element] = [
        Section(_("How the verdicts did"), Tone.TITLE),
        Section(_headline(_, found), Tone.HEADLINE),
    ]
    closed = [r for r in found if r.closed]
    if closed:
        elements.append(_chart(_, found, words))
    elements.append(_table(_, found, words))
    if right or wrong:
        elements.append(
            Section(
                _(
                    "People called {right} verdicts right and {wrong} wrong.",
                    right=_.number(right),
                    wrong=_.number(wrong),
                )
            )
        )
    elements += [Section(f"“{why[:200]}”") for why in reasons[-3:]]
    elements.append(
        Context(
            _(
                "Of each deal the last verdict before the day it closed counts; trying out facts "
                "does not. Intervals are Wilson's, at 95%."
            )
        )
    )
    data = {
        "verdicts": len(kept),
        "rows": [
            {
                "verdict": r.verdict,
                "closed": r.closed,
                "won": r.won,
                "win_rate": r.rate,
                "win_rate_ci": None if r.interval is None else list(r.interval),
                "open": r.still_open,
            }
            for r in found
        ],
        "right": right,
        "wrong": wrong,
    }
    return Reply(tuple(elements), data, as_of=snapshot.data_date(services.today(request)))


def _headline(_: Localizer, found: tuple[Record, ...]) -> str:
    by = {r.verdict: r for r in found}
    admit, decline = by["admit"], by["decline"]
    if admit.rate is None and decline.rate is None and by["waitlist"].rate is None:
        return _(
            "No deal with a verdict has closed yet. Qualify open deals now; once they close, this "
            "shows whether the verdicts were right."
        )
    if admit.rate is None or decline.rate is None:
        return _("Too early to compare: admitted and declined deals must both have closed.")
    words = {
        "admit": _.percent(admit.rate, 0),
        "n": _.number(admit.closed),
        "decline": _.percent(decline.rate, 0),
        "m": _.number(decline.closed),
    }
    line = _(
        "Admitted deals were won {admit} of the time ({n}), declined ones {decline} ({m}).", **words
    )
    low, high = (admit.interval or (0, 0))[0], (decline.interval or (0, 1))[1]
    return line + ("" if low > high else " " + _("That may still be chance."))


def _table(_: Localizer, found: tuple[Record, ...], words: dict[str, str]) -> Table:
    rows = tuple(
        (
            words[r.verdict].capitalize(),
            _.number(r.won),
            _.number(r.closed),
            "–" if r.rate is None else _.percent(r.rate, 0),
            "–"
            if r.interval is None
            else f"{_.percent(r.interval[0], 0)} – {_.percent(r.interval[1], 0)}",
            _.number(r.still_open),
        )
        for r in found
    )
    heads = (_("Won"), _("Closed"), _("Win rate"), _("95% interval"), _("Still open"))
    return Table((TableColumn(_("Verdict")), *(TableColumn(h, "right") for h in heads)), rows)


def _chart(_: Localizer, found: tuple[Record, ...], words: dict[str, str]) -> Chart:
    points = tuple((words[r.verdict], r.rate) for r in found if r.rate is not None)
    told = "; ".join(
        _(
            "{verdict}: {rate} of {n} won",
            verdict=words[r.verdict],
            rate=_.percent(r.rate, 0),
            n=_.number(r.closed),
        )
        for r in found
        if r.rate is not None
    )
    return Chart(
        kind="bars",
        title=_("Share won by verdict"),
        alt=told + ".",
        x_title="",
        y_title=_("Win rate"),
        series=(Series(_("Won"), points),),
    )
