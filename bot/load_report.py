"""What a load did, as a Reply: rows accepted, rows put aside and why, columns chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.reply import Context, Element, Reply, Section, Table, TableColumn, Tone
from bot.i18n import Localizer

if TYPE_CHECKING:
    from analytics.loading import LoadSummary, TableSummary


def report(summary: LoadSummary, locale: str) -> Reply:
    """Tell what was loaded."""
    _ = Localizer(locale, summary.home_currency)
    elements: list[Element] = [Section(_("Loaded"), Tone.TITLE)]
    for table in summary.tables:
        elements += _table(table, _)
    state = (
        _("In force as version {version}.", version=summary.version)
        if summary.changed
        else _("Nothing changed; version {version} stays in force.", version=summary.version)
    )
    return Reply((*elements, Section(state)), locale=locale)


def _table(table: TableSummary, _: Localizer) -> list[Element]:
    name = f"{table.table} · {table.file}"
    if table.skipped_as_known:
        return [Section(_("{name}: the same file is loaded already.", name=name), Tone.HEADLINE)]
    line = _.n("{name}: {n} row accepted", "{name}: {n} rows accepted", table.accepted, name=name)
    if table.replaced:
        line += _(", {count} earlier rows replaced", count=_.number(table.replaced))
    if table.first_date and table.last_date:
        line += _(
            ", {first} to {last}", first=_.date(table.first_date), last=_.date(table.last_date)
        )
    out: list[Element] = [Section(line + ".", Tone.HEADLINE)]
    if table.equal_lines:
        out.append(
            Section(
                _.n(
                    "{n} line equals another in the file; kept, since it can be real.",
                    "{n} lines equal another in the file; kept, since they can be real.",
                    table.equal_lines,
                )
            )
        )
    if table.future_lines:
        out.append(
            Section(
                _.n(
                    "{n} line is dated after today; it is left out of the last 12 months.",
                    "{n} lines are dated after today; they are left out of the last 12 months.",
                    table.future_lines,
                ),
                Tone.WARNING,
            )
        )
    if table.quarantined:
        out.append(
            Section(
                _.n(
                    "{n} row put aside, with its reason, in {file}",
                    "{n} rows put aside, with their reasons, in {file}",
                    table.quarantined,
                    file=table.quarantine_file,
                ),
                Tone.WARNING,
            )
        )
        out += [
            Context(
                _(
                    "{count} x {reason} (first: line {line})",
                    count=_.number(reason.count),
                    reason=_(reason.message, **reason.params),
                    line=reason.first_line,
                )
            )
            for reason in table.reasons
        ]
    heads = (_("Column"), _("From"), _("Example"), _("Read as"))
    columns = tuple(TableColumn(head) for head in heads)
    rows = tuple(
        (
            choice.column,
            choice.header or _("constant"),
            choice.sample_raw
            if choice.sample_raw == choice.sample_parsed
            else f"{choice.sample_raw} → {choice.sample_parsed}",
            _(choice.note.message, **choice.note.params) if choice.note else "",
        )
        for choice in table.columns
    )
    out.append(Table(columns, rows))
    out += [Context(_(note.message, **note.params)) for note in table.notes]
    if table.facts:
        out.append(Context(_("Kept as facts: {names}", names=", ".join(table.facts))))
    if table.unused:
        out.append(Context(_("Not used: {names}", names=", ".join(table.unused))))
    return out
