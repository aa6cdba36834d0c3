"""Conditions in words: what each asks for, where they come from, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics.errors import NoDataError
from bot.core.conditions import How
from bot.core.reply import Fields, Section, Table, TableColumn, Tone
from bot.i18n import N_, Localizer

if TYPE_CHECKING:
    from analytics.ballotage.conditions import Condition, Conditions
    from bot.core.conditions import Current, Entry
    from bot.core.request import Request
    from bot.core.services import Services

HOWS = {
    How.IMPORT: N_("imported"),
    How.CHAT: N_("changed in the chat"),
    How.HAND: N_("edited by hand"),
    How.RESTORE: N_("put back"),
}
PRINCIPLES = {
    "client-is-no-king": N_("The client is no king"),
    "pareto": N_("Pareto"),
    "culture-first": N_("Culture first"),
}
COUNTS = {
    "decline": N_("must, else decline"),
    "waitlist": N_("must, else waiting list"),
    "should": N_("counts, weight {weight}"),
}


def warnings(_: Localizer, found: Current) -> list[Section]:
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


def standing(condition: Condition) -> str:
    """What a condition is in one word: decline, waitlist or should."""
    return condition.on_miss.value if condition.on_miss else condition.level.value


def counts(_: Localizer, condition: Condition) -> str:
    """What missing it means, or what it weighs."""
    return _(COUNTS[standing(condition)], weight=weight(_, condition.weight))


def weight(_: Localizer, value: float) -> str:
    """A weight with the decimals it has."""
    return _.number(value, 0 if float(value).is_integer() else 1)


def ordered(conditions: Conditions) -> list[Condition]:
    """Musts first, the heaviest on top."""
    place = {"decline": 0, "waitlist": 1, "should": 2}
    return sorted(conditions.items, key=lambda c: (place[standing(c)], -c.weight * (not c.must)))


def listing(_: Localizer, conditions: Conditions) -> Fields:
    """Every condition: what it counts for, when it is met, what it rests on, its id."""
    return Fields(
        tuple(
            (
                c.title[_.locale],
                " · ".join(
                    (
                        counts(_, c),
                        " ".join(c.written.split()),
                        _(PRINCIPLES[c.principle]),
                        f"[{c.id}]",
                    )
                ),
            )
            for c in ordered(conditions)
        )
    )


def origin(_: Localizer, request: Request, services: Services, entry: Entry | None) -> str:
    """How, when and by whom a version came about."""
    if entry is None:
        return _("the ten you start with")
    parts = [_(HOWS[entry.how]), _.moment(entry.at, request.principal.time_zone)]
    if entry.by:
        parts.append(_("by {name}", name=name_of(services, entry.by)))
    return ", ".join(parts)


def name_of(services: Services, user: str) -> str:
    """A person's name where the people table has one, else what they are known by."""
    try:
        people = services.snapshots.current().people
    except NoDataError:
        return user
    found = people.loc[people["user"].astype(str).str.lower() == user.lower(), "name"]
    return str(found.iat[0]) if len(found) and isinstance(found.iat[0], str) else user


def differences(before: Conditions, after: Conditions) -> list[dict[str, Any]]:
    """What changed between two versions: condition, key, before and after; None where absent."""
    old, new = ({c.id: _said(c) for c in each.items} for each in (before, after))
    out: list[dict[str, Any]] = [
        {"id": name, "key": key, "before": mine.get(key), "after": theirs.get(key)}
        for name in dict.fromkeys((*old, *new))
        for mine, theirs in [(old.get(name, {}), new.get(name, {}))]
        for key in ("id", "level", "on_miss", "weight", "when")
        if mine.get(key) != theirs.get(key)
    ]
    if before.fit_weight != after.fit_weight:
        weights = {"before": before.fit_weight, "after": after.fit_weight}
        out.append({"id": None, "key": "fit_weight", **weights})
    return out


def _said(condition: Condition) -> dict[str, Any]:
    return {
        "id": condition.id,
        "level": condition.level.value,
        "on_miss": condition.on_miss.value if condition.on_miss else None,
        "weight": None if condition.must else condition.weight,
        "when": " ".join(condition.written.split()),
    }


def changes_table(_: Localizer, found: list[dict[str, Any]]) -> Table:
    """What changed, before and after."""

    def shown(value: Any) -> str:
        if value is None:
            return "–"
        return weight(_, value) if isinstance(value, float) else str(value)

    columns = tuple(TableColumn(_(t)) for t in (N_("Id"), N_("What"), N_("Before"), N_("After")))
    rows = tuple((c["id"] or "", c["key"], shown(c["before"]), shown(c["after"])) for c in found)
    return Table(columns, rows)


def plain(found: Current, may_change: bool) -> dict[str, Any]:
    """The conditions in force as data."""
    conditions, entry = found.conditions, found.entry
    return {
        "version": conditions.version,
        "how": entry.how.value if entry else None,
        "at": entry.at.isoformat() if entry else None,
        "by": entry.by or None if entry else None,
        "problems": [str(p) for p in found.problem.problems] if found.problem else [],
        "gone": list(found.gone),
        "may_change": may_change,
        "fit_weight": conditions.fit_weight,
        "conditions": [
            _said(c)
            | {
                "title": dict(c.title),
                "ask": dict(c.ask),
                "principle": c.principle,
                "card": c.card or None,
                "facts": list(conditions.plain_facts(c.when)),
            }
            for c in ordered(conditions)
        ],
    }
