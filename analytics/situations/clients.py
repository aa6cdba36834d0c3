"""Situations of clients: silence, weight, coming and going."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np

from analytics.ars import introductions
from analytics.pareto import DEPENDENT_SHARE, FEWEST_TO_JUDGE, TopClients
from analytics.situations.finding import (
    Audience,
    Figure,
    Finding,
    Mood,
    Rule,
    bounded,
    change,
    count,
    date,
    days,
    money,
    share,
    text,
)
from analytics.situations.view import View, day_of
from analytics.snapshot import from_epoch, to_epoch

HALF_YEAR = 26
STEEPER = 0.03
SWING_UP, SWING_DOWN = 1.5, 0.6
LEAST_WEIGHT = 0.005
"""Share of revenue below which a swing is noise."""
LEAST_GAIN = 0.006
"""What a quarter must have gained, as a share of a year's revenue, to be worth a word."""
LOYAL_YEARS = 2
FRESH_DAYS = 14


def weight(view: View, reading: TopClients, code: int) -> dict[str, Figure]:
    """What every nudge about a client says of it."""
    rank = reading.rank(code)
    return {
        "client": text(view.snapshot.name(code)),
        "revenue": money(int(reading.revenue.amount[code])),
        "share": share(reading.share(code) or 0.0),
        "rank": count(rank or 0),
        "customers": count(reading.customers),
    }


def gap_of(view: View, subject: str) -> float | None:
    """Days since the client's last invoice."""
    code = view.code(subject)
    rhythm = view.rhythms.get(code) if code is not None else None
    return None if rhythm is None else float(rhythm.gap)


def share_of(view: View, subject: str) -> float | None:
    """The client's share of the last 12 months' revenue."""
    code, reading = view.code(subject), view.reading
    return None if code is None or reading is None else reading.share(code)


def revenue_of(view: View, subject: str) -> float | None:
    """The client's revenue of the last 12 months, 1/10,000 units."""
    code, reading = view.code(subject), view.reading
    return None if code is None or reading is None else float(reading.revenue.amount[code])


def _quiet(view: View) -> Iterator[Finding]:
    reading = view.reading
    if reading is None:
        return
    top = set(reading.top.tolist())
    for code, rhythm in view.rhythms.items():
        wanted = view.owns(code) and reading.revenue.amount[code] > 0 if view.names else code in top
        if not (rhythm.quiet and wanted) or rhythm.usual_gap is None or not rhythm.quiet_after:
            continue
        part = reading.share(code) or 0.0
        late = min(1.0, rhythm.gap / rhythm.quiet_after - 1)
        yield Finding(
            "own-client-quiet" if view.names else "top-client-quiet",
            view.snapshot.customer_id(code),
            bounded((0.45 if view.names else 0.6) + 1.5 * part + 0.1 * late),
            float(rhythm.gap),
            view.data_date,
            {
                **weight(view, reading, code),
                "gap": days(rhythm.gap),
                "usual": days(rhythm.usual_gap),
                "last": date(rhythm.last),
            },
        )


def _back(view: View) -> Iterator[Finding]:
    reading, before = view.reading, view.ago(4)
    if reading is None:
        return
    top = set(reading.top.tolist())
    for code, then in before.rhythms.items():
        now = view.rhythms.get(code)
        if now is None or not then.quiet or now.quiet or now.last <= then.last or code not in top:
            continue
        if (view.data_date - now.last).days > FRESH_DAYS:
            continue
        yield Finding(
            "top-client-back",
            view.snapshot.customer_id(code),
            0.35,
            float(now.gap),
            view.data_date,
            {
                **weight(view, reading, code),
                "last": date(now.last),
                "before": date(then.last),
                "silent": days((now.last - then.last).days),
            },
        )


def _steeper(view: View) -> Iterator[Finding]:
    reading, before = view.reading, view.ago(HALF_YEAR)
    earlier = before.reading
    if reading is None or earlier is None or not view.reaches_back(540):
        return
    now, then = reading.top5_share, earlier.top5_share
    if now is None or then is None or reading.positive_customers < FEWEST_TO_JUDGE:
        return
    if now - then < STEEPER:
        return
    yield Finding(
        "concentration-rising",
        "",
        bounded(0.45 + 3 * (now - then)),
        now,
        view.data_date,
        {"now": share(now), "then": share(then), "date": date(before.data_date)},
    )


def _top5(view: View, _: str) -> float | None:
    return view.reading.top5_share if view.reading else None


def _heavy(view: View) -> Iterator[Finding]:
    reading = view.reading
    if reading is None or not len(reading.order) or not view.in_season(1):
        return
    part, code = reading.largest_share, int(reading.order[0])
    if part is None or part < DEPENDENT_SHARE:
        return
    yield Finding(
        "largest-client-heavy",
        view.snapshot.customer_id(code),
        bounded(0.4 + 1.2 * part),
        part,
        view.data_date,
        weight(view, reading, code),
    )


def _newcomers(view: View) -> Iterator[Finding]:
    reading = view.reading
    was, long_ago = view.ago(4).reading, view.ago(HALF_YEAR).reading
    if reading is None or was is None or long_ago is None:
        return
    known = set(was.top.tolist()) | set(long_ago.top.tolist())
    for code in reading.top.tolist():
        if code in known:
            continue
        yield Finding(
            "new-top-client",
            view.snapshot.customer_id(code),
            bounded(0.5 + (reading.share(code) or 0.0)),
            float(reading.revenue.amount[code]),
            view.data_date,
            weight(view, reading, code) | {"top": count(reading.top_count)},
        )


def _leavers(view: View) -> Iterator[Finding]:
    reading, before = view.reading, view.ago(4)
    was = before.reading
    if reading is None or was is None:
        return
    for code in was.top.tolist():
        rank, amount = reading.rank(code), int(reading.revenue.amount[code])
        if code in set(reading.top.tolist()) or amount >= int(was.revenue.amount[code]):
            continue  # pushed out by others while it grew is no loss
        yield Finding(
            "top-client-lost",
            view.snapshot.customer_id(code),
            bounded(0.5 + (was.share(code) or 0.0)),
            float(amount),
            view.data_date,
            {
                "client": text(view.snapshot.name(code)),
                "now": money(amount),
                "then": money(int(was.revenue.amount[code])),
                "date": date(before.data_date),
                "rank": count(rank or 0),
                "old_rank": count(was.rank(code) or 0),
            },
        )


def _swing(view: View, code: int) -> tuple[int, int]:
    """Revenue of the last 13 weeks, and of the same 13 weeks a year earlier."""
    return int(view.revenue(91)[code]), int(view.revenue(455, 364)[code])


def _rising(view: View) -> Iterator[Finding]:
    yield from _swings(view, "client-rising", up=True)


def _shrinking(view: View) -> Iterator[Finding]:
    yield from _swings(view, "top-client-shrinking", up=False)


def _swings(view: View, situation: str, *, up: bool) -> Iterator[Finding]:
    """Clients whose quarter differs much from a year ago, and did not four weeks earlier."""
    reading = view.reading
    if reading is None or reading.total <= 0 or not view.reaches_back(455):
        return
    before = view.ago(4)
    now, then = view.revenue(91), view.revenue(455, 364)
    earlier, its_then = before.revenue(91), before.revenue(455, 364)
    top = set(reading.top.tolist())
    found = []
    for code in np.flatnonzero(then > 0).tolist():
        ratio = now[code] / then[code]
        was = earlier[code] / its_then[code] if its_then[code] > 0 else None
        matters = reading.share(code) or 0.0
        if up:
            holds = ratio >= SWING_UP and (was is None or was < SWING_UP)
            holds = holds and matters >= LEAST_WEIGHT
            holds = holds and (now[code] - then[code]) / reading.total >= LEAST_GAIN
        else:
            holds = ratio <= SWING_DOWN and (was is None or was > SWING_DOWN)
            rhythm = view.rhythms.get(code)
            # A silent one has a situation of its own.
            holds = holds and code in top and not (rhythm and rhythm.quiet)
        if holds:
            found.append((abs(int(now[code]) - int(then[code])), code))
    for difference, code in sorted(found, key=lambda pair: (-pair[0], pair[1]))[:3]:
        effect = 4 * difference / reading.total
        yield Finding(
            situation,
            view.snapshot.customer_id(code),
            bounded((0.4 if up else 0.5) + min(0.3, effect)),
            now[code] / then[code] - 1,
            view.data_date,
            {
                **weight(view, reading, code),
                "now": money(int(now[code])),
                "then": money(int(then[code])),
                "change": change(now[code] / then[code] - 1),
                "start": date(view.data_date - dt.timedelta(days=90)),
            },
        )


def _swing_of(view: View, subject: str) -> float | None:
    code = view.code(subject)
    if code is None:
        return None
    now, then = _swing(view, code)
    return now / then - 1 if then > 0 else None


def _unowned(view: View) -> Iterator[Finding]:
    reading = view.reading
    if reading is None:
        return
    owner = view.snapshot.customers["owner"]
    if not owner.notna().any():
        return  # nobody is noted for anyone: that is a missing column, not a lonely client
    for code in reading.top.tolist():
        if view.snapshot.text("owner", code) is None and view.in_season(code):
            yield Finding(
                "top-client-without-owner",
                view.snapshot.customer_id(code),
                bounded(0.45 + (reading.share(code) or 0.0)),
                float(reading.revenue.amount[code]),
                view.data_date,
                weight(view, reading, code),
            )


def _anniversary(view: View) -> Iterator[Finding]:
    reading = view.reading
    if reading is None:
        return
    for code in reading.top.tolist():
        rhythm, first = view.rhythms.get(code), _since(view, code)
        if first is None or rhythm is None or rhythm.quiet:
            continue
        day = _this_years(first, view.day)
        years = day.year - first.year
        if years < LOYAL_YEARS or not 0 <= (day - view.day).days < 7:
            continue
        yield Finding(
            "anniversary",
            view.snapshot.customer_id(code),
            bounded(0.38 + (0.12 if years % 5 == 0 else 0.0)),
            float(reading.revenue.amount[code]),
            view.data_date,
            weight(view, reading, code)
            | {"years": count(years), "since": date(first), "day": date(day)},
        )


def _this_years(first: dt.date, today: dt.date) -> dt.date:
    """The next anniversary from today on; of 29 February the 28th."""
    for year in (today.year, today.year + 1):
        try:
            day = first.replace(year=year)
        except ValueError:
            day = first.replace(year=year, day=28)
        if day >= today:
            return day
    return day


def _since(view: View, code: int) -> dt.date | None:
    """The noted first day of a client."""
    return day_of(view.snapshot.cell("since", code))


def _introduced(view: View) -> Iterator[Finding]:
    """A first invoice of a client that another client brought in."""
    scope, reading = view.scope, view.reading
    if scope is None or reading is None:
        return
    new = introductions(scope)
    if new is None:
        return
    first, end = scope.first_day(), to_epoch(view.data_date)
    referrer = view.snapshot.customers["referrer"].to_numpy()
    for code in np.flatnonzero(new & (first > end - FRESH_DAYS)).tolist():
        by = int(referrer[code])
        brought = int(((referrer == by) & (first <= end)).sum())
        yield Finding(
            "introduction-landed",
            view.snapshot.customer_id(code),
            0.5,
            float(new.sum()),
            view.data_date,
            {
                "client": text(view.snapshot.name(code)),
                "introducer": text(view.snapshot.name(by)),
                "first": date(from_epoch(int(first[code]))),
                "brought": count(brought),
                "year": count(int(new.sum())),
            },
        )


def _introductions(view: View, _: str) -> float | None:
    scope = view.scope
    new = introductions(scope) if scope else None
    return None if new is None else float(new.sum())


def _stale(view: View) -> Iterator[Finding]:
    if view.scope is None:
        return
    age = (view.day - view.data_date).days
    if age > FRESH_DAYS:
        yield Finding(
            "data-stale",
            "",
            bounded(0.35 + age / 100),
            float(age),
            view.data_date,
            {"age": days(age), "last": date(view.data_date)},
        )


def _age(view: View, _: str) -> float | None:
    return float((view.day - view.data_date).days) if view.scope else None


MT, SALES = Audience.MT, Audience.SALES
RULES = (
    Rule("top-client-quiet", MT, Mood.RISK, "days", True, _quiet, gap_of),
    Rule("own-client-quiet", SALES, Mood.RISK, "days", True, _quiet, gap_of),
    Rule("top-client-back", MT, Mood.JOY, "days", True, _back, gap_of),
    Rule("concentration-rising", MT, Mood.RISK, "share", True, _steeper, _top5),
    Rule("largest-client-heavy", MT, Mood.RISK, "share", True, _heavy, share_of),
    Rule("new-top-client", MT, Mood.JOY, "money", False, _newcomers, revenue_of),
    Rule("top-client-lost", MT, Mood.RISK, "money", False, _leavers, revenue_of),
    Rule("client-rising", MT, Mood.CHANCE, "change", False, _rising, _swing_of),
    Rule("top-client-shrinking", MT, Mood.RISK, "change", False, _shrinking, _swing_of),
    Rule("top-client-without-owner", MT, Mood.RISK, "money", None, _unowned, revenue_of),
    Rule("anniversary", MT, Mood.JOY, "money", False, _anniversary, revenue_of),
    Rule("introduction-landed", MT, Mood.JOY, "count", False, _introduced, _introductions),
    Rule("data-stale", MT, Mood.RISK, "days", True, _stale, _age),
)
