"""`/conditions set ID key=value ...` as people type it, and the form that types it for them."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from bot.commands._condition_words import COUNTS, standing, weight
from bot.core.reply import Form, Input
from bot.errors import UserError
from bot.i18n import N_, Localizer

if TYPE_CHECKING:
    from analytics.ballotage.conditions import Condition, Conditions

KEYS = {
    "id": "id", "level": "level", "niveau": "level", "on_miss": "on_miss", "bij_gemis": "on_miss",
    "weight": "weight", "gewicht": "weight", "when": "when", "als": "when",
}  # fmt: skip
STANDINGS = {
    "decline": "decline", "afwijzen": "decline", "waitlist": "waitlist", "wachtlijst": "waitlist",
}  # fmt: skip
LEVELS = {"must": "must", "moet": "must", "should": "should", "zou": "should"}
USAGE = N_('/conditions set budget level=must on_miss=waitlist when="budget_known"')
_NAMES = "|".join(KEYS)
_KEY = re.compile(rf"(?:^|(?<=\s))({_NAMES})=", re.I)
_QUOTED = re.compile(rf"\s*([\"'])(.*?)\1(?=\s+(?:{_NAMES})=|\s*$)", re.I | re.S)


def typed(text: str, verbs: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The id and the changes that a line asks for. UserError for a key that is not known.

    An expression holds quotes itself, so a value ends where the next key or the line does.
    """
    rest = re.split(rf"(?i)(?:^|\s)(?:{'|'.join(verbs)})(?=\s|$)", text, maxsplit=1)[-1]
    found: dict[str, str] = {}
    name, place = "", 0
    while (key := _KEY.search(rest, place)) is not None:
        name += " " + rest[place : key.start()]
        what, start = KEYS[key[1].lower()], key.end()
        if quoted := _QUOTED.match(rest, start):
            value, place = quoted[2].replace('\\"', '"'), quoted.end()
        else:
            place = _expression_end(rest, start) if what == "when" else _word_end(rest, start)
            value = rest[start:place]
        found[what] = " ".join(value.split())
    name = " ".join((name + " " + rest[place:]).split())
    if unknown := re.search(r"([\w-]+)=", name):
        near = difflib.get_close_matches(unknown[1].lower(), KEYS, 1, 0.5)
        raise UserError(
            "I do not know {key} here; use {known}. For example: {usage}",
            key=unknown[1][:40],
            known=near[0] if near else "level, on_miss, weight, when",
            usage=USAGE,
        )
    return found.pop("id", "") or name, found


def _expression_end(text: str, start: int) -> int:
    following = _KEY.search(text, start)
    return following.start() if following else len(text)


def _word_end(text: str, start: int) -> int:
    return (
        start + len(text[start:].split(maxsplit=1)[0]) if text[start : start + 1].strip() else start
    )


def named(conditions: Conditions, name: str, _: Localizer) -> Condition:
    """The condition of that id, or of a title like it. UserError where there is none."""
    wanted = name.casefold()
    by_id = {c.id.casefold(): c for c in conditions.items}
    by_title = {c.title[_.locale].casefold(): c for c in conditions.items}
    found = by_id.get(wanted) or by_title.get(wanted)
    if found is None:
        near = difflib.get_close_matches(wanted, by_id, 1, 0.5)
        if near:
            raise UserError(
                "There is no condition {id}; did you mean {near}?", id=name[:60], near=near[0]
            )
        known = ", ".join(c.id for c in conditions.items)
        raise UserError(
            "There is no condition {id}. There are: {known}.", id=name[:60], known=known
        )
    return found


def changes(condition: Condition, given: dict[str, str]) -> dict[str, str]:
    """What of a condition really changes, as a conditions file writes it; "" takes a key out."""
    from analytics.ballotage.grammar import ExpressionError, parse

    out: dict[str, str] = {}
    if level := given.get("level", "").lower():
        if stands := STANDINGS.get(level):
            out |= {"level": "must", "on_miss": stands}
        elif level in LEVELS:
            out["level"] = LEVELS[level]
        else:
            raise UserError("level is must or should, not {value}.", value=level[:40])
        if out["level"] == "should":
            out["on_miss"] = ""
    if miss := given.get("on_miss", "").lower():
        if miss not in STANDINGS:
            raise UserError("on_miss is decline or waitlist, not {value}.", value=miss[:40])
        out["on_miss"] = STANDINGS[miss]
    if heavy := given.get("weight", ""):
        out["weight"] = heavy.replace(",", ".")
    if when := given.get("when", ""):
        try:
            expression = parse(when)
        except ExpressionError as error:
            raise UserError(
                "In '{expression}' {problem}. Nothing was changed.",
                expression=when[:80],
                problem=error,
            ) from None
        if expression != condition.when:
            out["when"] = when
    now = {
        "level": condition.level.value,
        "on_miss": condition.on_miss.value if condition.on_miss else "",
        "weight": f"{condition.weight:g}",
    }
    return {key: value for key, value in out.items() if now.get(key) != value}


def choose(_: Localizer, conditions: Conditions) -> Form:
    """Which condition to change."""
    choices = tuple((c.id, c.title[_.locale]) for c in conditions.items)
    label = _("Which condition do you want to change?")
    return Form(
        "/conditions set", _("Next"), (Input("id", label, "choice", choices, required=True),)
    )


def form(_: Localizer, condition: Condition) -> Form:
    """What of a condition to change, filled in as it is."""
    kinds = tuple(
        (key, _(COUNTS[key], weight="…")) for key in ("decline", "waitlist", "should")
    )  # fmt: skip
    return Form(
        f"/conditions set {condition.id}",
        _("Keep"),
        (
            Input("level", _("Counts as"), "choice", kinds, standing(condition), required=True),
            Input(
                "weight",
                _("Weight of a should, 0 to 100"),
                "number",
                value=weight(_, condition.weight),
            ),
            Input(
                "when",
                _("Is met when"),
                "text",
                value=" ".join(condition.written.split()),
                required=True,
                hint=_("For example: employees between 20 and 250 and not price_only"),
            ),
        ),
    )
