"""The last turns of a conversation with a language model, per person and place, for a while."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from bot.core.request import Request
from bot.core.services import Clock

TURNS = 3
KEPT = dt.timedelta(minutes=30)
CONVERSATIONS = 500


def key(request: Request, view: Hashable) -> Hashable:
    """Whose memory it is: one person in one thread of one place, with what they may see there.

    `view` is how much the asker sees; who is given another role begins anew, so that nothing said
    under the old one comes back.
    """
    asker, at = request.principal, request.conversation
    return (
        *(asker.tenant, asker.user, asker.roles, asker.guest, view),
        *(request.surface, at.place, at.id, at.thread, request.as_of),
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and the answer that was shown."""

    question: str
    answer: str


@dataclass(slots=True)
class Memory:
    """In this process only: nothing is written, and a restart forgets."""

    clock: Clock
    _held: OrderedDict[Hashable, tuple[dt.datetime, tuple[Turn, ...]]] = field(
        default_factory=OrderedDict
    )

    def recall(self, whose: Hashable) -> tuple[Turn, ...]:
        """The last turns, oldest first; none where the last is too long ago."""
        at, turns = self._held.get(whose, (None, ()))
        if at is None or self.clock() - at > KEPT:
            self._held.pop(whose, None)
            return ()
        return turns

    def remember(self, whose: Hashable, turn: Turn) -> None:
        """Keep a turn; the oldest turns and conversations go first."""
        turns = (*self.recall(whose), turn)[-TURNS:]
        self._held[whose] = (self.clock(), turns)
        self._held.move_to_end(whose)
        while len(self._held) > CONVERSATIONS:
            self._held.popitem(last=False)
