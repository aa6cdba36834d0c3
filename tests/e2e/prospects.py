"""Open prospects of the demo company, one for each verdict."""

from __future__ import annotations

from analytics.ballotage.reading import defaults
from analytics.directory import directory
from analytics.prospect import prospect_of
from analytics.qualify import Bench
from analytics.scope import Scope
from bot.application import Application
from tests.conftest import TODAY


def by_verdict(application: Application) -> dict[str, str]:
    """A name for each of admit, waitlist and decline; companies that are no client first."""
    snapshot = application.snapshots.current()
    known, status = directory(snapshot), snapshot.deals["status"]
    bench = Bench(Scope.of(snapshot, today=TODAY), defaults())
    out: dict[str, str] = {}
    for entity in sorted(known.entities, key=lambda e: (e.customer >= 0, e.name)):
        if len(known.by_key[entity.key]) == 1 and any(
            status.iat[d] == "open" for d in entity.deals
        ):
            judged = bench.judge(prospect_of(snapshot, entity.name, entity=entity))
            out.setdefault(judged.verdict.value, entity.name)
    return out
