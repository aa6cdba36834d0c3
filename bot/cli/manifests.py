"""`manifest slack|teams`: what to hand to the platform."""

from __future__ import annotations

from pathlib import Path

import typer

from bot.cli.context import Context
from bot.core.command import discover
from bot.encoding import to_json
from bot.errors import UserError
from bot.i18n import Localizer


def slack(context: Context, url: str) -> None:
    """Print the manifest on stdout and the one-click link on stderr; without an address for Socket Mode."""
    from bot.manifests.slack import install_link, slack_manifest

    manifest = slack_manifest(discover(), url, locale=context.locale)
    typer.echo(to_json(manifest, indent=2))
    _ = Localizer(context.locale)
    typer.echo(_("One click: {link}", link=install_link(manifest)), err=True)


def teams(context: Context, app_id: str, url: str, out: Path | None) -> None:
    """Write the app package and say where it is."""
    from bot.adapters.teams.settings import TeamsSettings
    from bot.manifests.teams import WEBSITE, teams_package

    known = app_id or TeamsSettings().app_id
    if not known:
        raise UserError(
            "Which app? Give the application (client) id of the bot: --app-id, or MicrosoftAppId in "
            "the environment."
        )
    package = teams_package(discover(), context.locale, known, website=url or WEBSITE)
    where = out or Path(f"ballotage-teams-{context.locale}.zip")
    try:
        where.write_bytes(package)
    except OSError as error:
        raise UserError(
            "{file} cannot be written: {reason}. Choose another with --out.",
            file=str(where),
            reason=error.strerror or str(error),
        ) from None
    _ = Localizer(context.locale)
    typer.echo(_("The app package is {file}; upload it in Teams under Apps.", file=where))
