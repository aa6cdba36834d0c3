"""Teams' activities read into events; whatever is wrong with one is a ValueError."""

from __future__ import annotations

import hashlib
import html
import ipaddress
import json
import re
from collections.abc import Container, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from aiohttp import web

from bot.adapters.teams.seam import InEvent, Kind

CHANNELS = frozenset({"", "msteams"})
OPEN_CHANNELS = CHANNELS | {"emulator"}
"""Where nothing is verified, also what the Agents Playground says it is unless told otherwise."""
LONGEST_ID = 1_000
LONGEST_TEXT = 4_100
"""Characters kept of what was typed: a few more than are answered, so that too long stays too long."""
_MENTION = re.compile(r"<at[^>]*>(.*?)</at>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?(?:p|div|br|span|b|i|strong|em|attachment)\b[^>]*>", re.IGNORECASE)


def parse(raw: bytes) -> dict[str, Any]:
    """Return the body of an activity. ValueError where it is none."""
    try:
        body = json.loads(raw)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(body, dict):
        raise ValueError("not an object")
    for path in (("type",), ("serviceUrl",), ("conversation", "id"), ("from", "id")):
        if not _text(body, *path):
            raise ValueError(f"no {'.'.join(path)}")
    if not _may_answer(_text(body, "serviceUrl")):
        raise ValueError("no serviceUrl")
    return body


def _may_answer(address: str) -> bool:
    """Whether answers, and with them our token, may go there: encrypted, or to this machine."""
    url = urlsplit(address)
    if not url.hostname or "@" in url.netloc or "\\" in address:
        return False
    return url.scheme == "https" or (url.scheme == "http" and _loopback_host(url.hostname))


def to_event(body: Mapping[str, Any], channels: Container[str] = CHANNELS) -> InEvent:
    """Return the event of a body that `parse` let through.

    Other channels of Azure Bot Service sign their events too, and let their users say who they
    are; theirs become "other". Teams' channel is vouched for by the endorsements of the key.
    """
    kind = _kind(body) if _text(body, "channelId") in channels else "other"
    value = body.get("value")
    data: Any = value if isinstance(value, dict) else {}
    verb = ""
    if kind == "execute":
        action = data.get("action")
        action = action if isinstance(action, dict) else {}
        verb = _text(action, "verb")
        data = action.get("data")
    return InEvent(
        kind=kind,
        activity_id=_text(body, "id") or _made_up_id(body),
        tenant_id=_text(body, "conversation", "tenantId")
        or _text(body, "channelData", "tenant", "id"),
        conversation_id=_text(body, "conversation", "id"),
        conversation_type=_conversation_type(body),
        service_url=_text(body, "serviceUrl"),
        bot_id=_text(body, "recipient", "id"),
        user_id=_text(body, "from", "id"),
        user_aad_id=_text(body, "from", "aadObjectId"),
        user_name=_text(body, "from", "name"),
        text=_typed(body) if kind == "message" else "",
        value=_safe(data) if isinstance(data, dict) and kind in {"submit", "execute"} else {},
        verb=verb,
        locale=_text(body, "locale") or _locale_entity(body),
        is_targeted=_get(body, "recipient", "isTargeted") is True,
        reply_to_id=_text(body, "replyToId"),
        channel_type=_text(body, "channelData", "channel", "type"),
    )


def from_this_machine(request: web.Request) -> bool:
    """Whether a request came from here, and not by way of a web page."""
    host = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    return (
        _loopback_host(request.remote or "")
        and _loopback_host(host)
        and "Origin" not in request.headers
    )


def is_loopback(url: str) -> bool:
    """Whether an address leads to this machine."""
    return _loopback_host(urlsplit(url).hostname or "")


def _loopback_host(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _kind(body: Mapping[str, Any]) -> Kind:
    kind = _text(body, "type")
    bot = _text(body, "recipient", "id")
    own = _text(body, "from", "role") == "bot" or _text(body, "from", "id") == bot != ""
    if kind == "message":
        value = body.get("value")
        if own:
            return "other"
        return "submit" if isinstance(value, dict) and "t" in value else "message"
    if kind == "invoke":
        names: dict[str, Kind] = {
            "adaptiveCard/action": "execute",
            "fileConsent/invoke": "file_consent",
        }
        return names.get(_text(body, "name"), "other")
    if kind == "installationUpdate":
        return "uninstall" if _text(body, "action").startswith("remove") else "install"
    if kind == "conversationUpdate":
        if bot and bot in _ids(body, "membersAdded"):
            return "install"
        if bot and bot in _ids(body, "membersRemoved"):
            return "uninstall"
        return "members"
    return "other"


def _conversation_type(body: Mapping[str, Any]) -> Literal["personal", "groupChat", "channel"]:
    named = _text(body, "conversation", "conversationType").lower()
    if named == "channel" or (not named and _text(body, "channelData", "team", "id")):
        return "channel"
    if named == "groupchat" or _get(body, "conversation", "isGroup") is True:
        return "groupChat"
    # A kind that Teams may yet invent is no place to speak openly in.
    return "personal" if named in {"", "personal"} else "groupChat"


def _typed(body: Mapping[str, Any]) -> str:
    """What was typed: without the mention of the bot, other people's names kept."""
    text = _text(body, "text", longest=LONGEST_TEXT * 4)
    bot = _text(body, "recipient", "id")
    entities = body.get("entities")
    for entity in entities if isinstance(entities, list) else []:
        if isinstance(entity, dict) and _text(entity, "mentioned", "id") == bot:
            said = _text(entity, "text")
            if said:
                text = text.replace(said, " ")
    # Some clients leave the entity out: a mention in front is then the bot's own.
    text = re.sub(r"^\s*<at[^>]*>.*?</at>", " ", text, count=1, flags=re.DOTALL)
    text = html.unescape(_TAG.sub(" ", _MENTION.sub(r"\1", text)))
    return " ".join(text.replace("\u00a0", " ").split())[:LONGEST_TEXT]


def _locale_entity(body: Mapping[str, Any]) -> str:
    entities = body.get("entities")
    for entity in entities if isinstance(entities, list) else []:
        if isinstance(entity, dict) and _text(entity, "type") == "clientInfo":
            return _text(entity, "locale")
    return ""


def _safe(data: Mapping[str, Any]) -> dict[str, Any]:
    """Values of buttons and inputs: short texts, numbers and yes or no, nothing nested."""
    out: dict[str, Any] = {}
    for name, value in list(data.items())[:100]:
        if isinstance(value, str):
            out[_valid(name)[:100]] = _valid(value)[:LONGEST_TEXT]
        elif isinstance(value, bool | int | float):
            out[_valid(name)[:100]] = value
    return out


def _ids(body: Mapping[str, Any], name: str) -> set[str]:
    listed = body.get(name)
    if not isinstance(listed, list):
        return set()
    return {_text(each, "id") for each in listed if isinstance(each, dict)}


def _made_up_id(body: Mapping[str, Any]) -> str:
    raw = json.dumps(body, sort_keys=True).encode()
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def _get(value: Any, *path: str) -> Any:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _text(value: Any, *path: str, longest: int = LONGEST_ID) -> str:
    found = _get(value, *path)
    return _valid(found)[:longest] if isinstance(found, str) else ""


def _valid(text: str) -> str:
    """Half a character pair cannot be written anywhere."""
    return text.encode("utf-8", "ignore").decode()
