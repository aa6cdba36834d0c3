"""Ballotage on the command line. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

try:
    import typer
except ModuleNotFoundError:
    sys.exit(
        "This Python lacks Ballotage's libraries. Run `make install`, then use .venv/bin/python."
    )

from bot.cli import conditions, knowing
from bot.cli.context import guarded, run
from bot.cli.options import Debug, Home, Locale

if TYPE_CHECKING:
    from bot.application import Application
    from bot.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="An advisor for Slack and Teams that answers from your own invoices and deals.",
)
Plain = Annotated[bool, typer.Option("--plain", help="No colours, no drawing")]
RoleName = Annotated[Literal["sales", "mt", "admin"], typer.Option("--as", help="Ask as this role")]
PlaceName = Annotated[
    Literal["dm", "channel", "shared"], typer.Option("--channel", help="Where it is asked")
]
User = Annotated[str, typer.Option("--user", help="Chat id or e-mail address of the asker")]
Port = Annotated[int | None, typer.Option("--port", help="Port [3978]")]
AsOf = Annotated[str, typer.Option("--as-of", metavar="YYYY-MM-DD", help="As if on this day")]


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="A command or question, in quotes")],
    role: RoleName = "mt",
    user: User = "",
    locale: Locale = None,
    channel: PlaceName = "dm",
    output: Annotated[
        Literal["text", "json", "slack", "teams", "html"],
        typer.Option("--format", help="How to print the answer"),
    ] = "text",
    as_of: AsOf = "",
    plain: Plain = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Ask one thing and print the answer."""
    with guarded(home, locale, debug) as context:
        from bot.cli.asking import ask_once

        ask_once(context, text, role, user, channel, output, as_of, plain)


@app.command()
def chat(
    text: Annotated[str, typer.Option("-c", help="Ask this one thing and stop")] = "",
    role: RoleName = "mt",
    user: User = "",
    locale: Locale = None,
    channel: PlaceName = "dm",
    plain: Plain = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Chat in the terminal."""
    with guarded(home, locale, debug) as context:
        from bot.cli.asking import chat_here

        chat_here(context, role, user, channel, plain, text)


@app.command()
def load(
    files: Annotated[list[str], typer.Argument(metavar="TABLE=FILE...", help="What to load")],
    mapping: Annotated[
        Path | None, typer.Option("--map", metavar="FILE.yaml", help="Names of columns and values")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace what is there for the same dates")
    ] = False,
    locale: Locale = None,
    plain: Plain = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Load customers, invoices, deals, people or activities from CSV, XLSX or Parquet."""
    with guarded(home, locale, debug) as context:
        from bot.cli.loading import run

        run(context, files, mapping, replace, plain)


@app.command()
def refresh(home: Home = None, locale: Locale = None, debug: Debug = False) -> None:
    """Compute everything anew from the loaded data."""
    with guarded(home, locale, debug) as context:
        from bot.cli.loading import refresh_now

        refresh_now(context)


@app.command()
def demo(
    seed: Annotated[int | None, typer.Option(help="Another company with another story")] = None,
    port: Port = None,
    locale: Locale = None,
    browser: Annotated[bool, typer.Option(help="Open a browser")] = True,
    serve_it: Annotated[
        bool, typer.Option("--serve/--build-only", help="Serve, or only build the company")
    ] = True,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Open the demo company in the browser: no account, no key, no network."""
    with guarded(home, locale, debug) as context:
        from bot.cli.serving import run_demo

        run_demo(context, seed, port, browser=browser and sys.stdout.isatty(), serve=serve_it)


@app.command()
def serve(port: Port = None, home: Home = None, debug: Debug = False) -> None:
    """Serve the chat doors, health and metrics."""
    with guarded(home, None, debug) as context:
        from bot.cli.serving import run_serve

        run_serve(context, port)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask Slack and Microsoft about the tokens set")
    ] = False,
    locale: Locale = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Check the installation, line by line, with the remedy."""
    with guarded(home, locale, debug) as context:
        from bot.cli.checking import run

        run(context, as_json, online)


@app.command()
def nudge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show who would get what and why; send nothing")
    ] = False,
    at: Annotated[
        str, typer.Option("--at", metavar="ISO-TIME", help="As if it were then: 2026-11-23T08:30")
    ] = "",
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="How to print it")
    ] = "text",
    digest: Annotated[
        Path | None,
        typer.Option("--digest", metavar="FOLDER", help="Write each as HTML and PNG; send nothing"),
    ] = None,
    locale: Locale = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Send the weekly nudges that are due, or show them."""
    with guarded(home, locale, debug) as context:
        from bot.cli.nudging import run

        run(context, dry_run, at, output, digest)


evaluate = typer.Typer(
    no_args_is_help=True, help="Measure how good the advice is on your own data."
)
app.add_typer(evaluate, name="evaluate")
app.add_typer(knowing.app, name="knowledge")
app.add_typer(conditions.app, name="conditions")


@evaluate.command("qualify")
def evaluate_qualify(
    split_at: Annotated[
        str, typer.Option("--split-at", metavar="YYYY-MM-DD", help="Learn before, predict after")
    ],
    labels: Annotated[
        Literal["final", "asof"],
        typer.Option("--labels", help="Learn from outcomes known now, or known on that day"),
    ] = "final",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.csv", help="Where the CSV goes")
    ] = None,
    locale: Locale = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Predict the deals created from a day on; CSV of deal_id, probability, won."""
    with guarded(home, locale, debug) as context:
        from bot.cli.evaluating import qualify

        qualify(context, split_at, labels, out)


@evaluate.command("knowledge")
def evaluate_knowledge(
    questions: Annotated[
        list[Path], typer.Argument(metavar="QUESTIONS.json...", help="Questions with their topics")
    ],
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="How to print it")
    ] = "text",
    locale: Locale = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Ask questions whose topics are known: found, answered, refused, left alone."""
    with guarded(home, locale, debug) as context:
        from bot.cli.evaluating import knowledge

        knowledge(context, questions, output)


@app.command()
def export(
    user: Annotated[str, typer.Option("--user", help="Chat id or e-mail address")],
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Print everything kept of a person, as JSON."""
    with guarded(home, None, debug) as context:
        from bot.cli import privacy

        privacy.export(context, user)


@app.command()
def erase(
    user: Annotated[str, typer.Option("--user", help="Chat id or e-mail address")],
    locale: Locale = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Forget a person."""
    with guarded(home, locale, debug) as context:
        from bot.cli import privacy

        privacy.erase(context, user)


@app.command()
def manifest(
    platform: Annotated[Literal["slack", "teams"], typer.Argument(help="For which platform")],
    url: Annotated[str, typer.Option("--url", help="Public https address of `serve`")] = "",
    app_id: Annotated[str, typer.Option("--app-id", help="Teams: application (client) id")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Teams: where the zip goes")] = None,
    locale: Locale = None,
    debug: Debug = False,
) -> None:
    """Print the Slack manifest with its link, or write the Teams app package."""
    with guarded(None, locale, debug) as context:
        from bot.cli import manifests

        if platform == "slack":
            manifests.slack(context, url)
        else:
            manifests.teams(context, app_id, url, out)


def build(settings: Settings, **parts: Any) -> Application:
    """Compose the program: every object once, no I/O. `parts` replaces clock, audit and the like."""
    from bot.application import build as compose

    return compose(settings, **parts)


if __name__ == "__main__":
    run(app)
