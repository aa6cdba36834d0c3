"""`load` and `refresh`: data in, the new Snapshot in force."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from bot.cli.context import Context
from bot.errors import UserError
from bot.i18n import Localizer

TABLE_WORDS = {
    "klanten": "customers", "klant": "customers", "debiteuren": "customers",
    "relaties": "customers", "customer": "customers",
    "facturen": "invoices", "factuur": "invoices", "omzet": "invoices", "invoice": "invoices",
    "kansen": "deals", "kans": "deals", "offertes": "deals", "offerte": "deals", "deal": "deals",
    "mensen": "people", "medewerkers": "people", "gebruikers": "people", "team": "people",
    "activiteiten": "activities", "activiteit": "activities", "activity": "activities",
}  # fmt: skip
"""Other words for the tables, in Dutch and in the singular."""


def run(
    context: Context, files: list[str], mapping: Path | None, replace: bool, plain: bool
) -> None:
    """Load files and report."""
    from bot.load_report import report
    from bot.loading import load_files
    from bot.renderers import terminal

    pairs = [pair(text) for text in files]
    with progress_bar(plain) as progress:
        summary = load_files(
            context.home,
            pairs,
            mapping=mapping,
            replace=replace,
            currency=context.settings.currency,
            progress=progress,
        )
    width = shutil.get_terminal_size((100, 24)).columns
    colour = sys.stdout.isatty() and not plain
    reply = report(summary, context.locale)
    typer.echo(terminal.render(reply, width=width, plain=plain, colour=colour).rstrip("\n"))


def refresh_now(context: Context) -> None:
    """Build the Snapshot anew from the warehouse."""
    from analytics.refresh import refresh
    from analytics.snapshot import SnapshotStore
    from analytics.winmodel.kept import saved
    from bot.commands._model_words import trust_line

    if not (context.home / "warehouse.duckdb").exists():
        raise UserError(
            "No data has been loaded yet; start with: python app.py load invoices=FILE "
            "(or look around in the demo: make demo)"
        )
    version = refresh(context.home)
    _ = Localizer(context.locale)
    typer.echo(_("In force as version {version}.", version=version))
    store = SnapshotStore(context.home)
    model = saved(store.folder / (store.current_version or ""))
    if model is not None:
        typer.echo(f"{_('Win model')}: {trust_line(_, model)}")


def pair(text: str) -> tuple[str, Path]:
    """Read TABLE=FILE; UserError where it is not."""
    table, separator, name = text.partition("=")
    if not separator or not name:
        raise UserError(
            "{text} is not TABLE=FILE; write for example invoices=facturen.csv", text=text[:80]
        )
    word = table.strip().lower()
    return TABLE_WORDS.get(word, word), Path(name).expanduser()


@contextlib.contextmanager
def progress_bar(plain: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A progress bar on a terminal, nothing elsewhere."""
    if plain or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def step(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=max(total, 1))
        bar.update(tasks[what], completed=done, total=max(total, 1))

    with bar:
        yield step
