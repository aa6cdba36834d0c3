"""What the pulse asks, week by week, and when a week closes."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bot import people
from bot.core.request import Request
from bot.core.services import Services
from bot.i18n import N_, zone
from bot.weeks import monday, week_of

if TYPE_CHECKING:
    from bot.storage.pulse import ClosedWeek, Pulse
    from knowledge.cards import Card

log = logging.getLogger("ballotage.pulse")

CARD = "why-they-leave"
"""The principle card that holds the yardsticks and their source."""
LOOK_SECONDS = 60.0
"""How often a server looks whether a week is over, and empties the database's log."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What one week asks. `leave_share`: the share of leavers who name it (Hinge, see CARD)."""

    id: str
    name: str
    question: str
    leave_share: float | None


THEMES = (
    Theme("leadership", N_("leadership"), N_("Whoever leads me helps me get ahead."), 0.583),
    Theme("culture", N_("culture"), N_("I can say what I think here."), 0.533),
    Theme("joy", N_("joy in the work"), N_("I enjoyed my work this week."), 0.450),
    Theme("balance", N_("balance"), N_("After work I have energy left for my own life."), 0.367),
    Theme("pay", N_("pay"), N_("What I earn fits what I do."), 0.367),
    Theme(
        "recognition", N_("recognition"), N_("When I do something well, somebody notices."), None
    ),
)
"""In the order in which they take turns. Scores are 1 (not at all) to 5 (fully)."""


def theme_of(week: str) -> Theme:
    """What a week asks: the next theme every week, also over the turn of a year."""
    return THEMES[(monday(week).toordinal() // 7) % len(THEMES)]


def current_week(services: Services) -> str:
    """The week it is where the company is."""
    return week_of(services.clock().astimezone(zone(services.settings.time_zone)).date())


def stored(services: Services, tenant: str = people.TENANT) -> Pulse:
    """The pulse of a tenant."""
    from bot.storage.pulse import Pulse

    return Pulse(services.state.database(), tenant)


def closed_weeks(
    services: Services, weeks: int, *, tenant: str = people.TENANT, as_of: dt.date | None = None
) -> list[ClosedWeek]:
    """Return the newest results, oldest first, after closing what is over. It may block.

    `as_of`: only weeks that were over by the end of that day.
    """
    if not services.state.exists():
        return []
    pulse, current = stored(services, tenant), current_week(services)
    pulse.close_before(current)
    last = current if as_of is None else week_of(as_of + dt.timedelta(days=1))
    return [each for each in pulse.results(weeks, last) if each.week < last]


def has_answered(services: Services, request: Request) -> bool:
    """Whether the asker answered this week. It may block."""
    if not services.state.exists():
        return False
    principal = request.principal
    return stored(services, principal.tenant).has_answered(current_week(services), principal.user)


def answer(services: Services, request: Request, score: int) -> bool:
    """Count the asker's score this week; False when they answered before. It may block."""
    pulse, week = stored(services, request.principal.tenant), current_week(services)
    pulse.close_before(week)
    return pulse.answer(week, theme_of(week).id, request.principal.user, score)


async def close_on_time(services: Services) -> None:
    """Close each week when it is over, until cancelled; first what closed while nothing ran.

    The log of the database holds what was wiped from it (that a chat asked for the pulse, say)
    until it is emptied, which is done here as well.
    """
    while True:
        try:
            if services.state.exists():
                await services.run(tidy, services)
        except Exception as error:  # noqa: BLE001 (the next look may find it mended)
            log.warning("pulse.not_closed reason=%s", type(error).__name__)
        await asyncio.sleep(min(LOOK_SECONDS, _seconds_left(services)))


def tidy(services: Services) -> None:
    """Close what is over, and empty the database's log. It may block."""
    closed = stored(services).close_before(current_week(services))
    if closed:
        log.info("pulse.closed weeks=%d", closed)
    services.state.database().checkpoint()


def _seconds_left(services: Services) -> float:
    """Seconds until the week is over where the company is; a little more, never none."""
    now = services.clock()
    here = zone(services.settings.time_zone)
    day = now.astimezone(here).date()
    over = dt.datetime.combine(day + dt.timedelta(days=7 - day.weekday()), dt.time(), here)
    return max(1.0, (over - now).total_seconds() + 1.0)


@lru_cache(maxsize=1)
def card() -> Card:
    """The card the yardsticks come from."""
    from knowledge.cards import load

    return next(each for each in load() if each.id == CARD)
