"""Draw the pictures of the README anew: `make shots`.

Starts the real demo (a fresh company in a folder of its own), asks in Chromium, and writes
docs/img/*.png. Beside each picture a word that must stand in it, so that none is of an error.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browser import Watch, ask, chromium, launch

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "img"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: what is asked, on what screen, and what must stand in the answer."""

    name: str
    asks: tuple[str, ...]
    says: str
    """A regular expression that the last answer (or the page, where nothing is asked) holds."""
    locale: str = "nl"
    role: str = "mt"
    width: int = 1080
    height: int = 980
    dark: bool = False
    picture: str = ""
    """Selector of the element the picture starts at; empty: the page as it stands."""

    @property
    def phone(self) -> bool:
        """Whether the screen is a phone's."""
        return self.width < 500


SHOTS = (
    Shot("welcome-nl", (), r"Wie betaalt jullie rekeningen echt\?", height=720),
    Shot("topclients-nl", ("/topklanten",), r"klanten .* brengen 80 % van €"),
    Shot("topclients-en", ("/topclients",), r"customers .* bring 80% of €", locale="en"),
    Shot("sources-nl", ("/bronnen",), r"pijplijn", picture="figure"),
    Shot("qualify-admit-nl", ("/kwalificeer Conservenfabriek Hengelo",), r"toelaten", height=820),
    Shot("qualify-waitlist-en", ("/qualify Van Hout Kassenbouw",), r"waiting list", "en", height=860),
    Shot("qualify-decline-nl", ("/kwalificeer Jaspers & Zn. Engineering",), r"afwijzen", height=820),
    Shot("qualify-form-en", ("/qualify Acme BV",), r"not in your data", "en", height=1180),
    Shot("coach-nl", ("klant wil korting voor ik de baas sprak, wat nu?",), r"korting", height=900),
    Shot("pulse-nl", ("/pulse uitslag",), r"noemt .* % dat als reden", height=1280),
    Shot("profile-nl", ("/profiel",), r"onderscheidt van de", height=1180),
    Shot("pareto-dark-nl", ("/pareto",), r"80 %", dark=True, height=1000),
    Shot("topclients-phone-nl", ("/topklanten",), r"brengen 80 % van €", width=390, height=844),
    Shot("sources-phone-en", ("/sources",), r"pipeline", "en", width=390, height=844, picture="figure"),
)  # fmt: skip


@contextmanager
def demo() -> Iterator[str]:
    """Run the real demo on a free port; gives its address."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "app.py", "demo", "--no-browser", "--port", "0", "--home", home]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                found = re.search(r"http://127\.0\.0\.1:\d+/", line)
                if found:
                    yield found.group()
                    return
            raise SystemExit(f"the demo ended with {process.wait()} before it gave its address")
        finally:
            process.terminate()
            process.wait(30)


def take(browser: Browser, address: str, shot: Shot) -> Path:
    """Take one picture; AssertionError where it does not say what it should."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        device_scale_factor=2 if shot.phone else 1.5,
        color_scheme="dark" if shot.dark else "light",
        is_mobile=shot.phone,
        has_touch=shot.phone,
        reduced_motion="reduce",
    )
    page = context.new_page()
    watch = Watch(page)
    page.goto(f"{address}?locale={shot.locale}&role={shot.role}")
    for text in shot.asks:
        ask(page, text)
    told = page.locator(".turn").last if shot.asks else page.locator("main")
    words = told.inner_text().replace("\u00a0", " ").replace("\n", " ")
    assert re.search(shot.says, words), f"{shot.name} says: {words[:400]}"
    _place(page, shot)
    path = PICTURES / f"{shot.name}.png"
    page.screenshot(path=path)
    watch.check()
    context.close()
    return path


def _place(page: Page, shot: Shot) -> None:
    if shot.picture:
        page.locator(".turn").last.locator(shot.picture).first.evaluate(
            """(element) => scrollTo(0, element.getBoundingClientRect().top + scrollY
               - document.querySelector(".bar").offsetHeight - 24)"""
        )
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(300)  # for the scroll and the type to settle


def main() -> int:
    """Take every picture, or those whose name holds one of the arguments."""
    if chromium() is None:
        print("No Chromium found: install it (Debian: apt install chromium) or set CHROMIUM.")
        return 2
    PICTURES.mkdir(parents=True, exist_ok=True)
    wanted = [s for s in SHOTS if not sys.argv[1:] or any(a in s.name for a in sys.argv[1:])]
    with demo() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        for shot in wanted:
            path = take(browser, address, shot)
            print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
