"""What the results of the pulse say, in data, words, a table and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot import pulse as culture
from bot.core.reply import Chart, Series, Table, TableColumn
from bot.i18n import Localizer
from bot.weeks import monday, number, shifted

if TYPE_CHECKING:
    from bot.storage.pulse import ClosedWeek

ROUND = len(culture.THEMES)
"""Weeks in which every question is asked once."""


def week(closed: ClosedWeek) -> dict[str, Any]:
    """A closed week as data."""
    return {
        "week": closed.week,
        "start": monday(closed.week),
        "theme": closed.theme,
        "mean": closed.mean,
        "bound": closed.bound.upper(),
        "answers_at_least": closed.answers_at_least,
    }


def row(theme: culture.Theme, weeks: list[ClosedWeek]) -> dict[str, Any]:
    """The newest result of a theme and the one before; a change only where both are exact."""
    own = [each for each in weeks if each.theme == theme.id]
    now = own[-1] if own else None
    before = own[-2] if len(own) > 1 else None
    change = None
    if now and before and now.bound == before.bound == "exact":
        change = round(now.mean - before.mean, 1)
    return {
        "theme": theme.id,
        "latest": week(now) if now else None,
        "previous": week(before) if before else None,
        "change": change,
        "leave_share": theme.leave_share,
    }


def headline(_: Localizer, rows: list[dict[str, Any]]) -> str:
    """The theme that scores lowest, and how many people leave over it."""
    known = [row for row in rows if row["latest"]]
    if not known:
        return _("There are no results yet: a week shows once it is over and five people answered.")
    # Of equals, the one over which most people leave.
    worst = min(known, key=lambda row: (row["latest"]["mean"], -(row["leave_share"] or 0)))
    name = _(_theme(worst["theme"]).name)
    said = _(
        "Lowest is {theme}: {mean} of 5 in week {week}.",
        theme=name,
        mean=_mean(_, worst["latest"]),
        week=number(worst["latest"]["week"]),
    )
    if worst["leave_share"] is None:
        return said
    share = _.percent(worst["leave_share"])
    return f"{said} " + _("In the study {share} name it as a reason to leave.", share=share)


def table(_: Localizer, rows: list[dict[str, Any]]) -> Table:
    """Each theme beside its yardstick."""
    columns = (
        TableColumn(_("About")),
        TableColumn(_("Mean (1 to 5)"), "right"),
        TableColumn(_("Change"), "right"),
        TableColumn(_("Week"), "right"),
        TableColumn(_("Answers"), "right"),
        TableColumn(_("Reason to leave"), "right"),
    )
    cells = []
    for row in rows:
        now = row["latest"]
        share = "–" if row["leave_share"] is None else _.percent(row["leave_share"])
        cells.append(
            (
                _(_theme(row["theme"]).name).capitalize(),
                _mean(_, now) if now else "–",
                _change(_, row["change"]),
                str(number(now["week"])) if now else "–",
                _("{least} to {most}", least=now["answers_at_least"],
                  most=now["answers_at_least"] + 4) if now else "–",
                share,
            )
        )  # fmt: skip
    return Table(columns, tuple(cells))


def chart(_: Localizer, recent: list[ClosedWeek], weeks: list[ClosedWeek]) -> Chart | None:
    """Each week's mean and, where enough questions were asked, the mean over the last round.

    Each week asks something else, so only the latter is a trend. None below two weeks.
    """
    running = {each.week: _running(each.week, weeks) for each in recent}
    known = {week: mean for week, mean in running.items() if mean is not None}
    trend = len(known) > 1
    drawn = [each for each in recent if each.week in known] if trend else recent
    if len(drawn) < 2:
        return None
    single = Series(
        _("Question of the week"),
        tuple((monday(each.week).isoformat(), each.mean) for each in drawn),
    )
    lines: tuple[Series, ...] = (single,)
    if trend:
        points = tuple((monday(week).isoformat(), mean) for week, mean in known.items())
        lines = (Series(_("Last six questions"), points), single)
    before, now = lines[0].points[0][1], lines[0].points[-1][1]
    between = {
        "first": number(drawn[0].week),
        "last": number(drawn[-1].week),
        "before": _.number(before, 1),
        "now": _.number(now, 1),
    }
    alt = (
        _(
            "From week {first} to week {last} the mean of the last six questions went from "
            "{before} to {now}.",
            **between,
        )
        if trend
        else _(
            "Week {first}: {before}, week {last}: {now}; each week asks something else.", **between
        )
    )
    return Chart(
        "weeks",
        _("Pulse per week, scale 1 to 5"),
        alt,
        _("Week of"),
        _("Mean (1 to 5)"),
        lines,
        span=(1.0, 5.0),
    )


def _running(week: str, weeks: list[ClosedWeek]) -> float | None:
    """The mean over the last round; None with less than half of its questions."""
    first = shifted(week, 1 - ROUND)
    means = [each.mean for each in weeks if first <= each.week <= week]
    return round(sum(means) / len(means), 2) if 2 * len(means) >= ROUND else None


def _mean(_: Localizer, week: dict[str, Any]) -> str:
    text = _.number(week["mean"], 1)
    if week["bound"] == "AT_MOST":
        return _("{mean} or lower", mean=text)
    if week["bound"] == "AT_LEAST":
        return _("{mean} or higher", mean=text)
    return text


def _change(_: Localizer, change: float | None) -> str:
    if change is None:
        return ""
    if change == 0:
        return "="
    sign = "▲ +" if change > 0 else "▼ \u2212"
    return sign + _.number(abs(change), 1)


def _theme(theme_id: str) -> culture.Theme:
    return next(each for each in culture.THEMES if each.id == theme_id)
