from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.adapters.web import (
    MAX_BODY,
    MAX_CHARTS,
    MAX_TEXT,
    About,
    CommandHint,
    Suggestion,
    create_web_chat,
)
from bot.adapters.web_texts import TEXTS, page_texts
from bot.core.reply import Chart, Outcome, Reply, Section, Series, Tone, Visibility
from bot.core.request import Place, Principal, Request, Role
from bot.i18n import catalogue

CHART = Chart("bars", "Sources", "Network 52 %.", "Source", "Share", (Series("a", (("b", 0.5),)),))
PEOPLE = {
    role.value: Principal("demo", f"user-{role.value}", frozenset({role}), time_zone="UTC")
    for role in (Role.SALES, Role.MT, Role.ADMIN)
}
Client = TestClient[web.Request, web.Application]


class FakeDrawer:
    """Draws in no time, and tells what it drew."""

    def __init__(self) -> None:
        self.drawn: list[tuple[str, str, str]] = []

    def spec(self, chart: Mapping[str, Any], *, locale: str, theme: Any) -> dict[str, Any]:
        self.drawn.append((chart["title"], locale, theme))
        return {"title": chart["title"], "theme": theme}

    def png(self, chart: Mapping[str, Any], *, locale: str) -> bytes:
        return f"png of {chart['title']} in {locale}".encode()

    def browser_bundle(self) -> str:
        return "window.vegaEmbed = () => {};"


class Desk:
    """Answers every question and remembers them."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.reply: Callable[[Request], Reply] = lambda request: Reply(
            (Section(f"You asked <{request.text}>", Tone.HEADLINE),),
            command="topclients",
            locale=request.locale,
        )

    async def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        return self.reply(request)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def drawer() -> FakeDrawer:
    return FakeDrawer()


def about(locale: str) -> About:
    return About(
        company="Van Loon </script><b>",
        data_date=dt.date(2026, 10, 31),
        suggestions=(Suggestion("Top", f"/top-{locale}"),),
        commands=(CommandHint("/topclients", "/topclients [N]", "The best"),),
    )


@pytest.fixture
async def client(desk: Desk, drawer: FakeDrawer) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(create_web_chat(desk, people=PEOPLE, about=about, drawer=drawer))
    async with TestClient(TestServer(app, host="127.0.0.1")) as running:
        yield running


async def ask(client: Client, **body: Any) -> dict[str, Any]:
    response = await client.post("/api/chat", json={"text": "/topclients", **body})
    assert response.status == 200, await response.text()
    answer: dict[str, Any] = await response.json()
    return answer


def boot_of(page: str) -> dict[str, Any]:
    _, _, rest = page.partition('<script type="application/json" id="boot">')
    boot: dict[str, Any] = json.loads(rest.partition("</script>")[0])
    return boot


async def test_an_answer_comes_as_escaped_html_with_its_headline(client: Client) -> None:
    answer = await ask(client, text=" a & b ", locale="en")
    assert answer["headline"] == "You asked <a & b>"
    assert "You asked &lt;a &amp; b&gt;" in answer["html"]
    assert (answer["command"], answer["outcome"], answer["charts"]) == (
        "topclients",
        "ANSWERED",
        [],
    )
    assert answer["visibility"] == "DIRECT"


async def test_the_question_carries_who_asks_where_and_in_which_language(
    client: Client, desk: Desk
) -> None:
    await ask(client, role="admin", locale="en", place="channel", share=True)
    (request,) = desk.asked
    assert request.principal.user == "user-admin"
    assert request.principal.roles == frozenset({Role.ADMIN})
    assert request.principal.time_zone == "UTC"
    assert (request.locale, request.conversation.place) == ("en", Place.CHANNEL)
    assert (request.surface, request.share) == ("browser", True)


async def test_left_out_it_is_the_first_role_in_dutch_and_a_direct_message(
    client: Client, desk: Desk
) -> None:
    await ask(client)
    (request,) = desk.asked
    assert request.principal.user == "user-sales"
    assert (request.locale, request.conversation.place) == ("nl", Place.DM)
    assert request.share is False


async def test_a_refusal_is_an_answer_that_says_so(client: Client, desk: Desk) -> None:
    desk.reply = lambda request: Reply(
        (Section("No."),), outcome=Outcome.REFUSED, visibility=Visibility.EPHEMERAL
    )
    answer = await ask(client)
    assert (answer["outcome"], answer["visibility"]) == ("REFUSED", "EPHEMERAL")


async def test_charts_come_for_both_themes_with_a_picture(
    client: Client, desk: Desk, drawer: FakeDrawer
) -> None:
    desk.reply = lambda request: Reply((Section("x"), CHART), locale="en")
    answer = await ask(client)
    (chart,) = answer["charts"]
    assert (chart["light"]["theme"], chart["dark"]["theme"]) == ("light", "dark")
    assert drawer.drawn == [("Sources", "en", "light"), ("Sources", "en", "dark")]
    picture = await client.get(chart["png"])
    assert (picture.status, picture.content_type) == (200, "image/png")
    assert await picture.read() == b"png of Sources in en"
    assert "ballotage-bars.png" in picture.headers["Content-Disposition"]


async def test_old_pictures_make_room(client: Client, desk: Desk) -> None:
    def many(request: Request) -> Reply:
        titles = (f"{request.text} {i}" for i in range(MAX_CHARTS))
        return Reply(
            tuple(Chart("bars", title, "alt", "", "", (Series("a", ()),)) for title in titles)
        )

    desk.reply = many
    first = (await ask(client, text="one"))["charts"][0]["png"]
    assert (await client.get(first)).status == 200
    await ask(client, text="two")
    gone = await client.get(first)
    assert gone.status == 404
    assert "ask the question again" in (await gone.json())["error"]


async def test_drawing_leaves_the_event_loop_free(desk: Desk) -> None:
    import threading

    inside, go_on = threading.Event(), threading.Event()

    class Slow(FakeDrawer):
        def spec(self, chart: Mapping[str, Any], *, locale: str, theme: Any) -> dict[str, Any]:
            inside.set()
            assert go_on.wait(20)
            return {}

    def reply(request: Request) -> Reply:
        return Reply((CHART,) if request.text == "draw" else (Section("quick"),))

    desk.reply = reply
    app = web.Application()
    app.add_routes(create_web_chat(desk, people=PEOPLE, about=about, drawer=Slow()))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        slow = asyncio.create_task(ask(client, text="draw"))
        assert await asyncio.to_thread(inside.wait, 20)
        assert (await ask(client, text="quick"))["headline"] == "quick"
        assert not slow.done()
        go_on.set()
        await slow


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example:80",
        "192.168.1.5:3978",
        "",
        "localhost.evil.example",
        "[fe80::1]:80",
    ],
)
@pytest.mark.parametrize("path", ["/", "/assets/chat.js", "/api/chart/x.png"])
async def test_another_host_name_is_refused(client: Client, host: str, path: str) -> None:
    response = await client.get(path, headers={"Host": host})
    assert response.status == 403
    assert "127.0.0.1" in (await response.json())["error"]


@pytest.mark.parametrize(
    "host", ["localhost:3978", "127.0.0.1", "127.0.0.1:80", "[::1]:3978", "LOCALHOST"]
)
async def test_this_computer_is_welcome_by_any_of_its_names(client: Client, host: str) -> None:
    assert (await client.get("/", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_cannot_ask(client: Client, desk: Desk, headers: dict[str, str]) -> None:
    response = await client.post("/api/chat", json={"text": "/topclients"}, headers=headers)
    assert response.status == 403
    assert not desk.asked


async def test_the_page_itself_can_ask(client: Client, desk: Desk) -> None:
    origin = str(client.make_url("/")).rstrip("/")
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    response = await client.post("/api/chat", json={"text": "/topclients"}, headers=headers)
    assert response.status == 200
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]
)
async def test_what_a_form_can_send_is_refused(client: Client, desk: Desk, kind: str) -> None:
    response = await client.post(
        "/api/chat", data=b'{"text": "/topclients"}', headers={"Content-Type": kind}
    )
    assert response.status == 415
    assert not desk.asked


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_large_body_is_refused(client: Client, desk: Desk, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        for _ in range(9):
            yield b"x" * (MAX_BODY // 8)
        yield b'"}'

    whole = b'{"text": "' + b"x" * MAX_BODY + b'"}'
    response = await client.post("/api/chat", data=pieces() if chunked else whole, headers=JSON)
    assert response.status == 413
    assert "64 kB" in (await response.json())["error"]
    assert not desk.asked


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 20_000, 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"{}", 400),
        (b'{"text": ""}', 400),
        (b'{"text": "  "}', 400),
        (b'{"text": 5}', 400),
        (b'{"text": "a", "role": "boss"}', 400),
        (b'{"text": "a", "role": ["mt"]}', 400),
        (b'{"text": "a", "locale": "de"}', 400),
        (b'{"text": "a", "locale": null}', 400),
        (b'{"text": "a", "place": "street"}', 400),
        (b'{"text": "a", "share": "yes"}', 400),
        (json.dumps({"text": "a" * (MAX_TEXT + 1)}).encode(), 413),
    ],
)
async def test_a_wrong_request_gets_one_line(
    client: Client, desk: Desk, body: bytes, status: int
) -> None:
    response = await client.post("/api/chat", data=body, headers=JSON)
    assert response.status == status
    error = (await response.json())["error"]
    assert error
    assert "\n" not in error
    assert not desk.asked


async def test_a_failure_tells_nothing_of_the_inside(
    client: Client, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: Request) -> Reply:
        raise RuntimeError("secret-path-4711")

    desk.reply = fail
    with caplog.at_level(logging.ERROR):
        response = await client.post(
            "/api/chat", json={"text": "x"}, headers={"Accept-Language": "nl"}
        )
    assert response.status == 500
    body = await response.text()
    assert "4711" not in body
    assert "Traceback" not in body
    assert json.loads(body)["error"].startswith("Er ging bij ons")
    assert "/api/chat" in caplog.text


async def test_the_page_may_load_nothing_from_elsewhere(client: Client) -> None:
    response = await client.get("/")
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in response.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    page = await response.text()
    assert "http://" not in page
    assert "https://" not in page


async def test_the_page_knows_the_company_in_both_languages(client: Client) -> None:
    page = await (await client.get("/")).text()
    assert page.count("</script>") == 3  # a name cannot end the script element
    boot = boot_of(page)
    assert boot["about"]["nl"]["company"] == "Van Loon </script><b>"
    assert boot["about"]["nl"]["data_date"] == "31 okt 2026"
    assert boot["about"]["en"]["data_date"] == "31 Oct 2026"
    assert boot["about"]["en"]["suggestions"] == [{"label": "Top", "text": "/top-en"}]
    assert boot["about"]["nl"]["commands"][0]["usage"] == "/topclients [N]"
    assert boot["roles"] == ["sales", "mt", "admin"]
    assert boot["locale"] == "nl"
    assert set(boot["texts"]["nl"]) == set(TEXTS)


def test_every_word_of_the_page_is_in_dutch() -> None:
    dutch = catalogue("nl")
    assert [message for message in TEXTS.values() if message not in dutch] == []
    assert page_texts("nl")["retry"] == "Opnieuw proberen"
    assert page_texts("en")["retry"] == "Try again"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("chat.js", "text/javascript"),
        ("chat.css", "text/css"),
        ("answer.css", "text/css"),
        ("mark.svg", "image/svg+xml"),
        ("vega.js", "text/javascript"),
    ],
)
async def test_files_are_served_once_per_version(client: Client, name: str, kind: str) -> None:
    first = await client.get(f"/assets/{name}")
    assert (first.status, first.content_type) == (200, kind)
    again = await client.get(f"/assets/{name}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    assert await again.read() == b""
    changed = await client.get(f"/assets/{name}", headers={"If-None-Match": '"older"'})
    assert changed.status == 200


@pytest.mark.parametrize("name", ["chat.html", "..%2Fweb.py", "%2e%2e%2fweb.py", "nothing.js"])
async def test_only_named_files_are_served(client: Client, name: str) -> None:
    from yarl import URL

    response = await client.get(URL(f"/assets/{name}", encoded=True))
    assert response.status == 404
