"""`/whatif lose NAME`: what is left when a client goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from analytics.pareto import gini, hhi, rank
from bot.commands._framing import Frame, one_client
from bot.commands._pareto_words import GINI_STEP, HHI_STEP
from bot.core.command import GROSS, GROUP, HOW, Accepts, Arguments, command
from bot.core.reply import Button, Element, Reply, Section, Table, TableColumn, Tone
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import UserError
from bot.i18n import N_

USAGE = N_("/whatif lose NAME or ID [period]")
LOSE = frozenset({"lose", "lost", "losing", "verlies", "verlies:", "kwijt", "verliezen", "weg"})
JOINING = frozenset({"we", "us", "client", "klant", "als", "if"})


@command(
    name="whatif",
    dutch="watals",
    aliases=("what-if", "wat-als"),
    summary=N_("What is left of revenue and balance when a client goes"),
    usage=USAGE,
    group=N_("Clients"),
    examples=("/whatif lose {client}", "/watals verlies {client}"),
    accepts=frozenset({Accepts.NAME, Accepts.PERIOD}),
    flags=(GROUP, GROSS, HOW),
    steady=True,
    order=50,
)
async def whatif(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the figures without one client."""
    words = list(args.words)
    while words and words[0].lower() in LOSE | JOINING:
        words.pop(0)
    if not words:
        raise UserError("Lose whom? Usage: {usage}", usage=USAGE)
    frame = await Frame.of(request, replace(args, words=tuple(words)), services)
    code = one_client(frame, frame.tail("/whatif lose"))
    if isinstance(code, Reply):
        return code
    return _answer(frame, code)


def _answer(frame: Frame, code: int) -> Reply:
    _, reading, figures, snapshot = frame._, frame.reading, frame.figures, frame.snapshot
    amount = int(reading.revenue.amount[code])
    without = reading.revenue.amount.copy()
    without[code] = 0
    active = reading.revenue.active.copy()
    active[code] = False
    rest = replace(reading.revenue, amount=without, active=active)
    order, cumulative, count = rank(rest)
    positive = without[without > 0]
    customers = int(active.sum())
    largest = int(without[order[0]]) / rest.total if len(order) and rest.total > 0 else None
    together = _smallest_together(frame, code)
    after_hhi = hhi(positive)
    data: dict[str, Any] = {
        "period": frame.period_data(),
        "base": snapshot.meta.base,
        "customer_id": snapshot.customer_id(code),
        "name": snapshot.name(code),
        "loss": figures.value(amount),
        "loss_share": figures.share_value(reading.share(code)),
        "before": _side(
            frame, reading.total, reading.customers, reading.top_count, reading.largest_share,
            reading.hhi, reading.gini,
        ),
        "after": _side(frame, rest.total, customers, count, largest, after_hhi, gini(positive)),
        "smallest_clients_together": together,
    }  # fmt: skip
    line = frame.tail(f"/whatif lose {snapshot.customer_id(code)}")
    if frame.args.has(HOW):
        definition = _(
            "All figures again with the revenue of {name} set to zero; the rows are what remains.",
            name=snapshot.name(code),
        )
        return frame.explain_customers(
            _("What if"), definition, order.tolist(), int(cumulative[-1]) if len(order) else 0, data
        )
    elements: list[Element] = [
        frame.title(_("What if {name} goes", name=snapshot.name(code))),
        Section(_headline(frame, code, amount, together), Tone.HEADLINE),
        Table(
            (TableColumn(""), TableColumn(_("Now"), "right"), TableColumn(_("Without"), "right")),
            (
                (_("Revenue"), figures.money(reading.total), figures.money(rest.total)),
                (_("Customers"), _.number(reading.customers), _.number(customers)),
                (_("Top clients"), _.number(reading.top_count), _.number(count)),
                (
                    _("Largest client"),
                    figures.share(reading.largest_share),
                    figures.share(largest),
                ),
                ("HHI", _whole(frame, reading.hhi), _whole(frame, after_hhi)),
            ),
        ),
    ]
    name = snapshot.customer_id(code)
    return frame.reply(
        elements,
        data,
        Button(snapshot.name(code), frame.tail(f"/client {name}")),
        Button(_("Top clients"), frame.tail("/topclients")),
        frame.how_button(line),
    )


def _smallest_together(frame: Frame, code: int) -> int | None:
    """How many of the smallest paying customers together bring no more than this one.

    None where exact amounts may not be seen, or where the client brought nothing.
    """
    amount = int(frame.reading.revenue.amount[code])
    if amount <= 0 or not frame.figures.exact:
        return None
    others = np.delete(frame.reading.revenue.amount, code)
    running = np.cumsum(np.sort(others[others > 0]))
    return int(np.searchsorted(running, amount, side="right"))


def _side(
    frame: Frame,
    total: int,
    customers: int,
    top: int,
    largest: float | None,
    index: float | None,
    spread: float | None,
) -> dict[str, Any]:
    return {
        "revenue": frame.figures.value(total),
        "customers": customers,
        "top_count": top,
        "top_share_of_base": top / customers if customers else None,
        "largest_share": frame.figures.share_value(largest),
        "hhi": frame.figures.index(index, HHI_STEP),
        "gini": frame.figures.index(spread, GINI_STEP),
    }


def _headline(frame: Frame, code: int, amount: int, together: int | None) -> str:
    _, figures = frame._, frame.figures
    name = frame.snapshot.name(code)
    if amount <= 0:
        return _("{name} brought no revenue in this period, so nothing would change.", name=name)
    text = _(
        "Without {name} you miss {amount}, {share} of revenue.",
        name=name,
        amount=figures.money(amount),
        share=figures.share(frame.reading.share(code)),
    )
    if together:
        text += " " + _.n(
            "That is more than the smallest client brings.",
            "That is as much as the {n} smallest clients bring together.",
            together,
        )
    return text


def _whole(frame: Frame, index: float | None) -> str:
    value = frame.figures.index(index, HHI_STEP)
    return "–" if value is None else frame._.number(value)
