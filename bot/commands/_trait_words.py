"""Facts and traits in words: what a fact is called, and what of it top clients have more often."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from analytics.snapshot import Snapshot
from bot.commands._framing import channel_name
from bot.i18n import Localizer

if TYPE_CHECKING:
    from analytics.profile import Profile, Trait

YEARS = (1800, 2100)
"""Whole numbers that all lie in here are years, written without grouping."""


def fact_label(_: Localizer, fact: str) -> str:
    """What a fact is called: the usual ones translated, a column of one's own by its name."""
    names = {
        "source": _("Source"),
        "channel": _("Came in by"),
        "segment": _("Sector"),
        "country": _("Country"),
        "region": _("Region"),
        "employees": _("Employees"),
        "amount": _("Amount"),
        "owner": _("Owner"),
        "client": _("Already a client"),
        "years_in_business": _("Years in business"),
        "decision_maker_met": _("Decision maker met"),
        "budget_known": _("Budget known"),
        "price_only": _("On price alone"),
        "delivery_fit": _("Fits what we deliver"),
        "accepts_terms": _("Accepts our terms"),
        "can_grow": _("Can grow"),
        "wants_to_stay": _("Wants to stay"),
        "culture_fits": _("Culture fits"),
        "contract_type": _("Kind of contract"),
        "payment_days": _("Payment term in days"),
    }
    return names.get(fact) or fact.replace("_", " ").capitalize()


def trait_name(_: Localizer, snapshot: Snapshot, found: Profile, trait: Trait) -> str:
    """A trait in a few words: `Sector Bouw`, `Employees 47 to 71`, `Budget known (yes)`."""
    label = fact_label(_, trait.fact)
    if trait.value is None:
        return f"{label} {_band(_, found, trait)}"
    if trait.value in {"yes", "no"}:
        answer = _("yes") if trait.value == "yes" else _("no")
        return f"{label} ({answer})"
    return f"{label} {_value(_, snapshot, trait)}"


def trait_sentence(_: Localizer, name: str, trait: Trait) -> str:
    """How many top clients have a trait, against how many others, and how sure that is."""
    counted = _.n(
        "{name}: {top} of {n} top client, against {others} of the {others_known} others",
        "{name}: {top} of {n} top clients, against {others} of the {others_known} others",
        trait.top_known,
        name=name,
        top=_.number(trait.top),
        others=_.number(trait.others),
        others_known=_.number(trait.others_known),
    )
    if trait.lift is None or trait.lift_ci is None:
        return counted + "."
    low, high = trait.lift_ci
    return counted + _(
        "; {lift} times as often ({low} to {high}).",
        lift=times(_, trait.lift),
        low=times(_, low),
        high=times(_, high),
    )


def within(name: str) -> str:
    """A name as it stands within a sentence; abbreviations keep their capitals."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def times(_: Localizer, lift: float) -> str:
    """How many times as often, in two figures or so."""
    return _.number(lift, 0 if lift >= 9.95 else 1 if lift >= 0.95 else 2)


def figure(_: Localizer, found: Profile, fact: str, value: float) -> str:
    """A number of a fact as its column writes it: a year plain, the rest grouped."""
    whole, year = _writing(found, fact)
    if year:
        return str(int(value))
    return _.number(value, 0 if whole or value == int(value) else 2)


def _band(_: Localizer, found: Profile, trait: Trait) -> str:
    whole, _year = _writing(found, trait.fact)
    if trait.low is None:
        high = 0.0 if trait.high is None else trait.high
        return _("up to {high}", high=figure(_, found, trait.fact, high))
    if trait.high is None:
        return _("over {low}", low=figure(_, found, trait.fact, trait.low))
    # A band begins above its lower edge: of whole numbers that is the next one.
    first = figure(_, found, trait.fact, trait.low + 1 if whole else trait.low)
    last = figure(_, found, trait.fact, trait.high)
    return first if first == last else _("{low} to {high}", low=first, high=last)


def _writing(found: Profile, fact: str) -> tuple[bool, bool]:
    """Whether a fact's numbers are whole, and whether they are years."""
    column = found.facts.columns[fact]
    if not isinstance(column, np.ndarray):  # texts
        return False, False
    there = column[~np.isnan(column)]
    whole = bool((there == np.floor(there)).all())
    year = bool(whole and there.size and there.min() >= YEARS[0] and there.max() <= YEARS[1])
    return whole, year


def _value(_: Localizer, snapshot: Snapshot, trait: Trait) -> str:
    value = str(trait.value)
    if trait.fact == "channel":
        return channel_name(_, value)
    return spellings(snapshot, trait.fact).get(value, value)


def spellings(snapshot: Snapshot, fact: str) -> dict[str, str]:
    """How the data most often writes each value of a fact, by the value as it is compared."""
    return snapshot.cached(("spelling", fact), lambda: _spellings(snapshot, fact))


def _spellings(snapshot: Snapshot, fact: str) -> dict[str, str]:
    from analytics.winmodel.facts import canonical

    counts: Counter[str] = Counter()
    for frame in (snapshot.customers, snapshot.deals):
        if fact in frame:
            counts.update(str(v) for v in frame[fact].dropna())
    out: dict[str, str] = {}
    for written, _n in sorted(counts.items(), key=lambda i: (-i[1], i[0])):
        out.setdefault(canonical(written) or "", " ".join(written.split()))
    return out
