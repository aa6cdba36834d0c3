"""What the scheduler needs of a chat platform: to write first, and to say exactly how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.core.reply import Reply


@dataclass(frozen=True, slots=True)
class Address:
    """Where a nudge goes: a person, or a conversation instead of their own chat."""

    user: str
    conversation: str = ""


class NotSentError(Exception):
    """It surely did not arrive (412, 429, no connection): again, after `seconds` at least.

    `reason` is kept and shown to admins: no content, no secret.
    """

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds


class UnreachableError(Exception):
    """It surely did not arrive, and never will: the person left, the channel is archived."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sender(Protocol):
    """Writes to people first. Any exception but the two above means: nobody knows."""

    async def reaches(self, address: Address) -> bool:
        """Whether there is an address to write to. NotSentError: not to be found out now."""

    async def send(self, address: Address, reply: Reply) -> None:
        """Send once, without any repetition of its own."""
