"""What a load tells, in the words and numbers of the reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.loading import pair


@pytest.mark.parametrize(
    ("word", "table"),
    [
        ("facturen", "invoices"),
        ("Klanten", "customers"),
        ("deals", "deals"),
        ("kansen", "deals"),
        ("offertes", "deals"),
        ("mensen", "people"),
        ("medewerkers", "people"),
        ("activiteiten", "activities"),
        ("invoices", "invoices"),
    ],
)
def test_tables_go_by_their_dutch_names_too(word: str, table: str) -> None:
    assert pair(f"{word}=a=b.csv") == (table, Path("a=b.csv"))
