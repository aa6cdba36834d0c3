from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from analytics.errors import DataError
from analytics.loading.mapping import read_mapping


def _read(folder: Path, text: str | bytes) -> object:
    path = folder / "my.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_mapping(path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("invoces: {}", 'my.yaml: "invoces" is not known; did you mean "invoices"?'),
        ("invoices: {column: {}}", '"invoices.column" is not known; did you mean "columns"?'),
        (
            "invoices: {columns: {custmer_id: X}}",
            '"invoices.columns.custmer_id" is not known; did you mean "customer_id"?',
        ),
        ("invoices: {constants: {curency: GBP}}", 'did you mean "currency"?'),
        ("deals: {values: {staus: {A: won}}}", 'did you mean "status"?'),
        ("deals: {values: {status: {A: wonn}}}", '"wonn" is not one of won, lost, open'),
        ("people: {values: {role: {A: boss}}}", '"boss" is not one of sales, mt, admin'),
        (
            "sources: {Beurs: evnt}",
            '"sources.Beurs": there is no channel "evnt"; did you mean "event"?',
        ),
        ("rates: {GBP: veel}", '"rates.GBP"'),
        ("rates: {GBP: 0}", '"rates.GBP" must be a number above zero'),
        ("rates: {GBP: -1}", "above zero"),
        ("rates: {GBP: NaN}", "rates.GBP"),
        ("invoices: [1, 2]", '"invoices" must hold keys with values'),
        ("- 1", "must hold keys with values"),
        ("just text", "must hold keys with values"),
        ("invoices: {columns: {date: [A, B]}}", '"invoices.columns.date" cannot be a product'),
        ("invoices: {columns: {amount: []}}", "cannot be a product"),
        ("invoices: {date_format: dmy}", '"invoices.date_format" is no date format'),
        ("invoices: {columns: {\n", "line 2: this is not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
        ("a: &x [*x", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
    ],
)
def test_a_wrong_map_is_one_line_with_the_key(tmp_path: Path, text: str | bytes, line: str) -> None:
    with pytest.raises(DataError) as caught:
        _read(tmp_path, text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_map_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_mapping(tmp_path / "no.yaml")


def test_values_stay_as_written(tmp_path: Path) -> None:
    _read(tmp_path, "rates: {gbp: 1.17}\ndeals: {values: {status: {yes: won, no: lost}}}")
    mapping = read_mapping(tmp_path / "my.yaml")
    assert mapping.rates == {"GBP": Decimal("1.17")}
    assert mapping.deals.word("status") == {"yes": "won", "no": "lost"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "invoices: {}\n"])
def test_an_empty_map_is_fine(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == read_mapping(None)


@pytest.mark.parametrize("name", ["online_retail.yaml", "maven_crm.yaml"])
def test_the_examples_in_the_documentation_are_valid(name: str) -> None:
    read_mapping(Path(__file__).parents[4] / "docs" / "examples" / name)
