"""What every command of the command line shares: settings, language, and errors in one line."""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from analytics.errors import DataError
from bot.errors import UserError
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from bot.i18n import Localizer
    from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """Settings of this call, and the language to talk in."""

    settings: Settings
    home: Path
    locale: str


@contextlib.contextmanager
def guarded(home: Path | None, locale: str | None, debug: bool) -> Iterator[Context]:
    """Give a command its context; turn its errors into one line on stderr and an exit code.

    2: the request or the data was wrong; 1: anything else. A traceback only with --debug.
    """
    speaks = locale or "nl"
    if not debug:  # an error becomes one line; what a server logs it sets up itself
        logging.getLogger().addHandler(logging.NullHandler())
    try:
        settings = _settings()
        speaks = locale or settings.locale
        yield Context(settings, home or settings.home, speaks)
    except (UserError, DataError, KnowledgeError) as error:
        if debug:
            traceback.print_exc()
        complain(error, speaks)
        raise typer.Exit(2) from None
    except typer.Exit:
        raise
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe left; that is no error of ours
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception as error:  # noqa: BLE001 (the last line of defence of a command)
        if debug:
            traceback.print_exc()
        problem = UserError(
            "Something went wrong: {kind}: {detail}. Run it again with --debug for the details.",
            kind=type(error).__name__,
            detail=" ".join(str(error).split())[:300],
        )
        complain(problem, speaks)
        raise typer.Exit(1) from None


def complain(error: UserError | DataError | KnowledgeError, locale: str) -> None:
    """Print an error as one line in the user's language."""
    from bot.i18n import Localizer

    _ = Localizer(locale)
    line = translated(_, error)
    typer.echo(" ".join(line.split()), err=True)


def translated(_: Localizer, error: UserError | DataError | KnowledgeError) -> str:
    """The error in a language; a parameter that is itself a message is translated too."""
    return _.error(error)


def _settings() -> Settings:
    from pydantic import ValidationError

    from bot.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(
            "Setting BALLOTAGE_{name} is wrong: {detail}.",
            name="_".join(str(part) for part in first["loc"]).upper(),
            detail=first["msg"],
        ) from None


def run(app: typer.Typer) -> None:
    """Run the command line; a wrong word or option is one line on stderr and exit code 2."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:
        code = getattr(error, "exit_code", None)
        message = getattr(error, "format_message", None)
        if code is None or message is None:
            raise
        typer.echo(f"{' '.join(str(message()).split())} (--help shows the options)", err=True)
        sys.exit(code)
