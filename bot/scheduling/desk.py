"""Who gets nudges, how and where: choices, people table and settings put together."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics.errors import NoDataError
from analytics.situations.finding import Audience
from bot import people
from bot.core.figures import Figures
from bot.core.request import Conversation, Place, Principal, Request, Role
from bot.i18n import LOCALES, Localizer
from bot.scheduling.choice import RECENTLY
from bot.scheduling.deciding import Decided, Reader, decide
from bot.scheduling.scheduler import Letter, Person, Withheld
from bot.scheduling.sending import Address, Sender, UnreachableError
from bot.scheduling.signals import gathered
from bot.scheduling.slots import Rhythm, is_zone
from bot.scheduling.telling import Message, Telling
from bot.storage.nudge_preferences import Preference, PreferenceTable
from bot.storage.outbox import Kept, NudgeTable

if TYPE_CHECKING:
    from analytics.situations.signals import Signals
    from analytics.snapshot import Snapshot
    from bot.core.services import Services

log = logging.getLogger("ballotage.nudges")

DEFAULT_TIME = dt.time(8, 30)
DEFAULT_WEEKDAY = 0
NO_ROLE = "no role any more"
STOPPED = "stopped"
PAUSED = "paused"
NO_DATA = "no data yet"
NO_CHAT = "no chat with this person yet"


@dataclass(frozen=True, slots=True)
class Known:
    """A person with what is in force for them. zone_problem: a zone that does not exist."""

    reader: Reader
    roles: frozenset[Role]
    locale: str
    rhythm: Rhythm
    wanted: bool
    preference: Preference | None
    zone_problem: str = ""


class Desk:
    """The nudges of one tenant, for commands, the scheduler and the command line."""

    def __init__(self, services: Services, tenant: str = people.TENANT) -> None:
        self._services = services
        self._tenant = tenant
        self._told: set[str] = set()

    @property
    def exists(self) -> bool:
        """Whether anything is kept yet: who only looks need not make a database."""
        return self._services.state.exists()

    @property
    def nudges(self) -> NudgeTable:
        """The nudges that are kept."""
        return NudgeTable(self._services.state.database(), self._tenant)

    @property
    def preferences(self) -> PreferenceTable:
        """What people chose."""
        return PreferenceTable(self._services.state.database(), self._tenant)

    def preference(self, user: str) -> Preference | None:
        """What a person chose; None where nothing is kept."""
        return self.preferences.of(user) if self.exists else None

    def known(
        self,
        user: str,
        preference: Preference | None,
        roles: frozenset[Role] | None = None,
        locale: str = "",
    ) -> Known:
        """A person as they are now; roles as given, or as the people table says."""
        services, chosen = self._services, preference
        principal = people.principal(services, user)
        held = people.roles_of(services, user) if roles is None else roles
        zone = (chosen.zone if chosen else "") or principal.time_zone
        time = dt.time.fromisoformat(chosen.time) if chosen and chosen.time else DEFAULT_TIME
        weekday = chosen.weekday if chosen and chosen.weekday is not None else DEFAULT_WEEKDAY
        sees_all = bool(held & {Role.MT, Role.ADMIN})
        wanted = chosen.wanted if chosen and chosen.wanted is not None else Role.MT in held
        own = chosen.locale if chosen else ""
        return Known(
            reader=Reader(user, self.name(user), Audience.MT if sees_all else Audience.SALES),
            roles=held,
            locale=own if own in LOCALES else locale or principal.locale,
            rhythm=Rhythm(weekday, time, zone),
            wanted=wanted and bool(held),
            preference=chosen,
            zone_problem="" if is_zone(zone) else zone,
        )

    def name(self, user: str) -> str:
        """A person's name; the user where none is loaded."""
        try:
            table = self._services.snapshots.current().people
        except NoDataError:
            return user
        found = table.loc[table["user"].astype(str).str.lower() == user.lower(), "name"]
        name = found.iat[0] if len(found) else None
        return name if isinstance(name, str) and name else user

    def everyone(self, chosen: Mapping[str, Preference]) -> list[Known]:
        """Everybody who has a role, or has chosen something; by name of user."""
        users: dict[str, str] = {}
        try:
            for user in self._services.snapshots.current().people["user"].astype(str):
                users.setdefault(user.lower(), user)
        except NoDataError:
            pass
        for user in (*chosen, *self._services.settings.admin_users):
            users.setdefault(user.lower(), user)
        by_lower = {user.lower(): preference for user, preference in chosen.items()}
        return [self.known(users[key], by_lower.get(key)) for key in sorted(users)]

    async def choose(self, chosen: Mapping[str, Preference]) -> list[Person]:
        """Who gets nudges now, for the scheduler."""
        services = self._services
        try:
            await services.snapshot()
        except NoDataError:
            return []
        out = []
        for known in await services.run(self.everyone, chosen):
            if known.zone_problem:
                self._once("nudge.unknown_zone zone=%s", known.zone_problem[:60])
            if known.wanted:
                kept = known.preference
                out.append(Person(kept.user if kept else known.reader.user, known.rhythm))
        return out

    def zone_problems(self) -> list[str]:
        """Time zones that do not exist, of people who get nudges. It may block."""
        chosen = self.preferences.all() if self.exists else {}
        found = {k.zone_problem for k in self.everyone(chosen) if k.wanted and k.zone_problem}
        return sorted(found)

    def colleagues(self, user: str, now: dt.datetime) -> list[tuple[str, str, str]]:
        """What others were sent in the last two weeks: name, situation and subject."""
        return [
            (self.name(kept.user), kept.situation, kept.subject)
            for kept in self.nudges.recent(now - RECENTLY)
            if kept.user != user and kept.situation and kept.due_at <= now
        ]

    def shared_since(self, user: str, since: dt.datetime) -> list[tuple[str, Kept]]:
        """What others shared with the MT since then, each with their name."""
        return [(self.name(k.user), k) for k in self.nudges.shared(since) if k.user != user]

    def decided(
        self,
        snapshot: Snapshot,
        known: Known,
        at: dt.datetime,
        iso_week: str,
        *,
        nudge_id: int = 0,
        past: bool = False,
        signals: Signals | None = None,
        before: Sequence[tuple[str, str, str]] = (),
    ) -> Decided | None:
        """What a person would get at a moment. It may block.

        before: (name, situation, subject) that colleagues would get just before.
        """
        services, user = self._services, known.reader.user
        day = known.rhythm.local(at, services.settings.time_zone).date()
        history: list[Kept] = []
        shared: list[tuple[str, Kept]] = []
        colleagues = list(before)
        if self.exists:
            history = [k for k in self.nudges.history(user) if k.due_at <= at and k.id != nudge_id]
            since = history[0].due_at if history else at - dt.timedelta(days=7)
            shared = self.shared_since(user, max(since, at - dt.timedelta(days=21)))
            colleagues += self.colleagues(user, at)
        return decide(
            snapshot,
            gathered(services, self._tenant, day) if signals is None else signals,
            known.reader,
            history,
            day,
            iso_week,
            shared=shared,
            colleagues=colleagues,
            nudge_id=nudge_id,
            past=past,
        )

    def telling(self, known: Known) -> Telling:
        """How things are said to a person: their language, and figures as they may see them."""
        services = self._services
        try:
            currency = services.snapshots.current().meta.home_currency
        except NoDataError:
            currency = services.settings.currency or "EUR"
        reduced = known.roles == frozenset({Role.SALES})
        detail = services.settings.rep_revenue if reduced else "exact"
        return Telling(Figures(Localizer(known.locale, currency), detail))

    async def compose(self, kept: Kept, senders: Mapping[str, Sender]) -> Letter | Withheld:
        """Decide and render one nudge at the moment of sending; who may have it is asked anew.

        NotSentError: where to send it cannot be found out now. UnreachableError: nowhere.
        """
        services = self._services
        preference = await asyncio.to_thread(self.preference, kept.user)
        try:
            snapshot = await services.snapshot()
        except NoDataError:
            return Withheld(NO_DATA)
        known = await services.run(self.known, kept.user, preference)
        if not known.roles:
            return Withheld(NO_ROLE)
        if not known.wanted:
            return Withheld(STOPPED)
        now = services.clock()
        today = known.rhythm.local(now, services.settings.time_zone).date()
        if preference and preference.paused_until and today < preference.paused_until:
            return Withheld(PAUSED)
        decided = await services.run(
            lambda: self.decided(snapshot, known, now, kept.iso_week, nudge_id=kept.id)
        )
        if decided is None:
            return Withheld(NO_DATA)
        surface, address = await self._where(known, senders)
        reply = self.telling(known).reply(decided.message)
        return Letter(decided.said, surface, address, reply)

    async def _where(self, known: Known, senders: Mapping[str, Sender]) -> tuple[str, Address]:
        chosen, user = known.preference, known.reader.user
        wanted = chosen.surface if chosen and chosen.surface in senders else ""
        if wanted and chosen and chosen.conversation:
            address = Address(user, chosen.conversation)
            if await self._services.run(self.may_post, known, wanted, chosen.conversation):
                return wanted, address
            self._once("nudge.channel_not_cleared conversation=%s", chosen.conversation)
        for surface in (wanted, *senders) if wanted else senders:
            if await senders[surface].reaches(Address(user)):
                return surface, Address(user)
        raise UnreachableError(NO_CHAT)

    def may_post(self, known: Known, surface: str, conversation: str) -> bool:
        """Whether a nudge of this person may go to a channel: the MT's, where it was cleared."""
        if known.reader.audience is not Audience.MT:
            return False
        principal = Principal(self._tenant, known.reader.user, known.roles)
        place = Conversation(Place.CHANNEL, conversation)
        return self._services.channels.is_cleared(Request(principal, place, "", surface))

    def message(self, kept: Kept) -> Message:
        """A kept nudge, to be told again."""
        return Message(kept.id, kept.iso_week, kept.situation, kept.subject, kept.content)

    def _once(self, message: str, word: str) -> None:
        """Log a trouble once a process: it stays until somebody mends it."""
        if (message + word) not in self._told:
            self._told.add(message + word)
            log.warning(message, word)
