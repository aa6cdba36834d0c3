"""`serve` and `demo`: the servers."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import logging
import subprocess
import sys
import threading
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot import people
from bot.application import Application, build
from bot.cli.context import Context
from bot.i18n import Localizer, zone

if TYPE_CHECKING:
    from bot.adapters.web import About

log = logging.getLogger("ballotage.serve")
LOOPBACK = "127.0.0.1"
STALE_DAYS = 45
"""Data older than this is worth a warning in readiness; the answers stay true to their date."""


def run_serve(context: Context, port: int | None) -> None:
    """Serve the doors until told to stop."""
    from bot import doors
    from bot.adapters.http import create_server, run_server
    from bot.adapters.slack.settings import SlackSettings
    from bot.adapters.teams.settings import TeamsSettings
    from bot.observability import Metrics, set_up_logging

    settings = context.settings
    slack, teams = SlackSettings(), TeamsSettings()
    set_up_logging(
        level=settings.log_level,
        log_format=settings.log_format,
        secrets=[each.get_secret_value() for each in (*slack.secrets, *teams.secrets)],
    )
    metrics = Metrics()
    application = build(settings, home=context.home, observe=metrics.observe_command)

    async def main() -> None:
        async with (
            application.running(metrics),
            doors.opened(
                application,
                slack=slack if slack.opens_door or slack.socket_mode else None,
                teams=teams if teams.app_id else None,
                metrics=metrics,
                nudges=settings.nudges,
            ) as routes,
        ):
            server = create_server(
                ready=lambda: readiness(application), metrics=metrics, routes=routes
            )
            _set_aside()
            await run_server(server, settings.host, settings.port if port is None else port)

    _prepare_coach(context.home)
    asyncio.run(main())


def _prepare_coach(home: Path) -> None:
    """Have the coach's index made where there is none, so that the first question need not wait.

    By a process of its own: the memory that making it takes ends with it.
    """
    if not home.is_dir() or (home / "knowledge" / "index").exists():
        return
    program = str(Path(__file__).parents[2] / "app.py")
    command = [sys.executable, program, "knowledge", "search", "ballotage", "--home", str(home)]

    def make() -> None:
        quiet = subprocess.DEVNULL
        subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, check=False)  # noqa: S603 (our own program)

    threading.Thread(target=make, name="coach-index", daemon=True).start()


def _set_aside() -> None:
    """Keep the garbage collector from what stays for good: the code, and what it set up.

    Looking all of it through stops the process for 30 to 90 ms, now and then under load.
    """
    gc.collect()
    gc.freeze()


def run_demo(
    context: Context, seed: int | None, port: int | None, *, browser: bool, serve: bool
) -> None:
    """Build the demo company where needed and serve the browser chat on loopback."""
    from bot import demo
    from bot.cli.loading import progress_bar

    settings = context.settings
    today = dt.datetime.now(zone(settings.time_zone)).date()
    with progress_bar(plain=False) as progress:
        where = demo.prepare(context.home, seed=seed, today=today, progress=progress)
    _ = Localizer(context.locale)
    name = demo.company_name(where)
    typer.echo(_("The demo company {name} stands in {folder}.", name=name, folder=where))
    if serve:
        _prepare_coach(where)
        asyncio.run(_serve_demo(context, where, name, port, browser))


async def _serve_demo(
    context: Context, where: Any, name: str, port: int | None, browser: bool
) -> None:
    from bot import doors
    from bot.adapters.http import create_server, run_server
    from bot.adapters.teams.settings import TeamsSettings
    from bot.adapters.web import create_web_chat
    from bot.observability import Metrics, set_up_logging

    settings = context.settings
    set_up_logging(level="WARNING", log_format=settings.log_format)
    metrics = Metrics()
    application = build(settings, home=where, observe=metrics.observe_command)
    chosen = settings.port if port is None else port
    _ = Localizer(context.locale)
    team = demo_people(application)
    async with (
        application.running(metrics),
        doors.opened(
            application,
            teams=TeamsSettings.model_construct(),
            stand_in=team["mt"].user,
            metrics=metrics,
        ) as routes,
    ):
        chat = create_web_chat(
            application.answer,
            people=team,
            about=lambda locale: about(application, name, locale),
            locale=context.locale,
        )
        server = create_server(
            ready=lambda: readiness(application), metrics=metrics, routes=[*chat, *routes]
        )

        def started(url: str) -> None:
            typer.echo(_("Open {url} (stop with Ctrl-C)", url=url))
            if browser:
                webbrowser.open(url)

        await run_server(server, LOOPBACK, chosen, started=started)


async def readiness(application: Application) -> dict[str, tuple[bool, str]]:
    """What a server needs to answer: a readable snapshot."""
    from analytics.errors import NoDataError

    try:
        snapshot = await asyncio.to_thread(application.snapshots.current)
    except NoDataError as error:
        return {"snapshot": (False, str(error))}
    return {"snapshot": (True, f"version {snapshot.meta.version}")}


def demo_people(application: Application) -> dict[str, Any]:
    """For each role a person of the demo company."""
    table = application.snapshots.current().people
    out: dict[str, Any] = {}
    for role in ("mt", "sales", "admin"):
        users = table.loc[table["role"] == role, "user"]
        user = str(users.iat[0]) if len(users) else role
        out[role] = people.principal(application.services, user)
    return out


def about(application: Application, company: str, locale: str) -> About:
    """What the page says: the company, its data date, examples and commands."""
    from bot.adapters.web import About, CommandHint, Suggestion
    from bot.core.command import Permission
    from bot.core.examples import examples_of
    from bot.core.request import Conversation, Place, Request, Role

    _ = Localizer(locale)
    services = application.services
    asker = replace(people.principal(services, "", locale=locale), roles=frozenset({Role.MT}))
    request = Request(asker, Conversation(Place.DM), "", "browser")
    suggestions, hints = [], []
    for command in application.registry:
        if command.permission is Permission.MANAGE:
            continue
        examples = examples_of(command, services, request)
        suggestions += [Suggestion(example, example) for example in examples[:1]]
        invocation = command.invocation(locale)
        hints.append(CommandHint(invocation, _(command.usage), _(command.summary)))
    snapshot = services.snapshots.current()
    return About(
        company=company,
        data_date=snapshot.data_date(services.today(request)),
        suggestions=suggestions,
        commands=hints,
    )
