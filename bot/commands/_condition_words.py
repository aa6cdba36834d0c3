"""Conditions in words: what each asks for, where they come from, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.reply import Section, Tone
from bot.i18n import Localizer

if TYPE_CHECKING:
    from bot.core.conditions import InForce


def warnings(_: Localizer, found: InForce) -> list[Section]:
    """What keeps the file as it stands, or a condition in it, from having effect."""
    out = []
    if found.problem is not None:
        first, *rest = found.problem.problems
        text = _(
            "conditions.yaml was changed and cannot be used, so version {version} is still in force. "
            "{problem}",
            version=found.conditions.version,
            problem=_.error(first),
        )
        if rest:
            text += " " + _.n("And {n} more fault.", "And {n} more faults.", len(rest))
        out.append(Section(text, Tone.WARNING))
    if found.gone:
        out.append(
            Section(
                _(
                    "Conditions use what your data no longer has, so nobody is known to meet them: "
                    "{names}.",
                    names=_.join(list(found.gone)),
                ),
                Tone.WARNING,
            )
        )
    return out
