from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.adapters.web import About, create_web_chat
from bot.core.progress import listening
from bot.core.reply import Reply, Section
from bot.core.request import Principal, Request, Role

PEOPLE = {"mt": Principal("demo", "m", frozenset({Role.MT}))}
Client = TestClient[web.Request, web.Application]


class Writer:
    """Answers in two drafts; waits for `go` in between."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, request: Request) -> Reply:
        if (listener := listening()) is not None:
            listener("Eerst.")
            await self.go.wait()
            listener("Eerst. Dan <b>.")
        if self.error:
            raise self.error
        return Reply((Section("Klaar <i>."),))


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
async def client(writer: Writer) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(create_web_chat(writer, people=PEOPLE, about=lambda locale: About()))
    async with TestClient(TestServer(app, host="127.0.0.1")) as running:
        yield running


async def line(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await response.content.readline())
    return found


async def test_what_is_ready_comes_before_the_whole(client: Client, writer: Writer) -> None:
    async with client.post("/api/chat", json={"text": "x", "stream": True}) as response:
        assert response.content_type == "application/x-ndjson"
        assert response.headers["Cache-Control"] == "no-store"
        assert await line(response) == {"draft": "Eerst."}
        writer.go.set()
        assert await line(response) == {"draft": "Eerst. Dan <b>."}
        last = await line(response)
        assert "Klaar &lt;i&gt;." in last["answer"]["html"]
        assert await response.content.read() == b""


async def test_without_asking_for_it_the_answer_comes_whole(client: Client) -> None:
    async with client.post("/api/chat", json={"text": "x"}) as response:
        assert response.content_type == "application/json"
        assert "Klaar" in (await response.json())["html"]


async def test_a_failure_halfway_is_one_line(client: Client, writer: Writer) -> None:
    writer.error = RuntimeError("geheim")
    writer.go.set()
    async with client.post(
        "/api/chat", json={"text": "x", "stream": True}, headers={"Accept-Language": "nl"}
    ) as response:
        lines = (await response.text()).splitlines()
    assert "probeer het opnieuw" in json.loads(lines[-1])["error"]
    assert "geheim" not in lines[-1]


async def test_a_question_that_is_refused_is_refused_before_the_stream(client: Client) -> None:
    async with client.post("/api/chat", json={"text": " ", "stream": True}) as response:
        assert response.status == 400


async def test_who_leaves_halfway_does_not_spoil_it_for_the_next(
    client: Client, writer: Writer
) -> None:
    response = await client.post("/api/chat", json={"text": "x", "stream": True})
    assert await line(response) == {"draft": "Eerst."}
    response.close()
    writer.go.set()
    async with client.post("/api/chat", json={"text": "x", "stream": True}) as other:
        assert "answer" in json.loads((await other.text()).splitlines()[-1])
