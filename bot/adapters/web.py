"""The browser chat of `demo`: one page, its files, and one endpoint that asks and answers.

Loopback only. A page of another site must not reach it through the visitor's browser, so other
Host names (DNS rebinding), other origins and non-JSON bodies are refused before anything is read.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import hashlib
import ipaddress
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from importlib.resources import files
from string import Template
from typing import Any, Protocol, TypeVar

from aiohttp import web

from bot.adapters.web_stream import stream
from bot.adapters.web_texts import page_texts
from bot.core.reply import Chart, Reply, headline
from bot.core.request import Conversation, Place, Principal, Request
from bot.i18n import LOCALES, N_, Localizer
from bot.renderers import html

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
MAX_TEXT = 4_000
MAX_CHARTS = 200
"""Charts kept for their picture to be downloaded; the oldest go first."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ASSETS = {
    "chat.css": ("bot.adapters", "web_assets", "text/css"),
    "chat.js": ("bot.adapters", "web_assets", "text/javascript"),
    "stream.js": ("bot.adapters", "web_assets", "text/javascript"),
    "mark.svg": ("bot.adapters", "web_assets", "image/svg+xml"),
    "answer.css": ("bot.renderers", "assets", "text/css"),
}

Answer = Callable[[Request], Awaitable[Reply]]
Sent = TypeVar("Sent", bound=web.StreamResponse)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An example to press: what stands on it and the command line it sends."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class CommandHint:
    """A completion: what it puts in the field, how the command is used, what it does."""

    insert: str
    usage: str
    summary: str


@dataclass(frozen=True, slots=True)
class About:
    """What the page says in one language; asked anew for each page."""

    company: str = ""
    data_date: dt.date | None = None
    suggestions: Sequence[Suggestion] = ()
    commands: Sequence[CommandHint] = ()


class Drawer(Protocol):
    """Draws charts; `analytics.charts` is one. All calls block and may be slow at first."""

    def spec(self, chart: Mapping[str, Any], *, locale: str, theme: Any) -> dict[str, Any]:
        """Return the Vega-Lite specification."""

    def png(self, chart: Mapping[str, Any], *, locale: str) -> bytes:
        """Return the picture."""

    def browser_bundle(self) -> str:
        """Return the script that draws specifications."""


class _HTTPError(Exception):
    """Refused with a status and one line (an English template)."""

    def __init__(self, status: int, message: str, **params: object) -> None:
        super().__init__(message)
        self.status, self.message, self.params = status, message, params


def create_web_chat(
    answer: Answer,
    *,
    people: Mapping[str, Principal],
    about: Callable[[str], About],
    locale: str = "nl",
    drawer: Drawer | None = None,
) -> list[web.RouteDef]:
    """Return the routes of the chat; add them to an application that listens on loopback.

    `people` gives who asks, by role name (sales, mt, admin), in the order of the switch; `about`
    is called with a locale for each page; `drawer` is `analytics.charts` unless given.
    """
    chat = _Chat(answer, dict(people), about, locale, drawer)
    return [
        web.get("/", chat.page),
        web.get("/assets/{name}", chat.asset),
        web.post("/api/chat", chat.ask),
        web.get("/api/chart/{id}.png", chat.picture),
    ]


@dataclass(slots=True)
class _Chat:
    answer: Answer
    people: dict[str, Principal]
    about: Callable[[str], About]
    locale: str
    drawer: Drawer | None
    pictures: OrderedDict[str, tuple[dict[str, Any], str]] = field(default_factory=OrderedDict)

    async def page(self, request: web.Request) -> web.Response:
        return await _guarded(request, self._page)

    async def asset(self, request: web.Request) -> web.Response:
        return await _guarded(request, self._asset)

    async def ask(self, request: web.Request) -> web.StreamResponse:
        return await _guarded(request, self._ask)

    async def picture(self, request: web.Request) -> web.Response:
        return await _guarded(request, self._picture)

    async def _page(self, request: web.Request) -> web.Response:
        _ = Localizer(self.locale)
        boot = {
            "locale": self.locale,
            "locales": list(LOCALES),
            "roles": list(self.people),
            "places": [place.value for place in Place],
            "texts": {language: page_texts(language) for language in LOCALES},
            "about": {language: self._about(language) for language in LOCALES},
        }
        # "<" is written as an escape, so that no text can end the script element.
        data = json.dumps(boot, ensure_ascii=False).replace("<", "\\u003c")
        texts = page_texts(self.locale)
        body = Template(_read("chat.html", "bot.adapters", "web_assets")).substitute(
            locale=self.locale, boot=data, skip=texts["skip"], noscript=texts["noscript"]
        )
        return _reply(body.encode(), "text/html")

    def _about(self, language: str) -> dict[str, Any]:
        about = self.about(language)
        return {
            "company": about.company,
            "data_date": Localizer(language).date(about.data_date) if about.data_date else "",
            "suggestions": [dataclasses.asdict(s) for s in about.suggestions],
            "commands": [dataclasses.asdict(c) for c in about.commands],
        }

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "vega.js":
            script = await asyncio.to_thread(self._drawer().browser_bundle)
            return _cached(request, script.encode(), "text/javascript")
        if name not in ASSETS:
            raise _HTTPError(404, N_("There is no such file."))
        package, folder, kind = ASSETS[name]
        return _cached(request, _read(name, package, folder).encode(), kind)

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        body = await _json(request)
        question = self._question(body)
        if body.get("stream") is True:
            return await stream(request, partial(self._answered, question), HEADERS)
        return _json_reply(await self._answered(question))

    async def _answered(self, question: Request) -> dict[str, Any]:
        reply = await self.answer(question)
        charts = [e for e in reply.elements if isinstance(e, Chart)]
        drawn = await asyncio.to_thread(self._draw, charts, reply.locale) if charts else []
        return {
            "html": html.render(reply),
            "headline": headline(reply),
            "outcome": reply.outcome.name,
            "command": reply.command,
            "visibility": reply.visibility.value,
            "charts": drawn,
        }

    def _question(self, body: Mapping[str, Any]) -> Request:
        text = body.get("text")
        if not isinstance(text, str) or not text.strip():
            raise _HTTPError(400, N_("The question is empty: type a command, for example /help."))
        if len(text) > MAX_TEXT:
            raise _HTTPError(
                413, N_("The question is longer than {n} characters; shorten it."), n=MAX_TEXT
            )
        role = _one_of(body, "role", list(self.people))
        locale = _one_of(body, "locale", list(LOCALES), self.locale)
        place = _one_of(body, "place", [p.value for p in Place], Place.DM.value)
        share = body.get("share", False)
        if not isinstance(share, bool):
            raise _HTTPError(
                400, N_("{name} must be one of: {allowed}."), name="share", allowed="true, false"
            )
        return Request(
            principal=replace(self.people[role], locale=locale),
            conversation=Conversation(Place(place), id=f"browser-{place}"),
            text=text.strip(),
            surface="browser",
            share=share,
        )

    def _draw(self, charts: list[Chart], locale: str) -> list[dict[str, Any]]:
        drawer = self._drawer()
        out = []
        for chart in charts:
            plain = dataclasses.asdict(chart)
            key = hashlib.sha256(f"{locale}{plain!r}".encode()).hexdigest()[:24]
            self.pictures[key] = (plain, locale)
            self.pictures.move_to_end(key)
            while len(self.pictures) > MAX_CHARTS:
                self.pictures.popitem(last=False)
            out.append(
                {
                    "light": drawer.spec(plain, locale=locale, theme="light"),
                    "dark": drawer.spec(plain, locale=locale, theme="dark"),
                    "png": f"/api/chart/{key}.png",
                }
            )
        return out

    async def _picture(self, request: web.Request) -> web.Response:
        found = self.pictures.get(request.match_info["id"])
        if found is None:
            raise _HTTPError(404, N_("This picture is no longer kept; ask the question again."))
        chart, locale = found
        drawn = await asyncio.to_thread(self._drawer().png, chart, locale=locale)
        out = _reply(drawn, "image/png")
        name = f"ballotage-{chart['kind']}.png"
        out.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return out

    def _drawer(self) -> Drawer:
        if self.drawer is None:
            from analytics import charts

            self.drawer = charts
        return self.drawer


async def _guarded(
    request: web.Request, handle: Callable[[web.Request], Awaitable[Sent]]
) -> Sent | web.Response:
    """Refuse strangers, and turn every failure into one line."""
    try:
        _refuse_strangers(request)
        return await handle(request)
    except _HTTPError as error:
        _ = Localizer(request.headers.get("Accept-Language", "en")[:2])
        return _json_reply({"error": _(error.message, **error.params)}, error.status)
    except Exception:
        log.exception("browser chat failed on %s", request.path)
        _ = Localizer(request.headers.get("Accept-Language", "en")[:2])
        return _json_reply({"error": _("Something went wrong on our side; try again.")}, 500)


def _refuse_strangers(request: web.Request) -> None:
    if not _loopback(request.remote or "") or not _loopback(
        _hostname(request.headers.get("Host", ""))
    ):
        raise _HTTPError(403, N_("The demo answers on this computer only, at 127.0.0.1."))
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.headers['Host']}":
        raise _HTTPError(403, N_("Another site may not use this page."))
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site", "same-origin") not in (
        "same-origin",
        "none",
    ):
        raise _HTTPError(403, N_("Another site may not use this page."))


def _hostname(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _json(request: web.Request) -> Mapping[str, Any]:
    if request.content_type != "application/json":
        raise _HTTPError(415, N_("Send the question as application/json."))
    too_long = _HTTPError(413, N_("The request is larger than {n} kB."), n=MAX_BODY // 1024)
    if (request.content_length or 0) > MAX_BODY:
        raise too_long
    raw = bytearray()
    async for chunk in request.content.iter_chunked(MAX_BODY):
        raw += chunk
        if len(raw) > MAX_BODY:
            raise too_long
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise _HTTPError(400, N_("The request is not valid JSON.")) from None
    if not isinstance(body, dict):
        raise _HTTPError(400, N_("The request must be a JSON object."))
    return body


def _one_of(
    body: Mapping[str, Any], name: str, allowed: Sequence[str], default: str | None = None
) -> str:
    value = body.get(name, default if default is not None else allowed[0])
    if not isinstance(value, str) or value not in allowed:
        raise _HTTPError(
            400, N_("{name} must be one of: {allowed}."), name=name, allowed=", ".join(allowed)
        )
    return value


@lru_cache(maxsize=16)
def _read(name: str, package: str, folder: str) -> str:
    return (files(package) / folder / name).read_text(encoding="utf-8")


def _reply(body: bytes, kind: str, status: int = 200) -> web.Response:
    charset = "utf-8" if kind.startswith("text/") or kind == "application/json" else None
    out = web.Response(
        body=body, status=status, content_type=kind, charset=charset, headers=HEADERS
    )
    out.headers["Cache-Control"] = "no-store"
    return out


def _json_reply(value: Mapping[str, Any], status: int = 200) -> web.Response:
    return _reply(json.dumps(value, ensure_ascii=False).encode(), "application/json", status)


def _cached(request: web.Request, body: bytes, kind: str) -> web.Response:
    """Answer 304 where the browser has this very content."""
    tag = hashlib.sha256(body).hexdigest()[:24]
    same = any(etag.value == tag for etag in request.if_none_match or ())
    out = _reply(b"" if same else body, kind, 304 if same else 200)
    out.etag = tag
    out.headers["Cache-Control"] = "no-cache"
    return out
