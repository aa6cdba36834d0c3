"""Draws Block Kit messages as pictures: an imitation of Slack's look, in Chromium, offline."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.e2e.browser import FLAGS, chromium
from tests.e2e.slack.workspace import HERE, MODULES, node

PAGE = """<!doctype html><meta charset="utf-8"><title>Slack</title>
<link rel="stylesheet" href="paint.css"><style>
body { margin: 0; background: #fff; font-family: Lato, "Liberation Sans", Arial, sans-serif; }
.chat { width: %(width)dpx; padding: 14px 0; }
.line { padding: 4px 20px; }
.line.private { background: #f7f4ea; }
.note { color: #616061; font-size: 12px; padding: 6px 0 2px 44px; }
.user { color: #1264a3; background: #e8f5fa; border-radius: 3px; padding: 0 2px; }
.broken { color: #c00; }
.title { font-size: 15px; font-weight: 700; padding: 0 20px 10px; margin-bottom: 8px;
  border-bottom: 1px solid #ddd; }
.event { color: #616061; font-size: 13px; text-align: center; padding: 10px 20px; }
.person div[class~="w-[27px]"] { display: none; } /* the APP badge, which it gives everybody */
</style><div id="root"></div>
<script>window.CHAT = %(chat)s;</script>
<script src="paint.js"></script>
"""


def bundle(folder: Path) -> None:
    """Build the page's script."""
    script = MODULES / "esbuild" / "bin" / "esbuild"
    native = next(MODULES.glob("@esbuild/*/bin/esbuild"), None)
    command = [str(native)] if native else [node(), str(script)]
    subprocess.run(
        [*command, str(HERE / "paint.jsx"), "--bundle", f"--outfile={folder / 'paint.js'}",
         '--define:process.env.NODE_ENV="production"', "--log-level=error"],
        check=True,
    )  # fmt: skip


async def paint(
    title: str, messages: list[dict[str, Any]], people: dict[str, str], folder: Path,
    target: Path | None, *, width: int = 720,
) -> str:  # fmt: skip
    """Draw messages into a PNG (unless `target` is None); return the words in the picture.

    AssertionError: a block that the painter could not draw, or something fetched from outside.
    """
    if not (folder / "paint.js").exists():
        bundle(folder)
    page_file = folder / "page.html"
    chat = json.dumps({"title": title, "messages": messages, "people": people})
    page_file.write_text(
        PAGE % {"width": width, "chat": chat.replace("<", "\\u003c")}, encoding="utf-8"
    )
    found = chromium()
    assert found is not None
    outside: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        page = await browser.new_page(
            viewport={"width": width, "height": 600}, device_scale_factor=1.5
        )
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:")) else outside.append(r.url),
        )
        await page.goto(page_file.as_uri())
        await page.wait_for_selector("body[data-drawn] .line")
        await page.wait_for_timeout(300)
        assert await page.locator(".broken").count() == 0
        words = await page.inner_text(".chat")
        if target is not None:
            await page.locator(".chat").screenshot(path=str(target))
        await browser.close()
    assert outside == []
    return words
