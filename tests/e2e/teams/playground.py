"""The Agents Playground on our door over the demo company, driven in Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Route

from bot.adapters.http import create_server, run_server
from bot.adapters.teams.door import create_teams
from bot.adapters.teams.settings import TeamsSettings
from bot.adapters.worker import Worker
from bot.application import Application
from bot.observability import Metrics
from bot.storage.database import Database
from bot.storage.inbox import Inbox
from bot.storage.references import References
from bot.storage.welcomed import Welcomed
from bot.storage.writer import Writer

HERE = Path(__file__).parent
CLIENT = HERE / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
NODE = shutil.which("node")
GROUP = "19:verkoop@thread.v2"
BOT = "Ballotage"


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits at the client."""

    name: str
    email: str


COLLEAGUES = tuple(
    Person(name, f"{name.split()[0].lower()}@office.example")
    for name in ("Anna Smit", "Bram Visser", "Chantal Mulder", "Daan Bos", "Eva Vos")
)
"""The client wants exactly five others in the group."""


@contextlib.contextmanager
def served(application: Application, state: Path) -> Iterator[str]:
    """Serve the Teams door as `demo` does, with real storage; gives the address of the door."""
    address: list[str] = []
    ready = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        halt = asyncio.Event()
        stop.append((asyncio.get_running_loop(), halt))

        def started(url: str) -> None:
            address.append(f"{url}api/messages")
            ready.set()

        async def checks() -> dict[str, tuple[bool, str]]:
            return {}

        with Writer(Database.open(state)) as writer:
            inbox = Inbox(writer, "default")
            settings = TeamsSettings(_env_file=None, MicrosoftAppId="")  # type: ignore[call-arg]
            door = create_teams(
                application,
                inbox,
                References(writer, "default"),
                Welcomed(writer, "default"),
                settings,
            )
            worker = Worker(inbox, {"teams": door.handle})
            await worker.start()
            server = create_server(ready=checks, metrics=Metrics(), routes=door.routes)
            await run_server(server, "127.0.0.1", 0, started=started, stop=halt, shutdown_seconds=2)
            await worker.stop()
            await door.stop()

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="teams-door")
    thread.start()
    try:
        assert ready.wait(30), "the server did not start"
        yield address[0]
    finally:
        loop, halt = stop[0]
        loop.call_soon_threadsafe(halt.set)
        thread.join(30)


@contextlib.contextmanager
def playground(door: str, person: Person, folder: Path) -> Iterator[str]:
    """Run the client with that person at it; gives the address of its page."""
    assert NODE is not None
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    (folder / ".m365agentsplayground.yml").write_text(_config(person), encoding="utf-8")
    command = [
        NODE, str(CLIENT), "start", "--app-endpoint", door, "--channel-id", "msteams",
        "--port", str(port), "--service-url", f"http://127.0.0.1:{port}/_connector",
        "--disable-telemetry", "true",
    ]  # fmt: skip
    environment = os.environ | {
        "TEAMSAPPTESTER_BROWSER": "none",
        "SEND_INSTALLATION_ACTIVITY": "true",
        "M365_AGENTS_PLAYGROUND_LOGFILE": str(folder / "playground.log"),
        "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(folder / ".m365agentsplayground.yml"),
    }
    with (folder / "out.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(f"http://127.0.0.1:{port}/", process)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(20)


class Client:
    """The page, by what a person does on it."""

    def __init__(self, browser: Browser, url: str, *, width: int = 1280, height: int = 900) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=1.5
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.route("**/*", _local_only)
        self.page.goto(url, wait_until="domcontentloaded")
        self.box.wait_for()
        self.page.get_by_title("Hide log panel").click()

    @property
    def box(self) -> Locator:
        return self.page.locator("[role=textbox]").first

    def say(self, text: str) -> None:
        """Type and send, in whatever chat is open."""
        self.box.click()
        self.page.keyboard.type(text)
        self.page.get_by_role("button", name="Send Message").click()

    def mention(self, text: str) -> None:
        """Mention the bot and say something."""
        self.box.click()
        self.page.keyboard.type("@", delay=50)
        self.page.get_by_role("menuitem", name=BOT).last.click()
        self.page.keyboard.type(f" {text}")
        self.page.get_by_role("button", name="Send Message").click()

    def open(self, chat: str) -> None:
        """Go to another chat."""
        self.page.get_by_role("treeitem", name=chat).first.click()
        self.page.wait_for_timeout(500)

    def see(self, text: str, *, count: int = 1) -> Locator:
        """Wait until that text stands there so many times; return the last."""
        found = self.page.get_by_text(text)
        self.page.wait_for_function(
            """([text, count]) => {
                const plain = document.body.innerText.replaceAll("\\u00a0", " ");
                return plain.split(text).length - 1 >= count;
            }""",
            arg=[text, count],
        )
        return found.last

    def words(self) -> str:
        """Everything that stands there."""
        return self.page.inner_text("body").replace("\u00a0", " ")

    def charts(self) -> int:
        """How many charts are drawn."""
        script = (
            "() => [...document.querySelectorAll('svg')].filter(s => s.clientWidth > 200).length"
        )
        return int(self.page.evaluate(script))

    def press(self, label: str) -> None:
        """Press the last button of that name."""
        self.page.get_by_role("button", name=label, exact=True).last.click()

    def picture(self, path: Path) -> None:
        """Take a picture once all has come to rest."""
        self.page.wait_for_timeout(800)
        self.page.screenshot(path=path)

    def close(self) -> None:
        self.context.close()


def _local_only(route: Route) -> None:
    if route.request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
        route.continue_()
    else:
        route.abort()


def _config(person: Person) -> str:
    """JSON, which is YAML too."""

    def user(number: int, who: Person) -> dict[str, Any]:
        given, _, last = who.name.partition(" ")
        return {
            "id": f"29:user-{number}", "name": who.name, "userPrincipleName": who.email,
            "aadObjectId": f"00000000-0000-0000-0000-0000000000{number:02}", "givenName": given,
            "surname": last or given, "email": who.email,
        }  # fmt: skip

    tenant = "00000000-0000-0000-0000-0000000000001"
    config = {
        "version": "0.1.1",
        "tenantId": tenant,
        "bot": {"id": "28:bot-id", "name": BOT},
        "currentUser": user(1, person),
        "users": [user(number, who) for number, who in enumerate(COLLEAGUES, 2)],
        "personalChat": {"id": "a:personal-chat"},
        "groupChat": {"id": GROUP, "name": "Verkoop"},
        "team": {
            "id": "19:team@thread.tacv2",
            "name": "Team",
            "aadGroupId": "00000000-0000-0000-0000-000000000031",
            "channels": [{"id": "19:deals@thread.tacv2", "name": "Deals"}],
        },
    }
    return json.dumps(config, ensure_ascii=False, indent=2)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the Playground stopped"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise AssertionError("the Playground did not start within a minute")
