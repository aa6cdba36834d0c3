"""Who asks what, where: the same for every surface."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import Enum


class Role(Enum):
    """What a person may do. A person nobody entered has none."""

    SALES = "sales"
    MT = "mt"
    ADMIN = "admin"


class Place(Enum):
    """The audience of a conversation."""

    DM = "dm"
    CHANNEL = "channel"
    SHARED = "shared"  # outsiders or guests can read along


@dataclass(frozen=True, slots=True)
class Principal:
    """The person who asks."""

    tenant: str
    user: str
    roles: frozenset[Role] = frozenset()
    locale: str = "nl"
    time_zone: str = "Europe/Amsterdam"
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where it is asked; `id` is the platform's own, `thread` the thread in it."""

    place: Place
    id: str = ""
    thread: str = ""
    invite: str = ""
    """SHARED only because we cannot see who reads along: what lets us in, as typed there."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question. `text` is what was typed, or a pressed button's command line."""

    principal: Principal
    conversation: Conversation
    text: str
    surface: str  # "terminal", "browser", "slack", "teams"
    id: str = ""
    as_of: dt.date | None = None
    share: bool = False
    received_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    @property
    def locale(self) -> str:
        """The language to answer in."""
        return self.principal.locale
