from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from analytics.errors import DataError
from analytics.loading import TableSummary

from .conftest import Company

INVOICES = "customer_id,date,amount,invoice_id\n"


def _reasons(done: TableSummary) -> list[tuple[str, int, int]]:
    return [(str(r), r.count, r.first_line) for r in done.reasons]


def test_zero_negative_future_and_unattributed_lines_are_accepted(company: Company) -> None:
    text = INVOICES + "A,2026-01-01,0,1\nA,2026-01-02,-5.25,2\n,2026-01-03,7,3\nB,2027-01-01,1,4\n"
    done = company.load(invoices=text).tables[0]
    assert (done.accepted, done.quarantined, done.future_lines) == (4, 0, 1)
    assert (done.first_date, done.last_date) == (dt.date(2026, 1, 1), dt.date(2027, 1, 1))
    assert company.rows("SELECT customer_id, amount FROM invoices ORDER BY date") == [
        ("A", Decimal(0)),
        ("A", Decimal("-5.25")),
        (None, Decimal(7)),
        ("B", Decimal(1)),
    ]


def test_bad_rows_are_quarantined_each_with_its_reason(company: Company) -> None:
    text = INVOICES + (
        "A,2026-01-01,10,1\nA,nooit,10,2\nA,2026-01-01,veel,3\nA,,10,4\nA,1950-01-01,10,5\n"
        "A,2026-01-01,100000000001,6\nTotaal,,,\n"
    )
    done = company.load(invoices=text).tables[0]
    assert (done.accepted, done.quarantined) == (1, 6)
    assert _reasons(done) == [
        ("date is empty", 2, 5),
        ("date is not a date like yyyy-mm-dd", 1, 3),
        ("amount is not a number", 1, 4),
        ("date lies outside the years 1970 to 2100", 1, 6),
        ("amount is too large", 1, 7),
    ]
    assert done.quarantine_file == company.home / "quarantine" / "1-invoices.csv"
    lines = done.quarantine_file.read_text("utf-8-sig").splitlines()
    assert lines[0] == "line_no,reason,customer_id,date,amount,invoice_id"
    assert lines[1] == "3,date is not a date like yyyy-mm-dd,A,nooit,10,2"
    assert len(lines) == 7


def test_cells_in_the_quarantine_run_nothing(company: Company) -> None:
    text = INVOICES + "A,2026-01-01,10,1\n=cmd(),nooit,-5.5,@x\n+31 6,nooit,-x,-\n"
    done = company.load(invoices=text).tables[0]
    assert done.quarantine_file is not None
    lines = done.quarantine_file.read_text("utf-8-sig").splitlines()
    assert lines[1].endswith(",'=cmd(),nooit,-5.5,'@x")
    assert lines[2].endswith(",'+31 6,nooit,'-x,'-")


def test_amounts_are_exact(company: Company) -> None:
    rows = "".join(f"A,2026-01-01,0.1,{i}\n" for i in range(30))
    company.load(invoices=INVOICES + rows + "A,2026-01-01,99999999999.9999,x\n")
    assert company.rows("SELECT sum(amount) FROM invoices") == [(Decimal("100000000002.9999"),)]


def test_a_product_of_columns(company: Company) -> None:
    company.load(
        map="invoices: {columns: {amount: [Aantal, Prijs]}}",
        invoices="klantnr;datum;Aantal;Prijs\nA;1-2-2026;-3;1,255\nA;2-2-2026;1.000;2,5\n",
    )
    assert company.rows("SELECT amount FROM invoices ORDER BY date") == [
        (Decimal("-3.765"),),
        (Decimal(2500),),
    ]


def test_a_name_stands_in_for_the_number(company: Company) -> None:
    done = company.load(
        invoices="klantnaam;datum;bedrag\n Acme  BV ;1-2-2026;5\n;2-2-2026;6\n"
    ).tables[0]
    assert company.rows("SELECT customer_id, customer_name FROM invoices ORDER BY date") == [
        ("Acme BV", "Acme BV"),
        (None, None),
    ]
    assert "name is taken" in str(done.notes[0])


def test_an_amount_beside_vat_is_taken_as_net_and_said(company: Company) -> None:
    said = '"Bedrag" is taken as the amount without VAT'
    beside = company.load(invoices="datum;Bedrag;btw\n1-2-2026;5;1\n").tables[0]
    assert said in map(str, beside.notes)
    alone = company.load(invoices="datum;Bedrag\n1-3-2026;5\n").tables[0]
    assert said not in map(str, alone.notes)


def test_without_invoice_numbers_the_summary_warns_for_the_next_export(company: Company) -> None:
    without = company.load(invoices="datum;bedrag\n1-2-2026;5\n").tables[0]
    assert "no invoice number" in str(without.notes[-1])
    numbered = company.load(invoices="datum;bedrag;factuurnr\n1-3-2026;5;F1\n").tables[0]
    assert numbered.notes == ()


def test_ids_from_floats_are_integers(company: Company) -> None:
    company.load(
        invoices=INVOICES + "16446.0,2026-01-01,1,a\n16447.0,2026-01-01,1,b\n,2026-01-01,1,c\n"
    )
    assert company.rows("SELECT customer_id FROM invoices ORDER BY line_no") == [
        ("16446",),
        ("16447",),
        (None,),
    ]


def test_ids_that_only_look_like_floats_stay(company: Company) -> None:
    company.load(invoices=INVOICES + "1.0,2026-01-01,1,a\nX-2.0,2026-01-01,1,b\n")
    assert company.rows("SELECT customer_id FROM invoices ORDER BY line_no") == [
        ("1.0",),
        ("X-2.0",),
    ]


def test_equal_lines_are_kept_and_counted(company: Company) -> None:
    done = company.load(invoices=INVOICES + "A,2026-01-01,1,a\n" * 3 + "A,2026-01-01,2,a\n").tables[
        0
    ]
    assert (done.accepted, done.equal_lines) == (4, 2)


def test_a_load_that_would_accept_nothing_is_refused_and_kept_apart(company: Company) -> None:
    with pytest.raises(
        DataError,
        match=r"no line that can be used; most often: date is not a date \(first in line 2",
    ):
        company.load(invoices=INVOICES + "A,nooit,1,a\nA,nimmer,2,b\n")
    refused = company.home / "quarantine" / "refused-invoices.csv"
    assert len(refused.read_text("utf-8-sig").splitlines()) == 3


def test_the_choice_of_columns_is_shown(company: Company) -> None:
    done = company.load(
        invoices="Debiteur;Factuurdatum;Bedrag;Kleur\nA;13-2-2026;1.234,5;rood\n"
    ).tables[0]
    shown = [(c.column, c.header, c.sample_raw, c.sample_parsed, str(c.note)) for c in done.columns]
    assert shown == [
        ("date", "Factuurdatum", "13-2-2026", "2026-02-13", "read as dd-mm-yyyy"),
        ("amount", "Bedrag", "1.234,5", "1234.5", 'decimal sign ","'),
        ("customer_id", "Debiteur", "A", "A", "None"),
    ]
    assert done.unused == ("Kleur",)


def test_an_optional_guess_that_does_not_fit_is_dropped_not_the_rows(company: Company) -> None:
    done = company.load(
        customers="klantnr;sinds;medewerkers\nA;lang;10-50\nB;kort;veel\nC;;3\n"
    ).tables[0]
    assert (done.accepted, done.quarantined) == (3, 0)
    assert ["since" in str(n) or "employees" in str(n) for n in done.notes] == [True, True]
    assert set(done.facts) == {"sinds", "medewerkers"}


def test_facts_are_numbers_where_the_column_is(company: Company) -> None:
    text = (
        "klantnr;naam;score;telefoon;postcode;iban;leeg\nA;x;1,5;0612;1234 AB;NL01;\n"
        "B;y;2;0613;;123456789012345678;\nC;z;;;;;\n"
    )
    done = company.load(customers=text).tables[0]
    facts = company.rows("SELECT facts FROM customers ORDER BY customer_id")
    assert json.loads(facts[0][0]) == {
        "score": 1.5,
        "telefoon": "0612",
        "postcode": "1234 AB",
        "iban": "NL01",
    }
    assert json.loads(facts[1][0])["score"] == 2
    assert facts[2][0] is None
    assert done.unused == ("leeg",)


def test_deal_statuses(company: Company) -> None:
    text = (
        "deal_id,status,created,closed,amount\n1,Gewonnen,2026-01-01,2026-02-01,10\n"
        "2,Closed Lost,2026-01-01,2026-02-01,\n3,Offerte,,,5\n4,Stalled,2026-01-01,,1\n"
        "5,won,,2026-02-01,1\n6,lost,,,1\n7,won,2026-03-01,2026-02-01,1\n8,won,2026-01-01,,1\n"
        "9,On hold,2026-01-01,,1\n10,,2026-01-01,,1\n"
    )
    done = company.load(map="deals: {values: {status: {ON HOLD: open}}}", deals=text).tables[0]
    found = company.rows("SELECT deal_id, status, created, amount FROM deals ORDER BY line_no")
    assert [(row[0], row[1]) for row in found] == [
        ("1", "won"), ("2", "lost"), ("3", "open"), ("5", "won"), ("8", "won"), ("9", "open"),
    ]  # fmt: skip
    assert found[1][3] is None
    assert found[3][2] is None
    assert {text for text, _, _ in _reasons(done)} == {
        'status: the word "Stalled" is not known; give it a meaning under values in the map',
        "created and closed are both empty in a deal that is won or lost",
        "closed lies before created",
        "status is empty",
    }
    assert any("1 won deals have no closing date" in str(note) for note in done.notes)


def test_people(company: Company) -> None:
    text = (
        "email,rol,naam,taal,tijdzone\nJan@Acme.nl,Verkoper,Jan,Nederlands,Europe/Amsterdam\n"
        "U123AB,Directeur,Piet,en_GB,\nmoe@x.nl,Kok,Moe,,\nkees@x.nl,admin,Kees,nl_NL,Mars/Olympus\n"
        "els@x.nl,admin,Els,Klingon,UTC\n"
    )
    done = company.load(people=text).tables[0]
    assert company.rows('SELECT "user", role, locale, time_zone FROM people ORDER BY line_no') == [
        ("jan@acme.nl", "sales", "nl", "Europe/Amsterdam"),
        ("U123AB", "mt", "en", None),
    ]
    assert [r.params["word"] for r in done.reasons] == ["Kok", "Mars/Olympus", "Klingon"]


def test_activities(company: Company) -> None:
    text = "datum;gebruiker;duur;soort;klantnr\n1-2-2026;Jan@x.nl;12,5;call;A\n2-2-2026;jan@x.nl;-1;call;\n"
    done = company.load(activities=text).tables[0]
    assert company.rows('SELECT date, "user", minutes, kind, customer_id FROM activities') == [
        (dt.date(2026, 2, 1), "jan@x.nl", 12.5, "call", "A")
    ]
    assert _reasons(done) == [("minutes is below zero", 1, 3)]


def test_constants_and_words(company: Company) -> None:
    company.load(
        map="people: {constants: {role: sales}}\ncustomers: {values: {source: {BX: Beurs}}}",
        people="email\njan@x.nl\n",
        customers="klantnr,bron\nA,bx\nB,via Jan\n",
    )
    assert company.rows('SELECT "user", role FROM people') == [("jan@x.nl", "sales")]
    assert company.rows("SELECT source FROM customers ORDER BY 1") == [("Beurs",), ("via Jan",)]


def test_sources_persist_and_merge(company: Company) -> None:
    company.load(map="sources: {via Jan: network}", customers="klantnr,bron\nA,via Jan\n")
    company.load(map="sources: {Expo: event, via Jan: referral}")
    kept = company.rows("SELECT value FROM meta WHERE key = 'source_overrides'")
    assert json.loads(kept[0][0]) == {"via Jan": "referral", "Expo": "event"}
    assert company.load(map="sources: {Expo: event}").changed is False


def test_an_unknown_table_gets_the_nearest(company: Company) -> None:
    with pytest.raises(DataError, match='did you mean "invoices"'):
        company.load(invoice="x")


def test_nothing_to_load(company: Company) -> None:
    with pytest.raises(DataError, match="nothing to load"):
        company.load()


def test_progress_is_told_from_start_to_end(company: Company) -> None:
    from analytics.loading import load

    seen: list[tuple[str, int, int]] = []
    path = company.file("c.csv", "klantnr\nA\n")
    load(company.home, [("customers", path)], progress=lambda *step: seen.append(step))
    assert {what for what, _, _ in seen} == {"customers"}
    done = [step for _, step, _ in seen]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == seen[-1][2]


def test_a_total_below_the_lines_is_not_revenue(company: Company) -> None:
    text = (
        "klant;datum;bedrag\nAcme;2026-01-02;100\nBeta;2026-02-03;200\n"
        "Totaal:;2026-02-03;300\nTotalEnergies;2026-02-04;5\n"
    )
    done = company.load(invoices=text).tables[0]
    assert _reasons(done) == [("a total of other lines, which would count them twice", 1, 4)]
    assert company.rows("SELECT sum(amount) FROM invoices") == [(Decimal(305),)]


def test_a_customer_called_total_with_a_number_of_its_own_is_a_customer(company: Company) -> None:
    text = (
        "customer_id,customer_name,date,amount,invoice_id\n"
        "C1,Total,2026-01-02,100,1\n,Total,2026-01-03,100,2\n,,2026-01-03,100,Subtotaal\n"
    )
    done = company.load(invoices=text).tables[0]
    assert (done.accepted, done.quarantined) == (1, 2)
