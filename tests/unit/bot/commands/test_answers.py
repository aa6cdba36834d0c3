"""What the answers say, on small companies whose figures can be checked by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from bot.core.reply import Actions, Outcome, Reply, plain_text
from tests.conftest import Ask, data

INVOICES = """invoice_id;date;customer_id;customer_name;amount
F1;2026-01-05;1;Van Dijk Installaties B.V.;800,00
F2;2026-02-05;2;De Boer Techniek;150,00
F3;2026-03-05;3;Jansen;49,99
F4;2026-03-06;;Contant;10,00
F5;2026-03-07;2;De Boer Techniek;-50,00
F6;2027-01-01;3;Jansen;1000,00
"""
CUSTOMERS = """customer_id;naam;herkomst;aangebracht door;klant sinds
1;Van Dijk Installaties B.V.;netwerk;;2016-05-01
2;De Boer Techniek;introductie;1;2019-01-01
3;Jansen;beurs;;
"""


@pytest.fixture
def small(company: Callable[..., Ask]) -> Ask:
    return company(invoices=INVOICES, customers=CUSTOMERS)


def press(reply: Reply, label: str) -> str:
    return next(
        b.text
        for e in reply.elements
        if isinstance(e, Actions)
        for b in e.buttons
        if b.label == label
    )


async def test_topclients_in_dutch_and_english(small: Ask) -> None:
    dutch, english = await small("/topklanten"), await small("/topclients", locale="en")
    assert data(dutch) == data(english)
    found = data(dutch)
    assert found["revenue"] == pytest.approx(949.99)
    assert found["unattributed_revenue"] == 10
    assert (found["top_count"], found["customers"]) == (1, 3)
    assert "€ 800" in plain_text(dutch)
    assert "84,2 %" in plain_text(dutch)
    assert "€800" in plain_text(english)
    assert "84.2%" in plain_text(english)
    assert "afhankelijk" in plain_text(dutch)
    assert found["rows"][0]["since"] == "2016-05-01"
    assert found["rows"][0]["channel"] == "network"


async def test_future_lines_are_outside_the_last_12_months_and_said(small: Ask) -> None:
    assert data(await small("/topclients"))["period"]["end"] == "2026-03-07"
    everything = await small("/topclients all", locale="en")
    assert data(everything)["revenue"] == pytest.approx(1949.99)
    assert "dated after today" in plain_text(everything)
    assert data(await small("/ballotage status"))["future_lines"] == 1


async def test_client_by_id_by_rough_name_and_through_its_buttons(small: Ask) -> None:
    for name in ("1", "van dijk installaties", "Van Dijk", "VAN DIJK INSTALATIES BV"):
        assert data(await small(f"/klant {name}"))["customer_id"] == "1"
    reply = await small("/client 2", locale="en")
    assert data(reply)["revenue"] == 100
    assert data(reply)["referred_by"] == "Van Dijk Installaties B.V."
    lost = await small(press(reply, "What if we lose them?"), locale="en")
    assert data(lost)["loss"] == 100
    how = data(await small(press(reply, "How computed"), locale="en"))["trace"]
    assert [(r["invoice_id"], r["line"], r["amount"]) for r in how["rows"]] == [
        ("F2", 3, 150),
        ("F5", 6, -50),
    ]
    assert how["rows"][0]["file"] == "invoices.csv"


async def test_a_name_that_several_have_is_a_choice_of_buttons(company: Callable[..., Ask]) -> None:
    ask = company(
        invoices="date,customer_id,customer_name,amount\n"
        "2026-01-01,1,Jansen Bouw,5\n2026-01-01,2,Jansen Groen,6\n2026-01-01,3,Smit,7\n"
    )
    reply = await ask("/client Jansen", locale="en")
    assert reply.outcome is Outcome.ANSWERED
    assert {c["customer_id"] for c in data(reply)["candidates"]} == {"1", "2"}
    chosen = await ask(press(reply, "Jansen Groen"), locale="en")
    assert data(chosen)["customer_id"] == "2"


async def test_an_unknown_client_names_the_nearest(small: Ask) -> None:
    reply = await small("/client Jans en Zonen Bouwgroep Holding", locale="en")
    assert reply.outcome in {Outcome.WRONG_REQUEST, Outcome.ANSWERED}
    unknown = await small("/client Qwertyuiop", locale="en")
    assert unknown.outcome is Outcome.WRONG_REQUEST
    assert "Qwertyuiop" in plain_text(unknown)


async def test_whatif_leaves_the_rest(small: Ask) -> None:
    found = data(await small("/watals verlies van dijk"))
    assert found["before"]["revenue"] - found["loss"] == pytest.approx(found["after"]["revenue"])
    assert found["after"]["customers"] == 2
    assert found["after"]["largest_share"] == pytest.approx(100 / 149.99)


async def test_a_negative_total_is_answered_and_said(company: Callable[..., Ask]) -> None:
    ask = company(invoices="date,customer_id,amount\n2026-01-01,a,5\n2026-01-02,b,-50\n")
    for command in ("/topclients", "/pareto", "/sources", "/ars", "/client a", "/whatif lose a"):
        reply = await ask(command, locale="en")
        assert reply.outcome is Outcome.ANSWERED, command
    assert "credit notes" in plain_text(await ask("/topclients", locale="en"))


async def test_one_customer_is_answered_and_said(company: Callable[..., Ask]) -> None:
    ask = company(invoices="date,customer_id,amount\n2026-01-01,a,5\n")
    reply = await ask("/topclients", locale="en")
    assert "1 of 1 customer" in plain_text(reply)
    assert data(reply)["concentrated"] is None


async def test_a_period_without_invoices_is_answered_with_the_range_there_is(small: Ask) -> None:
    reply = await small("/topclients 2019", locale="en")
    assert reply.outcome is Outcome.ANSWERED
    assert "5 Jan 2026" in plain_text(reply)
    assert data(reply)["customers"] == 0


async def test_as_of_before_the_data(small: Ask) -> None:
    reply = await small("/topclients", as_of=dt.date(2020, 1, 1), locale="en")
    assert reply.outcome is Outcome.WRONG_REQUEST
    assert "2026-01-05" in plain_text(reply)


async def test_won_deals_count_as_revenue_where_there_are_no_invoices(
    company: Callable[..., Ask],
) -> None:
    ask = company(
        deals="deal_id,status,created,closed,prospect,amount,source\n"
        "1,won,2026-01-01,2026-02-01,Acme,100,network\n"
        "2,lost,2026-01-01,2026-02-01,Acme,900,event\n"
        "3,won,2026-01-01,,Beta,900,event\n"
        "4,open,2026-01-01,,Beta,300,event\n"
    )
    reply = await ask("/topclients", locale="en")
    assert data(reply)["base"] == "CUSTOMERS_WITH_WON_DEALS"
    assert data(reply)["revenue"] == 100
    assert "won deals count as revenue" in plain_text(reply)
    assert data(await ask("/status"))["won_deals_without_amount_or_date"] == 1


async def test_sources_without_deals_or_sources_say_what_is_missing(
    company: Callable[..., Ask],
) -> None:
    ask = company(invoices="date,customer_id,amount\n2026-01-01,a,5\n")
    assert "column source" in plain_text(await ask("/sources", locale="en"))
    with_source = company(
        invoices="date,customer_id,amount\n2026-01-01,a,5\n2026-02-01,b,6\n",
        customers="customer_id,source\na,beurs\nb,netwerk\n",
    )
    assert "load the deals table" in plain_text(await with_source("/sources", locale="en"))


async def test_the_story_of_the_demo_company_is_told(ask: Ask) -> None:
    top, sources = await ask("/topclients", locale="en"), await ask("/sources", locale="en")
    assert "quiet" in plain_text(top)
    assert 0.08 < data(top)["top_share_of_base"] < 0.15
    assert not data(top)["dependent"]
    assert data(sources)["alignment"] < 0.5
    assert "The team hunts elsewhere" in plain_text(sources)
    leading = max(data(sources)["channels"], key=lambda c: c["top_revenue_share"])
    assert leading["channel"] in {"network", "referral"}


async def test_the_source_of_a_won_deal_says_how_a_client_came_in(
    company: Callable[..., Ask],
) -> None:
    deals = (
        "deal_id,status,created,closed,prospect,amount,source\n"
        "1,won,2025-01-01,2026-02-01,Acme,300,network\n"
        "2,won,2026-01-01,2026-03-01,Acme,100,event\n"
        "3,won,2026-01-01,2026-03-01,Beta,50,\n"
        "4,open,2026-01-01,,acme,900,event\n"
    )
    ask = company(deals=deals)
    channels = {c["channel"]: c for c in data(await ask("/sources"))["channels"]}
    assert channels["network"]["revenue"] == 400
    assert channels["unknown"]["revenue"] == 50
    assert data(await ask("/client Acme"))["open_deals"] == 1


async def test_the_customers_file_goes_before_deals_for_the_source(
    company: Callable[..., Ask],
) -> None:
    ask = company(
        invoices="date,customer_id,amount\n2026-01-01,a,5\n2026-01-01,b,5\n2026-01-01,c,5\n",
        customers="customer_id,source\na,partner\nb,\n",
        deals="deal_id,status,created,closed,customer_id,amount,source\n"
        "1,won,2025-01-01,2025-02-01,a,300,event\n2,won,2025-01-01,2025-02-01,b,300,event\n"
        "3,won,2025-01-01,2025-02-01,c,300,event\n",
    )
    rows = {r["customer_id"]: r["channel"] for r in data(await ask("/topclients"))["rows"]}
    assert rows == {"a": "partner", "b": "unknown", "c": "event"}
