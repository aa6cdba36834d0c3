"""Facts as people type them with `/qualify`: checked, read, and asked for in a form."""

from __future__ import annotations

import datetime as dt
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bot.commands._framing import channel_name
from bot.commands._trait_words import fact_label, spellings
from bot.core.figures import Figures
from bot.core.reply import Form, Input
from bot.errors import UserError
from bot.i18n import N_, Localizer

if TYPE_CHECKING:
    from analytics.ballotage.conditions import Conditions
    from analytics.ballotage.expression import FactType
    from analytics.snapshot import Snapshot

NAME, WHY, VIA = "name", "why", "via"
IDENTIFIES = ("kvk", "vat_id", "domain", "parent_id")
MOST_CHOICES = 25
LONGEST_VALUE = 200


def known_types(snapshot: Snapshot, conditions: Conditions) -> dict[str, FactType]:
    """Every fact that can be told, with its type."""
    from analytics.ballotage.expression import FactType
    from analytics.ballotage.reading import CONTRACT
    from analytics.prospect import known_facts
    from analytics.winmodel.facts import Kind

    of_kind = {
        Kind.TEXT: FactType.TEXT, Kind.NUMBER: FactType.NUMBER, Kind.DATE: FactType.DATE
    }  # fmt: skip
    data = snapshot.cached("known_facts", lambda: known_facts(snapshot))
    found = {name: of_kind[kind] for name, kind in data.kinds.items()}
    found |= dict(CONTRACT) | dict.fromkeys((*IDENTIFIES, "referred_by"), FactType.TEXT)
    return found | {f.name: f.type for f in conditions.facts.values() if f.is_ is None}


def read_facts(
    typed: tuple[tuple[str, str], ...], snapshot: Snapshot, conditions: Conditions
) -> dict[str, object]:
    """The facts as told; an empty value is None: not known after all.

    Raises UserError for a fact nobody knows, one that cannot be told, or an unreadable value.
    """
    from analytics.ballotage.conditions import COMPUTED
    from analytics.ballotage.expression import FactType, as_type, written
    from analytics.channels import channel_of
    from analytics.prospect import synonyms
    from analytics.winmodel.facts import canonical, fact_name

    types, meant = known_types(snapshot, conditions), synonyms()
    out: dict[str, object] = {}
    for raw, value in typed:
        name = fact_name(raw)
        if name not in types and name not in COMPUTED:
            name = meant.get(name, name)
        derived = conditions.facts.get(name)
        if name in COMPUTED or (derived is not None and derived.is_ is not None):
            raise UserError("{fact} follows from other facts and cannot be told.", fact=name)
        if name not in types:
            near = get_close_matches(name, [*types, *meant], 3, 0.7)
            names = ", ".join(dict.fromkeys(meant.get(n, n) for n in near))
            if names:
                raise UserError(
                    "I do not know the fact {fact}. Did you mean {near}?", fact=raw, near=names
                )
            raise UserError(
                "I do not know the fact {fact}. The facts are: {known}.",
                fact=raw,
                known=", ".join(sorted(types)[:20]),
            )
        if canonical(value) is None:
            out[name] = None
            continue
        if len(value) > LONGEST_VALUE:
            raise UserError(
                "What you tell about {fact} has {length} characters; say it in at most {limit}.",
                fact=name,
                length=len(value),
                limit=LONGEST_VALUE,
            )
        read = as_type(value, types[name])
        if read is None:
            message = {
                FactType.NUMBER: N_("{fact} is a number; '{value}' is not. For example {fact}=45"),
                FactType.DATE: N_(
                    "{fact} is a day; '{value}' is not. For example {fact}=2026-03-31"
                ),
            }.get(
                types[name], N_("{fact} is yes or no; '{value}' is neither. For example {fact}=yes")
            )
            raise UserError(message, fact=name, value=value[:40])
        if name == "channel":
            read = channel_of(str(read))
        out[name] = written(read) if isinstance(read, bool) else read
    return out


def told_text(value: object) -> str:
    """A fact as it is kept and repeated in a button."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:g}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def command_words(facts: dict[str, object]) -> str:
    """Facts as they are typed after a command."""
    return "".join(
        f' {name}="{text}"' if " " in text else f" {name}={text}"
        for name, value in facts.items()
        for text in [told_text(value).replace('"', "'")]
    )


def value_text(
    _: Localizer, figures: Figures, fact: str, value: object, snapshot: Snapshot | None = None
) -> str:
    """A fact's value for a text; as the data spells it where that is given."""
    if value in {"yes", "no"} or isinstance(value, bool):
        return _("yes") if value in {"yes", True} else _("no")
    if fact == "channel":
        return channel_name(_, str(value))
    if fact in {"amount", "expected_revenue"} and isinstance(value, int | float):
        return figures.money(round(value * 10_000))
    if isinstance(value, dt.date):
        return _.date(value)
    if isinstance(value, int | float):
        return _.number(value, 0 if float(value).is_integer() else 1)
    return spellings(snapshot, fact).get(str(value), str(value)) if snapshot else str(value)


def value_data(figures: Figures, fact: str, value: object) -> Any:
    """A fact's value for `data`; None where the asker may not see it."""
    if fact in {"amount", "expected_revenue"} and not figures.exact:
        return None
    return value


def question_of(_: Localizer, conditions: Conditions, fact: str) -> str:
    """What to ask about a fact: the conditions' own question, else its name."""
    declared = conditions.facts.get(fact)
    asked = declared.question.get(_.locale) if declared else None
    return asked or fact_label(_, fact)


def form(
    _: Localizer,
    snapshot: Snapshot,
    conditions: Conditions,
    facts: tuple[str, ...],
    command_line: str,
    *,
    ask_name: bool = False,
) -> Form:
    """A form for the missing facts, each with the choices the data or the conditions know."""
    from analytics.ballotage.expression import FactType

    types = known_types(snapshot, conditions)
    inputs = [Input(NAME, _("Which prospect?"), required=True)] if ask_name else []
    for fact in facts:
        label = question_of(_, conditions, fact)
        kind = types.get(fact, FactType.TEXT)
        if kind is FactType.YES_NO or _is_yes_no(snapshot, fact):
            choices = (("yes", _("yes")), ("no", _("no")))
            inputs.append(Input(fact, label, "choice", choices))
        elif kind is FactType.NUMBER:
            inputs.append(Input(fact, label, "number"))
        elif options := _choices(snapshot, conditions, fact):
            inputs.append(Input(fact, label, "choice", tuple((o, o) for o in options)))
        else:
            inputs.append(Input(fact, label))
    return Form(command_line, _("Judge"), tuple(inputs))


def _is_yes_no(snapshot: Snapshot, fact: str) -> bool:
    return set(_values(snapshot, fact)) in ({"yes", "no"}, {"yes"}, {"no"})


def _choices(snapshot: Snapshot, conditions: Conditions, fact: str) -> list[str]:
    declared = conditions.facts.get(fact)
    if declared is not None and declared.choices:
        return list(declared.choices)
    found = _values(snapshot, fact)
    if not 1 < len(found) <= MOST_CHOICES:
        return []
    spelled = spellings(snapshot, fact)
    return [spelled.get(v, v) for v in found]


def _values(snapshot: Snapshot, fact: str) -> tuple[str, ...]:
    from analytics.winmodel.facts import Texts, customer_facts, deal_columns

    found: set[str] = set()
    for table in (customer_facts(snapshot), deal_columns(snapshot)):
        column = table.columns.get(fact)
        if isinstance(column, Texts):
            found |= set(column.values)
    return tuple(sorted(found))
