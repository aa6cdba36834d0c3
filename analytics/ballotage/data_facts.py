"""Facts that the company's own data has, with their types: what conditions may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.ballotage.expression import FactType

if TYPE_CHECKING:
    from analytics.snapshot import Snapshot
    from analytics.winmodel.facts import FactColumn, Kind


def fact_types(snapshot: Snapshot) -> dict[str, FactType]:
    """Every column of customers and deals by its name as a fact (cached).

    Where both have one and differ, it is what the deals say: a prospect is a deal first.
    """
    return snapshot.cached("fact_types", lambda: _read(snapshot))


def _read(snapshot: Snapshot) -> dict[str, FactType]:
    from analytics.winmodel.facts import customer_facts, deal_columns

    return {
        name: _type(kind, table.columns[name])
        for table in (customer_facts(snapshot), deal_columns(snapshot))
        for name, kind in table.kinds.items()
    }


def _type(kind: Kind, column: FactColumn) -> FactType:
    from analytics.winmodel.facts import Texts

    if isinstance(column, Texts):
        only_yes_no = bool(column.values) and set(column.values) <= {"yes", "no"}
        return FactType.YES_NO if only_yes_no else FactType.TEXT
    return FactType(kind.value)
