"""`knowledge add`, `list` and `remove`: the company's own documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.context import Context, complain, translated
from bot.coaching import documents as store
from bot.coaching import library
from bot.encoding import to_json
from bot.i18n import N_, Localizer
from knowledge.chunks import Access
from knowledge.documents import Change, Outcome

if TYPE_CHECKING:
    from knowledge.documents import Document

NAMED = 20
"""Files of a folder that were left out and are named one by one; of more only the count."""

_SAID: dict[Change, str] = {
    "added": N_("Added: {file} ({parts}, for {who}), id {id}"),
    "replaced": N_("Replaced: {file} ({parts}, for {who}), id {id}"),
    "access": N_("Now for {who}: {file}, id {id}"),
    "unchanged": N_("Already there: {file} (for {who}), id {id}"),
}
WHO: dict[Access, str] = {"all": N_("everybody"), "mt": N_("the MT alone")}


def add(context: Context, paths: Sequence[Path], access: Access | None) -> None:
    """Add files and folders; a line for each, and exit code 2 where one that was named is refused."""
    _ = Localizer(context.locale)
    outcomes = store(context.home).add(*paths, access=access)
    if any(o.change in ("added", "replaced", "access") for o in outcomes):
        library(context.settings, context.home).rebuild()
    for outcome in outcomes:
        if outcome.document is not None:
            typer.echo(_line(_, outcome, outcome.document))
    _refused(context, [outcome for outcome in outcomes if outcome.reason is not None])
    if any(o.reason and o.asked for o in outcomes) or all(o.reason for o in outcomes):
        raise typer.Exit(2)


def show(context: Context, output: str) -> None:
    """Print the documents."""
    _ = Localizer(context.locale)
    documents = store(context.home).list()
    if output == "json":
        typer.echo(to_json({"documents": [_entry(document) for document in documents]}))
    elif not documents:
        typer.echo(_("No documents yet; add one with: python app.py knowledge add FILE"))
    for document in documents if output == "text" else ():
        typer.echo(
            _(
                "{id}  {file} · {title} · {parts} · for {who} · added {date}",
                id=document.id,
                file=document.file,
                title=document.title,
                parts=_.n("{n} part", "{n} parts", document.parts),
                who=_(WHO[document.access]),
                date=_.date(document.added_at.date()),
            )
        )


def remove(context: Context, wanted: str) -> None:
    """Remove one document."""
    _ = Localizer(context.locale)
    gone = store(context.home).remove(wanted)
    library(context.settings, context.home).rebuild()
    typer.echo(_("Removed: {file}, id {id}", file=gone.file, id=gone.id))


def _line(_: Localizer, outcome: Outcome, document: Document) -> str:
    return _(
        _SAID[outcome.change],
        file=outcome.file,
        parts=_.n("{n} part", "{n} parts", document.parts),
        who=_(WHO[document.access]),
        id=document.id,
    )


def _refused(context: Context, outcomes: Sequence[Outcome]) -> None:
    """Name what was not taken in, on stderr: all that were asked for, of folders the first ones."""
    _ = Localizer(context.locale)
    met = [o for o in outcomes if not o.asked]
    for outcome in [*(o for o in outcomes if o.asked), *met[:NAMED]]:
        if outcome.reason is not None:
            complain(outcome.reason, context.locale)
    if rest := met[NAMED:]:
        typer.echo(
            _.n(
                "{n} more file was left out; the first reason: {reason}",
                "{n} more files were left out; the first reason: {reason}",
                len(rest),
                reason=translated(_, rest[0].reason) if rest[0].reason else "",
            ),
            err=True,
        )


def _entry(document: Document) -> dict[str, object]:
    return {
        "id": document.id,
        "file": document.file,
        "title": document.title,
        "access": document.access,
        "lang": document.lang,
        "parts": document.parts,
        "bytes": document.size,
        "added_at": document.added_at.isoformat(),
    }
