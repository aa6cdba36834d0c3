"""Which client is meant by what a person types, and what the choice between several keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.reply import Actions, Outcome, Reply, plain_text
from tests.conftest import Ask, data

COMPANY = """date,customer_id,customer_name,amount
2025-02-01,A1,Houtbouw De Vries B.V.,100
2026-02-01,A1,Houtbouw De Vries B.V.,200
2026-02-02,a1,Kassenbouw Houtman en Zonen,50
2026-02-03,b1,Jansen Bouw,30
2026-02-04,b2,Jansen Groen,20
2026-02-05,b3,Jansen,10
2026-02-06,c1,Smit & Co Transport,5
"""


@pytest.fixture
def ask(company: Callable[..., Ask]) -> Ask:
    return company(invoices=COMPANY)


def presses(reply: Reply) -> list[str]:
    return [b.text for e in reply.elements if isinstance(e, Actions) for b in e.buttons]


@pytest.mark.parametrize("command", ["/client", "/klant", "/whatif lose"])
@pytest.mark.parametrize("customer", ["A1", "a1"])
async def test_ids_that_differ_in_case_only_are_both_found(
    ask: Ask, command: str, customer: str
) -> None:
    assert data(await ask(f"{command} {customer}"))["customer_id"] == customer


async def test_an_id_in_another_case_is_found_where_there_is_one(ask: Ask) -> None:
    assert data(await ask("/client B2"))["customer_id"] == "b2"


@pytest.mark.parametrize(
    ("typed", "customer"),
    [
        ("hout kassen", "a1"),
        ("kassen hout", "a1"),
        ("zonen kass", "a1"),
        ("vries hout", "A1"),
        ("de vries", "A1"),
        ("jans gr", "b2"),
        ("GROEN jansen", "b2"),
        ("transport smit", "c1"),
    ],
)
async def test_words_of_a_name_in_any_order(ask: Ask, typed: str, customer: str) -> None:
    assert data(await ask(f"/client {typed}"))["customer_id"] == customer


@pytest.mark.parametrize("typed", ["Jansen", "jansen", "JANSEN"])
async def test_an_exact_name_wins_from_longer_ones(ask: Ask, typed: str) -> None:
    assert data(await ask(f"/client {typed}"))["customer_id"] == "b3"


async def test_an_exact_name_wins_from_the_same_with_another_legal_form(
    company: Callable[..., Ask],
) -> None:
    ask = company(
        invoices="date,customer_id,customer_name,amount\n"
        "2026-01-01,1,Bakker B.V.,1\n2026-01-01,2,Bakker VOF,1\n2026-01-01,3,Bakker,1\n"
    )
    assert data(await ask("/client Bakker VOF"))["customer_id"] == "2"
    assert data(await ask("/client bakker"))["customer_id"] == "3"
    several = data(await ask("/client Bakker GmbH"))
    assert {c["customer_id"] for c in several["candidates"]} == {"1", "2", "3"}


@pytest.mark.parametrize("words", ["hoe", "2025", "groep", "bruto", "hoe 2025 groep bruto"])
@pytest.mark.parametrize(
    ("line", "command"), [("/klant jans", "client"), ("/watals verlies jans", "whatif")]
)
async def test_a_choice_keeps_what_was_asked_with_it(
    ask: Ask, line: str, command: str, words: str
) -> None:
    offered = await ask(f"{line} {words}", locale="en")
    assert len(data(offered)["candidates"]) == 3
    direct = {c["customer_id"]: c for c in data(offered)["candidates"]}
    english = {"hoe": "how", "groep": "group", "bruto": "gross", "2025": "2025"}
    for pressed, customer in zip(presses(offered), direct, strict=True):
        assert set(pressed.split()) >= {english[w] for w in words.split()} | {customer}
        reply = await ask(pressed, locale="en")
        assert reply.outcome is Outcome.ANSWERED
        assert (reply.command, data(reply)["customer_id"]) == (command, customer)
        assert ("trace" in data(reply)) is ("hoe" in words)
        if "2025" in words:
            assert data(reply)["period"]["start"] == "2025-01-01"
        if "bruto" in words:
            assert "without credit notes" in plain_text(reply)
        if "groep" in words:
            assert "per group" in plain_text(reply)
