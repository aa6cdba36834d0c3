"""The Teams app package: a manifest from the command registry, and its two icons."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

from bot.core.command import Command, Permission, Registry
from bot.errors import SettingsError
from bot.i18n import N_, Localizer
from bot.manifests.icons import colour_icon, outline_icon
from bot.version import VERSION

LIMITS = {
    "commands": 12,  # of a list
    "title": 32,  # of a command; 128 by the schema, but menus show about this much
    "description": 128,  # 4,000 by the schema
    "short_description": 80,
    "full_description": 4_000,
}
MANIFEST_VERSION = "1.30"
"""The first with slash commands is 1.29."""
SCHEMA = (
    "https://developer.microsoft.com/json-schemas/teams/"
    f"v{MANIFEST_VERSION}/MicrosoftTeams.schema.json"
)
ACCENT = "#0B5D4E"
WEBSITE = "https://ballotage.example"
"""Where Teams says to find support, privacy and terms, unless an address is given."""
_FIRST = frozenset({"help"})
_LEFT_OUT = frozenset({"welcome"})
"""It comes by itself, so a place in the menu would be wasted on it."""


def teams_package(
    registry: Registry, locale: str, app_id: str, *, website: str = WEBSITE, version: str = VERSION
) -> bytes:
    """Return the package as a zip, the same bytes for the same input: one language each.

    SettingsError: the app id is not a GUID, or the website is not an https address.
    """
    manifest = teams_manifest(registry, locale, app_id, website=website, version=version)
    files = {
        "manifest.json": json.dumps(manifest, ensure_ascii=False, indent=2).encode(),
        "color.png": colour_icon(),
        "outline.png": outline_icon(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return out.getvalue()


def teams_manifest(
    registry: Registry, locale: str, app_id: str, *, website: str = WEBSITE, version: str = VERSION
) -> dict[str, Any]:
    """Return the manifest. SettingsError as in `teams_package`."""
    bot_id = _guid(app_id)
    if not website.lower().startswith("https://"):
        raise SettingsError(
            N_("{website} is not an https address; Teams wants one."), website=website[:80]
        )
    _ = Localizer(locale)
    site = website.rstrip("/")
    commands = [_entry(command, _) for command in menu(registry)]
    full = _(
        "Ballotage answers from your own invoices and deals: who your top clients are, how they "
        "came in, and where the team hunts. Figures go only to people with a role, privately, and "
        "every figure carries its period and date."
    )
    return {
        "$schema": SCHEMA,
        "manifestVersion": MANIFEST_VERSION,
        "version": version,
        "id": bot_id,
        "localizationInfo": {"defaultLanguageTag": locale},
        "developer": {
            "name": "Ballotage",
            "websiteUrl": site,
            "privacyUrl": f"{site}/privacy",
            "termsOfUseUrl": f"{site}/terms",
        },
        "name": {"short": "Ballotage", "full": _("Ballotage, sales advisor")},
        "description": {
            "short": _cut(_("Who your best clients are, and how to win more"), "short_description"),
            "full": _cut(full, "full_description"),
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "bots": [
            {
                "botId": bot_id,
                "scopes": ["personal", "team", "groupChat"],
                "supportsFiles": False,
                "isNotificationOnly": False,
                # Without it Teams shows no slash commands, and answers nobody privately.
                "supportsTargetedMessages": True,
                "commandLists": [
                    {"scopes": ["personal"], "triggers": ["mention"], "commands": commands},
                    {
                        "scopes": ["team", "groupChat"],
                        "triggers": ["mention", "slash"],
                        "commands": commands,
                    },
                ],
            }
        ],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [],
    }


def menu(registry: Registry) -> list[Command]:
    """The commands that Teams offers: at most 12, help among them, what admins do at the end."""
    offered = [c for c in registry if c.name not in _LEFT_OUT]
    ranked = sorted(
        offered, key=lambda c: (c.name not in _FIRST, c.permission is Permission.MANAGE)
    )
    kept = {command.name for command in ranked[: LIMITS["commands"]]}
    return [command for command in offered if command.name in kept]


def _entry(command: Command, _: Localizer) -> dict[str, str]:
    # No slash and no house name: Teams puts the one before it, and the other is not needed.
    return {
        "title": _cut(command.name_in(_.locale), "title"),
        "description": _cut(_(command.summary), "description"),
    }


def _cut(text: str, limit: str) -> str:
    most = LIMITS[limit]
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _guid(app_id: str) -> str:
    try:
        found = str(uuid.UUID(app_id))
    except ValueError:
        found = ""
    if not found or found != app_id.strip().lower():
        raise SettingsError(
            N_(
                "{app_id} is not an application id; set MicrosoftAppId to the one Azure shows, "
                "like 11111111-2222-3333-4444-555555555555."
            ),
            app_id=app_id[:60] or "''",
        )
    return found
