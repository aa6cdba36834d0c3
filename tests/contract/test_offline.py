"""Nothing is fetched: start, index and ask with every way to the outside cut off."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ROOT = Path(__file__).parents[2]
CUT = 97
GUARD = f"""
import os, sys

LOCAL = (None, "", "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1", "0.0.0.0", "::")


def guard(event, args):
    if event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    else:
        return
    if host not in LOCAL:
        sys.__stderr__.write(f"reached out to {{host!r}} by {{event}}\\n")
        sys.__stderr__.flush()
        os._exit({CUT})


sys.addaudithook(guard)
"""


@pytest.fixture
def cut_off(tmp_path: Path) -> dict[str, str]:
    """An environment in which every Python stops at its first step outside of this machine."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY")}
    return kept | {
        "PYTHONPATH": str(tmp_path / "guard"),
        "BALLOTAGE_HOME": str(tmp_path / "home"),
        "BALLOTAGE_DEADLINE_SECONDS": "100",  # what is measured here is not speed
    }


def run(env: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py", *args],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    "step",
    [
        "import socket; socket.create_connection(('192.0.2.1', 80), 0.1)",
        "import socket; socket.getaddrinfo('example.com', 80)",
        "import urllib.request as u; u.urlopen('https://example.com', timeout=0.1)",
    ],
)
def test_the_guard_itself_works(cut_off: dict[str, str], step: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", step], env=cut_off, capture_output=True, check=False
    )
    assert done.returncode == CUT


def test_load_index_and_ask_need_no_network(cut_off: dict[str, str], tmp_path: Path) -> None:
    page = tmp_path / "draaiboek.md"
    page.write_text(
        "# Draaiboek\n\n## Zeppelinkorting\n\nZeppelins krijgen nooit korting.", "utf-8"
    )
    steps = [
        ("load", "invoices=docs/examples/facturen.csv", "customers=docs/examples/klanten.csv"),
        ("knowledge", "add", str(page)),
        ("ask", "/topclients", "--format", "json"),
        ("ask", "/coach klant wil korting, wat nu?", "--format", "json"),
        ("knowledge", "search", "zeppelinkorting", "--format", "json"),
        ("doctor", "--json"),
    ]
    for step in steps:
        done = run(cut_off, *step)
        assert done.returncode == 0 or step[0] == "doctor", (step, done.stderr)
        assert "reached out" not in done.stderr
    asked = json.loads(
        run(
            cut_off,
            "ask",
            "/coach krijgen zeppelins zeppelinkorting volgens het draaiboek?",
            "--format",
            "json",
        ).stdout
    )
    assert asked["data"]["band"] == "answer"
    assert "draaiboek.md" in asked["citations"][0]["source"]


async def test_the_demo_starts_and_answers_without_a_network(
    cut_off: dict[str, str], demo_home: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        sys.executable, "app.py", "demo", "--port", str(port), "--no-browser",
        cwd=ROOT, env=cut_off, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(90), aiohttp.ClientSession() as session:
            while not await _up(session, f"{url}/readyz"):
                assert server.returncode is None, await _rest(server)
                await asyncio.sleep(0.2)
            for text in ("/topclients 3", "/coach klant wil korting, wat nu?"):
                async with session.post(f"{url}/api/chat", json={"text": text}) as answer:
                    assert (await answer.json())["outcome"] == "ANSWERED"
        assert server.returncode is None
    finally:
        if server.returncode is None:
            server.terminate()
        _out, errors = await server.communicate()
    assert b"reached out" not in errors


async def _up(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def _rest(server: Any) -> str:
    _out, errors = await server.communicate()
    return str(errors.decode(errors="replace"))
