"""A real browser on the real chat: Chromium of the system, driven by Playwright."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

from bot.adapters.http import create_server, run_server
from bot.adapters.web import create_web_chat
from bot.application import Application
from bot.cli.serving import about, demo_people
from bot.observability import Metrics

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CANDIDATES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def chromium() -> Path | None:
    """The browser to use: $CHROMIUM, else where a distribution puts it; None without one."""
    named = os.environ.get("CHROMIUM")
    places = [named] if named else list(CANDIDATES)
    return next((Path(place) for place in places if Path(place).is_file()), None)


def launch(playwright: Playwright) -> Browser:
    """Start the system's Chromium."""
    found = chromium()
    assert found is not None
    return playwright.chromium.launch(executable_path=str(found), args=FLAGS)


@contextlib.contextmanager
def served(application: Application, company: str) -> Iterator[str]:
    """Serve the browser chat on a free port of loopback; gives its address."""
    address: list[str] = []
    ready = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        halt = asyncio.Event()
        stop.append((asyncio.get_running_loop(), halt))

        def started(url: str) -> None:
            address.append(url)
            ready.set()

        chat = create_web_chat(
            application.answer,
            people=demo_people(application),
            about=lambda locale: about(application, company, locale),
        )
        server = create_server(ready=_ready, metrics=Metrics(), routes=chat)
        await run_server(server, "127.0.0.1", 0, started=started, stop=halt, shutdown_seconds=2)

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="browser-chat")
    thread.start()
    try:
        assert ready.wait(30), "the server did not start"
        yield address[0]
    finally:
        loop, halt = stop[0]
        loop.call_soon_threadsafe(halt.set)
        thread.join(20)


async def _ready() -> dict[str, tuple[bool, str]]:
    return {}


class Watch:
    """What a page must not do: reach outside, complain, or open a dialog."""

    def __init__(self, page: Page) -> None:
        self.outside: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self._requested(request.url))
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))

    def _requested(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.outside.append(url)

    def _said(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def check(self) -> None:
        """Fail where the page did any of these."""
        assert self.outside == []
        assert self.complaints == []


def ask(page: Page, text: str) -> None:
    """Type a question and wait until its answer stands there, pictures drawn."""
    before = page.locator(".turn").count()
    page.locator("#ask").fill(text)
    page.keyboard.press("Enter")
    settle(page, before + 1)


def settle(page: Page, turns: int) -> None:
    """Wait until that many answers have come and every picture among them is drawn."""
    page.wait_for_function(
        """(turns) => document.querySelectorAll(".turn > .answer").length >= turns
          && [...document.querySelectorAll("figure[data-chart] .plot")]
             .every((plot) => plot.querySelector("svg"))""",
        arg=turns,
        timeout=60_000,
    )
