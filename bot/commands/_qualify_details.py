"""Everything behind a verdict: each condition, each fact and its origin, what moves the chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.commands._framing import Frame
from bot.commands._qualify_facts import value_text
from bot.commands._qualify_outlook import chances
from bot.commands._qualify_words import counts, reason, title, verdict_word, why_met
from bot.commands._trait_words import fact_label
from bot.core.reply import Context, Element, Reply, Section, Table, TableColumn, Tone

if TYPE_CHECKING:
    from analytics.qualify import Assessment

INFLUENCES = 5


def details(frame: Frame, found: Assessment, data: dict[str, Any]) -> Reply:
    """The long answer, after 'more'."""
    _ = frame._
    elements: list[Element] = [
        title(_, found),
        Section(reason(_, found), Tone.HEADLINE),
        Section(counts(_, found)),
        _conditions(frame, found),
        _facts(frame, found),
    ]
    if found.changes:
        elements.append(_changes(frame, found))
    if chance := chances(frame, found):
        elements.append(Section(chance))
    if (moved := _influences(frame, found)) is not None:
        elements.append(moved)
    elements.append(
        Context(
            _(
                "Score: 100 times the weighted share of the shoulds that are met, what is not known "
                "for a half, together with the fit to the profile (weight {weight}). From 60 a "
                "prospect that misses no must is let in. The chance of winning plays no part.",
                weight=_.number(found.conditions.fit_weight, 0),
            )
        )
    )
    elements.append(
        Context(
            _(
                "Conditions {version}; profile over {period}.",
                version=found.conditions.version,
                period=frame.period_text,
            )
        )
    )
    return Reply(tuple(elements), data, as_of=frame.scope.end)


def _conditions(frame: Frame, found: Assessment) -> Table:
    _ = frame._
    words = {True: _("met"), False: _("missed"), None: _("not known")}
    rows = []
    for finding in sorted(found.judgement.findings, key=lambda f: not f.condition.must):
        one = finding.condition
        level = (
            _("must") if one.must else _("should, weight {weight}", weight=_.number(one.weight, 0))
        )
        rows.append((one.title[_.locale], level, words[finding.met], why_met(frame, found, one)))
    heads = (_("Condition"), _("Level"), _("Result"), _("Rests on"))
    return Table(tuple(TableColumn(h) for h in heads), tuple(rows), caption=_("Conditions"))


def _facts(frame: Frame, found: Assessment) -> Table:
    _ = frame._
    words = {
        "customer": _("customers file"),
        "deal": _("deal {id}", id=found.prospect.deal_id(frame.snapshot)),
        "told": _("told earlier"),
        "typed": _("told now"),
    }
    rows = tuple(
        (
            fact_label(_, name),
            value_text(_, frame.figures, name, value, frame.snapshot),
            words[found.prospect.origins[name].value],
        )
        for name, value in sorted(found.prospect.facts.items())
    )
    heads = (_("Fact"), _("Value"), _("From"))
    return Table(tuple(TableColumn(h) for h in heads), rows, caption=_("Facts"))


def _changes(frame: Frame, found: Assessment) -> Table:
    _ = frame._
    rows = tuple(
        (
            fact_label(_, c.fact),
            value_text(_, frame.figures, c.fact, c.value, frame.snapshot),
            verdict_word(_, c.verdict),
        )
        for c in found.changes
    )
    heads = (_("Fact"), _("If it is"), _("Verdict"))
    return Table(
        tuple(TableColumn(h) for h in heads), rows, caption=_("What would change the verdict")
    )


def _influences(frame: Frame, found: Assessment) -> Table | None:
    _ = frame._
    if found.win is None:
        return None
    on = found.prospect.created(frame.snapshot) or frame.scope.end
    facts = {**found.prospect.facts, "client": found.judgement.facts.get("client")}
    moved = [i for i in found.model.influences(facts, on) if i.known][:INFLUENCES]
    if not moved:
        return None
    rows = tuple(
        (
            fact_label(_, i.fact),
            value_text(_, frame.figures, i.fact, facts.get(i.fact, "–"), frame.snapshot),
            _("raises the chance") if i.log_odds > 0 else _("lowers the chance"),
            f"{'+' if i.log_odds > 0 else '−'}{_.number(abs(i.log_odds), 2)}",
        )
        for i in moved
    )
    columns = (
        TableColumn(_("Fact")),
        TableColumn(_("Value")),
        TableColumn(_("What it does")),
        TableColumn(_("Log-odds"), "right"),
    )
    return Table(columns, rows, caption=_("What moves the chance of winning"))
