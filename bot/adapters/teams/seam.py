"""The seam: what comes in, what goes out and where to, without a word of any SDK.

All of it is plain JSON, so that stored events and references outlive the SDK of the day. Another
SDK takes over by another TeamsPort (see docs/adr/0007-teams-seam.md).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypedDict

from aiohttp import web

Kind = Literal[
    "message", "submit", "execute", "install", "uninstall", "members", "file_consent", "other"
]


class Ref(TypedDict):
    """Where to write later: a conversation of Teams."""

    tenant: str
    conversation_id: str
    service_url: str
    bot_id: str
    user_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class InEvent:
    """One verified event. Empty strings stand for what the platform did not say."""

    kind: Kind
    activity_id: str
    tenant_id: str
    conversation_id: str
    conversation_type: Literal["personal", "groupChat", "channel"]
    service_url: str
    bot_id: str
    user_id: str
    """The account id of this bot's conversations (`29:...`)."""
    user_aad_id: str = ""
    user_name: str = ""
    text: str = ""
    """What was typed, the mention of the bot left out."""
    value: Mapping[str, Any] = field(default_factory=dict)
    """Data of a pressed button and inputs of a form; the client can put anything in it."""
    verb: str = ""
    locale: str = ""
    is_targeted: bool = False
    """Written to the bot alone, out of sight of the others in the conversation."""
    reply_to_id: str = ""
    channel_type: str = ""
    """standard, private or shared, for a channel of a team."""

    @property
    def ref(self) -> Ref:
        """The conversation it came from."""
        return Ref(
            tenant=self.tenant_id,
            conversation_id=self.conversation_id,
            service_url=self.service_url,
            bot_id=self.bot_id,
            user_id=self.user_id,
            channel="msteams",
        )

    @property
    def base_conversation(self) -> str:
        """The conversation without the thread in it: what a channel is known by."""
        return self.conversation_id.partition(";")[0]

    @property
    def key(self) -> str:
        """What makes the event the same one when it is sent again."""
        return f"{self.tenant_id}|{self.conversation_id}|{self.activity_id}"

    def to_json(self) -> dict[str, Any]:
        """Return it as stored."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> InEvent:
        """Read what `to_json` gave; fields of another version are left out."""
        known = {f.name for f in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True, slots=True)
class Out:
    """One thing to send: an activity, a line of text, a sign of typing, or an invoke's answer."""

    activity: Mapping[str, Any] | None = None
    """A message as the renderer makes it; shared between sends, so never changed."""
    text: str = ""
    typing: bool = False
    invoke_body: Mapping[str, Any] | None = None
    targeted_to: str | None = None
    """Account id of the only person in the conversation who may see it."""
    reply_to_id: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a conversation as Teams knows them."""

    id: str
    aad_id: str = ""
    email: str = ""
    upn: str = ""
    tenant_id: str = ""
    role: str = ""
    name: str = ""

    def is_outsider(self, tenant: str) -> bool:
        """A guest, an anonymous person, or somebody of another organisation."""
        other = bool(tenant and self.tenant_id and self.tenant_id != tenant)
        return other or self.role.lower() in {"guest", "anonymous"}


class SendError(Exception):
    """Teams did not take it. `status` 0: no answer; `retry_after` in seconds where it said so."""

    def __init__(self, status: int, retry_after: float | None = None, code: str = "") -> None:
        super().__init__(f"status={status} code={code}")
        self.status = status
        self.retry_after = retry_after
        self.code = code


OnEvent = Callable[[InEvent], Awaitable[Out | None]]
"""Takes a verified event and returns within five seconds; an invoke wants an `invoke_body`."""


class TeamsPort(Protocol):
    """What an SDK has to be able to do."""

    def routes(self, on_event: OnEvent) -> list[web.RouteDef]:
        """Return `POST /api/messages`: 401, 400 or 413 for what must not come in, else 2xx."""

    async def send(self, ref: Ref, out: Out) -> str:
        """Send and return the activity's id. SendError."""

    async def update(self, ref: Ref, activity_id: str, out: Out) -> None:
        """Replace a message. SendError."""

    async def member(self, ref: Ref, user_id: str) -> Member:
        """Return one member of the conversation. SendError; status 404: not a member."""

    async def members(self, ref: Ref) -> Iterable[Member]:
        """Return all members of the conversation. SendError."""

    async def close(self) -> None:
        """Let go of connections."""
