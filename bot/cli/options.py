"""Options that several commands of the command line share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", envvar="BALLOTAGE_HOME", help="Folder with all data [./.ballotage]"),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error")]
Locale = Annotated[Literal["nl", "en"] | None, typer.Option("--locale", help="Language")]
