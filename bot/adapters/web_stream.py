"""An answer to the browser in pieces: what is ready so far, a line each, and the whole at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from bot.core.progress import heard_by
from bot.i18n import Localizer

log = logging.getLogger(__name__)


async def stream(
    request: web.Request,
    answer: Callable[[], Awaitable[Mapping[str, Any]]],
    headers: Mapping[str, str],
) -> web.StreamResponse:
    """Send lines of JSON: `{"draft": text}` as often as there is more, then `{"answer": ...}`.

    A draft replaces the one before. A failure after the first byte is a line `{"error": ...}`, since
    the status is gone by then. Whoever leaves is no longer answered.
    """
    drafts: asyncio.Queue[str | None] = asyncio.Queue()

    async def answered() -> Mapping[str, Any]:
        try:
            with heard_by(drafts.put_nowait):
                return await answer()
        finally:
            drafts.put_nowait(None)

    out = web.StreamResponse(headers={**headers, "Cache-Control": "no-store"})
    out.content_type = "application/x-ndjson"
    out.charset = "utf-8"
    await out.prepare(request)
    work = asyncio.create_task(answered())
    try:
        while (draft := await drafts.get()) is not None:
            await out.write(_line({"draft": draft}))
        try:
            last = _line({"answer": await work})
        except Exception:
            log.exception("browser chat failed on %s", request.path)
            _ = Localizer(request.headers.get("Accept-Language", "en")[:2])
            last = _line({"error": _("Something went wrong on our side; try again.")})
        await out.write(last)
        await out.write_eof()
    except ConnectionResetError:
        log.info("browser.left path=%s", request.path)
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await work
    return out


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
