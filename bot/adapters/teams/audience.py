"""Who asks in Teams, and who can read along there."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from analytics.errors import NoDataError
from bot import people
from bot.adapters.teams.seam import InEvent, Member, SendError, TeamsPort
from bot.adapters.worker import Later
from bot.core.request import Conversation, Place, Principal, Request
from bot.core.services import Services
from bot.i18n import LOCALES

MEMBER_SECONDS = 3_600.0
"""How long a changed e-mail address or a new guest status may go unnoticed."""
ROSTER_SECONDS = 600.0
"""The same for an outsider who joins; Teams also tells of them, which forgets the roster at once."""
KEPT = 10_000
TRANSIENT = frozenset({0, 401, 408, 412, 429, 500, 502, 503, 504})
"""Statuses (0: no answer) after which the same call may yet succeed."""
PATIENCE = 3
"""Tries before it is taken that nothing can be found out; then answers are refused, not leaked."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where."""

    principal: Principal
    conversation: Conversation
    name: str
    keys: tuple[str, ...]
    """What this person's own chat may be stored under, the likeliest first."""

    def request(self, event: InEvent, text: str, share: bool) -> Request:
        """The question as the dispatcher takes it."""
        return Request(
            principal=self.principal,
            conversation=self.conversation,
            text=text,
            surface="teams",
            id=event.key,
            share=share,
        )


class Audience:
    """Looks people and rosters up at Teams, and keeps what it found for a while."""

    def __init__(
        self,
        services: Services,
        port: TeamsPort,
        *,
        tenant_id: str = "",
        stand_in: str = "",
        verified: bool = True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._port = port
        self._tenant = tenant_id
        self._stand_in = stand_in
        self._verified = verified
        self._members = _Kept[Member](MEMBER_SECONDS, now)
        self._open = _Kept[bool](ROSTER_SECONDS, now)
        self._principals = _Kept[Principal](MEMBER_SECONDS, now)

    async def of(self, event: InEvent, attempts: int = 1) -> Asker:
        """Return who is behind an event. Later: Teams has to be asked, and is not answering."""
        if event.value.get("s") is True:  # what a group will read rests on who is there now
            self.forget(event)
        member, known = await self._member(event, attempts)
        aad_id = event.user_aad_id or member.aad_id
        guest = member.is_outsider(self._tenant or event.tenant_id)
        if not aad_id and self._verified:
            guest = True  # everybody of an organisation has one
        candidates = [aad_id]
        if not self._verified or (self._tenant and event.tenant_id == self._tenant):
            # Elsewhere an address proves nothing: whoever runs a tenant chooses those in it.
            candidates += [member.email, member.upn]
        users = [user for user in dict.fromkeys(candidates) if user]
        principal = await self._principal(users, event.locale, guest, event.user_id)
        place = Place.DM
        if not known:
            place = Place.SHARED
        elif event.conversation_type != "personal":
            place = await self._place(event, attempts)
        thread = event.conversation_id.partition(";")[2]
        conversation = Conversation(place, event.base_conversation, thread)
        name = event.user_name or member.name
        return Asker(principal, conversation, name, tuple(dict.fromkeys((principal.user, *users))))

    def forget(self, event: InEvent) -> None:
        """Somebody joined or left: ask again who is there."""
        self._open.drop(event.base_conversation)

    async def _member(self, event: InEvent, attempts: int) -> tuple[Member, bool]:
        """The asker as Teams knows them, and whether they could be looked up."""
        key = (event.tenant_id, event.user_id)
        held = self._members.get(key)
        if held is not None:
            return held, True
        try:
            found = await self._port.member(event.ref, event.user_id)
        except SendError as error:
            if error.status not in TRANSIENT:
                # Not listed: then only the id that Teams vouches for counts, and no address.
                return Member(event.user_id), True
            if attempts < PATIENCE:
                raise Later(error.retry_after or 0.0, f"member: {error.status}") from error
            return Member(event.user_id), False
        self._members.put(key, found)
        return found, True

    async def _place(self, event: InEvent, attempts: int) -> Place:
        if event.channel_type == "shared":
            return Place.SHARED
        key = event.base_conversation
        is_open = self._open.get(key)
        if is_open is None:
            try:
                members = await self._port.members(event.ref)
            except SendError as error:
                if error.status in TRANSIENT and attempts < PATIENCE:
                    raise Later(error.retry_after or 0.0, f"members: {error.status}") from error
                return Place.SHARED
            tenant = self._tenant or event.tenant_id
            is_open = any(member.is_outsider(tenant) for member in members)
            self._open.put(key, is_open)
        return Place.SHARED if is_open else Place.CHANNEL

    async def _principal(self, users: list[str], said: str, guest: bool, account: str) -> Principal:
        services = self._services
        with contextlib.suppress(NoDataError):
            await services.snapshot()
        key = (services.snapshot_version(), tuple(users), said, guest)
        held = self._principals.get(key)
        if held is not None:
            return held
        roles = [user for user in users if people.roles_of(services, user)]
        user = next(iter(roles), self._stand_in or next(iter(users), account))
        found = people.principal(services, user, guest=guest)
        if not self._has_locale(user):
            language = said[:2].lower()
            if language:  # one we do not speak reads English more easily than Dutch
                language = language if language in LOCALES else "en"
            found = replace(found, locale=language or found.locale)
        self._principals.put(key, found)
        return found

    def _has_locale(self, user: str) -> bool:
        try:
            table = self._services.snapshots.current().people
        except NoDataError:
            return False
        row = table.loc[table["user"].astype(str).str.lower() == user.lower(), "locale"]
        return bool(len(row)) and str(row.iat[0] or "") in LOCALES


class _Kept(Generic[V]):
    """Values that grow old; the longest unused go first."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._held: OrderedDict[Hashable, tuple[V, float]] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        held = self._held.get(key)
        if held is None or self._now() >= held[1]:
            return None
        self._held.move_to_end(key)
        return held[0]

    def put(self, key: Hashable, value: V) -> None:
        self._held[key] = (value, self._now() + self._seconds)
        self._held.move_to_end(key)
        while len(self._held) > KEPT:
            self._held.popitem(last=False)

    def drop(self, key: Hashable) -> None:
        self._held.pop(key, None)
