"""`doctor`: is this installation in order."""

from __future__ import annotations

import dataclasses

import typer

from bot.cli.context import Context
from bot.i18n import Localizer

SIGNS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def run(context: Context, as_json: bool, online: bool) -> None:
    """Print a line a check; exit 1 when one fails."""
    from bot.adapters.slack.settings import SlackSettings
    from bot.adapters.teams.settings import TeamsSettings
    from bot.doctor import run as examine
    from bot.encoding import to_json

    checks = examine(
        context.home,
        context.settings,
        locale=context.locale,
        slack=SlackSettings(),
        teams=TeamsSettings(),
        online=online,
    )
    if as_json:
        typer.echo(to_json([dataclasses.asdict(check) for check in checks]))
    else:
        _ = Localizer(context.locale)
        for check in checks:
            typer.echo(f"{SIGNS[check.status]}  {check.name}: {check.detail}")
            if check.fix and check.status != "ok":
                typer.echo(f"      {_('Remedy')}: {check.fix}")
    if any(check.status == "fail" for check in checks):
        raise typer.Exit(1)
