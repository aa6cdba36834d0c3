"""Young deals: a loss takes longer to be known than a win, so what is closed of them is not even.

Of deals created shortly before the day of looking, only the quick ones have an outcome. How often a
deal of that outcome is closed by an age is estimated from the closed deals themselves, which are
right-truncated at their own age, with the product-limit estimator for truncated data (Lagakos,
Barraj, De Gruttola 1988); deals then count inversely to it.
"""

from __future__ import annotations

import numpy as np

from analytics.snapshot import Ints
from analytics.winmodel.facts import Bools, Floats

FEWEST_AT_RISK = 20
MATURE = 0.5
"""Share of the slower outcome that must be closed by an age for deals that young to count."""


def closed_by(took: Ints, age: Ints, at: Ints) -> Floats:
    """The share of deals (of those that ever close) closed within `at` days.

    took: days to closing of the closed deals; age: days since their creation, took <= age.
    Relative to the longest duration that enough deals are old enough to show; 1 for all where
    there are no deals.
    """
    if not len(took):
        return np.ones(len(at))
    days = np.unique(took)
    ended = np.bincount(np.searchsorted(days, took), minlength=len(days)).astype(np.float64)
    # At risk in reversed time on day s: those that took at most s, and were old enough to show it.
    took_by = np.cumsum(ended)
    older = len(age) - np.searchsorted(np.sort(age), days, side="left")
    at_risk = took_by + older - len(took)  # took <= age, so nobody is left out twice
    keep = 1.0 - ended / np.maximum(at_risk, ended)
    keep[at_risk < FEWEST_AT_RISK] = 1.0  # one old, slow deal would otherwise say that all are slow
    later = np.append(np.cumprod(keep[::-1])[::-1][1:], 1.0)
    place = np.searchsorted(days, at, side="right") - 1
    return np.where(place >= 0, later[np.maximum(place, 0)], 0.0)


def weights(created: Ints, closed: Ints, won: Bools, day: int) -> Floats:
    """What each deal counts for, seen at the end of `day`; 0 for what may not be learned from.

    All arrays have one entry a deal. 0 where the outcome was not known by then, or where fewer than
    half of the slower outcome are closed at the deal's age.
    """
    out = np.zeros(len(created))
    labelled = (closed <= day) & (created <= day)
    if not labelled.any():
        return out
    age = np.maximum(day - created, 0)
    shares = []
    for outcome in (True, False):
        these = labelled & (won == outcome)
        took = np.minimum((closed - created)[these], age[these])
        shares.append(closed_by(took, age[these], age))
    mature = np.minimum(shares[0], shares[1]) >= MATURE
    if not (labelled & mature).any():  # nothing but young deals: better these than none
        mature = np.ones(len(created), dtype=bool)
    share = np.where(won, shares[0], shares[1])
    use = labelled & mature & (share > 0)
    out[use] = 1.0 / np.maximum(share[use], MATURE)
    return out
