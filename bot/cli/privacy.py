"""`export` and `erase`: what is kept of a person, and forgetting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bot import people
from bot.cli.conditions import opened
from bot.cli.context import Context
from bot.encoding import to_json
from bot.i18n import N_, Localizer

if TYPE_CHECKING:
    from bot.storage.repositories import PersonData

PULSE = N_(
    "The pulse keeps nothing that leads to a person: its answers cannot be handed over or erased "
    "one by one. That somebody answered is known by a token until the week closes, and then "
    "destroyed."
)


def export(context: Context, user: str) -> None:
    """Print everything kept of a person as JSON."""
    _ = Localizer(context.locale)
    kept = _data(context).export_person(user)
    changed = opened(context, notes=False).changed_by(user)
    typer.echo(to_json({**kept, "conditions_changed": changed, "pulse": _(PULSE)}, indent=1))


def erase(context: Context, user: str) -> None:
    """Forget a person; the audit trail keeps its chain and loses the link to them."""
    counts = _data(context).erase_person(user)
    counts["conditions_changed"] = opened(context, notes=False).forget(user)
    _ = Localizer(context.locale)
    told = ", ".join(f"{name}: {count}" for name, count in counts.items() if count)
    typer.echo(
        _("Erased of {user}: {told}.", user=user, told=told)
        if told
        else _("Nothing was kept of {user}.", user=user)
    )
    typer.echo(_(PULSE))
    typer.echo(
        _(
            "What was loaded is yours: where people, clients, deals or activities name the person, mend "
            "those files and load them again."
        )
    )


def _data(context: Context) -> PersonData:
    from bot.storage.repositories import PersonData
    from bot.storage.sink import StoredAudit

    # Opening the trail takes spooled events up first, so that none is left out.
    return PersonData(StoredAudit(context.home).database(), people.TENANT)
