"""`knowledge`: what the coach knows, and what it could not answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli.context import Context, guarded
from bot.cli.options import Debug, Home, Locale

app = typer.Typer(no_args_is_help=True, help="What the coach knows: cards and your own documents.")
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
