"""How answers word a count of one, an amount that is not known, a day, and a client's start."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest

from bot.core.command import HOW, Permission, discover
from bot.core.reply import Outcome, Section, Tone, plain_text
from tests.conftest import Ask, data, over
from tests.snapshots import make

D = dt.date
COMMANDS = [c for c in discover() if c.permission is Permission.REVENUE]
PLURALS = (
    r"customers|clients|lines|days|rows|deals|invoices|points|"
    r"klanten|topklanten|regels|rijen|dagen|facturen|nieuwe klanten"
)
ONE = """invoice_id,date,customer_id,amount
1,2026-01-01,a,100
2,2026-01-02,,10
3,2027-01-01,a,5
4,geen datum,a,5
"""
BOOKED_DEALS = "deal_id,status,created,customer_id,amount,source\n1,open,2026-01-01,a,{},beurs\n"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
@pytest.mark.parametrize("locale", ["nl", "en"])
async def test_one_is_no_plural(command: object, locale: str, company: Callable[..., Ask]) -> None:
    ask = company(
        invoices=ONE,
        customers="customer_id,name,source\na,Alfa,beurs\n",
        deals=BOOKED_DEALS.format(50),
    )
    for example in command.examples:  # type: ignore[attr-defined]
        line = example.format(client="a")
        for text in (line, f"{line} how" if HOW in command.flags else line):  # type: ignore[attr-defined]
            reply = await ask(text, locale=locale)
            assert reply.outcome is Outcome.ANSWERED, text
            found = re.search(rf"(?<![\d.,])1 ({PLURALS})\b", plain_text(reply))
            assert not found, (text, found)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", ("1 line is dated after today", "1 row was put aside")),
        ("nl", ("1 regel heeft een datum", "1 rij is ")),
    ],
)
async def test_status_counts_one(
    locale: str, words: tuple[str, ...], company: Callable[..., Ask]
) -> None:
    shown = plain_text(await company(invoices=ONE)("/status", locale=locale))
    assert [w for w in words if w not in shown] == []


@pytest.mark.parametrize(
    ("locale", "one", "many"),
    [
        ("en", "1 invoiced customer", "2 invoiced customers"),
        ("nl", "1 gefactureerde klant", "2 gefactureerde klanten"),
    ],
)
async def test_the_base_counts_one_and_two(
    locale: str, one: str, many: str, company: Callable[..., Ask]
) -> None:
    single = company(invoices="date,customer_id,amount\n2026-01-01,a,5\n")
    pair = company(invoices="date,customer_id,amount\n2026-01-01,a,5\n2026-01-01,b,5\n")
    assert re.search(rf"{one}\b", plain_text(await single("/topclients", locale=locale)))
    assert many in plain_text(await pair("/topclients", locale=locale))


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "amount not known"), ("nl", "bedrag onbekend")]
)
async def test_open_deals_without_any_amount_say_so(
    locale: str, words: str, company: Callable[..., Ask]
) -> None:
    invoices = "date,customer_id,amount\n2026-01-01,a,5\n"
    unknown = company(invoices=invoices, deals=BOOKED_DEALS.format(""))
    assert f"1 · {words}" in plain_text(await unknown("/client a", locale=locale))
    known = company(invoices=invoices, deals=BOOKED_DEALS.format("0"))
    assert words not in plain_text(await known("/client a", locale=locale))


@pytest.mark.parametrize(
    ("text", "locale", "line"),
    [
        ("wie zijn onze grootste klanten dit jaar?", "nl", "/topklanten dit jaar"),
        ("who are our best clients", "en", "/topclients"),
    ],
)
async def test_a_sentence_that_is_a_command_says_how_it_was_read(
    ask: Ask, text: str, locale: str, line: str
) -> None:
    reply = await ask(text, locale=locale)
    assert (reply.outcome, reply.command) == (Outcome.ANSWERED, "topclients")
    assert line in plain_text(reply).splitlines()[-1]
    same = await ask(line, locale=locale)
    assert reply.data == same.data


async def test_another_sentence_is_answered_by_the_coach(ask: Ask) -> None:
    reply = await ask("prospect wil 20 % korting voor hij de baas gesproken heeft, wat nu?")
    assert (reply.outcome, reply.command) == (Outcome.ANSWERED, "coach")
    assert reply.citations


async def test_a_sentence_gives_no_figures_to_who_may_not_see_them(ask: Ask) -> None:
    for text in ("wie zijn onze grootste klanten", "hoeveel omzet doen we met Van Hout"):
        reply = await ask(text, role=None)
        assert reply.outcome is Outcome.REFUSED or reply.command == "coach"
        assert "€" not in plain_text(reply)


@pytest.mark.parametrize("locale", ["nl", "en"])
@pytest.mark.parametrize("table", ["invoices", "deals"])
async def test_every_day_is_not_every_1_days(
    company: Callable[..., Ask], table: str, locale: str
) -> None:
    days = [f"2026-01-{day:02}" for day in range(1, 8)]
    if table == "invoices":
        rows = "".join(f"{day},a,50\n" for day in days)
        ask = company(invoices=f"date,customer_id,amount\n{rows}2026-03-01,b,5\n")
    else:
        rows = "".join(f"{i},won,{day},{day},a,50\n" for i, day in enumerate(days))
        ask = company(
            deals="deal_id,status,created,closed,customer_id,amount\n"
            f"{rows}x,won,2026-03-01,2026-03-01,b,5\n"
        )
    for line in ("/topclients", "/client a"):
        shown = plain_text(await ask(line, locale=locale))
        assert "53" in shown  # the silence is told
        assert not re.search(r"\b(every|elke) 1\b", shown), shown
    once = plain_text(await ask("/client b", locale=locale))
    assert not re.search(r"(every|elke) –", once), once


async def test_as_of_after_the_data_speaks_of_the_newest_line(company: Callable[..., Ask]) -> None:
    days = [D(2026, 1, 1) + dt.timedelta(days=7 * i) for i in range(6)]
    ask = company(
        invoices="date,customer_id,amount\n"
        + "".join(f"{day},a,50\n" for day in days)
        + "2026-03-01,b,5\n"
    )
    late = D(2026, 9, 9)
    reply = await ask("/client a", locale="en", as_of=late)
    found = data(reply)
    assert found["gap_days"] == (D(2026, 3, 1) - days[-1]).days
    assert found["period"]["end"] == "2026-09-09"
    for line in ("/client a", "/topclients", "/pareto", "/ars", "/sources", "/whatif lose a"):
        assert "data to 1 Mar 2026" in plain_text(await ask(line, locale="en", as_of=late)), line
    shown = plain_text(await ask("/topclients", locale="en", as_of=late))
    assert "none for 24 days" in shown
    assert data(await ask("/client b", as_of=late))["gap_days"] == 0


async def test_status_honours_as_of(company: Callable[..., Ask]) -> None:
    ask = company(
        invoices="date,customer_id,amount\n2026-01-01,a,5\n2026-06-01,a,5\n2027-01-01,a,5\n"
    )
    for day, seen, age, future in (
        (None, "2026-06-01", 176, 1),
        (D(2026, 3, 1), "2026-01-01", 59, 2),
        (D(2027, 1, 11), "2027-01-01", 10, 0),
    ):
        found = data(await ask("/status", as_of=day))
        assert (found["data_date"], found["data_age_days"], found["future_lines"]) == (
            seen,
            age,
            future,
        )


@pytest.mark.parametrize(
    ("days", "since"), [(0, None), (89, None), (90, None), (91, "2025-04-02"), (200, "2025-07-20")]
)
@pytest.mark.parametrize("line", ["/client a", "/topclients 1"])
async def test_since_when_is_said_from_90_days_after_the_start_of_the_data(
    company: Callable[..., Ask], days: int, since: str | None, line: str
) -> None:
    first = D(2025, 1, 1) + dt.timedelta(days=days)
    ask = company(
        invoices=f"date,customer_id,amount\n2025-01-01,z,1\n{first},a,5\n2026-01-01,a,50\n"
    )
    found = data(await ask(f"{line} all"))
    assert (found["rows"][0] if "rows" in found else found)["since"] == since


async def test_since_when_from_the_customers_file_always_counts(
    company: Callable[..., Ask],
) -> None:
    ask = company(
        invoices="date,customer_id,amount\n2025-01-01,a,5\n",
        customers="customer_id,name,klant sinds\na,Alfa,2011-05-01\n",
    )
    assert data(await ask("/client a"))["since"] == "2011-05-01"


@pytest.mark.parametrize(
    ("lost", "together", "words"),
    [
        ("a", 3, "the 3 smallest clients"),
        ("b", 2, "the 2 smallest clients"),
        ("e", 1, "more than the smallest client"),
        ("f", 0, ""),
        ("g", None, "brought no revenue"),
    ],
)
async def test_the_smallest_clients_that_bring_no_more_together(
    tmp_path: object, lost: str, together: int | None, words: str
) -> None:
    book = {"a": 100, "b": 99, "c": 50, "d": 40, "e": 31, "f": 10, "g": -9}
    if lost in "ab":  # 10 + 40 + 50 is exactly a, one more than b
        del book["e"]
    snapshot = make([(c, "2026-01-01", amount) for c, amount in book.items()])
    reply = await over(snapshot, tmp_path)(f"/whatif lose {lost}", locale="en")  # type: ignore[arg-type]
    assert data(reply)["smallest_clients_together"] == together
    (headline,) = [
        e.text for e in reply.elements if isinstance(e, Section) and e.tone is Tone.HEADLINE
    ]
    assert words in headline
    assert ("smallest" in headline) is bool(together)


async def test_a_pipeline_of_credits_keeps_shares_between_0_and_1(
    company: Callable[..., Ask],
) -> None:
    ask = company(
        invoices="date,customer_id,amount\n2026-01-01,a,5\n2026-01-01,b,5\n",
        customers="customer_id,source\na,beurs\nb,netwerk\n",
        deals="deal_id,status,created,amount,source\n1,open,2026-01-01,100,beurs\n"
        "2,open,2026-01-01,-900,netwerk\n3,open,2026-01-01,-5,website\n",
    )
    found = data(await ask("/sources"))
    assert 0 <= found["alignment"] <= 1
    for row in (*found["rows"], *found["channels"]):
        assert 0 <= (row["pipeline_share"] or 0) <= 1
        assert row["pipeline_value"] >= 0
