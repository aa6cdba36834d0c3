"""The Slack app's manifest, made from the command registry, and the link that installs it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from bot.core.command import Command, Registry
from bot.i18n import N_, Localizer

RESERVED = frozenset({
    "active", "apps", "archive", "away", "call", "close", "collapse", "commands", "debug",
    "disconnect", "dm", "dnd", "expand", "feed", "feedback", "gdrive", "giphy", "help", "huddle",
    "invite", "invite_people", "join", "keys", "kick", "kill", "leave", "list", "me", "msg", "mute",
    "open", "part", "prefs", "pro", "remind", "remove", "rename", "s", "search", "send",
    "shortcuts", "shrug", "star", "starred", "status", "todo", "topic", "unarchive", "unfurl",
    "unhide", "who",
})  # fmt: skip
"""Slack's own commands and names it refuses: one of them, and it refuses the whole manifest."""
HOUSE = "/ballotage"
PATH = "/slack/events"
LIMITS = {
    "commands": 50,
    "command": 32,
    "description": 140,
    "command_description": 2_000,
    "usage_hint": 1_000,
    "shortcut_name": 24,
    "shortcut_description": 150,
}

SCOPES = {
    "app_mentions:read": "be mentioned in channels and threads",
    "channels:read": "see whether a channel is shared with outsiders",
    "chat:write": "answer",
    "commands": "slash commands and the shortcuts",
    "files:write": "charts as pictures, where Slack does not draw them yet",
    "groups:read": "the same as channels:read for private channels it is in",
    "im:history": "read direct messages sent to it",
    "im:read": "tell its direct chats from others'",
    "im:write": "answer in a direct chat",
    "mpim:read": "the same as channels:read for group chats it is in",
    "users:read": "language, and whether somebody is a guest",
    "users:read.email": "match people to the people table",
}
"""What the bot may do, and why; the least that does."""
_AS_THEY_ARE = ":,/@()*!;'|[]"
EVENTS = ("app_home_opened", "app_mention", "member_joined_channel", "message.im")


def slack_manifest(registry: Registry, url: str = "", *, locale: str = "nl") -> dict[str, Any]:
    """Return the manifest for a bot reached at `url` (https://...); without one, for Socket Mode.

    Texts about the app are in `locale`; each command's in the language of its name.
    """
    _ = Localizer(locale)
    door = url.rstrip("/") + PATH if url else ""
    called = {"request_url": door} if door else {}
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "Ballotage",
            "description": _(N_("Who are our best clients, and is this prospect worth our week?"))[
                : LIMITS["description"]
            ],
            "background_color": "#1d3a34",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Ballotage", "always_online": True},
            "shortcuts": [_shortcut(_, "message"), _shortcut(_, "global")],
            "slash_commands": slash_commands(registry, door, locale),
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**called, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **called},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not door,
            "token_rotation_enabled": False,
        },
    }


def install_link(manifest: dict[str, Any]) -> str:
    """Return the address that creates the app in one click."""
    text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"))
    # What may stand in a query stays as it is: above some 8,000 characters servers refuse an address.
    return f"https://api.slack.com/apps?new_app=1&manifest_json={quote(text, safe=_AS_THEY_ARE)}"


def slash_commands(registry: Registry, door: str, locale: str) -> list[dict[str, Any]]:
    """Return `/ballotage`, then every command that may have a name of its own, in both languages."""
    house = Localizer(locale)
    under = ", ".join(c.name_in(locale) for c in registry if c.under_ballotage)
    out = [_command(HOUSE, house(N_("Ask Ballotage anything: {names}"), names=under), "help", door)]
    names: dict[str, tuple[Command, str]] = {}
    for command in registry:
        if not command.under_ballotage:
            names.setdefault(command.name, (command, "en"))
            names.setdefault(command.name_in("nl"), (command, "nl"))
    for name, (command, language) in names.items():
        if name in RESERVED or len(name) >= LIMITS["command"]:
            continue  # `/ballotage NAME` reaches it
        _ = Localizer(language)
        hint = _(command.usage).partition(" ")[2]
        out.append(_command(f"/{name}", _(command.summary), hint, door))
    return out[: LIMITS["commands"]]


def _command(name: str, description: str, hint: str, door: str) -> dict[str, Any]:
    # Each word here costs: the link that carries it all must stay short enough for a browser. So
    # should_escape is left to its default, false: names are wanted as they are typed.
    return {
        "command": name,
        "description": description[: LIMITS["command_description"]],
        **({"usage_hint": hint[: LIMITS["usage_hint"]]} if hint else {}),
        **({"url": door} if door else {}),
    }


def _shortcut(_: Localizer, kind: str) -> dict[str, Any]:
    return {
        "name": _(N_("Ask Ballotage"))[: LIMITS["shortcut_name"]],
        "type": kind,
        "callback_id": "ask_ballotage",
        "description": _(N_("Ask a question; only you see the answer"))[
            : LIMITS["shortcut_description"]
        ],
    }
