"""How fast a conversation may be written to: Teams' windows, kept before it has to refuse."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

WINDOWS = ((7, 1.0), (8, 2.0), (60, 30.0), (1_800, 3_600.0))
"""Messages per seconds that Teams allows a bot in one conversation."""
KEPT = 10_000
"""Conversations remembered; one that was silent longest is forgotten first."""


class Pace:
    """Sliding windows per conversation."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()

    def delay(self, conversation: str) -> float:
        """Seconds until another message may go; 0: now. Does not count one."""
        sent, now = self._sent.get(conversation), self._now()
        if not sent:
            return 0.0
        delays = [sent[-count] + seconds - now for count, seconds in WINDOWS if len(sent) >= count]
        return max([0.0, *delays])

    def count(self, conversation: str) -> None:
        """Note that a message goes now."""
        sent = self._sent.setdefault(conversation, deque(maxlen=WINDOWS[-1][0]))
        sent.append(self._now())
        self._sent.move_to_end(conversation)
        while len(self._sent) > KEPT:
            self._sent.popitem(last=False)

    async def turn(self, conversation: str, most: float) -> float:
        """Wait for a turn and take it; where that takes over `most` seconds return how long."""
        while True:
            delay = self.delay(conversation)
            if delay <= 0:
                self.count(conversation)
                return 0.0
            if delay > most:
                return delay
            await asyncio.sleep(delay)
            most -= delay
