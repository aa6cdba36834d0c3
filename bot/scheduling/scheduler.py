"""Sends each week's nudges: any number of processes may try, the database lets one through.

A turn plans the slots that fell due, takes some, and sends them one by one: decided and rendered
at the moment of sending, so that who may see what is asked anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.reply import Reply
from bot.core.services import Clock, utc_now
from bot.scheduling.planner import Recipient, first_week, owed
from bot.scheduling.sending import Address, NotSentError, Sender, UnreachableError
from bot.scheduling.slots import Rhythm
from bot.storage.nudge_preferences import Preference, PreferenceTable, Seen
from bot.storage.outbox import (
    CANCELLED,
    DEAD,
    LATE,
    LEASE,
    LEASED,
    PENDING,
    RETRY,
    SENDING,
    SENT,
    TRIES,
    UNKNOWN,
    Claim,
    Kept,
    NewSlot,
    NudgeTable,
    Said,
    Step,
)  # fmt: skip
from bot.storage.writer import Writer

log = logging.getLogger("ballotage.nudges")

POLL_SECONDS = 20.0
AT_ONCE = 8
SEND_SECONDS = 40.0
"""Longest one send may take: well within the lease, so that nobody calls it unknown meanwhile."""
GRACE_SECONDS = 20.0
FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 20.0, 3.0, 3600.0
NOTE_PAUSES = (0.2, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 180.0)
"""Seconds between tries to note how a send ended, while the database is away."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A nudge ready to go: what to note of it, where it goes, and what it says."""

    said: Said
    surface: str
    address: Address
    reply: Reply


@dataclass(frozen=True, slots=True)
class Withheld:
    """No nudge after all, and why: the person may not see figures any more, or stopped."""

    reason: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who gets nudges, with the rhythm that comes of choices and people table."""

    user: str
    rhythm: Rhythm


Choose = Callable[[Mapping[str, Preference]], Awaitable[list[Person]]]
"""Tells who gets nudges now, given what everyone chose."""
Compose = Callable[[Kept], Awaitable[Letter | Withheld]]
"""Decides and renders one nudge. NotSentError and UnreachableError as for a Sender."""


class Scheduler:
    """The nudges of one tenant, in one of its processes."""

    def __init__(
        self,
        writer: Writer,
        tenant: str,
        *,
        choose: Choose,
        compose: Compose,
        senders: Mapping[str, Sender],
        clock: Clock = utc_now,
        zone: str = "UTC",
        at_once: int = AT_ONCE,
        lease: dt.timedelta = LEASE,
        poll_seconds: float = POLL_SECONDS,
        observe: Callable[[Mapping[str, int]], None] | None = None,
        jitter: Callable[[float], float] | None = None,
    ) -> None:
        self._writer = writer
        self._nudges = NudgeTable(writer.database, tenant)
        self._preferences = PreferenceTable(writer.database, tenant)
        self._choose = choose
        self._compose = compose
        self._senders = dict(senders)
        self._clock = clock
        self._zone = zone
        self._at_once = at_once
        self._lease = lease
        self._turn_to_send = asyncio.Lock()
        self._poll_seconds = poll_seconds
        self._observe = observe
        # Full jitter: those who failed together must not come back together.
        self._jitter = jitter or (lambda most: random.SystemRandom().uniform(most / 2, most))
        self._owner = secrets.token_hex(16)
        self._job: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._told: set[str] = set()

    async def start(self) -> None:
        """Begin, with what an earlier process left behind."""
        self._job = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Take nothing more, finish what is being sent (20 s at most)."""
        self._stopping.set()
        if self._job is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._job), GRACE_SECONDS)
            self._job.cancel()
            await asyncio.gather(self._job, return_exceptions=True)

    async def turn(self) -> int:
        """Take and send some; return how many were taken. Raises when there is no database."""
        now = self._clock()
        claim = Claim(self._owner, now, self._lease, self._at_once)
        taken = await self._writer.run(self._nudges.claim, claim)
        for kept in taken.given_up:
            self._tell(f"nudge.{kept.state} id=%d reason=%s", kept.id, kept.reason)
        await asyncio.gather(*(self._carry_out(kept) for kept in taken.held))
        if self._observe:
            self._observe(await asyncio.to_thread(self._nudges.counts, now))
        return len(taken.held)

    async def plan(self) -> None:
        """Make the slots that fell due."""
        now = self._clock()
        known = await asyncio.to_thread(self._preferences.all)
        people = await self._choose(known)
        planned = await asyncio.to_thread(self._nudges.planned, "weekly", str(first_week(now)))
        for person in people:
            await self._plan_one(person, known.get(person.user), planned, now)
        present = {person.user for person in people}
        for user, preference in known.items():
            if user not in present and preference.rhythm:
                # From when they are back on slots are owed again, and none in between.
                await self._note_rhythm(Seen(user, preference.rhythm, ""))

    async def _plan_one(
        self,
        person: Person,
        kept: Preference | None,
        planned: Mapping[str, Mapping[str, dt.datetime]],
        now: dt.datetime,
    ) -> None:
        user, rhythm = person.user, str(person.rhythm)
        if kept is None:
            fresh = Preference(user, since=now, rhythm=rhythm)
            await self._writer.run(self._preferences.first_seen, fresh)
            return
        if not kept.rhythm:
            await self._note_rhythm(Seen(user, "", rhythm, since=now))
            return
        before = Rhythm.read(kept.rhythm) if kept.rhythm != rhythm else None
        recipient = Recipient(user, person.rhythm, kept.since, kept.paused_until)
        slots = owed(recipient, planned.get(user, {}), now, before=before, fallback=self._zone)
        await asyncio.gather(*(self._insert(slot) for slot in slots))
        if before is not None:  # last: a crash in between plans the same slots again, once
            await self._note_rhythm(Seen(user, kept.rhythm, rhythm))

    async def _insert(self, slot: NewSlot) -> None:
        if await self._writer.run(self._nudges.plan, slot) and slot.state == DEAD:
            self._tell("nudge.missed week=%s reason=%s", slot.iso_week, slot.reason)

    async def _note_rhythm(self, seen: Seen) -> None:
        await self._writer.run(self._preferences.planned_with, seen)

    async def _carry_out(self, kept: Kept) -> None:
        if self._stopping.is_set():
            await self._note(kept, (LEASED,), {"state": PENDING, "owner": "",
                                               "attempts": kept.attempts - 1})  # fmt: skip
            return
        # One at a time: a process that is killed leaves at most one of which nobody knows, and who
        # is next knows what a colleague was told.
        async with self._turn_to_send:
            await self._make_and_send(kept)

    async def _make_and_send(self, kept: Kept) -> None:
        try:
            letter = await self._compose(kept)
        except NotSentError as error:
            await self._again(kept, (LEASED,), error)
            return
        except UnreachableError as error:
            await self._give_up(kept, (LEASED,), error.reason)
            return
        except Exception as error:
            log.exception("nudge.not_made id=%d", kept.id)
            await self._again(kept, (LEASED,), NotSentError(type(error).__name__))
            return
        if isinstance(letter, Withheld):
            change = {"state": CANCELLED, "reason": letter.reason[:200], "owner": ""}
            await self._note(kept, (LEASED,), change)
            return
        await self._send(kept, letter)

    async def _send(self, kept: Kept, letter: Letter) -> None:
        sender = self._senders.get(letter.surface)
        if sender is None:
            await self._give_up(kept, (LEASED,), f"no open door to {letter.surface or 'a chat'}")
            return
        said = letter.said
        change = {
            "state": SENDING,
            "next_at": self._clock() + self._lease,
            "surface": letter.surface,
            "situation": said.situation,
            "subject": said.subject[:200],
            "figure": said.figure,
            "content": dict(said.content),
        }
        # Committed before the first byte leaves; without that note nothing is sent.
        if not await self._writer.run(
            self._nudges.step, Step(kept.id, self._owner, (LEASED,), change)
        ):
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await sender.send(letter.address, letter.reply)
        except NotSentError as error:
            await self._again(kept, (SENDING,), error)
        except UnreachableError as error:
            await self._give_up(kept, (SENDING,), error.reason)
        except BaseException as error:
            reason = str(error)[:150] if isinstance(error, RuntimeError) else type(error).__name__
            self._tell("nudge.unknown id=%d reason=%s", kept.id, reason)
            note = self._note(kept, (SENDING,), {"state": UNKNOWN, "reason": reason})
            await asyncio.shield(note)
            if not isinstance(error, Exception):
                raise
        else:
            # Even where the lease ended meanwhile and somebody called it unknown: it arrived.
            now = self._clock()
            change = {"state": SENT, "sent_at": now, "reason": ""}
            step = Step(kept.id, self._owner, (SENDING, UNKNOWN), change, said.followed, now)
            await self._write_down(step)
            self._told.clear()

    async def _again(self, kept: Kept, before: tuple[str, ...], error: NotSentError) -> None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** (kept.attempts - 1))
        next_at = self._clock() + dt.timedelta(seconds=max(error.seconds, self._jitter(pause)))
        if kept.attempts >= TRIES or next_at > kept.due_at + LATE:
            await self._give_up(kept, before, error.reason)
            return
        self._tell("nudge.later id=%d reason=%s", kept.id, error.reason)
        change = {"state": RETRY, "next_at": next_at, "owner": "", "reason": error.reason[:200]}
        await self._note(kept, before, change)

    async def _give_up(self, kept: Kept, before: tuple[str, ...], reason: str) -> None:
        self._tell("nudge.dead id=%d reason=%s", kept.id, reason)
        await self._note(kept, before, {"state": DEAD, "owner": "", "reason": reason[:200]})

    async def _note(self, kept: Kept, before: tuple[str, ...], change: dict[str, Any]) -> None:
        await self._write_down(Step(kept.id, self._owner, before, change))

    async def _write_down(self, step: Step) -> None:
        """Note a step, again and again while the database is away: it must not be forgotten."""
        for pause in (*NOTE_PAUSES, None):
            try:
                await self._writer.run(self._nudges.step, step)
            except Exception as error:  # noqa: BLE001 (if all fail the lease ends: unknown, or anew)
                if pause is None:
                    log.error("nudge.unnoted id=%d reason=%s", step.id, type(error).__name__)
                    return
                await asyncio.sleep(pause)
            else:
                return

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.plan()
                while await self.turn() == self._at_once and not self._stopping.is_set():
                    pass
                self._told.discard("nudge.no_database reason=%s")
            except Exception as error:  # noqa: BLE001 (the next turn may find it mended)
                self._tell("nudge.no_database reason=%s", type(error).__name__, once=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._poll_seconds)

    def _tell(self, message: str, *words: object, once: bool = False) -> None:
        """Log the first of its kind; the next after something went well in between."""
        key = message if once else f"{message.partition(' ')[0]} {words[-1]}"
        level = logging.DEBUG if key in self._told else logging.WARNING
        self._told.add(key)
        log.log(level, message, *words)
