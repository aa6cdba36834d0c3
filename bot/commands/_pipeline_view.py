"""What `/pipeline` answers about: whose deals, with their verdicts, effort and picks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.commands._framing import Frame
from bot.core.reply import Actions, Button, Reply, Section, Tone
from bot.core.request import Role
from bot.core.services import Services
from bot.errors import RefusedError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics.ballotage.conditions import Conditions
    from analytics.owners import Owner
    from analytics.pipeline import DoubleDown, OpenDeal, Pipeline, Summary

OWNER_WORDS = frozenset({"owner", "eigenaar", "van", "of", "by", "sales", "rep"})
OWNER_FACTS = frozenset({"owner", "eigenaar"})
NAMES_SHOWN = 6


@dataclass(frozen=True)
class PipelineView:
    """A selection of open deals. owner: whose alone, None for everybody's; mine: the asker's own."""

    frame: Frame
    conditions: Conditions
    found: Pipeline
    deals: tuple[OpenDeal, ...]
    total: Summary
    drop: tuple[OpenDeal, ...]
    push: tuple[DoubleDown, ...]
    owner: Owner | None
    mine: bool


def view_of(
    frame: Frame, conditions: Conditions, told: Mapping[str, Mapping[str, object]]
) -> PipelineView | Reply:
    """The deals the asker may see and asked for, or a choice of owners; blocks.

    UserError for an owner nobody is, RefusedError where a rep asks for a colleague's.
    """
    from analytics.owners import named, person
    from analytics.pipeline import pipeline, summary, to_double_down, to_drop

    found = pipeline(frame.scope, conditions, told)
    principal = frame.request.principal
    mine = principal.roles == frozenset({Role.SALES})
    asked = _asked(frame)
    owner = person(frame.snapshot, principal.user) if mine else None
    if owner is not None and asked and not named({"": owner}, asked):
        raise RefusedError(
            "You see your own deals here; for a colleague's, ask the management team."
        )
    if not mine and asked:
        chosen = _owner(frame, found, asked)
        if isinstance(chosen, Reply):
            return chosen
        owner = chosen
    deals = found.deals
    if owner is not None:
        deals = tuple(d for d in deals if d.owner and d.owner.written & owner.written)
    return PipelineView(
        frame=frame,
        conditions=conditions,
        found=found,
        deals=deals,
        total=summary(frame.scope, deals),
        drop=tuple(to_drop(found, deals)),
        push=tuple(to_double_down(frame.scope, conditions, told, deals)),
        owner=owner,
        mine=mine,
    )


def told_by_subject(services: Services, tenant: str) -> dict[str, dict[str, object]]:
    """Facts people told to be remembered, the newest of each, by subject; blocks."""
    out: dict[str, dict[str, object]] = {}
    for kept in services.verdicts.all(tenant):
        if kept.given:
            out.setdefault(kept.subject, {}).update(kept.given)
    return out


def _asked(frame: Frame) -> str:
    """The owner that was asked for: `owner NAME`, `owner=NAME` or a name alone; empty for none."""
    words = list(frame.args.words)
    if words and words[0].casefold() in OWNER_WORDS:
        words = words[1:]
        if not words:
            raise UserError("Whose deals? Name the owner: /pipeline owner NAME")
    for fact, value in frame.args.facts:
        if fact.casefold() not in OWNER_FACTS or not value.strip():
            raise UserError(
                "I do not understand {word} here. Usage: {usage}",
                word=f"{fact}={value}"[:40],
                usage="/pipeline [N] [owner NAME]",
            )
        words += value.split()
    return " ".join(words)


def _owner(frame: Frame, found: Pipeline, asked: str) -> Owner | Reply:
    from analytics.owners import named

    _, known = frame._, {str(i): d.owner for i, d in enumerate(found.deals) if d.owner}
    meant = named(known, asked)
    if len(meant) == 1:
        return meant[0]
    if not meant:
        names = sorted({o.name for o in known.values()}, key=str.casefold)
        if not names:
            raise UserError(
                "No open deal has an owner. Fill the column owner of the deals table with an e-mail "
                "address or a name, and load it again."
            )
        raise UserError(
            "No open deal is owned by {name}. Owners are: {names}.",
            name=asked[:60],
            names=", ".join(names[:NAMES_SHOWN]),
        )
    buttons = tuple(
        Button(o.name, f"/pipeline owner {min(o.written)}") for o in meant[:NAMES_SHOWN]
    )
    question = _("Which {name} do you mean?", name=asked[:60])
    data = {"candidates": [o.name for o in meant]}
    return Reply((Section(question, Tone.HEADLINE), Actions(buttons)), data, as_of=frame.scope.end)
