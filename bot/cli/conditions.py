"""`conditions`: check a file, put it in force, show what is in force."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.cli.context import Context, complain, guarded
from bot.cli.options import Debug, Home, Locale
from bot.i18n import Localizer

if TYPE_CHECKING:
    from analytics.ballotage.nodes import ConditionsError
    from analytics.snapshot import Snapshot
    from bot.conditions import StoredConditions

app = typer.Typer(no_args_is_help=True, help="The ballotage: what a prospect must or should meet.")
File = Annotated[Path, typer.Argument(metavar="FILE", help="A conditions file, in YAML")]
User = Annotated[str, typer.Option("--user", help="Who puts it in force, for the history")]


@app.command()
def check(file: File, locale: Locale = None, home: Home = None, debug: Debug = False) -> None:
    """Say what is wrong with a conditions file, a line a fault; change nothing."""
    with guarded(home, locale, debug) as context:
        from analytics.ballotage.nodes import ConditionsError
        from bot.condition_files import read_text

        try:
            found = opened(context, notes=False).check(read_text(file))
        except ConditionsError as error:
            _refuse(context, error)
        _ = Localizer(context.locale)
        musts = sum(c.must for c in found.items)
        typer.echo(
            _(
                "In order: {musts} and {shoulds}, version {version}.",
                musts=_.n("{n} must", "{n} musts", musts),
                shoulds=_.n("{n} should", "{n} shoulds", len(found.items) - musts),
                version=found.version,
            )
        )


@app.command("import")
def take(
    file: File, user: User = "", locale: Locale = None, home: Home = None, debug: Debug = False
) -> None:
    """Put a conditions file in force; one with a fault is refused and changes nothing."""
    with guarded(home, locale, debug) as context:
        from analytics.ballotage.nodes import ConditionsError
        from bot.condition_files import read_text
        from bot.core.conditions import How

        try:
            text = read_text(file)
            changed = opened(context).change(lambda _before: text, by=user.strip(), how=How.IMPORT)
        except ConditionsError as error:
            _refuse(context, error)
        _ = Localizer(context.locale)
        typer.echo(
            _("In force: version {version}.", version=changed.after.version)
            if changed.entry
            else _("Already in force: version {version}.", version=changed.after.version)
        )
        if changed.set_aside:
            typer.echo(
                _("The file that could not be used is kept as {file}.", file=changed.set_aside),
                err=True,
            )


@app.command()
def show(locale: Locale = None, home: Home = None, debug: Debug = False) -> None:
    """Print the conditions in force as YAML, as they were written; `import` takes it back."""
    with guarded(home, locale, debug) as context:
        found = opened(context).in_force()
        sys.stdout.buffer.write(found.conditions.text.encode())
        sys.stdout.buffer.flush()
        if found.problem is not None:
            _ = Localizer(context.locale)
            file = str(context.home / "conditions.yaml")
            typer.echo(
                _(
                    "{file} is not in force; this is the last version that could be used:",
                    file=file,
                ),
                err=True,
            )
            _say(context, found.problem)


def opened(context: Context, *, notes: bool = True) -> StoredConditions:
    """The conditions of this home."""
    from bot.conditions import stored

    def snapshot() -> Snapshot | None:
        from analytics.errors import NoDataError
        from analytics.snapshot import SnapshotStore

        try:
            return SnapshotStore(context.home).load()
        except NoDataError:
            return None

    return stored(context.home, snapshot, notes=notes)


def _refuse(context: Context, error: ConditionsError) -> NoReturn:
    _say(context, error)
    raise typer.Exit(2)


def _say(context: Context, error: ConditionsError) -> None:
    for problem in error.problems:
        complain(problem, context.locale)
