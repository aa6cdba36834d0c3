"""`ask` and `chat`: the same answers in the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
import sys

import typer

from bot import people
from bot.application import Application, build
from bot.cli.context import Context
from bot.core.reply import Outcome, Reply
from bot.core.request import Conversation, Place, Principal, Request, Role
from bot.encoding import to_json, to_object
from bot.errors import UserError
from bot.storage.spool import SpooledAudit

DEFAULT_WIDTH = 100
EARLIEST, LATEST = 1970, 2100
"""Years a date may lie in, as for the dates in files."""


def ask_once(
    context: Context,
    text: str,
    role: str,
    user: str,
    channel: str,
    output: str,
    as_of: str,
    plain: bool,
) -> None:
    """Answer one question on stdout; exit with the outcome."""
    application = build(context.settings, home=context.home, audit=SpooledAudit(context.home))
    request = Request(
        principal=_principal(context, role, user),
        conversation=Conversation(Place(channel), id="terminal"),
        text=text,
        surface="terminal",
        as_of=_day(as_of),
    )
    reply = asyncio.run(_answered(application, request))
    if reply.outcome is Outcome.ANSWERED or (
        reply.outcome is Outcome.REFUSED and output in {"json", "slack", "teams"}
    ):
        typer.echo(_rendered(reply, output, plain))
    else:
        typer.echo(" ".join(str(reply.data.get("error", "")).split()), err=True)
    raise typer.Exit(reply.outcome.value)


async def _answered(application: Application, request: Request) -> Reply:
    try:
        _ready_to_coach(application, request.text)
        return await application.answer(request)
    finally:
        await application.aclose()


def _ready_to_coach(application: Application, text: str) -> None:
    """Make the coach's index where a question may need it and there is none yet.

    Here one waits for it once; within the deadline of an answer a slow machine might not make it.
    """
    index = application.home / "knowledge" / "index"
    words = text.split()
    if not words or index.exists() or not application.home.is_dir():
        return
    named = application.registry.find(words[0].lstrip("/"))
    if (named is None and words[0].startswith("/")) or (named and named.name != "coach"):
        return
    library = application.services.knowledge()
    with contextlib.suppress(Exception):  # what is wrong is told in answer to the question
        library.search(text[:200], "nl", limit=1, access="public")


def chat_here(context: Context, role: str, user: str, channel: str, plain: bool, text: str) -> None:
    """Chat until the person leaves, or ask one thing with -c."""
    from bot.adapters import terminal

    application = build(context.settings, home=context.home)

    async def answer(request: Request) -> Reply:
        application.snapshots.poll()  # what was loaded meanwhile counts from the next question on
        return await application.answer(request)

    async def talk() -> Reply | None:
        try:
            return await terminal.chat(
                answer,
                _principal(context, role, user),
                Conversation(Place(channel), id="terminal"),
                text=text or None,
                plain=plain,
                history=context.home / "chat-history",
                commands=[c.invocation(context.locale) for c in application.registry],
                recordable=application.recordable,
            )
        finally:
            await application.aclose()

    reply = asyncio.run(talk())
    if reply is not None:
        raise typer.Exit(reply.outcome.value)


def _principal(context: Context, role: str, user: str) -> Principal:
    return Principal(
        tenant=people.TENANT,
        user=user or "terminal",
        roles=frozenset({Role(role)}),
        locale=context.locale,
        time_zone=context.settings.time_zone,
    )


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
        if not EARLIEST <= day.year <= LATEST:
            raise ValueError(text)
        return day
    except ValueError:
        raise UserError("{text} is not a date; write it as 2026-10-31.", text=text[:40]) from None


def _rendered(reply: Reply, output: str, plain: bool) -> str:
    if output == "json":
        return to_json(to_object(reply))
    if output == "slack":
        from bot.renderers.slack import render as as_blocks

        return to_json(as_blocks(reply))
    if output == "teams":
        from bot.renderers.teams import render as as_activity

        return to_json(as_activity(reply))
    if output == "html":
        from analytics import charts
        from bot.renderers import html

        return html.document(
            reply, charts=lambda chart: charts.svg(_mapping(chart), locale=reply.locale)
        )
    from bot.renderers import terminal

    width = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
    return terminal.render(reply, width=width, plain=plain, colour=_colour(plain)).rstrip("\n")


def _mapping(chart: object) -> dict[str, object]:
    import dataclasses

    return dataclasses.asdict(chart)  # type: ignore[call-overload, no-any-return]


def _colour(plain: bool) -> bool:
    import os

    return sys.stdout.isatty() and not plain and not os.environ.get("NO_COLOR")
