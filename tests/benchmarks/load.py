"""Requests kept under way at two servers in turn: the product's, and a bare one beside it."""

from __future__ import annotations

import asyncio
import itertools
import signal
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil

from tests.benchmarks.measure import ROOT, _wait_until_ready
from tests.benchmarks.result import Result

AT_ONCE, USERS, ROUNDS, SECONDS = 16, 200, 9, 3.0
LIMIT = 1.25
"""Times the bare server's: 0.8 of its throughput is 1.25 times its time a request."""
SETTLED = 0.5

Say = Callable[[str], None]
Question = Callable[[int, int], tuple[bytes, object]]
"""(client, number) to the request as bytes, and what the check wants to know of it."""
Check = Callable[[object, bytes], None]
"""Raises when the answer to a request is not the one that was asked for."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load; `process` is a child of ours."""

    port: int
    process: subprocess.Popen[bytes]


@dataclass(slots=True)
class Round:
    """What one round of load measured; times in seconds."""

    seconds: float = 0.0
    processor: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def each(self) -> float:
        """Milliseconds a request, all sixteen together."""
        return 1000 * self.seconds / len(self.latencies)

    @property
    def work(self) -> float:
        """Milliseconds of processor time a request."""
        return 1000 * self.processor / len(self.latencies)

    @property
    def p99(self) -> float:
        """The slowest of a hundred, in milliseconds."""
        return 1000 * statistics.quantiles(self.latencies, n=100)[98]


@dataclass(slots=True)
class Side:
    """One of the two that take turns."""

    server: Server
    question: Question
    check: Check
    rounds: list[Round] = field(default_factory=list)

    def median(self, of: Callable[[Round], float]) -> float:
        """The median over the rounds."""
        return float(statistics.median(of(one) for one in self.rounds))


async def compare(
    name: str, bare: str, ours: Side, echo: Side, say: Say, rounds: int, seconds: float
) -> list[Result]:
    """Measure both, taking turns at going first; throughput and the 99th percentile."""
    say(f"{name}: warming up")
    for side in (ours, echo):  # the first answers may come after their acknowledgement
        await load(side, seconds=1.5, at_least=2 * USERS, checked=False)
    await asyncio.sleep(SETTLED)
    for number in range(rounds):
        say(f"{name}: round {number + 1} of {rounds}")
        for side in (ours, echo) if number % 2 else (echo, ours):
            side.rounds.append(await load(side, seconds=seconds))
            await asyncio.sleep(SETTLED)  # what it still has to write is not the other's burden
    total = sum(len(one.latencies) for one in ours.rounds)
    ratio = ours.median(lambda one: one.work) / echo.median(lambda one: one.work)
    return [
        Result(
            f"{name}, time a request at {AT_ONCE} at once", ours.median(lambda one: one.each), "ms",
            bare, echo.median(lambda one: one.each), LIMIT,
            f"{1000 / ours.median(lambda one: one.each):,.0f} requests a second, {total:,} answers "
            f"checked; processor time {ratio:.2f} times the {bare}'s",
        ),
        Result(
            f"{name}, 99th percentile", ours.median(lambda one: one.p99), "ms",
            bare, echo.median(lambda one: one.p99), LIMIT,
        ),
    ]  # fmt: skip


def shown(results: Sequence[Result]) -> str:
    """The rows as plain lines."""
    lines = [" | ".join(row.cells()) + (f"\n  {row.note}" if row.note else "") for row in results]
    return "\n".join(lines) + "\n"


async def load(side: Side, *, seconds: float, at_least: int = 0, checked: bool = True) -> Round:
    """Keep sixteen requests under way for so long, and until there were so many."""
    measured = Round()
    process = psutil.Process(side.server.process.pid)
    busy, start = process.cpu_times(), time.perf_counter()

    def goes_on() -> bool:
        return time.perf_counter() < start + seconds or len(measured.latencies) < at_least

    clients = [_client(number, side, goes_on, measured, checked) for number in range(AT_ONCE)]
    await asyncio.gather(*clients)
    measured.seconds = time.perf_counter() - start
    now = process.cpu_times()
    measured.processor = now.user + now.system - busy.user - busy.system
    return measured


_numbers = itertools.count(1)


async def _client(
    client: int, side: Side, goes_on: Callable[[], bool], measured: Round, checked: bool
) -> None:
    # Plain streams: a full client would take more of the machine than what is measured.
    reader, writer = await asyncio.open_connection("127.0.0.1", side.server.port)
    try:
        while goes_on():
            content, asked = side.question(client, next(_numbers))
            began = time.perf_counter()
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            answer = await reader.readexactly(length)
            measured.latencies.append(time.perf_counter() - began)
            if not head.startswith(b"HTTP/1.1 20"):
                raise RuntimeError(f"Not accepted: {head[:100]!r}")
            if checked:
                side.check(asked, answer)
    finally:
        writer.close()


@asynccontextmanager
async def running(
    commands: Sequence[tuple[int, list[str]]], environment: dict[str, str]
) -> AsyncIterator[list[Server]]:
    """Start a server per (port, command), wait until each is ready, stop them at the end."""
    started = [
        Server(
            port,
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ),
        )
        for port, command in commands
    ]  # fmt: skip
    try:
        for server in started:
            url = f"http://127.0.0.1:{server.port}/readyz"
            # In a thread: meanwhile they may ask what runs in this process.
            await asyncio.to_thread(_wait_until_ready, url, server.process)
        yield started
    finally:
        for server in started:
            server.process.send_signal(signal.SIGTERM)
        for server in started:
            await asyncio.to_thread(server.process.wait, 20)
