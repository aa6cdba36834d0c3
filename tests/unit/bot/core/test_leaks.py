"""Who may see bands or nothing gets no exact figure, in whatever part of whatever answer.

The figures to look for are taken from the exact answers themselves, so a figure that is added to a
command is looked for without anybody thinking of it.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from bot.core.command import GROSS, GROUP, HOW, Accepts, Command, Permission, discover
from bot.core.reply import Chart, Outcome, Reply, plain_text
from bot.i18n import Localizer
from tests.conftest import Ask, data

BOOK = {
    "c1": ("Alfa Staal", "netwerk", "51234.67", "88123.45"),
    "c2": ("Bravo Hout", "introductie", "41876.23", "33421.98"),
    "c3": ("Charlie Glas", "beurs", "9123.41", "12765.49"),
    "c4": ("Delta Beton", "koude acquisitie", "3456.78", "2876.54"),
    "c5": ("Echo Verf", "", "1789.01", "1432.19"),
}
INVOICES = "invoice_id,date,customer_id,amount\n" + "".join(
    f"{c}-{year},{year}-{month:02}-15,{c},{amount}\n"
    for c, (_n, _s, before, now) in BOOK.items()
    for year, month, amount in ((2024, 1, before), (2025, 9, before), (2026, 9, now))
)
INVOICES += "none,2026-09-15,,4321.99\nlast,2026-10-31,c5,1.23\n"
CUSTOMERS = "customer_id,name,source\n" + "".join(
    f"{c},{name},{source}\n" for c, (name, source, *_amounts) in BOOK.items()
)
DEALS = """deal_id,status,created,customer_id,amount,source,owner
d1,open,2026-09-01,c1,45678.91,netwerk,tester@demo.example
d2,open,2026-09-01,c2,23456.79,beurs,tester@demo.example
d3,open,2026-09-01,,7654.32,beurs,tester@demo.example
d4,open,2026-09-01,,1111.13,website,tester@demo.example
"""
COUNTED = frozenset(
    {"cutoff", "top_share_of_base", "share_of_customers", "introductions_per_100", "usual_gap_days"}
    | {"lift", "lift_ci", "auc", "auc_ci", "brier_skill", "score", "fit"}
    | {"win_probability", "top_client_probability"}
)
"""Figures that count clients, days or conditions: everybody who may ask may see them."""
WITHOUT = frozenset({"status", "conditions"})
"""Commands that show no revenue at all; the conditions are rules, written by the company."""
REVENUE = [c for c in discover() if c.permission is Permission.REVENUE and c.name not in WITHOUT]
FEW = frozenset({"profile", "qualify", "nudges"})
"""Commands whose answers are mostly about other things than revenue."""
SHOWING = [c for c in REVENUE if c.name not in {"profile", "nudges"}]
"""Commands that write revenue in every answer."""
EXPLAINING = [c for c in REVENUE if HOW in c.flags]
EACH = pytest.mark.parametrize("command", REVENUE, ids=lambda c: c.name)


def questions(command: Command) -> list[str]:
    """Every example for each of three clients, over several periods and measures."""
    asked = []
    for example, name in itertools.product(command.examples, ("c1", "c2", "c3")):
        line = example.format(client=name)
        asked += [line, *(f"{line} {f.words[1]}" for f in (GROSS, GROUP) if f in command.flags)]
        if Accepts.PERIOD in command.accepts and not line.endswith(("all", "2025")):
            asked += [f"{line} all", f"{line} 2025"]
    return list(dict.fromkeys(asked))


def numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Every number in something nested, with the key it stands under."""
    match value:
        case bool() | None | Enum():
            return
        case int() | float() | Decimal():
            yield key, float(value)
        case dict():
            for name, each in value.items():
                yield from numbers(each, str(name))
        case list() | tuple() | frozenset() | set():
            for each in value:
                yield from numbers(each, key)
        case _ if dataclasses.is_dataclass(value):
            for part in dataclasses.fields(value):
                yield from numbers(getattr(value, part.name), part.name)


def texts(value: Any) -> Iterator[str]:
    """Every text in something nested, keys of mappings included."""
    match value:
        case str():
            yield value
        case dict():
            for name, each in value.items():
                yield str(name)
                yield from texts(each)
        case list() | tuple() | frozenset() | set():
            for each in value:
                yield from texts(each)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            for part in dataclasses.fields(value):
                yield from texts(getattr(value, part.name))


def secrets_of(exact: Reply) -> set[float]:
    """The figures of an exact answer that stand for money, or for a share of it."""
    return {
        number
        for key, number in numbers(dict(exact.data))
        if key not in COUNTED and abs(number - round(number, 2)) > 1e-9
    } | {
        number
        for _key, number in numbers(dict(exact.data))
        if abs(number) >= 1_000 and number != round(number)
    }


def drawn(exact: Reply) -> set[float]:
    """The points of an exact answer's pictures."""
    points = [
        y
        for chart in exact.elements
        if isinstance(chart, Chart)
        for series in chart.series
        for _x, y in series.points
    ]
    return {y for y in points if abs(y - round(y, 2)) > 1e-9 or abs(y) >= 1_000}


def written(number: float, locale: str) -> set[str]:
    """How a figure is written where it may be seen, and coarser where that still tells it."""
    _ = Localizer(locale)
    if abs(number) > 10_000 or (abs(number) >= 1_000 and number != round(number)):
        forms = {_.money(number, cents=True), _.money(number), _.number(number), f"{number:.2f}"}
    elif abs(number) > 5:
        forms = {_.money(number, cents=True), _.number(number, 2), f"{number:.2f}"}
    else:
        forms = {_.percent(number, 1), _.percent(number, 2), f"{number:.3f}", f"{number:.4f}"}
    return {form.replace("\u00a0", " ") for form in forms}


def holds(text: str, form: str) -> bool:
    """Whether a text has this figure, and not as a part of a longer one."""
    return re.search(rf"(?<![\d.,]){re.escape(form)}(?![\d])", text) is not None


@pytest.fixture
def asks(company: Callable[..., Ask]) -> Callable[[str], Ask]:
    def with_detail(detail: str) -> Ask:
        return company(
            invoices=INVOICES, customers=CUSTOMERS, deals=DEALS, settings={"rep_revenue": detail}
        )

    return with_detail


@EACH
@pytest.mark.parametrize("detail", ["bands", "none"])
async def test_no_exact_figure_anywhere(
    command: Command, detail: str, asks: Callable[[str], Ask]
) -> None:
    ask = asks(detail)
    looked_for = 0
    for locale in ("nl", "en"):
        for line in questions(command):
            exact = await ask(line, role="mt", locale=locale)
            reduced = await ask(line, role="sales", locale=locale)
            assert (exact.outcome, reduced.outcome) == (Outcome.ANSWERED, Outcome.ANSWERED), line
            secrets = secrets_of(exact) | drawn(exact)
            looked_for += len(secrets)
            told = {number for _key, number in numbers(reduced)}
            shown = "\n".join([*texts(reduced), plain_text(reduced)]).replace("\u00a0", " ")
            for secret in secrets:
                close = [n for n in told if abs(n - secret) <= abs(secret) * 1e-6]
                assert not close, (line, secret)
                for form in written(secret, locale):
                    assert not holds(shown, form), (line, secret, form)
    assert command.name in FEW or looked_for > 50  # the search itself works


@pytest.mark.parametrize("command", SHOWING, ids=lambda c: c.name)
async def test_an_exact_answer_does_show_them(command: Command, asks: Callable[[str], Ask]) -> None:
    """What the search above looks for is found where it may be seen."""
    ask = asks("none")
    line = questions(command)[0]
    exact = await ask(line, role="mt", locale="en")
    shown = plain_text(exact)
    found = [s for s in secrets_of(exact) if any(holds(shown, f) for f in written(s, "en"))]
    assert found


@pytest.mark.parametrize("command", EXPLAINING, ids=lambda c: c.name)
@pytest.mark.parametrize("detail", ["bands", "none"])
async def test_how_a_figure_is_made_up_is_refused(
    command: Command, detail: str, asks: Callable[[str], Ask]
) -> None:
    ask = asks(detail)
    for name in ("c1", "c2", "c3"):
        line = command.examples[0].format(client=name)
        reply = await ask(f"{line} how", role="sales")
        assert reply.outcome is Outcome.REFUSED
        assert list(numbers(reply.data)) == []


@EACH
async def test_who_sees_no_revenue_reads_no_amount_and_no_change_of_it(
    command: Command, asks: Callable[[str], Ask]
) -> None:
    ask = asks("none")
    for line in questions(command):
        for locale in ("nl", "en"):
            shown = plain_text(await ask(line, role="sales", locale=locale))
            assert not re.search(r"€\s?-?\d", shown), line
            assert not re.search(r"[▲▼=] ", shown), line
            assert not re.search(r"HHI \d|HHI:? +\d", shown), line


async def test_bands_are_whole_percents_and_the_curve_with_them(
    asks: Callable[[str], Ask],
) -> None:
    reply = await asks("bands")("/pareto", role="sales")
    curve = [point["share_of_revenue"] for point in data(reply)["curve"]]
    assert len(curve) > 3
    assert all(y == round(y, 2) for y in curve)
    (chart,) = [e for e in reply.elements if isinstance(e, Chart)]
    assert [y for _x, y in chart.series[0].points] == curve
    assert all(y == round(y, 2) for _label, _x, y in chart.marks)


async def test_no_curve_for_who_sees_nothing(asks: Callable[[str], Ask]) -> None:
    reply = await asks("none")("/pareto", role="sales")
    assert data(reply)["curve"] == []
    assert not [e for e in reply.elements if isinstance(e, Chart)]


@pytest.mark.parametrize(("detail", "charts"), [("exact", 1), ("bands", 0), ("none", 0)])
async def test_a_clients_history_is_drawn_for_who_sees_amounts_only(
    asks: Callable[[str], Ask], detail: str, charts: int
) -> None:
    reply = await asks(detail)("/client c1", role="sales")
    assert len([e for e in reply.elements if isinstance(e, Chart)]) == charts


@pytest.mark.parametrize(("detail", "together"), [("exact", 3), ("bands", None), ("none", None)])
async def test_how_many_small_clients_make_up_a_large_one_is_exact_too(
    company: Callable[..., Ask], detail: str, together: int | None
) -> None:
    ask = company(
        invoices="date,customer_id,amount\n"
        + "".join(
            f"2026-01-01,{c},{a}\n"
            for c, a in zip("abcdef", (100, 30, 30, 40, 50, -9), strict=True)
        ),
        settings={"rep_revenue": detail},
    )
    reply = await ask("/whatif lose a", role="sales", locale="en")
    assert data(reply)["smallest_clients_together"] == together
    assert ("3 smallest clients" in plain_text(reply)) is (together is not None)
