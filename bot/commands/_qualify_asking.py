"""What `/qualify` asks back: whom, which of several, and what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands._framing import Frame
from bot.commands._qualify_data import choices
from bot.commands._qualify_facts import command_words, form
from bot.core.reply import Actions, Button, Context, Element, Reply, Section, Tone

if TYPE_CHECKING:
    from analytics.ballotage.conditions import Conditions
    from analytics.matching import Match
    from analytics.qualify import Assessment


def whom(frame: Frame, conditions: Conditions) -> Reply:
    """A form for a prospect without a name."""
    _ = frame._
    facts = (*conditions.asked[:3], "source", "segment", "employees")
    asked = form(_, frame.snapshot, conditions, facts[:6], "/qualify remember", ask_name=True)
    text = _("Who is the prospect? Give its name, KvK number, domain or deal id.")
    return Reply((Section(text, Tone.HEADLINE), asked), {"missing": list(facts[:6])})


def ask_facts(frame: Frame, found: Assessment, line: str) -> Reply:
    """A form for what is not known yet."""
    _ = frame._
    missing = found.missing or found.conditions.asked[:3]
    asked = form(_, frame.snapshot, found.conditions, tuple(missing), f"{line} remember")
    text = _("What do you know of {name}? Leave open what you do not.", name=found.prospect.name)
    data = {"prospect": found.prospect.name, "missing": list(missing)}
    return Reply((Section(text, Tone.HEADLINE), asked), data, as_of=frame.scope.end)


def choice(frame: Frame, name: str, match: Match, facts: dict[str, object]) -> Reply:
    """A choice of buttons where several may be meant."""
    _, snapshot = frame._, frame.snapshot
    words = command_words(facts)
    buttons = tuple(Button(label, f"/qualify {key}{words}") for label, key in choices(frame, match))
    question = _("Which {name} do you mean?", name=name[:60])
    elements: list[Element] = [Section(question, Tone.HEADLINE), Actions(buttons)]
    if match.total > len(match.candidates):
        elements.append(
            Context(
                _(
                    "{total} names look like it; these are the nearest. Type more of the name.",
                    total=_.number(match.total),
                )
            )
        )
    data = {
        "candidates": [
            {
                "customer_id": snapshot.customer_id(c.entity.customer)
                if c.entity.customer >= 0
                else None,
                "name": c.entity.name,
            }
            for c in match.candidates
        ],
        "total": match.total,
    }
    return Reply(tuple(elements), data, as_of=frame.scope.end)
