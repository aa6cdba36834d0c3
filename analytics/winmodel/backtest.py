"""What the win model would have said: learn from the deals before a day, predict those after."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from analytics.errors import DataError, NoDataError
from analytics.snapshot import Snapshot, to_epoch
from analytics.winmodel import censoring
from analytics.winmodel.deals import deals_of
from analytics.winmodel.evaluation import Quality
from analytics.winmodel.facts import Bools, Floats
from analytics.winmodel.model import best_strength, fitted, quality_of

FINAL, AS_OF = "final", "asof"


@dataclass(frozen=True)
class Backtest:
    """Raw probabilities, trusted or not, of deals created from the split on that have an outcome.

    In the order of (created, deal_id); quality is judged on these very deals.
    """

    deal_ids: tuple[str, ...]
    probability: Floats
    won: Bools
    quality: Quality


def backtest(snapshot: Snapshot, split_at: dt.date, labels: str = FINAL) -> Backtest:
    """Learn from deals created before `split_at` and predict the later ones.

    labels: "final" learns from their outcome as it is known now, "asof" only from what was closed
    before the split. Raises DataError where one of the two sides has nothing to learn from or to
    compare with.
    """
    if not len(snapshot.deals):
        raise NoDataError("There are no deals yet; load them with: python app.py load deals=FILE")
    deals = deals_of(snapshot)
    if not len(deals):
        raise DataError(
            "None of the deals has a date of creation; load them again with a column created."
        )
    split = to_epoch(split_at)
    day = split - 1 if labels == AS_OF else deals.last_day(None)
    weight = censoring.weights(deals.created, deals.closed, deals.won, day)
    weight = np.where(deals.created < split, weight, 0.0)
    learned = weight > 0
    test = np.flatnonzero((deals.created >= split) & deals.labelled())
    if not learned.any():
        raise DataError(
            "No deal created before {day} was closed by then; deals begin on {first}: choose a later"
            " --split-at.",
            day=split_at.isoformat(),
            first=deals.first.isoformat(),
        )
    if not len(test):
        raise DataError(
            "No deal created from {day} on is closed; the last was created on {last}: choose an"
            " earlier --split-at.",
            day=split_at.isoformat(),
            last=deals.last.isoformat(),
        )
    if deals.won[learned].all():
        raise DataError(
            "All {count} closed deals before {day} were won; to learn what wins, lost deals are"
            " needed too.",
            count=int(learned.sum()),
            day=split_at.isoformat(),
        )
    if not deals.won[learned].any():
        raise DataError(
            "All {count} closed deals before {day} were lost; to learn what wins, won deals are"
            " needed too.",
            count=int(learned.sum()),
            day=split_at.isoformat(),
        )
    fit = fitted(deals, weight, best_strength(deals, day, weight))
    probability = fit.probability(deals.facts.take(test), deals.created[test])
    won = deals.won[test]
    return Backtest(
        deal_ids=tuple(deals.ids[i] for i in test.tolist()),
        probability=probability,
        won=won,
        quality=quality_of(probability, won, np.ones(len(test)), deals, learned),
    )
