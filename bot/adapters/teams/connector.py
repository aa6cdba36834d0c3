"""Sending: the connector's REST interface, kept to what Teams documents."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt
from yarl import URL

from bot.adapters.teams.seam import Member, Out, Ref, SendError

TOKEN_SECONDS = 300.0
"""A token is asked for again this long before it ends, and when its end cannot be read."""
PAGE = 500
MOST_PAGES = 40


class Connector:
    """One for all conversations; connections and our token are kept."""

    def __init__(
        self,
        session: Callable[[], aiohttp.ClientSession],
        token: Callable[[], Awaitable[str]] | None,
    ) -> None:
        self._session = session
        self._fetch = token
        self._token = ""
        self._token_until = 0.0

    async def send(self, ref: Ref, out: Out) -> str:
        """Post an activity; return its id. SendError."""
        url = _url(ref, "activities")
        if out.targeted_to:
            url = url.with_query(isTargetedActivity="true")
        answer = await self._call("POST", url, _activity(ref, out))
        return str(answer.get("id", ""))

    async def update(self, ref: Ref, activity_id: str, out: Out) -> None:
        """Put another message in the place of one. SendError."""
        body = _activity(ref, out) | {"id": activity_id}
        await self._call("PUT", _url(ref, "activities", activity_id), body)

    async def member(self, ref: Ref, user_id: str) -> Member:
        """Return a member. SendError."""
        return _member(await self._call("GET", _url(_base(ref), "members", user_id)))

    async def members(self, ref: Ref) -> list[Member]:
        """Return all members, page by page. SendError."""
        out: list[Member] = []
        query = {"pageSize": str(PAGE)}
        for _ in range(MOST_PAGES):
            url = _url(_base(ref), "pagedmembers").with_query(query)
            page = await self._call("GET", url)
            out += [_member(each) for each in page.get("members") or [] if isinstance(each, dict)]
            token = page.get("continuationToken")
            if not token:
                return out
            query["continuationToken"] = str(token)
        raise SendError(413, code="too many members")  # unknown is not the same as no outsider

    async def _call(
        self, method: str, url: URL, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if self._fetch is not None:
            headers["Authorization"] = f"Bearer {await self._bearer(self._fetch)}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json; charset=utf-8"
        try:
            # A redirect would carry the answer, and could carry the token, to an unchecked address.
            async with self._session().request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as answer:
                text = await answer.text(errors="replace")
                status, waited = answer.status, answer.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SendError(0, code=type(error).__name__) from error
        content = _json(text)
        if status < 300:
            return content
        if status == 401:
            self._token = ""
        problem = content.get("error")
        code = str(problem.get("code", "")) if isinstance(problem, dict) else ""
        raise SendError(status, _seconds(waited), code[:60])

    async def _bearer(self, fetch: Callable[[], Awaitable[str]]) -> str:
        if self._token and time.time() < self._token_until:
            return self._token
        try:
            self._token = await fetch()
        except Exception as error:  # the SDK's credentials fail in many ways; none may lose work
            raise SendError(401, code=f"token: {type(error).__name__}") from error
        self._token_until = _end_of(self._token) - TOKEN_SECONDS
        return self._token


def _end_of(token: str) -> float:
    try:
        return float(jwt.decode(token, options={"verify_signature": False})["exp"])
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        return time.time() + 2 * TOKEN_SECONDS


def _activity(ref: Ref, out: Out) -> dict[str, Any]:
    recipient: dict[str, Any] = {"id": out.targeted_to or ref["user_id"]}
    if out.targeted_to:
        recipient["isTargeted"] = True
    common: dict[str, Any] = {
        "from": {"id": ref["bot_id"]},
        "recipient": recipient,
        "conversation": {"id": ref["conversation_id"]},
        "channelId": ref["channel"],
        "serviceUrl": ref["service_url"],
    }
    if out.reply_to_id:
        common["replyToId"] = out.reply_to_id
    if out.typing:
        return {"type": "typing"} | common
    if out.activity is not None:
        return dict(out.activity) | common
    return {"type": "message", "text": out.text, "textFormat": "plain"} | common


def _url(ref: Ref, *path: str) -> URL:
    parts = "/".join(quote(each, safe="") for each in (ref["conversation_id"], *path))
    return URL(f"{ref['service_url'].rstrip('/')}/v3/conversations/{parts}", encoded=True)


def _base(ref: Ref) -> Ref:
    """The conversation without the thread: threads have no members of their own."""
    return Ref(**{**ref, "conversation_id": ref["conversation_id"].partition(";")[0]})


def _member(found: Mapping[str, Any]) -> Member:
    def text(*names: str) -> str:
        return next((v for n in names if isinstance(v := found.get(n), str) and v), "")

    return Member(
        id=text("id"),
        aad_id=text("aadObjectId", "objectId"),
        email=text("email"),
        upn=text("userPrincipalName"),
        tenant_id=text("tenantId"),
        role=text("userRole", "role"),
        name=text("name"),
    )


def _json(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _seconds(header: str) -> float | None:
    try:
        return min(max(float(header), 0.0), 3_600.0)
    except ValueError:
        return None
