"""The browser chat pressed through in Chromium, over the demo company."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from bot.core.reply import Actions, Button, Form, Input, Reply, Section
from bot.renderers import html
from tests.conftest import compose
from tests.e2e.browser import Watch, ask, chromium, launch, served, settle

REQUIRED = os.environ.get("BALLOTAGE_REQUIRE_BROWSER") == "1"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        chromium() is None and not REQUIRED,
        reason="no Chromium found: install it (Debian: apt install chromium) or set CHROMIUM",
    ),
]


@pytest.fixture(scope="module")
def address(demo_home: Path) -> Iterator[str]:
    assert chromium() is not None, "BALLOTAGE_REQUIRE_BROWSER=1, and no Chromium was found"
    with served(compose(demo_home), "Demo BV") as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Per module: Playwright keeps a loop running in this thread, which async tests cannot share.
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


Open = Callable[..., Page]


@pytest.fixture
def watch() -> list[Watch]:
    return []


@pytest.fixture
def open_page(browser: Browser, address: str, watch: list[Watch]) -> Iterator[Open]:
    contexts = []

    def open_page(query: str = "", blocked: str = "", **options: Any) -> Page:
        settings = {"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce"}
        context = browser.new_context(**(settings | options))
        context.set_default_timeout(30_000)
        contexts.append(context)
        if blocked:
            context.route(blocked, lambda route: route.abort())
        page = context.new_page()
        watch.append(Watch(page))
        page.goto(address + query)
        return page

    yield open_page
    for context in contexts:
        context.close()
    for seen in watch:
        seen.check()


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page()


def answers(reply: Reply) -> Callable[[Route], None]:
    """Answer every question with this reply, whatever was asked."""
    body = {"html": html.render(reply), "headline": "x", "charts": [], "outcome": "ANSWERED"}
    return lambda route: route.fulfill(json=body)


def last(page: Page) -> Any:
    return page.locator(".turn").last


def test_top_clients_answer_in_both_languages(page: Page) -> None:
    page.locator("#chips button", has_text="/topklanten").first.click()
    settle(page, 1)
    expect(last(page)).to_contain_text("klanten")
    expect(last(page)).to_contain_text("% van €")
    assert last(page).locator("tbody tr").count() >= 5
    page.get_by_role("radio", name="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    ask(page, "/topclients")
    expect(last(page).locator(".headline")).to_contain_text("bring 80% of €")
    expect(last(page).locator("article")).to_have_attribute("lang", "en")


def test_the_whole_page_changes_language(page: Page) -> None:
    expect(page.get_by_role("heading", level=2)).to_have_text("Wie betaalt jullie rekeningen echt?")
    expect(page.locator("#data-date")).to_contain_text("cijfers t/m")
    page.get_by_role("radio", name="EN").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Who really pays your bills?")
    expect(page.locator("#data-date")).to_contain_text("data until")
    expect(page.locator("#ask")).to_have_attribute("placeholder", "Ask anything, or type /")
    expect(page.get_by_role("radio", name="Admin")).to_be_visible()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_every_example_answers(page: Page) -> None:
    chips = page.locator("#chips button")
    for at in range(chips.count()):
        chips.nth(at).click()
        settle(page, at + 1)
        expect(last(page).locator("article.answered")).to_be_visible()
    assert chips.count() >= 6


def test_a_button_in_an_answer_asks_on(page: Page) -> None:
    ask(page, "/topklanten")
    button = last(page).locator("button[data-command]").first
    command = button.get_attribute("data-command")
    button.click()
    settle(page, 2)
    expect(page.locator(".asked").last).to_contain_text(str(command))


def test_the_curve_is_drawn_and_tells_its_points(page: Page) -> None:
    ask(page, "/pareto")
    figure = last(page).locator("figure[data-kind=pareto]")
    box = figure.locator(".plot svg").bounding_box()
    assert box
    assert box["width"] > 500
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.2)
    page.mouse.move(box["x"] + box["width"] * 0.52, box["y"] + box["height"] * 0.1)
    tip = page.locator("#vg-tooltip-element.visible")
    expect(tip).to_contain_text(re.compile(r"Aandeel van de klanten\s*4\d,\d\s%"))
    expect(tip).not_to_contain_text("undefined")
    link = figure.get_by_role("link", name="Download als plaatje")
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    assert download.value.suggested_filename == "ballotage-pareto.png"
    figure.get_by_text("In woorden en cijfers").click()
    expect(figure.locator("details table")).to_be_visible()


def test_sources_show_both_mixes(page: Page) -> None:
    ask(page, "/bronnen")
    figure = last(page).locator("figure[data-kind=bars]")
    expect(figure.locator(".plot")).to_contain_text("%")
    assert figure.locator("path[aria-roledescription=bar]").count() >= 6


def test_without_the_drawing_script_the_words_stay(open_page: Open, watch: list[Watch]) -> None:
    page = open_page(blocked="**/assets/vega.js")
    page.locator("#ask").fill("/pareto")
    page.keyboard.press("Enter")
    plot = last(page).locator(".plot")
    label = str(plot.get_attribute("aria-label"))
    assert len(label) > 20
    expect(plot).to_have_text(label)
    assert [line for line in watch[0].complaints if "ERR_FAILED" not in line] == []
    watch[0].complaints.clear()  # the browser tells of the script that was kept from it


def test_dark_follows_the_system_and_redraws(open_page: Open) -> None:
    page = open_page(color_scheme="dark")
    ask(page, "/pareto")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(18, 23, 21)"
    line = last(page).locator(".plot svg .mark-line path").first
    dark = line.get_attribute("stroke")
    page.emulate_media(color_scheme="light")
    expect(last(page).locator(".plot svg .mark-line path").first).not_to_have_attribute(
        "stroke", str(dark)
    )
    assert page.evaluate(background) == "rgb(246, 244, 238)"


def test_places_and_roles_reach_the_answer(page: Page) -> None:
    page.get_by_role("radio", name="Beheer").click()
    page.locator("#place").select_option("channel")
    ask(page, "/topklanten")
    expect(last(page).locator(".visibility")).to_have_text("Alleen zichtbaar voor jou")
    expect(page.locator(".asked small")).to_have_text("Beheer · een kanaal")
    page.locator("#place").select_option("shared")
    ask(page, "/topklanten")
    expect(last(page).locator("article.refused")).to_be_visible()
    assert "€" not in last(page).inner_text()


def test_it_works_from_the_keyboard(page: Page) -> None:
    field = page.locator("#ask")
    expect(field).to_be_focused()
    page.keyboard.type("/pareto")
    page.keyboard.press("Shift+Enter")
    expect(field).to_have_value("/pareto\n")
    assert page.locator(".asked").count() == 0
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    ask(page, "/ars")
    ask(page, "/pareto")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value("/pareto")
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value("/ars")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_value("")
    last(page).locator("button").first.focus()
    page.keyboard.press("/")
    expect(field).to_be_focused()
    expect(field).to_have_value("/")


def test_commands_complete_themselves(page: Page) -> None:
    page.keyboard.type("/top")
    options = page.locator("#options [role=option]")
    expect(options).to_have_count(1)
    expect(options.first).to_contain_text("/topklanten")
    page.keyboard.press("Tab")
    expect(page.locator("#ask")).to_have_value("/topklanten ")
    page.keyboard.press("Escape")
    page.keyboard.type("/")
    assert options.count() >= 6
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(page.locator("#ask")).to_have_attribute(
        "aria-activedescendant", str(chosen.get_attribute("id"))
    )
    page.keyboard.press("Enter")
    expect(page.locator("#options")).to_be_hidden()
    assert page.locator(".asked").count() == 0


def test_the_first_stop_skips_to_the_field(page: Page) -> None:
    first = "document.querySelector('a, button, input, select, textarea').className"
    assert page.evaluate(first) == "skip"
    page.locator(".skip").focus()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#ask")).to_be_focused()


def test_the_switches_move_with_arrows(page: Page) -> None:
    page.get_by_role("radio", name="NL").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="EN")).to_be_focused()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_headline_is_announced(page: Page) -> None:
    ask(page, "/topklanten")
    said = page.locator("#said[aria-live=polite] p").last
    expect(said).to_have_text(last(page).locator(".headline").inner_text())


def test_waiting_shows_and_a_lost_server_can_be_tried_again(page: Page, watch: list[Watch]) -> None:
    held: list[Route] = []
    page.route("**/api/chat", lambda route: held.append(route))
    page.locator("#ask").fill("/topklanten")
    page.keyboard.press("Enter")
    expect(page.locator(".typing")).to_be_visible()
    expect(page.locator("#talk")).to_have_attribute("aria-busy", "true")
    for _ in range(500):
        if held:
            break
        page.wait_for_timeout(20)  # the handler runs while the page is waited on
    held[0].abort()
    expect(page.get_by_role("alert")).to_contain_text("Draait de demo nog?")
    expect(page.locator(".typing")).to_have_count(0)
    page.unroute("**/api/chat")
    page.get_by_role("button", name="Opnieuw proberen").click()
    settle(page, 1)
    expect(last(page).locator(".headline")).to_be_visible()
    assert page.locator(".asked").count() == 1
    watch[0].complaints.clear()  # the browser tells of the request that failed


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_never_scrolls_sideways(open_page: Open, width: int) -> None:
    page = open_page(
        viewport={"width": width, "height": 740}, is_mobile=True, has_touch=True,
        device_scale_factor=2,
    )  # fmt: skip
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) == width
    commands = [
        "/topklanten",
        "/bronnen",
        "/pareto",
        "/ars",
        "/ballotage status",
        "/ballotage help",
    ]
    for command in commands:
        ask(page, command)
        assert page.evaluate(wide) == width, command
    beyond = page.evaluate(
        """() => [...document.querySelectorAll(".answer *:not(.scroll *)")]
             .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
             .map((e) => e.className.baseVal ?? e.className)"""
    )
    assert beyond == []
    row = page.locator(".turn").first.locator("tbody tr").first
    expect(row).to_contain_text("€")
    assert row.evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_markup_in_a_question_is_text(page: Page) -> None:
    ask(page, "/klant <img src=x onerror=alert(1)>")
    expect(page.locator(".asked")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#talk img").count() == 0


def test_a_form_sends_its_facts_with_the_command(page: Page) -> None:
    form = Form(
        "/qualify Acme BV",
        "Vul aan",
        (
            Input("employees", "Medewerkers", "number"),
            Input("source", "Bron", "choice", (("event", "beurs"),)),
            Input("region", "Plaats"),
            Input("met", "Gesproken", "toggle"),
            Input("empty", "Overig"),
        ),
    )
    page.route("**/api/chat", answers(Reply((form,))))
    ask(page, "/qualify Acme BV")
    page.get_by_label("Medewerkers").fill("45")
    page.get_by_label("Bron").select_option("event")
    page.get_by_label("Plaats").fill("Den Haag")
    page.get_by_label("Gesproken").check()
    with page.expect_request("**/api/chat") as request:
        page.get_by_role("button", name="Vul aan").click()
    sent = json.loads(str(request.value.post_data))
    wanted = '/qualify Acme BV employees=45 source=event region="Den Haag" met=yes'
    assert sent["text"] == wanted
    assert sent["share"] is False


def test_a_share_button_asks_to_share(page: Page) -> None:
    share = Actions((Button("Delen", "/topklanten", share=True),))
    page.route("**/api/chat", answers(Reply((Section("x"), share))))
    ask(page, "/topklanten")
    with page.expect_request("**/api/chat") as request:
        page.get_by_role("button", name="Delen").click()
    sent = json.loads(str(request.value.post_data))
    assert (sent["text"], sent["share"]) == ("/topklanten", True)


def test_a_long_table_unfolds(page: Page) -> None:
    ask(page, "/topklanten 60")
    rows = last(page).locator("tbody tr:visible")
    expect(rows).to_have_count(html.LIMITS["rows_shown"])
    last(page).locator("details.fold summary").click()
    expect(rows).to_have_count(60)
