"""`knowledge`: what the coach knows, and what it could not answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli.context import Context, guarded
from bot.cli.options import Debug, Home, Locale

app = typer.Typer(no_args_is_help=True, help="What the coach knows: cards and your own documents.")
GAP_SHOWN = 5
"""Questions of a group that are printed; JSON has them all."""
TextOrJson = Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it")]


@app.command()
def add(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Markdown, text, PDF, DOCX, HTML, folders"),
    ],
    access: Annotated[
        Literal["all", "mt"] | None,
        typer.Option("--access", help="Who may see it: all, or the management team alone [all]"),
    ] = None,
    locale: Locale = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Add documents; one that changed replaces what was read before."""
    with guarded(home, locale, debug) as context:
        from bot.cli import documents

        documents.add(context, paths, access)


@app.command("list")
def show(
    output: TextOrJson = "text", locale: Locale = None, home: Home = None, debug: Debug = False
) -> None:
    """List the documents that were added."""
    with guarded(home, locale, debug) as context:
        from bot.cli import documents

        documents.show(context, output)


@app.command()
def remove(
    document: Annotated[str, typer.Argument(metavar="ID", help="Id or file name")],
    locale: Locale = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Remove a document and erase what was read of it."""
    with guarded(home, locale, debug) as context:
        from bot.cli import documents

        documents.remove(context, document)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="A question, in quotes")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="Results")] = 10,
    output: TextOrJson = "text",
    locale: Locale = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Show what a question finds, best first, and how sure that is."""
    with guarded(home, locale, debug) as context:
        _search(context, text, limit, output)


@app.command()
def gaps(
    output: TextOrJson = "text", locale: Locale = None, home: Home = None, debug: Debug = False
) -> None:
    """Group the questions that went unanswered: what is the next card to write?"""
    with guarded(home, locale, debug) as context:
        _gaps(context, output)


def _gaps(context: Context, output: str) -> None:
    from bot import people
    from bot.encoding import to_json
    from bot.i18n import Localizer
    from bot.storage.questions import CoachQuestions
    from bot.storage.sink import StoredAudit
    from knowledge.embeddings import embedder
    from knowledge.gaps import Unanswered
    from knowledge.gaps import gaps as group

    state = StoredAudit(context.home)
    kept = CoachQuestions(state.database(), people.TENANT).all() if state.exists() else []
    asked = [
        Unanswered(q.question, q.at, q.cards[0] if q.cards else "")
        for q in kept
        if q.band in ("unknown", "closest") or q.feedback == "unhelpful"
    ]
    found = group(asked, embedder(context.settings.embeddings))
    if output == "json":
        entries = [
            {"count": g.count, "questions": g.questions, "card": g.card or None, "last": g.last}
            for g in found
        ]
        typer.echo(to_json({"gaps": entries}))
        return
    _ = Localizer(context.locale)
    if not found:
        typer.echo(_("Nothing went unanswered yet."))
    for gap in found:
        nearest = _(" · nearest card: {card}", card=gap.card) if gap.card else ""
        typer.echo(f"{gap.count}x  {gap.questions[0]}{nearest}")
        for question in gap.questions[1:GAP_SHOWN]:
            typer.echo(f"      {question}")


def _search(context: Context, text: str, limit: int, output: str) -> None:
    from bot.coaching import library
    from bot.encoding import to_json

    held = library(context.settings, context.home)
    found = held.search(text, context.locale, limit=limit, access="mt")
    if output == "json":
        results = [
            {"id": h.id, "topic": h.topic, "score": h.score, "lang": h.lang, "kind": h.kind}
            for h in found.results
        ]
        typer.echo(to_json({"results": results, "band": found.band.value}))
        return
    typer.echo(found.band.value)
    for hit in found.results:
        card = held.cards.get(hit.id)
        if card is not None:
            title = card.text("nl" if hit.lang == "nl" else "en").title
        else:
            chunk = held.chunk(hit.id, "mt")
            title = chunk.title if chunk else ""
        typer.echo(f"{hit.score:6.3f}  {hit.topic:<28} {hit.id:<30} {title}")
