from __future__ import annotations

import pytest

from analytics.errors import DataError
from analytics.loading.columns import choose, known_headers
from analytics.loading.mapping import TableMap
from analytics.schema import TABLES

NOTHING = TableMap()


def _chosen(table: str, headers: list[str], mapping: TableMap = NOTHING) -> dict[str, str]:
    sources = choose("f.csv", TABLES[table], headers, mapping)
    return {name: headers[s.places[0]] for name, s in sources.items() if s.places}


def test_dutch_and_english_synonyms() -> None:
    assert _chosen("invoices", ["Klantnr.", "Factuur_Datum", "Netto bedrag", "FactuurNr"])[
        "amount"
    ] == "Netto bedrag"  # fmt: skip
    found = _chosen(
        "deals", ["Opportunity ID", "Deal stage", "Create date", "Close date", "Account"]
    )
    assert found == {
        "deal_id": "Opportunity ID",
        "status": "Deal stage",
        "created": "Create date",
        "closed": "Close date",
        "prospect": "Account",
    }


def test_the_exact_name_wins_and_a_header_serves_once() -> None:
    found = _chosen("customers", ["klantnr", "customer_id", "klant", "naam"])
    assert found["customer_id"] == "customer_id"
    assert found["name"] == "klant"
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(
    ("headers", "amount"),
    [
        (["datum", "Bedrag incl. btw", "Bedrag excl. btw"], "Bedrag excl. btw"),
        (["date", "amount", "amount excl vat"], "amount excl vat"),
        (["date", "Gross amount", "Net amount"], "Net amount"),
        (["datum", "Totaal (ex. BTW)", "Totaal"], "Totaal (ex. BTW)"),
        (["date", "Total", "VAT", "Subtotal"], "Subtotal"),
        (["date", "total", "line total"], "total"),
        (["date", "Amount", "VAT amount"], "Amount"),
        (["datum", "Totaal", "Omzet", "btw"], "Omzet"),
        (["datum", "Totaal", "btw-nummer", "BTW %", "btw code"], "Totaal"),
        (["datum", "Stukprijs excl. btw", "Bedrag"], "Bedrag"),
        (["datum", "Netto marge", "Omzet"], "Omzet"),
    ],
)
def test_of_an_amount_with_and_without_vat_the_one_without_is_taken(
    headers: list[str], amount: str
) -> None:
    assert _chosen("invoices", headers)["amount"] == amount


@pytest.mark.parametrize(
    "header", ["Bedrag incl. BTW", "Totaal inclusief btw", "Gross amount", "Bruto"]
)
def test_only_an_amount_with_vat_is_refused_with_the_remedy(header: str) -> None:
    with pytest.raises(DataError, match="with VAT") as caught:
        _chosen("invoices", ["klantnr", "datum", header])
    assert f"columns: {{amount: {header}}}" in str(caught.value)


@pytest.mark.parametrize("header", ["Totaal", "Total", "Factuurbedrag", "Fact.bedr."])
@pytest.mark.parametrize("vat", ["btw", "BTW-bedrag", "Btwbedrag", "VAT amount"])
def test_a_total_beside_vat_is_refused_with_the_remedy(header: str, vat: str) -> None:
    with pytest.raises(DataError, match="most likely with VAT") as caught:
        _chosen("invoices", ["klantnr", "datum", header, vat])
    assert f"columns: {{amount: {header}}}" in str(caught.value)
    mapping = TableMap(columns={"amount": header})
    assert _chosen("invoices", ["klantnr", "datum", header, vat], mapping)["amount"] == header


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Boekstuknr.", "invoice_id"),
        ("Factuurnr.", "invoice_id"),
        ("Fact. nr.", "invoice_id"),
        ("Fact.nr", "invoice_id"),
        ("FactNr.", "invoice_id"),
        ("Inv. No.", "invoice_id"),
        ("Doc. nr.", "invoice_id"),
        ("Deb.nr.", "customer_id"),
        ("Debnr", "customer_id"),
        ("Cust. no.", "customer_id"),
        ("Fact. dat.", "date"),
        ("Omschr.", "product"),
    ],
)
def test_abbreviations(header: str, column: str) -> None:
    others = ["bedrag"] if column == "date" else ["datum", "bedrag"]
    assert _chosen("invoices", [header, *others])[column] == header


def test_the_map_may_say_that_it_is_net_after_all() -> None:
    mapping = TableMap(columns={"amount": "Bruto"})
    assert _chosen("invoices", ["datum", "Bruto"], mapping)["amount"] == "Bruto"


def test_a_missing_column_names_file_column_headers_and_remedy() -> None:
    with pytest.raises(DataError) as caught:
        _chosen("invoices", ["klantnr", "wanneer", "bedrag"])
    text = str(caught.value)
    for part in ("f.csv", '"date"', '"wanneer"', "--map", "columns: {date: HEADER}"):
        assert part in text


def test_a_mapped_header_is_found_whatever_its_spelling() -> None:
    mapping = TableMap(columns={"customer_id": "Customer-ID", "amount": ["Qty", "price"]})
    sources = choose("f", TABLES["invoices"], ["customer id", "QTY", "Price", "date"], mapping)
    assert sources["amount"].places == (1, 2)
    assert sources["customer_id"].places == (0,)


def test_a_mapped_header_that_is_not_there_gets_the_nearest() -> None:
    mapping = TableMap(columns={"customer_id": "CustomrID"})
    with pytest.raises(DataError, match='did you mean "CustomerID"'):
        _chosen("invoices", ["CustomerID", "date", "amount"], mapping)


def test_an_empty_mapping_switches_a_guess_off() -> None:
    mapping = TableMap(columns={"product": ""})
    assert "product" not in _chosen("invoices", ["date", "amount", "product"], mapping)


def test_header_score_counts_mapped_names_too() -> None:
    mapping = TableMap(columns={"amount": ["Aantal", "Prijs"]})
    assert known_headers(["Datum", "Aantal", "Prijs", "?"], TABLES["invoices"], mapping) == 3
