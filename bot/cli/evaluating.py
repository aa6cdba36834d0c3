"""`evaluate`: how good the advice is, on the company's own data."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import typer

from analytics.errors import problem_of
from bot.cli.context import Context
from bot.errors import UserError
from bot.i18n import Localizer

FOUND = 3
"""Results asked for: recall is judged at one and at three."""


def qualify(context: Context, split_at: str, labels: str, out: Path | None) -> None:
    """Write the win model's raw probabilities of the deals from a day on, and what came of them.

    CSV to `out` (then a line on how good they are to stdout), else to stdout.
    """
    from analytics.snapshot import SnapshotStore
    from analytics.winmodel.backtest import backtest

    day = _day(split_at)
    found = backtest(SnapshotStore(context.home).load(), day, labels)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("deal_id", "probability", "won"))
    for deal, probability, won in zip(
        found.deal_ids, found.probability.tolist(), found.won.tolist(), strict=True
    ):
        writer.writerow((deal, repr(probability), int(won)))
    if out is None:
        typer.echo(text.getvalue(), nl=False)
        return
    try:
        out.write_text(text.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise UserError(
            "{file} cannot be written: {reason}. Choose another with --out.",
            file=str(out),
            reason=problem_of(error),
        ) from error
    _ = Localizer(context.locale)
    quality = found.quality
    if quality.auc is None or quality.auc_ci is None or quality.brier_skill is None:
        typer.echo(
            _(
                "{count} deals in {file}; too few or too alike to judge.",
                count=len(found.won),
                file=str(out),
            )
        )
        return
    typer.echo(
        _(
            "{count} deals in {file}: AUC {auc} (95 % interval {low} to {high}), Brier skill {skill}.",
            count=len(found.won),
            file=str(out),
            auc=_.number(quality.auc, 3),
            low=_.number(quality.auc_ci[0], 3),
            high=_.number(quality.auc_ci[1], 3),
            skill=_.number(quality.brier_skill, 3),
        )
    )
    if not quality.trusted:
        typer.echo(_("Not trusted: these deals do not show that the data predicts winning."))


def knowledge(context: Context, files: list[Path], output: str) -> None:
    """Print how the retriever does on questions, by language and kind, each share with its interval."""
    from bot.coaching import library
    from bot.encoding import to_json
    from knowledge import evaluate

    questions = evaluate.read(files)
    held = library(context.settings, context.home)
    outcomes = evaluate.ask(
        questions, lambda text, lang: held.search(text, lang, limit=FOUND, access="all")
    )
    found = evaluate.report(outcomes)
    if output == "json":
        typer.echo(to_json(found))
        return
    _ = Localizer(context.locale)

    def told(share: dict[str, Any]) -> str:
        if share["share"] is None:
            return "–"
        low, high = share["ci"]
        return f"{_.percent(share['share'])} ({_.percent(low, 0)}–{_.percent(high, 0)}, n={share['n']})"

    for locale, shares in found["languages"].items():
        for kind, of in shares["kinds"].items():
            if not of["recall_at_3"]["n"]:
                continue
            typer.echo(f"{locale} {kind}")
            if kind != evaluate.OFF_TOPIC:
                typer.echo(
                    f"  recall@1 {told(of['recall_at_1'])}  recall@3 {told(of['recall_at_3'])}"
                )
            bands = "  ".join(f"{band} {told(share)}" for band, share in of["bands"].items())
            typer.echo(f"  {bands}")
        typer.echo(
            f"{locale} recall@1 {told(shares['recall_at_1'])}  recall@3 {told(shares['recall_at_3'])}"
        )
    for name in ("answered", "refused_rightly", "off_topic_answered"):
        typer.echo(f"{name} {told(found[name])}")
    for name, met in found["goals"].items():
        typer.echo(f"goal {name}: {'–' if met is None else 'yes' if met else 'NO'}")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UserError("{text} is not a date; write it as 2026-10-31.", text=text[:40]) from None
