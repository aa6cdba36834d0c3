"""Who is meant: numbers before names, one answer only where it is clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import pytest

from analytics.directory import By, directory, domain_name, kvk_number, name_key, vat_number
from analytics.matching import Match, Outcome, match
from analytics.snapshot import Snapshot
from tests.snapshots import make

CUSTOMERS: dict[str, dict[str, object]] = {
    "K1": {"name": "Van Dijk Installaties B.V.", "kvk": "12345678", "domain": "vandijk.example"},
    "K2": {"name": "De Boer Techniek BV", "vat_id": "NL123456789B01", "parent_id": "K3"},
    "K3": {"name": "Boer Holding NV"},
    "K4": {"name": "Van Dijk Installaties Zuid BV", "kvk": "12345678"},
    "K5": {"name": "شركة النور"},
    "K6": {"name": "🚀"},
    "K7": {"name": "Jansen"},
    "K8": {"name": "JANSEN B.V."},
}


def company(
    customers: Mapping[str, Mapping[str, object]] = CUSTOMERS,
    prospects: Mapping[str, str] | None = None,
    facts: Mapping[str, str] | None = None,
) -> Snapshot:
    deals = [{"deal_id": i, "status": "open", "created": "2026-01-01"} for i in (prospects or {})]
    snapshot = make([(c, "2026-01-01", 10) for c in customers], customers=customers, deals=deals)
    frame = snapshot.customers.copy()
    for column in ("kvk", "vat_id", "domain"):
        values = [customers.get(i, {}).get(column) for i in frame["customer_id"]]
        frame[column] = pd.Series(values, dtype=object)
    made = snapshot.deals.copy()
    made["prospect"] = pd.Series(list((prospects or {}).values()), dtype=object)
    made["facts"] = pd.Series([(facts or {}).get(i) for i in made["deal_id"]], dtype=object)
    made["customer"] = -1
    return replace(snapshot, customers=frame, deals=made, _cache={})


def name_of(found: Match) -> str | None:
    return found.found.entity.name if found.found else None


@pytest.mark.parametrize(
    ("typed", "name", "by"),
    [
        ("K2", "De Boer Techniek BV", By.ID),
        ("k2", "De Boer Techniek BV", By.ID),
        ("NL 1234.56.789.B01", "De Boer Techniek BV", By.VAT),
        ("https://www.vandijk.example/contact", "Van Dijk Installaties B.V.", By.DOMAIN),
        ("jan@vandijk.example", "Van Dijk Installaties B.V.", By.DOMAIN),
        ("van dijk installaties", "Van Dijk Installaties B.V.", By.NAME),
        ("De Boer Techniek B.V.", "De Boer Techniek BV", By.NAME),
        ("Van Dijk Installaties Ltd", "Van Dijk Installaties B.V.", By.NAME),
        ("شركة النور", "شركة النور", By.NAME),
        ("🚀", "🚀", By.NAME),
        ("Jansen", "Jansen", By.NAME),
    ],
)
def test_what_is_exact(typed: str, name: str, by: By) -> None:
    found = match(company(), typed)
    assert (found.outcome, name_of(found)) == (Outcome.EXACT, name)
    assert found.candidates[0].by is by


def test_a_typing_error_is_likely_and_a_part_too() -> None:
    for typed in ("De Boer Tecniek", "Techniek Boer de", "Boer Tech"):
        found = match(company(), typed)
        assert (found.outcome, name_of(found)) == (Outcome.LIKELY, "De Boer Techniek BV"), typed


@pytest.mark.parametrize("typed", ["Acme BV", "De Boer Techniek Amersfoort Noord", "", "x" * 5_000])
def test_who_is_not_known_is_unknown(typed: str) -> None:
    found = match(company(), typed)
    assert found.outcome is Outcome.UNKNOWN
    assert found.found is None


def test_two_of_a_name_or_a_number_are_a_choice() -> None:
    found = match(company(), "jansen bv")
    assert found.outcome is Outcome.AMBIGUOUS
    assert {c.entity.name for c in found.candidates} == {"Jansen", "JANSEN B.V."}
    assert match(company(), "12345678").outcome is Outcome.AMBIGUOUS


def test_a_name_of_forty_is_a_choice_of_some() -> None:
    many = {
        f"C{i:02}": {"name": f"Bakker {c}{c}e"} for i, c in enumerate("abcdefghijklmnopqrst" * 2)
    }
    found = match(company(many), "Bakker")
    assert (found.outcome, found.total, len(found.candidates)) == (Outcome.AMBIGUOUS, 40, 10)


def test_what_is_told_of_it_counts_before_the_name() -> None:
    found = match(company(), "Jansen", {"BTW nummer": "NL123456789B01"})
    assert name_of(found) == "De Boer Techniek BV"
    assert match(company(), "Acme", {"kvk": "geen idee"}).outcome is Outcome.UNKNOWN


def test_parent_and_duplicates_are_told() -> None:
    snapshot = company()
    found = match(snapshot, "De Boer Techniek BV")
    assert found.parent is not None
    assert snapshot.name(found.parent) == "Boer Holding NV"
    twins = match(snapshot, "Van Dijk Installaties").duplicates
    assert [(t.entity.name, t.by) for t in twins] == [("Van Dijk Installaties Zuid BV", By.KVK)]
    told = match(snapshot, "Acme BV", {"moeder": "boer holding"})
    assert told.outcome is Outcome.UNKNOWN
    assert told.parent is not None
    assert snapshot.name(told.parent) == "Boer Holding NV"


def test_prospects_of_deals_are_known() -> None:
    prospects = {"D1": "Acme B.V.", "D2": "ACME", "D3": "Van Dijk Installaties"}
    facts = {"D2": '{"KvK nummer": 87654321, "Website": "acme.example"}'}
    snapshot = company(prospects=prospects, facts=facts)
    found = match(snapshot, "acme bv")
    assert found.found is not None
    assert (found.outcome, found.found.entity.customer) == (Outcome.EXACT, -1)
    assert [snapshot.deals["deal_id"].iat[d] for d in found.found.entity.deals] == ["D1", "D2"]
    for typed in ("87654321", "acme.example", "d2"):
        assert match(snapshot, typed).candidates[0].entity == found.found.entity
    assert match(snapshot, "d2").deal == 1
    # The third deal is that of a client, though its legal form was left out.
    client = match(snapshot, "K1").found
    assert client is not None
    assert len(client.entity.deals) == 1


def test_the_order_of_deals_changes_nothing() -> None:
    prospects = {f"D{i}": f"Bedrijf {i % 5} BV" for i in range(20)}
    snapshot = company(prospects=prospects)
    turned = replace(snapshot, deals=snapshot.deals.iloc[::-1].reset_index(drop=True), _cache={})
    ids = snapshot.deals["deal_id"].tolist()
    for typed in ("Bedrijf 3", "bedrif 3", "Bedrijf"):
        one, other = match(snapshot, typed), match(turned, typed)
        assert [c.entity.name for c in one.candidates] == [c.entity.name for c in other.candidates]
        assert [[ids[d] for d in c.entity.deals] for c in one.candidates] == [
            [turned.deals["deal_id"].iat[d] for d in c.entity.deals] for c in other.candidates
        ]


def test_numbers_are_read_as_people_write_them() -> None:
    assert kvk_number("1234 5678") == "12345678"
    assert kvk_number(1234567) == "01234567"
    assert kvk_number("123") is None
    assert vat_number("nl123456789b01") == "NL123456789B01"
    assert vat_number("Installaties") is None
    assert domain_name("HTTPS://WWW.Acme.Example/nl?x=1") == "acme.example"
    assert domain_name("piet@gmail.com") is None
    assert domain_name("Acme BV") is None


def test_names_in_any_script_have_a_key() -> None:
    assert name_key("De Boer & Zn. B.V.") == "de boer en zn"
    assert name_key("Müller GmbH & Co. KG") == name_key("muller gmbh")
    for name in ("שלום", "株式会社トヨタ", "🙂", "BV"):
        assert name_key(name)
    assert len(directory(make([])).entities) == 0
    assert match(make([]), "Acme").outcome is Outcome.UNKNOWN
