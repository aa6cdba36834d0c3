from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.errors import DataError

from .conftest import Company

HEAD = "klantnr{s}datum{s}bedrag{s}factuurnr\n"


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_any_separator(company: Company, separator: str) -> None:
    rows = f"K1{separator}2026-01-05{separator}100.50{separator}F1\n"
    company.load(invoices=HEAD.format(s=separator) + rows)
    assert company.rows("SELECT customer_id, amount FROM invoices") == [("K1", Decimal("100.5"))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(company: Company, encoding: str) -> None:
    text = "klantnr;naam\nK1;Café Zoë\n"
    company.load(customers=text.encode(encoding))
    assert company.rows("SELECT customer_id, name FROM customers") == [("K1", "Café Zoë")]


def test_dutch_export(company: Company) -> None:
    text = (
        "Debiteurnummer;Naam debiteur;Factuurdatum;Bedrag excl. btw;Bedrag incl. btw;Factuurnr\r\n"
        "10001;Café Zoë;31-12-2025;€ 1.234,50;€ 1.493,75;F1\r\n"
        "10002;Bouw BV;5-1-2026;-12,5;-15,13;F2\r\n"
    )
    company.load(invoices=text.encode("cp1252"))
    assert company.rows(
        "SELECT customer_id, customer_name, date, amount FROM invoices ORDER BY 1"
    ) == [
        ("10001", "Café Zoë", dt.date(2025, 12, 31), Decimal("1234.5")),
        ("10002", "Bouw BV", dt.date(2026, 1, 5), Decimal("-12.5")),
    ]


def test_header_below_titles_blank_lines_and_line_numbers(company: Company) -> None:
    text = (
        "Verkopen 2026;;;\n;;;\nafgedrukt op 1 juli;;;\n"
        "klantnr;datum;bedrag;factuurnr\n\nK1;2026-01-05;10;F1\n;;;\nK2;2026-01-06;20;F2\n"
    )
    company.load(invoices=text)
    assert company.rows("SELECT customer_id, line_no FROM invoices ORDER BY 2") == [
        ("K1", 6),
        ("K2", 8),
    ]


def test_excel_sep_line(company: Company) -> None:
    company.load(invoices="sep=|\n" + HEAD.format(s="|") + "K1|2026-01-05|1,5|F1\n")
    assert company.rows("SELECT amount, line_no FROM invoices") == [(Decimal("1.5"), 3)]


def test_too_many_or_few_fields_are_quarantined_with_their_text(company: Company) -> None:
    text = HEAD.format(s=";") + "K1;2026-01-05;10;F1\nK2;2026-01-06;1;0;F2\nK3;2026-01-07\n"
    done = company.load(invoices=text).tables[0]
    assert (done.accepted, done.quarantined) == (1, 2)
    assert done.quarantine_file is not None
    written = done.quarantine_file.read_text("utf-8-sig").splitlines()
    assert written[1].startswith("3;this line has more or fewer fields than the header;")
    assert "K2;2026-01-06;1;0;F2" in written[1].replace('"', "")


def test_trailing_separators_are_no_fields(company: Company) -> None:
    done = company.load(invoices=HEAD.format(s=";") + "K1;2026-01-05;10;F1;;\n").tables[0]
    assert (done.accepted, done.quarantined) == (1, 0)


def test_an_unclosed_quote_costs_one_line_only(company: Company) -> None:
    rows = ['"K0;2026-01-05;10;F0'] + [f'"K{i}";2026-01-05;10;F{i}' for i in range(1, 300)]
    done = company.load(invoices=HEAD.format(s=";") + "\n".join(rows) + "\n").tables[0]
    assert (done.accepted, done.quarantined) == (299, 1)
    assert done.reasons[0].first_line == 2


def test_quoted_line_breaks_keep_physical_line_numbers(company: Company) -> None:
    text = 'klantnr;naam;regio\nK1;A;Oost\nK2;"B\nBV";West\nK3;C;Zuid\n'
    company.load(customers=text)
    assert company.rows("SELECT customer_id, name, line_no FROM customers ORDER BY 3") == [
        ("K1", "A", 2),
        ("K2", "B BV", 3),
        ("K3", "C", 5),
    ]


def test_huge_fields_and_nuls_cost_their_line(company: Company) -> None:
    text = (
        "klantnr;naam\nK1;A\nK2;" + "x" * 300_000 + "\n" + "".join(f"L{i};B\n" for i in range(2000))
    )
    done = company.load(customers=text + "K3;C\0C\n").tables[0]
    assert (done.accepted, done.quarantined) == (2001, 2)


def test_damaged_utf8_costs_its_line(company: Company) -> None:
    text = "klantnr;naam\nK1;Zoë\nK2;Café\nK3;Sté\n".encode() + b"K4;Zo\xc3\n"
    done = company.load(customers=text).tables[0]
    assert (done.accepted, done.quarantined) == (3, 1)
    assert company.rows("SELECT name FROM customers ORDER BY 1")[0] == ("Café",)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty"),
        (b" \n \n", "is empty"),
        (b"klantnr;datum;bedrag\n", "no rows under it"),
        (bytes(range(256)) * 20, "is not a CSV, XLSX or Parquet file"),
        ("klantnr;datum\n".encode("utf-16-le") * 9, "is not a CSV, XLSX or Parquet file"),
        (b"PAR1" + b"x" * 100, "is damaged"),
        (b"PK\x03\x04" + b"x" * 100, "is damaged"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "is damaged"),
        (b"klantnr;datum;bedrag\n\x81;\xff;\x8d\n", "is not a CSV, XLSX or Parquet file"),
    ],
)
def test_files_that_are_no_table_are_refused_in_one_line(
    company: Company, content: bytes, part: str
) -> None:
    with pytest.raises(DataError, match=part) as caught:
        company.load(invoices=content)
    assert "\n" not in str(caught.value)
    assert "invoices.csv" in str(caught.value)


@pytest.mark.parametrize("path", ["gone.csv", "."])
def test_a_missing_file_or_a_folder_is_refused(company: Company, path: str) -> None:
    with pytest.raises(DataError, match=r"no such file|cannot be read"):
        company.load(invoices=company.folder / path)


def _workbook(path: Path, *sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_keeps_real_dates_and_numbers(company: Company) -> None:
    path = _workbook(
        company.folder / "boek.xlsx",
        [["Toelichting"], ["niets te zien"]],
        [
            ["Omzet 2026"],
            [],
            ["klantnr", "datum", "bedrag", "factuurnr"],
            [16446, dt.datetime(2026, 3, 4, 10, 30), 1234.5, 7],  # noqa: DTZ001 - as in a sheet
            [16447, "05-03-2026", "1.000,25", "8a"],
            [None, dt.date(2026, 3, 6), -3, None],
        ],
    )
    done = company.load(invoices=path).tables[0]
    assert (done.accepted, done.quarantined) == (3, 0)
    assert company.rows("SELECT customer_id, date, amount, invoice_id, line_no FROM invoices") == [
        ("16446", dt.date(2026, 3, 4), Decimal("1234.5"), "7", 4),
        ("16447", dt.date(2026, 3, 5), Decimal("1000.25"), "8a", 5),
        (None, dt.date(2026, 3, 6), Decimal(-3), None, 6),
    ]


def test_a_workbook_that_claims_a_huge_sheet_is_refused(company: Company) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["XFD1048576"] = 1
    book.save(company.folder / "big.xlsx")
    with pytest.raises(DataError, match="1048576 rows by 16384 columns"):
        company.load(invoices=company.folder / "big.xlsx")


def test_parquet_types(company: Company) -> None:
    table = pa.table(
        {
            "customer_id": pa.array([16446.0, None, 12.5]),
            "date": pa.array([dt.datetime(2026, 3, 4, 23, 59)] * 3, pa.timestamp("us")),  # noqa: DTZ001 - as in a file
            "amount": pa.array(
                [Decimal("10.1234"), Decimal("-1.5"), Decimal(0)], pa.decimal128(20, 4)
            ),
            "invoice_id": pa.array([2**60 + 1, 5, None], pa.int64()),
            "product": pa.array(["a", "b", "a"]).dictionary_encode(),
        }
    )
    pq.write_table(table, company.folder / "x.parquet")
    company.load(invoices=company.folder / "x.parquet")
    assert company.rows("SELECT customer_id, date, amount, invoice_id, product FROM invoices") == [
        ("16446", dt.date(2026, 3, 4), Decimal("10.1234"), str(2**60 + 1), "a"),
        (None, dt.date(2026, 3, 4), Decimal("-1.5"), "5", "b"),
        ("12.5", dt.date(2026, 3, 4), Decimal(0), None, "a"),
    ]


def test_parquet_day_is_that_of_its_own_zone(company: Company) -> None:
    moment = dt.datetime(2026, 1, 1, 23, 30, tzinfo=dt.UTC)
    table = pa.table(
        {
            "date": pa.array([moment], pa.timestamp("us", tz="Europe/Amsterdam")),
            "amount": pa.array([1.0]),
        }
    )
    pq.write_table(table, company.folder / "x.parquet")
    company.load(invoices=company.folder / "x.parquet")
    assert company.rows("SELECT date FROM invoices") == [(dt.date(2026, 1, 2),)]
