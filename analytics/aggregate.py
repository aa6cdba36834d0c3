"""The heavy step: invoice lines to customer-days, as one Ibis expression that runs where data lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

from analytics.schema import AMOUNT_SCALE


def customer_days(lines: ir.Table) -> ir.Table:
    """Aggregate lines (customer_id, date, amount) to one row a customer and day.

    Returns customer_id (null: unattributed), date, net and gross (int64, 1/10,000 of the currency
    unit; gross leaves negative lines out) and lines (count).
    """
    return lines.group_by([lines.customer_id, lines.date]).aggregate(
        net=_scaled(lines.amount.sum()),
        gross=_scaled(lines.amount.sum(where=lines.amount > 0).fill_null(0)),
        lines=lines.count(),
    )


def won_deal_lines(deals: ir.Table) -> ir.Table:
    """Won deals in the shape of lines, dated when they closed, for companies without invoices."""
    won = deals.filter(deals.status == "won", deals.amount.notnull(), deals.closed.notnull())
    return won.select(
        customer_id=won.customer_id.coalesce(won.prospect),
        customer_name=won.prospect,
        date=won.closed,
        amount=won.amount,
        invoice_id=won.deal_id,
        load_id=won.load_id,
        line_no=won.line_no,
    )


def _scaled(amount: Any) -> Any:
    return (amount * AMOUNT_SCALE).cast("int64")  # lines hold four decimals: nothing to round
