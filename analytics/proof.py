"""Prove a Snapshot before anybody reads it: every analysis runs on it once."""

from __future__ import annotations

from analytics import ars, loyalty, pareto, sources
from analytics.scope import Scope
from analytics.snapshot import Snapshot


def prove(snapshot: Snapshot) -> None:
    """Run every analysis once (results stay cached); whatever one of them raises is raised here."""
    if not snapshot.day_date.size:
        return
    scope = Scope.of(snapshot, today=snapshot.last_date)
    pareto.top_clients(scope)
    loyalty.rhythms(scope)
    sources.sources(scope)
    ars.ars(scope)
