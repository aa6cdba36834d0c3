"""The three measurements: aggregation, cold start, idle server."""

from __future__ import annotations

import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.result import Result

ROOT = Path(__file__).resolve().parents[2]
MB = 1_000_000
Say = Callable[[str], None]


def aggregation(sizes: list[int], runs: int, say: Say) -> list[Result]:
    """Lines to customer-days: our expression, plain SQL, and the whole refresh, for each size."""
    results: list[Result] = []
    medians: dict[int, float] = {}
    for lines in sizes:
        name = f"{lines / 1e6:g} million lines"
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            say(f"{name}: generating")
            child("generate", folder, str(lines))
            ours: list[dict[str, Any]] = []
            plain: list[dict[str, Any]] = []
            turns = runs if lines <= 10_000_000 else min(runs, 3)
            for run in range(turns):
                say(f"{name}: aggregation {run + 1} of {turns}")
                # Taking turns at going first: whoever comes second finds the file in memory.
                order = [("expression", ours), ("plain_sql", plain)]
                for what, kept in order if run % 2 else reversed(order):
                    kept.append(child(what, folder))
            _same(ours[0], plain[0])
            say(f"{name}: refresh")
            whole = [child("refresh", folder) for _ in range(min(turns, 3))]
        medians[lines] = _median(ours, "seconds")
        results += [
            Result(
                f"Aggregation, {name}", medians[lines], "s", "plain SQL", _median(plain, "seconds"),
                1.5,
                # On a busy machine the processor time tells more than the clock.
                f"{ours[0]['rows']:,} customer-days; processor time "
                f"{_median(ours, 'cpu') / _median(plain, 'cpu'):.2f} times plain SQL's",
            ),
            Result(
                f"Its peak memory, {name}", _median(ours, "rss") / MB, "MB",
                limit=1000 if lines == 10_000_000 else None,
                note=f"plain SQL {_median(plain, 'rss') / MB:.0f} MB",
            ),
            Result(
                f"Whole refresh, {name}", _median(whole, "seconds"), "s",
                note=f"peak memory {_median(whole, 'rss') / MB:.0f} MB",
            ),
        ]  # fmt: skip
    for small, large in itertools.pairwise(sizes):
        factor = large / small
        results.append(
            Result(
                f"Growth of the aggregation, {small / 1e6:g} to {large / 1e6:g} million",
                medians[large], "s", f"{factor:g} times the smaller", medians[small] * factor, 1.25,
            )
        )  # fmt: skip
    return results


def cold_ask(home: Path, runs: int, say: Say) -> Result:
    """`ask "/topclients"` from nothing against `import pandas`, taking turns."""
    ask = [sys.executable, "app.py", "ask", "/topclients", "--home", str(home)]
    pandas = [sys.executable, "-c", "import pandas"]
    for command in (ask, pandas):
        timed(command)  # compiles the modules and warms the disk
    ours, reference = [], []
    for run in range(runs):
        say(f"cold start {run + 1} of {runs}")
        ours.append(timed(ask))
        reference.append(timed(pandas))
    return Result(
        'Cold `ask "/topclients"`', statistics.median(ours), "s", "import pandas",
        statistics.median(reference), 2.0,
    )  # fmt: skip


def idle_server(home: Path, say: Say) -> Result:
    """Resident memory of `serve` that is ready and has answered nothing yet."""
    say("idle server")
    port = _free_port()
    command = [sys.executable, "app.py", "serve", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment()
    )
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        time.sleep(3)  # until what starts beside it has settled
        server = psutil.Process(process.pid)
        family = [server, *server.children(recursive=True)]
        resident = sum(member.memory_info().rss for member in family)
    finally:
        process.terminate()
        process.wait(20)
    return Result("Memory of the idle server", resident / MB, "MB", limit=300)


def demo_home(folder: Path, say: Say) -> Path:
    """Build the demo company in `folder`; return its home."""
    say("building the demo company")
    command = [sys.executable, "app.py", "demo", "--build-only", "--home", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=_environment())
    return folder / "demo"


def child(what: str, *arguments: str, module: str = "tests.benchmarks.child") -> dict[str, Any]:
    """Measure something in a process of its own, which prints one JSON object last."""
    command = [sys.executable, "-m", module, what, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_environment())
    if done.returncode:
        raise RuntimeError(f"{what} failed:\n{done.stderr}")
    content: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return content


def timed(command: list[str]) -> float:
    """Seconds a command takes."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=_environment())
    return time.perf_counter() - start


def _environment() -> dict[str, str]:
    """The environment without the settings of whoever runs this."""
    return {k: v for k, v in os.environ.items() if not k.upper().startswith("BALLOTAGE_")}


def _same(ours: dict[str, Any], plain: dict[str, Any]) -> None:
    for key in ("rows", "net", "gross", "lines"):
        if ours[key] != plain[key]:
            raise RuntimeError(f"The expression and plain SQL differ in {key}: {ours} {plain}")


def _median(runs: list[dict[str, Any]], key: str) -> float:
    return float(statistics.median(run[key] for run in runs))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server stopped with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    raise RuntimeError("The server did not become ready within a minute")
