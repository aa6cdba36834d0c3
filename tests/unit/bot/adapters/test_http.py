from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.adapters import http
from bot.adapters.http import HEADERS, Ready, create_server, run_server
from bot.errors import SettingsError, UserError


async def fine() -> http.Checks:
    return {"snapshot": (True, "version 3"), "state": (True, "schema 0001")}


class Page:
    def render(self) -> tuple[bytes, str]:
        return b"up 1\n", "text/plain; version=1"


def server(ready: Ready = fine, **changes: Any) -> web.Application:
    return create_server(ready=ready, metrics=Page(), **changes)


@asynccontextmanager
async def client(app: web.Application) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def test_health_says_only_that_the_process_runs() -> None:
    async def broken() -> http.Checks:
        raise RuntimeError

    async with client(server(broken)) as c:
        response = await c.get("/healthz")
        assert (response.status, await response.json()) == (200, {"ok": True})


async def test_ready_lists_its_checks() -> None:
    async with client(server()) as c:
        response = await c.get("/readyz")
        assert response.status == 200
        assert await response.json() == {
            "ready": True,
            "checks": {
                "snapshot": {"ok": True, "detail": "version 3"},
                "state": {"ok": True, "detail": "schema 0001"},
            },
        }


async def test_one_failing_check_is_not_ready() -> None:
    async def half() -> http.Checks:
        return {"snapshot": (False, "none"), "state": (True, "")}

    async with client(server(half)) as c:
        response = await c.get("/readyz")
        body = await response.json()
    assert response.status == 503
    assert body["ready"] is False
    assert body["checks"]["state"]["ok"] is True


async def test_a_check_that_breaks_or_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READY_SECONDS", 0.01)

    async def breaks() -> http.Checks:
        raise RuntimeError("password=hunter2")

    async def hangs() -> http.Checks:
        await asyncio.sleep(60)
        return {}

    for ready in (breaks, hangs):
        async with client(server(ready)) as c:
            response = await c.get("/readyz")
            assert response.status == 503
            assert "hunter2" not in await response.text()


async def test_metrics_come_with_their_content_type() -> None:
    async with client(server()) as c:
        response = await c.get("/metrics")
        assert await response.text() == "up 1\n"
        assert response.headers["Content-Type"] == "text/plain; version=1"


async def echo(request: web.Request) -> web.Response:
    return web.json_response({"length": len(await request.read())})


async def explode(_request: web.Request) -> web.Response:
    raise RuntimeError("the password is hunter2")


async def page(_request: web.Request) -> web.Response:
    return web.Response(text="hi", headers={"Content-Security-Policy": "default-src 'self'"})


async def moved(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/healthz")


ROUTES = [
    web.post("/echo", echo),
    web.get("/explode/{token}", explode),
    web.get("/page", page),
    web.get("/moved", moved),
]


async def test_an_exception_gives_an_id_and_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    async with client(server(routes=ROUTES)) as c:
        response = await c.get("/explode/abc?token=secret")
        text = await response.text()
    assert response.status == 500
    error_id = json.loads(text)["id"]
    assert "\n" not in text
    assert "hunter2" not in text
    assert "Traceback" not in text
    assert error_id in caplog.text
    assert "/explode/{token}" in caplog.text
    assert "token=secret" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/", 404), ("POST", "/healthz", 405), ("GET", "/echo", 405)],
)
async def test_wrong_addresses_are_told_in_json(method: str, path: str, status: int) -> None:
    async with client(server(routes=ROUTES)) as c:
        response = await c.request(method, path)
        body = await response.json()
    assert (response.status, body["status"]) == (status, status)
    assert body["error"]
    assert ("Allow" in response.headers) == (status == 405)


async def test_a_body_above_the_limit_is_refused_whether_or_not_it_says_its_length() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500

    async with client(server(routes=ROUTES, body_limit=1000)) as c:
        small = await c.post("/echo", data=b"x" * 1000)
        assert (small.status, await small.json()) == (200, {"length": 1000})
        for body in (b"x" * 1001, chunks()):
            response = await c.post("/echo", data=body)
            assert response.status == 413
            assert (await response.json())["status"] == 413


async def test_a_redirect_stays_one() -> None:
    async with client(server(routes=ROUTES)) as c:
        response = await c.get("/moved", allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (302, "/healthz")


async def test_every_response_is_hardened() -> None:
    async with client(server(routes=ROUTES)) as c:
        for path in ("/healthz", "/nothing", "/explode/x", "/page"):
            headers = (await c.get(path)).headers
            for name, value in HEADERS.items():
                if (path, name) != ("/page", "Content-Security-Policy"):
                    assert headers.getall(name) == [value], (path, name)
        assert headers["Content-Security-Policy"] == "default-src 'self'"


class Running:
    """A server run by `run_server` in this loop."""

    def __init__(self, app: web.Application, **options: Any) -> None:
        self.stop = asyncio.Event()
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(
            run_server(app, "127.0.0.1", 0, started=self.url.set_result, stop=self.stop, **options)
        )

    async def address(self, path: str) -> str:
        await asyncio.wait([self.url, self.task], return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            self.task.result()
        return self.url.result().rstrip("/") + path


async def test_stopping_is_not_ready_first_and_lets_running_requests_finish() -> None:
    entered, release = asyncio.Event(), asyncio.Event()
    cleaned = []

    async def slow(_request: web.Request) -> web.Response:
        entered.set()
        await release.wait()
        return web.json_response({"ok": True, "cleaned": list(cleaned)})

    async def on_cleanup(_app: web.Application) -> None:
        cleaned.append("closed")

    app = server(routes=[web.get("/slow", slow)])
    app.on_cleanup.append(on_cleanup)
    running = Running(app)
    async with aiohttp.ClientSession() as session:
        request = asyncio.create_task(session.get(await running.address("/slow")))
        await entered.wait()
        running.stop.set()
        await asyncio.sleep(0)
        await app[http.STOPPING].wait()
        assert not running.task.done()
        release.set()
        response = await request
        assert (response.status, await response.json()) == (200, {"ok": True, "cleaned": []})
    await running.task
    assert cleaned == ["closed"]


async def test_a_stopping_server_says_it_is_not_ready() -> None:
    app = server()
    async with client(app) as c:
        app[http.STOPPING].set()
        response = await c.get("/readyz")
        assert response.status == 503
        assert (await response.json())["checks"]["running"]["ok"] is False
        assert (await c.get("/healthz")).status == 200


async def test_a_request_that_never_ends_does_not_hold_up_the_end() -> None:
    entered = asyncio.Event()

    async def forever(_request: web.Request) -> web.Response:
        entered.set()
        await asyncio.Event().wait()
        return web.Response()

    running = Running(server(routes=[web.get("/forever", forever)]), shutdown_seconds=0.05)
    async with aiohttp.ClientSession() as session:
        request = asyncio.create_task(session.get(await running.address("/forever")))
        await entered.wait()
        running.stop.set()
        await running.task
        with pytest.raises(aiohttp.ClientError):
            await request


async def test_a_taken_port_is_told_in_one_line_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use.*--port") as caught:
            await run_server(server(), "127.0.0.1", port)
    assert "\n" not in str(caught.value)


async def test_an_address_of_another_machine_is_told_in_one_line() -> None:
    with pytest.raises(SettingsError, match="BALLOTAGE_HOST"):
        await run_server(server(), "192.0.2.1", 0)


SCRIPT = """
import asyncio
from bot.adapters.http import create_server, run_server
from bot.observability import Metrics
async def ready():
    return {}
async def main():
    app = create_server(ready=ready, metrics=Metrics())
    await run_server(app, "127.0.0.1", 0, started=lambda url: print(url, flush=True))
    print("stopped", flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(kind: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", process.stdout.readline())
        process.send_signal(kind)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "stopped\n", "")
