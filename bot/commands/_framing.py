"""What frames every figure: its period, its base, its data date, and how it was computed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from analytics.names import find, nearest
from analytics.pareto import TopClients, top_clients
from analytics.period import ALL, LAST_12_MONTHS
from analytics.scope import Scope
from analytics.snapshot import INVOICES, Snapshot
from bot.core.command import GROSS, GROUP, HOW, Arguments
from bot.core.figures import Figures
from bot.core.figures import channel_name as channel_name  # where commands have it from
from bot.core.reply import (
    Actions,
    Button,
    Context,
    Element,
    Reply,
    Section,
    Table,
    TableColumn,
    Tone,
)
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import RefusedError, UserError
from bot.i18n import Localizer

TRACE_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Frame:
    """One question about one scope, ready to be answered."""

    request: Request
    args: Arguments
    snapshot: Snapshot
    scope: Scope
    reading: TopClients
    figures: Figures
    _: Localizer

    @classmethod
    async def of(cls, request: Request, args: Arguments, services: Services) -> Frame:
        """Resolve the arguments on the Snapshot in force. DataError where there is nothing."""
        snapshot = await services.snapshot()
        scope = Scope.of(
            snapshot,
            today=services.today(request),
            period=args.period,
            as_of=request.as_of,
            group=args.has(GROUP),
            gross=args.has(GROSS),
        )
        reading = await services.run(top_clients, scope)
        figures = services.figures(request)
        return cls(request, args, snapshot, scope, reading, figures, figures.localizer)

    @property
    def period_text(self) -> str:
        """The period in words: `12 months to 31 Oct 2026`."""
        _, period = self._, self.scope.period
        if period.spec == LAST_12_MONTHS:
            return _("12 months to {end}", end=_.date(period.end))
        if period.spec == ALL:
            return _(
                "all data, {start} to {end}", start=_.date(period.start), end=_.date(period.end)
            )
        if len(period.spec) == 4:
            return period.spec
        return _("{start} to {end}", start=_.date(period.start), end=_.date(period.end))

    @property
    def measure_text(self) -> str:
        """What revenue means here."""
        _ = self._
        if self.snapshot.meta.base != INVOICES:
            text = _("won deals as revenue")
        elif self.scope.gross:
            text = _("gross revenue, without credit notes")
        else:
            text = _("net revenue")
        return text + _(", per group") if self.scope.group else text

    @property
    def base_text(self) -> str:
        """The customers that shares are of."""
        count = self.reading.customers
        if self.snapshot.meta.base != INVOICES:
            return self._.n("{n} customer with won deals", "{n} customers with won deals", count)
        return self._.n("{n} invoiced customer", "{n} invoiced customers", count)

    def title(self, name: str) -> Section:
        """The title line of an answer."""
        return Section(f"{name} · {self.measure_text}, {self.period_text}", Tone.TITLE)

    def footer(self, compares: bool = True) -> list[Element]:
        """Base, unattributed revenue, data date and version: what makes a figure checkable."""
        _, revenue = self._, self.reading.revenue
        parts = [_("Base: {base}", base=self.base_text)]
        if revenue.unattributed_lines:
            parts.append(
                _.n(
                    "not attributed to a customer: {amount} in {n} line",
                    "not attributed to a customer: {amount} in {n} lines",
                    revenue.unattributed_lines,
                    amount=self.figures.short(revenue.unattributed),
                )
            )
        parts.append(_("data to {date}", date=_.date(self.scope.data_date)))
        parts.append(_("version {version}", version=self.snapshot.meta.version))
        notes: list[Element] = [Context(" · ".join(parts))]
        if self.snapshot.meta.base != INVOICES:
            notes.append(
                Context(
                    _("There are no invoices; won deals count as revenue, dated when they closed.")
                )
            )
        last = self.snapshot.last_date
        if self.scope.as_of is None and self.scope.period.end > self.scope.today < last:
            notes.append(
                Context(
                    _("This period holds lines dated after today, up to {date}.", date=_.date(last))
                )
            )
        if compares and self.reading.previous is not None:
            before = self.reading.previous.period
            notes.append(
                Context(
                    _(
                        "Changes are against {start} to {end}.",
                        start=_.date(before.start),
                        end=_.date(before.end),
                    )
                )
            )
        if not self.figures.exact:
            notes.append(Context(_("Amounts are reduced for your role; ask the management team.")))
        return notes

    def tail(self, *words: str) -> str:
        """The arguments to repeat in a button's command line."""
        args = self.args
        parts = [*words]
        if args.period != LAST_12_MONTHS:
            parts.append(args.period)
        parts += [flag.name for flag in (GROUP, GROSS) if args.has(flag)]
        return " ".join(parts)

    def reply(
        self, elements: list[Element], data: dict[str, Any], *buttons: Button, compares: bool = True
    ) -> Reply:
        """Close an answer: the elements, the buttons, the footer; `compares` with a period before."""
        actions: list[Element] = [Actions(tuple(buttons))] if buttons else []
        shown = (*elements, *actions, *self.footer(compares))
        return Reply(shown, data=data, as_of=self.scope.end)

    def period_data(self) -> dict[str, dt.date]:
        """The period for `data`."""
        return {"start": self.scope.period.start, "end": self.scope.period.end}

    def how_button(self, line: str) -> Button:
        """The button that explains a figure."""
        return Button(self._("How computed"), f"{line} {HOW.name}")

    def explain(
        self,
        name: str,
        definition: str,
        columns: tuple[str, ...],
        rows: list[tuple[tuple[str, ...], dict[str, Any]]],
        total: int,
        data: dict[str, Any],
    ) -> Reply:
        """How a figure came about: its definition, and the rows whose sum it is.

        columns: labels, the last two are lines and amount. rows: cells, and the same as data.
        RefusedError where the asker may not see exact amounts.
        """
        if not self.figures.exact:
            raise RefusedError(
                "How a figure is made up shows exact amounts, which your role may not see. "
                "Ask the management team."
            )
        _ = self._
        head = tuple(
            TableColumn(label, "right" if i >= len(columns) - 2 else "left")
            for i, label in enumerate(columns)
        )
        shown = tuple(cells for cells, _data in rows[:TRACE_SHOWN])
        elements: list[Element] = [
            self.title(name),
            Section(definition),
            Table(head, shown, total_rows=len(rows)),
            Section(_sum_line(_, len(rows), self._cents(total)), Tone.HEADLINE),
        ]
        trace = {"rows": [row for _cells, row in rows], "sum": self.figures.value(total)}
        return self.reply(elements, data | {"trace": trace})

    def explain_customers(
        self,
        name: str,
        definition: str,
        codes: list[int],
        total: int,
        data: dict[str, Any],
        *,
        by_channel: bool = False,
    ) -> Reply:
        """Explain a figure that is the summed revenue of customers."""
        _, amounts, lines = self._, self.reading.revenue.amount, self.scope.line_counts()
        rows: list[tuple[tuple[str, ...], dict[str, Any]]] = []
        for code in codes:
            amount, count = int(amounts[code]), int(lines[code])
            cells: tuple[str, ...] = (
                self.snapshot.name(code),
                _.number(count),
                self._cents(amount),
            )
            row: dict[str, Any] = {
                "customer_id": self.snapshot.customer_id(code),
                "lines": count,
                "amount": self.figures.value(amount),
            }
            if by_channel:
                channel = self.snapshot.text("channel", code) or "unknown"
                cells = (self.channel(channel).capitalize(), *cells)
                row["channel"] = channel
            rows.append((cells, row))
        columns: tuple[str, ...] = (_("Client"), _("Lines"), _("Revenue"))
        if by_channel:
            columns = (_("Came in by"), *columns)
        return self.explain(name, definition, columns, rows, total, data)

    def _cents(self, amount: int) -> str:
        return self.figures.money(amount, cents=True)

    def channel(self, channel: str) -> str:
        """A channel in the asker's language."""
        return channel_name(self._, channel)


def _sum_line(_: Localizer, count: int, amount: str) -> str:
    if count == 1:
        return _("Sum of the one row: {amount}", amount=amount)
    return _("Sum of all {n} rows: {amount}", n=_.number(count), amount=amount)


def one_client(frame: Frame, command_line: str) -> int | Reply:
    """The code of the client a text means, or a choice of buttons where several may be meant.

    Raises UserError with the nearest names where nobody is.
    """
    text, snapshot, _ = frame.args.text, frame.snapshot, frame._
    found = find(snapshot, text)
    if len(found) == 1:
        code = found[0].code
        return int(frame.scope.entity[code])
    if found:
        how = f" {HOW.name}" if frame.args.has(HOW) else ""
        buttons = tuple(
            Button(snapshot.name(f.code), f"{command_line} {snapshot.customer_id(f.code)}{how}")
            for f in found
        )
        question = _("Which {name} do you mean?", name=text)
        return Reply(
            elements=(Section(question, Tone.HEADLINE), Actions(buttons)),
            data={
                "candidates": [
                    {"customer_id": snapshot.customer_id(f.code), "name": snapshot.name(f.code)}
                    for f in found
                ]
            },
            as_of=frame.scope.end,
        )
    near = nearest(snapshot, text)
    if near:
        raise UserError(
            "I do not know a client called {name}. Nearest: {near}. The exact customer id works too.",
            name=text[:60],
            near=", ".join(near),
        )
    raise UserError(
        "I do not know a client called {name}. Check the name, or use the exact customer id.",
        name=text[:60],
    )
