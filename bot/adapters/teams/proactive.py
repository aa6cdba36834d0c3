"""Writing first in Teams: once, and saying exactly whether it arrived."""

from __future__ import annotations

import logging
from typing import cast

from bot.adapters.teams.delivery import SURFACE, TEXT_LIMIT, References, group_key
from bot.adapters.teams.seam import Out, Ref, SendError, TeamsPort
from bot.core.reply import Reply, headline, plain_text
from bot.renderers import teams
from bot.scheduling.sending import Address, NotSentError, UnreachableError

log = logging.getLogger("ballotage.teams")

AGAIN = frozenset({412, 429})
"""Statuses after which the same message may be sent again: Teams took nothing."""
GONE = frozenset({401, 403, 404, 405, 410})
CARD = frozenset({400, 413})
"""The card was looked at and refused; its words may still be taken."""
NO_CONNECTION = frozenset({
    "ClientConnectorError", "ClientConnectorDNSError", "ClientConnectorSSLError",
    "ClientConnectorCertificateError", "ClientProxyConnectionError", "ConnectionTimeoutError",
    "ConnectionRefusedError",
})  # fmt: skip
"""What went wrong before the first byte left."""


class TeamsSender:
    """Sends nudges to people who have a chat with the bot, and to groups it is in."""

    def __init__(self, port: TeamsPort, references: References) -> None:
        self._port = port
        self._references = references

    async def reaches(self, address: Address) -> bool:
        """Whether there is a chat to write to."""
        return await self._ref(address) is not None

    async def send(self, address: Address, reply: Reply) -> None:
        """Post once; in the person's own chat where their channel does not take it any more."""
        if address.conversation:
            try:
                await self._post(await self._ref(address), reply)
            except UnreachableError as error:
                log.warning("teams.nudge_channel_gone reason=%s", error.reason)
            else:
                return
        await self._post(await self._ref(Address(address.user)), reply)

    async def _ref(self, address: Address) -> Ref | None:
        if not address.conversation:
            found = await self._references.get(SURFACE, address.user)
            return cast(Ref, found) if found else None
        stored = await self._references.get(SURFACE, group_key(address.conversation))
        return cast(Ref, stored["ref"]) if stored else None

    async def _post(self, ref: Ref | None, reply: Reply) -> None:
        if ref is None:
            raise UnreachableError("no chat")
        try:
            try:
                await self._port.send(ref, Out(teams.render(reply)))
            except SendError as error:
                if error.status not in CARD:
                    raise
                log.warning("teams.card_refused status=%d code=%s", error.status, error.code)
                words = plain_text(reply)[:TEXT_LIMIT] or headline(reply)
                await self._port.send(ref, Out(text=words))
        except SendError as error:
            raise outcome(error) from None


def outcome(error: SendError) -> Exception:
    """What a failed send means: surely not arrived, never will, or nobody knows."""
    if error.status in AGAIN:
        return NotSentError(str(error.status), error.retry_after or 0.0)
    if error.code.startswith("token:") or (error.status == 0 and error.code in NO_CONNECTION):
        return NotSentError(error.code)  # without a token, or a connection, nothing left
    if error.status in GONE or error.status in CARD:
        return UnreachableError(f"{error.status} {error.code}".strip())
    return RuntimeError(f"{error.status or 'no answer'} {error.code}".strip())
