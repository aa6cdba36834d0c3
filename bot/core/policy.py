"""Who may see what, where: DESIGN's table, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.command import Arguments, Command, Permission, Sensitivity
from bot.core.reply import Visibility
from bot.core.request import Place, Request
from bot.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Decision:
    """An allowed request: who will see the answer, and whether it may be shared with the channel."""

    visibility: Visibility
    may_share: bool = False


class Policy:
    """Decides on every request, a pressed button included."""

    def __init__(
        self,
        channel_cleared: Callable[[Request], bool],
        whom_to_ask: Callable[[Request], str],
    ) -> None:
        self._channel_cleared = channel_cleared
        self._whom_to_ask = whom_to_ask

    def check_place(self, request: Request) -> None:
        """Refuse whatever is asked where outsiders read along; RefusedError."""
        if request.principal.guest:
            raise RefusedError("You are a guest here, and answers are for colleagues only.")
        where = request.conversation
        if where.place is Place.SHARED and where.invite:
            raise RefusedError(
                "I am not in this conversation, so I cannot see who reads along. Let me in with "
                "{invite} and ask again, or ask me in a direct message.",
                invite=where.invite,
            )
        if where.place is Place.SHARED:
            raise RefusedError(
                "Not here: people from outside can read along, and answers are for colleagues only. "
                "Ask me in a direct message."
            )

    def decide(self, request: Request, command: Command, args: Arguments | None = None) -> Decision:
        """Return the decision; RefusedError names what is missing and whom to ask."""
        self.check_place(request)
        asker, place = request.principal, request.conversation.place
        wanted = command.permission_for(args or Arguments())
        if wanted is not Permission.NONE and not asker.roles & wanted.roles:
            who = self._whom_to_ask(request)
            if not asker.roles:
                raise RefusedError(
                    "I do not know you yet, so I cannot show you figures. Ask {who} to give you a role.",
                    who=who,
                )
            raise RefusedError(
                "You need the permission '{permission}' for this. Ask {who}.",
                permission=wanted.value,
                who=who,
            )
        if request.share and command.sensitivity is Sensitivity.PERSONAL:
            raise RefusedError("This answer is for you alone, so it cannot be shared.")
        if place is Place.DM:
            return Decision(Visibility.DIRECT)
        shareable = command.sensitivity is Sensitivity.COMPANY and self._channel_cleared(request)
        if not request.share:
            return Decision(Visibility.EPHEMERAL, may_share=shareable)
        if not shareable:
            raise RefusedError(
                "This channel has not been cleared for figures. Ask {who} to clear it.",
                who=self._whom_to_ask(request),
            )
        return Decision(Visibility.CHANNEL)
