"""Companies out there: what one can know of a prospect before it is a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics.demo.names import BELGIUM, PLACES, Register, pick
from analytics.demo.story import Plan, segments_of


@dataclass(slots=True)
class Firm:
    """A company; `ideal` tells whether it looks like the demo company's best clients."""

    name: str
    segment: str
    country: str
    region: str
    employees: int
    years: int
    ideal: bool


@dataclass(slots=True)
class Customer:
    """A customer. Ages are days before the data date; money is euros in twelve months.

    `yearly` holds what is invoiced in the last twelve months, the twelve before and those before;
    `end_age` is the age of the last invoice where the client stopped or went quiet.
    """

    firm: Firm
    channel: str
    since_age: int
    owner: str
    contract: str
    payment_days: int
    id: str = ""
    source: str = ""
    referred_by: str = ""
    parent_id: str = ""
    yearly: tuple[float, float, float] = (0.0, 0.0, 0.0)
    end_age: int = 0
    rhythm: float = 0.0
    quiet: bool = False

    def part_of(self, year: int) -> float:
        """The share of that year (0: the last twelve months) since it became a customer.

        For the last year it is 1: the total is the total, the ranks of the story rest on it.
        """
        return 1.0 if year == 0 else min(max((self.since_age - 365 * year) / 365, 0.003), 1.0)


class Market:
    """Draws companies for one plan."""

    def __init__(self, rng: np.random.Generator, plan: Plan) -> None:
        self._rng = rng
        self._names = Register(rng, plan.name)
        self._segments = {
            ideal: segments_of(plan.sector, 0.8 if ideal else 0.4) for ideal in (True, False)
        }
        # Home is where most of the trade is: the first region gets the most, and so on.
        order = [list(PLACES)[i] for i in rng.permutation(len(PLACES))]
        self._regions = {region: 0.78**i for i, region in enumerate(order)}

    def firm(self, *, ideal: bool) -> Firm:
        """A company; an ideal one is larger, older and in the sector's natural segments."""
        rng = self._rng
        segment = choose(rng, self._segments[ideal])
        abroad = rng.random() < 0.08
        country = "BE" if abroad else "NL"
        region = pick(rng, BELGIUM) if abroad else choose(rng, self._regions)
        median, sigma = (70, 0.55) if ideal else (22, 0.95)
        employees = int(np.clip(rng.lognormal(np.log(median), sigma), 2, 900))
        years = int(np.clip(rng.gamma(4.0, 7.0 if ideal else 4.0), 1, 90))
        name = self._names.name(segment, region, employees)
        return Firm(name, segment, country, region, employees, years, ideal)


def choose(rng: np.random.Generator, chances: Mapping[str, float]) -> str:
    """One key, each as likely as its value says (values need not sum to 1)."""
    target = rng.random() * sum(chances.values())
    for key, chance in chances.items():
        target -= chance
        if target < 0 and chance > 0:
            return key
    return next(reversed([key for key, chance in chances.items() if chance > 0]))
