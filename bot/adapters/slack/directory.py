"""Who asks in Slack, and who can read along there."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from analytics.errors import NoDataError
from bot import people
from bot.adapters.slack.api import Api, CallError
from bot.adapters.slack.intake import Ask
from bot.core.request import Conversation, Place, Principal, Request
from bot.core.services import Services
from bot.i18n import LOCALES

log = logging.getLogger("ballotage.slack")

SURFACE = "slack"
USER_SECONDS = 600.0
"""How long a changed e-mail address or a new guest status may go unnoticed."""
CHANNEL_SECONDS = 60.0
"""The same for a channel that gets shared with another organisation."""
KEPT = 10_000
INVITE = "/invite @Ballotage"
"""What lets us into a conversation, as typed there."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are: the workspace, and the bot in it."""

    team: str
    enterprise: str
    bot_user: str
    bot_id: str

    def is_ours(self, team: str) -> bool:
        """Whether an event of that workspace is meant for us."""
        return bool(team) and team in (self.team, self.enterprise)


@dataclass(frozen=True, slots=True)
class Person:
    """What Slack says of somebody. `email` is empty unless Slack confirmed it."""

    id: str
    email: str = ""
    locale: str = ""
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where."""

    principal: Principal
    place: Place
    own_chat: bool = False
    """Whether it is the direct chat of this person with the bot."""
    invite: str = ""
    """What to type there to let us look in, where Slack does not tell us who reads along."""

    def request(self, ask: Ask) -> Request:
        """The question as the dispatcher takes it."""
        return Request(
            principal=self.principal,
            conversation=Conversation(self.place, ask.channel, ask.thread, self.invite),
            text=ask.text,
            surface=SURFACE,
            id=ask.key,
            share=ask.share,
        )


class Directory:
    """Looks people and channels up at Slack, and keeps what it found for a while."""

    def __init__(
        self, services: Services, api: Api, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._services = services
        self._api = api
        self._identity: Identity | None = None
        self._persons = _Kept[Person](USER_SECONDS, now)
        self._places = _Kept[_Room](CHANNEL_SECONDS, now)
        self._principals = _Kept[Principal](USER_SECONDS, now)

    @property
    def known(self) -> Identity | None:
        """Who we are, where Slack has told already."""
        return self._identity

    async def identity(self) -> Identity:
        """Who we are. Later: Slack has to be asked, and is not answering."""
        if self._identity is None:
            data = await self._api.call("auth.test", lambda client: client.auth_test())
            self._identity = Identity(
                str(data.get("team_id") or ""),
                str(data.get("enterprise_id") or ""),
                str(data.get("user_id") or ""),
                str(data.get("bot_id") or ""),
            )
            log.info("slack.identity team=%s", self._identity.team)
        return self._identity

    async def of(self, ask: Ask) -> Asker:
        """Return who is behind something asked, and where. Later: Slack is not answering."""
        person = await self._person(ask.user)
        principal = await self._principal(person)
        if not ask.channel:  # the Home tab or a global shortcut: answered in the direct chat
            return Asker(principal, Place.DM)
        if ask.share:  # what everybody there will read rests on who is there now
            self.forget_place(ask.channel)
        room = await self._room(ask.channel)
        return Asker(principal, room.place, room.place is Place.DM, room.invite)

    async def _person(self, user: str) -> Person:
        held = self._persons.get(user)
        if held is not None:
            return held
        try:
            data = await self._api.call(
                "users.info", lambda client: client.users_info(user=user, include_locale=True)
            )
        except CallError as error:
            log.warning("slack.user_unknown code=%s", error.code)
            # Without the scope the id still tells colleagues from nobody; an unknown id is a guest.
            found = Person(user, guest=error.code != "missing_scope")
        else:
            found = self._read(user, data)
        self._persons.put(user, found)
        return found

    def _read(self, user: str, data: Mapping[str, Any]) -> Person:
        info = data.get("user")
        if not isinstance(info, Mapping):
            return Person(user, guest=True)
        profile = info.get("profile")
        email = profile.get("email") if isinstance(profile, Mapping) else ""
        outside = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted")
        foreign = self._is_foreign(info)
        confirmed = info.get("is_email_confirmed") is not False
        return Person(
            user,
            email=str(email or "") if confirmed and not foreign else "",
            locale=str(info.get("locale") or "")[:2].lower(),
            guest=foreign or any(info.get(name) for name in outside),
        )

    def _is_foreign(self, info: Mapping[str, Any]) -> bool:
        """Whether somebody is of another workspace; within an organisation, of another one."""
        identity = self._identity
        team = str(info.get("team_id") or "")
        if identity is None or not team or identity.is_ours(team):
            return False
        inside = info.get("enterprise_user")
        enterprise = str(inside.get("enterprise_id") or "") if isinstance(inside, Mapping) else ""
        return not (enterprise and enterprise == identity.enterprise)

    async def _principal(self, person: Person) -> Principal:
        services = self._services
        with contextlib.suppress(NoDataError):
            await services.snapshot()
        key = (services.snapshot_version(), person)
        held = self._principals.get(key)
        if held is not None:
            return held
        users = [user for user in (person.id, person.email) if user]
        with_role = [user for user in users if people.roles_of(services, user)]
        user = with_role[0] if with_role else person.id
        found = people.principal(services, user, guest=person.guest)
        if person.locale and not self._has_locale(user):
            # A language we do not speak: English is read more widely than Dutch.
            found = replace(found, locale=person.locale if person.locale in LOCALES else "en")
        self._principals.put(key, found)
        return found

    def _has_locale(self, user: str) -> bool:
        """Whether the people table names a language, which goes before Slack's."""
        try:
            table = self._services.snapshots.current().people
        except NoDataError:
            return False
        row = table.loc[table["user"].astype(str).str.lower() == user.lower(), "locale"]
        return bool(len(row)) and str(row.iat[0] or "") in LOCALES

    def forget_place(self, channel: str) -> None:
        """Look a channel up anew at its next question: what may be known of it has changed."""
        self._places.drop(channel)

    async def place(self, channel: str) -> Place:
        """Return who can read in a channel; SHARED where that cannot be found out."""
        return (await self._room(channel)).place

    async def _room(self, channel: str) -> _Room:
        held = self._places.get(channel)
        if held is not None:
            return held
        try:
            data = await self._api.call(
                "conversations.info", lambda client: client.conversations_info(channel=channel)
            )
        except CallError as error:
            # A private channel we are not in, or two people's own chat: who reads there is unknown.
            log.info("slack.channel_unknown code=%s", error.code)
            # Nobody can be added to a chat of two, whose id starts with a D.
            room = _Room(Place.SHARED, "" if channel.startswith("D") else INVITE)
        else:
            room = _Room(_place_of(data.get("channel")))
        self._places.put(channel, room)
        return room


@dataclass(frozen=True, slots=True)
class _Room:
    """A channel: who can read there, and how to let us look where we cannot tell."""

    place: Place
    invite: str = ""


def _place_of(channel: object) -> Place:
    if not isinstance(channel, Mapping):
        return Place.SHARED
    open_to = ("is_ext_shared", "is_org_shared", "is_pending_ext_shared", "is_shared")
    if any(channel.get(name) for name in open_to) or channel.get("pending_connected_team_ids"):
        return Place.SHARED
    return Place.DM if channel.get("is_im") else Place.CHANNEL


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

    def drop(self, key: Hashable) -> None:
        self._held.pop(key, None)

    def put(self, key: Hashable, value: V) -> None:
        self._held[key] = (value, self._now() + self._seconds)
        self._held.move_to_end(key)
        while len(self._held) > KEPT:
            self._held.popitem(last=False)
