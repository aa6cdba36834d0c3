"""What Slack sends, read into one small shape of ours; anything else reads as nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from bot.renderers.slack_forms import INPUT

Kind = Literal["command", "mention", "message", "press", "submit", "shortcut", "home", "joined"]

ASK_CALLBACK = "ask_ballotage"
"""Callback id of the shortcuts and of the modal they open."""
FORM_CALLBACK = "form_ballotage"
"""Callback id of the modal that shows a form."""
MOST_TEXT = 4_100
"""Characters of a question kept: a little over what the parser takes, so that it can say so."""

_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:[#!@][^|>]*|[^|>\s]+)\|([^>]*)>")
_BARE_LINK = re.compile(r"<((?:https?|mailto):[^>\s]*)>")
_QUOTES = re.compile('["“”„]')
_ID = re.compile(r"^[A-Z][A-Z0-9]{1,40}$")
_TS = re.compile(r"^\d{1,12}\.\d{1,10}$")


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to do, as plain JSON can keep it. `key` tells copies of it from others."""

    kind: Kind
    key: str
    team: str
    user: str
    channel: str = ""
    thread: str = ""
    text: str = ""
    share: bool = False
    response_url: str = ""
    trigger: str = ""
    welcome: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what the inbox keeps."""
        return {name: value for name in _FIELDS if (value := getattr(self, name))}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Ask:
        """Read it back; unknown fields are left."""
        empty = {"team": "", "user": ""}
        return cls(**(empty | {name: v for name, v in value.items() if name in _FIELDS}))


_FIELDS = tuple(field.name for field in fields(Ask))


def read(body: Mapping[str, Any], bot_user: str = "") -> Ask | None:
    """Read a payload that Bolt has parsed; None where there is nothing for us to do."""
    if isinstance(body.get("command"), str):
        return _command(body)
    match body.get("type"):
        case "event_callback":
            return _event(body, bot_user)
        case "block_actions":
            return _press(body)
        case "message_action" | "shortcut":
            return _shortcut(body)
        case "view_submission":
            return _submission(body)
    return None


def _command(body: Mapping[str, Any]) -> Ask | None:
    name, text = _text(body, "command"), _text(body, "text")
    if not name.startswith("/") or not _id(body, "user_id"):
        return None
    return Ask(
        kind="command",
        key=_text(body, "trigger_id") or _digest(body),
        team=_id(body, "team_id"),
        user=_id(body, "user_id"),
        channel=_id(body, "channel_id"),
        text=words(f"{name} {text}"),
        response_url=_text(body, "response_url"),
        trigger=_text(body, "trigger_id"),
    )


def _event(body: Mapping[str, Any], bot_user: str) -> Ask | None:
    event = _map(body, "event")
    user, kind = _id(event, "user"), event.get("type")
    if not user or event.get("bot_id") or event.get("bot_profile"):
        return None
    ask = Ask(
        kind="mention",
        key=_text(body, "event_id") or _digest(body),
        team=_id(body, "team_id"),
        user=user,
        channel=_id(event, "channel"),
        thread=_ts(event, "thread_ts"),
    )
    if kind == "member_joined_channel":
        return replace(ask, kind="joined") if user == bot_user else None
    if user == bot_user:
        return None
    if kind == "app_home_opened":
        return replace(ask, kind="home", welcome=event.get("tab") == "messages")
    if event.get("subtype") not in (None, "file_share", "thread_broadcast") or "edited" in event:
        return None
    text = words(_text(event, "text"), bot_user)
    if kind == "app_mention" and ask.channel:
        return replace(ask, text=text)
    own_chat = event.get("channel_type", "im" if ask.channel.startswith("D") else "") == "im"
    if kind == "message" and own_chat and text:
        return replace(ask, kind="message", text=text)
    return None


def _press(body: Mapping[str, Any]) -> Ask | None:
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    if not isinstance(action, Mapping) or action.get("type") != "button":
        return None
    try:
        value = json.loads(_text(action, "value"))
    except ValueError:
        return None
    if not isinstance(value, dict) or not _text(value, "t").strip():
        return None
    name, text = _text(action, "action_id"), _text(value, "t")
    if name.startswith("f"):  # the button of a form: its answers stand in the message's state
        text = " ".join([text, *_answers(_map(_map(body, "state"), "values"), f"{name}.")])
    container, message = _map(body, "container"), _map(body, "message")
    return Ask(
        kind="press",
        key=_text(body, "trigger_id") or _digest(body),
        team=_team(body),
        user=_id(_map(body, "user"), "id"),
        channel=_id(_map(body, "channel"), "id") or _id(container, "channel_id"),
        thread=_ts(container, "thread_ts") or _ts(message, "thread_ts"),
        text=words(text),
        share=value.get("s") == 1,
        response_url=_text(body, "response_url"),
        trigger=_text(body, "trigger_id"),
    )


def _shortcut(body: Mapping[str, Any]) -> Ask | None:
    if body.get("callback_id") != ASK_CALLBACK or not _text(body, "trigger_id"):
        return None
    message = _map(body, "message")
    return Ask(
        kind="shortcut",
        key=_text(body, "trigger_id"),
        team=_team(body),
        user=_id(_map(body, "user"), "id"),
        channel=_id(_map(body, "channel"), "id"),
        thread=_ts(message, "thread_ts") or _ts(message, "ts"),
        text=words(_text(message, "text")),
        trigger=_text(body, "trigger_id"),
    )


def _submission(body: Mapping[str, Any]) -> Ask | None:
    view = _map(body, "view")
    callback = view.get("callback_id")
    if callback not in {ASK_CALLBACK, FORM_CALLBACK}:
        return None
    try:
        where = json.loads(_text(view, "private_metadata") or "{}")
    except ValueError:
        return None
    if not isinstance(where, dict):
        return None
    state = _map(_map(view, "state"), "values")
    if callback == FORM_CALLBACK:
        question = " ".join([_text(where, "x"), *_answers(state, "")])
    else:
        question = _values(state, "").get("question", "")
    # Only ids of ours were put in; whoever sends it is asked for their rights there anew.
    return Ask(
        kind="submit",
        key=_text(body, "trigger_id") or _digest(body),
        team=_team(body),
        user=_id(_map(body, "user"), "id"),
        channel=_id(where, "c"),
        thread=_ts(where, "t"),
        text=words(question),
        response_url=_text(where, "r"),
    )


def _answers(values: Mapping[str, Any], prefix: str) -> list[str]:
    """The answers to a form's questions as `name=value`, quoted where they hold spaces."""
    out = []
    for name, value in _values(values, prefix).items():
        clean = " ".join(_QUOTES.sub("'", value).split())
        if clean and name:
            out.append(f'{name}="{clean}"' if " " in clean else f"{name}={clean}")
    return out


def _values(values: Mapping[str, Any], prefix: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for block, inputs in values.items():
        if not isinstance(inputs, Mapping) or not str(block).startswith(prefix):
            continue
        for action, given in inputs.items():
            if isinstance(given, Mapping) and str(action).startswith(INPUT):
                out[str(action).removeprefix(INPUT)] = _given(given)
    return out


def _given(value: Mapping[str, Any]) -> str:
    if isinstance(value.get("value"), str):
        return str(value["value"])
    if isinstance(value.get("selected_options"), list):  # a toggle
        return "yes" if value["selected_options"] else ""
    return _text(_map(value, "selected_option"), "value")


def words(text: str, bot_user: str = "") -> str:
    """Read Slack's text as it was typed: no mention of us, no escapes, no link markup."""

    def mention(found: re.Match[str]) -> str:
        return "" if found[1] == bot_user else found[0]

    out = _MENTION.sub(mention, text[: 2 * MOST_TEXT])
    out = _BARE_LINK.sub(r"\1", _LINK.sub(r"\1", out))
    out = out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    for curly in "“”„":  # phones set these, and a fact's value is quoted with straight ones
        out = out.replace(curly, '"')
    return _sound(out.strip()[:MOST_TEXT])


def _team(body: Mapping[str, Any]) -> str:
    """The workspace; in one installed for an organisation only the user says."""
    team = _id(_map(body, "team"), "id")
    return team or _id(_map(body, "user"), "team_id") or _id(_map(body, "enterprise"), "id")


def _map(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return _sound(found) if isinstance(found, str) else ""


def _sound(text: str) -> str:
    """Half a character of two, which JSON can hold, no database can."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _id(value: Mapping[str, Any], key: str) -> str:
    found = _text(value, key)
    return found if _ID.match(found) else ""


def _ts(value: Mapping[str, Any], key: str) -> str:
    found = _text(value, key)
    return found if _TS.match(found) else ""


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
