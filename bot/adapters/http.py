"""The one HTTP server: health, readiness and metrics, and the doors that others add to it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import secrets
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.errors import SettingsError, UserError
from bot.i18n import N_

log = logging.getLogger("ballotage.http")

Checks = Mapping[str, tuple[bool, str]]
"""Name of a check to whether it holds and a few words, fit to be read by anyone."""
Ready = Callable[[], Awaitable[Checks]]


class MetricsPage(Protocol):
    """What `/metrics` shows."""

    def render(self) -> tuple[bytes, str]:
        """Return the body and its content type."""


BODY_LIMIT = 1024 * 1024
READY_SECONDS = 2.0
SHUTDOWN_SECONDS = 20.0
"""Time for running requests to finish; a container gets 30 s before it is killed."""

HEADERS = {
    "Server": "ballotage",  # not which versions of what
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""On every response; a door that shows pages sets its own Content-Security-Policy or caching."""

STOPPING = web.AppKey("stopping", asyncio.Event)


def create_server(
    *,
    ready: Ready,
    metrics: MetricsPage,
    routes: Iterable[web.AbstractRouteDef] = (),
    body_limit: int = BODY_LIMIT,
) -> web.Application:
    """Build the application: `/healthz`, `/readyz`, `/metrics` and `routes`.

    A body above `body_limit` bytes gets 413.
    """
    app = web.Application(client_max_size=body_limit, middlewares=[_errors])
    app[STOPPING] = asyncio.Event()

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_request: web.Request) -> web.Response:
        checks = await _checks(ready)
        if app[STOPPING].is_set():
            checks = {**checks, "running": (False, "shutting down")}
        holds = all(ok for ok, _ in checks.values())
        body = {
            "ready": holds,
            "checks": {name: {"ok": ok, "detail": detail} for name, (ok, detail) in checks.items()},
        }
        return web.json_response(body, status=200 if holds else 503)

    async def show_metrics(_request: web.Request) -> web.Response:
        body, content_type = metrics.render()
        return web.Response(body=body, headers={"Content-Type": content_type})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", show_metrics)
    app.router.add_routes(routes)
    app.on_response_prepare.append(_secure)
    return app


async def _checks(ready: Ready) -> Checks:
    try:
        async with asyncio.timeout(READY_SECONDS):
            return await ready()
    except TimeoutError:
        return {"readiness": (False, f"no answer within {READY_SECONDS:g} seconds")}
    except Exception:
        error_id = secrets.token_hex(4)
        log.exception("readiness.fail id=%s", error_id)
        return {"readiness": (False, f"error {error_id}")}


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        if name == "Server":  # aiohttp has put its own there already
            response.headers[name] = value
        else:
            response.headers.setdefault(name, value)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into one JSON object, never a page or a stack trace."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {
            name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers
        }
        return web.json_response(
            {"error": error.reason, "status": error.status}, status=error.status, headers=kept
        )
    except Exception:
        error_id = secrets.token_hex(4)
        # The route, not the address: that could carry a token.
        resource = request.match_info.route.resource
        log.exception(
            "request.fail id=%s method=%s route=%s",
            error_id,
            request.method,
            resource.canonical if resource else "",
        )
        return web.json_response(
            {"error": "Internal error", "status": 500, "id": error_id}, status=500
        )


async def run_server(
    app: web.Application,
    host: str,
    port: int,
    *,
    started: Callable[[str], None] = lambda url: None,
    stop: asyncio.Event | None = None,
    shutdown_seconds: float = SHUTDOWN_SECONDS,
) -> None:
    """Serve until SIGTERM, SIGINT or `stop`; then let running requests finish.

    `started` is called with the address, `http://HOST:PORT/`, once connections are accepted (a
    `port` of 0 picks a free one). A second signal ends the process at once. UserError: the address
    cannot be had.
    """
    stop = stop or asyncio.Event()
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=shutdown_seconds
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise _unavailable(error, host, port) from error
        with _signals(stop):
            bound = int(runner.addresses[0][1])
            log.info("server.start host=%s port=%d", host, bound)
            started(f"http://[{host}]:{bound}/" if ":" in host else f"http://{host}:{bound}/")
            await stop.wait()
            app[STOPPING].set()
            log.info("server.stop wait_seconds=%g", shutdown_seconds)
    finally:
        # Stops listening, closes idle connections, waits for the busy ones, then cleans up the app.
        await runner.cleanup()


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    kinds = (signal.SIGTERM, signal.SIGINT)

    def release() -> None:
        for kind in kinds:
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.remove_signal_handler(kind)

    def on_signal() -> None:
        release()  # from here on the signal does what it always does
        stop.set()

    for kind in kinds:
        # Not on Windows and not outside the main thread; there `stop` is the way.
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(kind, on_signal)
    try:
        yield
    finally:
        release()


def _unavailable(error: OSError, host: str, port: int) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(
            N_("Port {port} is in use. Choose another one, for example: --port {other}"),
            port=port,
            other=port + 1 if port < 65_535 else 3978,
        )
    if error.errno == errno.EACCES:
        return UserError(
            N_("Port {port} needs more rights. Choose one above 1023, for example: --port 3978"),
            port=port,
        )
    return SettingsError(
        N_("{host} is not an address of this machine; set BALLOTAGE_HOST to one that is."),
        host=host,
    )
