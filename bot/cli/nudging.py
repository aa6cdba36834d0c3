"""`nudge`: who would get what and why; or one round of sending, for a timer of one's own."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.application import Application, build
from bot.cli.context import Context
from bot.encoding import to_json
from bot.errors import UserError
from bot.i18n import Localizer, zone

if TYPE_CHECKING:
    from bot.scheduling.deciding import Decided
    from bot.scheduling.desk import Desk, Known
    from bot.scheduling.sending import Sender
    from bot.storage.outbox import Kept

NOT_CHOSEN = 3
"""Findings that were passed over, shown a person; JSON holds all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person's nudge of a week."""

    known: Known
    due: dt.datetime
    iso_week: str
    state: str
    decided: Decided | None
    kept: Kept | None


def run(context: Context, dry_run: bool, at: str, output: str, digest: Path | None) -> None:
    """Show what would be sent at a moment, or send what is due."""
    moment = _moment(at, context) if at else None
    application = build(context.settings, home=context.home)
    if moment is not None:
        application.services.clock = lambda: moment
    if dry_run or digest is not None:
        asked = _dry(application, past=moment is not None and moment < dt.datetime.now(dt.UTC))
        if digest is not None:
            _digests(application, asked, digest, context)
        _show(application, asked, output, context)
        return
    counts = asyncio.run(_send(application))
    if output == "json":
        typer.echo(to_json({"states": counts}))
        return
    _ = Localizer(context.locale)
    told = ", ".join(f"{state}: {count}" for state, count in sorted(counts.items()))
    typer.echo(_("Nudges of the last five weeks: {told}", told=told or "0"))


def _moment(text: str, context: Context) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
        if not 1990 <= found.year <= 2100:
            raise ValueError(text)
    except ValueError:
        raise UserError(
            "{text} is not a moment; write it as 2026-11-23T08:30.", text=text[:40]
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone(context.settings.time_zone))
    return found.astimezone(dt.UTC)


def _dry(application: Application, *, past: bool) -> list[Line]:
    """Decide for everybody, in the order in which they would be sent. Nothing is written."""
    from bot.scheduling.desk import Desk
    from bot.scheduling.slots import IsoWeek

    services = application.services
    snapshot, now = application.snapshots.current(), services.clock()
    desk = Desk(services)
    chosen = desk.preferences.all() if desk.exists else {}
    fallback = services.settings.time_zone
    known = [k for k in desk.everyone(chosen) if k.wanted]
    slots: list[tuple[dt.datetime, str, IsoWeek, Known]] = []
    for each in known:
        week = each.rhythm.week(now, fallback)
        slots.append((each.rhythm.slot(week, fallback), each.reader.user, week, each))
    out: list[Line] = []
    before: list[tuple[str, str, str]] = []
    for due, user, week, each in sorted(slots, key=lambda slot: slot[:2]):
        found = desk.nudges.of_week(str(week)) if desk.exists else []
        kept = next((k for k in found if k.user == user), None)
        if kept is not None and kept.situation:
            out.append(Line(each, due, str(week), kept.state, None, kept))
            continue
        decided = desk.decided(
            snapshot, each, max(now, due), str(week), past=past, before=tuple(before)
        )
        state = _state(each, due, now, fallback)
        out.append(Line(each, due, str(week), state, decided, None))
        if decided is not None:
            said = decided.said
            before.append((each.reader.name, said.situation, said.subject))
    return out


def _state(each: Known, due: dt.datetime, now: dt.datetime, fallback: str) -> str:
    until = each.preference.paused_until if each.preference else None
    if until and each.rhythm.local(due, fallback).date() < until:
        return "paused"
    return "due" if due <= now else "later"


def _show(application: Application, lines: list[Line], output: str, context: Context) -> None:
    from bot.scheduling.desk import Desk

    desk = Desk(application.services)
    if output == "json":
        at = application.services.clock().isoformat()
        typer.echo(to_json({"at": at, "nudges": [_data(desk, line) for line in lines]}))
        return
    _ = Localizer(context.locale)
    if not lines:
        typer.echo(_("Nobody gets a nudge: there is nobody with the role mt, and nobody asked."))
    for line in lines:
        typer.echo("\n".join(_words(desk, line, _)) + "\n")


def _message(desk: Desk, line: Line) -> Any:
    if line.kept is not None:
        return desk.message(line.kept)
    return line.decided.message if line.decided else None


def _words(desk: Desk, line: Line, _: Localizer) -> list[str]:
    from bot.commands._nudge_pages import weekday
    from bot.core.reply import plain_text

    known = line.known
    local = known.rhythm.local(line.due)
    when = f"{weekday(_, local.weekday())} {local:%H:%M} {known.rhythm.zone}"
    out = [
        f"== {known.reader.name} <{known.reader.user}> · {line.iso_week} · {when} · {line.state}"
    ]
    message = _message(desk, line)
    if message is None:
        return [*out, _("No nudge: there is no client to speak of.")]
    telling = desk.telling(known)
    out.append(plain_text(telling.reply(message, buttons=False)))
    passed = line.decided.choice.passed if line.decided else ()
    for each in passed[:NOT_CHOSEN]:
        why = telling.why_not(each.reason.code, each.reason.params)
        name = f"{each.finding.situation} {each.finding.subject}".strip()
        out.append(_("Not chosen: {name} ({why})", name=name, why=why))
    return out


def _data(desk: Desk, line: Line) -> dict[str, Any]:
    known, message = line.known, _message(desk, line)
    telling = desk.telling(known)
    chosen = known.preference
    choice = line.decided.choice if line.decided else None
    return {
        "user": known.reader.user,
        "name": known.reader.name,
        "audience": known.reader.audience.value,
        "language": known.locale,
        "zone": known.rhythm.zone,
        "channel": (chosen.surface if chosen else "") or None,
        "iso_week": line.iso_week,
        "due_at": line.due.isoformat(),
        "state": line.state,
        "nudge": telling.data(message) if message else None,
        "why": telling.reasons(message) if message else None,
        "quiet": bool(message and message.situation.startswith("quiet-week")),
        "score": round(choice.score, 4) if choice else None,
        "passed_over": [
            {
                "situation": each.finding.situation,
                "subject": each.finding.subject or None,
                "urgency": round(each.finding.urgency, 4),
                "why": telling.why_not(each.reason.code, each.reason.params),
            }
            for each in (choice.passed if choice else ())
        ],
    }


def _digests(application: Application, lines: list[Line], folder: Path, context: Context) -> None:
    """Write each nudge as a page and as a picture, with its evidence drawn."""
    import dataclasses

    from analytics import charts
    from bot.commands._nudge_evidence import chart_of
    from bot.core.reply import Reply
    from bot.renderers import html
    from bot.scheduling.desk import Desk
    from bot.scheduling.picture import png

    desk, services = Desk(application.services), application.services
    folder.mkdir(parents=True, exist_ok=True)
    for line in lines:
        message = _message(desk, line)
        if message is None:
            continue
        telling = desk.telling(line.known)
        reply = telling.reply(message, buttons=False)
        chart = chart_of(telling, services, application.snapshots.current(), message)
        shown = Reply(
            (*reply.elements, chart) if chart else reply.elements,
            locale=reply.locale,
            citations=reply.citations,
            as_of=reply.as_of,
        )
        name = re.sub(r"[^\w.@-]+", "_", f"{line.iso_week}-{line.known.reader.user}")
        page = html.document(
            shown,
            charts=lambda c, locale=reply.locale: charts.svg(dataclasses.asdict(c), locale=locale),  # type: ignore[misc]
        )
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
        (folder / f"{name}.png").write_bytes(png(reply, chart))
    _ = Localizer(context.locale)
    typer.echo(_("Digests are in {folder}.", folder=folder), err=True)


async def _send(application: Application) -> dict[str, int]:
    """Plan and send what is due now, through the platforms whose settings are present."""
    from bot import people
    from bot.adapters.slack.api import Api
    from bot.adapters.slack.proactive import SlackSender
    from bot.adapters.slack.settings import SlackSettings
    from bot.adapters.teams.proactive import TeamsSender
    from bot.adapters.teams.settings import TeamsSettings
    from bot.scheduling.serving import scheduler_of
    from bot.storage.references import References
    from bot.storage.writer import Writer

    slack, teams = SlackSettings(), TeamsSettings()
    if not slack.is_set and not teams.app_id:
        raise UserError(
            "No chat platform is set up, so nothing can be sent. Look with: python app.py nudge "
            "--dry-run"
        )
    services = application.services
    with Writer(services.state.database()) as writer:
        references = References(writer, people.TENANT)
        senders: dict[str, Sender] = {}
        closing: list[Any] = []
        if teams.app_id:
            from bot.adapters.teams.sdk import BotbuilderPort

            port = BotbuilderPort(teams)
            closing.append(port)
            senders["teams"] = TeamsSender(port, references)
        if slack.is_set:
            api = Api(slack)
            closing.append(api)
            senders["slack"] = SlackSender(api, references)
        counts: dict[str, int] = {}
        scheduler = scheduler_of(services, writer, senders, observe=counts.update)
        try:
            await scheduler.plan()
            while await scheduler.turn():
                pass
        finally:
            for each in closing:
                await each.close()
    return counts
