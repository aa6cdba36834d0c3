"""A language model on loopback that says what a test wrote for it, in OpenAI's own protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from langchain_openai.chat_models import _client_utils

from bot.advisor import Advisor, Passage
from bot.application import Application
from bot.core.reply import Reply
from bot.core.request import Conversation, Place, Principal, Request, Role

KEY = "sk-test-0123456789abcdefghijklmnop"


@dataclass(frozen=True, slots=True)
class Say:
    """Write a text; `finish` is why it stopped."""

    text: str
    finish: str = "stop"
    tokens: int = 50


@dataclass(frozen=True, slots=True)
class Call:
    """Call tools: (name, arguments)."""

    tools: Sequence[tuple[str, Mapping[str, Any]]]
    text: str = ""
    tokens: int = 50


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer with a status and a body that is no answer."""

    status: int = 500
    body: str = "{}"


@dataclass(frozen=True, slots=True)
class Hang:
    """Never answer."""


Act = Say | Call | Fail | Hang
Script = Callable[[list[dict[str, Any]]], Act]
"""From the messages so far to what the model does."""


def calling(name: str, /, **arguments: Any) -> Call:
    """Call one tool."""
    return Call([(name, arguments)])


def acts(*wanted: Act) -> Script:
    """One act a call, in order; the last one goes on."""
    left = list(wanted)

    def script(messages: list[dict[str, Any]]) -> Act:
        return left.pop(0) if len(left) > 1 else left[0]

    return script


@dataclass
class Model:
    """The server: set `script`, look at what was asked in `asked` and `headers`."""

    url: str = ""
    script: Script = field(default_factory=lambda: acts(Say("Niets.")))
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    advisors: list[Advisor] = field(default_factory=list)

    @property
    def tools(self) -> set[str]:
        """The tools the model was offered."""
        return {t["function"]["name"] for body in self.asked for t in body.get("tools", [])}

    def said(self, role: str) -> list[str]:
        """What the last request held of a role."""
        return [str(m["content"]) for m in self.asked[-1]["messages"] if m["role"] == role]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        act = self.script(body["messages"])
        if isinstance(act, Hang):
            await asyncio.sleep(60)
        if isinstance(act, Fail):
            return web.Response(status=act.status, text=act.body, content_type="application/json")
        assert isinstance(act, Say | Call)
        if body.get("stream"):
            return await self._stream(request, act)
        answer = web.json_response(_whole(act))
        answer.force_close()
        return answer

    async def _stream(self, request: web.Request, act: Say | Call) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        answer.force_close()
        await answer.prepare(request)
        for delta, finish in _parts(act):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            event = _base("chat.completion.chunk") | {"choices": [choice]}
            await answer.write(f"data: {json.dumps(event)}\n\n".encode())
        await answer.write(b"data: [DONE]\n\n")
        return answer


def _base(kind: str) -> dict[str, Any]:
    return {"id": "x1", "object": kind, "created": 1, "model": "scripted"}


def _calls(act: Call) -> list[dict[str, Any]]:
    return [
        {
            "index": number,
            "id": f"call-{number}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for number, (name, arguments) in enumerate(act.tools)
    ]


def _whole(act: Say | Call) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": act.text}
    finish = "tool_calls"
    if isinstance(act, Call):
        message["tool_calls"] = [{k: v for k, v in c.items() if k != "index"} for c in _calls(act)]
    else:
        finish = act.finish
    written = act.tokens - 10
    usage = {"prompt_tokens": 10, "completion_tokens": written, "total_tokens": act.tokens}
    return _base("chat.completion") | {
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }


def _parts(act: Say | Call) -> list[tuple[dict[str, Any], str | None]]:
    out: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
    out += [({"content": act.text[n : n + 7]}, None) for n in range(0, len(act.text), 7)]
    if isinstance(act, Call):
        out += [({"tool_calls": [call]}, None) for call in _calls(act)]
        return [*out, ({}, "tool_calls")]
    return [*out, ({}, act.finish)]


@contextlib.asynccontextmanager
async def opened(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Model]:
    """The model at an address that the environment names, with a key."""
    model = Model()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", model.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    model.url = f"http://127.0.0.1:{port}/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    # The library keeps one client a process; that of an earlier test lived in another event loop.
    _client_utils._cached_async_httpx_client.cache_clear()
    try:
        yield model
    finally:
        for advisor in model.advisors:
            await advisor.close()
        await runner.cleanup()


@dataclass
class Desk:
    """An advisor over a company, with passages of a test's own; notes what the commands got."""

    application: Application
    passages: list[Passage]
    model: Model | None = None
    asked: list[Request] = field(default_factory=list)
    advisor: Advisor = field(init=False)

    def __post_init__(self) -> None:
        self.advisor = Advisor(self.application.services, self._answer, self._find)
        if self.model is not None:
            self.model.advisors.append(self.advisor)

    async def _answer(self, request: Request) -> Reply:
        self.asked.append(request)
        return await self.application.answer(request)

    async def _find(self, request: Request, question: str) -> Sequence[Passage]:
        return self.passages

    def request(
        self,
        text: str = "vraag",
        *,
        role: str | None = "mt",
        user: str = "tester@demo.example",
        locale: str = "nl",
        place: str = "dm",
        channel: str = "C1",
        thread: str = "",
    ) -> Request:
        roles = frozenset({Role(role)}) if role else frozenset[Role]()
        return Request(
            principal=Principal("default", user, roles, locale),
            conversation=Conversation(Place(place), channel, thread),
            text=text,
            surface="test",
        )
